// An SSH server that gives its users a shell, in one file. Run it from the folder of the package:
//
//   node examples/sshd.mjs [--port 2222] [--authorized-keys ~/.ssh/authorized_keys] [--any-folder]
//
// The user who starts it logs in with a key of that file, whose options are kept to, and gets a shell or runs a
// command: `ssh -p 2222 127.0.0.1 uname -a`. The file and its folders must not be writable by others (`--any-folder`: may).
// In your own program, import from 'sshserver' and 'sshserver/sessions'.

import { generateKeyPairSync } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Certificate, CertStoreTypes, sshserver } from '../index.mjs';
import sessions from '../lib/sessions/index.js';

const { authorizedKeys, serveSessions, shell } = sessions;

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'authorized-keys': { type: 'string', default: path.join(os.homedir(), '.ssh/authorized_keys') },
    'any-folder': { type: 'boolean', default: false },
  },
});

// A host key: new at each start here; load it from a file in a real server, so that clients can recognise it.
const { privateKey } = generateKeyPairSync('ed25519');
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });

const server = new sshserver();
await server.config('SecurityProfile=intermediate');
server.setSSHCert(new Certificate(CertStoreTypes.cstPEMKeyBlob, pem, '', '*'));
server.setLocalHost('127.0.0.1');
server.setLocalPort(Number(options.port));
server.setDefaultAuthMethods('publickey');

// Who may log in: this system's user who runs the server, and nobody else, as every program runs as this user.
const { username } = os.userInfo();
const keys = authorizedKeys((user) => (user === username ? options['authorized-keys'] : null), {
  strictModes: !options['any-folder'],
  onRefused: ({ user, file, line, reason }) => console.log(`${user}: ${file}:${line}: ${reason}`),
});
server.on('SSHUserAuthRequest', keys);

// What they get: a shell, or a command that the shell runs.
const service = serveSessions(server, { shell: shell(), exec: shell() });
service.on('start', ({ user, kind, command }) => console.log(`${user}: ${kind} ${command}`));

server.on('Error', (e) => console.error(`connection ${e.connectionId}: ${e.description}`));

await server.startListening();
console.log(
  `Listening on ${server.getLocalHost()} port ${server.getLocalPort()}, user ${username}`,
);

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.shutdown());
