// lib/ over the real addon, with listeners that do anything: return, throw, reject, take their time, never
// settle, call methods without waiting, and leave; and clients that do as they like and go at any moment.
//
//     node fuzz/listeners.mjs seconds 600        for a time, from a new seed on, which it prints
//     node fuzz/listeners.mjs rounds 20 1        20 rounds from seed 1 on: the same in every run
//
// One round is one server with a few clients; what is drawn depends on its seed alone. After each round
// has to hold: nothing was left unhandled, every Connected has one Disconnected and every SSHChannelOpened
// one SSHChannelClosed, nothing was told of what was over, and the server serves the next client.

import { once } from 'node:events';
import net from 'node:net';
import process from 'node:process';
import { setImmediate as turn } from 'node:timers/promises';
import ssh2 from 'ssh2';
import boundary from '../lib/boundary.js';
import { createLoopbackServer, newKey } from '../__test__/support/own_server.js';

/** Longer than anything here takes; only a failure waits for it. */
const PATIENCE = 60_000;
const hostKey = newKey();

/** Numbers that look random and are the same for a seed: SplitMix32. */
class Draw {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  below(bound) {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let n = this.#state;
    n = Math.imul(n ^ (n >>> 16), 0x21f0aaad);
    n = Math.imul(n ^ (n >>> 15), 0x735a2d97);
    return ((n ^ (n >>> 15)) >>> 0) % bound;
  }

  /** One of `percent` in a hundred. */
  chance(percent) {
    return this.below(100) < percent;
  }

  of(list) {
    return list[this.below(list.length)];
  }
}

let seed;
const unhandled = [];
process.on('unhandledRejection', (reason) => unhandled.push(reason));
process.on('uncaughtException', (error) => unhandled.push(error));
process.on('warning', () => {});

/** What a round asserts. */
function check(holds, what) {
  if (!holds) throw new Error(what);
}

/** `promise`, or a failure that says what was waited for. */
async function patiently(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`never came: ${what}`)), PATIENCE);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Keeps account of connections and channels; its listeners come first, and return at once. */
class Account {
  connections = new Map();
  channels = new Map();
  wrong = [];
  #changed = () => {};

  constructor(server) {
    server.on('Connected', (e) => {
      // without an id one that failed before it was any, which has no Disconnected
      if (e.statusCode === 0) this.#begins(this.connections, e.connectionId, 'Connected');
    });
    server.on('Disconnected', (e) => this.#ends(this.connections, e.connectionId, 'Disconnected'));
    server.on('SSHChannelOpened', (e) => this.#begins(this.channels, e.channelId, 'Opened'));
    server.on('SSHChannelClosed', (e) => this.#ends(this.channels, e.channelId, 'Closed'));
    for (const name of ['SSHChannelDataIn', 'SSHChannelEOF', 'SSHChannelRequested']) {
      server.on(name, (e) => {
        if (this.channels.get(e.channelId) !== 'open') {
          this.wrong.push(`${name} of channel ${e.channelId}, which is not open`);
        }
      });
    }
  }

  #begins(map, id, what) {
    if (map.has(id)) this.wrong.push(`${what} of ${id} twice`);
    map.set(id, 'open');
    this.#changed();
  }

  #ends(map, id, what) {
    if (map.get(id) === 'over') this.wrong.push(`${what} of ${id} twice`);
    map.set(id, 'over');
    this.#changed();
  }

  open() {
    const open = (map) => [...map].filter(([, state]) => state === 'open').map(([id]) => id);
    return [...open(this.connections), ...open(this.channels)];
  }

  /** Resolves when nothing is open. */
  async allOver() {
    while (this.open().length > 0) await new Promise((resolve) => (this.#changed = resolve));
  }
}

/** What a listener does with one event, without what it returns. */
function misuse(draw, server, e) {
  const channel = e.channelId ?? [...server.getChannels().keys()][0];
  const connection = e.connectionId ?? [...server.getConnections().keys()][0];
  const calls = [
    () => channel && server.sendText(channel, 'text'),
    () => channel && server.sendBytes(channel, Buffer.alloc(1 + draw.below(70_000))),
    () => channel && server.sendExtendedData(channel, Buffer.from('error')),
    () => channel && server.sendEOF(channel),
    () => channel && server.sendExitStatus(channel, 1),
    () => channel && server.closeChannel(channel),
    () => channel && server.getChannelStream(channel).on('error', () => {}),
    () => connection && server.exchangeKeys(connection),
    () => connection && server.openChannel(connection, 'session'),
    () => connection && server.disconnect(connection),
    () => server.sendText('999999', 'to nobody'),
    () => server.config('LogLevel=9'),
    () => server.config(`LogLevel=${draw.below(4)}`),
    () => server.doEvents(),
  ];
  return draw.of(calls)();
}

/** A listener of this event. Most let clients in, or there would be little to see. */
function listener(draw, server, name) {
  const habit = draw.below(100);
  const accepts = draw.chance(85);
  const answer = (e) => {
    if ('accept' in e) e.accept = accepts;
    if ('success' in e) e.success = accepts;
  };
  return function listen(e) {
    if (draw.chance(80)) answer(e);
    if (draw.chance(15)) void tryMisuse(draw, server, e);
    if (draw.chance(3)) server.off(name, listen);
    if (draw.chance(2)) server.on(name, listener(draw, server, name));
    if (habit < 40) return undefined;
    if (habit < 50) throw new Error(`thrown by ${name}`);
    if (habit < 60) return Promise.reject(new Error(`rejected by ${name}`));
    if (habit < 68) return new Promise(() => {});
    if (habit < 80) return later(draw.below(20), () => answer(e));
    if (habit < 90) return later(draw.below(20), () => tryMisuse(draw, server, e));
    return tryMisuse(draw, server, e);
  };
}

/** Methods throw at once for some arguments: that is the listener's own affair. */
function tryMisuse(draw, server, e) {
  try {
    return misuse(draw, server, e);
  } catch {
    return undefined;
  }
}

async function later(turns, then) {
  for (let at = 0; at < turns; at++) await turn();
  return then();
}

/** A client, which resolves when it is gone. It goes after a number of bytes that is drawn, if not before. */
async function client(draw, port) {
  const socket = net.connect(port, '127.0.0.1');
  const left = draw.chance(60) ? draw.below(12_000) : Infinity;
  let seen = 0;
  socket.on('data', (bytes) => {
    seen += bytes.length;
    if (seen > left) draw.chance(50) ? socket.resetAndDestroy() : socket.destroy();
  });
  const closed = once(socket, 'close').catch(() => once(socket, 'close'));
  socket.on('error', () => {});
  const ssh = new ssh2.Client();
  ssh.on('error', () => {});
  ssh.on('ready', () => {
    for (let at = draw.below(5); at >= 0; at--) session(draw, ssh);
    if (draw.chance(20)) ssh.end();
  });
  // What nobody answers has to end too, at a time that has nothing to do with the server's speed; whoever
  // closes one half only may be kept waiting by a listener of Connected.
  later(200 + draw.below(1500), async () => {
    if (draw.chance(50)) {
      socket.end();
      await later(draw.below(1000), () => {});
    }
    draw.chance(50) ? socket.resetAndDestroy() : socket.destroy();
  });
  ssh.connect({
    sock: socket,
    username: 'user',
    password: 'password',
    readyTimeout: 0,
    tryKeyboard: draw.chance(30),
    algorithms: { kex: ['curve25519-sha256'], cipher: ['aes128-ctr'], hmac: ['hmac-sha2-256'] },
  });
  await closed;
  ssh.destroy();
}

/** A channel with something on it. */
function session(draw, ssh) {
  const opened = (error, channel) => {
    if (error) return;
    channel.on('error', () => {}).resume();
    channel.stderr.on('error', () => {}).resume();
    for (let at = draw.below(6); at > 0; at--) {
      draw.of([
        () => channel.write(Buffer.alloc(1 + draw.below(40_000))),
        () => channel.setWindow(24, 80, 0, 0),
        () => channel.signal('TERM'),
        () => channel.end(),
        () => channel.close(),
      ])();
    }
  };
  draw.of([
    () => ssh.exec('command', { env: { A: 'b' }, pty: draw.chance(30) }, opened),
    () => ssh.shell(opened),
    () => ssh.subsys('subsystem', opened),
    () => ssh.exec('command', opened),
  ])();
}

async function round() {
  const draw = new Draw(seed);
  const server = createLoopbackServer(hostKey);
  if (draw.chance(20)) await server.config('LogLevel=3');
  const account = new Account(server);
  for (const name of boundary.EVENT_NAMES) {
    for (let at = draw.below(3); at > 0; at--) server.on(name, listener(draw, server, name));
  }
  // somebody has to answer for logins, or none of them gets anywhere
  if (draw.chance(80)) server.on('SSHUserAuthRequest', (e) => void (e.accept = true));
  await server.startListening();
  const clients = [];
  for (let at = 1 + draw.below(4); at > 0; at--) {
    clients.push(client(draw, server.getLocalPort()));
    await later(draw.below(30), () => {});
  }
  if (draw.chance(80)) await patiently(Promise.all(clients), 'the end of the clients');
  await patiently(server.shutdown(), 'the end of shutdown()');
  await patiently(Promise.all(clients), 'the end of the clients after shutdown()');
  await patiently(account.allOver(), `the end of ${account.open()}`);
  await turn();
  check(account.wrong.length === 0, account.wrong.join('; '));
  check(
    server.getConnections().size() === 0,
    `a connection is left: ${[...server.getConnections().keys()]} of ${[...account.connections.keys()]}`,
  );
  check(server.getChannels().size() === 0, 'a channel is left');
  const stacks = unhandled.map((error) => error?.stack ?? error);
  check(unhandled.length === 0, `unhandled: ${stacks.join('\n')}`);
}

const [unit = 'rounds', amount = '20', first] = process.argv.slice(2);
seed = Number(first ?? Date.now() % 2 ** 32);
const from = seed;
const end = unit === 'seconds' ? Date.now() + Number(amount) * 1000 : Infinity;
const count = unit === 'rounds' ? Number(amount) : Infinity;
try {
  for (; seed - from < count && Date.now() < end; seed++) await round();
  console.log(`Done ${seed - from} runs from seed ${from} on`);
} catch (error) {
  console.log(error.stack);
  console.log(`seed ${seed}: node fuzz/listeners.mjs rounds 1 ${seed}`);
  process.exit(1);
}
process.exit(0);
