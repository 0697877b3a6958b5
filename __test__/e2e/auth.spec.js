'use strict';

const { SSHPrompt, SSHPromptList } = require('../../index.js');
const { ssh, testWith } = require('../support/clients.js');
const { writeFile } = require('../support/folder.js');
const { userKey } = require('../support/keys.js');
const { deferred, createServer, Recorder, runCommands } = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');

/** A command server that authenticates as `authenticate` says. */
async function start(authenticate, configure = () => {}) {
  const server = createServer();
  const recorder = new Recorder(server);
  if (authenticate) server.on('SSHUserAuthRequest', authenticate);
  server.on('SSHChannelOpenRequest', (e) => (e.accept = true));
  runCommands(server);
  await configure(server);
  await server.startListening();
  return { server, recorder };
}

const asked = (recorder) =>
  recorder.all('SSHUserAuthRequest').map((e) => [e.authMethod, e.authParam]);

/** The methods the server says can continue, for a client that gives up at once. */
function methodsLeft(server) {
  return new Promise((resolve) => {
    const client = ssh2.start(server, {
      authHandler: (methods, partial, next) => {
        if (methods === null) return next('none');
        resolve(methods);
        return next(false);
      },
    });
    client.ready.catch(() => {});
  });
}

async function refused(server, options) {
  const client = ssh2.start(server, options);
  await expect(client.ready).rejects.toThrow(/authentication methods failed/);
  await client.closed;
}

describe('none', () => {
  test('is refused with the methods of DefaultAuthMethods', async () => {
    const { server } = await start(null, (it) => it.setDefaultAuthMethods('publickey'));
    expect(await methodsLeft(server)).toEqual(['publickey']);
  });

  test('is refused with the availableMethods a listener sets', async () => {
    const { server } = await start((e) => {
      expect(e.availableMethods).toBe('password,publickey');
      e.availableMethods = 'keyboard-interactive,publickey';
    });
    expect(await methodsLeft(server)).toEqual(['keyboard-interactive', 'publickey']);
  });

  test('lets the client in when it is accepted', async () => {
    const { server } = await start((e) => (e.accept = true));
    const client = await ssh2.connect(server, { authHandler: ['none'] });
    expect((await ssh2.exec(client, 'exit 3')).status).toBe(3);
  });

  test('without a listener nobody is let in', async () => {
    const { server } = await start(null);
    await refused(server, { password: 'x' });
  });
});

describe('password', () => {
  const check = (e) => {
    e.accept = e.authMethod === 'password' && e.user === 'zoë' && e.authParam === 'pässwort,=;';
  };

  test('tells user and password', async () => {
    const { server, recorder } = await start(check);
    await ssh2.connect(server, { username: 'zoë', password: 'pässwort,=;' });
    expect(asked(recorder)).toEqual([
      ['none', ''],
      ['password', 'pässwort,=;'],
    ]);
  });

  test('is refused with another one', async () => {
    const { server } = await start(check);
    await refused(server, { username: 'zoë', password: 'guess' });
  });
});

describe('publickey', () => {
  const check = (e) => {
    e.accept = e.authMethod === 'publickey' && e.authParam === userKey().blob;
  };

  testWith('ssh', 'fires for the query and again for the signature', async () => {
    const { server, recorder } = await start(check);
    expect(await ssh(server, 'exit 0')).toMatchObject({ status: 0 });
    const { blob } = userKey();
    expect(asked(recorder)).toEqual([
      ['none', ''],
      ['publickey', blob],
      ['publickey', blob],
    ]);
  });

  testWith('ssh', 'another key is refused', async () => {
    const { server } = await start(check);
    const { status, stderr } = await ssh(server, 'exit 0', {
      key: userKey('ed25519', 'other'),
      options: ['BatchMode=yes'],
    });
    expect(status).toBe(255);
    expect(stderr).toMatch(/Permission denied \(password,publickey\)/);
  });

  test('a signature that is not by the key lets nobody in, whatever the listener says', async () => {
    const { server, recorder } = await start((e) => {
      if (e.authMethod === 'publickey') e.accept = true;
    });
    const { utils } = require('ssh2');
    const [mine, other] = ['', 'other'].map((name) =>
      utils.parseKey(userKey('ed25519', name).text),
    );
    const forged = Object.create(mine);
    forged.sign = (...args) => other.sign(...args);
    await refused(server, {
      authHandler: (methods, partial, next) =>
        next(methods === null ? { type: 'publickey', username: 'demo', key: forged } : false),
    });
    expect(recorder.all('SSHChannelOpenRequest')).toEqual([]);
  });
});

describe('keyboard-interactive', () => {
  const ANSWERS = { 'Name: ': 'Ada', 'Code: ': '123', Third: 'c' };

  function prompts(...list) {
    const result = new SSHPromptList();
    for (const [text, echo] of list) result.add(new SSHPrompt(text, echo));
    return result;
  }

  function ask(list, message = 'Who are you?') {
    return (server) => {
      server.setDefaultAuthMethods('keyboard-interactive');
      server.setKeyboardInteractiveMessage(message);
      server.setKeyboardInteractivePrompts(list);
    };
  }

  function connect(server, answers, seen = []) {
    const client = ssh2.start(server, { tryKeyboard: true, authHandler: undefined });
    client.on('keyboard-interactive', (name, instruction, language, list, finish) => {
      seen.push({ instruction, list });
      finish(answers(list));
    });
    return client.ready;
  }

  const byPrompt = (list) => list.map(({ prompt }) => ANSWERS[prompt]);

  test.each([2, 3])('with %i prompts: an event for each response, and one for all', async (n) => {
    const list = [
      ['Name: ', true],
      ['Code: ', false],
      ['Third', false],
    ].slice(0, n);
    const { server, recorder } = await start(
      (e) => (e.accept = /^keyboard/.test(e.authMethod)),
      ask(prompts(...list)),
    );
    const seen = [];
    await connect(server, byPrompt, seen);
    expect(seen).toEqual([
      {
        instruction: 'Who are you?',
        list: list.map(([prompt, echo]) => ({ prompt, echo })),
      },
    ]);
    const responses = list.map(([prompt], i) => [`keyboard-interactive-${i + 1}`, ANSWERS[prompt]]);
    const kbd = asked(recorder).filter(([method]) => /^keyboard/.test(method));
    expect(kbd).toEqual([...responses, ['keyboard-interactive', '']]);
  });

  test.each(['keyboard-interactive-1', 'keyboard-interactive-2', 'keyboard-interactive'])(
    '%s alone refused is refused',
    async (method) => {
      const { server } = await start(
        (e) => (e.accept = /^keyboard/.test(e.authMethod) && e.authMethod !== method),
        ask(prompts(['Name: ', true], ['Code: ', false])),
      );
      await expect(connect(server, byPrompt)).rejects.toThrow(/failed/);
    },
  );

  test('a connection may have prompts of its own', async () => {
    const { server } = await start(
      (e) => {
        if (e.authMethod === 'none' && e.user === 'demo') {
          const name = `KeyboardInteractivePrompts[${e.connectionId}]`;
          void server.config(`${name}=Code: ,echo=false;Third,echo=true`);
        }
        e.accept = /^keyboard/.test(e.authMethod);
      },
      ask(prompts(['Name: ', true])),
    );
    const seen = [];
    await connect(server, byPrompt, seen);
    expect(seen[0].list).toEqual([
      { prompt: 'Code: ', echo: false },
      { prompt: 'Third', echo: true },
    ]);
  });

  // The program ssh asks is a script, which Windows would not start.
  const withAskpass = process.platform === 'win32' ? test.skip : testWith.bind(null, 'ssh');
  withAskpass('ssh answers 2 prompts', async () => {
    const { server, recorder } = await start(
      (e) => {
        const expected = { 'keyboard-interactive-1': 'Ada', 'keyboard-interactive-2': '123' };
        e.accept =
          e.authMethod === 'keyboard-interactive' || expected[e.authMethod] === e.authParam;
        if (e.authMethod === 'none') e.accept = false;
      },
      ask(prompts(['Name: ', true], ['Code: ', false])),
    );
    const askpass = writeFile(
      'askpass',
      '#!/bin/sh\ncase "$1" in *Name*) echo Ada;; *Code*) echo 123;; *) exit 1;; esac\n',
      0o700,
    );
    const result = await ssh(server, 'exit 4', {
      key: null,
      options: ['PreferredAuthentications=keyboard-interactive'],
      env: { SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force', DISPLAY: ':none' },
      detached: true,
    });
    expect(result).toMatchObject({ status: 4, stderr: '' });
    expect(asked(recorder).map(([method]) => method)).toEqual([
      'none',
      'keyboard-interactive-1',
      'keyboard-interactive-2',
      'keyboard-interactive',
    ]);
  });
});

describe('several factors', () => {
  test('partialSuccess has the client go on with another method', async () => {
    const done = new Map();
    const { server } = await start((e) => {
      if (e.authMethod === 'publickey') {
        e.partialSuccess = true;
        e.availableMethods = 'password';
        done.set(e.connectionId, 'publickey');
      }
      if (e.authMethod === 'password') e.accept = done.get(e.connectionId) === 'publickey';
    });
    const partial = [];
    const { text } = userKey();
    const steps = [
      { type: 'publickey', username: 'demo', key: text },
      { type: 'password', username: 'demo', password: 'x' },
    ];
    const client = await ssh2.connect(server, {
      authHandler: (methods, success, next) => {
        partial.push([methods, success]);
        return next(steps.shift() ?? false);
      },
    });
    expect(partial).toEqual([
      [null, null],
      [['password'], true],
    ]);
    expect((await ssh2.exec(client, 'exit 0')).status).toBe(0);
  });

  testWith('ssh', 'two keys of ssh', async () => {
    const keys = [userKey(), userKey('ed25519', 'other')];
    const signed = new Set();
    const { server } = await start((e) => {
      if (e.authMethod !== 'publickey') return;
      // The event of a signature comes after one of a query for the same key.
      const first = !signed.has(e.connectionId);
      if (e.authParam === keys[0].blob && first) e.partialSuccess = true;
      if (e.authParam === keys[1].blob) e.accept = true;
      e.availableMethods = 'publickey';
    });
    const options = { key: keys[0], flags: ['-i', keys[1].file], options: ['BatchMode=yes'] };
    expect(await ssh(server, 'exit 0', options)).toMatchObject({ status: 0 });
  });
});

describe('UserAuthBanner', () => {
  const BANNER = 'Grüße 日本語\r\nsecond line\n';

  test('set in the event is sent once', async () => {
    const { server } = await start(async (e) => {
      await server.config(`UserAuthBanner[${e.connectionId}]=${BANNER}`);
      e.accept = e.authMethod === 'password';
    });
    const client = ssh2.start(server, { password: 'x' });
    const banners = [];
    client.on('banner', (text) => banners.push(text));
    await client.ready;
    expect(banners.length).toBeGreaterThan(0);
    expect(new Set(banners)).toEqual(new Set([BANNER]));
  });

  testWith('ssh', 'is shown by ssh', async () => {
    const { server } = await start((e) => {
      if (e.authMethod === 'none')
        void server.config(`UserAuthBanner[${e.connectionId}]=${BANNER}`);
      e.accept = e.authMethod === 'publickey';
    });
    const { stderr } = await ssh(server, 'exit 0', { options: ['LogLevel=INFO'] });
    expect(stderr).toContain('Grüße 日本語');
    expect(stderr.match(/second line/g)).toHaveLength(1);
  });
});

describe('MaxAuthAttempts', () => {
  async function attempts(server) {
    let count = 0;
    const client = ssh2.start(server, {
      authHandler: (methods, partial, next) => {
        if (methods === null) return next('none');
        count++;
        return next({ type: 'password', username: 'demo', password: 'guess' });
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
      statusCode: expect.any(Number),
    });
  });

  test('starts as 6', async () => {
    const { server } = await start(() => {});
    expect(await server.config('MaxAuthAttempts')).toBe('6');
    expect(await attempts(server)).toBe(7);
  });
});

describe('listeners', () => {
  test('may answer later', async () => {
    const { server } = await start(async (e) => {
      await new Promise(setImmediate);
      e.accept = e.authMethod === 'password';
    });
    await ssh2.connect(server, { password: 'x' });
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('out of order');
      },
    ],
    ['rejects', () => Promise.reject(new Error('out of order'))],
    [
      'sets accept to something else',
      (e) => {
        e.accept = 'yes';
      },
    ],
  ])('one that %s refuses, and an Error event tells', async (kind, listener) => {
    const { server, recorder } = await start((e) => {
      if (e.authMethod === 'password') return listener(e);
      return undefined;
    });
    // It is refused even when another listener accepts.
    if (kind !== 'sets accept to something else') {
      server.prependListener('SSHUserAuthRequest', (e) => (e.accept = e.authMethod === 'password'));
    }
    await refused(server, { password: 'x' });
    const [{ connectionId }] = recorder.all('Connected');
    expect(recorder.all('Error')).toEqual([
      expect.objectContaining({ connectionId, errorCode: 1300, description: expect.any(String) }),
    ]);
    expect(recorder.all('Error')[0].description).toMatch(/SSHUserAuthRequest/);
  });

  test('a slow one delays nobody else', async () => {
    const OTHERS = 10;
    const [others, called] = [deferred(), deferred()];
    const { server } = await start(async (e) => {
      if (e.user === 'slow' && e.authMethod === 'password') {
        called.resolve();
        // At least two seconds, and until all others are done: were they held up, this would never end.
        await Promise.all([new Promise((resolve) => setTimeout(resolve, 2000)), others.promise]);
      }
      e.accept = e.authMethod === 'password';
    });
    const slow = ssh2.start(server, { username: 'slow', password: 'x' });
    let slowIsIn = false;
    slow.once('ready', () => (slowIsIn = true));
    await called.promise;
    const times = [];
    for (let i = 0; i < OTHERS; i++) {
      const since = performance.now();
      const client = await ssh2.connect(server, { password: 'x' });
      await ssh2.exec(client, 'exit 0');
      times.push(performance.now() - since);
    }
    expect(slowIsIn).toBe(false);
    others.resolve();
    await slow.ready;
    times.sort((a, b) => a - b);
    console.log(
      `While one listener waits 2 s, a login and command of another connection takes ` +
        `${times[0].toFixed(0)} to ${times.at(-1).toFixed(0)} ms (median ${times[OTHERS / 2].toFixed(0)} ms).`,
    );
  });
});
