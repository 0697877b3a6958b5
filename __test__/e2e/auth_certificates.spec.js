'use strict';

// OpenSSH certificates of users, made with ssh-keygen and used with ssh: what of them the server
// verifies, and what a listener is shown.

const { spawnSync } = require('node:child_process');
const { deviceKey, startAgent, USER_PRESENT, USER_VERIFIED } = require('../support/agent.js');
const { asked, refused, start } = require('../support/auth_server.js');
const { ssh, testOnUnix, testWith } = require('../support/clients.js');
const { writeFile } = require('../support/folder.js');
const { certify, userKey } = require('../support/keys.js');
const ssh2 = require('../support/ssh2_client.js');

const authority = () => userKey('ed25519', '-authority');
const blobOf = (line) => line.split(' ')[1];

function fingerprint(line) {
  const file = writeFile('key.pub', `${line}\n`);
  return spawnSync('ssh-keygen', ['-l', '-f', file]).stdout.toString().split(' ')[1];
}

/** The arguments of ssh for a key with this certificate. */
function withCertificate(key, certificate, options = []) {
  return { key, options: [`CertificateFile=${certificate.file}`, 'BatchMode=yes', ...options] };
}

/** What a program with one authority would do. */
function trusting(key = authority()) {
  return (e) => {
    const it = e.userCertificate;
    e.accept = it !== null && it.signatureKey === key.blob && it.principals.includes(e.user);
  };
}

describe.each([
  ['ed25519', 'ssh-ed25519-cert-v01@openssh.com'],
  ['ecdsa-256', 'ecdsa-sha2-nistp256-cert-v01@openssh.com'],
  ['rsa', 'rsa-sha2-512-cert-v01@openssh.com', 'ssh-rsa-cert-v01@openssh.com'],
])('a certificate for a key of type %s', (type, algorithm, kind = algorithm) => {
  testWith('ssh', 'logs in, and its fields are those that ssh-keygen put in', async () => {
    const { server, recorder } = await start(trusting(), (it) =>
      it.config('UserCertCriticalOptions=force-command, source-address'),
    );
    const key = userKey(type);
    const certificate = certify(key.line, [
      ...['-I', 'Zoë’s key', '-n', 'demo,root,Zoë', '-z', '18446744073709551615'],
      ...['-V', '20200102030405Z:20991231235959Z'],
      ...['-O', 'clear', '-O', 'permit-pty', '-O', 'extension:login@example.org=zoë'],
      ...['-O', 'force-command=echo "hi, ho"', '-O', 'source-address=127.0.0.0/8,::1/128'],
    ]);
    expect(await ssh(server, 'exit 0', withCertificate(key, certificate))).toMatchObject({
      status: 0,
    });
    const [, query, signed] = recorder.all('SSHUserAuthRequest');
    expect(query.userCertificate).toEqual(signed.userCertificate);
    expect(signed.userCertificate).toEqual({
      type: kind,
      keyId: 'Zoë’s key',
      serial: '18446744073709551615',
      principals: ['demo', 'root', 'Zoë'],
      validAfter: Date.UTC(2020, 0, 2, 3, 4, 5) / 1000,
      validBefore: Date.UTC(2099, 11, 31, 23, 59, 59) / 1000,
      criticalOptions: {
        'force-command': 'echo "hi, ho"',
        'source-address': '127.0.0.0/8,::1/128',
      },
      extensions: { 'permit-pty': '', 'login@example.org': 'zoë' },
      publicKey: key.blob,
      publicKeyFingerprint: fingerprint(key.line),
      signatureKey: authority().blob,
      signatureKeyFingerprint: fingerprint(authority().line),
    });
    expect(signed).toMatchObject({
      authParam: blobOf(certificate.line),
      keyAlgorithm: algorithm,
    });
  });
});

testWith(
  'ssh',
  'without an end its dates are 0 and Infinity, without options it has none',
  async () => {
    const { server, recorder } = await start(trusting());
    const certificate = certify(userKey().line, ['-I', 'x', '-n', 'demo', '-O', 'clear']);
    expect(await ssh(server, 'exit 0', withCertificate(userKey(), certificate))).toMatchObject({
      status: 0,
    });
    const { userCertificate: it } = recorder.all('SSHUserAuthRequest').at(-1);
    expect(it).toMatchObject({ validAfter: 0, validBefore: Infinity, serial: '0' });
    expect([{ ...it.criticalOptions }, { ...it.extensions }]).toEqual([{}, {}]);
    expect(Object.isFrozen(it) && Object.isFrozen(it.principals)).toBe(true);
    expect(it.criticalOptions.constructor).toBeUndefined();
  },
);

testWith('ssh', 'of another authority or for others it is the listener who refuses', async () => {
  const { server, recorder } = await start(trusting());
  const refusing = async (certificate) => {
    recorder.events.length = 0;
    const result = await ssh(server, 'exit 0', withCertificate(userKey(), certificate));
    expect(result.status).toBe(255);
    return recorder.all('SSHUserAuthRequest').filter((e) => e.userCertificate !== null);
  };
  const foreign = certify(userKey().line, ['-I', 'x', '-n', 'demo'], userKey('ed25519', 'other'));
  expect(await refusing(foreign)).toHaveLength(1);
  const [event] = await refusing(certify(userKey().line, ['-I', 'x', '-n', 'other']));
  expect(event.userCertificate.principals).toEqual(['other']);
});

describe('refused without an event is one', () => {
  const DEMO = ['-I', 'x', '-n', 'demo'];
  const CASES = {
    'that is over': [...DEMO, '-V', '20200101Z:20200102Z'],
    'that is not valid yet': [...DEMO, '-V', '20980101Z:20990101Z'],
    'for hosts': [...DEMO, '-h'],
    'with force-command, which nobody keeps to': [...DEMO, '-O', 'force-command=ls'],
    'with source-address, which nobody keeps to': [...DEMO, '-O', 'source-address=127.0.0.1'],
    'with an unknown critical option': [...DEMO, '-O', 'critical:own@example.org=x'],
    // Only a device can verify that its user is present.
    'with verify-required for a key that is in no device': [...DEMO, '-O', 'verify-required'],
  };

  testOnUnix('ssh').each(Object.entries(CASES))('%s', async (name, args) => {
    const { server, recorder } = await start(
      (e) => (e.accept = e.authMethod === 'publickey' && e.userCertificate !== null),
    );
    const certificate = certify(userKey().line, args);
    const result = await ssh(server, 'exit 0', withCertificate(userKey(), certificate));
    expect(result.status).toBe(255);
    // The plain key is still asked about.
    expect(asked(recorder)).toEqual([
      ['none', ''],
      ['publickey', userKey().blob],
    ]);
    // The same key with one that holds is in.
    const good = certify(userKey().line, DEMO);
    expect(await ssh(server, 'exit 0', withCertificate(userKey(), good))).toMatchObject({
      status: 0,
    });
  });

  testWith('ssh', 'whose contents were changed', async () => {
    const { utils } = require('ssh2');
    const { server, recorder } = await start((e) => (e.accept = e.authMethod === 'publickey'));
    const blob = Buffer.from(blobOf(certify(userKey().line, DEMO).line), 'base64');
    blob.write('root', blob.lastIndexOf('demo'));
    const forged = Object.create(utils.parseKey(userKey().text), {
      type: { value: 'ssh-ed25519-cert-v01@openssh.com' },
      getPublicSSH: { value: () => blob },
    });
    await refused(server, {
      authHandler: (methods, partial, next) =>
        next(methods === null ? { type: 'publickey', username: 'root', key: forged } : false),
    });
    expect(asked(recorder)).toEqual([]);
  });
});

describe('UserCertCriticalOptions', () => {
  testWith('ssh', 'takes certificates with the options it names, and no others', async () => {
    const { server, recorder } = await start(trusting());
    const names = ['force-command', 'source-address'];
    const certificates = names.map((name) =>
      certify(userKey().line, ['-I', name, '-n', 'demo', '-O', `${name}=127.0.0.1`]),
    );
    for (const set of [[], names.slice(0, 1), names.slice(1), names]) {
      await server.config(`UserCertCriticalOptions=${set.join(',')}`);
      for (const [index, certificate] of certificates.entries()) {
        const { status } = await ssh(server, 'exit 0', withCertificate(userKey(), certificate));
        expect([set, names[index], status]).toEqual([
          set,
          names[index],
          set.includes(names[index]) ? 0 : 255,
        ]);
      }
    }
    const seen = recorder.all('SSHUserAuthRequest').map((e) => e.userCertificate?.criticalOptions);
    expect(seen.at(-1)).toEqual({ 'source-address': '127.0.0.1' });
  });

  test('is empty at first, drops spaces and repetitions', async () => {
    const { server } = await start(null);
    expect(await server.config('UserCertCriticalOptions')).toBe('');
    await server.config('UserCertCriticalOptions= a@example.org ,force-command, force-command,');
    expect(await server.config('usercertcriticaloptions')).toBe('a@example.org,force-command');
    await server.config('UserCertCriticalOptions=');
    expect(await server.config('UserCertCriticalOptions')).toBe('');
  });
});

describe.each(['ed25519-sk', 'ecdsa-sk'])('a certificate for a key in a device, %s', (type) => {
  const login = async (server, args, flags) => {
    const key = deviceKey(type, { flags });
    const line = `${key.name} ${key.blob}`;
    const certificate = certify(line, ['-I', 'device', '-n', 'demo', ...args]);
    const agent = await startAgent(key);
    const options = withCertificate(agent.key, certificate, agent.options);
    return ssh(server, 'exit 0', options);
  };

  testOnUnix('ssh')('logs in', async () => {
    const { server, recorder } = await start(trusting());
    expect(await login(server, [], USER_PRESENT)).toMatchObject({ status: 0 });
    const event = recorder.all('SSHUserAuthRequest').at(-1);
    expect(event.keyAlgorithm).toBe(event.userCertificate.type);
    expect(event.userCertificate.type).toMatch(/^sk-.*-cert-v01@openssh\.com$/);
  });

  testOnUnix('ssh')('verify-required wants the device to know who touched it', async () => {
    const { server, recorder } = await start(trusting(), (it) =>
      it.config('FireAuthRequestAfterSig=True'),
    );
    const args = ['-O', 'verify-required'];
    const both = USER_PRESENT | USER_VERIFIED;
    expect(await login(server, args, both)).toMatchObject({ status: 0 });
    expect(asked(recorder).at(-1)).toEqual(['sigstatus', '1']);
    expect(recorder.all('SSHUserAuthRequest').at(-2).userCertificate.criticalOptions).toEqual({
      'verify-required': '',
    });
    recorder.events.length = 0;
    expect(await login(server, args, USER_PRESENT)).toMatchObject({ status: 255 });
    expect(asked(recorder)).toContainEqual(['sigstatus', '0']);
  });
});

test('userCertificate is null for everything that is no certificate', async () => {
  const { server, recorder } = await start((e) => (e.accept = e.authMethod === 'password'));
  await ssh2.connect(server, {
    authHandler: [
      'none',
      { type: 'publickey', username: 'demo', key: userKey().text },
      { type: 'password', username: 'demo', password: 'x' },
    ],
  });
  const all = recorder.all('SSHUserAuthRequest');
  expect(all.map((e) => e.authMethod)).toEqual(['none', 'publickey', 'password']);
  expect(all.map((e) => e.userCertificate)).toEqual([null, null, null]);
});
