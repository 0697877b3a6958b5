'use strict';

// A server that pipes channels, in a process of its own so that its memory is its own: node
// --expose-gc stream_server.js. The command is what is piped: `echo` sends back what comes, `give N` N bytes,
// `take` counts what comes and says how much it was. Tells its port, and its memory when it is asked.

const { createHash } = require('node:crypto');
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { createOwnServer } = require('./own_server.js');

const server = createOwnServer();
let most = 0;

/** The same bytes as `bytesOf` of the test makes. */
function* chunks(length) {
  const chunk = Buffer.alloc(64 * 1024, 'all work and no play ');
  for (let left = length; left > 0; left -= chunk.length) {
    most = Math.max(most, process.memoryUsage.rss());
    yield chunk.subarray(0, Math.min(left, chunk.length));
  }
}

async function run(channelId, command) {
  const stream = server.getChannelStream(channelId);
  const [word, amount] = command.split(' ');
  if (word === 'echo') await pipeline(stream, watch, stream, { end: false });
  else if (word === 'give')
    await pipeline(Readable.from(chunks(Number(amount))), stream, { end: false });
  else {
    const hash = createHash('sha256');
    let length = 0;
    for await (const chunk of watch(stream)) {
      hash.update(chunk);
      length += chunk.length;
    }
    stream.write(`${length} ${hash.digest('hex')}`);
  }
  await server.sendExitStatus(channelId, 0);
  await server.closeChannel(channelId);
}

async function* watch(source) {
  for await (const chunk of source) {
    most = Math.max(most, process.memoryUsage.rss());
    yield chunk;
  }
}

async function main() {
  server.on('SSHChannelOpenRequest', (e) => (e.accept = true));
  server.on('SSHChannelRequest', (e) => (e.success = e.requestType === 'exec'));
  server.on('SSHChannelRequested', (e) => {
    void run(e.channelId, server.getSSHParam(e.packetB, 'command'));
  });
  await server.startListening();
  process.on('message', () => {
    globalThis.gc();
    const now = process.memoryUsage.rss();
    process.send({ now, most });
    most = now;
  });
  process.on('disconnect', () => void server.shutdown());
  process.send({ port: server.getLocalPort() });
}

void main();
