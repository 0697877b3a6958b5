'use strict';

// Keys with X.509 certificates of an authority, as a host or a user has them, made with OpenSSL once for a spec.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { Certificate, CertStoreTypes } = require('../../index.js');
const { folder, writeFile } = require('./folder.js');
const { hostKeyText } = require('./keys.js');

const AUTHORITY = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n';
const OWN = [
  'basicConstraints=critical,CA:FALSE',
  'keyUsage=critical,digitalSignature',
  'subjectAltName=IP:127.0.0.1,DNS:localhost,email:demo@example.com',
  '',
].join('\n');

const made = new Map();
let serial = 1;

function openssl(args) {
  const { status, stderr, error } = spawnSync('openssl', args);
  if (status !== 0) throw new Error(`openssl ${args[0]}: ${error ?? stderr}`);
}

/**
 * A certificate for the key of a file: where its PEM text is. `extensions` are lines of OpenSSL; without an issuer it
 * signs itself.
 */
function certify({ key, subject, extensions, issuer }) {
  const name = path.join(folder, `x509-${serial}`);
  openssl(['req', '-new', '-key', key, '-subj', subject, '-out', `${name}.csr`]);
  const config = writeFile(path.basename(`${name}.cnf`), extensions);
  const signer = issuer ? ['-CA', issuer.certificate, '-CAkey', issuer.key] : ['-signkey', key];
  const args = ['-req', '-in', `${name}.csr`, ...signer, '-days', '30', '-sha256'];
  args.push('-extfile', config, '-set_serial', String(serial), '-out', `${name}.crt`);
  openssl(['x509', ...args]);
  serial += 1;
  return `${name}.crt`;
}

/** The file of a new key of a type. */
function keyFile(type, name) {
  return writeFile(`x509-${name}.key`, hostKeyText(type));
}

/** The root and the authority below it that issues certificates. */
function authorities() {
  if (made.size === 0) {
    const root = { key: keyFile('ecdsa-256', 'root') };
    root.certificate = certify({ ...root, subject: '/O=Test/CN=Root', extensions: AUTHORITY });
    const sub = { key: keyFile('ecdsa-384', 'sub') };
    const below = { subject: '/O=Test/CN=Users', extensions: AUTHORITY, issuer: root };
    sub.certificate = certify({ ...sub, ...below });
    made.set('authorities', { root, sub });
  }
  return made.get('authorities');
}

/**
 * A key of a type with its chain: `file` of the key, `certificate` of its own certificate, `chain` of all three, and
 * `text` of the key and all three, each in PEM; `root` is the file of the root's certificate.
 */
function x509Key(type, extensions = OWN) {
  const id = `${type} ${extensions}`;
  if (!made.has(id)) {
    const { root, sub } = authorities();
    const file = keyFile(type, type);
    const subject = `/O=Test/CN=demo ${type}`;
    const certificate = certify({ key: file, subject, extensions, issuer: sub });
    const all = [certificate, sub.certificate, root.certificate];
    const chainText = all.map((each) => fs.readFileSync(each, 'utf8')).join('');
    const chain = writeFile(`x509-${made.size}-chain.pem`, chainText);
    const text = hostKeyText(type) + chainText;
    made.set(id, { file, certificate, chain, text, all, root: root.certificate });
  }
  return made.get(id);
}

/** The same as a server takes it. */
function x509Certificate(type) {
  return new Certificate(CertStoreTypes.cstPEMKeyBlob, x509Key(type).text, '', '*');
}

module.exports = { x509Key, x509Certificate, authorities, certify };
