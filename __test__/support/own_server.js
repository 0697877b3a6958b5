'use strict';

// A server for a process of its own, which has neither jest nor a key from elsewhere.

const { generateKeyPairSync } = require('node:crypto');
const { Certificate, CertStoreTypes, sshserver } = require('../../index.js');

function newKey() {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  return new Certificate(CertStoreTypes.cstPEMKeyBlob, pem, '', '*');
}

/** On any port of the loopback, without listeners: it accepts no login yet. */
function createLoopbackServer(certificate = newKey()) {
  const server = new sshserver();
  server.setSSHCert(certificate);
  server.setLocalHost('127.0.0.1');
  server.setLocalPort(0);
  return server;
}

/** The same, accepting every password and key. */
function createOwnServer(certificate) {
  const server = createLoopbackServer(certificate);
  server.on('SSHUserAuthRequest', (e) => (e.accept = e.authMethod !== 'none'));
  return server;
}

module.exports = { createLoopbackServer, createOwnServer, newKey };
