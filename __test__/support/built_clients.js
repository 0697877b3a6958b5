'use strict';

// Drivers of the matrix for libraries without a command of their own: small programs around them,
// built into target/interop when they are first needed. What a library has is asked of it where it
// can tell and listed here where it cannot; a name that it does not have after all fails its run.

const { spawnSync } = require('node:child_process');
const { existsSync, mkdirSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { WITH_MIC } = require('./interop_gss.js');
const { LineClient, json } = require('./line_client.js');
const { pemCopy } = require('./keys.js');
const { environment } = require('./processes.js');

const sources = path.join(__dirname, 'clients');
const built = path.join(__dirname, '..', '..', 'target', 'interop');

/** Runs a build command; what it said when it did not go well. */
function build(command, args, { env = {} } = {}) {
  mkdirSync(built, { recursive: true });
  const all = { ...environment, GOCACHE: path.join(built, 'cache'), ...env };
  const { error, status, stderr } = spawnSync(command, args, { cwd: built, env: all });
  return !error && status === 0 ? undefined : (error?.message ?? stderr.toString().slice(-2000));
}

class BuiltDriver {
  #settings;
  #missing;
  #client;
  #asked = false;

  constructor(settings) {
    this.#settings = settings;
    this.hostKey = settings.hostKey;
    this.cbcMac = settings.cbcMac;
    this.asksForKeys = settings.asksForKeys;
    this.#client = new LineClient(settings.command, settings);
  }

  /** Why the program cannot be built; builds it when asked first. */
  missing() {
    if (!this.#asked) this.#missing = this.#settings.build();
    this.#asked = true;
    return this.#missing;
  }

  version() {
    return this.#settings.version?.() ?? this.#client.version().split('/')[0];
  }

  supports() {
    const { supports } = this.#settings;
    return typeof supports === 'function' ? supports(this.#client) : supports;
  }

  forces(kind, name) {
    return kind !== 'userKey' || Boolean(this.#settings.forcesUserKey?.(name));
  }

  async run({ server, key, hostKeyType, gss, ...job }) {
    const request = { ...job, port: server.getLocalPort() };
    // The library reads its environment when it begins.
    if (gss) this.#client.restart(gss);
    if (key) request.keyFile = this.#settings.keyFile?.(key) ?? key.file;
    if (key?.certificate) request.certificate = key.certificate;
    if (job.userKey && this.#settings.userKey)
      request.userKey = this.#settings.userKey(job.userKey);
    const said = await this.#client.ask(request);
    return said === 'ok' ? undefined : said;
  }

  kill() {
    this.#client.kill();
  }
}

const nist = ['256', '384', '521'];
const ecdh = nist.map((bits) => `ecdh-sha2-nistp${bits}`);
const ecdsa = nist.map((bits) => `ecdsa-sha2-nistp${bits}`);
const curve25519 = ['curve25519-sha256', 'curve25519-sha256@libssh.org'];
const group = (...names) => names.map((name) => `diffie-hellman-group${name}`);
const certificates = ['ssh-ed25519', ...ecdsa, 'ssh-rsa', 'ssh-dss'].map(
  (name) => `${name}-cert-v01@openssh.com`,
);
const rsaCertificates = ['256', '512'].map((bits) => `rsa-sha2-${bits}-cert-v01@openssh.com`);
const rsa = ['rsa-sha2-256', 'rsa-sha2-512', 'ssh-rsa'];
const ctr = ['aes128-ctr', 'aes192-ctr', 'aes256-ctr'];
const cbc = ['aes128-cbc', 'aes192-cbc', 'aes256-cbc'];
const gcm = ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com'];
const zlib = ['none', 'zlib', 'zlib@openssh.com'];

const jars = ['jsch.jar', 'jzlib.jar'].map((name) => path.join('/usr/share/java', name));
const jsch = new BuiltDriver({
  build() {
    const missing = jars.filter((file) => !existsSync(file));
    if (missing.length > 0) return `${missing.join(' and ')} missing`;
    return build('javac', ['-cp', jars[0], '-d', built, path.join(sources, 'JschClient.java')]);
  },
  command: [
    ...['java', '-Djavax.security.auth.useSubjectCredsOnly=false'],
    ...['-cp', [built, ...jars].join(':'), 'JschClient'],
  ],
  asksForKeys: true,
  // It reads no keys in OpenSSH's format.
  keyFile: (key) => pemCopy(key),
  // It knows no ed25519.
  hostKey: 'ecdsa-sha2-nistp256',
  supports: {
    kex: [...ecdh, ...group('-exchange-sha256', '-exchange-sha1', '14-sha1', '1-sha1')],
    cipher: [
      ...[...ctr, ...cbc, '3des-ctr', '3des-cbc', 'blowfish-cbc'],
      ...['arcfour', 'arcfour128', 'arcfour256'],
    ],
    mac: ['hmac-sha1', 'hmac-md5', 'hmac-sha1-96', 'hmac-md5-96', 'hmac-sha2-256'],
    hostKey: [...ecdsa, 'ssh-rsa', 'ssh-dss'],
    userKey: [...ecdsa, 'ssh-rsa', 'ssh-dss'],
    compression: zlib,
    method: [WITH_MIC],
  },
});

const goPath = '/usr/share/gocode';
const goLibrary = path.join(goPath, 'src/golang.org/x/crypto/ssh');
const go = new BuiltDriver({
  build() {
    if (!existsSync(goLibrary)) return `${goLibrary} missing`;
    return build('go', ['build', '-o', 'go_client', path.join(sources, 'go_client.go')], {
      env: { GO111MODULE: 'off', GOPATH: goPath },
    });
  },
  // The library cannot tell.
  version() {
    const args = ['-W', '-f', '${Version}', 'golang-golang-x-crypto-dev'];
    const { error, stdout } = spawnSync('dpkg-query', args, { env: environment });
    return /(\d+\.[\d.]*\d)/.exec(error ? '' : stdout.toString())?.[1] ?? 'unknown';
  },
  command: [path.join(built, 'go_client')],
  protocol: json,
  asksForKeys: true,
  // Of DSA keys it reads no others.
  keyFile: (key) => (key.line.startsWith('ssh-dss') ? pemCopy(key) : key.file),
  // With CBC it does not follow OpenSSH's encrypt-then-MAC, though it offers it.
  cbcMac: 'hmac-sha1',
  supports: {
    kex: [
      ...[...curve25519, ...ecdh],
      ...group('-exchange-sha256', '-exchange-sha1', '14-sha256', '14-sha1', '1-sha1'),
    ],
    cipher: [
      ...[...ctr, 'aes128-gcm@openssh.com', 'chacha20-poly1305@openssh.com'],
      ...['aes128-cbc', '3des-cbc', 'arcfour', 'arcfour128', 'arcfour256'],
    ],
    mac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha1', 'hmac-sha1-96'],
    hostKey: ['ssh-ed25519', ...ecdsa, ...rsa, 'ssh-dss'],
    userKey: ['ssh-ed25519', ...ecdsa, ...rsa, 'ssh-dss', ...certificates, ...rsaCertificates],
    compression: ['none'],
  },
});

// OpenSSL 3 has the old ciphers in a provider that has to be asked for.
const legacyProvider = `openssl_conf = init
[init]
providers = providers
[providers]
default = on
legacy = on
[on]
activate = 1
`;
const opensslFile = path.join(built, 'openssl.cnf');
const libssh2 = new BuiltDriver({
  build() {
    const source = path.join(sources, 'libssh2_client.c');
    const problem = build('cc', ['-o', 'libssh2_client', source, '-lssh2']);
    if (problem === undefined) writeFileSync(opensslFile, legacyProvider);
    return problem;
  },
  command: [path.join(built, 'libssh2_client')],
  env: { OPENSSL_CONF: opensslFile },
  supports(client) {
    const kinds = ['kex', 'cipher', 'mac', 'hostKey', 'compression'];
    const names = (kind) => client.askOnce(`supports\t${kind}`).split(',');
    const all = Object.fromEntries(kinds.map((kind) => [kind, names(kind)]));
    return { ...all, userKey: ['ssh-ed25519', ...ecdsa, 'ssh-rsa', 'ssh-dss'] };
  },
});

const libssh = new BuiltDriver({
  build: () => build('cc', ['-o', 'libssh_client', path.join(sources, 'libssh_client.c'), '-lssh']),
  command: [path.join(built, 'libssh_client')],
  asksForKeys: true,
  // Of an RSA certificate it has to be allowed the old name.
  forcesUserKey: (name) => !rsaCertificates.includes(name),
  supports: {
    kex: [
      ...[...curve25519, ...ecdh, ...group('14-sha256', '16-sha512', '18-sha512')],
      ...group('-exchange-sha256', '-exchange-sha1', '14-sha1', '1-sha1'),
    ],
    cipher: [...ctr, ...cbc, ...gcm, '3des-cbc', 'chacha20-poly1305@openssh.com'],
    mac: ['hmac-sha2-256', 'hmac-sha2-512', 'hmac-sha1'].flatMap((name) => [
      name,
      `${name}-etm@openssh.com`,
    ]),
    hostKey: ['ssh-ed25519', ...ecdsa, ...rsa],
    userKey: ['ssh-ed25519', ...ecdsa, ...rsa, ...certificates, ...rsaCertificates].filter(
      (name) => !name.startsWith('ssh-dss'),
    ),
    compression: zlib,
    method: [WITH_MIC],
  },
});

const russhFolder = path.join(sources, 'russh');
const russhTarget = path.join(built, 'russh');
const russh = new BuiltDriver({
  build() {
    const manifest = path.join(russhFolder, 'Cargo.toml');
    const args = ['build', '--quiet', '--release', '--locked', '--manifest-path', manifest];
    return build('cargo', [...args, '--target-dir', russhTarget], { env: cargoEnvironment() });
  },
  command: [path.join(russhTarget, 'release', 'russh-client')],
  asksForKeys: true,
  forcesUserKey: () => true,
  supports: {
    kex: [
      ...['mlkem768x25519-sha256', ...curve25519, ...ecdh],
      ...['14', '15', '16', '17', '18'].map(
        (n) => `diffie-hellman-group${n}-sha${n === '14' ? 256 : 512}`,
      ),
      ...group('-exchange-sha256', '-exchange-sha1', '14-sha1', '1-sha1'),
    ],
    cipher: [...ctr, ...cbc, ...gcm, '3des-cbc', 'chacha20-poly1305@openssh.com'],
    mac: ['hmac-sha2-256', 'hmac-sha2-512', 'hmac-sha1'].flatMap((name) => [
      name,
      `${name}-etm@openssh.com`,
    ]),
    hostKey: ['ssh-ed25519', ...ecdsa, ...rsa, 'ssh-dss'],
    userKey: ['ssh-ed25519', ...ecdsa, ...rsa, 'ssh-dss', ...certificates],
    compression: zlib,
  },
});

/** cargo finds its crates and its toolchain in the home of who runs the tests. */
function cargoEnvironment() {
  const names = ['HOME', 'USERPROFILE', 'CARGO_HOME', 'RUSTUP_HOME', 'RUSTUP_TOOLCHAIN'];
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}

module.exports = { jsch, go, libssh2, libssh, russh };
