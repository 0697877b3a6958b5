'use strict';

// The keys in files of text of tests/vectors/text-keys, and what ssh-keygen says of them.

const fs = require('node:fs');
const path = require('node:path');

const keyFile = (name) => path.join(__dirname, '../../tests/vectors/text-keys', name);

/** Of each file: its name, what it holds, and the SHA-256 fingerprint in base64. */
const fingerprints = fs
  .readFileSync(keyFile('expected.txt'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split(' '));

module.exports = { fingerprints, keyFile };
