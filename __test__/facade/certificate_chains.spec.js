'use strict';

// Certificate.verifyChain and issuedBy, with certificates and revocation lists of OpenSSL: tests/vectors/x509. (Each
// reason for which a chain does not hold is in tests/conformance/x509_path.rs.)

const fs = require('node:fs');
const path = require('node:path');
const { Certificate, CertStoreTypes } = require('../../index.js');

const file = (name) => path.join(__dirname, '..', '..', 'tests', 'vectors', 'x509', name);
const load = (name) => new Certificate(file(`${name}.crt`));
const [root, sub, rsa, ed25519] = ['root', 'sub', 'rsa', 'ed25519'].map(load);
const crl = (name) => fs.readFileSync(file(`${name}.crl`));
const time = new Date('2027-01-15T08:00:00Z');
const error = (code, text) =>
  expect.objectContaining({ code, message: expect.stringContaining(text) });

/** What a call throws. */
function thrown(call) {
  try {
    call();
  } catch (reason) {
    return reason;
  }
  return undefined;
}

const verify = (chain, authorities, options) =>
  Certificate.verifyChain(chain, authorities, { time, ...options });
const refused = (...args) => thrown(() => verify(...args));

describe('verifyChain', () => {
  test('returns the authority that the chain leads to', () => {
    expect(verify([rsa, sub], [root])).toBe(root);
    expect(verify([rsa, root, sub], [root])).toBe(root);
    expect(verify([ed25519], [root, sub])).toBe(sub);
    // Today, too.
    expect(Certificate.verifyChain([rsa, sub], [root])).toBe(root);
  });

  test('a chain that does not hold is error 1300 with its reason', () => {
    expect(refused([rsa], [root])).toEqual(error(1300, 'lead to none of the authorities'));
    expect(refused([root], [root])).toEqual(error(1300, 'not for logins'));
    const early = { time: new Date('2025-12-31T23:59:59Z') };
    expect(refused([rsa, sub], [root], early)).toEqual(error(1300, 'not valid yet'));
    const late = { time: new Date('2126-01-01T00:00:00Z') };
    expect(refused([rsa, sub], [root], late)).toEqual(error(1300, 'has expired'));
  });

  test('revocation lists are taken in PEM and DER, and have to cover the path', () => {
    const der = Buffer.from(
      crl('sub-rsa')
        .toString()
        .replace(/-.*-|\s/g, ''),
      'base64',
    );
    for (const list of [crl('sub-rsa'), crl('sub-rsa').toString(), der]) {
      const crls = [crl('root'), list];
      expect(refused([rsa, sub], [root], { crls })).toEqual(error(1300, 'is revoked'));
      expect(verify([ed25519, sub], [root], { crls })).toBe(root);
      expect(verify([ed25519], [sub], { crls: [list] })).toBe(sub);
    }
    const uncovered = refused([rsa, sub], [root], { crls: [crl('sub-nobody')] });
    expect(uncovered).toEqual(error(1300, 'No revocation list covers'));
    const old = refused([rsa], [sub], { crls: [crl('sub-old')] });
    expect(old).toEqual(error(1300, 'out of date'));
    const crls = [crl('root'), Buffer.from('x')];
    expect(refused([rsa], [sub], { crls })).toEqual(error(10022, 'crls[1] is no revocation list'));
  });

  test('an authority has to be one', () => {
    expect(refused([rsa], [sub, ed25519])).toEqual(error(10022, 'authorities[1]'));
    expect(refused(Array(11).fill(rsa), [sub])).toEqual(error(10022, 'too many'));
  });

  test.each([
    ['chain', [[], [root]]],
    ['authorities', [[rsa], []]],
    ['chain', ['x', [root]]],
    ['chain', [undefined, [root]]],
    ['authorities', [[rsa], root]],
    ['chain[1]', [[rsa, {}], [root]]],
    ['chain[0]', [[new Certificate()], [root]]],
    ['authorities[0]', [[rsa], [file('root.crt')]]],
    ['options', [[rsa], [root], null]],
    ['options', [[rsa], [root], 1]],
    ['options.crls', [[rsa], [root], { crls: 'x' }]],
    ['options.crls[0]', [[rsa], [root], { crls: [1] }]],
    ['options.time', [[rsa], [root], { time: 1 }]],
    ['options.time', [[rsa], [root], { time: new Date(NaN) }]],
    ['options.time', [[rsa], [root], { time: new Date(-1) }]],
  ])('%s is named when it is of another type', (name, args) => {
    const reason = thrown(() => Certificate.verifyChain(...args));
    expect(reason).toBeInstanceOf(TypeError);
    expect(reason.message).toContain(`"${name}"`);
  });
});

describe('issuedBy', () => {
  test('is true for the authority that has signed it', () => {
    expect([rsa, ed25519, sub, root].map((it) => it.issuedBy(sub))).toEqual([
      ...[true, true],
      ...[false, false],
    ]);
    expect([rsa, ed25519, sub, root].map((it) => it.issuedBy(root))).toEqual([
      ...[false, false],
      ...[true, true],
    ]);
    expect(rsa.issuedBy(rsa)).toBe(false);
  });

  test('needs certificates on both sides', () => {
    const bare = new Certificate(CertStoreTypes.cstPEMKeyFile, file('rsa.key'), '', '*');
    expect(thrown(() => rsa.issuedBy(bare)).message).toContain('"authority"');
    expect(thrown(() => rsa.issuedBy('root')).message).toContain('"authority"');
    expect(thrown(() => bare.issuedBy(sub)).message).toContain('"this"');
    expect(thrown(() => new Certificate().issuedBy(sub))).toBeInstanceOf(TypeError);
  });
});
