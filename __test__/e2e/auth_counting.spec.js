'use strict';

// A program that counts factors itself, as the reference shows for partialSuccess: a factor that it counts too
// early lets no client in.

const { password, publickey, refused, start, steps } = require('../support/auth_server.js');
const { userKey } = require('../support/keys.js');
const ssh2 = require('../support/ssh2_client.js');
const packets = require('../support/ssh2_packets.js');
const { byte, string } = require('../support/wire.js');

/** Accepts a client that has passed `needed` factors. */
function counting(needed) {
  const good = new Map();
  return (e) => {
    const isGood =
      (e.authMethod === 'publickey' && e.authParam === userKey().blob) ||
      (e.authMethod === 'password' && e.authParam === 'secret');
    if (!isGood) return;
    if (!good.has(e.connectionId)) good.set(e.connectionId, new Set());
    const ofConnection = good.get(e.connectionId).add(e.authMethod);
    e.accept = ofConnection.size >= needed;
    e.partialSuccess = !e.accept;
  };
}

const { parseKey } = require('ssh2').utils;

/** A key whose public half alone is known: the client asks about it, and what it signs is wrong. */
function publicHalf() {
  const [mine, other] = ['', 'other'].map((name) => parseKey(userKey('ed25519', name).text));
  const key = Object.create(mine);
  key.sign = (...args) => other.sign(...args);
  return key;
}

const forged = () => ({ type: 'publickey', username: 'demo', key: publicHalf() });

/** The replies to each step: the methods that can continue, and whether it was a partial success. */
async function denied(server, ...list) {
  const said = [];
  await refused(server, { authHandler: steps(list, said) });
  return said.slice(1);
}

describe('a program that counts factors itself', () => {
  test('counts no key whose public half alone is known', async () => {
    const { server, recorder } = await start(counting(2));
    expect(await denied(server, forged(), password('secret'))).toEqual([
      [['password', 'publickey'], false],
      [['publickey'], true],
    ]);
    const lines = recorder.all('Log').map((e) => e.message);
    expect(lines).toContain('login refused: the signature is wrong');
    expect(lines).toContain('accepted, but only in part: not yet proven is publickey');
    // Only the query was an event: the wrong signature asks nothing.
    const keys = recorder.all('SSHUserAuthRequest').filter((e) => e.authMethod === 'publickey');
    expect(keys.map((e) => e.signed)).toEqual([false]);
  });

  test('in the other order neither', async () => {
    const { server } = await start(counting(2));
    const said = await denied(server, password('secret'), forged(), password('secret'));
    expect(said.map(([, partial]) => partial)).toEqual([true, false, true]);
  });

  test.each(['publickey first', 'password first'])('lets in who has both, %s', async (order) => {
    const { server } = await start(counting(2));
    const both = [publickey(userKey()), password('secret')];
    const list = order === 'publickey first' ? both : both.reverse();
    const client = await ssh2.connect(server, { authHandler: steps(list) });
    expect((await ssh2.exec(client, 'exit 0')).status).toBe(0);
  });

  test('sees by signed which event is the proof', async () => {
    const { server, recorder } = await start(counting(1));
    await ssh2.connect(server, { authHandler: steps([publickey(userKey())]) });
    const events = recorder.all('SSHUserAuthRequest');
    expect(events.map((e) => [e.authMethod, e.signed])).toEqual([
      ['publickey', false],
      ['publickey', true],
    ]);
  });
});

describe('what is no UTF-8', () => {
  const latin1 = (text) => Buffer.from(text, 'latin1');

  /** Asks to log in with a password, in these bytes; the login of ssh2 itself stays undecided. */
  async function tryPassword(server, user, secret) {
    let answer;
    const answered = new Promise((resolve) => (answer = resolve));
    const client = ssh2.start(server, {
      authHandler: () => {
        const handlers = client._protocol._handlers;
        handlers.USERAUTH_FAILURE = (protocol, methods, partial) => answer({ methods, partial });
        handlers.USERAUTH_SUCCESS = () => answer('in');
        const fields = [string(user), string('ssh-connection'), string('password')];
        packets.sendPayload(client, byte(50), ...fields, byte(0), string(secret));
      },
    });
    const result = await answered;
    client.destroy();
    await client.closed;
    return result;
  }

  test('a user name is refused as a login, without an event', async () => {
    const { server, recorder } = await start((e) => (e.accept = true));
    const told = await tryPassword(server, latin1('Jos\xe9'), 'secret');
    expect(told).toMatchObject({ methods: ['password', 'publickey'], partial: false });
    expect(recorder.all('SSHUserAuthRequest')).toEqual([]);
    const lines = recorder.all('Log').map((e) => e.message);
    expect(lines).toContain('login refused: the user name is not UTF-8');
  });

  test('a password reaches the listener as bytes', async () => {
    const secret = latin1('p\xe4ssword');
    const { server, recorder } = await start((e) => {
      e.accept = e.authMethod === 'password' && secret.equals(e.authParamB);
    });
    expect(await tryPassword(server, 'demo', secret)).toBe('in');
    const [event] = recorder.all('SSHUserAuthRequest');
    expect(event.authParam).toBe('p\ufffdssword');
    expect(event.authParamB).toEqual(new Uint8Array(secret));
  });
});

test('a user name with control characters makes no line of its own in the log', async () => {
  const { server, recorder } = await start((e) => (e.accept = true));
  const username = 'demo\nAuthenticated: root\u001b[2J\u202e';
  await ssh2.connect(server, { authHandler: [password('secret', username)] });
  expect(recorder.all('SSHUserAuthRequest')[0].user).toBe(username);
  const shown = String.raw`Authenticated: demo\nAuthenticated: root\u{1b}[2J\u{202e}`;
  expect(recorder.all('Log').map((e) => e.message)).toContain(shown);
  expect(recorder.all('SSHStatus').map((e) => e.message)).toContain(shown);
});
