'use strict';

// Holds many connections open: node many_clients.js PORT CONNECTIONS. Says 'open' when all have logged
// in, and ends them when it is told to.

const { once } = require('node:events');
const { connect } = require('./own_client.js');

const [port, connections] = process.argv.slice(2).map(Number);
/** How many log in at a time. */
const AT_ONCE = 32;
const login = { username: 'many', authHandler: ['none'] };

async function main() {
  const clients = [];
  let left = connections;
  const connectSome = async () => {
    while (left-- > 0) clients.push(await connect(port, login));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, connectSome));
  process.send('open');
  await once(process, 'message');
  for (const client of clients) client.destroy();
  process.disconnect();
}

void main();
