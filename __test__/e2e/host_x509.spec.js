'use strict';

// The server's own X.509 certificates, with an asyncssh that knows their root and no key: in each way in which a server
// gets a key. (Bouncy Castle's stores are in src/keystore/tests.)

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { Certificate, CertStoreTypes } = require('../../index.js');
const { python, testWith } = require('../support/clients.js');
const { afterTest } = require('../support/cleanup.js');
const { folder } = require('../support/folder.js');
const { hostCertificate } = require('../support/keys.js');
const { LineClient, json } = require('../support/line_client.js');
const { startScript } = require('../support/programs.js');
const { securityToken } = require('../support/security_token.js');
const { startRecorded } = require('../support/server.js');
const { x509Certificate, x509Key } = require('../support/x509_keys.js');

const script = path.join(__dirname, '..', 'support', 'asyncssh_x509.py');
const NAME = 'x509v3-ecdsa-sha2-nistp256';
const TYPE = 'ecdsa-256';

const start = (configure) =>
  startRecorded(configure, { events: ['SSHStatus', 'Error', 'Log'], hostKey: null });

/** What a client says that trusts nothing but the root. */
const login = (server, algorithm) => loginAt(server.getLocalPort(), algorithm);

async function loginAt(port, algorithm = NAME) {
  const client = new LineClient([python, script], { protocol: json });
  afterTest('clients', () => client.kill());
  const { root } = x509Key(TYPE);
  return client.ask({ port, algorithm, root, password: 'x' });
}

/** A PKCS#12 store of the key and its chain. */
function pfx() {
  const { file, certificate, chain } = x509Key(TYPE);
  const store = path.join(folder, 'x509.p12');
  const args = ['pkcs12', '-export', '-inkey', file, '-in', certificate, '-certfile', chain];
  const { status, stderr } = spawnSync('openssl', [...args, '-passout', 'pass:s', '-out', store]);
  if (status !== 0) throw new Error(`openssl pkcs12: ${stderr}`);
  return store;
}

/** The same as Java's keytool writes it. */
function jks() {
  const store = path.join(folder, 'x509.jks');
  const from = ['-srckeystore', pfx(), '-srcstoretype', 'PKCS12', '-srcstorepass', 's'];
  const to = ['-destkeystore', store, '-deststoretype', 'JKS', '-deststorepass', 'secret1'];
  const aliases = ['-srcalias', '1', '-destalias', 'host', '-srckeypass', 's'];
  const args = ['-importkeystore', '-noprompt', ...from, ...to, ...aliases];
  const { status, stdout } = spawnSync('keytool', [...args, '-destkeypass', 'secret1']);
  if (status !== 0) throw new Error(`keytool: ${stdout}`);
  return store;
}

const ways = {
  'SSHCert out of PEM': (server) => server.setSSHCert(x509Certificate(TYPE)),
  'SSHCert out of PFX': (server) =>
    server.setSSHCert(new Certificate(CertStoreTypes.cstPFXFile, pfx(), 's', '*')),
  'SSHCert out of JKS': (server) =>
    server.setSSHCert(new Certificate(CertStoreTypes.cstJKSFile, jks(), 'secret1', '*')),
  AltSSHCert: async (server) => {
    server.setSSHCert(hostCertificate('ed25519'));
    await server.config('AltSSHCertCount=1');
    await server.config('AltSSHCertStoreType[0]=7');
    await server.config(`AltSSHCertStore[0]=${x509Key(TYPE).text}`);
    await server.config('AltSSHCertSubject[0]=*');
  },
  Connected: (server) => {
    server.setSSHCert(hostCertificate('ed25519'));
    server.on('Connected', (e) => {
      e.certStoreType = CertStoreTypes.cstPEMKeyBlob;
      e.certStore = x509Key(TYPE).text;
      e.certSubject = '*';
    });
  },
};

describe.each(Object.entries(ways))('%s', (way, configure) => {
  const needed = way.endsWith('JKS') ? ['asyncssh', 'keytool'] : 'asyncssh';
  testWith(needed, 'proves the server with its chain', async () => {
    const { server, recorder } = await start(configure);
    expect(await login(server)).toBe('hello');
    const line = recorder.all('SSHStatus').find((e) => e.message.startsWith('Key exchange:'));
    expect(line.message).toContain(`host key ${NAME},`);
  });
});

testWith(
  ['asyncssh', 'softhsm2-util', 'pkcs11-tool'],
  'a security token with the key proves the server with the chain that is in the token',
  async () => {
    // Not the type of the root's key, which would fit the root's certificate too.
    const { file, all } = x509Key('ecdsa-521');
    const token = await securityToken('x509');
    await token.addKey(file, '01');
    for (const [i, certificate] of all.entries()) {
      const der = path.join(folder, `x509-${i}.der`);
      spawnSync('openssl', ['x509', '-in', certificate, '-outform', 'DER', '-out', der]);
      await token.addCertificate(der, `0${i + 1}`);
    }
    const { store, pin, env } = token;
    const { port } = await startScript('token_server.js', [store, pin], { env }).message();
    // It has logged in: this server opens no channels.
    const said = await loginAt(port, 'x509v3-ecdsa-sha2-nistp521');
    expect(said).toBe('ChannelOpenError: open refused');
  },
);

testWith('asyncssh', 'without the chain, or without the algorithm, none is offered', async () => {
  const { file, certificate, chain } = x509Key(TYPE);
  const keyAlone = fs.readFileSync(file, 'utf8');
  const pem = (text) => new Certificate(CertStoreTypes.cstPEMKeyBlob, text, '', '*');
  const { server } = await start((it) => it.setSSHCert(pem(keyAlone)));
  expect(await login(server)).toContain('no common host key algorithm');
  // The certificate alone does not lead to the root.
  server.setSSHCert(pem(keyAlone + fs.readFileSync(certificate, 'utf8')));
  expect(await login(server)).toContain('X.509 chain validation error');
  server.setSSHCert(pem(keyAlone + fs.readFileSync(chain, 'utf8')));
  expect(await login(server)).toBe('hello');
  await server.config('SSHPublicKeyAlgorithms=ecdsa-sha2-nistp256');
  expect(await login(server)).toContain('no common host key algorithm');
});

test('a list with algorithms of certificates alone needs certificates', async () => {
  const server = await start(async (it) => {
    it.setSSHCert(x509Certificate('rsa'));
    await it.config('SSHPublicKeyAlgorithms=x509v3-sign-rsa,x509v3-sign-dss');
  });
  await server.server.stopListening();
  server.server.setSSHCert(hostCertificate('rsa'));
  await expect(server.server.startListening()).rejects.toMatchObject({ code: 1301 });
});
