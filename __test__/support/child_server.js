'use strict';

// A program of its own, for what a test runner's process cannot show: node child_server.js MODE.
// It tells its parent, over IPC, the port it listens on,
// and does what its mode is about when a client sends the first data.

const { isMainThread, parentPort, Worker, workerData } = require('node:worker_threads');

const mode = isMainThread ? process.argv[2] : workerData;

function create() {
  const { generateKeyPairSync } = require('node:crypto');
  const { Certificate, CertStoreTypes, sshserver } = require('../../index.js');
  const server = new sshserver();
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  server.setSSHCert(new Certificate(CertStoreTypes.cstPEMKeyBlob, pem, '', '*'));
  server.setLocalHost('127.0.0.1');
  server.setLocalPort(0);
  server.on('SSHUserAuthRequest', (e) => (e.accept = e.authMethod !== 'none'));
  server.on('SSHChannelOpenRequest', (e) => (e.accept = true));
  server.on('SSHChannelRequest', (e) => (e.success = true));
  server.on('SSHChannelDataIn', (e) => server.sendBytes(e.channelId, e.dataB));
  return server;
}

async function serve(tell) {
  const server = create();
  await server.startListening();
  tell({ port: server.getLocalPort() });
  return server;
}

function failure(promise) {
  return promise.then(
    () => ({ code: 0, message: 'did not fail' }),
    (error) => error,
  );
}

function tellParent(message) {
  return new Promise((resolve) => process.send(message, resolve));
}

const MODES = {
  /** Nothing was ever started: it can end at once. */
  async idle() {
    const { sshserver } = require('../../index.js');
    new sshserver().on('Connected', () => {});
    process.disconnect();
  },
  /** Ends by itself after shutdown(), with connections open until then. */
  async shutdown() {
    const server = await serve(tellParent);
    server.once('SSHChannelDataIn', async () => {
      await server.shutdown();
      process.disconnect();
    });
  },
  /** Goes on as long as it listens. */
  async listen() {
    await serve(tellParent);
    process.disconnect();
  },
  /** stopListening: the connection that is left keeps it alive, until the client goes. */
  async stop() {
    const server = await serve(tellParent);
    server.once('SSHChannelDataIn', async () => {
      await server.stopListening();
      process.disconnect();
    });
  },
  /** Ends although it listens and has a connection. */
  async unref() {
    const server = await serve(tellParent);
    server.once('SSHChannelDataIn', () => {
      server.unref();
      process.disconnect();
    });
  },
  /** The ports that only the superuser may use, as somebody else. */
  async denied() {
    const server = create();
    if (process.getuid() === 0) {
      process.setgid(65534);
      process.setuid(65534);
    }
    server.setLocalPort(1);
    const { code, message } = await failure(server.startListening());
    await tellParent({ code, message });
    process.disconnect();
  },
  /** No free file, twice: when it starts, and when a client comes. */
  async files() {
    const fs = require('node:fs');
    const server = create();
    const open = [];
    const exhaust = () => {
      try {
        for (;;) open.push(fs.openSync(__filename));
      } catch (error) {
        if (error.code !== 'EMFILE') throw error;
      }
    };
    const free = () => open.splice(0).forEach((file) => fs.closeSync(file));
    exhaust();
    const { code, message } = await failure(server.startListening());
    await tellParent({ start: { code, message } });
    free();
    await server.startListening();
    exhaust();
    server.on('Error', ({ errorCode, description }) => {
      void tellParent({ event: { errorCode, description } });
    });
    server.on('SSHChannelEOF', (e) => server.closeChannel(e.channelId));
    process.on('message', async (order) => {
      if (order === 'free') return free();
      await server.shutdown();
      return process.disconnect();
    });
    await tellParent({ port: server.getLocalPort() });
  },
  /** process.exit() with everything open. */
  async exit() {
    const server = await serve(tellParent);
    server.once('SSHChannelDataIn', () => process.exit(7));
  },
  /** A server in a worker thread, which is terminated with connections open; twice. */
  async terminate() {
    for (let round = 0; round < 2; round++) {
      const worker = new Worker(__filename, { workerData: 'worker' });
      const message = () => new Promise((resolve) => worker.once('message', resolve));
      await tellParent(await message());
      await message();
      await worker.terminate();
    }
    process.disconnect();
  },
  async worker() {
    const server = await serve((message) => parentPort.postMessage(message));
    server.on('SSHChannelDataIn', () => parentPort.postMessage('in use'));
  },
};

if (MODES[mode]) void MODES[mode]();
else throw new Error(`there is no mode ${mode}`);
