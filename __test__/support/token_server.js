'use strict';

// A server whose host key is in a security token, in a process of its own: the token's module reads
// its configuration from the environment. node token_server.js STORE PIN; the port goes to the parent.

const { Certificate, CertStoreTypes, sshserver } = require('../../index.js');

async function main(store, pin) {
  const server = new sshserver();
  server.setSSHCert(new Certificate(CertStoreTypes.cstPKCS11, store, pin, '*'));
  server.setLocalHost('127.0.0.1');
  server.setLocalPort(0);
  server.on('SSHUserAuthRequest', (e) => (e.accept = e.authMethod !== 'none'));
  await server.startListening();
  process.send({ port: server.getLocalPort() });
}

process.on('disconnect', () => process.exit());
void main(...process.argv.slice(2));
