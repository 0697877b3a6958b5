'use strict';

// The server that is attacked, in a process of its own so that its memory and its time are its own: node
// --expose-gc attack_server.js [WORD] SETTING... Everybody gets in and gets channels, requests are granted, data
// is taken and, for `echo`, sent back; for `stream`, a stream does that, and for `unread` one that nobody reads
// has it; for `stuck`, no listener of Log ever settles. Tells its port, and its memory, how many lines it has
// logged and how many clients have left when it is asked.

const { createOwnServer } = require('./own_server.js');
const { turn } = require('./waiting.js');

const server = createOwnServer();

async function main(words) {
  const echoes = words.includes('echo');
  const stuck = words.includes('stuck');
  for (const word of words) if (word.includes('=')) await server.config(word);
  server.on('SSHChannelOpenRequest', (e) => (e.accept = true));
  server.on('SSHChannelRequest', (e) => (e.success = true));
  server.on('SSHChannelOpened', (e) => {
    if (!words.includes('stream') && !words.includes('unread')) return;
    const stream = server.getChannelStream(e.channelId);
    if (words.includes('stream')) stream.pipe(stream);
  });
  server.on('SSHChannelDataIn', (e) =>
    echoes ? server.sendBytes(e.channelId, e.dataB) : undefined,
  );
  // The last sends to a client that leaves fail; these errors are ignored here.
  server.on('Error', () => {});
  // What never settles and is kept is what waits: a program's queue of lines to be written, say.
  const lines = [];
  server.on('Log', (e) =>
    stuck ? new Promise((resolve) => lines.push({ e, resolve })) : undefined,
  );
  let left = 0;
  server.on('Disconnected', () => void left++);
  await server.startListening();
  process.send({ port: server.getLocalPort() });
  process.on('message', async () => {
    for (let round = 0; round < 10; round++) {
      globalThis.gc();
      await turn();
    }
    process.send({ rss: process.memoryUsage().rss, lines: lines.length, left });
  });
}

void main(process.argv.slice(2));
