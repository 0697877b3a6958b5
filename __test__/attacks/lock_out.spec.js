'use strict';

// Clients that take all places of connections that have not logged in.

const { createServer, Recorder, acceptAll, runCommands } = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');
const { tcpClient } = require('../support/tcp_client.js');

/** MaxUnauthenticated, as it is by default. */
const PLACES = 100;

/** A server of which all places are held: by `first`, and by clients that are silent. */
async function crowded(first) {
  const server = createServer();
  acceptAll(server);
  runCommands(server);
  const recorder = new Recorder(server, ['Connected', 'Disconnected', 'SSHStatus']);
  await server.startListening();
  const held = [];
  for (const says of [...first, ...Array(PLACES - first.length).fill(undefined)]) {
    held.push(await tcpClient(server, { says }));
    await recorder.count('Connected', held.length);
  }
  return { server, recorder, held };
}

test('while silent clients hold every place, a newcomer logs in, and the oldest makes room', async () => {
  const { server, held } = await crowded([]);
  const newcomer = await ssh2.connect(server);
  expect((await ssh2.exec(newcomer, 'say here')).stdout.toString()).toBe('here');
  await held[0].gone;
  expect(server.getConnections().size()).toBeLessThanOrEqual(PLACES + 1);
});

test('as many newcomers as there are places log in, one after the other', async () => {
  const { server } = await crowded([]);
  for (let i = 0; i < PLACES; i++) {
    const newcomer = await ssh2.connect(server);
    await ssh2.end(newcomer);
  }
  expect(server.getConnections().size()).toBeLessThanOrEqual(PLACES);
});

test('a client that has said who it is keeps its place', async () => {
  const { server, recorder, held } = await crowded(['SSH-2.0-slow\r\n']);
  const [{ connectionId }] = recorder.all('Connected');
  const [slow, silent] = held;
  await recorder.first('SSHStatus', (e) => e.connectionId === connectionId);
  const newcomer = await ssh2.connect(server);
  expect((await ssh2.exec(newcomer, 'say here')).stdout.toString()).toBe('here');
  await silent.gone;
  expect(slow.destroyed).toBe(false);
  expect(server.getConnections().has(connectionId)).toBe(true);
});
