'use strict';

// Many connections with many channels at once, all echoing random data: every byte has to come back
// right, and the memory has to be given back. SSHSERVER_LOAD is connections,channels,KiB (of each
// channel); the full run is 200,10,1024.

const { once } = require('node:events');
const path = require('node:path');
const { start } = require('../support/processes.js');

const MIB = 1024 * 1024;
const [CONNECTIONS, CHANNELS, KIB] = (process.env.SSHSERVER_LOAD ?? '200,10,64')
  .split(',')
  .map(Number);
const PROCESSES = Math.min(4, CONNECTIONS);
const GROWTH = 96 * MIB;
const TIMEOUT = 120_000 + CONNECTIONS * CHANNELS * KIB;

function fork(script, args, flags = []) {
  return start(
    process.execPath,
    [...flags, path.join(__dirname, '..', 'support', script), ...args.map(String)],
    {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { NAPI_RS_NATIVE_LIBRARY_PATH: process.env.NAPI_RS_NATIVE_LIBRARY_PATH },
    },
  );
}

async function ask(child, question) {
  const answer = once(child, 'message');
  child.send(question);
  return (await answer)[0];
}

async function runClients(port, connections) {
  const perProcess = Array.from(
    { length: PROCESSES },
    (_, i) => Math.floor(connections / PROCESSES) + (i < connections % PROCESSES ? 1 : 0),
  );
  const children = perProcess.map((count) =>
    fork('load_clients.js', [port, count, CHANNELS, KIB * 1024]),
  );
  const messages = children.map((child) => {
    const [open, result] = [[], []].map(() => ({}));
    open.promise = new Promise((resolve) => (open.resolve = resolve));
    result.promise = new Promise((resolve) => (result.resolve = resolve));
    child.on('message', (message) => (message === 'open' ? open : result).resolve(message));
    child.once('exit', () => result.resolve({ right: 0, of: 0 }));
    return { open: open.promise, result: result.promise };
  });
  return {
    open: Promise.all(messages.map((each) => each.open)),
    done: Promise.all(messages.map((each) => each.result)),
    start: () => children.forEach((child) => child.send('start')),
    ended: Promise.all(children.map((child) => child.result)),
  };
}

test(
  `${CONNECTIONS} connections of ${CHANNELS} channels echo ${KIB} KiB each`,
  async () => {
    const server = fork('load_server.js', [], ['--expose-gc']);
    const [{ port }] = await once(server, 'message');
    const before = await ask(server, 'memory');
    const since = performance.now();
    const clients = await runClients(port, CONNECTIONS);
    await clients.open;
    const opened = performance.now();
    const busy = await ask(server, 'memory');
    expect(busy.connections).toBe(CONNECTIONS);
    clients.start();
    const results = await clients.done;
    const done = performance.now();
    const after = await ask(server, 'memory');
    await clients.ended;
    const end = await ask(server, 'shutdown');
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
    expect(end.rss - before.rss).toBeLessThan(GROWTH);
    expect(await server.result).toEqual({ status: 0, signal: null });
  },
  TIMEOUT,
);
