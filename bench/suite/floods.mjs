// What one client can flood a server with, as data.
//
// A flood has a `name`; `share`, how many messages it sends for each of the usual number, or how many `messages`
// it sends; `serverArgs` of the server; `begin(session)`, which takes the session as far as the flood needs it
// and resolves to the payloads that are sent again and again; `compresses` for compressed ones. `last` is what is answered when
// all before it has been worked through, and the number of the answer; without it the server stops reading.

import { createRequire } from 'node:module';
import { deflateRawSync, constants } from 'node:zlib';

const require = createRequire(import.meta.url);
const { message } = require('../../__test__/support/raw_packets.js');
const {
  channelData,
  channelRequest,
  extendedData,
  globalRequest,
} = require('../../__test__/support/raw_session.js');
const { byte, string, uint32 } = require('../../__test__/support/wire.js');

export const PASSWORD = 'bench';
/** What is answered when there is a login, and when there is none yet. */
const LAST = { payload: globalRequest('last@example.com', true), answer: 82 };
const LAST_BEFORE_LOGIN = { payload: message(5, 'ssh-userauth'), answer: 6 };

const IGNORE = 2;
const CHANNEL_OPEN = 90;
const CHANNEL_WINDOW_ADJUST = 93;
const LOG_ALL = ['--setting', 'LogLevel=3'];
/** An SSH_MSG_IGNORE near the largest payload that a server takes. */
const INFLATED = 250 * 1024;

export const FLOODS = [
  // The baseline for the other floods: milliseconds in place of messages.
  { name: 'nobody floods', share: 0.01, pauses: true },
  ...[200, 1500].map((channels) => ({
    name: `requests on ${channels.toLocaleString('en-US')} channels`,
    last: LAST,
    begin: async (session) => requests(await opened(session, channels)),
  })),
  {
    name: 'data and extended data, a byte each',
    last: LAST,
    begin: async (session) => bytes(await echoing(session, 200)),
  },
  {
    name: 'global requests',
    share: 3,
    last: LAST,
    begin: async (session) => {
      await session.login(PASSWORD);
      return [globalRequest('flood@example.com', false)];
    },
  },
  {
    name: 'channel opens',
    share: 0.3,
    last: LAST,
    begin: async (session) => {
      await session.login(PASSWORD);
      const fields = [string('session'), uint32(1), uint32(0), uint32(32768)];
      return [Buffer.concat([byte(CHANNEL_OPEN), ...fields])];
    },
  },
  {
    name: 'window adjusts',
    share: 3,
    last: LAST,
    begin: async (session) => {
      const channels = await opened(session, 200);
      return channels.map((to) =>
        Buffer.concat([byte(CHANNEL_WINDOW_ADJUST), uint32(to), uint32(1)]),
      );
    },
  },
  {
    name: 'LogLevel=3, messages to ignore before the login',
    serverArgs: LOG_ALL,
    last: LAST_BEFORE_LOGIN,
    begin: async (session) => {
      await session.handshake();
      return [message(IGNORE, '')];
    },
  },
  {
    name: 'LogLevel=3, requests on 200 channels',
    serverArgs: LOG_ALL,
    last: LAST,
    begin: async (session) => requests(await opened(session, 200)),
  },
  { name: 'key exchanges', share: 0.002, exchanges: true },
  {
    name: 'zlib, 250 KiB inflated from each message',
    share: 0.04,
    serverArgs: ['--compression', 'zlib@openssh.com,none'],
    last: LAST,
    begin: async (session) => {
      await session.login(PASSWORD, { compressionIn: 'zlib@openssh.com' });
      return [message(IGNORE, Buffer.alloc(INFLATED))];
    },
    compresses: true,
  },
  {
    name: 'data and extended data, a byte each, whose echo is not taken',
    messages: 400_000,
    begin: async (session) => bytes(await echoing(session, 1, { window: 0 })),
  },
];

/** Logs in and opens so many sessions: the server's numbers for them. */
async function opened(session, count, sizes) {
  await session.login(PASSWORD);
  const channels = [];
  for (let i = 0; i < count; i++) channels.push(await session.open(i, sizes));
  return channels;
}

async function echoing(session, count, sizes) {
  const channels = await opened(session, count, sizes);
  for (const to of channels) await startEcho(session, to);
  return channels;
}

/** Starts the server's `echo` on a channel. */
export async function startEcho(session, channel) {
  await session.send(channelRequest(channel, 'exec', true, string('echo')));
  await session.expect(99);
}

/** Twenty messages for one channel before those for the next, so that many wait for one listener. */
function requests(channels) {
  const fields = [string('LANG'), string('C')];
  return channels.flatMap((to) => Array(20).fill(channelRequest(to, 'env', false, ...fields)));
}

/** Messages of alternating types, which cannot be joined. */
function bytes(channels) {
  return channels.flatMap((to) => [channelData(to, 'x'), extendedData(to, 'y')]);
}

/**
 * Payloads as zlib has them (RFC 4253 section 6.2): one stream of blocks, none of which refers to those before,
 * so that the same payload can be sent again as it is.
 */
export function compressed(payloads) {
  const { Z_SYNC_FLUSH } = constants;
  const blocks = new Map();
  return payloads.map((payload, index) => {
    if (!blocks.has(payload))
      blocks.set(payload, deflateRawSync(payload, { finishFlush: Z_SYNC_FLUSH }));
    const block = blocks.get(payload);
    return index === 0 ? Buffer.concat([Buffer.from([0x78, 0x9c]), block]) : block;
  });
}
