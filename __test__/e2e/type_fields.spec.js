'use strict';

// The fields of SSHChannel, SSHConnection, SSHPrompt and SSHCert at a server that is in use, and the
// collections they come from.

const fs = require('node:fs');
const path = require('node:path');
const { createHash, randomBytes } = require('node:crypto');
const { once } = require('node:events');
const {
  Certificate,
  CertStoreTypes,
  SSHChannel,
  SSHConnection,
  SSHPrompt,
  SSHPromptList,
} = require('../../index.js');
const { createServer } = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');
const { until } = require('../support/waiting.js');
const { openSession, startServer, startSession } = require('../support/sessions.js');

describe('SSHChannel', () => {
  test('an empty one has the documented defaults', () => {
    const channel = new SSHChannel();
    expect([channel.getBytesSent(), channel.bytesSent]).toEqual([0, 0]);
    expect([channel.getChannelId(), channel.channelId]).toEqual(['', '']);
    expect([channel.getConnectionId(), channel.connectionId]).toEqual(['', '']);
    expect([channel.getReadyToSend(), channel.isReadyToSend()]).toEqual([false, false]);
    expect([channel.getRecordLength(), channel.recordLength]).toEqual([0, 0]);
    expect([channel.getService(), channel.service]).toEqual(['', '']);
    const unknown = expect.objectContaining({ name: 'SSHServerError', code: 126 });
    expect(() => channel.setDataToSend('x')).toThrow(unknown);
    expect(() => channel.setDataToSendB(new Uint8Array(1))).toThrow(unknown);
    expect(() => channel.setRecordLength(1)).toThrow(unknown);
  });

  test('channelId, connectionId and service tell which one it is, also when it is gone', async () => {
    const { recorder, client, channel, channelId, connectionId } = await startSession();
    const expected = [channelId, connectionId, 'session'];
    const fields = () => [channel.getChannelId(), channel.getConnectionId(), channel.getService()];
    expect(fields()).toEqual(expected);
    await ssh2.end(client);
    await recorder.first('Disconnected');
    expect(fields()).toEqual(expected);
    expect(channel.readyToSend).toBe(false);
  });

  test('dataToSend and dataToSendB send, and bytesSent counts the last send', async () => {
    const { server, stream, channel, channelId } = await startSession();
    const result = ssh2.drain(stream);
    channel.setDataToSend('grüße');
    expect(channel.getBytesSent()).toBe(7);
    channel.setDataToSendB(new Uint8Array([1, 2, 3]));
    expect(channel.getBytesSent()).toBe(3);
    channel.dataToSend = '!';
    channel.dataToSendB = Buffer.from('?');
    await server.closeChannel(channelId);
    const expected = Buffer.concat([Buffer.from('grüße'), Buffer.from([1, 2, 3, 0x21, 0x3f])]);
    expect((await result).stdout).toEqual(expected);
  });

  test('readyToSend is false while the window of the client is full', async () => {
    const { server, stream, channel, channelId } = await startSession();
    const fields = () => [channel.getReadyToSend(), channel.isReadyToSend(), channel.readyToSend];
    // It can change between two of them.
    const untilAll = (ready) => until(() => fields().every((field) => field === ready));
    await untilAll(true);
    // More than the client takes without being read.
    const data = randomBytes(16_000_000);
    const sending = server.sendBytes(channelId, data);
    await untilAll(false);
    stream.resume();
    await sending;
    await untilAll(true);
    expect(channel.bytesSent).toBe(data.length);
  });

  test('recordLength cuts the data that comes, set as a field too', async () => {
    const { server, recorder, stream, channel, channelId } = await startSession();
    expect(channel.getRecordLength()).toBe(0);
    channel.setRecordLength(3);
    expect(channel.getRecordLength()).toBe(3);
    stream.write('abcdef');
    await recorder.count('SSHChannelDataIn', 2);
    channel.recordLength = 2;
    stream.end('ghi');
    await recorder.first('SSHChannelEOF');
    const seen = recorder.all('SSHChannelDataIn').map((e) => e.data);
    expect(seen).toEqual(['abc', 'def', 'gh', 'i']);
    expect(server.getChannels().get(channelId).recordLength).toBe(2);
  });
});

describe('SSHConnection', () => {
  test('an empty one has the documented defaults', () => {
    const connection = new SSHConnection();
    expect([connection.getConnected(), connection.isConnected()]).toEqual([false, false]);
    expect(connection.getConnectionId()).toBe('');
    expect(connection.getLocalAddress()).toBe('');
    expect(connection.getRemoteHost()).toBe('');
    expect(connection.getRemotePort()).toBe(0);
    expect(connection.getTimeout()).toBe(0);
  });

  test('connectionId, localAddress, remoteHost and remotePort are those of the socket', async () => {
    const it = await startServer();
    const sock = await ssh2.connectSocket(it.server);
    const { connection, connectionId } = await openSession(it, { sock });
    expect(connection.getConnectionId()).toBe(connectionId);
    expect(connection.getLocalAddress()).toBe(sock.remoteAddress);
    expect(connection.getRemoteHost()).toBe(sock.localAddress);
    expect(connection.getRemotePort()).toBe(sock.localPort);
  });

  test('connected tells, and set to false disconnects', async () => {
    const { recorder, client, connection } = await startSession();
    expect([connection.getConnected(), connection.connected]).toEqual([true, true]);
    connection.connected = true;
    // If that had ended the connection, the client would no longer answer.
    await ssh2.openSession(client, 'x');
    expect(recorder.all('Disconnected')).toEqual([]);
    connection.connected = false;
    await client.closed;
    await recorder.first('Disconnected');
    expect([connection.getConnected(), connection.isConnected()]).toEqual([false, false]);
    expect(() => connection.setConnected(true)).toThrow(expect.objectContaining({ code: 126 }));
  });

  test('timeout starts as DefaultTimeout, and 0 has sends fail with 135 from then on', async () => {
    const { server, connection, channelId } = await startSession((it) => it.setDefaultTimeout(17));
    expect([connection.getTimeout(), connection.timeout]).toEqual([17, 17]);
    connection.setTimeout(0);
    expect(connection.getTimeout()).toBe(0);
    const sending = server.sendBytes(channelId, randomBytes(8_000_000));
    await expect(sending).rejects.toMatchObject({ code: 135 });
    expect(server.getDefaultTimeout()).toBe(17);
  });
});

describe('SSHPrompt', () => {
  test('its constructors and its fields', () => {
    const empty = new SSHPrompt();
    expect([empty.getPrompt(), empty.getEcho(), empty.isEcho()]).toEqual(['', false, false]);
    const prompt = new SSHPrompt('Code: ', true);
    expect([prompt.getPrompt(), prompt.getEcho()]).toEqual(['Code: ', true]);
    prompt.setPrompt('Token: ');
    prompt.setEcho(false);
    expect([prompt.prompt, prompt.echo]).toEqual(['Token: ', false]);
  });

  test('a change to one in use is what the next client is shown', async () => {
    const prompt = new SSHPrompt('Name: ', true);
    const { server } = await startServer((it) => {
      it.setDefaultAuthMethods('keyboard-interactive');
      it.setKeyboardInteractivePrompts(new SSHPromptList([prompt]));
    });
    const shown = async () => {
      const client = ssh2.start(server, { tryKeyboard: true, authHandler: undefined });
      const asked = once(client, 'keyboard-interactive');
      const [, , , prompts, finish] = await asked;
      finish(prompts.map(() => 'x'));
      await client.ready;
      return prompts;
    };
    expect(await shown()).toEqual([{ prompt: 'Name: ', echo: true }]);
    prompt.setPrompt('PIN: ');
    prompt.echo = false;
    expect(await shown()).toEqual([{ prompt: 'PIN: ', echo: false }]);
    server.getKeyboardInteractivePrompts().add(new SSHPrompt('And: '));
    expect((await shown()).map((each) => each.prompt)).toEqual(['PIN: ', 'And: ']);
  });
});

describe('the collections', () => {
  test('of channels: every way to read them', async () => {
    const { server, recorder, client, channelId, connectionId } = await startSession();
    await ssh2.openSession(client, 'y');
    await recorder.count('SSHChannelRequested', 2);
    const channels = server.getChannels();
    const ids = recorder.all('SSHChannelOpened').map((e) => e.channelId);
    expect(channels.size()).toBe(2);
    expect([...channels.keys()].sort()).toEqual([...ids].sort());
    expect([...channels.values()].map((each) => each.getChannelId()).sort()).toEqual(
      [...ids].sort(),
    );
    for (const list of [[...channels.entries()], [...channels]]) {
      expect(list.map(([id, each]) => [id, each.channelId])).toEqual(
        [...channels.keys()].map((id) => [id, id]),
      );
    }
    const seen = [];
    channels.forEach((each, id, map) => seen.push([each.channelId === id, map === channels]));
    expect(seen).toEqual([
      [true, true],
      [true, true],
    ]);
    expect(channels.item(channelId).connectionId).toBe(connectionId);
    expect([channels.has(channelId), channels.has('0')]).toEqual([true, false]);
    expect([channels.get('0'), channels.item('0')]).toEqual([undefined, undefined]);
    await server.closeChannel(ids[1]);
    await recorder.first('SSHChannelClosed');
    expect([...channels.keys()]).toEqual([ids[0]]);
  });

  test('of connections: every way to read them', async () => {
    const { server, recorder } = await startServer();
    const clients = [await ssh2.connect(server), await ssh2.connect(server)];
    const connections = server.getConnections();
    const ids = recorder.all('Connected').map((e) => e.connectionId);
    expect(connections.size()).toBe(2);
    expect([...connections.keys()].sort()).toEqual([...ids].sort());
    expect([...connections.values()].map((each) => each.getConnectionId()).sort()).toEqual(
      [...ids].sort(),
    );
    for (const list of [[...connections.entries()], [...connections]]) {
      expect(list.map(([id, each]) => [id, each.connectionId])).toEqual(
        [...connections.keys()].map((id) => [id, id]),
      );
    }
    const seen = [];
    connections.forEach((each, id, map) =>
      seen.push([each.connectionId === id, map === connections]),
    );
    expect(seen).toEqual([
      [true, true],
      [true, true],
    ]);
    expect(connections.item(ids[0]).isConnected()).toBe(true);
    expect([connections.has(ids[0]), connections.has('0')]).toEqual([true, false]);
    expect([connections.get('0'), connections.item('0')]).toEqual([undefined, undefined]);
    await ssh2.end(clients[0]);
    await recorder.first('Disconnected');
    expect([...connections.keys()]).toEqual([ids[1]]);
  });
});

describe('SSHCert', () => {
  const file = path.join(__dirname, '../../tests/vectors/text-keys/rsa-with-chain.pem');
  const FIELDS = [
    'EffectiveDate',
    'Encoded',
    'EncodedB',
    'ExpirationDate',
    'ExtendedKeyUsage',
    'Fingerprint',
    'FingerprintSHA1',
    'FingerprintSHA256',
    'Issuer',
    'KeyPassword',
    'PrivateKey',
    'PrivateKeyAvailable',
    'PrivateKeyContainer',
    'PublicKey',
    'PublicKeyAlgorithm',
    'PublicKeyLength',
    'SerialNumber',
    'SignatureAlgorithm',
    'Store',
    'StoreB',
    'StorePassword',
    'StoreType',
    'Subject',
    'SubjectAltNames',
    'ThumbprintMD5',
    'ThumbprintSHA1',
    'ThumbprintSHA256',
    'Usage',
    'UsageFlags',
    'Version',
  ];

  test.each(FIELDS)(
    '%s: set by its store, type and subject, it is that of the certificate',
    (name) => {
      const certificate = new Certificate(CertStoreTypes.cstPEMKeyFile, file, 'password', '*');
      const server = createServer({ hostKey: null });
      const cert = server.getSSHCert();
      cert.setStoreType(CertStoreTypes.cstPEMKeyFile);
      cert.setStore(file);
      cert.setStorePassword('password');
      cert.setSubject('*');
      expect(server.getSSHCert()[`get${name}`]()).toEqual(certificate[`get${name}`]());
      expect(server.sshCert[name[0].toLowerCase() + name.slice(1)]).toEqual(
        certificate[`get${name}`](),
      );
      if (name !== 'PrivateKeyContainer') {
        expect(certificate[`get${name}`]()).not.toEqual(new Certificate()[`get${name}`]());
      }
    },
  );

  test('a change of it is what the next client gets, while the server listens', async () => {
    const { server } = await startServer();
    const algorithms = ['rsa-sha2-256', 'ssh-ed25519'];
    const before = await ssh2.hostKeyOf(server, algorithms);
    expect(before.toString('latin1')).toContain('ssh-ed25519');
    const cert = server.getSSHCert();
    cert.setStoreType(CertStoreTypes.cstPEMKeyBlob);
    cert.setStoreB(fs.readFileSync(file));
    cert.setSubject('*');
    const key = await ssh2.hostKeyOf(server, algorithms);
    const blob = Buffer.from(cert.getFingerprintSHA256().replaceAll(':', ''), 'hex');
    expect(createHash('sha256').update(key).digest()).toEqual(blob);
  });
});
