'use strict';

// getChannelStream between a client and Node's own streams: processes, and amounts of data that exceed the
// memory. SSHSERVER_STREAM_MIB is the amount.

const { spawn } = require('node:child_process');
const { createHash, randomBytes } = require('node:crypto');
const { once } = require('node:events');
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { ssh, testOnUnix } = require('../support/clients.js');
const { onUnix } = require('../support/conditions.js');
const { environment } = require('../support/processes.js');
const { startScript } = require('../support/programs.js');
const { acceptAll, createServer, Recorder } = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');
const { startSession } = require('../support/sessions.js');

const MIB = 1024 * 1024;
const BULK = Number(process.env.SSHSERVER_STREAM_MIB ?? 64) * MIB;
/** What a process may need more while it pipes than before, whatever the amount. */
const GROWTH = 96 * MIB;

jest.setTimeout(120_000 + BULK / 2048);

/** A server that runs commands in a shell: a few lines, as a user of the class would write them. */
async function startShell() {
  const server = createServer();
  acceptAll(server);
  const recorder = new Recorder(server, ['SSHChannelClosed', 'Disconnected', 'Error']);
  server.on('SSHChannelRequest', (e) => (e.success = e.requestType === 'exec'));
  server.on('SSHChannelRequested', async ({ channelId, packetB }) => {
    const command = server.getSSHParam(packetB, 'command');
    const child = spawn('/bin/sh', ['-c', command], { env: environment });
    const stream = server.getChannelStream(channelId);
    const done = once(child, 'close');
    // A command that ends early does not read the rest.
    stream.pipe(child.stdin).on('error', () => {});
    // Not to the end: nothing could follow it, neither errors nor the status.
    const stdout = pipeline(child.stdout, stream, { end: false });
    for await (const chunk of child.stderr) await server.sendExtendedData(channelId, chunk);
    const [status] = await done;
    await stdout;
    await server.sendExitStatus(channelId, status);
    await server.closeChannel(channelId);
  });
  await server.startListening();
  return { server, recorder };
}

describe('a child process', () => {
  onUnix('cat gives back what it is sent', async () => {
    const { server } = await startShell();
    const client = await ssh2.connect(server);
    const data = randomBytes(5_000_000);
    const { status, stdout } = await ssh2.exec(client, 'cat', data);
    expect(status).toBe(0);
    expect(stdout.equals(data)).toBe(true);
  });

  onUnix('sh: output, errors and status reach the client apart', async () => {
    const { server } = await startShell();
    const client = await ssh2.connect(server);
    const result = await ssh2.exec(
      client,
      'echo out; echo err >&2; read x; echo "$x"; exit 3',
      'in\n',
    );
    expect(result).toEqual({
      status: 3,
      stdout: Buffer.from('out\nin\n'),
      stderr: Buffer.from('err\n'),
    });
  });

  onUnix('that does not read its input to the end hinders nobody', async () => {
    const { server } = await startShell();
    const client = await ssh2.connect(server);
    const early = ssh2.exec(client, 'exit 5', randomBytes(8_000_000));
    const other = await ssh2.exec(client, 'cat', 'meanwhile');
    expect(other.stdout.toString()).toBe('meanwhile');
    expect((await early).status).toBe(5);
  });

  onUnix('many at once on one connection', async () => {
    const { server, recorder } = await startShell();
    const client = await ssh2.connect(server);
    const inputs = Array.from({ length: 10 }, () => randomBytes(100_000));
    const outputs = await Promise.all(inputs.map((data) => ssh2.exec(client, 'cat', data)));
    outputs.forEach(({ status, stdout }, i) => {
      expect([status, stdout.equals(inputs[i])]).toEqual([0, true]);
    });
    await ssh2.end(client);
    await recorder.first('Disconnected');
    expect(recorder.all('Error')).toEqual([]);
  });

  testOnUnix('ssh')('with ssh as the client', async () => {
    const { server } = await startShell();
    const data = randomBytes(1_000_000);
    const result = await ssh(server, 'cat; echo done >&2; exit 9', { input: data });
    expect(result).toMatchObject({ status: 9, stderr: 'done\n' });
    expect(result.stdout.equals(data)).toBe(true);
  });
});

describe('backpressure', () => {
  test('a source is read only as far as the window of a client that does not read', async () => {
    const { server, client, stream, channelId } = await startSession(undefined, {
      events: ['SSHChannelRequested'],
    });
    const chunk = randomBytes(64 * 1024);
    let produced = 0;
    const source = Readable.from(
      (function* () {
        for (; produced < 64 * MIB; produced += chunk.length) yield chunk;
      })(),
    );
    const sending = pipeline(source, server.getChannelStream(channelId));
    await once(stream, 'readable');
    // Turns of the event loop in which an endless reader would go on.
    for (let turn = 0; turn < 20; turn++) await ssh2.openSession(client, 'x');
    const window = stream.incoming.window + stream.readableLength;
    expect(produced).toBeLessThan(16 * MIB + window);
    let received = 0;
    stream.on('data', (data) => (received += data.length));
    const ended = once(stream, 'end');
    await sending;
    await ended;
    expect(received).toBe(64 * MIB);
  });

  test('a client is stopped by a program that does not read, and goes on when it does', async () => {
    const events = ['SSHChannelRequested', 'SSHChannelDataIn'];
    const it = await startSession(undefined, { events });
    const { server, recorder, client, stream, channelId } = it;
    const duplex = server.getChannelStream(channelId);
    const data = randomBytes(16 * MIB);
    let written = false;
    stream.end(data, () => (written = true));
    await once(duplex, 'readable');
    for (let turn = 0; turn < 20; turn++) await ssh2.openSession(client, 'x');
    expect(written).toBe(false);
    expect(duplex.readableLength).toBeLessThan(8 * MIB);
    const hash = createHash('sha256');
    for await (const piece of duplex) hash.update(piece);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(data).digest('hex'));
    expect(recorder.all('SSHChannelDataIn')).toEqual([]);
  });
});

describe(`${BULK / MIB} MiB through a stream take no more memory than a few`, () => {
  /** The bytes that stream_server.js gives. */
  function* bytes() {
    const chunk = Buffer.alloc(64 * 1024, 'all work and no play ');
    for (let left = BULK; left > 0; left -= chunk.length) {
      yield chunk.subarray(0, Math.min(left, chunk.length));
    }
  }

  function expectedHash() {
    const hash = createHash('sha256');
    for (const chunk of bytes()) hash.update(chunk);
    return hash.digest('hex');
  }

  async function startServer() {
    const { message, ask } = startScript('stream_server.js', [], { flags: ['--expose-gc'] });
    const { port } = await message();
    const client = await ssh2.connect(port);
    return { client, memory: () => ask('memory') };
  }

  test.each(['give', 'take', 'echo'])('%s', async (word) => {
    const { client, memory } = await startServer();
    const before = await memory();
    const since = performance.now();
    const stream = await ssh2.openSession(client, word === 'give' ? `give ${BULK}` : word);
    const hash = createHash('sha256');
    let said = '';
    let received = 0;
    stream.on('data', (chunk) => {
      received += chunk.length;
      if (word === 'take') said += chunk;
      else hash.update(chunk);
    });
    const closed = once(stream, 'close');
    if (word === 'give') stream.end();
    else {
      for (const chunk of bytes()) {
        if (!stream.write(Buffer.from(chunk))) await once(stream, 'drain');
      }
      stream.end();
    }
    await closed;
    const seconds = (performance.now() - since) / 1000;
    const after = await memory();
    expect(stream.status).toBe(0);
    if (word === 'take') expect(said).toBe(`${BULK} ${expectedHash()}`);
    else {
      expect(received).toBe(BULK);
      expect(hash.digest('hex')).toBe(expectedHash());
    }
    console.log(
      `${word}: ${BULK / MIB} MiB in ${seconds.toFixed(1)} s; memory of the server ` +
        `${Math.round(before.now / MIB)} MiB before, ${Math.round(after.most / MIB)} MiB at most`,
    );
    expect(after.most - before.now).toBeLessThan(GROWTH);
  });
});
