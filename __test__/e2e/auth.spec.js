'use strict';

// The methods none and password, banners, and rules for the listeners of every method.

const { ssh, testWith } = require('../support/clients.js');
const { asked, password, refused, start, steps } = require('../support/auth_server.js');
const ssh2 = require('../support/ssh2_client.js');
const { deferred, turn } = require('../support/waiting.js');

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

  test('one that is set later is sent too, each before the reply to its request', async () => {
    const { server } = await start(async (e) => {
      await server.config(`UserAuthBanner[${e.connectionId}]=for ${e.authMethod}`);
      e.accept = e.authMethod === 'password' && e.authParam === 'right';
    });
    const said = [];
    const none = { type: 'none', username: 'demo' };
    const client = ssh2.start(server, {
      authHandler: steps([none, password('wrong'), password('right')], said),
    });
    client.on('banner', (text) => said.push(text));
    await client.ready;
    const refusal = [['password', 'publickey'], false];
    expect(said).toEqual([
      ...[[null, null], 'for none'],
      ...[refusal, 'for password'],
      ...[refusal, 'for password'],
    ]);
  });

  test.each(['', '0', '-1', 'x', '1e400', '99999999999999999999999'])(
    'of connection %j there is none: error 126',
    async (id) => {
      const { server } = await start(null);
      await expect(server.config(`UserAuthBanner[${id}]=x`)).rejects.toMatchObject({ code: 126 });
    },
  );
});

describe('listeners', () => {
  test('may answer later', async () => {
    const { server } = await start(async (e) => {
      await turn();
      e.accept = e.authMethod === 'password';
    });
    const client = await ssh2.connect(server, { password: 'x' });
    expect((await ssh2.exec(client, 'exit 3')).status).toBe(3);
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

  test.each([
    ['are no text', ['password']],
    ['are no names', 'pass word'],
    ['have NUL', 'password\0'],
    ['are not of US-ASCII', 'pässwort'],
    ['have a line end', 'password\npublickey'],
    ['are huge', 'x,'.repeat(10_000)],
  ])('one whose availableMethods %s refuses, and an Error event tells', async (what, methods) => {
    const { server, recorder } = await start((e) => {
      e.availableMethods = methods;
      e.accept = true;
    });
    // The client is told the methods of the server, as if the listener had set none.
    expect(await methodsLeft(server)).toEqual(['password', 'publickey']);
    const [error] = recorder.all('Error');
    expect(error).toMatchObject({
      errorCode: 1300,
      description: expect.stringContaining('availableMethods'),
    });
  });

  test('a slow one delays nobody else', async () => {
    const [others, called] = [deferred(), deferred()];
    const { server } = await start(async (e) => {
      if (e.user === 'slow' && e.authMethod === 'password') {
        called.resolve();
        // Were the others held up by it, this would never end.
        await others.promise;
      }
      e.accept = e.authMethod === 'password';
    });
    const slow = ssh2.start(server, { username: 'slow', password: 'x' });
    let slowIsIn = false;
    slow.once('ready', () => (slowIsIn = true));
    await called.promise;
    for (let i = 0; i < 10; i++) {
      const client = await ssh2.connect(server, { password: 'x' });
      expect((await ssh2.exec(client, 'exit 3')).status).toBe(3);
    }
    expect(slowIsIn).toBe(false);
    others.resolve();
    await slow.ready;
  });
});
