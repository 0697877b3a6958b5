'use strict';

// Certificates put to use: as SSHCert, beside it (AltSSHCert) and for one connection, from each kind
// of file, with a client that says which key it saw.

const fs = require('node:fs');
const path = require('node:path');
const { createHash } = require('node:crypto');
const { Certificate, CertStoreTypes } = require('../../index.js');
const { createServer, startCommandServer } = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');
const { turn } = require('../support/waiting.js');
const { fingerprints, keyFile: file } = require('../support/text_keys.js');

const expected = new Map(fingerprints.map(([name, , fingerprint]) => [name, fingerprint]));

/** The fingerprint of the host key that a client gets which only knows these algorithms. */
async function hostKeyOf(server, algorithms) {
  const key = await ssh2.hostKeyOf(server, algorithms);
  return createHash('sha256').update(key).digest('base64').replace(/=+$/, '');
}

const USED = [
  ['ed25519-v2.ppk', 14, 15, '', 'ssh-ed25519'],
  ['ecdsa-384-v3-encrypted.ppk', 14, 15, 'secret', 'ecdsa-sha2-nistp384'],
  ['rsa-2048.xml', 16, 17, '', 'rsa-sha2-256'],
  ['p521.jwk', 18, 19, '', 'ecdsa-sha2-nistp521'],
  ['rsa-with-chain.pem', 6, 7, '', 'rsa-sha2-512'],
  ['set.jwk', 99, 99, '', 'ecdsa-sha2-nistp256', 'p256 key'],
];
expected.set('set.jwk', expected.get('p256.jwk'));

describe.each(USED)('%s', (name, fileType, blobType, password, algorithm, subject = '*') => {
  test('as SSHCert, AltSSHCert and in Connected', async () => {
    const server = await startCommandServer((it) =>
      it.setSSHCert(new Certificate(fileType, file(name), password, subject)),
    );
    expect(await hostKeyOf(server, [algorithm])).toBe(expected.get(name));

    const other = await startCommandServer(async (it) => {
      // A key of another kind: the server's own is of the kind that the client asks for otherwise.
      if (algorithm === 'ssh-ed25519')
        it.setSSHCert(new Certificate(19, fs.readFileSync(file('p256.jwk')), '', '*'));
      await it.config('AltSSHCertCount=1');
      await it.config(`AltSSHCertStoreType[0]=${blobType}`);
      await it.config(`AltSSHCertStore[0]=${fs.readFileSync(file(name), 'utf8')}`);
      await it.config(`AltSSHCertStorePassword[0]=${password}`);
      await it.config(`AltSSHCertSubject[0]=${subject}`);
    });
    expect(await hostKeyOf(other, [algorithm])).toBe(expected.get(name));

    const third = await startCommandServer((it) => {
      it.on('Connected', (e) => {
        e.certStoreType = fileType;
        e.certStore = file(name);
        e.certPassword = password;
        e.certSubject = subject;
      });
    });
    expect(await hostKeyOf(third, [algorithm])).toBe(expected.get(name));
  });
});

describe('a subject is compared by its fields', () => {
  const STORE = path.join(__dirname, '../../tests/vectors/keys/chain-then-key-ecdsa-256.pem');
  const SUBJECT =
    'CN=host.example.com, O="Example, Inc.", OU=Test, L=Mitte, S=Berlin, C=DE, E=admin@example.com';
  const { cstPEMKeyFile } = CertStoreTypes;

  test.each([
    ['written as it is read', SUBJECT],
    ['without spaces', SUBJECT.replaceAll(', ', ',').replace('Example,Inc', 'Example, Inc')],
    [
      'in another order, as openssl prints it',
      'C = DE, ST = Berlin, L = Mitte, O = "Example, Inc.", OU = Test, CN = host.example.com, emailAddress = admin@example.com',
    ],
    [
      'with quotes, and fields in small letters',
      'ou="Test", o="Example, Inc.", cn="host.example.com"',
    ],
    ['with backslashes', 'O=Example\\, Inc.,CN=host.example.com'],
  ])('%s', async (_, subject) => {
    const certificate = new Certificate(cstPEMKeyFile, STORE, '', subject);
    expect(certificate.subject).toBe(SUBJECT);
    const empty = new Certificate();
    empty.storeType = cstPEMKeyFile;
    empty.store = STORE;
    empty.subject = subject;
    expect(empty.subject).toBe(SUBJECT);

    const own = Buffer.from(certificate.fingerprintSHA256.replaceAll(':', ''), 'hex');
    const fingerprint = own.toString('base64').replace(/=+$/, '');
    const alternative = await startCommandServer(async (it) => {
      await it.config('AltSSHCertCount=1');
      await it.config(`AltSSHCertStoreType[0]=${cstPEMKeyFile}`);
      await it.config(`AltSSHCertStore[0]=${STORE}`);
      await it.config(`AltSSHCertSubject[0]=${subject}`);
    });
    expect(await hostKeyOf(alternative, ['ecdsa-sha2-nistp256'])).toBe(fingerprint);
    const connected = await startCommandServer((it) => {
      it.on('Connected', (e) => {
        e.certStoreType = cstPEMKeyFile;
        e.certStore = STORE;
        e.certSubject = subject;
      });
    });
    expect(await hostKeyOf(connected, ['ecdsa-sha2-nistp256'])).toBe(fingerprint);
  });
});

describe('several keys', () => {
  test('the client chooses among them', async () => {
    const server = await startCommandServer(
      async (it) => {
        await it.config('AltSSHCertCount=3');
        const files = ['ed25519-v3.ppk', 'ecdsa-256-v3.ppk', 'rsa-v2-encrypted.ppk'];
        for (const [index, name] of files.entries()) {
          await it.config(`AltSSHCertStoreType[${index}]=${CertStoreTypes.cstPPKFile}`);
          await it.config(`AltSSHCertStore[${index}]=${file(name)}`);
          await it.config(`AltSSHCertStorePassword[${index}]=secret`);
        }
        // Not awaited here: startListening waits for it.
        for (const index of files.keys()) void it.config(`AltSSHCertSubject[${index}]=*`);
      },
      { hostKey: null },
    );
    for (const [algorithm, name] of [
      ['ssh-ed25519', 'ed25519-v3.ppk'],
      ['ecdsa-sha2-nistp256', 'ecdsa-256-v3.ppk'],
      ['rsa-sha2-512', 'rsa-v2-encrypted.ppk'],
    ]) {
      expect(await hostKeyOf(server, [algorithm])).toBe(expected.get(name));
    }
    expect(await server.config('AltSSHCertSubject[1]')).toBe('*');
    expect(await server.config('AltSSHCertCount')).toBe('3');
  });

  test('what cannot be loaded is told, and what was there stays', async () => {
    const server = await startCommandServer(async (it) => {
      await it.config('AltSSHCertCount=1');
      await it.config(`AltSSHCertStore[0]=${file('p256.jwk')}`);
      await it.config('AltSSHCertStoreType[0]=18');
      await it.config('AltSSHCertSubject[0]=*');
    });
    const refused = async (text, code, message) =>
      expect(server.config(text)).rejects.toMatchObject({ code, message });
    await server.config('AltSSHCertStoreType[0]=14');
    await refused('AltSSHCertSubject[0]=*', 1301, expect.stringMatching(/cstPPKFile.*JWK/));
    await server.config(`AltSSHCertStore[0]=${file('p256-public.jwk')}`);
    await server.config('AltSSHCertStoreType[0]=18');
    await refused('AltSSHCertSubject[0]=*', 1301, expect.stringMatching(/no private key/));
    for (const text of [
      'AltSSHCertCount=-1',
      'AltSSHCertCount=100000',
      'AltSSHCertStore[1]=x',
      'AltSSHCertSubject=*',
      'AltSSHCertStoreType[0]=x',
      'AltSSHCertCount[0]=1',
    ]) {
      await refused(text, 10022, expect.stringContaining('AltSSHCert'));
    }
    expect(await hostKeyOf(server, ['ecdsa-sha2-nistp256'])).toBe(expected.get('p256.jwk'));
    await server.config('AltSSHCertSubject[0]=');
    await expect(hostKeyOf(server, ['ecdsa-sha2-nistp256'])).rejects.toThrow();
  });
});

test('a slow key derivation does not hold the event loop', async () => {
  const text = fs.readFileSync(file('ed25519-argon2i.ppk'), 'utf8');
  // The MAC does not fit any more: the password is wrong, once the derivation is over.
  const slow = text.replace('Argon2-Memory: 64', 'Argon2-Memory: 65536');
  const server = createServer();
  await server.config('AltSSHCertCount=1');
  await server.config('AltSSHCertStoreType[0]=15');
  await server.config(`AltSSHCertStore[0]=${slow}`);
  await server.config('AltSSHCertStorePassword[0]=secret');
  for (const load of [
    () => server.config('AltSSHCertSubject[0]=*'),
    () => Certificate.load(15, slow, 'secret', '*'),
  ]) {
    let over = false;
    const failed = expect(load()).rejects.toMatchObject({ code: 1301 });
    void failed.finally(() => (over = true));
    // If loading blocked the event loop, it would have no turns but those that bring the result.
    let turns = 0;
    for (; turns < 1000 && !over; turns++) await turn();
    expect(turns).toBe(1000);
    await failed;
  }
}, 120_000);
