'use strict';

// Plain TCP connections to a server, which say what the test has them say.

const net = require('node:net');
const { once } = require('node:events');
const { afterTest } = require('./cleanup.js');

/** Where a server listens; of one in another process it is known as a number. */
const portOf = (server) => (typeof server === 'number' ? server : server.getLocalPort());

/**
 * A connection, made, and destroyed after the test. `said` resolves to the first that comes, or to '' when
 * it ends without a word; `everything` at the end to all that came; `gone` at the end.
 */
async function tcpClient(server, { host = '127.0.0.1', says } = {}) {
  const socket = net.connect(portOf(server), host);
  const chunks = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.gone = new Promise((resolve) => socket.once('close', resolve));
  socket.everything = socket.gone.then(() => Buffer.concat(chunks));
  socket.said = new Promise((resolve) => {
    socket.once('data', (data) => resolve(data.toString('latin1')));
    socket.once('close', () => resolve(''));
  });
  const undo = afterTest('clients', async () => {
    socket.destroy();
    await socket.gone;
  });
  void socket.gone.then(undo);
  await once(socket, 'connect');
  // A server that closes at once may well reset the connection.
  socket.on('error', () => {});
  if (says !== undefined) socket.write(says);
  return socket;
}

module.exports = { portOf, tcpClient };
