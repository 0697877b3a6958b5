'use strict';

// How long a process lives, and servers in worker threads.

const { once } = require('node:events');
const { onUnix } = require('../support/conditions.js');
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

test('a server that got unref() before it listens does not keep the process', async () => {
  expect(await startProgram('unreferenced').end()).toEqual(ended);
});

test('ref() after unref() has the server keep the process', async () => {
  const { port, session, end } = startProgram('referenced again');
  const { client } = await session(await port());
  await client.closed;
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

/** Sends as long as the connection lasts, and takes what comes back. */
function keepBusy(stream) {
  const chunk = Buffer.alloc(64 * 1024);
  stream.on('error', () => {});
  stream.resume();
  const more = () => {
    while (stream.writable && stream.write(chunk));
  };
  stream.on('drain', more);
  more();
}

test('process.exit() with data under way, again and again', async () => {
  for (let round = 0; round < 5; round++) {
    const { port, session, end } = startProgram('exit');
    const { client, stream } = await session(await port());
    keepBusy(stream);
    expect(await end()).toEqual({ ...ended, status: 7 });
    await client.closed;
  }
});

test('an exception that nobody catches ends the process and its connections', async () => {
  const { port, session, end } = startProgram('throw');
  const { client } = await session(await port());
  const { status, errors } = await end();
  expect(status).toBe(1);
  expect(errors).toContain('Error: as planned');
  await client.closed;
});

onUnix('SIGTERM ends the process and its connections', async () => {
  const { child, port, session, end } = startProgram('listen');
  const { client, stream } = await session(await port());
  keepBusy(stream);
  child.kill('SIGTERM');
  expect(await end()).toEqual({ status: null, signal: 'SIGTERM', errors: '' });
  await client.closed;
});

test.each([
  ['terminate', 'can be terminated'],
  ['leave', 'can call process.exit()'],
])(
  'worker threads (%s) %s with data under way, and the process goes on',
  async (mode) => {
    const { message, session, end } = startProgram(mode);
    for (let round = 0; round < 20; round++) {
      const { client, stream } = await session((await message()).port);
      keepBusy(stream);
      await client.closed;
    }
    const { client, stream } = await session((await message()).port);
    stream.end(' and then');
    let answer = '';
    for await (const chunk of stream) answer += chunk;
    expect(answer).toBe('now and then');
    client.end();
    expect(await end()).toEqual(ended);
  },
  120_000,
);

test('a worker thread ends with a server that is not referenced', async () => {
  const { port, session, end } = startProgram('forget');
  const { client } = await session(await port());
  expect(await end()).toEqual(ended);
  await client.closed;
});

test('hundreds of servers leave no threads and no memory behind', async () => {
  const { message, end } = startProgram('many', { flags: ['--expose-gc'] });
  const { before, after } = await message();
  // Threads that block come and go, a few for the whole process; no server has any of its own.
  expect(after.threads).toBeLessThan(before.threads + 16);
  expect(after.rss - before.rss).toBeLessThan(16 * 1024 * 1024);
  expect(await end()).toEqual(ended);
}, 120_000);

test('a server that is not listening is collected, a listening one is not', async () => {
  const { message, end } = startProgram('collect', { flags: ['--expose-gc'] });
  expect(await message()).toBe('all but the one that listens');
  expect(await end()).toEqual(ended);
});

test('a server that has ended holds no handle that a test runner would find', async () => {
  const { message, end } = startProgram('handles');
  expect(await message()).toEqual({ servers: 4, open: [] });
  expect(await end()).toEqual(ended);
});
