'use strict';

// How long a process lives, and servers in worker threads.

const { once } = require('node:events');
const { ended, startProgram } = require('../support/programs.js');

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
