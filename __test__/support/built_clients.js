'use strict';

// Drivers of the matrix for libraries without a command of their own: small programs around them,
// built into target/interop when they are first needed. Each runs as one process that takes a job a
// line and answers with a line. What a library has is listed here; a name that it does not have
// after all fails its run.

const { spawnSync } = require('node:child_process');
const { once } = require('node:events');
const { existsSync, mkdirSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');
const { environment, start } = require('./processes.js');

const sources = path.join(__dirname, 'clients');
const built = path.join(__dirname, '..', '..', 'target', 'interop');

/** Runs a build command; whether it went well. */
function build(command, args, env = {}) {
  mkdirSync(built, { recursive: true });
  const cache = path.join(built, 'cache');
  const options = { cwd: built, stdio: 'ignore' };
  const all = { ...environment, GOCACHE: cache, ...env };
  const { error, status } = spawnSync(command, args, { ...options, env: all });
  return !error && status === 0;
}

class BuiltDriver {
  #settings;
  #ready;
  #process;
  #lines;

  constructor(settings) {
    this.#settings = settings;
    this.kinds = Object.keys(settings.supports);
    this.hostKey = settings.hostKey;
    this.cbcMac = settings.cbcMac;
  }

  /** Whether the library is on this machine; builds the program when asked first. */
  available() {
    this.#ready ??= this.#settings.build();
    return this.#ready;
  }

  supports() {
    return this.#settings.supports;
  }

  forces() {
    return true;
  }

  async run({ server, ...job }) {
    if (!this.#process || this.#process.exitCode !== null || this.#process.signalCode !== null) {
      const [command, ...args] = this.#settings.command;
      this.#process = start(command, args, { env: this.#settings.env });
      this.#process.stderr.resume();
      this.#lines = readline.createInterface({ input: this.#process.stdout });
    }
    const answer = once(this.#lines, 'line');
    const request = { ...job, port: server.getLocalPort() };
    delete request.hostKeyType;
    const text = this.#settings.json
      ? JSON.stringify(request)
      : Object.entries(request).flat().join('\t');
    this.#process.stdin.write(`${text}\n`);
    const said = (await answer)[0];
    return said === 'ok' ? undefined : said;
  }
}

const nist = ['256', '384', '521'];
const hostKeys = ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'];
const ctr = ['aes128-ctr', 'aes192-ctr', 'aes256-ctr'];
const cbc = ['aes128-cbc', 'aes192-cbc', 'aes256-cbc'];

const jars = ['jsch.jar', 'jzlib.jar'].map((name) => path.join('/usr/share/java', name));
const jsch = new BuiltDriver({
  build: () =>
    jars.every(existsSync) &&
    build('javac', ['-cp', jars[0], '-d', built, path.join(sources, 'JschClient.java')]),
  command: ['java', '-cp', [built, ...jars].join(':'), 'JschClient'],
  // It knows no ed25519.
  hostKey: 'ecdsa-sha2-nistp256',
  supports: {
    kex: nist.map((bits) => `ecdh-sha2-nistp${bits}`),
    cipher: [
      ...[...ctr, ...cbc, '3des-ctr', '3des-cbc', 'blowfish-cbc'],
      ...['arcfour', 'arcfour128', 'arcfour256'],
    ],
    mac: ['hmac-sha1', 'hmac-md5', 'hmac-sha1-96', 'hmac-md5-96', 'hmac-sha2-256'],
    hostKey: hostKeys,
    compression: ['none', 'zlib', 'zlib@openssh.com'],
  },
});

const goPath = '/usr/share/gocode';
const go = new BuiltDriver({
  build: () =>
    existsSync(path.join(goPath, 'src/golang.org/x/crypto/ssh')) &&
    build('go', ['build', '-o', 'go_client', path.join(sources, 'go_client.go')], {
      GO111MODULE: 'off',
      GOPATH: goPath,
    }),
  command: [path.join(built, 'go_client')],
  json: true,
  // With CBC it does not follow OpenSSH's encrypt-then-MAC, though it offers it.
  cbcMac: 'hmac-sha1',
  supports: {
    kex: [
      ...['curve25519-sha256', 'curve25519-sha256@libssh.org', 'diffie-hellman-group14-sha256'],
      ...nist.map((bits) => `ecdh-sha2-nistp${bits}`),
    ],
    cipher: [
      ...[...ctr, 'aes128-gcm@openssh.com', 'chacha20-poly1305@openssh.com'],
      ...['aes128-cbc', '3des-cbc', 'arcfour', 'arcfour128', 'arcfour256'],
    ],
    mac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha1', 'hmac-sha1-96'],
    hostKey: ['ssh-ed25519', ...hostKeys, 'rsa-sha2-256', 'rsa-sha2-512'],
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
    const made = build('cc', ['-o', 'libssh2_client', source, '-lssh2']);
    if (made) writeFileSync(opensslFile, legacyProvider);
    return made;
  },
  command: [path.join(built, 'libssh2_client')],
  env: { OPENSSL_CONF: opensslFile },
  supports: {
    kex: [
      ...['curve25519-sha256', 'curve25519-sha256@libssh.org', 'diffie-hellman-group14-sha256'],
      ...['diffie-hellman-group16-sha512', 'diffie-hellman-group18-sha512'],
      ...nist.map((bits) => `ecdh-sha2-nistp${bits}`),
    ],
    cipher: [...ctr, ...cbc, '3des-cbc', 'blowfish-cbc', 'cast128-cbc', 'arcfour', 'arcfour128'],
    mac: [
      ...['hmac-sha2-256', 'hmac-sha2-512', 'hmac-sha1', 'hmac-sha1-96', 'hmac-md5', 'hmac-md5-96'],
      'hmac-ripemd160',
    ],
    hostKey: ['ssh-ed25519', ...hostKeys],
    compression: ['none', 'zlib', 'zlib@openssh.com'],
  },
});

const libssh = new BuiltDriver({
  build: () => build('cc', ['-o', 'libssh_client', path.join(sources, 'libssh_client.c'), '-lssh']),
  command: [path.join(built, 'libssh_client')],
  supports: {
    kex: [
      ...['curve25519-sha256', 'curve25519-sha256@libssh.org', 'diffie-hellman-group14-sha256'],
      ...['diffie-hellman-group16-sha512', 'diffie-hellman-group18-sha512'],
      ...nist.map((bits) => `ecdh-sha2-nistp${bits}`),
    ],
    cipher: [
      ...[...ctr, ...cbc, '3des-cbc', 'chacha20-poly1305@openssh.com'],
      ...['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com'],
    ],
    mac: [
      ...['hmac-sha2-256', 'hmac-sha2-512', 'hmac-sha1'],
      ...['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com'],
      'hmac-sha1-etm@openssh.com',
    ],
    hostKey: ['ssh-ed25519', ...hostKeys, 'rsa-sha2-256', 'rsa-sha2-512'],
    compression: ['none', 'zlib', 'zlib@openssh.com'],
  },
});

module.exports = { jsch, go, libssh2, libssh };
