'use strict';

// Servers whose sessions are served by handlers, and what clients ask of a session.

const sessions = require('../../lib/sessions/index.js');
const { afterTest } = require('./cleanup.js');
const { createServer, Recorder } = require('./server.js');
const { RawSession, channelRequest } = require('./raw_session.js');
const { flag, string, uint32 } = require('./wire.js');
const ssh2 = require('./ssh2_client.js');

/** A listening server that lets everybody in and serves sessions by these handlers. */
async function startServed(handlers, configure = () => {}) {
  const server = createServer();
  server.on('SSHUserAuthRequest', (e) => {
    e.accept = e.authMethod !== 'none';
  });
  await configure(server);
  const service = sessions.serveSessions(server, handlers);
  const recorder = new Recorder(server, ['Error', 'Disconnected', 'SSHChannelClosed']);
  await server.startListening();
  return { server, service, recorder };
}

/** A client of ssh2, logged in. */
const connect = ({ server }, options = {}) => ssh2.connect(server, { password: 'x', ...options });

/** A shell or a subsystem of a client of ssh2, whose status `drain` tells. */
function openOther(client, method, ...args) {
  return new Promise((resolve, reject) => {
    client[method](...args, (error, stream) => {
      if (error) return reject(error);
      // Its end may have come with the answer, before the caller can add a listener.
      stream.on('exit', (status) => (stream.status = status));
      return resolve(stream);
    });
  });
}

/** The sftp client of a client of ssh2: `calls`, and `call(name, ...args)`, which is one of them as a promise. */
async function openSftp(client) {
  const calls = await new Promise((resolve, reject) => {
    client.sftp((error, made) => (error ? reject(error) : resolve(made)));
  });
  const call = (name, ...args) =>
    new Promise((resolve, reject) => {
      calls[name](...args, (error, value) => (error ? reject(error) : resolve(value)));
    });
  return { calls, call };
}

/** A session without a request, of a raw client: `ask(type, ...fields)` resolves to whether it was granted. */
async function startRaw({ server }) {
  const raw = await new RawSession(server.getLocalPort()).login();
  afterTest('clients', () => void raw.socket.destroy());
  const channel = await raw.open(0);
  const send = (type, ...fields) => raw.send(channelRequest(channel, type, false, ...fields));
  const ask = async (type, ...fields) => {
    await raw.send(channelRequest(channel, type, true, ...fields));
    const [number] = await raw.expect(99, 100);
    return number === 99;
  };
  return { raw, channel, ask, send };
}

/** The fields of requests. */
const env = (name, value) => [string(name), string(value)];
const pty = ({ term = 'xterm', columns = 80, rows = 24, modes = '\0' } = {}) => [
  string(term),
  ...[columns, rows, 0, 0].map(uint32),
  string(modes),
];
const size = (columns, rows) => [columns, rows, 0, 0].map(uint32);

module.exports = {
  ...sessions,
  startServed,
  connect,
  openOther,
  openSftp,
  startRaw,
  env,
  pty,
  size,
  flag,
};
