'use strict';

// Servers on top of the test double, and the events that it is given. A spec that uses this puts the
// double in the addon's place first: jest.mock('../../lib/native.js', () => require('./fake_native.js')).

const { NativeServer } = require('./fake_native.js');
const told = require('./told.js');
const { connectionInfo, channelInfo } = require('./infos.js');
const { sshserver } = require('../../index.js');

/** A server with one connection, 1, where it has channels. */
function create(...channels) {
  const server = new sshserver();
  const native = NativeServer.last;
  if (channels.length > 0) native.connections.set(1, connectionInfo());
  for (const channel of channels) native.channels.set(channel, channelInfo());
  return { server, native };
}

/** What the addon has of a text, or of bytes. */
const bytes = (content) => new Uint8Array(Buffer.from(content));
const data = (channel, content, type = 0) =>
  told.CHANNEL_DATA({ connection: 1, channel, bytes: bytes(content), dataType: type });
const eof = (channel) => told.CHANNEL_EOF({ connection: 1, channel });
/** `connectionOver`: a Disconnected follows. */
const closed = (channel, connectionOver = false) =>
  told.CHANNEL_CLOSED({ connection: 1, channel, connectionOver });
const disconnected = (code = 0, text = 'OK') =>
  told.DISCONNECTED({ connection: 1, code, message: text });

module.exports = { bytes, closed, create, data, disconnected, eof };
