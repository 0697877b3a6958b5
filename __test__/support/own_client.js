'use strict';

// A client of the npm package ssh2 whose life is not that of a test: for processes of their own, and for
// specs that have one client from their beginning to their end.

const { Client } = require('ssh2');

/** Logs in on a port of the loopback, with algorithms that cost little. */
function connect(port, options) {
  const client = new Client();
  return new Promise((resolve, reject) => {
    client.once('ready', () => resolve(client));
    client.once('error', reject);
    client.connect({
      host: '127.0.0.1',
      port,
      readyTimeout: 0,
      algorithms: {
        kex: ['curve25519-sha256'],
        cipher: ['aes128-gcm@openssh.com'],
        serverHostKey: ['ssh-ed25519'],
      },
      ...options,
    });
  });
}

function openSession(client, command) {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, stream) => (error ? reject(error) : resolve(stream)));
  });
}

module.exports = { connect, openSession };
