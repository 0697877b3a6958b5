'use strict';

// The method publickey: queries and signatures, sigstatus, which algorithms may sign, and the keys of
// FIDO devices.

const fs = require('node:fs');
const { refused, start, asked } = require('../support/auth_server.js');
const { deviceKey, ed25519Key, startAgent, USER_VERIFIED } = require('../support/agent.js');
const { ssh, testOnUnix, testWith } = require('../support/clients.js');
const { userKey } = require('../support/keys.js');
const { rawSession } = require('../support/raw_client.js');
const ssh2 = require('../support/ssh2_client.js');
const { keyFile } = require('../support/text_keys.js');

// The agents of these tests listen on Unix domain sockets.
const unixTest = testOnUnix('ssh');

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

describe('FireAuthRequestAfterSig', () => {
  const withSigStatus = (server) => server.config('FireAuthRequestAfterSig=True');
  const acceptKeys = (e) => (e.accept = e.authMethod === 'publickey');
  const details = (recorder) =>
    recorder
      .all('SSHUserAuthRequest')
      .filter((e) => e.authMethod !== 'none')
      .map((e) => [e.authMethod, e.authParam, e.authParamB === null, e.keyAlgorithm]);

  test('is off at first', async () => {
    const { server, recorder } = await start(acceptKeys);
    expect(await server.config('FireAuthRequestAfterSig')).toBe('False');
    await ssh2.connect(server);
    expect(asked(recorder).map(([method]) => method)).toEqual(['none', 'publickey', 'publickey']);
    await withSigStatus(server);
    expect(await server.config('fireauthrequestaftersig')).toBe('True');
    await server.config('FireAuthRequestAfterSig=no');
    expect(await server.config('FireAuthRequestAfterSig')).toBe('False');
  });

  testWith('ssh', 'sigstatus 1 follows a valid signature, with its algorithm', async () => {
    const { server, recorder } = await start(acceptKeys, withSigStatus);
    for (const [type, algorithm] of [
      ['ed25519', 'ssh-ed25519'],
      ['ecdsa-256', 'ecdsa-sha2-nistp256'],
      ['rsa', 'rsa-sha2-512'],
    ]) {
      recorder.events.length = 0;
      const key = userKey(type);
      const options = [`PubkeyAcceptedAlgorithms=${algorithm}`];
      expect(await ssh(server, 'exit 0', { key, options })).toMatchObject({ status: 0 });
      expect(details(recorder)).toEqual([
        ['publickey', key.blob, false, algorithm],
        ['publickey', key.blob, false, algorithm],
        ['sigstatus', '1', true, algorithm],
      ]);
    }
  });

  unixTest('sigstatus 0 follows an invalid one of ssh, which lets nobody in', async () => {
    const { server, recorder } = await start((e) => {
      e.accept = e.authMethod !== 'none';
      e.availableMethods = 'publickey';
    }, withSigStatus);
    const agent = await startAgent(ed25519Key(userKey(), userKey('ed25519', 'other')));
    const { status, stderr } = await ssh(server, 'exit 0', agent);
    expect(status).toBe(255);
    expect(stderr).toMatch(/Permission denied \(publickey\)/);
    // The listener is asked about the key; an event only tells it of the wrong signature.
    expect(details(recorder)).toEqual([
      ['publickey', userKey().blob, false, 'ssh-ed25519'],
      ['sigstatus', '0', true, 'ssh-ed25519'],
    ]);
    expect(recorder.all('SSHChannelOpenRequest')).toEqual([]);
  });

  test('it follows no valid signature by a key that the listener refuses', async () => {
    const { server, recorder } = await start((e) => {
      // The signature is made only if the query was accepted.
      e.accept = e.authMethod === 'publickey' && recorder.all('SSHUserAuthRequest').length < 3;
    }, withSigStatus);
    await refused(server, {});
    expect(asked(recorder).slice(2)).toEqual([['publickey', userKey().blob]]);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('the audit log is full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('the audit log is full'))],
    ['sets accept to something else', (e) => (e.accept = 'no')],
    ['refuses', (e) => (e.accept = false)],
  ])('a listener that %s at sigstatus changes nothing', async (kind, listener) => {
    const { server, recorder } = await start(
      (e) => (e.authMethod === 'sigstatus' ? listener(e) : acceptKeys(e) && undefined),
      withSigStatus,
    );
    const client = await ssh2.connect(server);
    expect((await ssh2.exec(client, 'exit 0')).status).toBe(0);
    const errors = recorder.all('Error').map((e) => e.errorCode);
    expect(errors).toEqual(kind === 'refuses' ? [] : [1300]);
  });
});

describe('SSHPubKeyAuthSigAlgorithms', () => {
  const acceptKeys = (e) => (e.accept = e.authMethod === 'publickey');
  const only = (list) => (server) => server.config(`SSHPubKeyAuthSigAlgorithms=${list}`);
  const methods = (recorder) => asked(recorder).map(([method]) => method);

  testWith('ssh', 'a listed algorithm is taken', async () => {
    const { server, recorder } = await start(acceptKeys, only('rsa-sha2-256,rsa-sha2-512'));
    for (const algorithm of ['rsa-sha2-256', 'rsa-sha2-512']) {
      recorder.events.length = 0;
      const options = [`PubkeyAcceptedAlgorithms=${algorithm}`];
      const result = await ssh(server, 'exit 0', { key: userKey('rsa'), options });
      expect(result).toMatchObject({ status: 0 });
      expect(recorder.all('SSHUserAuthRequest').at(-1).keyAlgorithm).toBe(algorithm);
    }
  });

  testWith('ssh', 'one that is not listed is refused without an event', async () => {
    const { server, recorder } = await start(acceptKeys, only('rsa-sha2-512'));
    // With keys other than RSA this client ignores the algorithms that the server accepts.
    const { status, stderr } = await ssh(server, 'exit 0', { options: ['BatchMode=yes'] });
    expect(status).toBe(255);
    expect(stderr).toMatch(/Permission denied \(password,publickey\)/);
    expect(methods(recorder)).toEqual(['none']);
    // And the login may go on with another key.
    const keys = { key: userKey(), flags: ['-i', userKey('rsa').file] };
    expect(await ssh(server, 'exit 0', keys)).toMatchObject({ status: 0 });
  });

  test('keys of other kinds are refused without an event, RSA too', async () => {
    const { server, recorder } = await start(acceptKeys, only('ssh-ed25519'));
    await refused(server, { privateKey: userKey('rsa').text });
    await refused(server, { privateKey: userKey('ecdsa-256').text });
    expect(methods(recorder)).toEqual(['none', 'none']);
  });

  testWith('ssh', 'the list is what clients are told (server-sig-algs)', async () => {
    const list = 'ssh-ed25519,rsa-sha2-512,ecdsa-sha2-nistp256';
    const { server } = await start(acceptKeys, only(list));
    const { stderr } = await ssh(server, 'exit 0', { options: ['LogLevel=DEBUG'] });
    expect(stderr).toContain(`server-sig-algs=<${list}>`);
    // So an RSA key is not even tried with what is not in it.
    const { status, stderr: why } = await ssh(server, 'exit 0', {
      key: userKey('rsa'),
      options: ['BatchMode=yes', 'LogLevel=DEBUG', 'PubkeyAcceptedAlgorithms=rsa-sha2-256'],
    });
    expect(status).toBe(255);
    expect(why).toMatch(/no mutual signature/);
  });
});

describe.each(['ed25519-sk', 'ecdsa-sk'])('a key in a device, %s', (type) => {
  const sigStatus = (server) => server.config('FireAuthRequestAfterSig=True');

  unixTest('logs in with ssh; the listener gets its blob', async () => {
    const key = deviceKey(type);
    const { server, recorder } = await start(
      (e) => (e.accept = e.authMethod === 'publickey' && e.authParam === key.blob),
      sigStatus,
    );
    expect(await ssh(server, 'exit 0', await startAgent(key))).toMatchObject({ status: 0 });
    expect(asked(recorder)).toEqual([
      ['none', ''],
      ['publickey', key.blob],
      ['publickey', key.blob],
      ['sigstatus', '1'],
    ]);
    const [, query] = recorder.all('SSHUserAuthRequest');
    expect(query.keyAlgorithm).toBe(key.name);
    expect(Buffer.from(query.authParamB).toString('base64')).toBe(key.blob);
    expect(query.userCertificate).toBeNull();
  });

  unixTest.each([
    ['that nobody touched', (key) => key, { flags: USER_VERIFIED }],
    ['over something else', (key) => ({ ...key, sign: () => key.sign(Buffer.from('else')) })],
    ['by another device', (key) => ({ ...key, sign: deviceKey(type).sign })],
  ])('a signature %s lets nobody in', async (what, change, options) => {
    const key = change(deviceKey(type, options));
    const { server, recorder } = await start(
      (e) => (e.accept = e.authMethod !== 'none'),
      sigStatus,
    );
    const agent = await startAgent(key);
    const result = await ssh(server, 'exit 0', {
      ...agent,
      options: [...agent.options, 'BatchMode=yes'],
    });
    expect(result.status).toBe(255);
    expect(asked(recorder).at(-1)).toEqual(['sigstatus', '0']);
    expect(recorder.all('SSHChannelOpenRequest')).toEqual([]);
  });
});

describe('keyAlgorithm is what the client wants to sign with:', () => {
  const text = (name) => fs.readFileSync(keyFile(`${name}.pub`), 'utf8');
  const FILES = {
    'ssh-rsa': 'rsa',
    'rsa-sha2-256': 'rsa',
    'rsa-sha2-512': 'rsa',
    'ssh-dss': 'dsa',
    'ecdsa-sha2-nistp256': 'ecdsa-256',
    'ecdsa-sha2-nistp384': 'ecdsa-384',
    'ecdsa-sha2-nistp521': 'ecdsa-521',
  };

  test.each(Object.keys(FILES))('%s', async (algorithm) => {
    const { server, recorder } = await start((e) => (e.accept = e.authMethod === 'publickey'));
    const client = rawSession(server);
    await client.handshake();
    const blob = text(FILES[algorithm]).split(' ')[1];
    const [number, named, shown] = await client.askForKey(algorithm, Buffer.from(blob, 'base64'));
    // SSH_MSG_USERAUTH_PK_OK (RFC 4252 section 7)
    expect([number, named, shown.toString('base64')]).toEqual([60, algorithm, blob]);
    const [{ keyAlgorithm, authParam }] = recorder.all('SSHUserAuthRequest');
    expect([keyAlgorithm, authParam]).toEqual([algorithm, blob]);
  });
});
