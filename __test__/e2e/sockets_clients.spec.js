'use strict';

const { once } = require('node:events');
const { testWithIPv6 } = require('../support/conditions.js');
const {
  createServer,
  Recorder,
  startCommandServer,
  withSettings,
} = require('../support/server.js');
const { isServed } = require('../support/sockets.js');
const ssh2 = require('../support/ssh2_client.js');

/** A server that listens, with these settings. */
const start = (...settings) => startCommandServer(withSettings(...settings));

const EVERY_KIND = '10.0.0.1, 127.0.0.1, fd00::/8, 192.168.*, *.no-such-domain.invalid';

describe('AllowedClients', () => {
  test.each([
    ['* (the default)', '*', true],
    ['its address', '127.0.0.1', true],
    ['its address as an IPv4-mapped one', '::ffff:127.0.0.1', true],
    ['a prefix around it', '127.0.0.0/8', true],
    ['a prefix of IPv4-mapped addresses around it', '::ffff:127.0.0.0/104', true],
    ['a wildcard', '127.0.*', true],
    ['a wildcard in the middle', '127.*.*.1', true],
    ['its host name', 'localhost', true],
    ['its host name among names that nobody has', 'no-such-host.invalid, LOCALHOST', true],
    ['a list with spaces and empty entries', `, ${EVERY_KIND} ,`, true],
    ['another address', '127.0.0.2', false],
    ['another prefix', '128.0.0.0/8', false],
    ['another wildcard', '27.0.*', false],
    ['IPv6 clients only', '::/0', false],
    ['a name that nobody has', 'no-such-host.invalid', false],
    ['a pattern of other names', '*.no-such-domain.invalid', false],
    ['nothing', '', false],
  ])('%s: whether the client is served', async (_, list, served) => {
    const server = await start(`AllowedClients=${list}`);
    expect(await isServed(server.getLocalPort())).toBe(served);
    expect(await server.config('AllowedClients')).toBe(list);
  });

  test('a pattern of names matches the name that leads back to the address', async () => {
    // What the machine says of itself: most call this address localhost, some give it no name.
    const { lookupService, lookup } = require('node:dns').promises;
    const { hostname } = await lookupService('127.0.0.1', 22).catch(() => ({ hostname: '' }));
    const back = hostname ? await lookup(hostname, { all: true }).catch(() => []) : [];
    const known = /[a-z]/i.test(hostname) && back.some(({ address }) => address === '127.0.0.1');
    const server = await start(`AllowedClients=${(hostname || 'x').slice(0, -1)}*, y*`);
    expect(await isServed(server.getLocalPort())).toBe(known);
  });

  test('a client that is not in it is logged with the reason, and never has an id', async () => {
    const server = await start('AllowedClients=10.*');
    const recorder = new Recorder(server, ['Log', 'Connected', 'Disconnected', 'Error']);
    expect(await isServed(server.getLocalPort())).toBe(false);
    const line = await recorder.first('Log', (e) => e.connectionId === '');
    expect(line).toMatchObject({ connectionId: '', logLevel: 1 });
    expect(line.message).toMatch(/^Connection from 127\.0\.0\.1:\d+ closed: .*AllowedClients/);
    expect(recorder.names()).toEqual(['Log']);
    expect(server.getConnections().size()).toBe(0);
  });
});

describe('BlockedClients', () => {
  test.each([
    ['nothing (the default)', '', true],
    ['another address', '127.0.0.2', true],
    ['IPv6 clients only', '::/0', true],
    ['a name that nobody has', 'no-such-host.invalid', true],
    ['everybody', '*', false],
    ['its address', '127.0.0.1', false],
    ['a prefix around it', '127.0.0.0/8', false],
    ['a wildcard', '*.0.0.1', false],
    ['its host name', 'localhost', false],
  ])('%s: whether the client is served', async (_, list, served) => {
    const server = await start(`BlockedClients=${list}`);
    expect(await isServed(server.getLocalPort())).toBe(served);
    expect(await server.config('BlockedClients')).toBe(list);
  });

  test('wins over AllowedClients', async () => {
    const server = await start('AllowedClients=127.0.0.1', 'BlockedClients=127.0.0.0/24');
    expect(await isServed(server.getLocalPort())).toBe(false);
  });

  test('a change concerns who connects from then on, not who is connected', async () => {
    const server = await start();
    const client = await ssh2.connect(server);
    await server.config('BlockedClients=127.0.0.1');
    expect(await isServed(server.getLocalPort())).toBe(false);
    expect((await ssh2.exec(client, 'say still')).stdout.toString()).toBe('still');
    await server.config('BlockedClients=');
    expect(await isServed(server.getLocalPort())).toBe(true);
  });

  test('reset() empties it and allows everybody', async () => {
    const server = createServer();
    await server.config('BlockedClients=*');
    await server.config('AllowedClients=');
    await server.reset();
    expect(await server.config('BlockedClients')).toBe('');
    expect(await server.config('AllowedClients')).toBe('*');
  });
});

describe('ConnectionRequest', () => {
  test.each([
    ['AllowedClients=10.*', false],
    ['BlockedClients=127.*', false],
    ['AllowedClients=127.*', true],
  ])('starts with accept as %s says, and the listener decides', async (setting, starts) => {
    const server = await start(setting);
    for (const answer of [undefined, true, false]) {
      const asked = once(server, 'ConnectionRequest');
      server.once('ConnectionRequest', (e) => {
        e.startedWith = e.accept;
        if (answer !== undefined) e.accept = answer;
      });
      expect(await isServed(server.getLocalPort())).toBe(answer ?? starts);
      const [event] = await asked;
      expect(event).toMatchObject({ address: '127.0.0.1', startedWith: starts });
    }
  });

  test('a client that was let in against the list can do everything', async () => {
    const server = await start('AllowedClients=');
    server.on('ConnectionRequest', async (e) => {
      await null;
      e.accept = true;
    });
    const client = await ssh2.connect(server);
    expect((await ssh2.exec(client, 'exit 3')).status).toBe(3);
  });
});

testWithIPv6('an IPv6 client is known by its address, an IPv4 one by its own', async () => {
  const server = createServer();
  server.setLocalHost('');
  await server.config('UseIPv6=2');
  await server.startListening();
  const served = async () => {
    const port = server.getLocalPort();
    return [await isServed(port, '127.0.0.1'), await isServed(port, '::1')];
  };
  expect(await served()).toEqual([true, true]);
  for (const [setting, expected] of [
    ['AllowedClients=::1', [false, true]],
    ['AllowedClients=[::1]', [false, true]],
    ['AllowedClients=::/64', [false, true]],
    ['AllowedClients=127.0.0.0/8', [true, false]],
    ['AllowedClients=localhost', [true, expect.any(Boolean)]],
    ['AllowedClients=*', [true, true]],
    ['BlockedClients=::ffff:127.0.0.1', [false, true]],
    ['BlockedClients=::/0', [true, false]],
    ['BlockedClients=0.0.0.0/0,::/0', [false, false]],
  ]) {
    await server.config(setting);
    expect([setting, ...(await served())]).toEqual([setting, ...expected]);
  }
});

describe.each(['AllowedClients', 'BlockedClients'])('%s', (name) => {
  test.each([
    ['an address that is none', '10.0.0.256', '"10.0.0.256"'],
    ['half an address', '10.0.0', '"10.0.0"'],
    ['a prefix that is too long', '10.0.0.0/33', '"10.0.0.0/33"'],
    ['a netmask', '10.0.0.0/255.0.0.0', '"10.0.0.0/255.0.0.0"'],
    ['a wildcard that no address has', '10.0.0.0.*', '"10.0.0.0.*"'],
    ['an IPv6 wildcard', 'fd00:*', 'a prefix'],
    ['a space in a name', 'my host', '"my host"'],
    ['NUL', 'a\0b', 'control character'],
    ['a new line', '10.0.0.1\n10.0.0.2', 'control character'],
    ['letters that host names do not have', 'bücher.example', 'host name'],
    ['a long name', `${'a'.repeat(300)}.example`, 'host name'],
    ['more entries than allowed', '10.0.0.1,'.repeat(10_001), '10000 entries'],
    ['more wildcards than allowed', '10.*,'.repeat(1001), '1000 entries with *'],
    ['more host names than allowed', 'a.example,'.repeat(65), '64 host names'],
    ['megabytes', ' '.repeat(2 << 20), '1048576 bytes'],
  ])('%s is refused by name and changes nothing', async (_, value, detail) => {
    const server = await start(`${name}=127.0.0.1`);
    const error = await server.config(`${name}=10.0.0.1,${value}`).catch((e) => e);
    expect(error).toMatchObject({ name: 'SSHServerError', code: 10022 });
    expect(error.message).toContain(name);
    expect(error.message).toContain(detail);
    expect(error.message.length).toBeLessThan(400);
    expect(await server.config(name)).toBe('127.0.0.1');
    expect(await isServed(server.getLocalPort())).toBe(name === 'AllowedClients');
  });
});
