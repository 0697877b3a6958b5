'use strict';

// Servers for tests of logins, and the clients that try to log in.

const { createServer, Recorder, runCommands } = require('./server.js');
const ssh2 = require('./ssh2_client.js');
const { tcpClient } = require('./tcp_client.js');

/** A command server that authenticates as `authenticate` says. */
async function start(authenticate, configure = () => {}) {
  const server = createServer();
  const recorder = new Recorder(server);
  if (authenticate) server.on('SSHUserAuthRequest', authenticate);
  server.on('SSHChannelOpenRequest', (e) => (e.accept = true));
  runCommands(server);
  await configure(server);
  await server.startListening();
  return { server, recorder };
}

/** Method and parameter of each request so far. */
const asked = (recorder) =>
  recorder.all('SSHUserAuthRequest').map((e) => [e.authMethod, e.authParam]);

/** An authHandler of ssh2 that takes these steps, and remembers what the server said before each. */
function steps(list, said = []) {
  const left = [...list];
  return (methods, partial, next) => {
    said.push([methods, partial]);
    next(left.shift() ?? false);
  };
}

const password = (text, username = 'demo') => ({ type: 'password', username, password: text });
const publickey = (key, username = 'demo') => ({ type: 'publickey', username, key: key.text });

/** A login with ssh2 that has to fail. */
async function refused(server, options) {
  const client = ssh2.start(server, options);
  await expect(client.ready).rejects.toThrow(/authentication methods failed/);
  await client.closed;
}

/**
 * A TCP connection that says nothing: resolves with `isIn` once the server has said its name, or has
 * closed without a word.
 */
async function knock(server) {
  const socket = await tcpClient(server);
  socket.isIn = (await socket.said) !== '';
  return socket;
}

/** The same, of a client that sends its identification string, after which it keeps its place. */
async function knockByName(server) {
  const socket = await knock(server);
  if (socket.isIn) await sayName(server, socket);
  return socket;
}

/** Sends an identification string, and resolves when the server has it. */
function sayName(server, socket) {
  const name = `SSH-2.0-knocking_${socket.localPort}`;
  return new Promise((resolve) => {
    const listener = (e) => {
      if (!e.message.includes(name)) return;
      server.off('SSHStatus', listener);
      resolve();
    };
    server.on('SSHStatus', listener);
    socket.write(`${name}\r\n`);
  });
}

module.exports = { start, asked, steps, password, publickey, refused, knock, knockByName, sayName };
