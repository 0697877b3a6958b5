'use strict';

// A server whose host key is in a security token, in a process of its own: the token's module reads
// its configuration from the environment. node token_server.js STORE PIN; the port goes to the parent.

const { Certificate, CertStoreTypes } = require('../../index.js');
const { createOwnServer } = require('./own_server.js');

async function main(store, pin) {
  const server = createOwnServer(new Certificate(CertStoreTypes.cstPKCS11, store, pin, '*'));
  await server.startListening();
  process.send({ port: server.getLocalPort() });
}

process.on('disconnect', () => process.exit());
void main(...process.argv.slice(2));
