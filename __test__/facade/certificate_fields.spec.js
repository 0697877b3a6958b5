'use strict';

// The fields of Certificate one by one, and every store type by its own name, with the addon behind.

const fs = require('node:fs');
const path = require('node:path');
const { Certificate, CertStoreTypes } = require('../../index.js');

const vectors = path.join(__dirname, '../../tests/vectors');
const file = (name) => path.join(vectors, name);
const bytes = (name) => fs.readFileSync(file(name));
const CHAIN = 'text-keys/rsa-with-chain.pem';

describe('an empty certificate', () => {
  test.each([
    ['EffectiveDate', ''],
    ['Encoded', ''],
    ['EncodedB', new Uint8Array(0)],
    ['ExpirationDate', ''],
    ['ExtendedKeyUsage', ''],
    ['Fingerprint', ''],
    ['FingerprintSHA1', ''],
    ['FingerprintSHA256', ''],
    ['Issuer', ''],
    ['KeyPassword', ''],
    ['PrivateKey', ''],
    ['PrivateKeyAvailable', false],
    ['PrivateKeyContainer', ''],
    ['PublicKey', ''],
    ['PublicKeyAlgorithm', ''],
    ['PublicKeyLength', 0],
    ['SerialNumber', ''],
    ['SignatureAlgorithm', ''],
    ['Store', 'MY'],
    ['StoreB', new Uint8Array(Buffer.from('MY'))],
    ['StorePassword', ''],
    ['StoreType', CertStoreTypes.cstUser],
    ['Subject', ''],
    ['SubjectAltNames', ''],
    ['ThumbprintMD5', ''],
    ['ThumbprintSHA1', ''],
    ['ThumbprintSHA256', ''],
    ['Usage', ''],
    ['UsageFlags', 0],
    ['Version', ''],
  ])('%s has its documented default', (name, value) => {
    const certificate = new Certificate();
    expect(certificate[`get${name}`]()).toEqual(value);
    expect(certificate[name[0].toLowerCase() + name.slice(1)]).toEqual(value);
  });
});

describe('fields that are set', () => {
  test.each([
    ['ExtendedKeyUsage', '1.3.6.1.5.5.7.3.1'],
    ['PublicKeyAlgorithm', 'RSA_DH'],
    ['Usage', 'Key Agreement'],
    ['UsageFlags', 0x08],
  ])('%s keeps what is set until another certificate is selected', (name, value) => {
    const certificate = new Certificate(CertStoreTypes.cstPEMKeyFile, file(CHAIN), '', '*');
    const own = certificate[`get${name}`]();
    certificate[`set${name}`](value);
    expect(certificate[`get${name}`]()).toBe(value);
    certificate.setSubject('*');
    expect(certificate[`get${name}`]()).toBe(own);
    expect(own).not.toBe(value);
  });

  test.each([
    'EffectiveDate',
    'ExpirationDate',
    'Fingerprint',
    'FingerprintSHA1',
    'FingerprintSHA256',
    'Issuer',
    'PrivateKey',
    'PrivateKeyAvailable',
    'PrivateKeyContainer',
    'PublicKey',
    'PublicKeyLength',
    'SerialNumber',
    'SignatureAlgorithm',
    'SubjectAltNames',
    'ThumbprintMD5',
    'ThumbprintSHA1',
    'ThumbprintSHA256',
    'Version',
  ])('%s cannot be set', (name) => {
    const certificate = new Certificate();
    expect(certificate[`set${name}`]).toBeUndefined();
    expect(() => {
      certificate[name[0].toLowerCase() + name.slice(1)] = 'x';
    }).toThrow(TypeError);
  });

  test('Store, StoreB, StoreType and StorePassword are what the subject is looked for in', () => {
    const name = 'text-keys/rsa-v3-encrypted.ppk';
    const certificate = new Certificate();
    certificate.setStore(file(name));
    certificate.setStoreType(CertStoreTypes.cstPPKFile);
    expect(certificate.getStore()).toBe(file(name));
    expect(Buffer.from(certificate.getStoreB()).toString()).toBe(file(name));
    expect(certificate.getStoreType()).toBe(14);
    const refused = expect.objectContaining({ code: 1301 });
    expect(() => certificate.setSubject('*')).toThrow(refused);
    certificate.setStorePassword('secret');
    expect(certificate.getStorePassword()).toBe('secret');
    certificate.setSubject('*');
    expect(certificate.getPrivateKeyAvailable()).toBe(true);
    const { fingerprintSHA256 } = certificate;

    const other = new Certificate();
    other.setStoreB(bytes(name));
    other.setStoreType(CertStoreTypes.cstPPKBlob);
    other.setStorePassword('secret');
    other.setSubject('*');
    expect(other.fingerprintSHA256).toBe(fingerprintSHA256);
    expect(Buffer.from(other.getStoreB())).toEqual(bytes(name));
    expect(other.getStore()).toBe(bytes(name).toString());
    other.setStoreType(CertStoreTypes.cstXMLBlob);
    expect(() => other.setSubject('*')).toThrow(refused);
  });

  test('KeyPassword is that of the store until it is set', () => {
    const certificate = new Certificate();
    certificate.setStorePassword('of the store');
    expect(certificate.getKeyPassword()).toBe('of the store');
    certificate.setKeyPassword('secret');
    expect([certificate.getKeyPassword(), certificate.getStorePassword()]).toEqual([
      'secret',
      'of the store',
    ]);
    certificate.setStoreType(CertStoreTypes.cstPPKFile);
    certificate.setStore(file('text-keys/rsa-v3-encrypted.ppk'));
    certificate.setSubject('*');
    expect(certificate.isPrivateKeyAvailable()).toBe(true);
    certificate.setKeyPassword('');
    expect(certificate.getKeyPassword()).toBe('');
    expect(() => certificate.setSubject('*')).toThrow(expect.objectContaining({ code: 1301 }));
  });
});

describe('the constructors with a store as bytes', () => {
  test.each(['a subject', 'a configuration', 'a certificate'])('and %s', (kind) => {
    const chain = new Certificate(CertStoreTypes.cstPEMKeyFile, file(CHAIN), '', '*');
    const key = bytes('text-keys/rsa-v2.ppk');
    const rest = {
      'a subject': [CertStoreTypes.cstPEMKeyBlob, bytes(CHAIN), '', 'leaf.example.com'],
      'a configuration': [
        CertStoreTypes.cstPEMKeyBlob,
        bytes(CHAIN),
        '',
        '*',
        `Thumbprint=${chain.thumbprintSHA1}`,
      ],
      'a certificate': [CertStoreTypes.cstPPKBlob, key, '', Buffer.from(chain.encoded)],
    }[kind];
    const certificate = new Certificate(...rest);
    expect(certificate.subject).toBe(chain.subject);
    expect(certificate.privateKey).toBe(chain.privateKey);
  });
});

describe('store types', () => {
  test.each([
    ['cstPFXFile', 'stores/rsa.p12', 'secret1', true],
    ['cstPFXBlob', 'stores/rsa.p12', 'secret1', true],
    ['cstJKSFile', 'stores/keytool.jks', 'secret1', true],
    ['cstJKSBlob', 'stores/keytool.jks', 'secret1', true],
    ['cstPEMKeyFile', CHAIN, '', true],
    ['cstPEMKeyBlob', CHAIN, '', true],
    ['cstPublicKeyFile', 'keys/x509-rsa-2048.crt', '', false],
    ['cstPublicKeyBlob', 'keys/x509-rsa-2048.crt', '', false],
    ['cstSSHPublicKeyBlob', 'text-keys/rsa.pub', '', false],
    ['cstP7BFile', 'stores/chain.p7b', '', false],
    ['cstP7BBlob', 'stores/chain.p7b', '', false],
    ['cstSSHPublicKeyFile', 'text-keys/rsa.pub', '', false],
    ['cstPPKFile', 'text-keys/rsa-v2-encrypted.ppk', 'secret', true],
    ['cstPPKBlob', 'text-keys/rsa-v2-encrypted.ppk', 'secret', true],
    ['cstXMLFile', 'text-keys/rsa-2048.xml', '', true],
    ['cstXMLBlob', 'text-keys/rsa-2048.xml', '', true],
    ['cstJWKFile', 'text-keys/rsa.jwk', '', true],
    ['cstJWKBlob', 'text-keys/rsa.jwk', '', true],
    ['cstBCFKSFile', 'stores/keytool.bcfks', 'secret1', true],
    ['cstBCFKSBlob', 'stores/keytool.bcfks', 'secret1', true],
  ])('%s opens its stores, as cstAuto does, and no other ones', (name, store, password, key) => {
    const type = CertStoreTypes[name];
    const content = name.endsWith('File') ? file(store) : bytes(store);
    const certificate = new Certificate(type, content, password, '*');
    expect(certificate.storeType).toBe(type);
    expect(certificate.privateKeyAvailable).toBe(key);
    expect(certificate.publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    const found = new Certificate(CertStoreTypes.cstAuto, content, password, '*');
    expect(found.fingerprintSHA256).toBe(certificate.fingerprintSHA256);
    expect([found.subject, found.privateKeyAvailable]).toEqual([certificate.subject, key]);
    const stranger = name.startsWith('cstXML') ? CHAIN : 'text-keys/rsa-2048.xml';
    const other = name.endsWith('File') ? file(stranger) : bytes(stranger);
    expect(() => new Certificate(type, other, password, '*')).toThrow(
      expect.objectContaining({ code: 1301, message: expect.stringContaining(name) }),
    );
  });

  test.each(['cstUser', 'cstMachine'])(
    '%s is refused by its name where there is no Windows',
    (name) => {
      expect(() => new Certificate(CertStoreTypes[name], 'MY', '', '*')).toThrow(
        expect.objectContaining({ code: 1301, message: expect.stringContaining(name) }),
      );
    },
  );
});
