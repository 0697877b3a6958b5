'use strict';

// The method keyboard-interactive: prompts as clients see them, and an event for each response.

const fs = require('node:fs');
const { SSHPrompt, SSHPromptList } = require('../../index.js');
const { asked, knock, refused, start } = require('../support/auth_server.js');
const { answering, askedBy, ssh, testOnUnix } = require('../support/clients.js');
const { writeFile } = require('../support/folder.js');
const ssh2 = require('../support/ssh2_client.js');
const { thrown } = require('../support/failures.js');

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
  const withAskpass = testOnUnix('ssh');
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
    const result = await ssh(server, 'exit 4', {
      key: null,
      options: ['PreferredAuthentications=keyboard-interactive'],
      ...answering({ Name: 'Ada', Code: '123' }),
    });
    expect(result).toMatchObject({ status: 4, stderr: '' });
    expect(asked(recorder).map(([method]) => method)).toEqual([
      'none',
      'keyboard-interactive-1',
      'keyboard-interactive-2',
      'keyboard-interactive',
    ]);
  });

  withAskpass('ssh shows the message and the prompts as they were set, in UTF-8', async () => {
    const list = [
      ['Gr\u00f6\u00dfe der Schl\u00fcssel: ', true],
      ['\u5408\u8a00\u8449 \u2013 ', false],
    ];
    const { server, recorder } = await start(
      (e) => (e.accept = /^keyboard/.test(e.authMethod)),
      ask(prompts(...list), 'Wer bist du?\nZoe'),
    );
    const shown = writeFile('shown', '');
    const result = await ssh(server, 'exit 0', {
      key: null,
      options: ['PreferredAuthentications=keyboard-interactive', 'LogLevel=INFO'],
      ...askedBy(`echo "$1" >> ${shown}; echo \u00e4\u5b57`),
    });
    expect(result.status).toBe(0);
    const lines = fs.readFileSync(shown, 'utf8').split('\n').slice(0, -1);
    // This client puts the user and host before the prompt.
    expect(lines.map((line) => line.replace(/^\(.*?\) /, ''))).toEqual(
      list.map(([prompt]) => prompt),
    );
    expect(result.stderr).toContain('Wer bist du?');
    expect(asked(recorder).slice(1)).toEqual([
      ['keyboard-interactive-1', '\u00e4\u5b57'],
      ['keyboard-interactive-2', '\u00e4\u5b57'],
      ['keyboard-interactive', ''],
    ]);
  });

  test('32 prompts with the echo flags the client sees', async () => {
    const list = Array.from({ length: 32 }, (_, i) => [`${i}`, i % 3 === 0]);
    const { server, recorder } = await start(
      (e) => (e.accept = /^keyboard/.test(e.authMethod)),
      ask(prompts(...list)),
    );
    const seen = [];
    await connect(server, (it) => it.map(({ prompt }) => `answer ${prompt}`), seen);
    expect(seen[0].list).toEqual(list.map(([prompt, echo]) => ({ prompt, echo })));
    const judged = asked(recorder).filter(([method]) => /^keyboard-interactive-/.test(method));
    expect(judged).toEqual(list.map((_, i) => [`keyboard-interactive-${i + 1}`, `answer ${i}`]));
  });

  test('each connection has its own prompts at the same time, and the others the property', async () => {
    const { server } = await start(
      (e) => {
        const name = `KeyboardInteractivePrompts[${e.connectionId}]`;
        if (e.authMethod === 'none' && e.user !== 'property')
          void server.config(`${name}=For ${e.user},echo=true`);
        e.accept = /^keyboard/.test(e.authMethod) && ['', 'for me'].includes(e.authParam);
      },
      ask(prompts(['For all', false])),
    );
    const logins = ['ann', 'bob', 'property'].map(async (username) => {
      const client = ssh2.start(server, { tryKeyboard: true, authHandler: undefined, username });
      const seen = [];
      client.on('keyboard-interactive', (name, instruction, language, list, finish) => {
        seen.push(...list);
        finish(['for me']);
      });
      await client.ready;
      return seen;
    });
    expect(await Promise.all(logins)).toEqual([
      [{ prompt: 'For ann', echo: true }],
      [{ prompt: 'For bob', echo: true }],
      [{ prompt: 'For all', echo: false }],
    ]);
  });

  test('without prompts the message alone is shown, and the whole is asked about', async () => {
    const { server, recorder } = await start(
      (e) => (e.accept = e.authMethod === 'keyboard-interactive'),
      ask(prompts(), 'Look at your telephone.'),
    );
    await ssh2.connect(server, { tryKeyboard: true, authHandler: undefined });
    expect(asked(recorder).at(-1)).toEqual(['keyboard-interactive', '']);
  });

  test('without prompts and without message it is refused, and no listener can let it in', async () => {
    const { server, recorder } = await start(
      (e) => (e.accept = /^keyboard/.test(e.authMethod)),
      ask(prompts(), ''),
    );
    await refused(server, { tryKeyboard: true, authHandler: undefined });
    expect(asked(recorder).map(([method]) => method)).toEqual(['none']);
  });

  test.each(['keyboard-interactive-1', 'keyboard-interactive-2', 'keyboard-interactive'])(
    'a listener that throws at %s refuses that login only, after all was asked',
    async (method) => {
      const { server, recorder } = await start(
        (e) => {
          if (e.user === 'unlucky' && e.authMethod === method) throw new Error('no database');
          e.accept = /^keyboard/.test(e.authMethod);
        },
        ask(prompts(['Name: ', true], ['Code: ', false])),
      );
      const login = (username) => {
        const client = ssh2.start(server, { tryKeyboard: true, authHandler: undefined, username });
        client.on('keyboard-interactive', (a, b, c, list, finish) => finish(byPrompt(list)));
        return client.ready;
      };
      const [unlucky, other] = await Promise.allSettled([login('unlucky'), login('other')]);
      expect([unlucky.status, other.status]).toEqual(['rejected', 'fulfilled']);
      const ofUnlucky = recorder.all('SSHUserAuthRequest').filter((e) => e.user === 'unlucky');
      expect(ofUnlucky.map((e) => e.authMethod)).toEqual([
        'none',
        'keyboard-interactive-1',
        'keyboard-interactive-2',
        'keyboard-interactive',
      ]);
      const errors = recorder.all('Error').map((e) => [e.connectionId, e.errorCode]);
      expect(errors).toEqual([[ofUnlucky[0].connectionId, 1300]]);
    },
  );
});

describe('prompts and messages that cannot be sent', () => {
  const TOO_LONG = 'x'.repeat(16 * 1024);
  const list = (...texts) => new SSHPromptList(texts.map((text) => new SSHPrompt(text)));
  const refusal = (name) => ({ code: 10022, message: expect.stringContaining(name) });

  test.each([
    ['33 of them', () => list(...Array(33).fill('x'))],
    ['with NUL', () => list('a\0b')],
    ['huge', () => list(TOO_LONG)],
    ['huge together', () => list(...Array(3).fill('x'.repeat(6000)))],
  ])('a list of prompts (%s) is an error, and changes nothing', async (what, make) => {
    const { server } = await start(null);
    const before = list('First');
    server.setKeyboardInteractivePrompts(before);
    const error = thrown(() => server.setKeyboardInteractivePrompts(make()));
    expect(error).toMatchObject(refusal('KeyboardInteractivePrompts'));
    expect(server.getKeyboardInteractivePrompts()).toBe(before);
  });

  test('a change of a list or prompt in use is undone where it cannot be sent', async () => {
    const { server } = await start(null);
    const prompts = list(...Array(31).fill('x'));
    server.setKeyboardInteractivePrompts(prompts);
    const last = new SSHPrompt('last');
    prompts.add(last);
    const refused = refusal('KeyboardInteractivePrompts');
    expect(thrown(() => prompts.add(new SSHPrompt('one more')))).toMatchObject(refused);
    expect(thrown(() => prompts.set(0, new SSHPrompt('\0')))).toMatchObject(refused);
    expect(thrown(() => last.setPrompt(TOO_LONG))).toMatchObject(refused);
    expect(prompts.size()).toBe(32);
    expect([prompts.get(0).prompt, last.prompt]).toEqual(['x', 'last']);
    // It is still the list in use.
    last.prompt = 'other';
    expect(server.getKeyboardInteractivePrompts().get(31).prompt).toBe('other');
  });

  test.each([
    ['an echo that is no boolean', 'a,echo=maybe'],
    ['33 of them', Array(33).fill('x').join(';')],
    ['with NUL', 'a\0b,echo=true'],
    ['huge', TOO_LONG],
  ])(
    'KeyboardInteractivePrompts[id] (%s) is an error, and changes nothing',
    async (what, value) => {
      const { server, recorder } = await start(null);
      await knock(server);
      const { connectionId } = await recorder.first('Connected');
      const name = `KeyboardInteractivePrompts[${connectionId}]`;
      await server.config(`${name}=First,echo=True`);
      const setting = server.config(`${name}=${value}`);
      await expect(setting).rejects.toMatchObject(refusal('KeyboardInteractivePrompts'));
      expect(await server.config(name)).toBe('First,echo=true');
    },
  );

  test.each([
    ['with NUL', 'a\0b'],
    ['huge', TOO_LONG],
  ])('KeyboardInteractiveMessage (%s) is an error, and changes nothing', async (what, value) => {
    const { server } = await start(null);
    server.setKeyboardInteractiveMessage('Hello\n\u4e16');
    const error = thrown(() => server.setKeyboardInteractiveMessage(value));
    expect(error).toMatchObject(refusal('KeyboardInteractiveMessage'));
    expect(server.getKeyboardInteractiveMessage()).toBe('Hello\n\u4e16');
  });
});
