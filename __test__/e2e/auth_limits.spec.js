'use strict';

// The bounds of logins: attempts, time, and how many clients may be logging in at once.

const net = require('node:net');
const {
  asked,
  knock,
  knockByName,
  password,
  refused,
  start,
  steps,
} = require('../support/auth_server.js');
const { ssh, testWith } = require('../support/clients.js');
const { userKey } = require('../support/keys.js');
const ssh2 = require('../support/ssh2_client.js');
const { deferred } = require('../support/waiting.js');

const acceptPassword = (e) => (e.accept = e.authMethod === 'password' && e.authParam === 'right');

describe.each([
  ['MaxAuthAttempts', '6', 2 ** 32 - 1],
  ['LoginGraceTime', '120', 2 ** 32 - 1],
  ['MaxUnauthenticated', '100', 100_000],
])('%s', (name, initial, most) => {
  test(`starts as ${initial}, can be from 0 to ${most}, and reset() restores it`, async () => {
    const { server } = await start(null);
    expect(await server.config(name)).toBe(initial);
    for (const value of [0, 1, most]) {
      expect(await server.config(`${name}=${value}`)).toBe('');
      expect(await server.config(name.toUpperCase())).toBe(String(value));
    }
    await server.reset();
    expect(await server.config(name)).toBe(initial);
  });
});

describe('MaxAuthAttempts', () => {
  async function attempts(server) {
    let count = 0;
    const client = ssh2.start(server, {
      authHandler: (methods, partial, next) => {
        if (methods === null) return next('none');
        count++;
        return next(password('guess'));
      },
    });
    await expect(client.ready).rejects.toThrow();
    await client.closed;
    return count;
  }

  test.each([1, 3])('%i: the failure past that many disconnects', async (limit) => {
    const { server, recorder } = await start(
      () => {},
      (it) => it.config(`MaxAuthAttempts=${limit}`),
    );
    expect(await attempts(server)).toBe(limit + 1);
    const passwords = asked(recorder).filter(([method]) => method === 'password');
    expect(passwords).toHaveLength(limit + 1);
    expect(await recorder.first('Disconnected')).toMatchObject({
      statusCode: 1300,
      description: expect.stringMatching(/too many authentication failures/),
    });
  });

  test('starts as 6', async () => {
    const { server } = await start(() => {});
    expect(await attempts(server)).toBe(7);
  });

  testWith('ssh', 'the client is told why: reason 14, of RFC 4253', async () => {
    const { server } = await start(
      () => {},
      (it) => it.config('MaxAuthAttempts=1'),
    );
    const others = ['-i', userKey('ed25519', 'other').file, '-i', userKey('rsa').file];
    const { status, stderr } = await ssh(server, 'exit 0', {
      flags: others,
      options: ['BatchMode=yes'],
    });
    expect(status).toBe(255);
    expect(stderr).toMatch(
      /Received disconnect from 127\.0\.0\.1 port \d+:14: .*too many authentication failures/,
    );
  });

  test('0: there is no limit', async () => {
    const { server, recorder } = await start(acceptPassword, (it) =>
      it.config('MaxAuthAttempts=0'),
    );
    const guesses = Array.from({ length: 50 }, () => password('guess'));
    await ssh2.connect(server, { authHandler: steps([...guesses, password('right')]) });
    expect(asked(recorder)).toHaveLength(51);
  });

  test('what is refused without an event counts too, none and partial successes do not', async () => {
    const { server, recorder } = await start(
      (e) => (e.partialSuccess = e.authMethod === 'password'),
      async (it) => {
        await it.config('MaxAuthAttempts=1');
        await it.config('SSHPubKeyAuthSigAlgorithms=rsa-sha2-512');
      },
    );
    const none = { type: 'none', username: 'demo' };
    const key = { type: 'publickey', username: 'demo', key: userKey().text };
    const said = [];
    const client = ssh2.start(server, {
      authHandler: steps([none, none, password('x'), password('x'), key, none, key, none], said),
    });
    await expect(client.ready).rejects.toThrow();
    await client.closed;
    expect(said.map(([, partial]) => partial)).toEqual([
      ...[null, false, false],
      ...[true, true, false, false],
    ]);
    expect(await recorder.first('Disconnected')).toMatchObject({ statusCode: 1300 });
  });
});

describe('LoginGraceTime', () => {
  const oneSecond = (server) => server.config('LoginGraceTime=1');
  const ended = { statusCode: 10060, description: expect.stringMatching(/timeout/) };

  test('ends a connection that says nothing', async () => {
    const { server, recorder } = await start(null, oneSecond);
    const socket = await knock(server);
    await socket.gone;
    expect(await recorder.first('Disconnected')).toMatchObject(ended);
  });

  test('ends one whose listener does not decide, and what it decides later is void', async () => {
    const decision = deferred();
    const { server, recorder } = await start(async (e) => {
      await decision.promise;
      e.accept = true;
    }, oneSecond);
    const client = ssh2.start(server, { password: 'right' });
    await expect(client.ready).rejects.toThrow();
    // `Disconnected` comes after everything else of its connection.
    decision.resolve();
    expect(await recorder.first('Disconnected')).toMatchObject(ended);
    expect(recorder.all('Error')).toEqual([]);
    expect(recorder.all('SSHChannelOpenRequest')).toEqual([]);
  });

  test('ends one that goes on guessing', async () => {
    const { server, recorder } = await start(acceptPassword, async (it) => {
      await oneSecond(it);
      await it.config('MaxAuthAttempts=0');
    });
    const client = ssh2.start(server, {
      // Slowly: the number of requests has a bound of its own.
      authHandler: (methods, partial, next) => {
        setTimeout(() => next(password('guess')), 50);
      },
    });
    await expect(client.ready).rejects.toThrow();
    expect(await recorder.first('Disconnected')).toMatchObject(ended);
  });

  test('0 is no limit', async () => {
    const { server, recorder } = await start(null, (it) => it.config('LoginGraceTime=0'));
    // Older than the one below, and so past any limit that ends that one.
    const unhurried = await knock(server);
    const first = await recorder.first('Connected');
    await oneSecond(server);
    const late = await knock(server);
    await late.gone;
    const { connectionId } = await recorder.first('Disconnected');
    expect(connectionId).not.toBe(first.connectionId);
    expect(server.getConnections().has(first.connectionId)).toBe(true);
    expect(unhurried.destroyed).toBe(false);
  });

  test('does not end one that is logged in', async () => {
    const { server } = await start(acceptPassword, (it) => it.config('LoginGraceTime=3'));
    let client;
    // A slow machine may need another try.
    while (client === undefined) {
      client = await ssh2.connect(server, { password: 'right' }).catch(() => undefined);
    }
    const later = await knock(server);
    await later.gone;
    expect((await ssh2.exec(client, 'exit 0')).status).toBe(0);
  });
});

describe('MaxUnauthenticated', () => {
  const atMost = (limit) => (server) => server.config(`MaxUnauthenticated=${limit}`);

  /** Connects again and again until the server has noticed that there is room. */
  async function knockUntilIn(server) {
    for (;;) {
      const socket = await knockByName(server);
      if (socket.isIn) return socket;
    }
  }

  /** Whether exactly so many fit: none is counted twice, and none is forgotten. */
  async function expectRoomFor(server, count) {
    const sockets = [];
    while (sockets.length < count) sockets.push(await knockUntilIn(server));
    expect((await knockByName(server)).isIn).toBe(false);
    for (const socket of sockets) socket.destroy();
  }

  test('one more is closed at once, without an event, and logged', async () => {
    const { server, recorder } = await start(acceptPassword, atMost(2));
    const sockets = [
      await knockByName(server),
      await knockByName(server),
      await knockByName(server),
    ];
    expect(sockets.map((socket) => socket.isIn)).toEqual([true, true, false]);
    await recorder.first('Log', (e) => /2 connections that have not logged in/.test(e.message));
    const line = recorder.all('Log').find((e) => /MaxUnauthenticated/.test(e.message));
    expect(line).toMatchObject({ connectionId: '', logLevel: 1 });
    expect(line.message).toMatch(/^Connection from 127\.0\.0\.1:\d+ closed: /);
    expect(recorder.all('ConnectionRequest')).toHaveLength(2);
    expect(recorder.all('Connected')).toHaveLength(2);
  });

  test('who is logged in does not count', async () => {
    const { server } = await start(acceptPassword, atMost(1));
    const clients = [];
    for (let i = 0; i < 3; i++) clients.push(await ssh2.connect(server, { password: 'right' }));
    const socket = await knockByName(server);
    expect(socket.isIn).toBe(true);
    expect((await knockByName(server)).isIn).toBe(false);
    for (const client of clients) {
      expect((await ssh2.exec(client, 'exit 0')).status).toBe(0);
      client.end();
    }
    socket.destroy();
    await expectRoomFor(server, 1);
  });

  test('0 is no limit', async () => {
    const { server } = await start(acceptPassword, atMost(0));
    const sockets = await Promise.all(Array.from({ length: 120 }, () => knockByName(server)));
    expect(sockets.every((socket) => socket.isIn)).toBe(true);
  });

  test('a change is for those who come after it', async () => {
    const { server } = await start(acceptPassword, atMost(1));
    const socket = await knockByName(server);
    await atMost(2)(server);
    expect((await knockByName(server)).isIn).toBe(true);
    await atMost(1)(server);
    expect((await knockByName(server)).isIn).toBe(false);
    expect(socket.destroyed).toBe(false);
  });

  const ENDS = {
    'the client leaves at once': async (server) => {
      (await knockUntilIn(server)).destroy();
    },
    'the client speaks no SSH': async (server) => {
      const socket = await knockUntilIn(server);
      socket.end('GET / HTTP/1.0\r\n\r\n');
      await socket.gone;
    },
    'the client leaves in the middle of the handshake': async (server) => {
      const socket = await knockUntilIn(server);
      socket.write('SSH-2.0-test\r\n\x00\x00\x01');
      socket.resetAndDestroy();
    },
    'ConnectionRequest is refused': async (server) => {
      server.once('ConnectionRequest', (e) => (e.accept = false));
      await (
        await knockByName(server)
      ).gone;
    },
    'a listener of ConnectionRequest throws': async (server) => {
      server.once('ConnectionRequest', () => {
        throw new Error('out of order');
      });
      await (
        await knockByName(server)
      ).gone;
    },
    'the client leaves while ConnectionRequest is decided': async (server) => {
      const [called, decision] = [deferred(), deferred()];
      server.once('ConnectionRequest', async () => {
        called.resolve();
        await decision.promise;
      });
      const socket = net.connect(server.getLocalPort(), '127.0.0.1');
      await called.promise;
      socket.destroy();
      decision.resolve();
    },
    'its certificate cannot be loaded': async (server) => {
      server.once('Connected', (e) => {
        e.certStoreType = 99;
        e.certStore = 'nothing';
        e.certSubject = '*';
      });
      await (
        await knockByName(server)
      ).gone;
    },
    'SSHServiceRequest is refused': async (server) => {
      server.once('SSHServiceRequest', (e) => (e.accept = false));
      await expect(ssh2.start(server, { password: 'right' }).ready).rejects.toThrow();
    },
    'the login is refused': async (server) => {
      await refused(server, { password: 'wrong' });
    },
    'there are too many attempts': async (server) => {
      const guesses = Array.from({ length: 8 }, () => password('guess'));
      const client = ssh2.start(server, { authHandler: steps(guesses) });
      await expect(client.ready).rejects.toThrow();
    },
    'the client leaves while SSHUserAuthRequest is decided': async (server) => {
      const [called, decision] = [deferred(), deferred()];
      server.prependOnceListener('SSHUserAuthRequest', () => {
        called.resolve();
        return decision.promise;
      });
      const client = ssh2.start(server, { password: 'right' });
      await called.promise;
      client.destroy();
      await client.closed;
      decision.resolve();
    },
    'the time is over': async (server) => {
      await server.config('LoginGraceTime=1');
      const socket = await knockUntilIn(server);
      await server.config('LoginGraceTime=120');
      await socket.gone;
    },
    'the program disconnects it': async (server) => {
      const connected = new Promise((resolve) => server.once('Connected', resolve));
      const socket = await knockByName(server);
      await server.disconnect((await connected).connectionId);
      await socket.gone;
    },
    'it logs in and leaves': async (server) => {
      (await ssh2.connect(server, { password: 'right' })).end();
    },
    'it logs in and is disconnected': async (server) => {
      const connected = new Promise((resolve) => server.once('Connected', resolve));
      await ssh2.connect(server, { password: 'right' });
      await server.disconnect((await connected).connectionId);
    },
    'the server shuts down': async (server) => {
      await knockByName(server);
      await server.shutdown();
      await server.startListening();
    },
  };

  test.each(Object.keys(ENDS))('the place is free again, once, after: %s', async (name) => {
    // As many places as the rounds could take at most, so that none of them has to wait.
    const { server } = await start(acceptPassword, atMost(6));
    for (let round = 0; round < 3; round++) {
      (await knockByName(server)).destroy();
      await ENDS[name](server);
    }
    await expectRoomFor(server, 6);
    await expectRoomFor(server, 6);
  });

  test('places are free again after many ends at once', async () => {
    const { server } = await start(acceptPassword, atMost(50));
    const logins = Array.from({ length: 20 }, (_, i) =>
      ssh2.start(server, { password: i % 2 ? 'right' : 'wrong' }),
    );
    const sockets = await Promise.all(Array.from({ length: 20 }, () => knockByName(server)));
    for (const socket of sockets) socket.destroy();
    const results = await Promise.allSettled(logins.map((client) => client.ready));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    for (const client of logins) client.end();
    await Promise.all(logins.map((client) => client.closed));
    await expectRoomFor(server, 50);
  });
});
