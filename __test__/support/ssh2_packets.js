'use strict';

// Messages that the npm package ssh2 has no method for, sent and seen as they are.

const { sendPacket } = require('ssh2/lib/protocol/utils.js');
const { byte, flag, string, uint32 } = require('./wire.js');

/** Sends a payload. */
function sendPayload(client, ...parts) {
  const protocol = client._protocol;
  const payload = Buffer.concat(parts);
  const packet = protocol._packetRW.write.alloc(payload.length);
  packet.set(payload, protocol._packetRW.write.allocStart);
  sendPacket(protocol, protocol._packetRW.write.finalize(packet));
}

/** Sends a channel request on a channel of ssh2; with `wantReply` resolves to whether it succeeded. */
function channelRequest(client, stream, type, wantReply, ...fields) {
  const channel = uint32(stream.outgoing.id);
  const reply = new Promise((resolve) => {
    if (wantReply) stream._callbacks.push((failed) => resolve(!failed));
    else resolve(undefined);
  });
  sendPayload(client, byte(98), channel, string(type), flag(wantReply), ...fields);
  return reply;
}

/** Sends a global request; with `wantReply` resolves to whether it succeeded. */
function globalRequest(client, name, wantReply, ...fields) {
  const reply = new Promise((resolve) => {
    if (wantReply) client._callbacks.push((failed) => resolve(!failed));
    else resolve(undefined);
  });
  sendPayload(client, byte(80), string(name), flag(wantReply), ...fields);
  return reply;
}

/** Asks for a channel of any type; resolves to {reason, description} of the refusal, or to its window and number there. */
function openChannel(client, type, ...parameters) {
  const number = 0x7000;
  const handlers = client._protocol._handlers;
  const { CHANNEL_OPEN_FAILURE, CHANNEL_OPEN_CONFIRMATION } = handlers;
  const answer = new Promise((resolve) => {
    handlers.CHANNEL_OPEN_FAILURE = (protocol, recipient, reason, description) =>
      resolve({ recipient, reason, description });
    handlers.CHANNEL_OPEN_CONFIRMATION = (protocol, info) => resolve(info);
  }).finally(() => Object.assign(handlers, { CHANNEL_OPEN_FAILURE, CHANNEL_OPEN_CONFIRMATION }));
  const fields = [uint32(number), uint32(1 << 20), uint32(1 << 15)];
  sendPayload(client, byte(90), string(type), ...fields, ...parameters);
  return answer;
}

/** Remembers what requests the client gets from the server: {channel, type, wantReply}, and {name, wantReply} of global ones. */
function watchRequests(client) {
  const seen = [];
  const waiting = new Set();
  const add = (request) => {
    seen.push(request);
    for (const check of waiting) check();
  };
  const handlers = client._protocol._handlers;
  const { CHANNEL_REQUEST, GLOBAL_REQUEST } = handlers;
  handlers.CHANNEL_REQUEST = (protocol, channel, type, wantReply, data) => {
    add({ channel, type, wantReply });
    CHANNEL_REQUEST(protocol, channel, type, wantReply, data);
  };
  handlers.GLOBAL_REQUEST = (protocol, name, wantReply, data) => {
    add({ name, wantReply });
    GLOBAL_REQUEST(protocol, name, wantReply, data);
  };
  return {
    seen,
    /** Resolves when there have been so many. */
    count: (count) =>
      new Promise((resolve) => {
        const check = () => {
          if (seen.length < count) return;
          waiting.delete(check);
          resolve(seen);
        };
        waiting.add(check);
        check();
      }),
  };
}

/** Remembers the EOF and CLOSE messages that the client gets, which ssh2 does not tell apart. */
function watchEnds(client) {
  const seen = [];
  const handlers = client._protocol._handlers;
  for (const name of ['EOF', 'CLOSE']) {
    const handle = handlers[`CHANNEL_${name}`];
    handlers[`CHANNEL_${name}`] = (...args) => {
      seen.push(name);
      handle(...args);
    };
  }
  return seen;
}

module.exports = {
  sendPayload,
  channelRequest,
  globalRequest,
  openChannel,
  watchRequests,
  watchEnds,
};
