'use strict';

// The server of the load test, in a process of its own so that its memory is its own:
// node --expose-gc load_server.js. Tells the port, and its memory when it is asked, or told to shut down.

const { createOwnServer } = require('./own_server.js');
const { turn } = require('./waiting.js');

const server = createOwnServer();

async function memory() {
  // What native objects hold is given back in a turn of its own after the collection.
  for (let round = 0; round < 10; round++) {
    globalThis.gc();
    await turn();
  }
  return { ...process.memoryUsage(), connections: server.getConnections().size() };
}

async function main() {
  server.setConnectionBacklog(511);
  // All of them come at once.
  await server.config('MaxUnauthenticated=0');
  server.on('SSHChannelOpenRequest', (e) => (e.accept = true));
  server.on('SSHChannelRequest', (e) => (e.success = true));
  // Data is sent back before it counts as consumed, so the client's window bounds what is held.
  server.on('SSHChannelDataIn', (e) => server.sendBytes(e.channelId, e.dataB));
  server.on('SSHChannelEOF', async (e) => {
    await server.sendExitStatus(e.channelId, 0);
    await server.closeChannel(e.channelId);
  });
  await server.startListening();
  process.send({ port: server.getLocalPort() });
  process.on('message', async (message) => {
    if (message === 'end') return process.disconnect();
    if (message === 'shutdown') await server.shutdown();
    return process.send(await memory());
  });
}

void main();
