'use strict';

// Certificates with the fields that a test wants. They have no real signature, because the reader verifies none.

const { generateKeyPairSync } = require('node:crypto');

const ATTRIBUTES = {
  CN: '550403',
  C: '550406',
  L: '550407',
  S: '550408',
  O: '55040a',
  OU: '55040b',
  E: '2a864886f70d010901',
};
const KEY_USAGE = '551d0f';
const ED25519 = '2b6570';

/** A value in DER (X.690). */
function der(tag, ...parts) {
  const body = Buffer.concat(parts);
  const size = body.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

const sequence = (...parts) => der(0x30, ...parts);
const oid = (hex) => der(0x06, Buffer.from(hex, 'hex'));
const integer = (value) => der(0x02, Buffer.from([value]));
const bits = (bytes, unused = 0) => der(0x03, Buffer.from([unused]), bytes);
const algorithm = sequence(oid(ED25519));

function nameOf(fields) {
  const parts = Object.entries(fields).map(([field, value]) =>
    der(0x31, sequence(oid(ATTRIBUTES[field]), der(0x0c, Buffer.from(value)))),
  );
  return sequence(...parts);
}

/** A certificate in DER (RFC 5280 section 4.1): of version 1, 2 or 3, the latter with `usage` flags. */
function certificate({ version = 3, subject = { CN: 'test' }, usage } = {}) {
  const { publicKey } = generateKeyPairSync('ed25519');
  const times = ['260101000000Z', '360101000000Z'].map((time) => der(0x17, Buffer.from(time)));
  const usageBits = usage === undefined ? [] : [der(0x04, bits(Buffer.from([usage])))];
  const extensions = usageBits.map((value) => sequence(oid(KEY_USAGE), value));
  const body = sequence(
    ...(version === 1 ? [] : [der(0xa0, integer(version - 1))]),
    integer(7),
    algorithm,
    nameOf({ CN: 'issuer' }),
    sequence(...times),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length > 0 ? [der(0xa3, sequence(...extensions))] : []),
  );
  return sequence(body, algorithm, bits(Buffer.alloc(64)));
}

module.exports = { certificate };
