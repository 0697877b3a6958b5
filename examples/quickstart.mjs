// An SSH server in one file. Run it from the folder of the package:
//
//   node examples/quickstart.mjs [--port 2222] [--authorized-keys ~/.ssh/id_ed25519.pub]
//
// It has one user, `demo`, who may log in with the password printed at the start or with a key of
// the authorized-keys file, run the two commands below (`ssh demo@127.0.0.1 hello world`) and open
// a shell, in which every line is run as a command. In your own program, import from 'sshserver'.

import { createHash, generateKeyPairSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Certificate, CertStoreTypes, sshserver } from '../index.mjs';

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'authorized-keys': { type: 'string' },
    profile: { type: 'string', default: 'modern' },
  },
});

const password = randomBytes(9).toString('base64url');
const authorizedKeys = readAuthorizedKeys(options['authorized-keys']);

// A host key: new at each start here; load it from a file in a real server, so that clients can
// recognise it.
const { privateKey } = generateKeyPairSync('ed25519');
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });

const server = new sshserver();
// `intermediate` also lets clients in that have no post-quantum key exchange, OpenSSH before 8.9.
await server.config(`SecurityProfile=${options.profile}`);
server.setSSHCert(new Certificate(CertStoreTypes.cstPEMKeyBlob, pem, '', '*'));
server.setLocalHost('127.0.0.1');
server.setLocalPort(Number(options.port));

// Decides who may log in: nobody, unless a listener accepts.
server.on('SSHUserAuthRequest', (e) => {
  if (e.user !== 'demo') return;
  if (e.authMethod === 'password') e.accept = sameText(e.authParam, password);
  // The engine verifies the signature; the listener only decides whether this key may log in.
  if (e.authMethod === 'publickey') e.accept = authorizedKeys.has(e.authParam);
});

// Decides what a client may open: sessions, and in them a terminal, a shell or one command.
server.on('SSHChannelOpenRequest', (e) => {
  e.accept = e.service === 'session';
});
server.on('SSHChannelRequest', (e) => {
  e.success = ['pty-req', 'shell', 'exec'].includes(e.requestType);
});

// A request was accepted and its reply is on its way: do what it asks for.
const shells = new Map(); // channel id -> { terminal, line }
server.on('SSHChannelRequested', async (e) => {
  if (e.requestType === 'exec') {
    const { output, status } = run(server.getSSHParam(e.packetB, 'command'));
    await server.sendText(e.channelId, output);
    await finish(e.channelId, status);
  } else if (e.requestType === 'pty-req') {
    shells.set(e.channelId, { terminal: true, line: '' });
  } else {
    if (!shells.has(e.channelId)) shells.set(e.channelId, { terminal: false, line: '' });
    await server.sendText(e.channelId, 'hello, date or exit?\r\n');
  }
});

// The shell: with a terminal the client sends single keys and shows only what comes back.
server.on('SSHChannelDataIn', async (e) => {
  const shell = shells.get(e.channelId);
  if (!shell) return;
  for (const key of e.data) {
    if (key === '\r' || key === '\n') {
      const line = shell.line.trim();
      shell.line = '';
      if (line === 'exit') return finish(e.channelId, 0);
      const output = line && run(line).output;
      await server.sendText(
        e.channelId,
        (shell.terminal ? '\r\n' : '') + output.replace('\n', '\r\n'),
      );
    } else if (key === '\x03' || key === '\x04') {
      return finish(e.channelId, 0); // Ctrl-C, Ctrl-D
    } else if (shell.line.length < 1000) {
      shell.line += key;
      if (shell.terminal) await server.sendText(e.channelId, key);
    }
  }
});
server.on('SSHChannelEOF', async (e) => {
  if (shells.has(e.channelId)) await finish(e.channelId, 0);
});
server.on('SSHChannelClosed', (e) => shells.delete(e.channelId));

server.on('Error', (e) => console.error(`connection ${e.connectionId}: ${e.description}`));

await server.startListening();
console.log(`Listening on ${server.getLocalHost()} port ${server.getLocalPort()}`);
console.log(`User demo, password ${password}`);

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.shutdown());

/** The commands of this server. */
function run(command) {
  const [name, ...words] = command.split(' ');
  if (name === 'hello') return { output: `Hello, ${words.join(' ') || 'world'}!\n`, status: 0 };
  if (name === 'date') return { output: `${new Date().toISOString()}\n`, status: 0 };
  return { output: `${name}: there is no such command\n`, status: 127 };
}

/** Tells the client how the command ended (RFC 4254 section 6.10) and closes the channel. */
async function finish(channelId, status) {
  shells.delete(channelId);
  let payload = server.setSSHParam(null, 's', 'exit-status');
  payload = server.setSSHParam(payload, 'f', 'false'); // no reply wanted
  payload = server.setSSHParam(payload, 'i', String(status));
  await server.sendSSHPacket(channelId, 98, payload);
  await server.closeChannel(channelId);
}

/** The keys of an authorized_keys or .pub file, in base64, as authParam shows them. */
function readAuthorizedKeys(file) {
  if (!file) return new Set();
  const keys = readFileSync(file, 'utf8').matchAll(/^(?:ssh|ecdsa)-\S+ (\S+)/gm);
  return new Set(Array.from(keys, ([, key]) => key));
}

/** Compares in constant time, so that the time does not reveal how much of the text is right. */
function sameText(a, b) {
  const digest = (text) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
