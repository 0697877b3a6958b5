'use strict';

// The server that is attacked, in a process of its own so that its memory and its time are its own: node
// --expose-gc attack_server.js [echo] SETTING... Everybody gets in and gets channels, requests are granted,
// data is taken and, for `echo`, sent back. Tells its port, and its memory when it is asked.

const { createOwnServer } = require('./own_server.js');
const { turn } = require('./waiting.js');

const server = createOwnServer();

async function main(words) {
  const echoes = words.includes('echo');
  for (const word of words) if (word !== 'echo') await server.config(word);
  server.on('SSHChannelOpenRequest', (e) => (e.accept = true));
  server.on('SSHChannelRequest', (e) => (e.success = true));
  server.on('SSHChannelDataIn', (e) =>
    echoes ? server.sendBytes(e.channelId, e.dataB) : undefined,
  );
  // Who leaves has its last sends fail, and nobody is to hear of it here.
  server.on('Error', () => {});
  server.on('Log', () => {});
  await server.startListening();
  process.send({ port: server.getLocalPort() });
  process.on('message', async () => {
    for (let round = 0; round < 10; round++) {
      globalThis.gc();
      await turn();
    }
    process.send({ rss: process.memoryUsage().rss });
  });
}

void main(process.argv.slice(2));
