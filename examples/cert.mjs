// Prints what a key or certificate file says: `npm run cert -- show FILE [password]`. Private keys are
// not printed, only whether there is one.

import { Certificate, CertStoreTypes } from '../index.mjs';

const FIELDS = [
  'subject',
  'issuer',
  'serialNumber',
  'version',
  'effectiveDate',
  'expirationDate',
  'subjectAltNames',
  'usage',
  'usageFlags',
  'extendedKeyUsage',
  'signatureAlgorithm',
  'publicKeyAlgorithm',
  'publicKeyLength',
  'fingerprint',
  'fingerprintSHA1',
  'fingerprintSHA256',
  'thumbprintMD5',
  'thumbprintSHA1',
  'thumbprintSHA256',
  'privateKeyAvailable',
  'privateKeyContainer',
];

const [command, file, password = ''] = process.argv.slice(2);
if (command !== 'show' || file === undefined) {
  console.error('usage: npm run cert -- show FILE [password]');
  process.exit(2);
}
try {
  const certificate = await Certificate.load(CertStoreTypes.cstAuto, file, password, '*');
  const width = Math.max(...FIELDS.map((field) => field.length));
  for (const field of FIELDS) {
    const value = certificate[field];
    if (value !== '') console.log(`${field.padEnd(width)}  ${value}`);
  }
  console.log(certificate.publicKey.trimEnd());
  if (certificate.encoded) console.log(certificate.encoded.trimEnd());
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
