'use strict';

// A client that sends request after request, reads no reply, and vanishes: the server cannot write, does not
// read, and still has to notice that the client is gone.

const { floodUntilStuck } = require('../support/floods.js');
const { rawSession } = require('../support/raw_client.js');
const { globalRequest } = require('../support/raw_session.js');
const { startRecorded } = require('../support/server.js');

const UNKNOWN_MESSAGE = Buffer.from([200]);
const CASES = {
  'before the login, by messages that are unknown': async (client) => {
    await client.handshake();
    return UNKNOWN_MESSAGE;
  },
  'after the login, by global requests': async (client) => {
    await client.login();
    return globalRequest('unknown@example.com', true);
  },
};

/** The fill level of the sockets decides which thread serves the connection when both sides are blocked. */
const SIZES = { 'those of the system': 0, small: 4096 };

describe.each(Object.keys(SIZES))(
  'with socket buffers that are %s, a client that floods',
  (size) => {
    test.each(Object.keys(CASES))(
      '%s, and resets: is told as Disconnected, and gone',
      async (name) => {
        const { server, recorder } = await startRecorded(async (it) => {
          await it.config(`InBufferSize=${SIZES[size]}`);
          await it.config(`OutBufferSize=${SIZES[size]}`);
        });
        const client = rawSession(server);
        const payload = await CASES[name](client);
        client.stopReading();
        await floodUntilStuck(client, Array(1000).fill(payload), 1000);
        client.socket.resetAndDestroy();
        const { connectionId } = await recorder.first('Disconnected');
        expect(connectionId).toBe(recorder.all('Connected')[0].connectionId);
        expect(recorder.all('Disconnected')).toHaveLength(1);
      },
      120_000,
    );
  },
);
