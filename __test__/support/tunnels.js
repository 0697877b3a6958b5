'use strict';

// What tunnels need at both of their ends: targets to lead to, connections to make, and the
// clients that hold tunnels open.

const { createHash, randomBytes } = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const path = require('node:path');
const { afterTest } = require('./cleanup.js');
const { plinkArguments, sshArguments } = require('./clients.js');
const { folder } = require('./folder.js');
const { run, start } = require('./processes.js');
const { acceptAll, createServer, Recorder, runCommands } = require('./server.js');
const { until } = require('./waiting.js');

let count = 0;

/** A path for a Unix domain socket, short enough for the system. */
function socketPath() {
  return path.join(folder, `s${count++}`);
}

/** A server that accepts every tunnel, or what `decide` says, and remembers what it was told. */
async function tunnelServer(decide = (e) => void (e.accept = true), configure = () => {}) {
  const server = createServer();
  acceptAll(server);
  runCommands(server);
  server.on('SSHTunnelRequested', decide);
  await configure(server);
  const recorder = new Recorder(server, [
    'Disconnected',
    'Error',
    'SSHChannelOpened',
    'SSHChannelDataIn',
    'SSHTunnelClosed',
    'SSHTunnelRequested',
  ]);
  await server.startListening();
  return { server, recorder };
}

/** Listens with `onConnection`, on a port of the loopback or on a path; closed after the test. */
async function listen(onConnection, where = { port: 0, host: '127.0.0.1' }) {
  const sockets = new Set();
  const listener = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A tunnel that breaks resets its target: each test says what it expects of that.
    socket.on('error', () => {});
    onConnection(socket);
  });
  listener.listen(where);
  await once(listener, 'listening');
  afterTest('clients', async () => {
    for (const socket of sockets) socket.destroy();
    listener.close();
    await once(listener, 'close');
  });
  return { listener, sockets, port: listener.address().port };
}

/** Sends back what it is sent. */
const echo = (where) => listen((socket) => socket.pipe(socket), where);

/** An HTTP server whose `/` is a file of `length` random bytes, and which answers a POST with the hash of it. */
async function httpServer(length = 1024) {
  const body = randomBytes(length);
  const server = http.createServer(async (request, response) => {
    if (request.method === 'GET') {
      response.end(request.url === '/' ? body : request.url);
      return;
    }
    response.end(await hashOf(request));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterTest('clients', async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { port: server.address().port, body, hash: digest(body) };
}

function digest(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

async function hashOf(stream) {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest('hex');
}

/** A port of the loopback without a listening socket. */
async function freePort() {
  const listener = net.createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address();
  listener.close();
  await once(listener, 'close');
  return port;
}

/** Connects, again and again until a server listens; `where` is a port or a path. */
async function connect(where, { allowHalfOpen = true } = {}) {
  const options = typeof where === 'number' ? { port: where, host: '127.0.0.1' } : { path: where };
  const socket = await until(async () => {
    const attempt = net.connect({ ...options, allowHalfOpen });
    try {
      await once(attempt, 'connect');
      return attempt;
    } catch (error) {
      if (error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT') throw error;
      return undefined;
    }
  });
  socket.on('error', () => {});
  const undo = afterTest('clients', () => void socket.destroy());
  socket.once('close', undo);
  return socket;
}

/** Sends `input`, ends, and reads what comes back to its end. */
async function exchange(where, input) {
  const socket = await connect(where);
  socket.end(input);
  return readAll(socket);
}

/** Everything to the end. The other direction stays open, so this is not for await. */
async function readAll(stream) {
  const chunks = [];
  stream.on('data', (chunk) => chunks.push(chunk)).resume();
  if (!stream.readableEnded) await once(stream, 'end');
  return Buffer.concat(chunks);
}

/** `ssh -N` with these flags, which goes on; `text()` is what it has said. */
function openTunnels(server, flags, options = []) {
  const settings = ['ExitOnForwardFailure=yes', ...options];
  const child = start('ssh', sshArguments(server, { flags: ['-N', ...flags], options: settings }));
  let text = '';
  child.stderr.on('data', (chunk) => (text += chunk));
  child.text = () => text;
  return child;
}

/** `plink -N` with these flags, which goes on. */
function openPlink(server, flags) {
  const args = [...plinkArguments(server), '-N', '-pw', 'x'];
  return start('plink', [...args, ...flags, 'demo@127.0.0.1']);
}

/** The sockets that this process has open. */
function openSockets() {
  return fs.readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false; // the descriptor of the listing itself
    }
  }).length;
}

/** Waits until no more sockets are open than there were. */
async function noMoreSocketsThan(before) {
  await until(() => openSockets() <= before);
}

const curl = (args, options) => run('curl', ['-sS', '--noproxy', '', '-m', '60', ...args], options);

module.exports = {
  connect,
  curl,
  digest,
  echo,
  exchange,
  freePort,
  httpServer,
  listen,
  noMoreSocketsThan,
  openPlink,
  openSockets,
  openTunnels,
  readAll,
  socketPath,
  tunnelServer,
};
