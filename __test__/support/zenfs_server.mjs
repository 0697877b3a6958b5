// A server of SFTP over @zenfs/core, which Jest cannot load, as it is an ES module. Prints its port.

import { InMemory, configureSingle, fs } from '@zenfs/core';
import { CertStoreTypes, Certificate, sshserver } from '../../index.mjs';
import { serveSessions } from '../../lib/sessions/index.js';
import { sftp } from '../../lib/sftp/index.js';

await configureSingle({ backend: InMemory });
const server = new sshserver();
server.setSSHCert(new Certificate(CertStoreTypes.cstPEMKeyBlob, process.env.HOST_KEY, '', '*'));
server.setLocalHost('127.0.0.1');
server.setLocalPort(0);
server.on('SSHUserAuthRequest', (e) => (e.accept = e.authMethod === 'publickey'));
serveSessions(server, { sftp: sftp({ fs: fs.promises }) });
await server.startListening();
console.log(`port ${server.getLocalPort()}.`);
