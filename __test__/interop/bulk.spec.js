'use strict';

// Much data through one channel with every cipher, in each direction, over several exchanges of
// keys: asked for by the server (KeyRenegotiationThreshold) on the way down and by ssh (RekeyLimit)
// on the way up. SSHSERVER_BULK_MIB is the amount of each; the full run is 2048.

const { createHash, randomBytes } = require('node:crypto');
const { once } = require('node:events');
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { startSsh, testWith } = require('../support/clients.js');
const drivers = require('../support/interop_drivers.js');
const { acceptAll, createServer, keyExchanges, Recorder } = require('../support/server.js');

const MIB = 1024 * 1024;
const AMOUNT = Number(process.env.SSHSERVER_BULK_MIB ?? 96);
const REKEY_MIB = 64;
const TIMEOUT = 60_000 + AMOUNT * 500;
// Other exchanges of keys than those there have to be are no mistake; that one is late by a window is none either.
const REKEYS = Math.max(1, Math.floor(AMOUNT / REKEY_MIB) - 2);
const rows = [];

/** Random data of which no two blocks are the same. */
function* blocks(hash) {
  const random = randomBytes(MIB);
  for (let i = 0; i < AMOUNT; i++) {
    const block = Buffer.from(random);
    block.writeUInt32BE(i);
    hash.update(block);
    yield block;
  }
}

async function startServer() {
  const server = createServer();
  const recorder = new Recorder(server, ['SSHStatus', 'Disconnected', 'Error']);
  const hash = createHash('sha256');
  const received = createHash('sha256');
  acceptAll(server);
  await server.config(`KeyRenegotiationThreshold=${REKEY_MIB * MIB}`);
  server.on('SSHChannelRequest', (e) => (e.success = e.requestType === 'exec'));
  server.on('SSHChannelRequested', async ({ channelId, packetB }) => {
    if (server.getSSHParam(packetB, 'command') !== 'down') return;
    for (const block of blocks(hash)) await server.sendBytes(channelId, block);
    await server.sendExitStatus(channelId, 0);
    await server.closeChannel(channelId);
  });
  server.on('SSHChannelDataIn', (e) => void received.update(e.dataB));
  server.on('SSHChannelEOF', async ({ channelId }) => {
    await server.sendText(channelId, received.digest('hex'));
    await server.sendExitStatus(channelId, 0);
    await server.closeChannel(channelId);
  });
  await server.startListening();
  return { server, recorder, sent: () => hash.digest('hex') };
}

function startClient(server, command, cipher, mac, options = []) {
  const settings = [`Ciphers=${cipher}`, ...(mac ? [`MACs=${mac}`] : []), ...options];
  return startSsh(server, command, { options: settings });
}

async function hashOf(stream) {
  const hash = createHash('sha256');
  stream.on('data', (chunk) => hash.update(chunk));
  await once(stream, 'end');
  return hash.digest('hex');
}

async function down(cipher, mac) {
  const { server, recorder, sent } = await startServer();
  const client = startClient(server, 'down', cipher, mac);
  const received = await hashOf(client.stdout);
  const { status } = await client.result;
  expect({ status, received }).toEqual({ status: 0, received: sent() });
  expect(recorder.all('Error')).toEqual([]);
  expect(keyExchanges(recorder) - 1).toBeGreaterThanOrEqual(REKEYS);
  return keyExchanges(recorder) - 1;
}

async function up(cipher, mac) {
  const { server, recorder } = await startServer();
  await server.config('KeyRenegotiationThreshold=1073741824');
  const client = startClient(server, 'up', cipher, mac, [`RekeyLimit=${REKEY_MIB}M`]);
  const sent = createHash('sha256');
  const text = client.stdout.toArray();
  await pipeline(Readable.from(blocks(sent), { objectMode: false }), client.stdin);
  const { status } = await client.result;
  const received = Buffer.concat(await text).toString();
  expect({ status, received }).toEqual({ status: 0, received: sent.digest('hex') });
  expect(recorder.all('Error')).toEqual([]);
  expect(keyExchanges(recorder) - 1).toBeGreaterThanOrEqual(REKEYS);
  return keyExchanges(recorder) - 1;
}

async function measured(name, direction) {
  const since = performance.now();
  const rekeys = await direction();
  const seconds = (performance.now() - since) / 1000;
  rows.push(
    `${name.padEnd(62)} ${seconds.toFixed(1).padStart(6)} s ` +
      `${(AMOUNT / seconds).toFixed(0).padStart(5)} MiB/s ${String(rekeys).padStart(4)} re-keys`,
  );
}

describe(`${AMOUNT} MiB each way`, () => {
  testWith(
    'ssh',
    'by every cipher, and with each kind of MAC',
    async () => {
      const probe = createServer({ hostKey: null });
      const theirs = drivers.ssh.supports();
      const macs = (await probe.config('SSHMacAlgorithms')).split(',');
      const kinds = [(name) => /-etm@/.test(name), (name) => !/-etm@/.test(name)];
      const both = kinds.map((kind) => macs.filter((m) => theirs.mac.includes(m)).find(kind));
      const ciphers = probe.getSSHEncryptionAlgorithms().split(',');
      for (const cipher of ciphers.filter((name) => theirs.cipher.includes(name))) {
        for (const mac of /gcm|poly1305/.test(cipher) ? [undefined] : both) {
          const name = mac ? `${cipher} ${mac}` : cipher;
          await measured(`${name} down`, () => down(cipher, mac));
          await measured(`${name} up`, () => up(cipher, mac));
        }
      }
      expect(rows.length).toBeGreaterThan(0);
    },
    TIMEOUT * 20,
  );
});

afterAll(() => console.log([`${AMOUNT} MiB with ssh:`, ...rows].join('\n')));
