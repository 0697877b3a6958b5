// Compiled, never run: what must compile does, and what must not is marked as an expected error.
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import {
  Certificate,
  CertStoreTypes,
  SSHChannel,
  SSHConnection,
  SSHPrompt,
  SSHPromptList,
  SSHServer,
  SSHServerError,
  sshserver,
} from '../../index.js';
import type {
  SSHServerEvents,
  SSHServerUserAuthRequestEvent,
  SSHUserCertificate,
} from '../../index.js';

const server: sshserver = new SSHServer();

export async function properties(): Promise<void> {
  const port: number = server.getLocalPort();
  server.setLocalPort(port);
  server.localPort = 0;
  server.sshCert = new Certificate(CertStoreTypes.cstPEMKeyFile, 'host_key', '', '*');
  server.setSSHCert(await Certificate.load(CertStoreTypes.cstAuto, new Uint8Array(), '', '*'));
  const listening: boolean = server.isListening() && server.listening;
  server.sshEncryptionAlgorithms = String(listening);
  server.keyboardInteractivePrompts.add(new SSHPrompt('Code: ', true)).add(new SSHPrompt());
  server.setKeyboardInteractivePrompts(new SSHPromptList([new SSHPrompt('a')]));
  // @ts-expect-error a port is a number
  server.setLocalPort('22');
  // @ts-expect-error a plain property has the same type
  server.localHost = 127;
  // @ts-expect-error read-only: startListening does it
  server.listening = true;
  // @ts-expect-error the collections are views
  server.channels = server.getChannels();
}

export async function methods(data: Uint8Array): Promise<void> {
  const id: string = await server.openChannel('1', 'session');
  await server.openChannel('1', 'x11', new Uint8Array(0));
  server.openChannel('1', 'x11', new Uint8Array(0), (error, channel: string) => error ?? channel);
  await server.sendBytes(id, data);
  server.sendText(id, 'text', (error: Error | null) => void error);
  const value: string = await server.config('LogLevel');
  server.config(
    'LogLevel',
    (error, text) => text.length + value.length + (error?.message.length ?? 0),
  );
  const text: string = server.getSSHParam(data, 'Command');
  const bytes: Uint8Array = await server.getSSHParamBytes(data, 'Command');
  const payload: Uint8Array = server.setSSHParam(null, 's', text);
  await server.sendSSHPacket(id, 98, payload);
  await server.sendExtendedData(id, bytes);
  await server.sendExtendedData(id, bytes, 1);
  server.sendExtendedData(id, bytes, () => {});
  await server.sendExitStatus(id, 0);
  const stream: Duplex = server.getChannelStream(id);
  stream.end();
  server
    .ref()
    .unref()
    .on('Log', () => {});
  // With a callback there is a promise as well.
  const listening: Promise<void> = server.startListening(() => {});
  await listening;
  // @ts-expect-error ids are strings
  void server.disconnect(1);
  // @ts-expect-error data is bytes, sendText is for text
  void server.sendBytes(id, 'text');
  // @ts-expect-error a record length is needed
  void server.changeRecordLength(id);
  const level: string = await server.config('LogLevel', () => {});
  void level;
}

export async function events(): Promise<void> {
  server.on('SSHUserAuthRequest', async (e) => {
    const blob: Uint8Array | null = e.authParamB;
    e.accept = e.user === 'me' && blob !== null;
    e.partialSuccess = false;
    e.availableMethods = 'publickey';
    const chain: readonly [Certificate, ...Certificate[]] | null = e.userX509;
    if (chain !== null) {
      const found: Certificate = Certificate.verifyChain(chain, [...chain], {
        crls: ['PEM', new Uint8Array()],
        time: new Date(),
      });
      e.accept = chain[0].issuedBy(found);
      // @ts-expect-error the certificates are those of the client
      e.userX509 = [];
    }
    const certificate: SSHUserCertificate | null = e.userCertificate;
    if (certificate !== null && certificate.validBefore > Date.now() / 1000) {
      e.accept = certificate.principals.includes(e.user) && e.partialSuccesses.length > 0;
      const command: string | undefined = certificate.criticalOptions['force-command'];
      void command;
      // @ts-expect-error nothing in it can be changed
      certificate.keyId = 'me';
    }
    // @ts-expect-error who it is is not ours to change
    e.user = 'root';
    // @ts-expect-error an answer is a boolean, not the promise of one
    e.accept = Promise.resolve(true);
  });
  const seen: string[] = [];
  server.once('SSHChannelDataIn', (e) =>
    seen.push(e.data, e.channelId, String(e.extendedDataType)),
  );
  server.prependListener('Connected', (e) => {
    e.certStoreType = CertStoreTypes.cstPEMKeyBlob;
    e.certStore = new Uint8Array();
    const { certStore } = { ...e };
    e.certStore = certStore.trim() + e.certStore.length;
    // @ts-expect-error a store is text or bytes
    e.certStore = 7;
    // @ts-expect-error read-only
    e.statusCode = 1;
  });
  server.on('SSHTunnelRequested', (e) => {
    e.accept = e.port === 0;
  });
  const listener = (e: SSHServerUserAuthRequestEvent): void => void e;
  server.on('SSHUserAuthRequest', listener).off('SSHUserAuthRequest', listener);
  const names: (keyof SSHServerEvents)[] = ['Error', 'Disconnected'];
  names.forEach((name) => server.removeAllListeners(name));
  const [event] = (await once(server, 'Disconnected')) as [SSHServerEvents['Disconnected']];
  void event.statusCode;
  // @ts-expect-error no such event
  server.on('connected', () => {});
  // @ts-expect-error SSHChannelRequested is past the answer
  server.on('SSHChannelRequested', (e) => e.success);
}

export function types(connection: SSHConnection, channel: SSHChannel): void {
  connection.timeout = connection.getTimeout() + connection.remotePort;
  connection.setConnected(false);
  for (const [id, each] of server.connections) id.concat(each.remoteHost);
  const found: SSHChannel | undefined = server.channels.get('1');
  const sent: number = found?.bytesSent ?? channel.getBytesSent();
  channel.dataToSend = String(sent);
  const certificate = new Certificate();
  certificate.storeType = CertStoreTypes.cstPFXFile;
  certificate.subject = certificate.getFingerprintSHA256();
  const error = new SSHServerError(126, 'text');
  error.code.toFixed();
  // @ts-expect-error perhaps there is none
  server.channels.get('1').bytesSent;
  // @ts-expect-error read-only
  certificate.issuer = 'me';
  // @ts-expect-error a store needs a password and a subject
  new Certificate(CertStoreTypes.cstPFXFile, 'store');
  // @ts-expect-error read-only
  channel.service = 'session';
}
