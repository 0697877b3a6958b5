'use strict';

// The server of the load test, in a process of its own so that its memory is its own:
// node --expose-gc load_server.js. Tells the port, and its memory when it is asked.

const { generateKeyPairSync } = require('node:crypto');
const { Certificate, CertStoreTypes, sshserver } = require('../../index.js');

const server = new sshserver();
/** More than before by no more than this, and nothing is waited for any longer. */
const SETTLED = 32 * 1024 * 1024;

async function memory() {
  // What native objects hold is given back in a turn of its own after the collection.
  for (let round = 0; round < 10; round++) {
    globalThis.gc();
    await new Promise(setImmediate);
  }
  return { ...process.memoryUsage(), connections: server.getConnections().size() };
}

async function main() {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  server.setSSHCert(new Certificate(CertStoreTypes.cstPEMKeyBlob, pem, '', '*'));
  server.setLocalHost('127.0.0.1');
  server.setLocalPort(0);
  server.setConnectionBacklog(511);
  // All of them come at once.
  await server.config('MaxUnauthenticated=0');
  server.on('SSHUserAuthRequest', (e) => (e.accept = e.authMethod === 'password'));
  server.on('SSHChannelOpenRequest', (e) => (e.accept = true));
  server.on('SSHChannelRequest', (e) => (e.success = true));
  // Data is sent back before it counts as consumed, so the client's window bounds what is held.
  server.on('SSHChannelDataIn', (e) => server.sendBytes(e.channelId, e.dataB));
  server.on('SSHChannelEOF', async (e) => {
    await server.sendExitStatus(e.channelId, 0);
    await server.closeChannel(e.channelId);
  });
  await server.startListening();
  const before = await memory();
  process.send({ port: server.getLocalPort() });
  process.on('message', async (message) => {
    if (message === 'memory') process.send(await memory());
    if (message === 'shutdown') {
      await server.shutdown();
      // the addon gives memory back to the system a second after the last connection
      const deadline = Date.now() + 5000;
      let left = await memory();
      while (left.rss > before.rss + SETTLED && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        left = await memory();
      }
      process.send(left);
      process.disconnect();
    }
  });
}

void main();
