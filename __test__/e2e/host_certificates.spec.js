'use strict';

// SSHHostCertificates: certificates of the server's keys, with an ssh that knows their authority and
// no key.

const { Certificate, CertStoreTypes } = require('../../index.js');
const { ssh, testWith } = require('../support/clients.js');
const { writeFile } = require('../support/folder.js');
const { certify, userKey } = require('../support/keys.js');
const { startRecorded } = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');

const HOST = 'server.example.org';
const hostKey = (type) => userKey(type, '-host');
const authority = () => userKey('ed25519', '-authority');
const load = (key) => new Certificate(CertStoreTypes.cstAuto, key.text, '', '*');
const certificateOf = (type, args = []) =>
  certify(hostKey(type).line, ['-h', '-I', `host ${type}`, '-n', HOST, ...args]);

const start = (configure) =>
  startRecorded(configure, { events: ['SSHStatus', 'Error'], hostKey: null });

/** A login that trusts nothing but the authority. */
function login(server, options = []) {
  const known = writeFile('known_hosts', `@cert-authority *.example.org ${authority().line}\n`);
  return ssh(server, 'exit 7', {
    options: [
      ...[`HostKeyAlias=${HOST}`, `UserKnownHostsFile=${known}`, 'StrictHostKeyChecking=yes'],
      ...options,
    ],
  });
}

const isIn = { status: 7 };
const isNotIn = { status: 255, stderr: expect.stringMatching(/host key|HOST IDENTIFICATION/i) };

describe.each([
  ['ed25519', 'ssh-ed25519-cert-v01@openssh.com'],
  ['ecdsa-384', 'ecdsa-sha2-nistp384-cert-v01@openssh.com'],
  ['rsa', 'rsa-sha2-512-cert-v01@openssh.com'],
])('a host key of type %s', (type, algorithm) => {
  testWith('ssh', 'is taken by its certificate alone, as SSHCert', async () => {
    const { server, recorder } = await start(async (it) => {
      it.setSSHCert(load(hostKey(type)));
      await it.config(`SSHHostCertificates=${certificateOf(type).line}`);
    });
    expect(await login(server)).toMatchObject(isIn);
    const line = recorder.all('SSHStatus').find((e) => e.message.startsWith('Key exchange:'));
    expect(line.message).toContain(`host key ${algorithm}`);
  });

  testWith('ssh', 'beside others, as AltSSHCert', async () => {
    const { server } = await start(async (it) => {
      // Set before the key, in a file with comments and others' lines.
      const lines = ['# keys', certificateOf(type).line, '', certificateOf('ecdsa-256').line, ''];
      await it.config(`SSHHostCertificates=${lines.join('\r\n')}`);
      it.setSSHCert(load(userKey('ecdsa-521')));
      await it.config('AltSSHCertCount=1');
      await it.config('AltSSHCertStoreType[0]=99');
      await it.config(`AltSSHCertStore[0]=${hostKey(type).text}`);
      await it.config('AltSSHCertSubject[0]=*');
    });
    expect(await login(server)).toMatchObject(isIn);
  });

  testWith('ssh', 'for one connection, in Connected', async () => {
    const { server } = await start(async (it) => {
      it.setSSHCert(load(userKey('ed25519', 'other')));
      await it.config(`SSHHostCertificates=${certificateOf(type).line}`);
      it.on('Connected', (e) => {
        e.certStoreType = CertStoreTypes.cstAuto;
        e.certStore = hostKey(type).text;
        e.certSubject = '*';
      });
    });
    expect(await login(server)).toMatchObject(isIn);
  });
});

testWith('ssh', 'the plain key is served beside it, to clients that know it', async () => {
  const { server } = await start(async (it) => {
    it.setSSHCert(load(hostKey('ed25519')));
    await it.config(`SSHHostCertificates=${certificateOf('ed25519').line}`);
  });
  const known = writeFile('known_hosts', `${HOST} ${hostKey('ed25519').line}\n`);
  const options = [
    ...[`HostKeyAlias=${HOST}`, `UserKnownHostsFile=${known}`, 'StrictHostKeyChecking=yes'],
    'HostKeyAlgorithms=ssh-ed25519',
  ];
  expect(await ssh(server, 'exit 7', { options })).toMatchObject(isIn);
  // A client that has never heard of certificates.
  const client = await ssh2.connect(server, { algorithms: { serverHostKey: ['ssh-ed25519'] } });
  expect((await ssh2.exec(client, 'exit 3')).status).toBe(3);
});

testWith(
  'ssh',
  'without it, or with one for another host, an ssh that knows no key refuses',
  async () => {
    const { server } = await start((it) => it.setSSHCert(load(hostKey('ed25519'))));
    expect(await login(server)).toMatchObject(isNotIn);
    const other = certify(hostKey('ed25519').line, ['-h', '-I', 'x', '-n', 'other.example.org']);
    await server.config(`SSHHostCertificates=${other.line}`);
    expect(await login(server)).toMatchObject({ status: 255 });
    // New connections have what is set now, keys that are in use too.
    await server.config(`SSHHostCertificates=${certificateOf('ed25519').line}`);
    expect(await login(server)).toMatchObject(isIn);
    await server.config('SSHHostCertificates=');
    expect(await login(server)).toMatchObject(isNotIn);
  },
);

testWith('ssh', 'it is used for every further key exchange too', async () => {
  const { server, recorder } = await start(async (it) => {
    it.setSSHCert(load(hostKey('ed25519')));
    await it.config(`SSHHostCertificates=${certificateOf('ed25519').line}`);
    it.on('SSHChannelOpenRequest', (e) => it.exchangeKeys(e.connectionId));
  });
  expect(await login(server)).toMatchObject(isIn);
  const exchanges = recorder.all('SSHStatus').filter((e) => e.message.startsWith('Key exchange:'));
  expect(exchanges).toHaveLength(2);
  for (const { message } of exchanges) {
    expect(message).toContain('host key ssh-ed25519-cert-v01@openssh.com');
  }
});

describe('what is no certificate for a host is an error, and changes nothing:', () => {
  const CASES = {
    'a word': () => ['x', 'Line 1'],
    'a plain key': () => [hostKey('ed25519').line, 'does not end in -cert-v01'],
    'a private key': () => [hostKey('ed25519').text, 'Line 1'],
    'a certificate for users': () => [
      certify(userKey().line, ['-I', 'x', '-n', 'demo']).line,
      'for users',
    ],
    'one that was changed': () => {
      const [name, text] = certificateOf('ed25519').line.split(' ');
      const blob = Buffer.from(text, 'base64');
      blob.write('S', blob.indexOf(HOST));
      return [`${name} ${blob.toString('base64')}`, 'does not hold'];
    },
    'one that is cut off': () => [certificateOf('ed25519').line.slice(0, 200), 'Line 1'],
    'two for one key': () => [
      [certificateOf('ed25519').line, certificateOf('ed25519').line].join('\n'),
      'Line 2',
    ],
    NUL: () => [certificateOf('ed25519').line.replace(' ', '\0'), 'Line 1'],
    huge: () => ['x'.repeat(1_000_000), 'Line 1'],
  };

  const isRefused = async (name) => {
    const good = certificateOf('rsa').line;
    const { server } = await start(async (it) => {
      it.setSSHCert(load(hostKey('rsa')));
      await it.config(`SSHHostCertificates=${good}`);
    });
    const [value, why] = CASES[name]();
    const error = await server.config(`SSHHostCertificates=${value}`).catch((it) => it);
    expect(error).toMatchObject({ code: 10022 });
    expect(error.message).toContain('SSHHostCertificates');
    expect(error.message).toContain(why);
    // Nothing of a line is repeated: it might be a private key.
    expect(error.message.length).toBeLessThan(200);
    expect(await server.config('sshhostcertificates')).toBe(good);
    expect(await login(server)).toMatchObject(isIn);
  };
  for (const name of Object.keys(CASES)) testWith('ssh', name, () => isRefused(name));
});
