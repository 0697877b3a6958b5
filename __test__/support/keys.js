'use strict';

// Keys and certificates of hosts and users, each kind made once for a spec.

const { spawnSync } = require('node:child_process');
const { generateKeyPairSync } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { utils } = require('ssh2');
const { Certificate, CertStoreTypes } = require('../../index.js');
const { folder, writeFile } = require('./folder.js');

const CURVES = { 256: 'P-256', 384: 'P-384', 521: 'P-521' };
// Not empty: paramiko cannot read a file whose last byte is zero, as it is without comment and padding.
const COMMENT = 'test';
// Stands for a FIDO device; Debian has it in the package openssh-tests.
const skProvider =
  process.env.SSHSERVER_SK_PROVIDER ?? '/usr/lib/openssh/regress/misc/sk-dummy/sk-dummy.so';
/** Large keys that the interop run has made before. */
const madeBefore = path.join(__dirname, '..', '..', 'target', 'interop', 'keys');
const hostKeys = new Map();
const userKeys = new Map();

/** The PEM text of a host key: `ed25519`, `ecdsa-256`, `ecdsa-384`, `ecdsa-521`, `rsa`, `rsa-1024` … or `dsa`. */
function hostKeyText(type = 'ed25519') {
  const made = path.join(madeBefore, `${type}.pem`);
  if (!hostKeys.has(type) && fs.existsSync(made)) hostKeys.set(type, fs.readFileSync(made, 'utf8'));
  if (!hostKeys.has(type)) {
    const { privateKey } = generate(type);
    hostKeys.set(type, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  }
  return hostKeys.get(type);
}

function generate(type) {
  const [family, bits] = type.split('-');
  if (family === 'ecdsa') return generateKeyPairSync('ec', { namedCurve: CURVES[bits] });
  if (family === 'rsa') return generateKeyPairSync('rsa', { modulusLength: Number(bits ?? 2048) });
  if (family === 'dsa') {
    return generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 });
  }
  return generateKeyPairSync('ed25519');
}

function hostCertificate(type) {
  return new Certificate(CertStoreTypes.cstPEMKeyBlob, hostKeyText(type), '', '*');
}

function familyAndBits(type) {
  const [family, bits] = type.split('-');
  return [family, { bits: family === 'rsa' ? 2048 : Number(bits), comment: COMMENT }];
}

/** By OpenSSH's own tool where it is: it comes with the client. */
function keygen(type, id) {
  const isSk = type.endsWith('-sk');
  const [family, { bits }] = isSk ? [type, {}] : familyAndBits(type);
  const file = path.join(folder, `made-${id}`);
  const size = bits ? ['-b', String(bits)] : [];
  const args = ['-q', '-t', family, ...size, '-N', '', '-C', COMMENT, '-f', file];
  if (isSk) args.push('-w', skProvider);
  if (spawnSync('ssh-keygen', args, { stdio: 'ignore' }).status !== 0) return undefined;
  return {
    private: fs.readFileSync(file, 'utf8'),
    public: fs.readFileSync(`${file}.pub`, 'utf8').trim(),
  };
}

/**
 * A user's key pair of one of the same types: `text` and `file` of the private key in OpenSSH's
 * format, `blob` of the public one in base64, and its OpenSSH line. `name` tells keys of a type apart.
 */
function userKey(type = 'ed25519', name = '') {
  const id = `${type}${name}`;
  if (!userKeys.has(id)) {
    const pair = keygen(type, id) ?? utils.generateKeyPairSync(...familyAndBits(type));
    userKeys.set(id, {
      text: pair.private,
      file: writeFile(`user-${id}`, pair.private),
      line: pair.public,
      blob: pair.public.split(' ')[1],
    });
  }
  return userKeys.get(id);
}

/** The certificate that ssh-keygen makes of a public key's line with these arguments: its file and its line. */
function certify(line, args, authority = userKey('ed25519', '-authority')) {
  const file = writeFile('certified.pub', `${line}\n`);
  const { status, stderr } = spawnSync('ssh-keygen', ['-q', '-s', authority.file, ...args, file]);
  if (status !== 0) throw new Error(`ssh-keygen: ${stderr}`);
  const certificate = file.replace(/\.pub$/, '-cert.pub');
  return { file: certificate, line: fs.readFileSync(certificate, 'utf8').trim() };
}

/** The file of a copy of a user's key in the format of OpenSSL, for clients that read no other. */
function pemCopy({ file }) {
  const copy = `${file}.pem`;
  if (!fs.existsSync(copy)) {
    fs.copyFileSync(file, copy);
    fs.chmodSync(copy, 0o600);
    const args = ['-q', '-p', '-m', 'PEM', '-P', '', '-N', '', '-f', copy];
    const { status, stderr } = spawnSync('ssh-keygen', args);
    if (status !== 0) throw new Error(`ssh-keygen: ${stderr}`);
  }
  return copy;
}

/** A user's key with a certificate of an authority, beside it as OpenSSH's client expects it. */
function certifiedKey(type, principals = 'demo') {
  const [key, authority] = [userKey(type, '-certified'), userKey('ed25519', '-authority')];
  fs.writeFileSync(`${key.file}.pub`, `${key.line}\n`);
  const args = ['-q', '-s', authority.file, '-I', 'test', '-n', principals, `${key.file}.pub`];
  const { status, stderr } = spawnSync('ssh-keygen', args);
  if (status !== 0) throw new Error(`ssh-keygen: ${stderr}`);
  return { ...key, certificate: `${key.file}-cert.pub` };
}

module.exports = {
  hostKeyText,
  hostCertificate,
  userKey,
  certify,
  certifiedKey,
  pemCopy,
  skProvider,
};
