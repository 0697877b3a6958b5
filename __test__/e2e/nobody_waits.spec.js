'use strict';

// Programs that await no call and have no listener of a stream's errors, while their clients leave at bad
// moments. Each runs in a process of its own, which must not end.

const { once } = require('node:events');
const { startScript } = require('../support/programs.js');
const ssh2 = require('../support/ssh2_client.js');
const { turn } = require('../support/waiting.js');

jest.setTimeout(120_000);

async function startCareless(mode) {
  const program = startScript('careless_server.js', [mode]);
  const { port } = await program.message();
  return { ...program, port };
}

/** Cuts the connection as a client that is killed does. */
const reset = (client) => client._sock.resetAndDestroy();

/** The program still serves the next client. */
async function expectAlive(program) {
  const client = await ssh2.connect(program.port);
  const { status, stdout } = await ssh2.exec(client, 'greet');
  expect([status, stdout.toString()]).toEqual([0, 'hello']);
  await ssh2.end(client);
  return (await program.ask('errors')).told;
}

test('output that nobody waits for: the client leaves, Error tells', async () => {
  const program = await startCareless('ticks');
  const client = await ssh2.connect(program.port);
  const stream = await ssh2.openSession(client, 'ticks');
  await once(stream, 'data');
  reset(client);
  const { told } = await program.ask('errors');
  expect(told.length).toBeGreaterThan(0);
  for (const code of told) expect([126, 10053, 10054, 10058]).toContain(code);
  await expectAlive(program);
});

test('a whole answer that nobody waits for: clients leave before, in and after it', async () => {
  const program = await startCareless('exec');
  for (let round = 0; round < 40; round++) {
    const client = await ssh2.connect(program.port);
    client.exec('greet', (error, stream) => stream?.on('error', () => {}));
    for (let i = 0; i < round; i++) await turn();
    reset(client);
    await client.closed;
  }
  await expectAlive(program);
});

test('an echo that nobody waits for', async () => {
  const program = await startCareless('echo');
  for (let round = 0; round < 20; round++) {
    const client = await ssh2.connect(program.port);
    const stream = await ssh2.openSession(client, 'echo');
    for (let i = 0; i < 20; i++) stream.write('abc');
    stream.close();
    for (let i = 0; i < round; i++) await turn();
    reset(client);
    await client.closed;
  }
  await expectAlive(program);
});

test('settings that nobody waits for: each that is refused is told once', async () => {
  const program = await startCareless('config');
  // Of those the client asks once for the methods.
  const told = await expectAlive(program);
  expect(told).toEqual([10022]);
});

test('a stream without a listener of errors', async () => {
  const program = await startCareless('stream');
  for (const leave of [reset, (client) => client.end()]) {
    const client = await ssh2.connect(program.port);
    const stream = await ssh2.openSession(client, 'stream');
    stream.write('upload');
    await once(stream, 'data');
    leave(client);
    await client.closed;
  }
  const told = await expectAlive(program);
  // Neither client has sent EOF.
  expect(told.filter((code) => [10053, 10054].includes(code))).toHaveLength(2);
});

test('while (true) await doEvents(callback) serves clients', async () => {
  const program = await startCareless('doEvents');
  expect(await expectAlive(program)).toEqual([]);
});
