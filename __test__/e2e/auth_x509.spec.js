'use strict';

// Users with X.509 certificates: x509v3-sign-rsa and -dss with a client of ours, RFC 6187 with asyncssh. (Each algorithm
// of RFC 6187 is in the interop run; what a certificate may not be, in tests/conformance/x509.rs.)

const { createPublicKey, X509Certificate } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { Certificate } = require('../../index.js');
const { start: startAuth } = require('../support/auth_server.js');
const { python, testWith } = require('../support/clients.js');
const { afterTest } = require('../support/cleanup.js');
const { LineClient, json } = require('../support/line_client.js');
const { authorities, x509Certificate, x509Key } = require('../support/x509_keys.js');

const client = (script) => {
  const it = new LineClient([python, path.join(__dirname, '..', 'support', script)], {
    protocol: json,
  });
  afterTest('clients', () => it.kill());
  return it;
};

const TYPES = { 'x509v3-sign-rsa': 'rsa', 'x509v3-sign-dss': 'dsa' };

/** A server whose host key is in certificates, and that judges logins like this. */
const start = (authenticate, type = 'rsa') =>
  startAuth(authenticate, (server) => server.setSSHCert(x509Certificate(type)));

const publickeys = (recorder) =>
  recorder.all('SSHUserAuthRequest').filter((e) => e.authMethod === 'publickey');

const der = (file) => new X509Certificate(fs.readFileSync(file)).raw;

/** The job of a user with a certificate of these lines, or the usual one. */
const login = (server, name, extensions) => {
  const { file, certificate } = x509Key(TYPES[name], extensions);
  return {
    port: server.getLocalPort(),
    hostKey: name,
    userKey: name,
    keyFile: file,
    certificate,
  };
};

describe.each(Object.entries(TYPES))('%s', (name, type) => {
  testWith('paramiko', 'proves host and user, and is shown to the listener', async () => {
    const { server, recorder } = await start((e) => (e.accept = e.userX509 !== null), type);
    const said = await client('x509_client.py').ask(login(server, name));
    const { certificate } = x509Key(type);
    expect(said).toEqual({ host: der(certificate).toString('base64'), said: 'hello' });
    const asked = publickeys(recorder);
    expect(asked.map((e) => e.signed)).toEqual([true]);
    for (const e of asked) {
      expect(e).toMatchObject({ keyAlgorithm: name, authParam: said.host, user: 'demo' });
      expect(Buffer.from(e.authParamB)).toEqual(der(certificate));
      expect(new Certificate(e.authParamB).subject).toBe(`CN=demo ${type}, O=Test`);
      expect(e.userX509.map((it) => it.subject)).toEqual([`CN=demo ${type}, O=Test`]);
      expect(e.userCertificate).toBeNull();
    }
    const line = recorder.all('SSHStatus').find((e) => e.message.startsWith('Key exchange:'));
    expect(line.message).toContain(`host key ${name},`);
  });

  testWith('paramiko', 'is refused where the listener says so', async () => {
    const { server } = await start((e) => (e.accept = false), type);
    const said = await client('x509_client.py').ask(login(server, name));
    expect(said).toMatchObject({ refused: true });
  });
});

describe('a certificate that does not hold is refused without an event:', () => {
  const own = 'basicConstraints=critical,CA:FALSE\n';
  testWith('paramiko', 'the reason is in the log', async () => {
    for (const [extensions, reason] of [
      [`${own}keyUsage=keyEncipherment\n`, 'key usage of the certificate has no digitalSignature'],
      [`${own}extendedKeyUsage=serverAuth\n`, 'neither clientAuth nor secureShellClient'],
      [`${own}1.2.3.4=critical,ASN1:NULL\n`, 'the critical extension 1.2.3.4 is not understood'],
    ]) {
      const { server, recorder } = await start((e) => (e.accept = e.authMethod === 'publickey'));
      const said = await client('x509_client.py').ask(login(server, 'x509v3-sign-rsa', extensions));
      expect(said).toMatchObject({ refused: true });
      expect(publickeys(recorder)).toEqual([]);
      const refused = recorder.all('Log').filter((e) => e.message.includes('login refused'));
      expect(refused.map((e) => e.message)).toEqual([expect.stringContaining(reason)]);
    }
  });
});

/** Logs in with asyncssh; resolves to what was asked about the key. */
async function withAsyncssh(authenticate, type = 'ed25519', algorithm = 'x509v3-ssh-ed25519') {
  const { server, recorder } = await start(authenticate, type);
  const key = x509Key(type);
  const said = await client('asyncssh_x509.py').ask({
    port: server.getLocalPort(),
    algorithm,
    root: key.root,
    keyFile: key.file,
    chain: key.chain,
  });
  return { said, asked: publickeys(recorder), recorder };
}

testWith('asyncssh', 'userX509 has the fields that OpenSSL put in, and is made once', async () => {
  const { said, asked } = await withAsyncssh((e) => (e.accept = e.authMethod === 'publickey'));
  expect(said).toBe('hello');
  expect(asked.map((e) => e.signed)).toEqual([false, true]);
  const { all } = x509Key('ed25519');
  for (const e of asked) {
    const certificates = e.userX509;
    expect(e.userX509).toBe(certificates);
    expect(Object.isFrozen(e.userX509)).toBe(true);
    expect(e.userX509).toHaveLength(3);
    for (const [i, certificate] of e.userX509.entries()) {
      expect(certificate).toBeInstanceOf(Certificate);
      const known = new X509Certificate(fs.readFileSync(all[i]));
      expect(certificate.thumbprintSHA256).toBe(known.fingerprint256.replaceAll(':', ''));
      expect(BigInt(`0x${certificate.serialNumber}`)).toBe(BigInt(`0x${known.serialNumber}`));
      expect(Date.parse(`${certificate.effectiveDate} UTC`)).toBe(Date.parse(known.validFrom));
      expect(Date.parse(`${certificate.expirationDate} UTC`)).toBe(Date.parse(known.validTo));
      const spki = createPublicKey(certificate.publicKey).export({ type: 'spki', format: 'der' });
      expect(spki).toEqual(known.publicKey.export({ type: 'spki', format: 'der' }));
      expect(certificate.privateKeyAvailable).toBe(false);
    }
    const [own, issuer, root] = e.userX509;
    expect(own.subject).toBe('CN=demo ed25519, O=Test');
    expect(own.issuer).toBe('CN=Users, O=Test');
    expect(own.subjectAltNames).toBe('127.0.0.1,localhost,demo@example.com');
    const issued = [own, issuer, root].map((it) => it.issuedBy(issuer));
    expect(issued).toEqual([true, false, false]);
    expect([own, issuer, root].map((it) => it.issuedBy(root))).toEqual([false, true, true]);
  }
});

testWith('asyncssh', 'a listener trusts a chain, and nobody without one', async () => {
  const trusted = [new Certificate(authorities().root.certificate)];
  const judge = (e) => {
    if (e.userX509 === null) return;
    const authority = Certificate.verifyChain(e.userX509, trusted);
    expect(authority).toBe(trusted[0]);
    e.accept = e.userX509[0].subjectAltNames.split(',').includes(`${e.user}@example.com`);
  };
  expect((await withAsyncssh(judge)).said).toBe('hello');
  // The certificate of somebody else's authority.
  const foreign = [x509Certificate('ecdsa-256')];
  const throwing = (e) => {
    if (e.userX509 !== null) Certificate.verifyChain(e.userX509, foreign);
  };
  const { said, recorder } = await withAsyncssh(throwing);
  expect(said).toBe('refused');
  const errors = recorder.all('Error').map((e) => [e.errorCode, e.description]);
  expect(errors[0]).toEqual([1300, expect.stringContaining('authorities[0] is no certificate')]);
});

testWith('asyncssh', 'userX509 is null for everything that is no X.509 certificate', async () => {
  const { server, recorder } = await start((e) => (e.accept = e.authMethod === 'password'));
  const said = await client('asyncssh_x509.py').ask({
    port: server.getLocalPort(),
    algorithm: 'x509v3-rsa2048-sha256',
    root: x509Key('rsa').root,
    keyFile: x509Key('rsa').file,
    password: 'x',
  });
  expect(said).toBe('hello');
  const all = recorder.all('SSHUserAuthRequest');
  expect(all.map((e) => e.authMethod)).toEqual(expect.arrayContaining(['publickey', 'password']));
  expect(all.map((e) => e.userX509)).toEqual(all.map(() => null));
});
