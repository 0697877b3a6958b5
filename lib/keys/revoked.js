'use strict';

// Keys that let nobody in any more, whatever else says so: revocation lists as `ssh-keygen -k` writes them, and plain
// lists of keys (RevokedKeys of sshd_config(5)).

const { NativeRevocationList } = require('../native.js');
const { parseKeys } = require('./parse.js');

/** What every revocation list begins with (OpenSSH PROTOCOL.krl). */
const MAGIC = Buffer.from('SSHKRL\n\0', 'latin1');

/** A list that cannot be read. It revokes everything: what it should have revoked is not known. */
class BadList extends Error {}

/** The plain list of keys in a text, as the set of their blobs in base64. */
function plainList(bytes) {
  const entries = parseKeys(bytes.toString('utf8'), (line, reason) => {
    throw new BadList(`line ${line} of a list of revoked keys is none: ${reason}`);
  });
  const blobs = new Set(entries.map(({ blob }) => blob.toString('base64')));
  return (blob, certificate) =>
    blobs.has(blob.toString('base64')) ||
    (certificate !== null &&
      (blobs.has(certificate.publicKey) || blobs.has(certificate.signatureKey)));
}

function revocationList(bytes) {
  let list;
  try {
    list = new NativeRevocationList(bytes);
  } catch (error) {
    throw new BadList(`a revocation list cannot be read: ${error.message}`);
  }
  return (blob) => list.revokes(blob);
}

/** `(blob, certificate or null) => boolean`: whether a list revokes a key. */
function parseRevoked(bytes) {
  return bytes.subarray(0, MAGIC.length).equals(MAGIC) ? revocationList(bytes) : plainList(bytes);
}

/** Lists that are read at each login, and parsed again when they have changed: they can be long. */
class Revoked {
  /** By the place of the file among them: `{ bytes, revokes }`. */
  #parsed = new Map();

  /** Whether one of the files revokes a key. Throws if one cannot be understood. */
  revoke(files, blob, certificate) {
    return files.some((file, index) => this.#list(index, file)(blob, certificate));
  }

  #list(index, { bytes }) {
    const known = this.#parsed.get(index);
    if (known?.bytes.equals(bytes)) return known.revokes;
    const revokes = parseRevoked(bytes);
    this.#parsed.set(index, { bytes, revokes });
    return revokes;
  }
}

module.exports = { Revoked };
