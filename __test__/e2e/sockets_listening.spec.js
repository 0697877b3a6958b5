'use strict';

const { once } = require('node:events');
const net = require('node:net');
const { afterTest } = require('../support/cleanup.js');
const { python } = require('../support/clients.js');
const { onUnix, testWithIPv6 } = require('../support/conditions.js');
const { run } = require('../support/processes.js');
const {
  createServer,
  Recorder,
  startCommandServer,
  withSettings,
} = require('../support/server.js');
const { sayName } = require('../support/auth_server.js');
const { isServed, listeningOptions, testOnLinux } = require('../support/sockets.js');
const ssh2 = require('../support/ssh2_client.js');
const { tcpClient } = require('../support/tcp_client.js');
const { fails, thrown } = require('../support/failures.js');

/** A server that listens, with these settings. */
async function start(host, port, ...settings) {
  const server = createServer();
  server.setLocalHost(host);
  server.setLocalPort(port);
  await withSettings(...settings)(server);
  await server.startListening();
  return server;
}

/** Which server answers at a port: the first text that it sends. */
async function answer(port, host) {
  const socket = await tcpClient(port, { host });
  return (await socket.said).slice(0, 5);
}

/**
 * The same on a port that somebody else has at `other`, and says `other` there: a server that listens
 * there too could not start. Nothing else shows that it does not, on a machine with other programs.
 */
async function startBeside(other, host, ...settings) {
  for (let tries = 0; ; tries++) {
    const neighbour = net.createServer((socket) => socket.end('other'));
    await once(neighbour.listen({ port: 0, host: other, ipv6Only: true }), 'listening');
    const close = () => new Promise((resolve) => neighbour.close(resolve));
    try {
      const server = await start(host, neighbour.address().port, ...settings);
      afterTest('servers', close);
      return server;
    } catch (error) {
      await close();
      // A third one may have the port.
      if (error.code !== 10048 || tries === 20) throw error;
    }
  }
}

describe('ConnectionBacklog', () => {
  testOnLinux('is the length of the queue of the socket; changed, of the next one', async () => {
    const server = createServer();
    server.setConnectionBacklog(7);
    await server.startListening();
    expect(await listeningOptions(server.getLocalPort())).toMatchObject([{ backlog: 7 }]);
    server.setConnectionBacklog(9);
    expect(server.getConnectionBacklog()).toBe(9);
    expect(await listeningOptions(server.getLocalPort())).toMatchObject([{ backlog: 7 }]);
    await server.stopListening();
    await server.startListening();
    expect(await listeningOptions(server.getLocalPort())).toMatchObject([{ backlog: 9 }]);
  });

  testOnLinux(
    'reads 5 before it is set, while the queue is as long as the system has it',
    async () => {
      const server = createServer();
      expect(server.getConnectionBacklog()).toBe(5);
      await server.startListening();
      const [{ backlog }] = await listeningOptions(server.getLocalPort());
      expect(backlog).toBeGreaterThan(100);
    },
  );

  test.each([-1, 65536, 1.5, NaN, '5', null])('%p is refused and changes nothing', (value) => {
    const server = createServer();
    server.setConnectionBacklog(8);
    expect(() => server.setConnectionBacklog(value)).toThrow(/connectionBacklog/i);
    expect(server.getConnectionBacklog()).toBe(8);
  });
});

describe('BindExclusively', () => {
  testOnLinux('True (the default): the socket is not shared', async () => {
    const server = await start('127.0.0.1', 0);
    expect(await server.config('BindExclusively')).toBe('True');
    expect(await listeningOptions(server.getLocalPort())).toMatchObject([{ reusePort: false }]);
  });

  testOnLinux('False: SO_REUSEADDR and SO_REUSEPORT are set', async () => {
    const server = await start('127.0.0.1', 0, 'BindExclusively=False');
    expect(await listeningOptions(server.getLocalPort())).toMatchObject([
      { reusePort: true, reuseAddress: true },
    ]);
  });

  // On Windows the last socket that opens a shared port gets its connections.
  onUnix(
    'False: several servers have one port, and each goes on when the others stop',
    async () => {
      const one = await start('127.0.0.1', 0, 'BindExclusively=False');
      const port = one.getLocalPort();
      const two = await start('127.0.0.1', port, 'BindExclusively=False');
      expect(two.getLocalPort()).toBe(port);
      expect(await isServed(port)).toBe(true);
      await one.stopListening();
      expect(await isServed(port)).toBe(true);
    },
  );

  test.each([
    ['True', 'True'],
    ['True', 'False'],
    ['False', 'True'],
  ])('%s, and %s on the same port: error 10048', async (first, second) => {
    const one = await start('127.0.0.1', 0, `BindExclusively=${first}`);
    const port = one.getLocalPort();
    await fails(start('127.0.0.1', port, `BindExclusively=${second}`), 10048);
    expect(await isServed(port)).toBe(true);
  });

  const SHARE = `
import socket, sys
sock = socket.socket()
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
sock.bind(("127.0.0.1", int(sys.argv[1])))
sock.listen()
`;
  testOnLinux('another process can share the port if it is False, and only then', async () => {
    for (const [setting, possible] of [
      ['False', true],
      ['True', false],
    ]) {
      const server = await start('127.0.0.1', 0, `BindExclusively=${setting}`);
      const { status } = await run(python, ['-c', SHARE, String(server.getLocalPort())]);
      expect([setting, status === 0]).toEqual([setting, possible]);
    }
  });

  test('a change takes effect with the next startListening', async () => {
    const server = await start('127.0.0.1', 0);
    const port = server.getLocalPort();
    await server.config('BindExclusively=False');
    await fails(start('127.0.0.1', port, 'BindExclusively=False'), 10048);
  });
});

describe('UseIPv6', () => {
  test('0 (the default): IPv4', async () => {
    const server = await start('', 0);
    expect(await server.config('UseIPv6')).toBe('0');
    expect(await isServed(server.getLocalPort(), '127.0.0.1')).toBe(true);
  });

  testWithIPv6('0: IPv4 only', async () => {
    const server = await startBeside('::1', '');
    expect(await answer(server.getLocalPort(), '::1')).toBe('other');
    expect(await isServed(server.getLocalPort(), '127.0.0.1')).toBe(true);
  });

  testOnLinux('0: one socket, on all IPv4 addresses', async () => {
    const server = await start('', 0);
    const sockets = await listeningOptions(server.getLocalPort());
    expect(sockets).toMatchObject([{ family: 'AF_INET', address: '0.0.0.0' }]);
  });

  testWithIPv6('1: IPv6 only', async () => {
    const server = await startBeside('127.0.0.1', '', 'UseIPv6=1');
    expect(await isServed(server.getLocalPort(), '::1')).toBe(true);
    expect(await answer(server.getLocalPort(), '127.0.0.1')).toBe('other');
  });

  testWithIPv6(
    '1: one socket, which takes no IPv4 connections',
    async () => {
      const server = await start('', 0, 'UseIPv6=1');
      const sockets = await listeningOptions(server.getLocalPort());
      expect(sockets).toMatchObject([{ family: 'AF_INET6', address: '::', onlyIPv6: true }]);
    },
    testOnLinux,
  );

  // Without IPv6 only the IPv4 part can be tested.
  test('2: IPv4 connections are served in any case', async () => {
    const server = await start('', 0, 'UseIPv6=2');
    expect(await isServed(server.getLocalPort(), '127.0.0.1')).toBe(true);
  });

  testWithIPv6('2: both, on one port, and each client has its own address', async () => {
    const server = await start('', 0, 'UseIPv6=2');
    const recorder = new Recorder(server, ['ConnectionRequest', 'Connected']);
    expect(await isServed(server.getLocalPort(), '::1')).toBe(true);
    expect(await isServed(server.getLocalPort(), '127.0.0.1')).toBe(true);
    const addresses = recorder.all('ConnectionRequest').map((e) => e.address);
    expect(addresses).toEqual(['::1', '127.0.0.1']);
  });

  testWithIPv6(
    '2: two sockets with the same options',
    async () => {
      const server = createServer();
      server.setLocalHost('');
      server.setConnectionBacklog(3);
      await server.config('UseIPv6=2');
      await server.config('BindExclusively=False');
      await server.startListening();
      const sockets = await listeningOptions(server.getLocalPort());
      expect(sockets.map((it) => [it.family, it.address]).sort()).toEqual([
        ['AF_INET', '0.0.0.0'],
        ['AF_INET6', '::'],
      ]);
      for (const options of sockets) expect(options).toMatchObject({ backlog: 3, reusePort: true });
    },
    testOnLinux,
  );

  test('0: the LocalHost localhost is 127.0.0.1', async () => {
    const server = await start('localhost', 0);
    expect(await isServed(server.getLocalPort(), '127.0.0.1')).toBe(true);
  });

  testWithIPv6('1: the LocalHost localhost is ::1 and nothing else', async () => {
    const server = await startBeside('127.0.0.1', 'localhost', 'UseIPv6=1');
    expect(await isServed(server.getLocalPort(), '::1')).toBe(true);
    expect(await answer(server.getLocalPort(), '127.0.0.1')).toBe('other');
  });

  testWithIPv6('2: the LocalHost localhost is both of its addresses', async () => {
    const server = await start('localhost', 0, 'UseIPv6=2');
    expect(await isServed(server.getLocalPort(), '127.0.0.1')).toBe(true);
    expect(await isServed(server.getLocalPort(), '::1')).toBe(true);
  });

  testWithIPv6('1 or 2: an IPv6 address can be the LocalHost', async () => {
    for (const setting of ['1', '2']) {
      for (const host of ['::1', '[::1]']) {
        const server = await start(host, 0, `UseIPv6=${setting}`);
        expect(await isServed(server.getLocalPort(), '::1')).toBe(true);
        expect(server.getLocalHost()).toBe(host);
      }
    }
  });

  test.each([
    ['::1', '0', 'no IPv4 address, and UseIPv6 is 0'],
    ['127.0.0.1', '1', 'no IPv6 address, and UseIPv6 is 1'],
  ])('a LocalHost %s with %s is error 10047, which names both', async (host, setting, text) => {
    await fails(start(host, 0, `UseIPv6=${setting}`), 10047, `LocalHost ${host}`, text);
  });

  testWithIPv6('a change takes effect with the next startListening', async () => {
    const server = await start('', 0);
    await server.config('UseIPv6=1');
    expect(await isServed(server.getLocalPort(), '127.0.0.1')).toBe(true);
    await server.stopListening();
    await server.startListening();
    expect(await isServed(server.getLocalPort(), '::1')).toBe(true);
  });
});

describe('LocalHost', () => {
  testOnLinux('an address: the server listens there and nowhere else', async () => {
    const server = await startBeside('127.0.0.1', '127.0.0.2');
    expect(await isServed(server.getLocalPort(), '127.0.0.2')).toBe(true);
    expect(await answer(server.getLocalPort(), '127.0.0.1')).toBe('other');
  });

  test('a name that nobody has is error 11001, and leaves the server as it was', async () => {
    const server = createServer();
    // No name server is asked for this one.
    server.setLocalHost('no..host');
    await fails(server.startListening(), 11001, 'no..host');
    server.setLocalHost('127.0.0.1');
    await server.startListening();
  });

  test.each([
    ['NUL', '127.0.0.1\0'],
    ['a new line in the middle', '127.0.0.1\n::1'],
    ['a space in the middle', 'my host'],
    ['a URL', 'ssh://host'],
    ['a prefix', '10.0.0.0/8'],
    ['letters that host names do not have', 'bücher'],
    ['a long text', 'a'.repeat(256)],
  ])('%s is refused by name and changes nothing', (_, value) => {
    const server = createServer();
    const error = thrown(() => server.setLocalHost(value));
    expect(error).toMatchObject({ name: 'SSHServerError', code: 10022 });
    expect(error.message).toContain('LocalHost');
    expect(server.getLocalHost()).toBe('127.0.0.1');
  });
});

describe('MaxConnections', () => {
  test('closes what is one too many without a byte and logs it, until one is gone', async () => {
    const server = await startCommandServer((it) => it.config('MaxConnections=2'));
    const recorder = new Recorder(server, ['Log', 'Connected', 'Disconnected']);
    const port = server.getLocalPort();
    const clients = [await tcpClient(port), await tcpClient(port)];
    for (const client of clients) {
      expect(await client.said).toMatch(/^SSH-/);
      await sayName(server, client);
    }
    expect(await isServed(port)).toBe(false);
    const line = await recorder.first('Log', (e) => e.connectionId === '');
    expect(line.message).toMatch(/2 connections are the maximum/);
    expect(recorder.all('Connected')).toHaveLength(2);
    clients[0].destroy();
    await recorder.first('Disconnected');
    // The place is free a moment after the event.
    while (!(await isServed(port)));
    await ssh2.end(await connectWhenFree(server));
  });

  async function connectWhenFree(server) {
    for (;;) {
      const client = ssh2.start(server);
      const ready = await client.ready.then(
        () => true,
        () => false,
      );
      if (ready) return client;
    }
  }
});
