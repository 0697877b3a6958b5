'use strict';

// Many connections with many channels at once, all echoing random data: every byte has to come back
// right, and the memory has to be given back. SSHSERVER_LOAD is connections,channels,KiB (of each
// channel); the full run is 200,10,1024.

const { ended, startScript } = require('../support/programs.js');
const { until } = require('../support/waiting.js');

const MIB = 1024 * 1024;
const [CONNECTIONS, CHANNELS, KIB] = (process.env.SSHSERVER_LOAD ?? '200,10,64')
  .split(',')
  .map(Number);
const PROCESSES = Math.min(4, CONNECTIONS);
const GROWTH = 96 * MIB;
const TIMEOUT = 120_000 + CONNECTIONS * CHANNELS * KIB;

async function runClients(port, connections) {
  const perProcess = Array.from(
    { length: PROCESSES },
    (_, i) => Math.floor(connections / PROCESSES) + (i < connections % PROCESSES ? 1 : 0),
  );
  const processes = perProcess.map((count) =>
    startScript('load_clients.js', [port, count, CHANNELS, KIB * 1024]),
  );
  await Promise.all(processes.map(({ message }) => message()));
  return {
    echo: () => Promise.all(processes.map(({ ask }) => ask('start'))),
    ended: () => Promise.all(processes.map(({ end }) => end())),
  };
}

test(
  `${CONNECTIONS} connections of ${CHANNELS} channels echo ${KIB} KiB each`,
  async () => {
    const server = startScript('load_server.js', [], { flags: ['--expose-gc'] });
    const { port } = await server.message();
    const before = await server.ask('memory');
    const since = performance.now();
    const clients = await runClients(port, CONNECTIONS);
    const opened = performance.now();
    const busy = await server.ask('memory');
    expect(busy.connections).toBe(CONNECTIONS);
    const results = await clients.echo();
    const done = performance.now();
    const after = await server.ask('memory');
    expect(await clients.ended()).toEqual(Array(PROCESSES).fill(ended));
    await server.ask('shutdown');
    // The addon gives memory back to the system some time after the last connection.
    const end = await until(async () => {
      const now = await server.ask('memory');
      return now.rss - before.rss < GROWTH ? now : undefined;
    });
    const amount = (CONNECTIONS * CHANNELS * KIB) / 1024;
    const mib = ({ rss }) => `${(rss / MIB).toFixed(0)} MiB`;
    console.log(
      [
        `${CONNECTIONS} connections of ${CHANNELS} channels, ${KIB} KiB each way through each:`,
        `connected and opened in ${((opened - since) / 1000).toFixed(1)} s,`,
        `${amount.toFixed(0)} MiB echoed in ${((done - opened) / 1000).toFixed(1)} s`,
        `(${(amount / ((done - opened) / 1000)).toFixed(0)} MiB/s each way);`,
        `memory ${mib(before)} before, ${mib(busy)} with all open, ${mib(after)} after the data,`,
        `${mib(end)} after shutdown`,
      ].join(' '),
    );
    const right = results.reduce((sum, each) => sum + each.right, 0);
    expect(right).toBe(CONNECTIONS * CHANNELS);
    expect(end.connections).toBe(0);
    server.child.send('end');
    expect(await server.end()).toEqual(ended);
  },
  TIMEOUT,
);
