'use strict';

// What the messages of one client cost in memory, however small they are.

const { floodUntilStuck, startAttacked } = require('../support/floods.js');
const { rawSession } = require('../support/raw_client.js');
const { channelData, extendedData } = require('../support/raw_session.js');
const { until } = require('../support/waiting.js');

const MIB = 1024 * 1024;
/**
 * What stands for the 2048 small messages that a program may have without being done with them (MAX_PINNED_BYTES
 * and PINNED_EVENT_COST of src/limits.rs) takes two megabytes; the rest is what the process takes and leaves
 * for the garbage collector besides. A stream that had 64 KiB wait in pieces of a byte took 60 MB.
 */
const OF_SMALL_MESSAGES = 20 * MIB;
/**
 * Lines that wait for their listeners before the connection is not read (MAX_WAITING_BYTES with
 * QUEUED_EVENT_COST of src/limits.rs), and besides what has come by then: turns of 256 packets (TURN_WORK),
 * of which each is two lines.
 */
const MOST_LINES = 256 + 3 * 2 * 256;

const READERS = {
  'whose echo the client does not take': 'echo',
  'echoed by a stream, which the client does not take': 'stream',
  'to a stream that nobody reads': 'unread',
};

describe('memory that one connection can pin', () => {
  test.each(Object.keys(READERS))(
    'data and extended data in turn, a byte each, %s',
    async (name) => {
      const server = await startAttacked(READERS[name]);
      const client = await rawSession(server.port).login();
      const channel = await client.open(1, { window: 0 });
      const before = await server.memory();
      client.readOn();
      const pair = [channelData(channel, 'x'), extendedData(channel, 'y')];
      await floodUntilStuck(client, Array(1000).fill(pair).flat(), 200);
      expect((await server.memory()) - before).toBeLessThan(OF_SMALL_MESSAGES);
    },
    120_000,
  );

  test('a line of the log for each packet, whose listeners never settle', async () => {
    const server = await startAttacked('stuck', 'LogLevel=3');
    const client = await rawSession(server.port).login();
    const ignore = Buffer.from([2, 0, 0, 0, 0]);
    await floodUntilStuck(client, Array(1000).fill(ignore), 100);
    const { lines } = await server.state();
    // It did flood, and its connection is the one that is no longer read.
    expect(lines).toBeGreaterThanOrEqual(256);
    expect(lines).toBeLessThan(MOST_LINES);
    const neighbour = await rawSession(server.port).login();
    await neighbour.ask();
    // The end of the connection that is not read is still reported.
    client.socket.resetAndDestroy();
    await until(async () => (await server.state()).left === 1);
    await neighbour.ask();
  }, 120_000);
});
