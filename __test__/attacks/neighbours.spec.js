'use strict';

// One client floods, and another only wants an answer (head-of-line blocking). No time is measured: the test
// counts how often the neighbour is answered while the server works through one flood.

const { startAttacked } = require('../support/floods.js');
const { message, rawSession } = require('../support/raw_client.js');
const {
  channelData,
  channelOpen,
  channelRequest,
  extendedData,
  globalRequest,
} = require('../support/raw_session.js');

const MESSAGES = 100_000;
/**
 * A turn of a connection is 256 messages (TURN_WORK of src/limits.rs), so the neighbour has four
 * hundred turns, of which it may miss most on a busy machine. When one read could stop all others until its
 * 8192 events were handled, it had a few.
 */
const ROUND_TRIPS = 20;
const CHANNELS = 200;

const IGNORE = Buffer.from([2, 0, 0, 0, 0]);
/** What is answered when all before it has been worked through, and the number of the answer. */
const LAST = { payload: globalRequest('last@example.com', true), answer: 82 };
const LAST_BEFORE_LOGIN = { payload: message(5, 'ssh-userauth'), answer: 6 };

async function openChannels(client, count = CHANNELS) {
  const channels = [];
  for (let i = 0; i < count; i++) channels.push(await client.open(i));
  return channels;
}

const FLOODS = {
  'requests without reply on many channels': {
    async payloads(client) {
      await client.login();
      const channels = await openChannels(client);
      return channels.flatMap((to) => Array(20).fill(channelRequest(to, 'env', false)));
    },
  },
  'a byte of data in each message': {
    async payloads(client) {
      await client.login();
      const channels = await openChannels(client);
      return channels.flatMap((to) => [channelData(to, 'x'), extendedData(to, 'y')]);
    },
  },
  'data in large messages on many channels': {
    messages: 1200,
    // All that the windows of the channels take: 37 turns, of which a fast machine makes two in a round trip.
    roundTrips: 5,
    async payloads(client) {
      await client.login();
      const channels = await openChannels(client, 20);
      return channels.map((to) => channelData(to, 'd'.repeat(32_000)));
    },
  },
  'channels, as many as there may be': {
    messages: 16_000,
    // Sixty turns.
    roundTrips: 3,
    async payloads(client) {
      await client.login();
      return Array.from({ length: 16_000 }, (_, i) => channelOpen(i));
    },
  },
  'large messages to ignore, at LogLevel 3': {
    settings: ['LogLevel=3'],
    messages: 200,
    async payloads(client) {
      await client.login();
      return [message(2, 'x'.repeat(200_000))];
    },
  },
  'messages to ignore before the login, at LogLevel 3': {
    settings: ['LogLevel=3'],
    last: LAST_BEFORE_LOGIN,
    async payloads(client) {
      await client.handshake();
      return [IGNORE];
    },
  },
};

describe('while one client floods, its neighbour is answered:', () => {
  test.each(Object.keys(FLOODS))(
    '%s',
    async (name) => {
      const flood = FLOODS[name];
      const { settings = [], last = LAST, messages = MESSAGES, payloads } = flood;
      const server = await startAttacked(...settings);
      const neighbour = await rawSession(server.port).login();
      await neighbour.ask();
      const client = rawSession(server.port);
      const block = await payloads(client);
      const whole = Array(Math.ceil(messages / block.length))
        .fill(block)
        .flat();
      void client.write(client.seal([...whole, last.payload]));
      let goesOn = true;
      const over = client.expect(last.answer).then(() => (goesOn = false));
      let answers = 0;
      while (goesOn) {
        await neighbour.ask();
        if (goesOn) answers++;
      }
      await over;
      expect(answers).toBeGreaterThanOrEqual(flood.roundTrips ?? ROUND_TRIPS);
      expect(client.socket.destroyed).toBe(false);
    },
    120_000,
  );
});
