'use strict';

// The documented values of the fields of a certificate, each by itself.

const { Certificate } = require('../../index.js');
const { certificate } = require('../support/x509.js');

const read = (options) => new Certificate(certificate(options));

test.each([
  ['0x80', 'Digital Signatures'],
  ['0x40', 'Key Authentication'],
  ['0x20', 'Key Encryption'],
  ['0x10', 'Data Encryption'],
  ['0x08', 'Key Agreement'],
  ['0x04', 'Certificate Signing'],
  ['0x02', 'Key Signing'],
])('the usage %s is %s', (flag, text) => {
  const { usageFlags, usage } = read({ usage: Number(flag) });
  expect([usageFlags, usage]).toEqual([Number(flag), text]);
});

test.each([1, 2, 3])('version V%i', (version) => {
  expect(read({ version }).version).toBe(`V${version}`);
});

test.each(['CN', 'O', 'OU', 'L', 'S', 'C', 'E'])('the field %s of a subject', (field) => {
  const value = field === 'C' ? 'DE' : `a ${field}`;
  const said = read({ subject: { [field]: value } });
  expect(said.subject).toBe(`${field}=${value}`);
  expect(said.issuer).toBe('CN=issuer');
});

test.each(['PersistPFXKey=True', 'PersistPFXKey=False', 'UseInternalSecurityAPI=True'])(
  'configurationString: %s is taken, and changes nothing',
  (line) => {
    const store = certificate();
    const [plain, configured] = ['', line].map((text) => new Certificate(9, store, '', '*', text));
    expect(configured.thumbprintSHA256).toBe(plain.thumbprintSHA256);
  },
);

test('configurationString: Thumbprint chooses', () => {
  const [store, other] = [certificate(), read()];
  const { thumbprintSHA256 } = new Certificate(store);
  const load = (print) => new Certificate(9, store, '', '*', `Thumbprint=${print}`);
  expect(load(thumbprintSHA256).thumbprintSHA256).toBe(thumbprintSHA256);
  expect(() => load(other.thumbprintSHA256)).toThrow(expect.objectContaining({ code: 1301 }));
});
