'use strict';

const { once } = require('node:events');
const { Recorder, startCommandServer, withSettings } = require('../support/server.js');
const { acceptedOptions, isServed, testOnLinux } = require('../support/sockets.js');
const ssh2 = require('../support/ssh2_client.js');
const { deferred, turn } = require('../support/waiting.js');
const { tcpClient } = require('../support/tcp_client.js');

/** A server that listens, with these settings. */
const start = (...settings) => startCommandServer(withSettings(...settings));

/** The options of the server's socket of a client that has just connected. */
async function newSocket(server) {
  const client = await tcpClient(server);
  await client.said;
  return { client, options: () => acceptedOptions(server.getLocalPort(), client.localPort) };
}

const optionsOfNew = async (server) => (await newSocket(server)).options();

describe('InBufferSize and OutBufferSize', () => {
  testOnLinux('0 (the default) leaves the sizes of the system', async () => {
    const server = await start();
    const untouched = await optionsOfNew(server);
    await server.config('InBufferSize=20000');
    await server.config('OutBufferSize=30000');
    await optionsOfNew(server);
    await server.config('InBufferSize=0');
    await server.config('OutBufferSize=0');
    const again = await optionsOfNew(server);
    expect(again.receiveBuffer).toBe(untouched.receiveBuffer);
    expect(again.sendBuffer).toBe(untouched.sendBuffer);
  });

  testOnLinux('are the sizes of the sockets that are accepted from then on', async () => {
    const server = await start('InBufferSize=20000');
    const early = await newSocket(server);
    const before = await early.options();
    // Linux reports twice the number, for what it needs besides the data.
    expect(before.receiveBuffer).toBe(40_000);
    await server.config('InBufferSize=50000');
    await server.config('OutBufferSize=60000');
    expect(await optionsOfNew(server)).toMatchObject({
      receiveBuffer: 100_000,
      sendBuffer: 120_000,
    });
    expect(await early.options()).toEqual(before);
  });

  testOnLinux('what the system does not have is brought to what it has', async () => {
    const server = await start('InBufferSize=1', 'OutBufferSize=1073741824');
    const { receiveBuffer, sendBuffer } = await optionsOfNew(server);
    expect(receiveBuffer).toBeGreaterThan(1000);
    expect(sendBuffer).toBeLessThanOrEqual(2 * 1073741824);
    expect(sendBuffer).toBeGreaterThan(60_000);
  });

  test.each([
    // Little data for small buffers: the systems on both ends wait a while for each of them to have room.
    [1, 1, 8 << 10],
    [16_384, 16_384, 256 << 10],
    [1073741824, 1073741824, 2 << 20],
  ])('with %i and %i everything arrives as it was sent', async (inSize, outSize, length) => {
    const server = await start(`InBufferSize=${inSize}`, `OutBufferSize=${outSize}`);
    const client = await ssh2.connect(server);
    const input = Buffer.alloc(length, 'the quick brown fox');
    const { stdout, status } = await ssh2.exec(client, 'cat', input);
    expect(status).toBe(0);
    expect(stdout.equals(input)).toBe(true);
  });
});

describe('KeepAliveTime and KeepAliveInterval', () => {
  testOnLinux('0 (the default): keep-alive is on, with the times of the system', async () => {
    const { readFileSync } = require('node:fs');
    const ofSystem = (name) => Number(readFileSync(`/proc/sys/net/ipv4/tcp_keepalive_${name}`));
    const server = await start();
    expect(await optionsOfNew(server)).toMatchObject({
      keepAlive: true,
      keepAliveTime: ofSystem('time'),
      keepAliveInterval: ofSystem('intvl'),
    });
  });

  testOnLinux('are the times of new sockets, in whole seconds rounded up', async () => {
    const server = await start('KeepAliveTime=41001', 'KeepAliveInterval=2000');
    const early = await newSocket(server);
    const before = await early.options();
    expect(before).toMatchObject({ keepAlive: true, keepAliveTime: 42, keepAliveInterval: 2 });
    await server.config('KeepAliveTime=1');
    await server.config('KeepAliveInterval=32767000');
    const late = await optionsOfNew(server);
    expect(late).toMatchObject({ keepAlive: true, keepAliveTime: 1, keepAliveInterval: 32767 });
    expect(await early.options()).toEqual(before);
  });

  testOnLinux('each works without the other', async () => {
    const server = await start();
    const { keepAliveTime, keepAliveInterval } = await optionsOfNew(server);
    await server.config('KeepAliveInterval=7000');
    expect(await optionsOfNew(server)).toMatchObject({ keepAliveTime, keepAliveInterval: 7 });
    await server.config('KeepAliveInterval=0');
    await server.config('KeepAliveTime=9000');
    expect(await optionsOfNew(server)).toMatchObject({ keepAliveTime: 9, keepAliveInterval });
  });
});

describe('TcpNoDelay', () => {
  /** What the option is in a login, and while a command runs. */
  async function noDelayOf(server) {
    let login;
    const port = server.getLocalPort();
    const requested = once(server, 'ConnectionRequest');
    server.once('SSHUserAuthRequest', async () => {
      const [{ port: peer }] = await requested;
      ({ noDelay: login } = await acceptedOptions(port, peer));
    });
    const client = await ssh2.connect(server);
    const [{ port: peer }] = await requested;
    const { noDelay: loggedIn } = await acceptedOptions(port, peer);
    const stream = await ssh2.openSession(client, 'cat');
    const { noDelay: channel } = await acceptedOptions(port, peer);
    const result = ssh2.drain(stream);
    stream.end('abc');
    expect((await result).stdout.toString()).toBe('abc');
    const { noDelay: after } = await acceptedOptions(port, peer);
    return { login, loggedIn, channel, after };
  }

  testOnLinux('False (the default): on until the first channel, off from then on', async () => {
    const server = await start();
    expect(await server.config('TcpNoDelay')).toBe('False');
    const expected = { login: true, loggedIn: true, channel: false, after: false };
    expect(await noDelayOf(server)).toEqual(expected);
  });

  testOnLinux('True: always on', async () => {
    const server = await start('TcpNoDelay=True');
    const expected = { login: true, loggedIn: true, channel: true, after: true };
    expect(await noDelayOf(server)).toEqual(expected);
  });

  testOnLinux('a change concerns the connections to come', async () => {
    const server = await start();
    const recorder = new Recorder(server, ['ConnectionRequest']);
    const early = await ssh2.connect(server);
    const { port: peer } = await recorder.first('ConnectionRequest');
    await server.config('TcpNoDelay=True');
    await ssh2.openSession(early, 'cat');
    expect(await acceptedOptions(server.getLocalPort(), peer)).toMatchObject({ noDelay: false });
    expect(await noDelayOf(server)).toMatchObject({ channel: true });
  });

  test.each(['False', 'True'])('%s: everything that is sent arrives, in order', async (value) => {
    const server = await start(`TcpNoDelay=${value}`);
    const client = await ssh2.connect(server);
    for (const command of ['say one', 'say two', 'exit 7']) {
      const { stdout, status } = await ssh2.exec(client, command);
      expect(stdout.toString()).toBe(command.startsWith('say') ? command.slice(4) : '');
      expect(status).toBe(command === 'exit 7' ? 7 : 0);
    }
    const stream = await ssh2.openSession(client, 'cat');
    const result = ssh2.drain(stream);
    for (let i = 0; i < 100; i++) {
      stream.write(`${i},`);
      await turn();
    }
    stream.end();
    const expected = Array.from({ length: 100 }, (_, i) => `${i},`).join('');
    expect((await result).stdout.toString()).toBe(expected);
  });
});

describe('DefaultConnectionTimeout', () => {
  test('ends a connection whose client says nothing, with error 10060', async () => {
    const server = await start('DefaultConnectionTimeout=1');
    const gone = once(server, 'Disconnected');
    const client = await tcpClient(server);
    const [{ statusCode, description }] = await gone;
    expect(statusCode).toBe(10060);
    expect(description).toMatch(/timeout during handshake/);
    await client.gone;
  });

  test('ends a login that does not go on', async () => {
    const server = await start('DefaultConnectionTimeout=1');
    const recorder = new Recorder(server, ['SSHUserAuthRequest', 'Disconnected']);
    // Asks for the methods, and then never says which.
    const client = ssh2.start(server, { authHandler: () => {} });
    expect(await recorder.first('Disconnected')).toMatchObject({ statusCode: 10060 });
    expect(recorder.all('SSHUserAuthRequest').length).toBeLessThanOrEqual(1);
    await client.closed;
  });

  test('does not count the time that a listener takes', async () => {
    const server = await start('DefaultConnectionTimeout=1');
    const recorder = new Recorder(server, ['Disconnected']);
    const silent = deferred();
    let first = true;
    server.on('SSHUserAuthRequest', async () => {
      if (!first) return;
      first = false;
      // Another client has connected and been ended meanwhile, by the same limit.
      await tcpClient(server);
      silent.resolve(await recorder.first('Disconnected'));
    });
    const client = await ssh2.connect(server);
    expect(await silent.promise).toMatchObject({ statusCode: 10060 });
    expect((await ssh2.exec(client, 'exit 4')).status).toBe(4);
  });

  test('does not concern a client that is logged in, nor who connected before the change', async () => {
    const server = await start();
    const recorder = new Recorder(server, ['Connected', 'Disconnected']);
    const early = await tcpClient(server);
    await early.said;
    await server.config('DefaultConnectionTimeout=1');
    const client = await ssh2.connect(server);
    const late = await tcpClient(server);
    const { connectionId } = await recorder.first('Disconnected');
    const ids = recorder.all('Connected').map((e) => e.connectionId);
    expect(connectionId).toBe(ids[2]);
    await late.gone;
    expect((await ssh2.exec(client, 'exit 5')).status).toBe(5);
    expect([...server.getConnections().keys()]).toEqual(ids.slice(0, 2));
  });
});

describe.each([
  ['InBufferSize', '4096', '1073741824'],
  ['OutBufferSize', '4096', '1073741824'],
  ['KeepAliveTime', '60000', '32767000'],
  ['KeepAliveInterval', '60000', '32767000'],
])('%s', (name, good, most) => {
  test.each([
    ['-1', '0'],
    [`${Number(most) + 1}`, most],
    ['9'.repeat(40), most],
  ])('%s reverts to what systems take', async (value, taken) => {
    const server = await start(`${name}=${good}`);
    await server.config(`${name}=${value}`);
    expect(await server.config(name)).toBe(taken);
    expect(await isServed(server.getLocalPort())).toBe(true);
  });
});

describe.each([
  ['InBufferSize', '4096', ['', '64k', '1.5', '4096\0', '4\n8']],
  ['OutBufferSize', '4096', ['', '64k', '1.5', '4096\0', '4\n8']],
  ['KeepAliveTime', '60000', ['', '1m', '0.5', '1\0', '1\n2']],
  ['KeepAliveInterval', '60000', ['', '1m', '0.5', '1\0', '1\n2']],
  ['DefaultConnectionTimeout', '30', ['', '-1', '4294967296', 'soon', '1.5', '1\0', '1\n2']],
  ['TcpNoDelay', 'True', ['', '2', '-1', 'on', 'True\0', 'Tr\nue', 'T'.repeat(40)]],
])('%s', (name, good, bad) => {
  test.each(bad)('%j is refused by name and changes nothing', async (value) => {
    const server = await start(`${name}=${good}`);
    const error = await server.config(`${name}=${value}`).catch((e) => e);
    expect(error).toMatchObject({ name: 'SSHServerError', code: 10022 });
    expect(error.message).toContain(name);
    expect(await server.config(name)).toBe(good);
    expect(await isServed(server.getLocalPort())).toBe(true);
  });
});
