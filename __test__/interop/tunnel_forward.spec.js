'use strict';

// Forward tunnels with real clients: ssh -L, -D, -W and -J, plink -L, and ssh2. The targets, the
// server and the connections into the tunnels are of this process, so its sockets tell of leaks.

const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const http = require('node:http');
const { ssh, sshArguments, testWith } = require('../support/clients.js');
const { writeFile } = require('../support/folder.js');
const { userKey } = require('../support/keys.js');
const { run } = require('../support/processes.js');
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
  socketPath,
  tunnelServer,
} = require('../support/tunnels.js');
const { turn } = require('../support/waiting.js');

const MIB = 1024 * 1024;
const LARGE = Number(process.env.SSHSERVER_TUNNEL_MIB ?? 32) * MIB;

/** `ssh -L` from a socket of its own to a place; the path of that socket. */
function forward(server, place, options) {
  const path = socketPath();
  const child = openTunnels(server, ['-L', `${path}:${place}`], options);
  return { path, child };
}

const forwardOut = (client, host, port) =>
  ssh2.call(client, 'forwardOut', '127.0.0.1', 1, host, port);

testWith('ssh', 'ssh -L carries data both ways, and its events tell of it', async () => {
  const target = await echo();
  const { server, recorder } = await tunnelServer();
  const { path } = forward(server, `127.0.0.1:${target.port}`);
  const data = randomBytes(3 * MIB);
  expect(digest(await exchange(path, data))).toBe(digest(data));
  const closed = await recorder.first('SSHTunnelClosed');
  const { connectionId } = closed;
  expect({ ...closed }).toEqual({ connectionId, address: '127.0.0.1', port: target.port });
  expect(recorder.all('SSHTunnelRequested').map((e) => ({ ...e }))).toEqual([
    { connectionId, direction: 0, address: '127.0.0.1', port: target.port, accept: true },
  ]);
  // The program gets no channel event and none of the data.
  expect(recorder.names()).toEqual(['SSHTunnelRequested', 'SSHTunnelClosed']);
});

testWith('ssh', 'the side of the client can end first, and the side of the target', async () => {
  const target = await listen(async (socket) => {
    if ((await once(socket, 'data')).toString() === 'you first') {
      socket.end('bye');
      socket.end((await readAll(socket)).length.toString());
    } else {
      socket.on('data', () => {});
      await once(socket, 'end');
      // Long after the client has said that it sends no more.
      for (let i = 0; i < 20; i++) socket.write(Buffer.alloc(64 * 1024, i));
      socket.end();
    }
  });
  const { server, recorder } = await tunnelServer();
  const { path } = forward(server, `127.0.0.1:${target.port}`);
  expect((await exchange(path, 'me first')).length).toBe(20 * 64 * 1024);

  let received;
  const ended = await listen((socket) => {
    socket.end('bye');
    received = readAll(socket);
  });
  const other = forward(server, `127.0.0.1:${ended.port}`);
  const socket = await connect(other.path);
  expect((await readAll(socket)).toString()).toBe('bye');
  const data = randomBytes(MIB);
  socket.end(data);
  await recorder.count('SSHTunnelClosed', 2);
  expect(digest(await received)).toBe(digest(data));
  expect(recorder.all('Error')).toEqual([]);
});

testWith(
  ['ssh', 'curl'],
  'curl gets and posts a large file through -L',
  async () => {
    const target = await httpServer(LARGE);
    const { server } = await tunnelServer();
    const { path } = forward(server, `127.0.0.1:${target.port}`, [
      'Ciphers=aes128-gcm@openssh.com',
    ]);
    (await connect(path)).destroy();
    const got = await curl(['--unix-socket', path, 'http://target/']);
    expect([got.status, digest(got.stdout)]).toEqual([0, target.hash]);
    const file = writeFile('large', target.body);
    const posted = await curl(['--unix-socket', path, '-T', file, '-X', 'POST', 'http://target/']);
    expect([posted.status, posted.stdout.toString()]).toEqual([0, target.hash]);
  },
  120_000,
);

testWith(
  'ssh',
  'an HTTP load with connections that are kept',
  async () => {
    const target = await httpServer();
    const { server, recorder } = await tunnelServer();
    const { path, child } = forward(server, `127.0.0.1:${target.port}`);
    await connect(path).then((socket) => socket.destroy());
    const agent = new http.Agent({ keepAlive: true, maxSockets: 20 });
    const get = (url) =>
      new Promise((resolve, reject) => {
        const request = http.get({ agent, socketPath: path, path: url }, (response) =>
          readAll(response).then((body) => resolve(body.toString()), reject),
        );
        request.once('error', reject);
      });
    const urls = Array.from({ length: 1000 }, (_, i) => `/${i}/${'x'.repeat(i)}`);
    expect(await Promise.all(urls.map(get))).toEqual(urls);
    agent.destroy();
    child.kill();
    await recorder.first('Disconnected');
    expect(recorder.all('SSHTunnelClosed')).toHaveLength(recorder.all('SSHTunnelRequested').length);
    expect(recorder.all('SSHTunnelRequested').length).toBeLessThanOrEqual(21);
  },
  120_000,
);

testWith(['ssh', 'curl'], 'ssh -D: curl through SOCKS, by address and by name', async () => {
  const target = await httpServer(MIB);
  const { server, recorder } = await tunnelServer();
  const port = await freePort();
  openTunnels(server, ['-D', `127.0.0.1:${port}`]);
  (await connect(port)).destroy();
  for (const [scheme, host] of [
    ['socks5', '127.0.0.1'],
    ['socks5h', 'localhost'],
    ['socks4', '127.0.0.1'],
  ]) {
    const proxy = `${scheme}://127.0.0.1:${port}`;
    const got = await curl(['-x', proxy, `http://${host}:${target.port}/`]);
    expect([got.stderr, digest(got.stdout)]).toEqual(['', target.hash]);
  }
  const addresses = recorder.all('SSHTunnelRequested').map((e) => e.address);
  expect(addresses).toEqual(['127.0.0.1', 'localhost', '127.0.0.1']);
});

testWith('ssh', 'ssh -W', async () => {
  const target = await echo();
  const { server } = await tunnelServer();
  const input = randomBytes(MIB);
  const flags = ['-W', `127.0.0.1:${target.port}`];
  const { status, stdout } = await run('ssh', sshArguments(server, { flags }), { input });
  expect([status, digest(stdout)]).toEqual([0, digest(input)]);
});

testWith('ssh', 'ssh -J: a session with one server through another', async () => {
  const { server: inner } = await tunnelServer();
  const { server: outer, recorder } = await tunnelServer();
  const common = ['StrictHostKeyChecking no', 'UserKnownHostsFile /dev/null', 'LogLevel ERROR'];
  const host = (name, server) => [
    `Host ${name}`,
    'HostName 127.0.0.1',
    `Port ${server.getLocalPort()}`,
    'User demo',
    `IdentityFile ${userKey().file}`,
    'IdentitiesOnly yes',
    'IdentityAgent none',
    ...common,
  ];
  const config = writeFile('config', [...host('inner', inner), ...host('outer', outer)].join('\n'));
  const args = ['-F', config, '-J', 'outer', 'inner', 'cat'];
  const input = randomBytes(2 * MIB);
  const { status, stdout, stderr } = await run('ssh', args, { input });
  expect([status, stderr, digest(stdout)]).toEqual([0, '', digest(input)]);
  expect(recorder.all('SSHTunnelRequested')).toMatchObject([{ port: inner.getLocalPort() }]);
});

testWith(['plink', 'curl'], 'plink -L', async () => {
  const target = await httpServer(4 * MIB);
  const { server } = await tunnelServer();
  const port = await freePort();
  openPlink(server, ['-L', `127.0.0.1:${port}:127.0.0.1:${target.port}`]);
  (await connect(port)).destroy();
  const got = await curl([`http://127.0.0.1:${port}/`]);
  expect([got.stderr, digest(got.stdout)]).toEqual(['', target.hash]);
  const file = writeFile('large', target.body);
  const posted = await curl(['-T', file, '-X', 'POST', `http://127.0.0.1:${port}/`]);
  expect(posted.stdout.toString()).toBe(target.hash);
});

testWith(
  'ssh2',
  'targets that cannot be reached: the client learns why, and Error 1201',
  async () => {
    const { server, recorder } = await tunnelServer();
    const client = await ssh2.connect(server);
    const port = await freePort();
    await expect(forwardOut(client, '127.0.0.1', port)).rejects.toMatchObject({
      // SSH_OPEN_CONNECT_FAILED
      reason: 2,
      message: expect.stringContaining('Connection refused'),
    });
    await expect(forwardOut(client, 'no.such.name.invalid', 80)).rejects.toMatchObject({
      reason: 2,
      message: expect.stringContaining('Host not found'),
    });
    await recorder.count('Error', 2);
    const [refused, unknown] = recorder.all('Error');
    expect(refused).toMatchObject({
      errorCode: 1201,
      description: `Could not forward connection. A detailed message follows. 127.0.0.1:${port}: [10061] Connection refused.`,
    });
    expect(unknown).toMatchObject({
      errorCode: 1201,
      description: expect.stringContaining('no.such.name.invalid:80: [11001] Host not found.'),
    });
    expect(refused.connectionId).toBe(unknown.connectionId);
    expect(recorder.all('SSHTunnelClosed')).toEqual([]);
    await ssh2.end(client);
  },
);

testWith(
  'ssh2',
  'a tunnel that is not accepted may still be a channel of the program',
  async () => {
    const { server, recorder } = await tunnelServer(
      () => {},
      (it) => {
        it.on('SSHChannelOpenRequest', (e) => {
          e.accept = it.getSSHParam(e.parametersB, 'PortToConnect') === '7';
        });
        it.on('SSHChannelDataIn', (e) => it.sendText(e.channelId, `got ${e.data}`));
        it.on('SSHChannelEOF', (e) => it.closeChannel(e.channelId));
      },
    );
    const client = await ssh2.connect(server);
    await expect(forwardOut(client, 'anywhere', 8)).rejects.toMatchObject({ reason: 1 });
    const stream = await forwardOut(client, 'anywhere', 7);
    stream.write('this');
    expect((await once(stream, 'data')).toString()).toBe('got this');
    stream.end();
    await once(stream, 'close');
    expect(recorder.all('SSHTunnelRequested')).toHaveLength(2);
    expect(recorder.all('SSHTunnelClosed')).toEqual([]);
    await ssh2.end(client);
  },
);

testWith(
  'ssh2',
  'what a listener may do: wait, choose the port, throw, and answer nonsense',
  async () => {
    const target = await echo();
    const answers = {
      waits: async (e) => {
        await turn();
        e.accept = true;
      },
      moves: (e) => {
        e.accept = true;
        e.port = target.port;
      },
      throws: (e) => {
        e.accept = true;
        throw new Error('on purpose');
      },
      promises: (e) => {
        e.accept = Promise.resolve(true);
      },
      'bad port': (e) => {
        e.accept = true;
        e.port = 65_536;
      },
    };
    let answer;
    const { server, recorder } = await tunnelServer((e) => answer(e));
    const client = await ssh2.connect(server);
    for (const name of ['waits', 'moves']) {
      answer = answers[name];
      const stream = await forwardOut(client, '127.0.0.1', name === 'waits' ? target.port : 1);
      stream.end(name);
      expect((await readAll(stream)).toString()).toBe(name);
    }
    for (const name of ['throws', 'promises', 'bad port']) {
      answer = answers[name];
      await expect(forwardOut(client, '127.0.0.1', target.port)).rejects.toMatchObject({
        reason: 1,
      });
    }
    const errors = recorder.all('Error');
    expect(errors.map((e) => e.errorCode)).toEqual([1202, 1202, 1202]);
    expect(errors[0].description).toMatch(/SSHTunnelRequested failed: on purpose/);
    expect(recorder.all('SSHTunnelClosed').map((e) => e.port)).toEqual([target.port, target.port]);
    await ssh2.end(client);
  },
);

testWith(
  'ssh2',
  'a target that resets the connection: Error 1202 and the end of the tunnel',
  async () => {
    const target = await listen((socket) => {
      socket.once('data', () => socket.resetAndDestroy());
    });
    const { server, recorder } = await tunnelServer();
    const client = await ssh2.connect(server);
    const stream = await forwardOut(client, '127.0.0.1', target.port);
    stream.on('error', () => {});
    stream.write('something');
    stream.resume();
    await once(stream, 'close');
    expect(await recorder.first('Error')).toMatchObject({
      errorCode: 1202,
      description: `Could not forward connection/channel data. A detailed message follows. 127.0.0.1:${target.port}: [10054] Connection reset by peer.`,
    });
    expect(await recorder.first('SSHTunnelClosed')).toMatchObject({ port: target.port });
    await ssh2.end(client);
  },
);

testWith('ssh2', 'a target that does not read holds up its own tunnel only', async () => {
  let held;
  const slow = await listen((socket) => {
    held = socket;
    socket.pause();
  });
  const target = await echo();
  const { server } = await tunnelServer();
  const client = await ssh2.connect(server);
  const stuck = await forwardOut(client, '127.0.0.1', slow.port);
  // More than the sockets and the window hold together.
  const data = randomBytes(24 * MIB);
  let drained = false;
  stuck.write(data, () => (drained = true));
  const other = await forwardOut(client, '127.0.0.1', target.port);
  other.end('still here');
  expect((await readAll(other)).toString()).toBe('still here');
  expect(drained).toBe(false);
  const received = readAll(held);
  stuck.end();
  expect(digest(await received)).toBe(digest(data));
  held.end();
  await once(stuck.resume(), 'close');
  await ssh2.end(client);
});

testWith('ssh2', 'what was sent before the channel was closed reaches a slow target', async () => {
  let held;
  const slow = await listen((socket) => {
    held = socket;
    socket.pause();
  });
  const { server, recorder } = await tunnelServer();
  const client = await ssh2.connect(server);
  const stream = await forwardOut(client, '127.0.0.1', slow.port);
  const data = randomBytes(MIB);
  stream.end(data);
  // EOF and CLOSE: the tunnel is no longer read.
  stream.destroy();
  await recorder.first('SSHTunnelClosed');
  expect(digest(await readAll(held))).toBe(digest(data));
  await ssh2.end(client);
});

testWith('ssh', 'no socket is left of clients that vanish, and of tunnels that end', async () => {
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
  for (let round = 1; round <= 3; round++) {
    const { path, child } = forward(server, `127.0.0.1:${target.port}`);
    const sockets = await Promise.all(Array.from({ length: 5 }, () => connect(path)));
    // In the middle of a transfer in both directions.
    for (const socket of sockets) {
      socket.write(randomBytes(4 * MIB));
      await once(socket, 'data');
    }
    expect(openSockets()).toBeGreaterThan(before);
    child.kill('SIGKILL');
    await recorder.count('Disconnected', round);
    for (const socket of sockets) socket.destroy();
    await noMoreSocketsThan(before);
  }
  expect(recorder.all('SSHTunnelClosed')).toHaveLength(15);
  expect(recorder.events.at(-1).name).toBe('Disconnected');
});

testWith('ssh2', 'tunnels end with shutdown, before Disconnected', async () => {
  const target = await listen((socket) => socket.on('end', () => socket.end()).resume());
  const { server, recorder } = await tunnelServer();
  const before = openSockets();
  const client = await ssh2.connect(server);
  const streams = [];
  for (let i = 0; i < 10; i++) streams.push(await forwardOut(client, '127.0.0.1', target.port));
  for (const stream of streams) stream.on('error', () => {}).resume();
  await server.shutdown();
  await client.closed;
  await noMoreSocketsThan(before - 1);
  expect(recorder.names()).toEqual([
    ...Array(10).fill('SSHTunnelRequested'),
    ...Array(10).fill('SSHTunnelClosed'),
    'Disconnected',
  ]);
});

testWith('ssh', 'sessions go on beside tunnels', async () => {
  const target = await echo();
  const { server } = await tunnelServer();
  const path = socketPath();
  const flags = ['-L', `${path}:127.0.0.1:${target.port}`];
  const session = ssh(server, 'say hello', { flags });
  const { status, stdout } = await session;
  expect([status, stdout.toString()]).toEqual([0, 'hello']);
});
