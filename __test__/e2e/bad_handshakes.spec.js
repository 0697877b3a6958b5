'use strict';

// Input that no honest client sends before there are keys: each ends its own connection with a reason that
// says why, and another connection, with a channel that echoes, is not affected.

const { generateKeyPairSync, getDiffieHellman } = require('node:crypto');
const { VERSION, RawClient, kexInit, message, packet } = require('../support/raw_client.js');
const { Recorder, startCommandServer } = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');
const { uint32 } = require('../support/wire.js');

const NO_KEX = '3: no agreement: no common key exchange algorithm';
const NO_HOST_KEY = '3: no agreement: no common host key algorithm';
const NO_CIPHER = '3: no agreement: no common cipher';
const NO_MAC = '3: no agreement: no common MAC';
const NO_COMPRESSION = '3: no agreement: no common compression';
const BAD_LIST = '2: invalid message: name-list is not valid';
const BAD_VALUE = '3: cryptographic check failed: public value';
const BAD_MPINT = '2: invalid message: mpint is not valid';
const TOO_SHORT = '2: invalid message: message too short';
const TOO_LONG = '2: invalid message: bytes after the last field';

const GROUP14 = 'diffie-hellman-group14-sha256';
const GROUP_EXCHANGE = 'diffie-hellman-group-exchange-sha256';

/** What ends a connection, beside one that goes on: `bad` makes connections, `settle` says how all went. */
async function start() {
  let recorder;
  const server = await startCommandServer((it) => {
    recorder = new Recorder(it, ['Connected', 'Disconnected', 'Error']);
    return it.config('MaxConnections=1000');
  });
  const neighbour = await ssh2.connect(server);
  const stream = await ssh2.openSession(neighbour, 'cat');
  /** A byte goes there and comes back. */
  const echo = async (text) => {
    const back = new Promise((resolve) => stream.once('data', resolve));
    stream.write(text);
    expect((await back).toString()).toBe(text);
  };
  await echo('before');
  return {
    server,
    echo,
    /** Sends all this at once; resolves to what the server said last. */
    async send(...parts) {
      const client = new RawClient(server);
      client.write(VERSION, ...parts);
      return client.disconnected();
    },
    /** One Disconnected for each Connected, except for the other connection, which still echoes. */
    async settle(connections) {
      await recorder.count('Disconnected', connections);
      expect(recorder.all('Connected')).toHaveLength(connections + 1);
      expect(recorder.all('Disconnected')).toHaveLength(connections);
      // That nothing can be agreed upon is told by an Error too, once for each connection.
      const errors = recorder.all('Error').map((e) => e.description);
      const disagreements = recorder
        .all('Disconnected')
        .filter((e) => e.description.includes('no agreement'))
        .map((e) => e.description);
      expect(errors.sort()).toEqual(disagreements.sort());
      expect(server.getConnections().size()).toBe(1);
      await echo('after');
    },
  };
}

/** Big-endian, with a zero before a first bit that is set. */
function mpint(number) {
  if (number === 0n) return Buffer.alloc(0);
  let digits = number.toString(16);
  if (digits.length % 2) digits = `0${digits}`;
  if (digits[0] >= '8') digits = `00${digits}`;
  return Buffer.from(digits, 'hex');
}

/** A valid public value on P-256. */
function point() {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x, y } = publicKey.export({ format: 'jwk' });
  return Buffer.concat([
    Buffer.from([4]),
    Buffer.from(x, 'base64url'),
    Buffer.from(y, 'base64url'),
  ]);
}

/** The values of Diffie-Hellman that would make the secret known to everybody, and others. */
function badValues(prime) {
  return [
    ['0', mpint(0n)],
    ['1', mpint(1n)],
    ['p - 1', mpint(prime - 1n)],
    ['p', mpint(prime)],
    ['p + 1', mpint(prime + 1n)],
    ['2p', mpint(prime * 2n)],
    ['of 32,000 bits', Buffer.alloc(4000, 0x7f)],
  ];
}

test('odd and impossible proposals end with a reason that names the list', async () => {
  const { send, echo, settle } = await start();
  const other = 'unknown@example.com';
  const rows = [
    [{ kex: '' }, NO_KEX],
    [{ kex: other }, NO_KEX],
    [{ kex: 'CURVE25519-SHA256' }, NO_KEX],
    [{ kex: 'ext-info-c,kex-strict-c-v00@openssh.com' }, NO_KEX],
    [{ hostKey: '' }, NO_HOST_KEY],
    [{ hostKey: 'ssh-dss' }, NO_HOST_KEY],
    [{ cipherIn: other }, NO_CIPHER],
    [{ cipherOut: '' }, NO_CIPHER],
    [{ macIn: other }, NO_MAC],
    [{ macOut: '' }, NO_MAC],
    [{ compressionIn: other }, NO_COMPRESSION],
    [{ compressionOut: '' }, NO_COMPRESSION],
    [{ kex: ',' }, BAD_LIST],
    [{ kex: 'curve25519-sha256,,' }, BAD_LIST],
    [{ kex: ',curve25519-sha256' }, BAD_LIST],
    [{ hostKey: 'a,,ssh-ed25519' }, BAD_LIST],
    [{ cipherIn: 'aes128-ctr,\xe4' }, BAD_LIST],
    [{ macIn: 'a b\0' }, BAD_LIST],
    [{ kex: 'x'.repeat(65) }, BAD_LIST],
  ];
  for (const [lists, reason] of rows) {
    expect([lists, await send(packet(kexInit(lists)))]).toEqual([lists, reason]);
    await echo('x');
  }
  await settle(rows.length);
});

test('unknown names are passed over, and names that come twice count once', async () => {
  const { server, settle } = await start();
  const value = packet(message(30, Buffer.alloc(32, 9)));
  const rows = [
    { kex: 'unknown@example.com,curve25519-sha256,curve25519-sha256,gss-x' },
    { hostKey: 'ssh-ed448,ssh-ed25519,ssh-ed25519,x509v3-sign-rsa' },
    { cipherIn: 'aes128-ctr,aes128-ctr', macOut: 'none,hmac-sha2-256' },
    // as libssh 0.10 sends it
    { cipherOut: 'aes128-ctr,' },
  ];
  for (const lists of rows) {
    const client = new RawClient(server);
    client.write(VERSION, packet(kexInit(lists)), value);
    expect([lists, (await client.first(31))?.[0]]).toEqual([lists, 31]);
    client.socket.destroy();
  }
  await settle(rows.length);
});

test('public values that nobody honest sends are refused in every kind of key exchange', async () => {
  const { server, send, echo, settle } = await start();
  const good = point();
  const offCurve = Buffer.from(good);
  offCurve[64] ^= 1;
  const compressed = Buffer.concat([Buffer.from([2]), good.subarray(1, 33)]);
  // The u-coordinates of small order that RFC 7748 section 6.1 is about: 0, 1, and one of order 8.
  const order8 = 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800';
  const one = Buffer.alloc(32);
  one[0] = 1;
  const rows = [
    ['curve25519-sha256', 'zero', Buffer.alloc(32)],
    ['curve25519-sha256', 'one', one],
    ['curve25519-sha256', 'order 8', Buffer.from(order8, 'hex')],
    ['curve25519-sha256', 'short', Buffer.alloc(31, 9)],
    ['curve25519-sha256', 'long', Buffer.alloc(33, 9)],
    ['curve25519-sha256', 'empty', Buffer.alloc(0)],
    ['ecdh-sha2-nistp256', 'off the curve', offCurve],
    ['ecdh-sha2-nistp256', 'infinity', Buffer.from([0])],
    ['ecdh-sha2-nistp256', 'compressed', compressed],
    ['ecdh-sha2-nistp256', 'short', good.subarray(0, 64)],
    ['ecdh-sha2-nistp256', 'long', Buffer.concat([good, Buffer.alloc(1)])],
    ['ecdh-sha2-nistp384', 'of another curve', good],
    ['ecdh-sha2-nistp521', 'no point', Buffer.alloc(133, 4)],
    ['mlkem768x25519-sha256', 'no key', Buffer.alloc(1184 + 32, 0xff)],
    ['mlkem768x25519-sha256', 'short', Buffer.alloc(1184 + 31, 9)],
    ['sntrup761x25519-sha512', 'short', Buffer.alloc(1158 + 31, 9)],
    ['sntrup761x25519-sha512', 'zero X25519', Buffer.alloc(1158 + 32)],
  ];
  const group14 = BigInt(`0x${getDiffieHellman('modp14').getPrime('hex')}`);
  rows.push(...badValues(group14).map(([name, value]) => [GROUP14, name, value]));
  for (const [kex, name, value] of rows) {
    const reason = await send(packet(kexInit({ kex })), packet(message(30, value)));
    expect([kex, name, reason]).toEqual([kex, name, BAD_VALUE]);
    await echo('x');
  }
  const notNumbers = [
    ['negative', Buffer.from([0x80])],
    ['with a zero too many', Buffer.from([0, 2])],
  ];
  for (const [name, value] of notNumbers) {
    const reason = await send(packet(kexInit({ kex: GROUP14 })), packet(message(30, value)));
    expect([name, reason]).toEqual([name, BAD_MPINT]);
  }

  // In a group exchange the modulus is known only when it comes.
  const groups = badValues(0n).length;
  for (let at = 0; at < groups; at++) {
    const client = new RawClient(server);
    const request = Buffer.concat([Buffer.from([34]), ...[2048, 2048, 8192].map(uint32)]);
    client.write(VERSION, packet(kexInit({ kex: GROUP_EXCHANGE })), packet(request));
    const group = await client.first(31);
    const prime = BigInt(`0x${group.subarray(5, 5 + group.readUInt32BE(1)).toString('hex')}`);
    const [name, value] = badValues(prime)[at];
    client.write(packet(message(32, value)));
    expect([name, await client.disconnected()]).toEqual([name, BAD_VALUE]);
  }
  await settle(rows.length + notNumbers.length + groups);
}, 60_000);

test('each message of a handshake, cut at each byte or one byte too long, is told so', async () => {
  const { send, settle } = await start();
  const init = kexInit();
  const value = message(30, Buffer.alloc(32, 9));
  const cases = [];
  for (let length = 1; length < init.length; length++) {
    cases.push([TOO_SHORT, packet(init.subarray(0, length))]);
  }
  for (let length = 1; length < value.length; length++) {
    cases.push([TOO_SHORT, packet(init), packet(value.subarray(0, length))]);
  }
  cases.push([TOO_LONG, packet(Buffer.concat([init, Buffer.alloc(1)]))]);
  cases.push([TOO_LONG, packet(init), packet(Buffer.concat([value, Buffer.alloc(1)]))]);
  for (let at = 0; at < cases.length; at += 16) {
    const some = cases.slice(at, at + 16);
    const reasons = await Promise.all(some.map(([, ...parts]) => send(...parts)));
    expect(reasons).toEqual(some.map(([reason]) => reason));
  }
  await settle(cases.length);
}, 60_000);

test('a client that leaves after any byte of its handshake leaves nothing behind', async () => {
  const { server, settle } = await start();
  const value = packet(message(30, Buffer.alloc(32, 9)));
  const flight = Buffer.concat([Buffer.from(VERSION), packet(kexInit()), value]);
  for (let at = 0; at <= flight.length; at += 16) {
    const clients = [];
    for (let length = at; length < at + 16 && length <= flight.length; length++) {
      const client = new RawClient(server);
      client.socket.end(flight.subarray(0, length));
      clients.push(client);
    }
    await Promise.all(clients.map((client) => client.closed));
  }
  await settle(flight.length + 1);
}, 60_000);
