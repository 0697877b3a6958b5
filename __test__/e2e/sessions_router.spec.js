'use strict';

// serveSessions: which handler gets a session, what it is told of it, and how it ends.

const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const { NATIVE } = require('../../lib/sessions/handlers.js');
const { createServer } = require('../support/server.js');
const {
  connect,
  env,
  pty,
  serveSessions,
  size,
  startRaw,
  startServed,
} = require('../support/served.js');
const { string, uint32 } = require('../support/wire.js');
const { deferred, turn, until } = require('../support/waiting.js');
const ssh2 = require('../support/ssh2_client.js');

/** A handler that never ends by itself, and the sessions that it got. */
function keeper() {
  const sessions = [];
  const waiting = [];
  const handler = (session) => {
    sessions.push(session);
    waiting.shift()?.(session);
  };
  const next = () => new Promise((resolve) => waiting.push(resolve));
  return { handler, sessions, next };
}

const openShell = (client, ...options) => ssh2.call(client, 'shell', ...options);
const failed = expect.objectContaining({ message: expect.stringMatching(/Unable to|failure/i) });

describe('a session', () => {
  const say = (text, status) => (session) => {
    session.stream.write(`${text} ${session.kind} ${session.command}`);
    return status;
  };

  test('goes to the handler for what is asked', async () => {
    const it = await startServed({
      shell: say('shell:', 1),
      exec: say('exec:', 2),
      sftp: say('sftp:', 3),
      subsystems: { other: say('other:', 4) },
    });
    const client = await connect(it);
    const shell = await openShell(client, false);
    const subsystems = ['sftp', 'other'].map((name) => ssh2.call(client, 'subsys', name));
    const streams = [
      shell,
      await ssh2.openSession(client, 'ls -l'),
      ...(await Promise.all(subsystems)),
    ];
    const results = await Promise.all(streams.map((stream) => ssh2.drain(stream)));
    expect(results.map(({ stdout }) => stdout.toString())).toEqual([
      'shell: shell ',
      'exec: exec ls -l',
      'sftp: subsystem sftp',
      'other: subsystem other',
    ]);
    expect(results[1].status).toBe(2);
  });

  test('of exec goes to the first handler that matches', async () => {
    const matching = (pattern, handler) =>
      Object.assign(handler, { matches: (command) => pattern.test(command) });
    const it = await startServed({
      exec: [
        matching(/^git-/, say('git', 0)),
        // Not a boolean: it starts nothing.
        Object.assign(say('never', 0), { matches: async () => true }),
        matching(/^l/, say('list', 0)),
      ],
    });
    const client = await connect(it);
    expect((await ssh2.exec(client, 'git-upload-pack x')).stdout.toString()).toMatch(/^git /);
    expect((await ssh2.exec(client, 'ls')).stdout.toString()).toMatch(/^list /);
    await expect(ssh2.openSession(client, 'cat')).rejects.toEqual(failed);
  });

  test('without a handler is refused, and so are names that every object has', async () => {
    const it = await startServed({ subsystems: { known: () => 0 } });
    const client = await connect(it);
    await expect(ssh2.openSession(client, 'x')).rejects.toEqual(failed);
    await expect(openShell(client, false)).rejects.toEqual(failed);
    for (const name of ['unknown', 'constructor', '__proto__', '']) {
      await expect(ssh2.call(client, 'subsys', name)).rejects.toEqual(failed);
    }
  });

  test('knows who and where its client is', async () => {
    const { handler, next } = keeper();
    const it = await startServed({ exec: handler });
    const started = next();
    const client = await connect(it, { username: 'someone' });
    await ssh2.openSession(client, 'x');
    const session = await started;
    expect(session).toMatchObject({
      server: it.server,
      service: it.service,
      user: 'someone',
      remoteHost: '127.0.0.1',
      key: null,
      originalCommand: null,
      pty: null,
      terminal: null,
    });
    expect(it.server.connections.get(session.connectionId).remotePort).toBe(session.remotePort);
    expect(it.server.channels.has(session.channelId)).toBe(true);
    expect([...it.service.sessions]).toEqual([[session.channelId, session]]);
  });

  test('carries data both ways, errors apart', async () => {
    const it = await startServed({
      async exec({ stream, stderr }) {
        for await (const chunk of stream) stream.write(chunk);
        stderr.write('done');
        return 5;
      },
    });
    const client = await connect(it);
    const data = Buffer.alloc(3_000_000, 'abc');
    const result = await ssh2.exec(client, 'cat', data);
    expect(result.stdout.equals(data)).toBe(true);
    expect([result.stderr.toString(), result.status]).toEqual(['done', 5]);
  });

  test('waits for a client that reads nothing, for longer than sends do', async () => {
    const data = Buffer.alloc(8_000_000, 'e');
    const it = await startServed(
      {
        exec(session) {
          session.stderr.write(data);
          session.stream.write(data);
          return 0;
        },
      },
      // Seconds: a send fails after this time without progress.
      (server) => void (server.defaultTimeout = 1),
    );
    const stream = await ssh2.openSession(await connect(it), 'x');
    const [session] = it.service.sessions.values();
    await until(() => session.stream.writableNeedDrain || session.stderr.writableNeedDrain);
    // The time is the subject of this test: it has to pass.
    await sleep(2500);
    const { stdout, stderr, status } = await ssh2.drain(stream);
    expect([stdout.length, stderr.length, status]).toEqual([data.length, data.length, 0]);
    expect(it.recorder.all('Error')).toEqual([]);
  });

  test('gets what came before its handler asks for the stream, whoever else listens to data', async () => {
    const go = deferred();
    const others = [];
    const it = await startServed(
      {
        async exec(session) {
          await go.promise;
          for await (const chunk of session.stream) session.stream.write(chunk);
          return 0;
        },
      },
      (server) => void server.on('SSHChannelDataIn', (e) => others.push(e.data)),
    );
    const client = await connect(it);
    const stream = await ssh2.openSession(client, 'x');
    stream.end('early');
    const result = ssh2.drain(stream);
    await turn();
    go.resolve();
    expect((await result).stdout.toString()).toBe('early');
    expect(others).toEqual([]);
  });
});

describe('the end of a session', () => {
  test('is the number that a handler returns or resolves to', async () => {
    const it = await startServed({
      exec: ({ command }) => (command === 'now' ? 3 : Promise.resolve(4)),
    });
    const client = await connect(it);
    expect((await ssh2.exec(client, 'now')).status).toBe(3);
    expect((await ssh2.exec(client, 'later')).status).toBe(4);
  });

  test('comes after everything that was written, and the first one counts', async () => {
    const data = Buffer.alloc(5_000_000, 'x');
    const it = await startServed({
      exec(session) {
        session.stream.write(data);
        session.stderr.write(data);
        session.exit(7);
        session.exit(8);
        return 9;
      },
    });
    const result = await ssh2.exec(await connect(it), 'x');
    expect(result.status).toBe(7);
    expect([result.stdout.equals(data), result.stderr.equals(data)]).toEqual([true, true]);
  });

  test('may follow the end of the stream', async () => {
    const it = await startServed({
      exec({ stream }) {
        stream.end('all');
        return 6;
      },
    });
    const { status, stdout } = await ssh2.exec(await connect(it), 'x');
    expect([status, stdout.toString()]).toEqual([6, 'all']);
  });

  test('can be a signal', async () => {
    const it = await startServed({
      async exec(session) {
        await once(session.stream, 'data');
        await session.exitSignal('TERM', { core: true, message: 'it was asked to' });
      },
    });
    const stream = await ssh2.openSession(await connect(it), 'x');
    const exit = once(stream, 'exit');
    stream.write('go');
    expect((await exit).slice(0, 4)).toEqual([null, 'SIGTERM', true, 'it was asked to']);
  });

  test('of a handler that fails is status 1, and Error tells what it threw', async () => {
    const error = new Error('broken');
    const it = await startServed({
      async exec({ command }) {
        if (command === 'bad status') return -1;
        throw error;
      },
    });
    const client = await connect(it);
    expect((await ssh2.exec(client, 'x')).status).toBe(1);
    expect((await it.recorder.first('Error')).cause).toBe(error);
    expect((await ssh2.exec(client, 'bad status')).status).toBe(1);
    await it.recorder.count('Error', 2);
    expect(it.recorder.all('Error')[1].cause).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
  });

  test.each([
    [() => ['exit', '1'], TypeError],
    [() => ['exit', 2 ** 32], RangeError],
    [() => ['exit', -1], RangeError],
    [() => ['exitSignal', 'SIGnal?'], TypeError],
    [() => ['exitSignal', 5], TypeError],
    [() => ['exitSignal', 'HUP', { message: 5 }], TypeError],
  ])('throws for %s, and changes nothing', async (call, type) => {
    const { handler, next } = keeper();
    const it = await startServed({ exec: handler });
    const started = next();
    const stream = await ssh2.openSession(await connect(it), 'x');
    const session = await started;
    const [method, ...args] = call();
    expect(() => session[method](...args)).toThrow(type);
    const result = ssh2.drain(stream);
    await session.exit(0);
    expect((await result).status).toBe(0);
  });

  test('aborts the signal, and a handler that fails for that is not reported', async () => {
    const ends = [];
    const it = await startServed({
      async exec({ stream, signal }) {
        ends.push(signal);
        for await (const chunk of stream) ends.push(chunk);
        return 0;
      },
    });
    it.service.on('end', (session) => ends.push(session.signal.aborted));
    const client = await connect(it);
    await ssh2.openSession(client, 'x');
    const ended = once(it.service, 'end');
    client.destroy();
    const [session] = await ended;
    await it.recorder.first('Disconnected');
    await turn();
    expect(ends).toEqual([session.signal, true]);
    expect(it.recorder.all('Error')).toEqual([]);
    expect(it.service.sessions.size).toBe(0);
    await expect(session.exit(1)).resolves.toBeUndefined();
  });
});

describe('the requests before the start', () => {
  test('set the variables of the default list, and no others', async () => {
    const { handler, next } = keeper();
    const it = await startServed({ exec: handler });
    const started = next();
    const { ask } = await startRaw(it);
    const names = ['LANG', 'LC_ALL', 'COLORTERM', 'GIT_PROTOCOL', 'PATH', 'LD_PRELOAD', 'lang', ''];
    const granted = [];
    for (const name of names) granted.push(await ask('env', ...env(name, `is ${name}`)));
    expect(granted).toEqual([true, true, true, true, false, false, false, false]);
    expect(await ask('env', ...env('LANG', 'again'))).toBe(true);
    await ask('exec', string('x'));
    const { env: found } = await started;
    expect({ ...found }).toEqual({
      LANG: 'again',
      LC_ALL: 'is LC_ALL',
      COLORTERM: 'is COLORTERM',
      GIT_PROTOCOL: 'is GIT_PROTOCOL',
    });
    expect(() => {
      found.LANG = 'changed';
    }).toThrow(TypeError);
  });

  test('set those that the program names, by pattern or by function', async () => {
    const asked = [];
    const byFunction = (name, value, { user }) => {
      asked.push([name, value, user]);
      return name === 'A' ? true : 'a word is not true';
    };
    for (const [rule, expected] of [
      [['A', 'X_?'], { A: '1', X_1: '2' }],
      [byFunction, { A: '1' }],
    ]) {
      const { handler, next } = keeper();
      const it = await startServed({ exec: handler, env: rule });
      const started = next();
      const { ask } = await startRaw(it);
      await ask('env', ...env('A', '1'));
      await ask('env', ...env('X_1', '2'));
      await ask('env', ...env('X_12', '3'));
      await ask('exec', string('x'));
      expect({ ...(await started).env }).toEqual(expected);
    }
    expect(asked[0]).toEqual(['A', '1', 'raw']);
  });

  test('have a terminal given, with its modes, unless the program says no', async () => {
    const { handler, next } = keeper();
    const it = await startServed({ shell: handler });
    const started = next();
    const { ask } = await startRaw(it);
    // VINTR = 3, ECHO = 0, an unnamed opcode, then one whose length nobody knows.
    const modes = Buffer.from('010000000335000000006300000001a0ff01', 'hex');
    expect(await ask('pty-req', ...pty({ term: 'vt100', columns: 132, rows: 43, modes }))).toBe(
      true,
    );
    await ask('shell');
    const session = await started;
    expect(session.pty).toEqual({
      term: 'vt100',
      columns: 132,
      rows: 43,
      widthPixels: 0,
      heightPixels: 0,
      modes: { VINTR: 3, ECHO: 0 },
    });
    expect(session.env.TERM).toBe('vt100');
    for (const no of [false, () => false, () => 'yes']) {
      const other = await startRaw(await startServed({ shell: handler, pty: no }));
      expect(await other.ask('pty-req', ...pty())).toBe(false);
    }
  });

  test('are the program’s where it accepts them, before or after the router in the order', async () => {
    const { handler, sessions } = keeper();
    const take = (server) =>
      server.on('SSHChannelRequest', (e) => {
        if (['shell', 'env'].includes(e.requestType)) e.success = true;
      });
    for (const order of ['before', 'after']) {
      const it = await startServed({ shell: handler, exec: handler }, (server) =>
        order === 'before' ? take(server) : undefined,
      );
      if (order === 'after') take(it.server);
      const { ask } = await startRaw(it);
      expect(await ask('env', ...env('PATH', 'anything'))).toBe(true);
      expect(await ask('shell')).toBe(true);
      // One program for each session, whosever it is.
      expect(await ask('exec', string('x'))).toBe(false);
    }
    expect(sessions).toEqual([]);
  });
});

describe('the requests of a running session', () => {
  test('resize its terminal, send it signals and breaks', async () => {
    const { handler, next } = keeper();
    const it = await startServed({ shell: handler });
    const started = next();
    const { ask, send, raw } = await startRaw(it);
    await ask('pty-req', ...pty());
    await ask('shell');
    const session = await started;
    const told = [];
    for (const name of ['resize', 'signal', 'break'])
      session.on(name, (value) => told.push([name, value]));
    await send('window-change', ...size(100, 50));
    await send('signal', string('USR1'));
    expect(await ask('break', uint32(500))).toBe(true);
    expect(told).toEqual([
      ['resize', expect.objectContaining({ term: 'xterm', columns: 100, rows: 50 })],
      ['signal', 'USR1'],
      ['break', 500],
    ]);
    expect(session.pty).toMatchObject({ columns: 100, rows: 50 });
    raw.socket.destroy();
  });
});

describe('the bound of sessions', () => {
  test('is ten for a connection by default, and room comes back', async () => {
    const it = await startServed({ exec: ({ command }) => (command === 'stay' ? undefined : 0) });
    const client = await connect(it);
    const open = (command) => ssh2.openSession(client, command);
    const streams = await Promise.all(Array.from({ length: 10 }, () => open('stay')));
    await expect(open('stay')).rejects.toMatchObject({ reason: 1 });
    const other = await connect(it);
    expect((await ssh2.exec(other, 'x')).status).toBe(0);
    const closed = it.recorder.first('SSHChannelClosed', ({ connectionId }) =>
      [...it.service.sessions.values()].every((session) => session.connectionId >= connectionId),
    );
    streams[0].resume();
    streams[0].close();
    await closed;
    expect((await ssh2.exec(client, 'x')).status).toBe(0);
  });

  test('is what the program says', async () => {
    const it = await startServed({ exec: () => {}, maxSessions: 1 });
    const client = await connect(it);
    await ssh2.openSession(client, 'stay');
    await expect(ssh2.openSession(client, 'stay')).rejects.toMatchObject({ reason: 1 });
  });
});

describe('the service', () => {
  test('tells of the start and the end of each session', async () => {
    const it = await startServed({ exec: () => 0 });
    const told = [];
    it.service.on('start', ({ command }) => told.push(`start ${command}`));
    it.service.on('end', ({ command }) => told.push(`end ${command}`));
    await ssh2.exec(await connect(it), 'x');
    await it.recorder.first('SSHChannelClosed');
    expect(told).toEqual(['start x', 'end x']);
  });

  test('ends with close(): its sessions are closed, and the program has its events alone', async () => {
    const it = await startServed({ exec: () => {} });
    const client = await connect(it);
    const stream = await ssh2.openSession(client, 'x');
    const ended = ssh2.drain(stream);
    const closing = it.service.close();
    expect(it.service.close()).toBe(closing);
    await closing;
    await ended;
    expect(it.service.sessions.size).toBe(0);
    await expect(ssh2.openSession(client, 'x')).rejects.toMatchObject({ reason: 1 });
    const names = ['SSHChannelRequest', 'SSHChannelRequested', 'SSHChannelOpenRequest'];
    expect(names.map((name) => it.server.listenerCount(name))).toEqual([0, 0, 0]);
    serveSessions(it.server, { exec: () => 4 });
    expect((await ssh2.exec(client, 'x')).status).toBe(4);
  });

  test.each([
    [null, TypeError, 'handlers'],
    [{ shell: 'bash' }, TypeError, 'handlers.shell'],
    [{ exec: [() => {}, 5] }, TypeError, 'handlers.exec[1]'],
    [{ exec: Object.assign(() => {}, { matches: 'git' }) }, TypeError, 'handlers.exec.matches'],
    [{ subsystems: { a: 1 } }, TypeError, 'handlers.subsystems.a'],
    [{ subsystems: 5 }, TypeError, 'handlers.subsystems'],
    [{ sftp: () => {}, subsystems: { sftp: () => {} } }, TypeError, 'handlers.sftp'],
    [{ pty: 'yes' }, TypeError, 'handlers.pty'],
    [{ env: 'LANG' }, TypeError, 'handlers.env'],
    [{ env: [5] }, TypeError, 'handlers.env'],
    [{ maxSessions: 0 }, RangeError, 'handlers.maxSessions'],
    [{ execs: () => {} }, TypeError, 'handlers.execs'],
  ])('is not made of %p', (handlers, type, name) => {
    const server = createServer();
    const make = () => serveSessions(server, handlers);
    expect(make).toThrow(type);
    expect(make).toThrow(`"${name}"`);
    // It has changed nothing.
    expect(server.listenerCount('SSHChannelRequest')).toBe(0);
  });

  test('is one for each server', () => {
    const server = createServer();
    expect(() => serveSessions({}, {})).toThrow(TypeError);
    serveSessions(server, {});
    expect(() => serveSessions(server, {})).toThrow(/served already/);
  });
});

test('a handler that is served natively is made ready before the answer, runs after it, and has no stream', async () => {
  const handler = () => 'never called';
  let event;
  handler[NATIVE] = async (session) => {
    const before = event.success;
    return async () => {
      let error;
      try {
        void session.stream;
      } catch (thrown) {
        error = thrown;
      }
      const text = `${session.kind}, ${before} ${event.success}: ${error.message}`;
      await session.server.sendText(session.channelId, text);
      return 5;
    };
  };
  const it = await startServed({ sftp: handler }, (server) => {
    server.on('SSHChannelRequest', (e) => (event = e));
  });
  const stream = await ssh2.call(await connect(it), 'subsys', 'sftp');
  const result = await ssh2.drain(stream);
  const text = 'subsystem, false true: The data of this session is served natively.';
  expect(result.stdout.toString()).toBe(text);
});
