'use strict';

// Logins of several steps: partial successes, what the client is told after each, and whether they count for
// another user.

const { password, publickey, refused, start, steps } = require('../support/auth_server.js');
const { answering, ssh, testOnUnix, testWith } = require('../support/clients.js');
const { userKey } = require('../support/keys.js');
const { SSHPrompt, SSHPromptList } = require('../../index.js');
const ssh2 = require('../support/ssh2_client.js');

const METHODS = ['publickey', 'password', 'keyboard-interactive'];
const RIGHT = { password: 'secret', 'keyboard-interactive-1': '42' };

const isRight = (e) =>
  e.authMethod === 'keyboard-interactive' ||
  (e.authMethod === 'publickey' && e.authParam === userKey().blob) ||
  (e.authMethod in RIGHT && e.authParam === RIGHT[e.authMethod]);

/** Wants these methods in this order, as the documentation has it. */
function inOrder(order) {
  return (e) => {
    const method = e.authMethod.replace(/-\d+$/, '');
    const done = e.partialSuccesses.length;
    e.availableMethods = order[done];
    if (method !== order[done] || !isRight(e)) return;
    // The responses of a dialog count together.
    if (method !== e.authMethod || done === order.length - 1) e.accept = true;
    else {
      e.partialSuccess = true;
      e.availableMethods = order[done + 1];
    }
  };
}

function withPrompts(server) {
  server.setKeyboardInteractivePrompts(new SSHPromptList([new SSHPrompt('Code: ')]));
}

function permutations(list) {
  if (list.length < 2) return [list];
  return list.flatMap((first) =>
    permutations(list.filter((it) => it !== first)).map((rest) => [first, ...rest]),
  );
}

describe('with ssh', () => {
  const pairs = METHODS.flatMap((a) => METHODS.filter((b) => b !== a).map((b) => [a, b]));
  const orders = [...pairs, ...permutations(METHODS)];
  // The program ssh asks is a script, which Windows would not start.
  testOnUnix('ssh').each(orders.map((order) => [order.join(', then '), order]))(
    '%s',
    async (name, order) => {
      const { server, recorder } = await start(inOrder(order), withPrompts);
      const { status, stderr } = await ssh(server, 'exit 5', {
        options: ['LogLevel=DEBUG', 'NumberOfPasswordPrompts=1'],
        ...answering({ Code: '42', password: 'secret' }),
      });
      expect(status).toBe(5);
      const told = [...stderr.matchAll(/Authentications that can continue: (\S+)/g)];
      expect(told.map((match) => match[1])).toEqual(order);
      const partial = [...stderr.matchAll(/using "(\S+)" with partial success/g)];
      expect(partial.map((match) => match[1])).toEqual(order.slice(0, -1));
      // And each event knows what came before it.
      const last = recorder.all('SSHUserAuthRequest').at(-1);
      expect(last.partialSuccesses).toEqual(order.slice(0, -1));
    },
  );

  testWith('ssh', 'two keys', async () => {
    const keys = [userKey(), userKey('ed25519', 'other')];
    const { server } = await start((e) => {
      if (e.authMethod !== 'publickey') return;
      e.availableMethods = 'publickey';
      const number = e.partialSuccesses.length;
      if (e.authParam !== keys[number].blob) return;
      if (number === 0) e.partialSuccess = true;
      else e.accept = true;
    });
    const options = { key: keys[0], flags: ['-i', keys[1].file], options: ['BatchMode=yes'] };
    expect(await ssh(server, 'exit 0', options)).toMatchObject({ status: 0 });
    // The second alone is not enough.
    const one = { key: keys[1], options: ['BatchMode=yes'] };
    expect(await ssh(server, 'exit 0', one)).toMatchObject({ status: 255 });
  });
});

test('partialSuccess and availableMethods are what the client is told', async () => {
  const { server } = await start(inOrder(['publickey', 'password']));
  const said = [];
  const client = await ssh2.connect(server, {
    authHandler: steps([publickey(userKey()), password('wrong'), password('secret')], said),
  });
  expect(said).toEqual([
    [null, null],
    [['password'], true],
    [['password'], false],
  ]);
  expect((await ssh2.exec(client, 'exit 0')).status).toBe(0);
});

test('accept lets in at once, whatever partialSuccess says', async () => {
  const { server } = await start((e) => {
    e.accept = e.authMethod === 'password';
    e.partialSuccess = true;
  });
  const client = await ssh2.connect(server, { authHandler: [password('x')] });
  expect((await ssh2.exec(client, 'exit 0')).status).toBe(0);
});

test.each([
  [
    'throws',
    () => {
      throw new Error('out of order');
    },
  ],
  ['rejects', () => Promise.reject(new Error('out of order'))],
  ['sets partialSuccess to something else', (e) => (e.partialSuccess = 'yes')],
])('a listener that %s at one step refuses that step only', async (what, listener) => {
  let broken = true;
  const order = inOrder(['publickey', 'password']);
  const { server, recorder } = await start((e) => {
    if (e.authMethod === 'password' && broken) {
      broken = false;
      return listener(e);
    }
    return order(e);
  });
  const said = [];
  await ssh2.connect(server, {
    authHandler: steps([publickey(userKey()), password('secret'), password('secret')], said),
  });
  expect(said.map(([, partial]) => partial)).toEqual([null, true, false]);
  expect(recorder.all('Error').map((e) => e.errorCode)).toEqual([1300]);
});

describe('another user name after a partial success', () => {
  /** Counts factors itself for each connection, and ignores that they belong to one user. */
  function careless() {
    const done = new Set();
    return (e) => {
      if (e.authMethod === 'publickey') {
        e.partialSuccess = true;
        e.availableMethods = 'password';
        done.add(e.connectionId);
      }
      if (e.authMethod === 'password') e.accept = done.has(e.connectionId);
    };
  }

  /** Ann's key, and then Bob's password: they are not let in, and are told this after each. */
  async function annAndBob(authenticate, ...told) {
    const { server, recorder } = await start(authenticate);
    const said = [];
    await refused(server, {
      authHandler: steps([publickey(userKey(), 'ann'), password('secret', 'bob')], said),
    });
    expect(said).toEqual([[null, null], ...told]);
    return recorder;
  }

  test('clears partialSuccesses', async () => {
    const recorder = await annAndBob(
      inOrder(['publickey', 'password']),
      [['password'], true],
      [['publickey'], false],
    );
    const events = recorder.all('SSHUserAuthRequest');
    expect(events.map((e) => [e.user, e.authMethod, e.partialSuccesses])).toEqual([
      ['ann', 'publickey', []],
      ['ann', 'publickey', []],
      ['bob', 'password', []],
    ]);
  });

  test('the other user needs the same methods, even if the listener forgets that', async () => {
    // What the listener accepted was the second factor of bob, whose first is still to come.
    const recorder = await annAndBob(careless(), [['password'], true], [['publickey'], true]);
    expect(recorder.all('SSHChannelOpenRequest')).toEqual([]);
  });

  test('with all of them the other user is in', async () => {
    const { server, recorder } = await start(inOrder(['publickey', 'password']));
    const client = await ssh2.connect(server, {
      authHandler: steps([
        publickey(userKey(), 'ann'),
        publickey(userKey(), 'bob'),
        password('secret', 'bob'),
      ]),
    });
    expect((await ssh2.exec(client, 'exit 0')).status).toBe(0);
    expect(recorder.all('SSHUserAuthRequest').at(-1)).toMatchObject({
      user: 'bob',
      partialSuccesses: ['publickey'],
    });
  });
});
