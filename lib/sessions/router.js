'use strict';

// serveSessions: has the handlers of a program serve the session channels of a server. It is a user of the class as
// the program itself is: it listens to the documented events, and answers only what no listener of the program has
// accepted.

const { EventEmitter } = require('node:events');
const { checkInstance } = require('../args.js');
const { decide, isServed, loginOf, setServed } = require('../logins.js');
const { sshserver } = require('../server.js');
const { Handlers, NATIVE } = require('./handlers.js');
const { MAX_ENV, MAX_ENV_BYTES, MAX_TERM } = require('./limits.js');
const { readRequest } = require('./requests.js');
const { Session } = require('./session.js');

const STARTS = ['shell', 'exec', 'subsystem'];

/** The exit status of a session whose handler has failed. */
const FAILED = 1;

/** Whether an error only tells that the client has left, which is no failure of the handler. */
function isDeparture(error, { signal }) {
  return (
    signal.aborted &&
    (error === signal.reason ||
      error?.name === 'AbortError' ||
      error?.code === 'ERR_STREAM_PREMATURE_CLOSE' ||
      error?.code === 'ERR_STREAM_DESTROYED')
  );
}

/** A session channel: what has been asked of it, and its session. */
class Channel {
  /** What is done when the request that was accepted last has been answered. */
  accepted = null;
  /** Whether its program has started, or is one of the program's own. */
  isStarted = false;
  hasPty = false;
  envBytes = 0;

  constructor(session) {
    this.session = session;
    this.control = Session.control(session);
  }
}

/** A connection: its user, and the sessions that it is about to open. */
class Connection {
  user = '';
  channels = new Set();
  /** The open requests that were accepted here and whose channels are not open yet. */
  opening = new Map();

  /** How many sessions it has, or will have. */
  get count() {
    for (const [id, event] of this.opening) if (event.accept !== true) this.opening.delete(id);
    return this.opening.size + this.channels.size;
  }
}

/** What serveSessions returns; its members are described in index.d.ts of this folder. */
class SessionService extends EventEmitter {
  #server;
  #handlers;
  #connections = new Map();
  #channels = new Map();
  /** Channel id -> session, of the sessions whose program has started. */
  #sessions = new Map();
  #listeners = Object.entries({
    SSHUserAuthRequest: (event) => this.#login(event),
    SSHChannelOpenRequest: (event) => this.#openRequest(event),
    SSHChannelOpened: (event) => this.#opened(event),
    SSHChannelRequest: (event) => this.#request(event),
    SSHChannelRequested: (event) => this.#requested(event),
    SSHChannelClosed: (event) => this.#closed(event),
    Disconnected: ({ connectionId }) => this.#connections.delete(connectionId),
  });
  #closing = null;
  /** Called when the last channel is gone, once close() waits for that. */
  #idle = null;

  constructor(server, handlers) {
    super();
    checkInstance(server, sshserver, 'server');
    this.#handlers = new Handlers(handlers);
    if (isServed(server)) throw new Error('The sessions of this server are served already.');
    setServed(server, true);
    this.#server = server;
    for (const [name, listener] of this.#listeners) server.on(name, listener);
  }

  get sessions() {
    return this.#sessions;
  }

  close() {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  // --- the listeners

  #login({ connectionId, user, authMethod }) {
    // The last one who asked is the one who got in.
    if (authMethod !== 'sigstatus') this.#connection(connectionId).user = user;
  }

  #openRequest(event) {
    if (event.service !== 'session' || event.accept || this.#closing !== null) return;
    const connection = this.#connection(event.connectionId);
    if (connection.count >= this.#handlers.maxSessions) return;
    event.accept = true;
    connection.opening.set(event.channelId, event);
  }

  #opened({ connectionId, channelId }) {
    const connection = this.#connections.get(connectionId);
    connection?.opening.delete(channelId);
    if (this.#server.channels.get(channelId)?.service !== 'session') return;
    const session = new Session(this.#about(connectionId, channelId));
    this.#channels.set(channelId, new Channel(session));
    this.#connection(connectionId).channels.add(channelId);
  }

  #request(event) {
    const channel = this.#channels.get(event.channelId);
    if (channel === undefined) return undefined;
    channel.accepted = null;
    // In the next microtask all other listeners have been called, wherever they are in the order.
    return Promise.resolve().then(() => this.#decide(channel, event));
  }

  #decide(channel, event) {
    const isStart = STARTS.includes(event.requestType);
    const login = loginOf(this.#server, event.connectionId);
    if (isStart && typeof login?.command === 'string') {
      return this.#force(channel, event, login);
    }
    if (event.success) {
      // It is the program's own.
      if (isStart) channel.isStarted = true;
      if (event.requestType === 'pty-req') channel.hasPty = true;
      return undefined;
    }
    if (this.#closing !== null) return undefined;
    const request = readRequest(event.requestType, event.packetB);
    if (request === null) return undefined;
    const accepted = isStart
      ? this.#start(channel, { kind: event.requestType, ...request })
      : this.#prepare(channel, event.requestType, request);
    return this.#settle(channel, accepted, (is) => (event.success = is));
  }

  /** Grants a request, or refuses it with null. A session that the addon serves is granted when the addon is ready. */
  #settle(channel, accepted, grant) {
    if (typeof accepted?.then !== 'function') {
      channel.accepted = accepted;
      grant(accepted !== null);
      return undefined;
    }
    const ready = (run) => {
      channel.accepted = run;
      grant(true);
    };
    const failed = (error) => {
      channel.isStarted = false;
      grant(false);
      throw error;
    };
    return accepted.then(ready, failed);
  }

  /** A start by a key that forces a command. A listener that has accepted it knows nothing of that: it is refused. */
  #force(channel, event, { command }) {
    const request = readRequest(event.requestType, event.packetB);
    let accepted = null;
    if (!event.success && this.#closing === null && request !== null) {
      const forced = this.#handlers.forced(command);
      // A shell has no command.
      const originalCommand = request.command || null;
      accepted = this.#start(channel, { ...forced, originalCommand });
    }
    return this.#settle(channel, accepted, (is) => decide(event, 'success', is));
  }

  #requested({ channelId }) {
    const channel = this.#channels.get(channelId);
    const accepted = channel?.accepted ?? null;
    if (accepted === null) return undefined;
    channel.accepted = null;
    return accepted();
  }

  #closed({ connectionId, channelId }) {
    const channel = this.#channels.get(channelId);
    if (channel === undefined) return;
    this.#channels.delete(channelId);
    this.#connections.get(connectionId)?.channels.delete(channelId);
    channel.control.gone();
    if (this.#sessions.delete(channelId)) this.emit('end', channel.session);
    if (this.#channels.size === 0) this.#idle?.();
  }

  // --- what a request does; null refuses it

  #prepare(channel, type, request) {
    switch (type) {
      case 'env':
        return this.#env(channel, request);
      case 'pty-req':
        return this.#pty(channel, request);
      case 'window-change':
        return channel.session.pty && (() => this.#resize(channel, request));
      case 'signal':
        return this.#tell(channel, 'signal', request.name);
      case 'break':
        return this.#tell(channel, 'break', request.milliseconds);
      default:
        return null;
    }
  }

  #tell({ session }, event, value) {
    if (!this.#sessions.has(session.channelId)) return null;
    return () => void session.emit(event, value);
  }

  #env(channel, { name, value }) {
    const { env } = channel.control;
    if (channel.isStarted || name === '' || name.includes('=')) return null;
    const bytes = channel.envBytes + Buffer.byteLength(name) + Buffer.byteLength(value);
    if (bytes > MAX_ENV_BYTES || (!(name in env) && Object.keys(env).length >= MAX_ENV))
      return null;
    if (this.#handlers.takesEnv(name, value, channel.session) !== true) return null;
    return () => {
      channel.envBytes = bytes;
      env[name] = value;
    };
  }

  #pty(channel, pty) {
    const { session } = channel;
    if (channel.isStarted || channel.hasPty || pty.term.length > MAX_TERM) return null;
    if (loginOf(this.#server, session.connectionId)?.pty === false) return null;
    if (this.#handlers.givesPty(session) !== true) return null;
    return () => {
      channel.hasPty = true;
      channel.control.set({ pty: Object.freeze(pty) });
      channel.control.env.TERM = pty.term;
    };
  }

  #resize(channel, size) {
    channel.control.resized(Object.freeze({ ...channel.session.pty, ...size }));
  }

  #start(channel, { kind, command, originalCommand = null }) {
    const { session } = channel;
    if (channel.isStarted) return null;
    const handler = this.#handlers.choose({ kind, command }, session);
    if (handler === undefined) return null;
    const login = loginOf(this.#server, session.connectionId);
    const begin = (isNative) => {
      channel.isStarted = true;
      Object.assign(channel.control.env, login?.environment);
      channel.control.start({ kind, command, originalCommand, isNative });
    };
    const run = (program) => {
      this.#sessions.set(session.channelId, session);
      return this.#run(program, session);
    };
    if (handler[NATIVE] !== undefined) {
      begin(true);
      return handler[NATIVE](session).then((program) => () => run(program));
    }
    return () => {
      begin(false);
      return run(handler);
    };
  }

  /** Runs a handler to its end. A rejection is told by the event `Error` of the server. */
  async #run(handler, session) {
    try {
      this.emit('start', session);
      const status = await handler(session);
      if (status !== undefined) await session.exit(status);
    } catch (error) {
      if (isDeparture(error, session)) return;
      await session.exit(FAILED);
      throw error;
    }
  }

  // --- the rest

  #connection(connectionId) {
    let connection = this.#connections.get(connectionId);
    if (connection === undefined)
      this.#connections.set(connectionId, (connection = new Connection()));
    return connection;
  }

  #about(connectionId, channelId) {
    const server = this.#server;
    const { remoteHost = '', remotePort = 0 } = server.connections.get(connectionId) ?? {};
    const { user } = this.#connection(connectionId);
    const key = loginOf(server, connectionId)?.key ?? null;
    return { server, service: this, connectionId, channelId, user, remoteHost, remotePort, key };
  }

  async #close() {
    const gone = this.#channels.size === 0 ? null : new Promise((done) => (this.#idle = done));
    for (const channelId of this.#channels.keys()) {
      // One that has ended meanwhile is what is wanted.
      this.#server.closeChannel(channelId).catch(() => {});
    }
    await gone;
    for (const [name, listener] of this.#listeners) this.#server.off(name, listener);
    setServed(this.#server, false);
  }
}

function serveSessions(server, handlers) {
  return new SessionService(server, handlers);
}

module.exports = { serveSessions, SessionService };
