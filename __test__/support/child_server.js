'use strict';

// A program of its own, for what a test runner's process cannot show: node child_server.js MODE.
// It tells its parent, over IPC, the port it listens on,
// and does what its mode is about when a client sends the first data.

const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const { isMainThread, parentPort, Worker, workerData } = require('node:worker_threads');
const { turn, until } = require('./waiting.js');

const mode = isMainThread ? process.argv[2] : workerData;

function create() {
  const server = require('./own_server.js').createOwnServer();
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
  /** Privileged ports, used by a process of another user than the superuser. */
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
  /** Listens and is unreferenced, so that the process ends when it has sent its message. */
  async unreferenced() {
    const server = create().unref();
    await server.startListening();
    process.on('exit', () => (process.exitCode = server.isListening() ? 0 : 3));
    process.disconnect();
  },
  /** Is referenced again: keeps the process alive until a client has come. */
  async 'referenced again'() {
    const server = create().unref().ref();
    await server.startListening();
    await tellParent({ port: server.getLocalPort() });
    process.disconnect();
    server.once('SSHChannelDataIn', () => server.shutdown());
  },
  /** process.exit() with everything open. */
  async exit() {
    const server = await serve(tellParent);
    server.once('SSHChannelDataIn', () => process.exit(7));
  },
  /** An exception that nobody catches, with everything open. */
  async throw() {
    const server = await serve(tellParent);
    server.once('SSHChannelDataIn', () =>
      setImmediate(() => {
        throw new Error('as planned');
      }),
    );
  },
  /** A server in a worker thread, which ends with connections open and data under way; again and again. */
  terminate: () => rounds('worker', (worker) => worker.terminate()),
  /** The same, but the worker ends itself. */
  leave: () => rounds('leaving worker', () => {}),
  /** The main program of a worker thread ends, with a server that is unreferenced. */
  async forget() {
    const worker = new Worker(__filename, { workerData: 'forgetful worker' });
    await tellParent(await new Promise((resolve) => worker.once('message', resolve)));
    const [status] = await once(worker, 'exit');
    process.disconnect();
    process.exitCode = status;
  },
  /** Many servers, one after the other, each with connections. */
  async many() {
    const connections = async (server) => {
      for (let i = 0; i < 3; i++) {
        const socket = net.connect(server.getLocalPort(), '127.0.0.1');
        socket.on('error', () => {});
        await once(socket, 'data');
        if (i === 0) socket.destroy();
      }
    };
    const servers = async (count) => {
      for (let i = 0; i < count; i++) {
        const server = create();
        await server.startListening();
        await connections(server);
        await server.shutdown();
        if (i % 2 === 0) {
          await server.startListening();
          await server.stopListening();
        }
      }
      for (let round = 0; round < 20; round++) {
        globalThis.gc();
        await turn();
      }
      const tasks = '/proc/self/task';
      const threads = fs.existsSync(tasks) ? fs.readdirSync(tasks).length : 0;
      return { rss: process.memoryUsage.rss(), threads };
    };
    const before = await servers(100);
    await tellParent({ before, after: await servers(200) });
    process.disconnect();
  },
  /** What is collected, and what is not. */
  async collect() {
    const collected = async (ref) => {
      // deref() keeps the object alive until the end of this turn of the event loop.
      do {
        await turn();
        globalThis.gc();
        await turn();
      } while (ref.deref() !== undefined);
    };
    // Of functions of their own, so that no frame of this one holds what they made.
    const never = () => new WeakRef(create());
    const stopped = async (end) => {
      const server = create();
      await server.startListening();
      const socket = net.connect(server.getLocalPort(), '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'data');
      await server[end]();
      socket.destroy();
      return new WeakRef(server);
    };
    const listening = async () => {
      const server = create();
      await server.startListening();
      return { ref: new WeakRef(server), port: server.getLocalPort() };
    };
    const forgotten = await listening();
    await collected(never());
    for (const end of ['shutdown', 'stopListening', 'reset']) await collected(await stopped(end));
    // The program has no reference to the listening server, and it still listens.
    const socket = net.connect(forgotten.port, '127.0.0.1');
    await once(socket, 'data');
    socket.destroy();
    await forgotten.ref.deref().shutdown();
    await tellParent('all but the one that listens');
    process.disconnect();
  },
  /** The handles that node knows of, as a test runner looks for them. */
  async handles() {
    const before = create();
    await before.shutdown();
    const open = new Map();
    const hook = require('node:async_hooks').createHook({
      init(id, type) {
        if (!IGNORED.has(type)) open.set(id, type);
      },
      destroy: (id) => open.delete(id),
    });
    hook.enable();
    const servers = [];
    for (const end of ['shutdown', 'stopListening', 'reset', undefined]) {
      const server = create();
      servers.push(server);
      if (end === undefined) continue;
      await server.startListening();
      const socket = net.connect(server.getLocalPort(), '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'data');
      await server[end]();
      socket.destroy();
    }
    // The servers are still there; what they held of node's is not.
    await until(() => open.size === 0);
    hook.disable();
    await tellParent({ servers: servers.length, open: [...open.values()] });
    process.disconnect();
  },
  // --- in worker threads ---
  async worker() {
    const server = await serve((message) => parentPort.postMessage(message));
    server.on('SSHChannelDataIn', () => parentPort.postMessage('in use'));
  },
  async 'leaving worker'() {
    const server = await serve((message) => parentPort.postMessage(message));
    server.on('SSHChannelDataIn', () => process.exit(0));
  },
  async 'forgetful worker'() {
    const server = await serve((message) => parentPort.postMessage(message));
    server.on('SSHChannelDataIn', () => {
      server.unref();
      parentPort.close();
    });
  },
};

/** What node ends as it likes, or keeps for its standard streams. */
const IGNORED = new Set(['Immediate', 'PIPEWRAP', 'PROMISE', 'TickObject', 'Timeout']);

const ROUNDS = 20;

/** Ends workers with their servers in use; then a server of the main thread does its work. */
async function rounds(kind, end) {
  for (let round = 0; round < ROUNDS; round++) {
    const worker = new Worker(__filename, { workerData: kind });
    const exited = once(worker, 'exit');
    const message = () => new Promise((resolve) => worker.once('message', resolve));
    await tellParent(await message());
    if (kind === 'worker') await message();
    await end(worker);
    await exited;
  }
  const server = await serve(tellParent);
  server.on('SSHChannelEOF', (e) => server.closeChannel(e.channelId));
  server.once('Disconnected', async () => {
    await server.shutdown();
    process.disconnect();
  });
}

if (MODES[mode]) void MODES[mode]();
else throw new Error(`there is no mode ${mode}`);
