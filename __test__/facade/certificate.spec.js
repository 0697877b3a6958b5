'use strict';

// Certificate with the addon behind it, on files that other tools made (tests/vectors).

const fs = require('node:fs');
const path = require('node:path');
const os = require('node:os');
const { spawnSync } = require('node:child_process');
const { Certificate, CertStoreTypes, SSHServerError } = require('../../index.js');
const { onUnix } = require('../support/conditions.js');
const { fingerprints, keyFile: file } = require('../support/text_keys.js');

const ROOT = path.join(__dirname, '../..');
const vectors = path.join(ROOT, 'tests/vectors');
const bytes = (name) => fs.readFileSync(file(name));
const older = (name) => path.join(vectors, 'keys', name);

function failure(code, message) {
  return expect.objectContaining({
    name: 'SSHServerError',
    code,
    message: expect.stringMatching(message),
  });
}

function base64Fingerprint(certificate) {
  const digest = Buffer.from(certificate.fingerprintSHA256.replaceAll(':', ''), 'hex');
  return digest.toString('base64').replace(/=+$/, '');
}

describe('every file', () => {
  test.each(fingerprints)(
    '%s (%s) is read by cstAuto, as a file and as a blob',
    (name, holds, print) => {
      const password = holds === 'encrypted' ? 'secret' : '';
      for (const store of [file(name), bytes(name)]) {
        const certificate = new Certificate(CertStoreTypes.cstAuto, store, password, '*');
        expect(base64Fingerprint(certificate)).toBe(print);
        expect(certificate.privateKeyAvailable).toBe(holds !== 'public');
        expect(certificate.publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
        expect(/^-----BEGIN PRIVATE KEY-----\n/.test(certificate.privateKey)).toBe(
          holds !== 'public',
        );
      }
    },
  );
});

describe('the constructors', () => {
  const leaf = () => new Certificate(6, file('rsa-with-chain.pem'), '', '*');

  test('Certificate()', () => {
    const empty = new Certificate();
    expect([empty.store, empty.storeType, empty.subject]).toEqual(['MY', 0, '']);
    expect(() => empty.setSubject('*')).toThrow(failure(1301, /Windows only/));
  });

  test('Certificate(certificateFile) and Certificate(certificateData)', () => {
    const name = older('x509-ecdsa-256.crt');
    for (const argument of [name, fs.readFileSync(name)]) {
      const certificate = new Certificate(argument);
      expect(certificate.subject).toMatch(/CN=host\.example\.com/);
      expect(certificate.privateKeyAvailable).toBe(false);
    }
    // The private key in the file is not read.
    expect(new Certificate(file('rsa-with-chain.pem')).privateKey).toBe('');
  });

  test('Certificate(type, store, password, subject), store as a name or as bytes', () => {
    const byName = new Certificate(6, file('rsa-with-chain.pem'), '', 'leaf.example.com');
    const byBytes = new Certificate(7, bytes('rsa-with-chain.pem'), '', 'leaf.example.com');
    const byText = new Certificate(7, bytes('rsa-with-chain.pem').toString(), '', 'leaf');
    for (const certificate of [byName, byBytes, byText]) {
      expect(certificate.privateKeyAvailable).toBe(true);
      expect(certificate.thumbprintSHA1).toBe(leaf().thumbprintSHA1);
    }
  });

  test('blobs as base64, and as a string with a byte in each character', () => {
    const der = fs.readFileSync(older('pkcs8-rsa-2048.der'));
    const fingerprints = [der, der.toString('base64'), der.toString('latin1')].map(
      (store) => new Certificate(7, store, '', '*').fingerprint,
    );
    expect(new Set(fingerprints).size).toBe(1);
  });

  test('Certificate(type, store, password, subject, configurationString)', () => {
    const wanted = new Certificate(6, file('rsa-with-chain.pem'), '', 'Example Root');
    expect(wanted.subject).toBe('CN=Example Root, O="Example, Inc.", C=DE');
    const prints = ['thumbprintMD5', 'thumbprintSHA1', 'thumbprintSHA256'].map((f) => wanted[f]);
    for (const print of prints) {
      for (const written of [print, print.toLowerCase(), print.match(/../g).join(':')]) {
        const store = bytes('rsa-with-chain.pem');
        const found = new Certificate(
          7,
          store,
          '',
          '*',
          `PersistPFXKey=True\nThumbprint=${written}\n`,
        );
        expect(found.subject).toBe(wanted.subject);
        expect(found.privateKeyAvailable).toBe(false);
      }
    }
    expect(() => new Certificate(7, bytes('rsa-with-chain.pem'), '', '*', 'Thumbprint=00')).toThrow(
      failure(1301, /no certificate in the store has that thumbprint/i),
    );
    expect(() => new Certificate(7, bytes('rsa-with-chain.pem'), '', '*', 'Thumprint=00')).toThrow(
      failure(10022, /configurationString/),
    );
    const encrypted = bytes('rsa-v3-encrypted.ppk');
    const opened = new Certificate(15, encrypted, 'other', '*', 'KeyPassword=secret');
    expect(opened.privateKeyAvailable).toBe(true);
    expect(opened.keyPassword).toBe('secret');
  });

  test('Certificate(type, store, password, encoded)', () => {
    const encoded = Buffer.from(leaf().encoded);
    for (const [type, store] of [
      [14, file('rsa-v2.ppk')],
      [19, bytes('node-rsa.jwk')],
      [7, bytes('chain-before-rsa.pem')],
    ]) {
      const certificate = new Certificate(type, store, '', encoded);
      expect(certificate.subject).toBe(leaf().subject);
      expect(certificate.privateKeyAvailable).toBe(true);
    }
    expect(() => new Certificate(14, file('ed25519-v2.ppk'), '', encoded)).toThrow(
      failure(1301, /does not belong to the certificate/),
    );
  });

  test('Certificate.load does the same, and rejects', async () => {
    const certificate = await Certificate.load(14, file('ed25519-v3-encrypted.ppk'), 'secret', '*');
    expect(certificate.privateKeyAvailable).toBe(true);
    const wrong = Certificate.load(14, file('ed25519-v3-encrypted.ppk'), 'no', '*');
    await expect(wrong).rejects.toEqual(failure(1301, /The password is wrong/));
    await expect(wrong).rejects.toBeInstanceOf(SSHServerError);
  });
});

test('all that a certificate says', () => {
  const leaf = new Certificate(6, file('rsa-with-chain.pem'), '', '*');
  const printed = fs.readFileSync(file('leaf.txt'), 'utf8');
  const find = (pattern) => pattern.exec(printed)[1];
  const plain = (text) => text.replaceAll(':', '');
  const date = (name) => {
    const [, month, day, time, year] = /(\w+) +(\d+) (\S+) (\d+) GMT/.exec(
      find(new RegExp(`${name}=(.*)`)),
    );
    return `${day.padStart(2, '0')}-${month}-${year} ${time}`;
  };
  expect(leaf.subject).toBe(
    'CN=leaf.example.com, O="Example, Inc.", OU="R+D", L=Mitte, S=Berlin, C=DE, E=host@example.com',
  );
  expect(leaf.issuer).toBe('CN="Example Issuer ""2""", O="Example, Inc.", C=DE');
  expect(leaf.serialNumber).toBe(find(/serial=(.*)/));
  expect(leaf.effectiveDate).toBe(date('notBefore'));
  expect(leaf.expirationDate).toBe(date('notAfter'));
  expect(leaf.version).toBe('V3');
  expect(leaf.signatureAlgorithm).toBe('ecdsa-with-SHA256');
  expect(leaf.publicKeyAlgorithm).toBe('RSA');
  expect(leaf.publicKeyLength).toBe(2048);
  expect(leaf.usage).toBe('Digital Signatures,Key Encryption,Data Encryption');
  expect(leaf.usageFlags).toBe(0x80 | 0x20 | 0x10);
  expect(leaf.extendedKeyUsage).toBe('1.3.6.1.5.5.7.3.1,1.3.6.1.5.5.7.3.2,1.3.6.1.4.1.311.20.2.2');
  expect(leaf.subjectAltNames).toBe('leaf.example.com,*.leaf.example.com,192.0.2.7');
  expect(leaf.thumbprintMD5).toBe(plain(find(/md5 Fingerprint=(.*)/)));
  expect(leaf.thumbprintSHA1).toBe(plain(find(/sha1 Fingerprint=(.*)/)));
  expect(leaf.thumbprintSHA256).toBe(plain(find(/sha256 Fingerprint=(.*)/)));
  expect(leaf.fingerprint).toBe(find(/2048 MD5:(\S+)/));
  const hex = (text) => Buffer.from(text, 'base64').toString('hex').match(/../g).join(':');
  expect(leaf.fingerprintSHA1).toBe(hex(find(/2048 SHA1:(\S+)/)));
  expect(leaf.fingerprintSHA256).toBe(hex(find(/2048 SHA256:(\S+)/)));
  expect(leaf.privateKeyContainer).toBe('');
  const pem = bytes('rsa-with-chain.pem').toString();
  expect(pem.startsWith(leaf.privateKey)).toBe(true);
  expect(pem).toContain(leaf.encoded);
  expect(Buffer.from(leaf.encodedB).toString()).toBe(leaf.encoded);
  expect(leaf.publicKey).toBe(bytes('rsa-spki.pem').toString());
});

describe('the fields that load', () => {
  test('subject: exactly, then as a part, "*", and "" for nothing', () => {
    const certificate = new Certificate();
    certificate.storeType = CertStoreTypes.cstPEMKeyFile;
    certificate.store = file('rsa-with-chain.pem');
    certificate.subject = '*';
    const full = certificate.subject;
    expect(full).toMatch(/CN=leaf/);
    for (const [subject, found] of [
      [full, /^CN=leaf/],
      ['CN=Example Root', /^CN=Example Root/],
      ['example root', /^CN=Example Root/],
      ['Issuer "2"', /^$/],
      ['Issuer ""2""', /^CN="Example Issuer/],
      ['nobody', /^$/],
      ['', /^$/],
    ]) {
      certificate.subject = subject;
      expect(certificate.subject).toMatch(found);
      expect(certificate.privateKeyAvailable).toBe(subject === full);
    }
    certificate.store = '/no/such/file';
    expect(() => certificate.setSubject('*')).toThrow(failure(1301, /cannot be read/));
    expect(certificate.subject).toBe('');
  });

  test('encoded looks for its private key in the store', () => {
    const pem = new Certificate(6, file('rsa-with-chain.pem'), '', '*').encoded;
    const certificate = new Certificate();
    certificate.encoded = pem;
    expect([certificate.subject, certificate.encoded]).toEqual(['', pem]);
    certificate.storeType = CertStoreTypes.cstPPKFile;
    certificate.store = file('rsa-v2-encrypted.ppk');
    certificate.keyPassword = 'secret';
    certificate.encoded = pem;
    expect(certificate.subject).toMatch(/CN=leaf/);
    expect(certificate.privateKeyAvailable).toBe(true);
    certificate.store = file('ed25519-v2.ppk');
    certificate.encodedB = Buffer.from(pem);
    expect([certificate.subject, certificate.privateKeyAvailable]).toEqual(['', false]);
  });
});

describe('errors name the store, the format and what is wrong', () => {
  test.each([
    [[0, 'MY', '', '*'], /Store type 0 \(cstUser\).*Windows only/],
    [[1, 'MY', '', '*'], /Store type 1 \(cstMachine\).*Windows only/],
    [[20, 'x', '', '*'], /Store type 20: There is no such store type/],
    [
      [14, file('rsa-v3-encrypted.ppk'), '', '*'],
      /rsa-v3-encrypted\.ppk", PuTTY.*password is required/,
    ],
    [[14, file('rsa-v3-encrypted.ppk'), 'no', '*'], /cstPPKFile.*PuTTY.*password is wrong/],
    [
      [14, file('rsa-with-chain.pem'), '', '*'],
      /cstPPKFile.*PEM: Stores of this type are of another format/,
    ],
    [[18, file('ed448.jwk'), '', '*'], /cstJWKFile.*JWK.*Ed448 are not supported/],
    [[16, file('make.sh'), '', '*'], /cstXMLFile/],
    [[6, __dirname, '', '*'], /does not name a file/],
    [[6, '/no/such/file', '', '*'], /The file cannot be read/],
    [[6, 'a\0b', '', '*'], /The file cannot be read/],
    [[7, '', '', '*'], /There is no data/],
    [[7, Buffer.alloc(2 ** 20 + 1), '', '*'], /larger than 1 MiB/],
    [[99, Buffer.from('[{"a": 1}]'), '', '*'], /cstAuto/],
    [
      [6, file('rsa-with-chain.pem'), '', 'CN=nobody'],
      /No certificate in the store has that subject/,
    ],
  ])('%j', async (args, message) => {
    expect(() => new Certificate(...args)).toThrow(failure(1301, message));
    await expect(Certificate.load(...args)).rejects.toEqual(failure(1301, message));
  });

  test('but nothing of a key or a password that is in the wrong place', () => {
    const key = bytes('rsa-with-chain.pem').toString();
    const base64 = bytes('ed25519-v2.ppk').toString('base64');
    for (const [type, store] of [
      [6, key],
      [14, base64],
      [2, key],
      [0, base64],
      [99, `${base64}!`],
    ]) {
      let message = '';
      try {
        new Certificate(type, store, 'hunter2', '*', 'KeyPassword=hunter3');
      } catch (error) {
        ({ message } = error);
      }
      expect(message).not.toBe('');
      expect(message).not.toMatch(/hunter|BEGIN/);
      expect(message).not.toContain(store.slice(0, 20));
    }
  });

  onUnix('a file that may not be read', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cert-'));
    fs.chmodSync(folder, 0o755);
    const name = path.join(folder, 'key');
    fs.copyFileSync(file('rsa-v2.ppk'), name);
    fs.chmodSync(name, 0);
    // In a process of its own, which can become a user without the right to read every file.
    const source = `const { Certificate } = require('./index.js');
      if (process.getuid() === 0) process.setuid(65534);
      try { new Certificate(99, process.argv[1], '', '*'); }
      catch ({ name, code, message }) { console.log(JSON.stringify({ name, code, message })); }`;
    const args = ['-e', source, name];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
    fs.rmSync(folder, { recursive: true });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(failure(1301, /permission/));
  });
});

test('npm run cert shows the fields and no private key', () => {
  const run = (...args) =>
    spawnSync(process.execPath, [path.join(ROOT, 'examples/cert.mjs'), ...args], {
      encoding: 'utf8',
    });
  const shown = run('show', file('rsa-v3-encrypted.ppk'), 'secret');
  expect(shown.stdout).toMatch(/^privateKeyAvailable +true$/m);
  expect(shown.stdout).toMatch(/^publicKeyLength +2048$/m);
  expect(shown.stdout).not.toMatch(/PRIVATE KEY/);
  const wrong = run('show', file('rsa-v3-encrypted.ppk'), 'no');
  expect([wrong.status, wrong.stdout]).toEqual([1, '']);
  expect(wrong.stderr).toMatch(/The password is wrong/);
  expect(run().status).toBe(2);
});
