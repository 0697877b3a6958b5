'use strict';

// One driver for each client of the matrix. `missing()` tells why it is not here, `version()` which
// it is, `supports()` its algorithms by kind. `run(job)` makes one connection that forces those the
// job names, sends the file `upload` through the command `exchange` and expects `download`; it
// resolves to nothing when all was right or to what went wrong. `forces(kind)` tells whether the
// client can be told to offer only one; if not, the test tells the server. `asksForKeys`: it asks for
// new keys after `rekeyBytes` by itself. `kill()` ends what a hanging run has left.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const built = require('./built_clients.js');
const clients = require('./clients.js');
const { folder } = require('./folder.js');
const { SUFFIX, WITH_MIC, familyOf } = require('./interop_gss.js');
const { skProvider } = require('./keys.js');
const { LineClient, json } = require('./line_client.js');
const { environment, run } = require('./processes.js');
const ssh2 = require('./ssh2_client.js');

/** Whether a client that ended with this status had been sent the right data. */
function verdict({ status, signal, stderr }, received, job) {
  if (status === 0 && received.equals(fs.readFileSync(job.download))) return undefined;
  return `status ${status ?? signal}, ${received.length} bytes came; ${stderr}`;
}

/**
 * Runs a command from file to file. Not through pipes: dbclient (2022.83) waits for ever when the
 * server closes the channel while its standard output is full, with any server.
 */
async function exchange(command, args, job, env) {
  const output = path.join(folder, `received-by-${command}`);
  const stdio = [fs.openSync(job.upload), fs.openSync(output, 'w'), 'pipe'];
  try {
    const done = await run(command, [...args, 'exchange'], { env, stdio });
    return verdict(done, fs.readFileSync(output), job);
  } finally {
    fs.closeSync(stdio[0]);
    fs.closeSync(stdio[1]);
  }
}

/** A driver around a command, whose version is the first number with a dot that `-V` prints. */
class CommandDriver {
  constructor(command, members) {
    Object.assign(this, members, { command });
  }

  #said() {
    const { error, stdout, stderr } = spawnSync(this.command, ['-V'], { env: environment });
    return error ? undefined : `${stdout}${stderr}`;
  }

  missing() {
    return this.#said() === undefined ? `there is no ${this.command}` : undefined;
  }

  version() {
    const number = /\d+\.\d[\w.]*/.exec(this.#said())?.[0] ?? 'unknown';
    return this.equipment ? `${number} ${this.equipment()}` : number;
  }

  kill() {
    // Every process ends with its test.
  }
}

const opensshOptions = {
  kex: 'KexAlgorithms',
  cipher: 'Ciphers',
  mac: 'MACs',
  hostKey: 'HostKeyAlgorithms',
  userKey: 'PubkeyAcceptedAlgorithms',
};

const openssh = new CommandDriver('ssh', {
  asksForKeys: true,
  // It decides which rows there are, as the version does.
  equipment: () => (fs.existsSync(skProvider) ? 'with sk-dummy' : 'without a security key'),
  supports() {
    const query = (what) =>
      spawnSync('ssh', ['-Q', what], { env: environment }).stdout.toString().trim().split('\n');
    return {
      kex: [...query('kex'), ...query('kex-gss').map((name) => `${name.slice(0, -1)}${SUFFIX}`)],
      cipher: query('cipher'),
      mac: query('mac'),
      hostKey: query('key-sig'),
      userKey: query('key-sig'),
      compression: ['none', 'zlib@openssh.com', 'zlib'],
      method: [WITH_MIC],
    };
  },
  // It has only -C, which offers both kinds of zlib.
  forces: (kind) => kind !== 'compression',
  run(job) {
    const isPlain = ([kind]) => job[kind] && !(kind === 'kex' && job.gss);
    const options = Object.entries(opensshOptions)
      .filter(isPlain)
      .map(([kind, option]) => `${option}=${job[kind]}`);
    if (job.userKey?.startsWith('sk-')) options.push(`SecurityKeyProvider=${skProvider}`);
    options.push(`Compression=${job.compression && job.compression !== 'none' ? 'yes' : 'no'}`);
    options.push(`RekeyLimit=${job.rekeyBytes}`);
    if (job.gss) {
      options.push(`PreferredAuthentications=${job.method}`, 'GSSAPIAuthentication=yes');
      options.push(`HostName=${job.host}`);
      if (job.kex)
        options.push('GSSAPIKeyExchange=yes', `GSSAPIKexAlgorithms=${familyOf(job.kex)}-`);
    }
    const settings = { user: job.user, options, key: job.key };
    return exchange('ssh', clients.sshArguments(job.server, settings), job, job.gss);
  },
});

const constants = () => require('ssh2/lib/protocol/constants.js');

const npmSsh2 = {
  missing: () => undefined,
  version: () => require('ssh2/package.json').version,
  kill() {
    // Every connection ends with its test.
  },
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
    const done = await ssh2.exec(client, 'exchange', fs.readFileSync(job.upload));
    await ssh2.end(client);
    return verdict(done, done.stdout, job);
  },
};

/** A folder of plink's with a session that warns of nothing: with -batch a warning ends it. */
function puttyFolder(rekeyBytes) {
  const home = path.join(folder, 'putty');
  const all = {
    Cipher: 'chacha20,aesgcm,aes,3des,blowfish,des,arcfour',
    KEX: 'ecdh,ntru-curve25519,dh-group18-sha512,dh-group16-sha512,dh-group14-sha1,dh-gex-sha1,dh-group1-sha1,rsa',
    HostKey: 'ed25519,ecdsa,rsa,dsa,ed448',
  };
  const lines = Object.entries(all).map(([name, list]) => `${name}=${list},WARN\n`);
  lines.push(`RekeyBytes=${rekeyBytes}\n`, 'AuthGSSAPIKEX=1\n', 'AuthGSSAPI=1\n');
  fs.mkdirSync(path.join(home, 'sessions'), { recursive: true });
  fs.writeFileSync(path.join(home, 'sessions', 'interop'), lines.join(''));
  return home;
}

const plink = new CommandDriver('plink', {
  asksForKeys: true,
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
      'diffie-hellman-group1-sha1',
      'sntrup761x25519-sha512@openssh.com',
      ...['curve25519-sha256', 'nistp256-sha256', 'group14-sha256', 'group16-sha512'].map(
        (name) => `gss-${name}${SUFFIX}`,
      ),
      ...['group14-sha1', 'gex-sha1'].map((name) => `gss-${name}${SUFFIX}`),
    ],
    cipher: [
      'chacha20-poly1305@openssh.com',
      'aes128-gcm@openssh.com',
      'aes256-gcm@openssh.com',
      'aes128-ctr',
      'aes192-ctr',
      'aes256-ctr',
      'aes128-cbc',
      'aes192-cbc',
      'aes256-cbc',
      '3des-ctr',
      '3des-cbc',
      'blowfish-cbc',
      'arcfour128',
      'arcfour256',
    ],
    mac: ['hmac-sha2-256', 'hmac-sha1', 'hmac-sha1-96', 'hmac-md5'].flatMap((name) => [
      name,
      `${name}-etm@openssh.com`,
    ]),
    hostKey: [
      'ssh-ed25519',
      'ecdsa-sha2-nistp256',
      'ecdsa-sha2-nistp384',
      'ecdsa-sha2-nistp521',
      'rsa-sha2-256',
      'rsa-sha2-512',
      'ssh-rsa',
      'ssh-dss',
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
    ].flatMap((name) => [name, `${name}-cert-v01@openssh.com`]),
    compression: ['none', 'zlib', 'zlib@openssh.com'],
    method: [WITH_MIC],
  }),
  forces: () => false,
  // For the host key it exchanges keys again, without GSSAPI.
  plainLater: 'curve25519-sha256',
  async run(job) {
    const args = ['-load', 'interop', ...clients.plinkArguments(job.server, job.hostKeyType)];
    if (job.compression && job.compression !== 'none') args.push('-C');
    if (job.key) {
      const file = path.join(folder, `${path.basename(job.key.file)}.ppk`);
      const made = await run('puttygen', [job.key.file, '-O', 'private', '-o', file]);
      if (made.status !== 0) return `puttygen: ${made.stderr}`;
      args.push('-i', file);
      if (job.key.certificate) args.push('-cert', job.key.certificate);
    } else if (!job.gss) args.push('-pw', 'x');
    args.push(`${job.user}@${job.host ?? '127.0.0.1'}`);
    return exchange('plink', args, job, { PUTTYDIR: puttyFolder(job.rekeyBytes), ...job.gss });
  },
});

const dbclient = new CommandDriver('dbclient', {
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
    mac: ['hmac-sha1', 'hmac-sha2-256'],
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
    return exchange('dbclient', args, job, { DROPBEAR_PASSWORD: 'x' });
  },
});

/** paramiko and asyncssh. */
class PythonDriver {
  #client;
  #name;
  #isThere;

  asksForKeys = true;

  constructor(name, { python = clients.python, isThere = () => clients.available(name) } = {}) {
    this.#name = name;
    this.#isThere = isThere;
    const script = path.join(__dirname, 'interop_clients.py');
    this.#client = new LineClient([python, script, name], { protocol: json });
  }

  missing() {
    return this.#isThere() ? undefined : `Python has no module ${this.#name}`;
  }

  version() {
    return this.#client.version();
  }

  supports() {
    return this.#client.askOnce(JSON.stringify({ supports: true }));
  }

  forces() {
    return true;
  }

  /** asyncssh signs with SHA-2 under the old name of an RSA certificate too, if the server takes that. */
  strays(kind, name) {
    return this.#name === 'asyncssh' && kind === 'userKey' && /^rsa-sha2-.*-cert-/.test(name);
  }

  async run({ server, key, ...job }) {
    const request = { ...job, port: server.getLocalPort(), keyFile: key?.file };
    if (key?.certificate) request.certificate = key.certificate;
    const said = await this.#client.ask(request);
    return said === 'ok' ? undefined : said;
  }

  kill() {
    this.#client.kill();
  }
}

module.exports = {
  ssh: openssh,
  ssh2: npmSsh2,
  plink,
  dbclient,
  paramiko: new PythonDriver('paramiko'),
  asyncssh: new PythonDriver('asyncssh'),
  // The last line of versions that has GSSAPI, in a Python of its own.
  paramiko3: new PythonDriver('paramiko3', {
    python: clients.pythonWithGss,
    isThere: () => clients.available('paramiko3'),
  }),
  ...built,
};
