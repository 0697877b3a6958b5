'use strict';

// Clients of the npm package ssh2 for one test each, and their callbacks as promises.

const net = require('node:net');
const { once } = require('node:events');
const { Client } = require('ssh2');
const { afterTest } = require('./cleanup.js');
const { userKey } = require('./keys.js');
const { portOf } = require('./tcp_client.js');

/** A client of the npm package ssh2, not yet connected; destroyed after the test. */
function createClient() {
  const client = new Client();
  client.closed = new Promise((resolve) => client.once('close', resolve));
  client.errors = [];
  client.on('error', (error) => client.errors.push(error));
  return client;
}

function settings(server, options) {
  return {
    host: '127.0.0.1',
    port: portOf(server),
    username: 'demo',
    privateKey: 'password' in options || 'authHandler' in options ? undefined : userKey().text,
    readyTimeout: 0,
    ...options,
  };
}

/** Starts to connect; `ready` of the client resolves or rejects. */
function start(server, options = {}) {
  const client = createClient();
  client.ready = new Promise((resolve, reject) => {
    client.once('ready', resolve);
    client.once('error', reject);
    client.once('close', () => reject(new Error('closed before it was ready')));
  });
  client.ready.catch(() => {});
  const undo = afterTest('clients', async () => {
    client.destroy();
    await client.closed;
  });
  client.once('close', undo);
  client.connect(settings(server, options));
  return client;
}

/** A socket for a client of its own (`sock`), whose addresses the test can see. */
async function connectSocket(server) {
  const sock = net.connect(portOf(server), '127.0.0.1');
  afterTest('clients', () => void sock.destroy());
  await once(sock, 'connect');
  return sock;
}

async function connect(server, options) {
  const client = start(server, options);
  await client.ready;
  return client;
}

function openSession(client, command, options = {}) {
  return new Promise((resolve, reject) => {
    client.exec(command, options, (error, stream) => {
      if (error) return reject(error);
      // All data may have come with the answer, before the caller can add its listeners.
      stream.on('exit', (code) => (stream.status = code));
      return resolve(stream);
    });
  });
}

/** Calls a method of a client; resolves to what its callback gets. */
function call(client, method, ...args) {
  return new Promise((resolve, reject) => {
    client[method](...args, (error, value) => (error ? reject(error) : resolve(value)));
  });
}

/** The host key, as its blob, that a client gets which only knows these algorithms. */
async function hostKeyOf(server, serverHostKey) {
  let key;
  const client = await connect(server, {
    algorithms: { serverHostKey },
    hostVerifier: (blob) => {
      key = blob;
      return true;
    },
  });
  await end(client);
  return key;
}

/** Reads a channel of ssh2 to its close. */
function drain(stream) {
  const [stdout, stderr] = [[], []];
  stream.on('data', (chunk) => stdout.push(chunk));
  stream.stderr?.on('data', (chunk) => stderr.push(chunk));
  return new Promise((resolve) => {
    stream.once('close', () =>
      resolve({
        status: stream.status,
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr),
      }),
    );
  });
}

/** Runs a command to its end: its status and what it said. */
async function exec(client, command, input = '') {
  const stream = await openSession(client, command);
  const result = drain(stream);
  stream.end(input);
  return result;
}

/** Ends the connection and waits for that. */
async function end(client) {
  client.end();
  await client.closed;
}

module.exports = { start, connect, connectSocket, call, hostKeyOf, openSession, drain, exec, end };
