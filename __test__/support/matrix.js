'use strict';

// The matrix of the interop run: every algorithm of the registry with every client that has it, one
// connection for each. The client logs in and sends a file while it is sent another; on the way keys
// are exchanged anew twice, and both sides compare. What was negotiated, the first time and again, is
// read from the server's own SSHStatus lines. The lists are the addon's and the clients': an algorithm
// that is added is tested without a word here.

const { createHash, randomBytes } = require('node:crypto');
const { existsSync, mkdirSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { setTimeout } = require('node:timers/promises');
const native = require('../../native.js');
const { testUnless } = require('./conditions.js');
const drivers = require('./interop_drivers.js');
const { WITH_MIC, isGss, missingFor, prepareGss, rowsOf } = require('./interop_gss.js');
const { serveExchange } = require('./exchange_server.js');
const { folder } = require('./folder.js');
const { certifiedKey, skProvider, userKey } = require('./keys.js');
const { Recorder, acceptAll, createServer } = require('./server.js');
const { x509Certificate, x509Key } = require('./x509_keys.js');
const skips = require('./interop_skips.js');

const MIB = 1024 * 1024;
const AMOUNT = 8 * MIB;
/**
 * Where a client asks for new keys: once on its way up, and not again on the way down. Most count what
 * they have compressed, and half of the data all but disappears.
 */
const REKEY_BYTES = { compression: 2.5 * MIB, otherwise: 5 * MIB };
/** Far longer than a run takes on a busy machine. */
const HUNG_MS = 120_000;

const SETTINGS = {
  kex: 'SSHKeyExchangeAlgorithms',
  mac: 'SSHMacAlgorithms',
  hostKey: 'SSHPublicKeyAlgorithms',
  userKey: 'SSHPubKeyAuthSigAlgorithms',
};
const KEY_TYPES = {
  'ssh-ed25519': 'ed25519',
  'ecdsa-sha2-nistp256': 'ecdsa-256',
  'ecdsa-sha2-nistp384': 'ecdsa-384',
  'ecdsa-sha2-nistp521': 'ecdsa-521',
  'rsa-sha2-256': 'rsa',
  'rsa-sha2-512': 'rsa',
  'ssh-rsa': 'rsa',
  'ssh-dss': 'dsa',
  'sk-ssh-ed25519@openssh.com': 'ed25519-sk',
  'sk-ecdsa-sha2-nistp256@openssh.com': 'ecdsa-sk',
};
/** Besides 2048. */
const RSA_BITS = [1024, 3072, 4096];
const MODERN_HOST_KEY = 'ssh-ed25519';

/** Algorithms of keys in X.509 certificates whose names have that of no other algorithm in them. */
const IN_X509 = {
  'x509v3-sign-rsa': 'ssh-rsa',
  'x509v3-sign-dss': 'ssh-dss',
  'x509v3-rsa2048-sha256': 'rsa-sha2-256',
};
const isX509 = (name) => name.startsWith('x509v3-');

/** The name of the key in a certificate. */
function plainName(name) {
  if (isX509(name)) return IN_X509[name] ?? name.replace('x509v3-', '');
  const plain = name.replace('-cert-v01', '');
  return plain.startsWith('sk-') || plain === name ? plain : plain.replace('@openssh.com', '');
}

/** Whether a host has such a key in its store: OpenSSH's certificates have a setting, and no host has a device. */
function isHostKey(name) {
  return isX509(name) || (Object.hasOwn(KEY_TYPES, name) && !name.startsWith('sk-'));
}

/** Every algorithm of the addon by kind, those that no default list has too. */
function registry() {
  const names = (wanted) =>
    native
      .algorithms()
      .filter(({ kind }) => kind === wanted)
      .map(({ name }) => name);
  return {
    kex: names('kex'),
    cipher: names('cipher'),
    mac: names('mac'),
    hostKey: names('signature').filter(isHostKey),
    userKey: names('signature'),
    compression: names('compression'),
    method: [WITH_MIC],
  };
}

/** The rows of a kind: an algorithm each, and RSA host keys of other sizes than the usual one. */
function rows(kind) {
  return registry()[kind].flatMap((name) => {
    const row = { kind, name, title: name, type: KEY_TYPES[plainName(name)] };
    if (isGss(row)) return rowsOf(row);
    if (kind !== 'hostKey') return [row];
    if (KEY_TYPES[name] !== 'rsa') return [row];
    const sized = RSA_BITS.map((bits) => ({
      ...row,
      title: `${name}, ${bits} bits`,
      type: `rsa-${bits}`,
    }));
    return [row, ...(name === 'ssh-rsa' ? [] : sized)];
  });
}

function isDevice({ kind, name }) {
  return kind === 'userKey' && name.startsWith('sk-');
}

/** Why a client that has an algorithm is not tried with it, on any machine. */
function whyNot(client, { kind, name, title }) {
  if (isDevice({ kind, name }) && client !== 'ssh') {
    return 'the client has no way to use a security key here';
  }
  return skips.find(
    (skip) =>
      skip.client === client && skip.kind === kind && (skip.name === name || skip.name === title),
  )?.reason;
}

/** The server's list of a kind. */
async function setList(server, kind, list) {
  if (kind === 'method') return;
  if (kind === 'cipher') server.setSSHEncryptionAlgorithms(list);
  else if (kind === 'compression') server.setSSHCompressionAlgorithms(list);
  else await server.config(`${SETTINGS[kind]}=${list}`);
}

/** What every key exchange of a connection agreed on. */
function negotiated(recorder) {
  const lines = recorder.all('SSHStatus').filter((e) => e.message.startsWith('Key exchange:'));
  const parts =
    /^Key exchange: (\S+), host key (\S+), client to server (\S+) (\S+) (\S+), server to client (\S+) (\S+) ([^\s,]+)/;
  return lines.map(({ message }) => {
    const [, kex, hostKey, cipher, mac, compression, ...back] = parts.exec(message);
    expect(back).toEqual([cipher, mac, compression]);
    return { kex, hostKey, cipher, mac, compression };
  });
}

/** Half of it cannot be compressed, half can. */
function content() {
  const block = 64 * 1024;
  const text = Buffer.alloc(block, 'what a shell says again and again\n');
  return Buffer.concat(
    Array.from({ length: AMOUNT / block }, (_, i) => (i % 2 === 0 ? randomBytes(block) : text)),
  );
}

const files = {};
/** The files that go up and down, the same for a whole spec. */
function data() {
  for (const name of Object.keys(files).length === 0 ? ['upload', 'download'] : []) {
    const bytes = content();
    const file = path.join(folder, name);
    writeFileSync(file, bytes);
    files[name] = { file, bytes, hash: createHash('sha256').update(bytes).digest('hex') };
  }
  return files;
}

/** What the client is asked to do, and the server that offers it. */
async function prepare(client, row) {
  const { kind, name, type } = row;
  const driver = drivers[client];
  const hostKey = kind === 'hostKey' ? name : (driver.hostKey ?? MODERN_HOST_KEY);
  const hostKeyType = kind === 'hostKey' ? type : KEY_TYPES[hostKey];
  const server = createServer({ hostKey: hostKeyType });
  if (isX509(hostKey)) server.setSSHCert(x509Certificate(hostKeyType));
  const recorder = new Recorder(server, ['SSHStatus', 'SSHUserAuthRequest', 'Disconnected']);
  acceptAll(server);
  const forces = driver.forces(kind, name);
  // To a client that cannot be told to offer only one algorithm the server offers only that one; plink and
  // dbclient take the first of their own list. For a certificate most clients need the algorithm of its key, too.
  let only = kind === 'userKey' ? [...new Set([name, plainName(name)])].join(',') : name;
  if (kind === 'kex' && isGss(row) && driver.plainLater) only += `,${driver.plainLater}`;
  const offersAll = forces && !driver.strays?.(kind, name);
  await setList(server, kind, offersAll ? registry()[kind].join(',') : only);
  // The other algorithms of the run must not make this one unused (an AEAD cipher needs no MAC, say).
  if (kind === 'mac') await setList(server, 'cipher', 'aes128-ctr');
  const { upload, download } = data();
  const job = { server, user: 'demo', hostKey, hostKeyType };
  if (isX509(hostKey)) job.root = x509Key(hostKeyType).root;
  if (isGss(row)) Object.assign(job, await prepareGss(server, row));
  job.rekeyBytes = REKEY_BYTES[kind] ?? REKEY_BYTES.otherwise;
  Object.assign(job, { upload: upload.file, download: download.file });
  if (forces || kind === 'compression') job[kind] = name;
  if (kind === 'mac') job.cipher = 'aes128-ctr';
  if (kind === 'cipher' && name.endsWith('-cbc') && driver.cbcMac) job.mac = driver.cbcMac;
  if (kind === 'userKey') {
    if (isX509(name)) {
      const { file, chain } = x509Key(type);
      job.key = { file, certificate: chain };
    } else job.key = name.includes('-cert-') ? certifiedKey(type) : userKey(type);
  } else if (client === 'ssh') job.key = userKey();
  const progress = serveExchange(server, { upload, download, asked: driver.asksForKeys });
  await server.startListening();
  return { server, recorder, job, progress };
}

/** Ends a run that hangs, with what is known of it. */
async function hung(recorder, progress, signal) {
  await setTimeout(HUNG_MS, undefined, { signal });
  const events = recorder.events.map(({ name, e }) => [name, e.message ?? e.authMethod]);
  return `hung after ${HUNG_MS / 1000} s: ${JSON.stringify({ progress, events })}`;
}

/** One connection with one algorithm; throws what went wrong, if anything did. */
async function tryOne(client, row) {
  const { server, recorder, job, progress } = await prepare(client, row);
  const driver = drivers[client];
  const limit = new AbortController();
  const runs = Promise.resolve(driver.run(job)).catch((error) => error.message);
  const problem = await Promise.race([
    runs,
    hung(recorder, progress, limit.signal).catch(() => undefined),
  ]);
  limit.abort();
  if (problem !== undefined) {
    driver.kill();
    throw new Error(`${problem}; server: ${JSON.stringify(progress)}`);
  }
  const used = negotiated(recorder);
  if (row.kind === 'userKey') {
    const asked = recorder.all('SSHUserAuthRequest').filter((e) => e.authMethod === 'publickey');
    expect(asked.at(-1)?.keyAlgorithm).toBe(row.name);
  } else if (row.kind === 'kex' && isGss(row) && driver.plainLater) {
    const [first, ...later] = used.map(({ kex }) => kex);
    expect(first).toBe(row.name);
    for (const kex of later) expect([row.name, driver.plainLater]).toContain(kex);
  } else if (row.kind !== 'method')
    expect(used.map((exchange) => exchange[row.kind])).toEqual(used.map(() => row.name));
  if (isGss(row)) {
    const asked = recorder.all('SSHUserAuthRequest').at(-1);
    expect([asked.authMethod, asked.authParam]).toEqual([job.method, 'bob@TEST.LOCAL']);
  }
  const { uploaded, downloaded, exchanges, error } = progress;
  expect({ uploaded, downloaded, error }).toEqual({
    uploaded: job.upload && data().upload.hash,
    downloaded: AMOUNT,
    error: undefined,
  });
  // The first keys, new ones while it came, and new ones while it went.
  expect(exchanges).toBeGreaterThanOrEqual(3);
  await server.shutdown();
}

/** Writes the results where the run wants them. */
function report(client, driver, cells) {
  const target = process.env.SSHSERVER_INTEROP_RESULTS;
  if (!target) return;
  mkdirSync(target, { recursive: true });
  const version = driver.missing() === undefined ? driver.version() : undefined;
  const result = { client, version, asksForKeys: Boolean(driver.asksForKeys), cells };
  writeFileSync(path.join(target, `${client}.json`), JSON.stringify(result));
}

/** Defines the tests of one client. */
function matrixOf(client) {
  const driver = drivers[client];
  const missing = driver.missing();
  const cells = [];
  if (missing !== undefined) {
    const all = Object.keys(registry()).flatMap(rows);
    for (const { kind, title } of all) cells.push({ kind, title, state: 'missing' });
    report(client, driver, cells);
    testUnless(missing, `${client} is installed`);
    return;
  }
  afterAll(() => report(client, driver, cells));
  const supports = driver.supports();
  for (const kind of Object.keys(registry())) {
    describe(kind, () => {
      for (const row of rows(kind)) define(client, row, supports[kind] ?? [], cells);
    });
  }
}

function define(client, row, theirs, cells) {
  const cell = { kind: row.kind, title: row.title, state: 'none' };
  cells.push(cell);
  if (!theirs.includes(row.name)) return;
  const reason = whyNot(client, row);
  if (reason) {
    Object.assign(cell, { state: 'skipped', reason });
    test.skip(`${row.title} (${reason})`, () => {});
    return;
  }
  const noDevice = isDevice(row) && !existsSync(skProvider);
  const missing = noDevice ? 'no library stands for a security key' : missingFor(row);
  if (missing) Object.assign(cell, { state: 'skipped', reason: missing });
  testUnless(
    missing,
    row.title,
    async () => {
      cell.state = 'failed';
      await tryOne(client, row);
      cell.state = 'passed';
    },
    HUNG_MS + 60_000,
  );
}

module.exports = { matrixOf };
