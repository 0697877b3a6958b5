'use strict';

// How long a process lives, and servers in worker threads.

const { once } = require('node:events');
const path = require('node:path');
const { connect, openSession } = require('../support/ssh2_client.js');
const { start } = require('../support/processes.js');

const program = path.join(__dirname, '..', 'support', 'child_server.js');

/** Starts the program; `connections` connects to the next port it tells, with a session open. */
function startProgram(mode) {
  const child = start(process.execPath, [program, mode], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { NAPI_RS_NATIVE_LIBRARY_PATH: process.env.NAPI_RS_NATIVE_LIBRARY_PATH },
  });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  const port = async () => (await once(child, 'message'))[0].port;
  const session = async (number) => {
    const client = await connect({ getLocalPort: () => number }, {});
    const stream = await openSession(client, 'x');
    stream.write('now');
    return { client, stream };
  };
  const end = async () => ({ ...(await child.result), errors });
  return { child, port, session, end };
}

const ended = { status: 0, signal: null, errors: '' };

test('a server that never listened does not keep the process', async () => {
  expect(await startProgram('idle').end()).toEqual(ended);
});

test('after shutdown() the process ends by itself', async () => {
  const { port, session, end } = startProgram('shutdown');
  const { client } = await session(await port());
  await client.closed;
  expect(await end()).toEqual(ended);
});

test('a listening server keeps the process, with and without connections', async () => {
  const { child, port, session } = startProgram('listen');
  const number = await port();
  for (let round = 0; round < 2; round++) {
    const { client } = await session(number);
    client.end();
    await client.closed;
  }
  expect(child.exitCode).toBeNull();
});

test('after stopListening() the process lives as long as its last connection', async () => {
  const { child, port, session, end } = startProgram('stop');
  const stopped = once(child, 'disconnect');
  const { client, stream } = await session(await port());
  let answer = '';
  const answered = new Promise((resolve) => {
    stream.on('data', (chunk) => {
      answer += chunk;
      if (answer.endsWith('?')) resolve();
    });
  });
  await stopped;
  stream.write(', still there?');
  await answered;
  expect(answer).toBe('now, still there?');
  expect(child.exitCode).toBeNull();
  client.end();
  expect(await end()).toEqual(ended);
});

test('unref() lets the process end with all open', async () => {
  const { port, session, end } = startProgram('unref');
  const { client } = await session(await port());
  expect(await end()).toEqual(ended);
  await client.closed;
});

test('process.exit() with connections open', async () => {
  const { port, session, end } = startProgram('exit');
  const { client } = await session(await port());
  expect(await end()).toEqual({ ...ended, status: 7 });
  await client.closed;
});

test('worker threads can be terminated with connections open', async () => {
  const { port, session, end } = startProgram('terminate');
  for (let round = 0; round < 2; round++) {
    const { client } = await session(await port());
    await client.closed;
  }
  expect(await end()).toEqual(ended);
});
