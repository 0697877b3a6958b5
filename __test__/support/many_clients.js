'use strict';

// Holds many connections open: node many_clients.js PORT CONNECTIONS. Says 'open' when all have logged
// in, and ends them when it is told to.

const { once } = require('node:events');
const { Client } = require('ssh2');

const [port, connections] = process.argv.slice(2).map(Number);
/** How many log in at a time. */
const AT_ONCE = 32;

function connect() {
  const client = new Client();
  return new Promise((resolve, reject) => {
    client.once('ready', () => resolve(client));
    client.once('error', reject);
    client.connect({
      host: '127.0.0.1',
      port,
      username: 'many',
      authHandler: ['none'],
      readyTimeout: 0,
      algorithms: {
        kex: ['curve25519-sha256'],
        cipher: ['aes128-gcm@openssh.com'],
        serverHostKey: ['ssh-ed25519'],
      },
    });
  });
}

async function main() {
  const clients = [];
  let left = connections;
  const connectSome = async () => {
    while (left-- > 0) clients.push(await connect());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, connectSome));
  process.send('open');
  await once(process, 'message');
  for (const client of clients) client.destroy();
  process.disconnect();
}

void main();
