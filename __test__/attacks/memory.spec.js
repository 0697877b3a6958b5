'use strict';

// What the messages of one client cost in memory, however small they are.

const { floodUntilStuck, startAttacked } = require('../support/floods.js');
const { rawSession } = require('../support/raw_client.js');
const { channelData, extendedData } = require('../support/raw_session.js');

const MIB = 1024 * 1024;
/** What a connection costs at most, as src/limits.rs says. */
const OF_ONE_CONNECTION = 80 * MIB;
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
});
