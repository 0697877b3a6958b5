'use strict';

// Host keys out of the binary stores and out of a security token, with a client that says which key
// it saw.

const fs = require('node:fs');
const path = require('node:path');
const { createHash, createPublicKey } = require('node:crypto');
const { Certificate, CertStoreTypes } = require('../../index.js');
const { testWith } = require('../support/clients.js');
const { startScript } = require('../support/programs.js');
const { securityToken } = require('../support/security_token.js');
const { startCommandServer } = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');

const file = (name) => path.join(__dirname, '../../tests/vectors/stores', name);

/** The modulus of rsa.key, which is in every store. */
const modulus = Buffer.from(
  createPublicKey(fs.readFileSync(file('rsa.key'))).export({ format: 'jwk' }).n,
  'base64url',
);

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex').toUpperCase();

const { cstPFXFile, cstPFXBlob, cstJKSFile, cstJKSBlob, cstBCFKSFile, cstBCFKSBlob, cstAuto } =
  CertStoreTypes;

test.each([
  ['rsa.p12', cstPFXFile, cstPFXBlob],
  ['keytool.p12', cstPFXFile, cstPFXBlob],
  ['keytool.jks', cstJKSFile, cstJKSBlob],
  ['keytool.jceks', cstJKSFile, cstJKSBlob],
  ['keytool.bcfks', cstBCFKSFile, cstBCFKSBlob],
])('%s as SSHCert', async (name, fileType, blobType) => {
  const subject = 'CN=rsa.example.com';
  const certificate = new Certificate(fileType, file(name), 'secret1', subject);
  expect(certificate.subject).toBe('CN=rsa.example.com, O=Example');
  for (const type of [blobType, cstAuto]) {
    const same = new Certificate(type, fs.readFileSync(file(name)), 'secret1', subject);
    expect(same.thumbprintSHA256).toBe(certificate.thumbprintSHA256);
    expect(same.privateKey).toBe(certificate.privateKey);
  }
  const server = await startCommandServer((it) => it.setSSHCert(certificate));
  const key = await ssh2.hostKeyOf(server, ['rsa-sha2-256']);
  expect(key.subarray(-modulus.length).equals(modulus)).toBe(true);
  expect(sha256(key)).toBe(certificate.fingerprintSHA256.replaceAll(':', '').toUpperCase());
});

test('a wrong password says so, and names the store', () => {
  expect(() => new Certificate(cstPFXFile, file('rsa.p12'), 'wrong', '*')).toThrow(
    expect.objectContaining({
      code: 1301,
      message: expect.stringMatching(/cstPFXFile.*rsa\.p12.*PKCS#12.*password is wrong/),
    }),
  );
});

testWith('softhsm2-util', 'a key in a token signs the key exchange', async () => {
  const token = await securityToken('host');
  await token.addKey(file('rsa.key'), '01');
  const { store, pin, env } = token;
  const { port } = await startScript('token_server.js', [store, pin], { env }).message();
  for (const algorithm of ['rsa-sha2-256', 'rsa-sha2-512']) {
    const key = await ssh2.hostKeyOf(port, [algorithm]);
    expect(key.subarray(-modulus.length).equals(modulus)).toBe(true);
  }
});
