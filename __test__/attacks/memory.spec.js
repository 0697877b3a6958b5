'use strict';

// What the messages of one client cost in memory, however small they are.

const { floodUntilStuck, startAttacked } = require('../support/floods.js');
const { rawSession } = require('../support/raw_client.js');
const { channelData, extendedData } = require('../support/raw_session.js');
const { until } = require('../support/waiting.js');

const MIB = 1024 * 1024;
/** What a connection costs at most, as src/limits.rs says. */
const OF_ONE_CONNECTION = 84 * MIB;
/**
 * Lines that wait for their listeners before the connection is not read (MAX_WAITING_BYTES), and besides
 * what has come by then: a turn of the engine, and what waits to be taken.
 */
const MOST_LINES = 1024 + 2 * 1024;
/** What the process takes and leaves for the garbage collector besides. */
const SLACK = 60 * MIB;

describe('memory that one connection can pin', () => {
  test('data and extended data in turn, a byte each, whose echo the client does not take', async () => {
    const server = await startAttacked('echo');
    const client = await rawSession(server.port).login();
    const channel = await client.open(1, { window: 0 });
    const before = await server.memory();
    client.readOn();
    const pair = [channelData(channel, 'x'), extendedData(channel, 'y')];
    await floodUntilStuck(client, Array(1000).fill(pair).flat(), 200);
    expect((await server.memory()) - before).toBeLessThan(OF_ONE_CONNECTION + SLACK);
  }, 120_000);

  test('a line of the log for each packet, whose listeners never settle', async () => {
    const server = await startAttacked('stuck', 'LogLevel=3');
    const client = await rawSession(server.port).login();
    const ignore = Buffer.from([2, 0, 0, 0, 0]);
    await floodUntilStuck(client, Array(1000).fill(ignore), 100);
    const { lines } = await server.state();
    // It did flood, and is what is not read any more.
    expect(lines).toBeGreaterThan(1000);
    expect(lines).toBeLessThan(MOST_LINES);
    const neighbour = await rawSession(server.port).login();
    await neighbour.ask();
    // The end of the one that is not read is told nevertheless.
    client.socket.resetAndDestroy();
    await until(async () => (await server.state()).left === 1);
    await neighbour.ask();
  }, 120_000);
});
