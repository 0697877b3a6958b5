'use strict';

// Servers in the test's own process, their usual listeners, and a recorder of their events.

const { sshserver } = require('../../index.js');
const { afterTest } = require('./cleanup.js');
const { EVENT_NAMES: EVENTS } = require('../../lib/boundary.js');
const { hostCertificate } = require('./keys.js');

/** Remembers every event of a server, and lets a test wait for one that may have been already. */
class Recorder {
  events = [];
  #names;
  #waiting = new Set();

  constructor(server, names = EVENTS) {
    this.#names = names;
    for (const name of names) server.on(name, (e) => this.#add({ name, e }));
  }

  /** An event that is not recorded would never be found, as if it had not fired, so that is an error. */
  #check(name) {
    if (!this.#names.includes(name)) throw new Error(`${name} is not recorded`);
  }

  #add(entry) {
    this.events.push(entry);
    for (const waiting of this.#waiting) {
      if (!waiting.matches(entry)) continue;
      this.#waiting.delete(waiting);
      waiting.resolve(entry.e);
    }
  }

  all(name) {
    this.#check(name);
    return this.events.filter((entry) => entry.name === name).map((entry) => entry.e);
  }

  /** The first event of this name for which `predicate` holds, past or to come. */
  first(name, predicate = () => true) {
    this.#check(name);
    const matches = (entry) => entry.name === name && predicate(entry.e);
    const found = this.events.find(matches);
    if (found !== undefined) return Promise.resolve(found.e);
    return new Promise((resolve) => this.#waiting.add({ matches, resolve }));
  }

  /** Resolves when there have been `count` events of this name. */
  async count(name, count) {
    while (this.all(name).length < count) {
      const before = this.events.length;
      await this.first(name, (e) => this.events.findIndex((entry) => entry.e === e) >= before);
    }
  }

  names(but = []) {
    return this.events.map(({ name }) => name).filter((name) => !but.includes(name));
  }
}

/** A server with a host key and without listeners; shut down after the test. */
function createServer({ hostKey = 'ed25519' } = {}) {
  const server = new sshserver();
  if (hostKey) server.setSSHCert(hostCertificate(hostKey));
  server.setLocalHost('127.0.0.1');
  server.setLocalPort(0);
  afterTest('servers', () => server.shutdown());
  return server;
}

/** Accepts every password, key and session. */
function acceptAll(server) {
  server.on('SSHUserAuthRequest', (e) => {
    e.accept = e.authMethod !== 'none';
  });
  server.on('SSHChannelOpenRequest', (e) => {
    e.accept = e.service === 'session';
  });
}

/**
 * The commands the clients run: `say TEXT` sends the text, `exit N` ends with that status, `cat` sends
 * back what it is sent. Everything is done with documented members.
 */
function runCommands(server) {
  const copying = new Set();
  server.on('SSHChannelRequest', (e) => {
    if (e.requestType === 'exec') e.success = true;
  });
  server.on('SSHChannelRequested', async ({ channelId, requestType, packetB }) => {
    if (requestType !== 'exec') return;
    const command = server.getSSHParam(packetB, 'command');
    const [word] = command.split(' ', 1);
    const rest = command.slice(word.length + 1);
    if (word === 'cat') {
      copying.add(channelId);
      return;
    }
    if (word === 'say') await server.sendText(channelId, rest);
    await finish(server, channelId, word === 'exit' ? Number(rest) : 0);
  });
  server.on('SSHChannelDataIn', (e) => {
    if (copying.has(e.channelId)) return server.sendBytes(e.channelId, e.dataB);
    return undefined;
  });
  server.on('SSHChannelEOF', async ({ channelId }) => {
    if (copying.delete(channelId)) await finish(server, channelId, 0);
  });
  server.on('SSHChannelClosed', ({ channelId }) => copying.delete(channelId));
}

/** Exit status and close, as the reference has it. */
async function finish(server, channelId, status) {
  let payload = server.setSSHParam(null, 's', 'exit-status');
  payload = server.setSSHParam(payload, 'f', 'false');
  payload = server.setSSHParam(payload, 'i', String(status));
  await server.sendSSHPacket(channelId, 98, payload);
  await server.closeChannel(channelId);
}

/** A listening server that lets everybody in and runs the commands above. */
async function startCommandServer(configure = () => {}, options = {}) {
  const server = createServer(options);
  acceptAll(server);
  runCommands(server);
  await configure(server);
  await server.startListening();
  return server;
}

/** The same, with what it tells of these events from the beginning. */
async function startRecorded(configure = () => {}, { events, ...options } = {}) {
  let recorder;
  const server = await startCommandServer(async (it) => {
    recorder = new Recorder(it, events);
    await configure(it);
  }, options);
  return { server, recorder };
}

/** Configures a server with these settings, `NAME=VALUE` each, before it listens. */
const withSettings =
  (...settings) =>
  async (server) => {
    for (const setting of settings) await server.config(setting);
  };

/** How often keys were exchanged, the first time included. */
function keyExchanges(recorder) {
  return recorder.all('SSHStatus').filter((e) => e.message === 'New keys are in use').length;
}

module.exports = {
  EVENTS,
  Recorder,
  createServer,
  acceptAll,
  runCommands,
  finish,
  startCommandServer,
  startRecorded,
  withSettings,
  keyExchanges,
};
