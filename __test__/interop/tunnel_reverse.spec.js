'use strict';

// Reverse tunnels with real clients: ssh -R, plink -R and ssh2. The server listens, the client
// connects; both ends of every tunnel are of this process.

const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const net = require('node:net');
const os = require('node:os');
const { testWith } = require('../support/clients.js');
const { testWithIPv6 } = require('../support/conditions.js');
const { writeFile } = require('../support/folder.js');
const ssh2 = require('../support/ssh2_client.js');
const {
  connect,
  curl,
  digest,
  echo,
  exchange,
  freePort,
  httpServer,
  listen,
  noMoreSocketsThan,
  openPlink,
  openSockets,
  openTunnels,
  readAll,
  tunnelServer,
} = require('../support/tunnels.js');
const { until } = require('../support/waiting.js');

const MIB = 1024 * 1024;
const LARGE = Number(process.env.SSHSERVER_TUNNEL_MIB ?? 32) * MIB;

/** `ssh -R` with port 0; the port that it was given. */
async function reverse(server, place, { bind = 'localhost:', options = [] } = {}) {
  const settings = ['LogLevel=INFO', ...options];
  const child = openTunnels(server, ['-R', `${bind}0:${place}`], settings);
  const found = await until(() => /Allocated port (\d+)/.exec(child.text()), child);
  return { port: Number(found[1]), child };
}

/** Asks for a reverse tunnel; the port. */
const forwardIn = async (client, address, port) =>
  (await ssh2.call(client, 'forwardIn', address, port)) ?? port;
const unforwardIn = (client, address, port) => ssh2.call(client, 'unforwardIn', address, port);

/** Whether a connection to this address is accepted. */
async function answers(host, port) {
  const socket = net.connect({ host, port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

testWith('ssh', 'ssh -R: the reply has the port, and the events tell of it', async () => {
  const target = await echo();
  const { server, recorder } = await tunnelServer();
  const { port, child } = await reverse(server, `127.0.0.1:${target.port}`);
  const data = randomBytes(3 * MIB);
  expect(digest(await exchange(port, data))).toBe(digest(data));
  child.kill();
  await recorder.first('Disconnected');
  const { connectionId } = recorder.all('Disconnected')[0];
  expect(recorder.all('SSHTunnelRequested').map((e) => ({ ...e }))).toEqual([
    { connectionId, direction: 1, address: 'localhost', port: 0, accept: true },
  ]);
  expect(recorder.all('SSHTunnelClosed').map((e) => ({ ...e }))).toEqual([
    { connectionId, address: 'localhost', port },
  ]);
  expect(recorder.names()).toEqual(['SSHTunnelRequested', 'SSHTunnelClosed', 'Disconnected']);
  expect(await answers('127.0.0.1', port)).toBe(false);
});

testWith(
  ['ssh', 'curl'],
  'curl gets and posts a large file through -R',
  async () => {
    const target = await httpServer(LARGE);
    const { server } = await tunnelServer();
    const options = ['Ciphers=aes128-gcm@openssh.com'];
    const { port } = await reverse(server, `127.0.0.1:${target.port}`, { options });
    const got = await curl([`http://127.0.0.1:${port}/`]);
    expect([got.status, digest(got.stdout)]).toEqual([0, target.hash]);
    const file = writeFile('large', target.body);
    const posted = await curl(['-T', file, '-X', 'POST', `http://127.0.0.1:${port}/`]);
    expect([posted.status, posted.stdout.toString()]).toEqual([0, target.hash]);
  },
  120_000,
);

testWith(['plink', 'curl'], 'plink -R', async () => {
  const target = await httpServer(4 * MIB);
  const { server, recorder } = await tunnelServer();
  const port = await freePort();
  openPlink(server, ['-R', `127.0.0.1:${port}:127.0.0.1:${target.port}`]);
  await recorder.first('SSHTunnelRequested');
  (await connect(port)).destroy();
  const got = await curl([`http://127.0.0.1:${port}/`]);
  expect([got.stderr, digest(got.stdout)]).toEqual(['', target.hash]);
});

testWith('ssh', 'each side of a reverse tunnel ends on its own', async () => {
  const target = await listen((socket) => {
    socket.end('from the target');
    readAll(socket).then((data) => socket.emit('received', data.toString()));
  });
  const { server, recorder } = await tunnelServer();
  const { port } = await reverse(server, `127.0.0.1:${target.port}`);
  const socket = await connect(port);
  expect((await readAll(socket)).toString()).toBe('from the target');
  const [there] = target.sockets;
  const received = once(there, 'received');
  socket.end('after that');
  expect(await received).toEqual(['after that']);
  if (!socket.closed) await once(socket, 'close');
  expect(recorder.all('Error')).toEqual([]);
});

/** Has ssh2 ask for a tunnel on each bind address, and sees at which addresses there is one. */
async function expectWhereItListens(v6) {
  const { server } = await tunnelServer();
  const client = await ssh2.connect(server);
  const loopback = (address) => address === '127.0.0.1' || address === '::1';
  const external = Object.values(os.networkInterfaces())
    .flat()
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
  const v4 = ['127.0.0.1', ...(external ? [external] : [])];
  for (const [bind, there] of [
    ['', [...v4, ...v6]],
    ['0.0.0.0', v4],
    ['127.0.0.1', ['127.0.0.1']],
    ['localhost', [...v4, ...v6].filter(loopback)],
    ...(v6.length > 0
      ? [
          ['::', v6],
          ['::1', v6],
        ]
      : []),
  ]) {
    const port = await forwardIn(client, bind, 0);
    for (const address of [...v4, ...v6]) {
      expect([bind, address, await answers(address, port)]).toEqual([
        bind,
        address,
        there.includes(address),
      ]);
    }
    await unforwardIn(client, bind, port);
    expect(await answers(there[0], port)).toBe(false);
  }
  await ssh2.end(client);
}

testWith('ssh2', 'RFC 4254 7.1: where a bind address has it listen', () =>
  expectWhereItListens([]),
);

testWithIPv6('RFC 4254 7.1: where a bind address has it listen, IPv6 too', () =>
  expectWhereItListens(['::1']),
);

testWith(
  'ssh2',
  'a tunnel is ended by cancel-tcpip-forward, and its connections go on',
  async () => {
    const { server, recorder } = await tunnelServer();
    const client = await ssh2.connect(server);
    client.on('tcp connection', (details, accept) => {
      const stream = accept();
      stream.pipe(stream);
      client.details = details;
    });
    const port = await forwardIn(client, '127.0.0.1', 0);
    const socket = await connect(port);
    socket.write('one');
    expect((await once(socket, 'data')).toString()).toBe('one');
    expect(client.details).toMatchObject({
      destIP: '127.0.0.1',
      destPort: port,
      srcIP: '127.0.0.1',
      srcPort: socket.localPort,
    });
    await unforwardIn(client, '127.0.0.1', port);
    expect(await recorder.first('SSHTunnelClosed')).toMatchObject({ address: '127.0.0.1', port });
    expect(await answers('127.0.0.1', port)).toBe(false);
    socket.write('two');
    expect((await once(socket, 'data')).toString()).toBe('two');
    // It can be had again at once, and what is not there cannot be ended.
    expect(await forwardIn(client, '127.0.0.1', port)).toBe(port);
    await expect(unforwardIn(client, '127.0.0.1', 1)).rejects.toThrow();
    await expect(unforwardIn(client, '0.0.0.0', port)).rejects.toThrow();
    expect(await answers('127.0.0.1', port)).toBe(true);
    await ssh2.end(client);
    await recorder.count('SSHTunnelClosed', 2);
  },
);

testWith(
  'ssh2',
  'a listener may choose the port, refuse, and be told that a port is taken',
  async () => {
    const wanted = await freePort();
    const taken = await listen(() => {});
    const { server, recorder } = await tunnelServer((e) => {
      if (e.address === '127.0.0.1') e.accept = true;
      if (e.port === 0) e.port = wanted;
    });
    const client = await ssh2.connect(server);
    expect(await forwardIn(client, '127.0.0.1', 0)).toBe(wanted);
    expect(await answers('127.0.0.1', wanted)).toBe(true);
    await expect(forwardIn(client, 'localhost', 0)).rejects.toThrow();
    await expect(forwardIn(client, '127.0.0.1', taken.port)).rejects.toThrow();
    await recorder.count('Error', 1);
    expect(recorder.all('Error')).toMatchObject([
      {
        errorCode: 1201,
        description: `Could not forward connection. A detailed message follows. 127.0.0.1:${taken.port}: [10048] Address already in use.`,
      },
    ]);
    await ssh2.end(client);
    await recorder.first('Disconnected');
    expect(recorder.all('SSHTunnelClosed')).toMatchObject([{ port: wanted }]);
  },
);

testWith('ssh2', 'without a listener nothing is listened on', async () => {
  const { server } = await tunnelServer(() => {});
  server.removeAllListeners('SSHTunnelRequested');
  const client = await ssh2.connect(server);
  await expect(forwardIn(client, '127.0.0.1', 0)).rejects.toThrow();
  await ssh2.end(client);
});

testWith('ssh2', 'a connection that the client does not take: Error 1201', async () => {
  const { server, recorder } = await tunnelServer();
  const client = await ssh2.connect(server);
  client.on('tcp connection', (details, accept, reject) => reject());
  const port = await forwardIn(client, '127.0.0.1', 0);
  const socket = await connect(port);
  expect(await readAll(socket)).toHaveLength(0);
  expect(await recorder.first('Error')).toMatchObject({
    errorCode: 1201,
    description: expect.stringContaining(`127.0.0.1:${port}: [10061] Connection refused.`),
  });
  await ssh2.end(client);
});

testWith(
  'ssh2',
  'connections that the client leaves waiting are bounded, and not lost',
  async () => {
    const { server } = await tunnelServer();
    const client = await ssh2.connect(server);
    const waiting = [];
    client.on('tcp connection', (details, accept) => waiting.push(accept));
    const port = await forwardIn(client, '127.0.0.1', 0);
    const sockets = await Promise.all(Array.from({ length: 100 }, () => connect(port)));
    const answered = sockets.map(async (socket) => {
      socket.end('x');
      return (await readAll(socket)).toString();
    });
    await until(() => waiting.length >= 64);
    // The others stay where the system keeps them, until these are taken.
    expect(waiting).toHaveLength(64);
    let taken = 0;
    while (taken < 100) {
      const accept = await until(() => waiting.shift());
      const stream = accept();
      stream.pipe(stream);
      taken++;
    }
    expect((await Promise.all(answered)).join('')).toBe('x'.repeat(100));
    await ssh2.end(client);
  },
);

testWith(
  'ssh',
  'no socket is left of a client that vanishes in the middle of a transfer',
  async () => {
    const target = await listen((socket) => {
      socket.on('data', () => {});
      const more = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(64 * 1024)));
      };
      socket.on('drain', more);
      more();
    });
    const { server, recorder } = await tunnelServer();
    const before = openSockets();
    const { port, child } = await reverse(server, `127.0.0.1:${target.port}`);
    const sockets = await Promise.all(Array.from({ length: 5 }, () => connect(port)));
    for (const socket of sockets) {
      socket.write(randomBytes(4 * MIB));
      await once(socket, 'data');
    }
    child.kill('SIGKILL');
    await recorder.first('Disconnected');
    for (const socket of sockets) socket.destroy();
    await noMoreSocketsThan(before);
    expect(await answers('127.0.0.1', port)).toBe(false);
  },
);
