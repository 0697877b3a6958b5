'use strict';

// A server that lets everybody in and takes every request, recorded, and a session of ssh2 on it.

const { acceptAll, createServer, Recorder } = require('./server.js');
const ssh2 = require('./ssh2_client.js');

/** `answer` decides about the requests of channels, `events` are those that are recorded. */
async function startServer(configure = () => {}, { answer = () => true, events } = {}) {
  const server = createServer();
  acceptAll(server);
  const recorder = new Recorder(server, events);
  server.on('SSHChannelRequest', (e) => (e.success = answer(e)));
  await configure(server);
  await server.startListening();
  return { server, recorder };
}

/** Opens a session: what the client has of it, and the server. */
async function openSession({ server, recorder }, { command = 'x', ...options } = {}) {
  const client = await ssh2.connect(server, options);
  const stream = await ssh2.openSession(client, command);
  const { channelId, connectionId } = await recorder.first('SSHChannelRequested');
  const connection = server.getConnections().get(connectionId);
  const channel = server.getChannels().get(channelId);
  return { client, stream, channelId, connectionId, connection, channel };
}

/** A server, and a session on it. */
async function startSession(configure, options) {
  const it = await startServer(configure, options);
  return { ...it, ...(await openSession(it)) };
}

module.exports = { startServer, openSession, startSession };
