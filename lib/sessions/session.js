'use strict';

// One session channel (RFC 4254 section 6), as its handler sees it. router.js makes it, and fills it in until its
// program starts.

const { EventEmitter } = require('node:events');
const { Writable } = require('node:stream');
const { checkInteger, checkString, invalidValue } = require('../args.js');
const { CODE } = require('../boundary.js');
const { createTerminal } = require('./terminal.js');

const CHANNEL_REQUEST = 98;
/** SSH_EXTENDED_DATA_STDERR */
const STDERR = 1;
const MAX_UINT32 = 0xffffffff;
const HIGH_WATER_MARK = 64 * 1024;
const EMPTY = Buffer.alloc(0);
const SIGNAL_NAME = /^[A-Z][A-Z\d]*(@[\w.-]+)?$/;

const ignore = () => {};

/** Resolves when everything written has been sent, or never will be. */
function drained(writable) {
  if (writable === null || writable.destroyed || writable.writableFinished) return undefined;
  return new Promise((resolve) => {
    writable.once('close', resolve);
    if (writable.writableEnded) writable.once('finish', resolve);
    else writable.write(EMPTY, () => resolve());
  });
}

/** A client may be gone at any moment: then there is nobody to tell anything. */
function unlessGone(error) {
  if (error?.code !== CODE.UNKNOWN_ID && error?.code !== CODE.SHUT_DOWN) throw error;
}

/** The extended data of type 1 (RFC 4254 5.2); `send` resolves when a chunk was sent. */
class ErrorOutput extends Writable {
  #send;

  constructor(send) {
    super({ highWaterMark: HIGH_WATER_MARK });
    this.#send = send;
    this.on('error', ignore);
  }

  _write(chunk, encoding, callback) {
    if (chunk.length === 0) callback();
    else this.#send(chunk).then(() => callback(), callback);
  }
}

/** What its members mean is described in index.d.ts of this folder. */
class Session extends EventEmitter {
  #about;
  #state = { kind: null, command: '', originalCommand: null, pty: null, isNative: false };
  #env = Object.create(null);
  #controller = new AbortController();
  #stream = null;
  #stderr = null;
  #terminal = null;
  #ending = null;

  /** `about`: server, service, connectionId, channelId, user, remoteHost, remotePort and key. */
  constructor(about) {
    super();
    this.#about = about;
  }

  /** For router.js alone: the parts of a session that it changes. */
  static control(session) {
    return {
      env: session.#env,
      start(state) {
        Object.assign(session.#state, state);
        Object.freeze(session.#env);
        // Asked for here, so that no data goes to listeners of SSHChannelDataIn.
        if (!state.isNative) void session.stream;
      },
      set(state) {
        Object.assign(session.#state, state);
      },
      resized(pty) {
        session.#state.pty = pty;
        session.#terminal?.output.resize(pty);
        session.emit('resize', pty);
      },
      /** The channel is gone. */
      gone() {
        session.#stderr?.destroy();
        session.#controller.abort(new Error('The channel of the session is gone.'));
      },
    };
  }

  get server() {
    return this.#about.server;
  }

  get service() {
    return this.#about.service;
  }

  get connectionId() {
    return this.#about.connectionId;
  }

  get channelId() {
    return this.#about.channelId;
  }

  get user() {
    return this.#about.user;
  }

  get remoteHost() {
    return this.#about.remoteHost;
  }

  get remotePort() {
    return this.#about.remotePort;
  }

  get key() {
    return this.#about.key;
  }

  get kind() {
    return this.#state.kind;
  }

  get command() {
    return this.#state.command;
  }

  get originalCommand() {
    return this.#state.originalCommand;
  }

  get env() {
    return this.#env;
  }

  get pty() {
    return this.#state.pty;
  }

  get signal() {
    return this.#controller.signal;
  }

  get stream() {
    if (this.#stream === null) {
      if (this.#state.isNative) throw new Error('The data of this session is served natively.');
      if (this.#state.kind === null) throw new Error('The session has not started.');
      this.#stream = this.server.getChannelStream(this.channelId);
      // The end of the channel is told by `signal`.
      this.#stream.on('error', ignore);
    }
    return this.#stream;
  }

  get stderr() {
    // A terminal has one output.
    if (this.pty !== null && !this.#state.isNative) return this.terminal.output;
    this.#stderr ??= new ErrorOutput((chunk) => this.#sendErrors(chunk));
    return this.#stderr;
  }

  get terminal() {
    if (this.pty === null) return null;
    this.#terminal ??= createTerminal(this.stream, this, (name) => this.emit('signal', name));
    return this.#terminal;
  }

  /** Sends what is written, then the exit status, EOF and CLOSE. The first end counts. */
  exit(status) {
    checkInteger(status, 'status', 0, MAX_UINT32);
    return this.#end(() => this.server.sendExitStatus(this.channelId, status));
  }

  exitSignal(name, { core = false, message = '' } = {}) {
    checkString(name, 'name');
    if (!SIGNAL_NAME.test(name)) throw invalidValue('name', 'a signal without its SIG, as "TERM"');
    checkString(message, 'options.message');
    return this.#end(() => {
      const { server } = this;
      const fields = [
        ['s', 'exit-signal'],
        ['f', 'false'],
        ['s', name],
        ['f', String(Boolean(core))],
        ['s', message],
        ['s', ''],
      ];
      let payload = null;
      for (const [type, value] of fields) payload = server.setSSHParam(payload, type, value);
      return server.sendSSHPacket(this.channelId, CHANNEL_REQUEST, payload);
    });
  }

  async #sendErrors(chunk) {
    // The stream has no timeout: a client may take nothing for a long time, and what it is sent waits for it.
    if (!this.#state.isNative) await this.stream.sendExtended(STDERR, chunk);
    else await this.server.sendExtendedData(this.channelId, chunk, STDERR);
  }

  #end(tell) {
    if (this.#ending === null) {
      this.#ending = this.#finish(tell);
      // Nobody has to wait for it.
      this.#ending.catch(ignore);
    }
    return this.#ending;
  }

  async #finish(tell) {
    const output = this.#terminal?.output ?? null;
    // The output of a terminal goes through the stream.
    await drained(output);
    await Promise.all([drained(this.#stream), drained(this.#stderr)]);
    if (this.signal.aborted) return;
    // In one turn, so that they leave in one write.
    const told = [tell(), this.server.closeChannel(this.channelId)];
    await Promise.all(told.map((sent) => sent.catch(unlessGone)));
  }
}

module.exports = { Session };
