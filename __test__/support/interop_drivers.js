'use strict';

// One driver for each client of the matrix. `supports()` tells its algorithms by kind; `run(job)`
// makes one connection that forces those the job names, and resolves to nothing when all was right
// or to what went wrong. `forces(kind)` tells whether the client can be told to offer only one; if
// not, the test tells the server.

const { spawnSync } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const path = require('node:path');
const readline = require('node:readline');
const clients = require('./clients.js');
const { folder } = require('./folder.js');
const { hostCertificate, skProvider } = require('./keys.js');
const { environment, run, start } = require('./processes.js');
const ssh2 = require('./ssh2_client.js');

/** Runs both commands with `command(text, input)`, which gives status and stdout. */
async function tryCommands(command, job) {
  const said = await command('say hello', '');
  if (said.status !== 0 || said.stdout.toString() !== 'hello') {
    return `say: status ${said.status}, ${said.stdout.length} bytes; ${said.stderr}`;
  }
  const data = randomBytes(job.bytes);
  const copied = await command('cat', data);
  if (copied.status !== 0 || !copied.stdout.equals(data)) {
    return `cat: status ${copied.status}, ${copied.stdout.length} bytes; ${copied.stderr}`;
  }
  return undefined;
}

const opensshOptions = {
  kex: 'KexAlgorithms',
  cipher: 'Ciphers',
  mac: 'MACs',
  hostKey: 'HostKeyAlgorithms',
  userKey: 'PubkeyAcceptedAlgorithms',
};

const openssh = {
  supports() {
    const query = (what) =>
      spawnSync('ssh', ['-Q', what], { env: environment }).stdout.toString().trim().split('\n');
    return {
      kex: query('kex'),
      cipher: query('cipher'),
      mac: query('mac'),
      hostKey: query('key-sig'),
      userKey: query('key-sig'),
      compression: ['none', 'zlib@openssh.com', 'zlib'],
    };
  },
  // It has only -C, which offers both kinds of zlib.
  forces: (kind) => kind !== 'compression',
  run(job) {
    const options = Object.entries(opensshOptions)
      .filter(([kind]) => job[kind])
      .map(([kind, option]) => `${option}=${job[kind]}`);
    if (job.userKey?.startsWith('sk-')) options.push(`SecurityKeyProvider=${skProvider}`);
    options.push(`Compression=${job.compression && job.compression !== 'none' ? 'yes' : 'no'}`);
    const settings = { user: job.user, options, key: job.key };
    return tryCommands((text, input) => clients.ssh(job.server, text, { ...settings, input }), job);
  },
};

const constants = () => require('ssh2/lib/protocol/constants.js');

const npmSsh2 = {
  supports() {
    const it = constants();
    return {
      kex: it.SUPPORTED_KEX,
      cipher: it.SUPPORTED_CIPHER,
      mac: it.SUPPORTED_MAC,
      hostKey: it.SUPPORTED_SERVER_HOST_KEY,
      // With an RSA key it signs by the newest hash the server knows.
      userKey: it.SUPPORTED_SERVER_HOST_KEY.filter((name) => name !== 'ssh-rsa'),
      compression: it.SUPPORTED_COMPRESSION,
    };
  },
  forces: (kind) => kind !== 'userKey',
  async run(job) {
    const algorithms = { compress: [job.compression ?? 'none'] };
    if (job.kex) algorithms.kex = [job.kex];
    if (job.cipher) algorithms.cipher = [job.cipher];
    if (job.mac) algorithms.hmac = [job.mac];
    algorithms.serverHostKey = [job.hostKey];
    const login = job.key
      ? { privateKey: job.key.text }
      : { password: 'x', authHandler: ['password'] };
    const client = await ssh2.connect(job.server, { username: job.user, algorithms, ...login });
    const result = await tryCommands((text, input) => ssh2.exec(client, text, input), job);
    await ssh2.end(client);
    return result;
  },
};

const plink = {
  supports: () => ({
    kex: [
      'curve25519-sha256',
      'curve25519-sha256@libssh.org',
      'ecdh-sha2-nistp256',
      'ecdh-sha2-nistp384',
      'ecdh-sha2-nistp521',
      'diffie-hellman-group14-sha256',
      'diffie-hellman-group15-sha512',
      'diffie-hellman-group16-sha512',
      'diffie-hellman-group17-sha512',
      'diffie-hellman-group18-sha512',
      'diffie-hellman-group-exchange-sha256',
      'diffie-hellman-group-exchange-sha1',
      'diffie-hellman-group14-sha1',
      'sntrup761x25519-sha512@openssh.com',
    ],
    cipher: [
      'chacha20-poly1305@openssh.com',
      'aes128-gcm@openssh.com',
      'aes256-gcm@openssh.com',
      'aes128-ctr',
      'aes192-ctr',
      'aes256-ctr',
    ],
    mac: ['hmac-sha2-256', 'hmac-sha2-256-etm@openssh.com'],
    hostKey: [
      'ssh-ed25519',
      'ecdsa-sha2-nistp256',
      'ecdsa-sha2-nistp384',
      'ecdsa-sha2-nistp521',
      'rsa-sha2-256',
      'rsa-sha2-512',
      'ssh-rsa',
    ],
    userKey: [
      'ssh-ed25519',
      'ecdsa-sha2-nistp256',
      'ecdsa-sha2-nistp384',
      'ecdsa-sha2-nistp521',
      'rsa-sha2-256',
      'rsa-sha2-512',
      'ssh-rsa',
      'ssh-dss',
    ],
    compression: ['none', 'zlib', 'zlib@openssh.com'],
  }),
  forces: () => false,
  async run(job) {
    const args = ['-batch', '-ssh', '-P', String(job.server.getLocalPort())];
    const hex = hostCertificate(job.hostKeyType).fingerprintSHA256.replaceAll(':', '');
    const fingerprint = Buffer.from(hex, 'hex').toString('base64').replace(/=+$/, '');
    args.push('-hostkey', `SHA256:${fingerprint}`, '-noagent');
    if (job.compression && job.compression !== 'none') args.push('-C');
    if (job.key) {
      const file = path.join(folder, `${path.basename(job.key.file)}.ppk`);
      const made = await run('puttygen', [job.key.file, '-O', 'private', '-o', file]);
      if (made.status !== 0) return `puttygen: ${made.stderr}`;
      args.push('-i', file);
    } else args.push('-pw', 'x');
    args.push(`${job.user}@127.0.0.1`);
    return tryCommands((text, input) => run('plink', [...args, text], { input }), job);
  },
};

const dbclient = {
  supports: () => ({
    kex: [
      'curve25519-sha256',
      'curve25519-sha256@libssh.org',
      'ecdh-sha2-nistp256',
      'ecdh-sha2-nistp384',
      'ecdh-sha2-nistp521',
      'diffie-hellman-group14-sha256',
      'diffie-hellman-group14-sha1',
    ],
    cipher: ['chacha20-poly1305@openssh.com', 'aes128-ctr', 'aes256-ctr'],
    mac: ['hmac-sha2-256'],
    hostKey: [
      'ssh-ed25519',
      'ecdsa-sha2-nistp256',
      'ecdsa-sha2-nistp384',
      'ecdsa-sha2-nistp521',
      'rsa-sha2-256',
      'ssh-rsa',
    ],
    userKey: [
      'ssh-ed25519',
      'ecdsa-sha2-nistp256',
      'ecdsa-sha2-nistp384',
      'ecdsa-sha2-nistp521',
      'rsa-sha2-256',
      'ssh-rsa',
    ],
    compression: ['none'],
  }),
  forces: () => false,
  async run(job) {
    const args = ['-y', '-y', '-p', String(job.server.getLocalPort())];
    if (job.key) {
      const file = path.join(folder, `${path.basename(job.key.file)}.dropbear`);
      const made = await run('dropbearconvert', ['openssh', 'dropbear', job.key.file, file]);
      if (made.status !== 0) return `dropbearconvert: ${made.stderr}`;
      args.push('-i', file);
    }
    args.push(`${job.user}@127.0.0.1`);
    const env = { DROPBEAR_PASSWORD: 'x' };
    return tryCommands((text, input) => run('dbclient', [...args, text], { input, env }), job);
  },
};

/** paramiko and asyncssh: one process of Python for all jobs of a test. */
class PythonDriver {
  #process;
  #lines;
  #name;

  constructor(name) {
    this.#name = name;
  }

  async #ask(request) {
    if (!this.#process || this.#process.exitCode !== null || this.#process.signalCode !== null) {
      const script = path.join(__dirname, 'interop_clients.py');
      this.#process = start(clients.python, [script, this.#name]);
      this.#process.stderr.resume();
      this.#lines = readline.createInterface({ input: this.#process.stdout });
    }
    const answer = once(this.#lines, 'line');
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    return JSON.parse((await answer)[0]);
  }

  async supports() {
    return (await this.#ask({ supports: true })).supports;
  }

  forces() {
    return true;
  }

  async run({ server, key, ...job }) {
    const request = { ...job, port: server.getLocalPort(), keyFile: key?.file };
    if (key?.certificate) request.certificate = key.certificate;
    const { ok, error } = await this.#ask(request);
    return ok ? undefined : (error ?? 'wrong data');
  }
}

module.exports = {
  ssh: openssh,
  ssh2: npmSsh2,
  plink,
  dbclient,
  paramiko: new PythonDriver('paramiko'),
  asyncssh: new PythonDriver('asyncssh'),
};
