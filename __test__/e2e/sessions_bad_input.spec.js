'use strict';

// What no honest client sends to a session: it is refused, or ends its own channel or connection, and nobody else
// notices.

const { channelData, channelRequest } = require('../support/raw_session.js');
const { connect, env, pty, size, startRaw, startServed } = require('../support/served.js');
const { string, uint32 } = require('../support/wire.js');
const { until } = require('../support/waiting.js');
const ssh2 = require('../support/ssh2_client.js');

const WANTED = true;

/** A server whose sessions stay, and those that have started. */
async function startKeeping(more = {}) {
  const sessions = [];
  const keep = (session) => void sessions.push(session);
  const it = await startServed({ shell: keep, exec: keep, sftp: keep, ...more });
  const isWell = async () => {
    const client = await connect(it, { username: 'neighbour' });
    await ssh2.openSession(client, 'x');
    return sessions.at(-1).user;
  };
  return { ...it, sessions, isWell };
}

describe('requests that come twice, or too late', () => {
  test.each([
    ['pty-req', pty()],
    ['shell', []],
    ['exec', [string('x')]],
    ['subsystem', [string('sftp')]],
  ])('%s twice', async (type, fields) => {
    const it = await startKeeping();
    const { ask } = await startRaw(it);
    expect(await ask(type, ...fields)).toBe(true);
    expect(await ask(type, ...fields)).toBe(false);
    expect(it.sessions.length).toBe(type === 'pty-req' ? 0 : 1);
    expect(await it.isWell()).toBe('neighbour');
  });

  test('anything after the start, and what belongs behind it before', async () => {
    const it = await startKeeping();
    const { ask } = await startRaw(it);
    expect(await ask('window-change', ...size(1, 1))).toBe(false);
    expect(await ask('signal', string('TERM'))).toBe(false);
    expect(await ask('break', uint32(1))).toBe(false);
    expect(await ask('shell')).toBe(true);
    expect(await ask('pty-req', ...pty())).toBe(false);
    expect(await ask('env', ...env('LANG', 'C'))).toBe(false);
    expect(await ask('window-change', ...size(1, 1))).toBe(false);
    expect(await ask('exec', string('x'))).toBe(false);
    expect(it.sessions.map(({ kind, pty, env }) => [kind, pty, { ...env }])).toEqual([
      ['shell', null, {}],
    ]);
  });

  test('two starts in one write start one program', async () => {
    const it = await startKeeping();
    const { raw, channel } = await startRaw(it);
    await raw.send(
      ...['one', 'two', 'three'].map((name) =>
        channelRequest(channel, 'exec', WANTED, string(name)),
      ),
    );
    const replies = [];
    for (let i = 0; i < 3; i++) replies.push((await raw.expect(99, 100))[0]);
    expect(replies).toEqual([99, 100, 100]);
    expect(it.sessions.map(({ command }) => command)).toEqual(['one']);
  });
});

describe('packets that are not what their names say', () => {
  const utf8 = Buffer.from([0x63, 0xff]);
  test.each([
    ['exec', 'nothing', []],
    ['exec', 'a length of 4 GiB', [uint32(0xffffffff), Buffer.from('x')]],
    ['exec', 'more than its fields', [string('x'), Buffer.from('y')]],
    ['exec', 'bytes that are not UTF-8', [string(utf8)]],
    ['exec', 'a NUL', [string('a\0b')]],
    ['subsystem', 'a NUL', [string('sftp\0')]],
    ['shell', 'more than nothing', [string('x')]],
    ['env', 'no value', [string('LANG')]],
    ['env', 'a NUL', env('LANG', 'a\0b')],
    ['env', 'a name with =', env('LC_A=B', 'x')],
    ['pty-req', 'no modes', pty().slice(0, -1)],
    ['pty-req', 'a name of a terminal that is too long', pty({ term: 'x'.repeat(200) })],
  ])('%s with %s', async (type, name, fields) => {
    const it = await startKeeping();
    const { ask } = await startRaw(it);
    expect(await ask(type, ...fields)).toBe(false);
    expect(it.sessions).toEqual([]);
    // The channel is still good for the real thing.
    expect(await ask('exec', string('x'))).toBe(true);
  });

  test('terminal modes that are cut off, or have no end, are read as far as they go', async () => {
    const it = await startKeeping();
    for (const modes of ['', '\x01\0\0', '\x35\0\0\0\0', '\x35\0\0\0\0\xa0']) {
      const { ask } = await startRaw(it);
      expect(await ask('pty-req', ...pty({ modes: Buffer.from(modes, 'latin1') }))).toBe(true);
      expect(await ask('shell')).toBe(true);
    }
    expect(it.sessions.map(({ pty }) => ({ ...pty.modes }))).toEqual([
      {},
      {},
      { ECHO: 0 },
      { ECHO: 0 },
    ]);
  });
});

describe('floods', () => {
  test('10,000 variables: 128 are kept, and 64 KiB of them', async () => {
    const it = await startKeeping({ env: () => true });
    const { raw, channel, ask } = await startRaw(it);
    const requests = Array.from({ length: 10_000 }, (_, i) =>
      channelRequest(channel, 'env', WANTED, ...env(`LC_${i}`, 'x')),
    );
    await raw.send(...requests);
    const replies = [];
    for (let i = 0; i < requests.length; i++) replies.push((await raw.expect(99, 100))[0]);
    expect(replies.filter((number) => number === 99)).toHaveLength(128);
    await ask('shell');
    expect(Object.keys(it.sessions[0].env)).toHaveLength(128);
    const other = await startRaw(it);
    const large = [];
    for (let i = 0; i < 4; i++)
      large.push(await other.ask('env', ...env(`LC_${i}`, 'x'.repeat(20_000))));
    expect(large).toEqual([true, true, true, false]);
  });

  test('a variable that is set again and again', async () => {
    const it = await startKeeping();
    const { ask } = await startRaw(it);
    const replies = [];
    for (let i = 0; i < 6; i++) replies.push(await ask('env', ...env('LANG', 'x'.repeat(15_000))));
    expect(replies).toEqual([true, true, true, true, false, false]);
  });

  test('signals, sizes and breaks without end', async () => {
    const it = await startKeeping();
    const { raw, channel, ask } = await startRaw(it);
    await ask('pty-req', ...pty());
    await ask('shell');
    const requests = Array.from({ length: 3000 }, (_, i) => [
      channelRequest(channel, 'signal', false, string('WINCH')),
      channelRequest(channel, 'window-change', false, ...size(i, i)),
    ]).flat();
    await raw.send(...requests);
    await until(() => it.sessions[0].pty.columns === 2999);
    expect(await it.isWell()).toBe('neighbour');
  });

  test('exec of a megabyte ends the connection that sends it', async () => {
    const it = await startKeeping();
    const { raw, channel } = await startRaw(it);
    await raw.send(channelRequest(channel, 'exec', WANTED, string('x'.repeat(1024 * 1024))));
    await expect(raw.expect(99, 100)).rejects.toThrow(/DISCONNECT|closed the connection/);
    await raw.closed;
    expect(it.sessions).toEqual([]);
    expect(await it.isWell()).toBe('neighbour');
  });

  test('sessions that are opened and left, three hundred', async () => {
    const it = await startKeeping();
    const client = await connect(it);
    for (let i = 0; i < 30; i++) {
      const streams = await Promise.all(
        Array.from({ length: 10 }, () => ssh2.openSession(client, 'x')),
      );
      const closed = streams.map((stream) => new Promise((done) => stream.once('close', done)));
      for (const stream of streams) stream.resume().close();
      await Promise.all(closed);
    }
    await until(() => it.service.sessions.size === 0);
    expect(it.sessions).toHaveLength(300);
    expect(it.sessions.every(({ signal }) => signal.aborted)).toBe(true);
  });
});

describe('a client that leaves', () => {
  const CLOSE = 97;
  const steps = [
    ['pty-req', pty()],
    ['env', env('LANG', 'C')],
    ['shell', []],
    ['window-change', size(5, 5)],
    ['signal', [string('INT')]],
  ];

  test.each(['closes the channel', 'breaks the connection'])(
    'and %s at each point',
    async (how) => {
      const it = await startKeeping();
      for (let last = 0; last <= steps.length; last++) {
        const { raw, channel } = await startRaw(it);
        const sent = steps
          .slice(0, last)
          .map(([type, fields]) => channelRequest(channel, type, true, ...fields));
        const data = channelData(channel, Buffer.alloc(100));
        const close = Buffer.concat([Buffer.of(CLOSE), uint32(channel)]);
        // Everything in one write: the end overtakes the answers.
        await raw.send(...sent, data, ...(how === 'closes the channel' ? [close] : []));
        if (how === 'closes the channel') await raw.expect(CLOSE);
        raw.socket.destroy();
      }
      await it.recorder.count('Disconnected', steps.length + 1);
      expect(it.sessions.every(({ signal }) => signal.aborted)).toBe(true);
      expect(it.service.sessions.size).toBe(0);
      expect(it.recorder.all('Error')).toEqual([]);
      expect(await it.isWell()).toBe('neighbour');
    },
  );
});
