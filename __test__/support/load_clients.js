'use strict';

// Clients of the load test, in a process of their own: node load_clients.js PORT CONNECTIONS CHANNELS
// BYTES. All connections are opened at once; when every one has its channels and the parent says so, random data goes
// through each and has to come back the same. The last line says what was seen, as JSON.

const { createHash, randomBytes } = require('node:crypto');
const { once } = require('node:events');
const { connect, openSession } = require('./own_client.js');

const [port, connections, channels, bytes] = process.argv.slice(2).map(Number);
const CHUNK = 32 * 1024;
const login = { username: 'load', password: 'x', authHandler: ['password'] };

/** Sends random data and compares what comes back by its hash. */
function echo(stream) {
  const [sent, received] = [createHash('sha256'), createHash('sha256')];
  let left = bytes;
  let back = 0;
  const write = () => {
    while (left > 0) {
      const chunk = randomBytes(Math.min(CHUNK, left));
      sent.update(chunk);
      left -= chunk.length;
      if (!stream.write(chunk)) return;
    }
    stream.end();
  };
  return new Promise((resolve) => {
    stream.on('data', (chunk) => {
      received.update(chunk);
      back += chunk.length;
    });
    stream.on('drain', write);
    stream.once('close', () =>
      resolve(back === bytes && sent.digest('hex') === received.digest('hex')),
    );
    write();
  });
}

async function main() {
  const clients = await Promise.all(
    Array.from({ length: connections }, () => connect(port, login)),
  );
  const streams = await Promise.all(
    clients.flatMap((client) => Array.from({ length: channels }, () => openSession(client, 'cat'))),
  );
  process.send('open');
  await once(process, 'message');
  const right = await Promise.all(streams.map(echo));
  for (const client of clients) client.end();
  process.send({ right: right.filter(Boolean).length, of: right.length });
  process.disconnect();
}

void main();
