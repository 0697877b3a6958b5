'use strict';

// The lines of authorized_keys, and of lists of keys: sshd(8), AUTHORIZED_KEYS FILE FORMAT.

const { createHash } = require('node:crypto');
const { checkFunction, checkString } = require('../args.js');
const { BadEntry, lengthOfOptions, parseOptions } = require('./options.js');

const TYPES = new Set([
  'ssh-ed25519',
  'ssh-rsa',
  'ssh-dss',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
]);

/** What stands for bytes that are not UTF-8: of a command they would be another command. */
const REPLACEMENT = '\ufffd';

/** `type base64 [comment]`, or null if the text does not begin with a key. */
function readKey(text) {
  const [, type, base64, comment] = /^([^ \t]+)[ \t]+([^ \t]+)[ \t]*(.*)$/s.exec(text) ?? [];
  if (type === undefined || !TYPES.has(type)) return null;
  const blob = Buffer.from(base64, 'base64');
  // Exactly what the blob is in base64, and nothing that a decoder lets pass.
  if (blob.toString('base64') !== base64) return null;
  const name = Buffer.from(type);
  const isOfType =
    blob.length > 4 + name.length &&
    blob.readUInt32BE(0) === name.length &&
    blob.subarray(4, 4 + name.length).equals(name);
  return isOfType ? { type, blob, comment } : null;
}

function fingerprintOf(blob) {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** The entry of one line. Throws BadEntry if it is none, or has options where there can be none. */
function parseEntry(text, line, canHaveOptions) {
  if (text.includes('\0')) throw new BadEntry('it has a NUL');
  let key = readKey(text);
  let options = '';
  if (key === null && canHaveOptions) {
    const length = lengthOfOptions(text);
    options = text.slice(0, length);
    key = readKey(text.slice(length).replace(/^[ \t]+/, ''));
    if (options.includes(REPLACEMENT)) throw new BadEntry('its options are not UTF-8');
  }
  if (key === null) throw new BadEntry('it has no key of a type that is known');
  const { type, blob, comment } = key;
  return {
    type,
    blob,
    fingerprint: fingerprintOf(blob),
    comment,
    line,
    options: parseOptions(options),
  };
}

/**
 * The entries of a file that can be used. `onRefused(line, reason)` is told of the others: an entry with an option
 * that is not known, or not right, lets nobody in.
 */
function parseAuthorizedKeys(text, onRefused = () => {}) {
  checkString(text, 'text');
  checkFunction(onRefused, 'onRefused');
  return parseLines(text, onRefused, true);
}

/**
 * The keys of a list of keys alone. One with options is refused: nobody would keep to them there, and whoever has
 * written them counts on that.
 */
function parseKeys(text, onRefused) {
  return parseLines(text, onRefused, false);
}

function parseLines(text, onRefused, canHaveOptions) {
  const entries = [];
  text.split('\n').forEach((raw, index) => {
    const content = raw.replace(/\r$/, '').replace(/^[ \t]+/, '');
    if (content === '' || content.startsWith('#')) return;
    try {
      entries.push(parseEntry(content, index + 1, canHaveOptions));
    } catch (error) {
      if (!(error instanceof BadEntry)) throw error;
      onRefused(index + 1, error.message);
    }
  });
  return entries;
}

module.exports = { parseAuthorizedKeys, parseKeys };
