'use strict';

const { errorText, backlogLimits } = require('./native.js');
const { CODE } = require('./boundary.js');
const { SSHServerError } = require('./errors.js');
const { Calls, DONE } = require('./calls.js');
const { Listeners } = require('./listeners.js');
const { Backlog } = require('./backlog.js');
const { Channels } = require('./channels.js');
const { ConnectionEnds } = require('./connection_ends.js');
const { Contexts } = require('./contexts.js');
const { Gateway } = require('./gateway.js');
const { Lifetime } = require('./lifetime.js');
const { Listening } = require('./listening.js');
const { Needs } = require('./needs.js');
const { Operations } = require('./operations.js');
const { Dispatcher } = require('./dispatcher.js');
const { Records } = require('./records.js');
const { TextReader } = require('./text.js');

// Made outside of the class: the addon holds this function, and must not keep the server from being collected.
function makeWake(ref) {
  return () => ref.deref()?.drain();
}

/** The internals of the class `sshserver`: puts the parts of a server together, keeps the state of its channels. */
class Core {
  /** The boundary to the addon. */
  gateway = new Gateway(makeWake(new WeakRef(this)));
  lifetime = new Lifetime(this, (resting) => this.gateway.rest(resting));
  #needs;
  #channels;
  #ends;
  #dispatcher;
  #operations = new Operations(this.gateway, this.lifetime, (...failure) =>
    this.#operationFailed(...failure),
  );
  listening = new Listening(this.gateway, this.#operations, this.lifetime);
  /** Runs the methods of the class. */
  calls = new Calls((connection, error, isUnheard) => this.#failed(connection, error, isUnheard));
  /** Decodes what clients send as text. */
  text = new TextReader();

  /** The async contexts in which listeners run. */
  contexts = new Contexts((connection) => this.gateway.hasConnection(connection));

  /** Counts what waits for slow listeners (backpressure). */
  backlog = new Backlog(
    (connection) => this.gateway.hasConnection(connection),
    (connection, paused) => this.gateway.pause(connection, paused),
    backlogLimits(),
  );

  /** Reports the unread bytes of a garbage-collected stream as consumed, which re-opens the client's window. */
  #dropped = new FinalizationRegistry((debt) => this.settle(debt));

  constructor(emitter) {
    this.listeners = new Listeners(emitter, errorText, this.contexts, this.backlog);
    this.#needs = new Needs(this.listeners, (mask) => this.query('setListeners', mask));
    const { gateway, lifetime, contexts, backlog, listeners, text } = this;
    const channels = new Channels(gateway, this.#needs, backlog);
    const ends = new ConnectionEnds(gateway, contexts, backlog);
    const operations = this.#operations;
    const parts = {
      gateway,
      lifetime,
      contexts,
      backlog,
      listeners,
      text,
      operations,
      channels,
      ends,
    };
    this.#channels = channels;
    this.#ends = ends;
    this.#dispatcher = new Dispatcher(parts);
  }

  // --- events ---

  drain() {
    let count = 0;
    this.gateway.drain((batch) => {
      count += this.#dispatcher.run(batch);
    });
    if (count > 0) this.lifetime.progress(count);
  }

  /** The listeners of this event (of any, without a name) have changed. */
  listenersChanged(name) {
    this.listeners.refresh(name);
    this.#needs.update();
  }

  // --- calls into the addon ---

  /** A synchronous call. */
  query(method, ...args) {
    return this.gateway.query(method, ...args);
  }

  /** An operation on a channel; see Operations. */
  operation(method, channel, ...args) {
    return this.#operations.onChannel(method, channel, ...args);
  }

  /** An operation on a connection. */
  connectionOperation(method, connection) {
    return this.#operations.onConnection(method, connection);
  }

  /** closeChannel and sendEof: they succeed too if the channel has ended meanwhile. */
  endOperation(method, channel) {
    try {
      return this.operation(method, channel);
    } catch (error) {
      // The events of the channel's end are still queued, so the program cannot know of the end.
      if (error.code === CODE.UNKNOWN_ID && this.#connectionOf(channel) !== 0) return DONE;
      throw error;
    }
  }

  /** Reads the settings that the facade itself uses. */
  settingsChanged() {
    this.text.use(this.gateway.codePage());
  }

  /** Sets or reads a setting. A certificate is loaded on another thread; the promise waits for that. */
  async config(text) {
    const value = this.query('config', text, this.listeners.inConnected);
    this.settingsChanged();
    await this.listening.load();
    return value;
  }

  /**
   * Opens a channel. The caller learns the id from the promise. The events of the channel wait until the caller has
   * had a chance to ask for its stream; the bytes that come with the opening would be lost otherwise.
   */
  async openChannel(connection, type, parameters) {
    this.#needs.count('opening', 1);
    try {
      const onDone = (code, id) => {
        if (code === 0) this.#dispatcher.hold(id, connection, new Promise(setImmediate));
      };
      const args = [type, parameters];
      return String(await this.#operations.onConnection('openChannel', connection, args, onDone));
    } finally {
      setImmediate(() => this.#needs.count('opening', -1));
    }
  }

  #operationFailed(call, error, { connection, channel }) {
    const about = connection ?? (channel === undefined ? 0 : this.#connectionOf(channel));
    // A send that times out also closes the channel, so the listeners of Error are told in any case.
    const told = error.code === CODE.TIMED_OUT && error.bytesSent !== undefined;
    if (told) this.listeners.error(about, error.code, error.message, error);
    this.calls.fail(call, this.calls.attribute(error, about), told);
  }

  /** The promise of a failed call has no subscriber yet: tells the listeners of Error if it still has none later. */
  #failed(connection, error, isUnheard) {
    const checked = new Promise(setImmediate).then(() => {
      if (isUnheard()) this.listeners.unheard(connection, error);
    });
    // Disconnected is the last event of a connection, so it waits until this Error may have been fired.
    if (connection !== 0) this.#dispatcher.holdConnection(connection, checked);
  }

  // --- channels ---

  changeRecordLength(channel, length) {
    const lane = this.#knownLane(channel);
    if (lane.records === null) {
      if (length === 0) {
        this.#channels.dispose(lane);
        return;
      }
      lane.records = new Records();
      this.#needs.count('records', 1);
    }
    lane.records.length = length;
    void this.#dispatcher.resumeRecords(lane);
  }

  recordLength(channel) {
    return this.#channels.find(channel)?.records?.length ?? 0;
  }

  /** Reports the bytes of a stream as consumed, except those that are still unread in it. */
  settle(debt, unread = 0) {
    const bytes = debt.bytes - unread;
    if (bytes <= 0) return;
    debt.bytes = unread;
    this.gateway.consumed(debt.channel, bytes);
    this.gateway.flushSoon();
  }

  /** The record of a new stream's bytes that are not reported as consumed; it outlives a stream that is dropped. */
  debtOf(stream, channel) {
    const debt = { channel, bytes: 0 };
    this.#dropped.register(stream, debt);
    return debt;
  }

  /** The stream of a channel; `make` builds it the first time. From then on the channel's data goes to the stream. */
  stream(channel, make) {
    const lane = this.#knownLane(channel);
    if (lane.stream === null) {
      this.#needs.count('streams', 1);
      lane.stream = make(lane.connection);
      this.#dispatcher.handOver(lane);
    }
    return lane.stream;
  }

  closeChannel(channel) {
    const closed = this.endOperation('closeChannel', channel);
    this.closing(channel);
    return closed;
  }

  /** The program closes a channel. */
  closing(channel) {
    this.#channels.find(channel)?.stream?.closing();
  }

  /** The error of a stream whose channel the client has closed. */
  channelClosedError() {
    return new SSHServerError(
      CODE.SHUT_DOWN,
      `${errorText(CODE.SHUT_DOWN)} The client closed the channel.`,
    );
  }

  /** Calls back with the error that a connection has ended with, which is known after the ends of its channels. */
  whyOver(connection, done) {
    const end = this.#dispatcher.endOf(connection);
    if (end !== undefined || this.query('connectionInfo', connection) === null) {
      done(ConnectionEnds.errorOf(end?.code ?? 0, end?.message));
      return;
    }
    this.#ends.wait(connection, done);
  }

  #knownLane(channel) {
    const lane = this.#channels.find(channel);
    if (lane !== undefined && !lane.closed) return lane;
    // While its last listeners run, an ended channel can still be looked up, but it gets no stream and no records.
    const connection = lane === undefined ? this.#connectionOf(channel) : 0;
    if (connection === 0) throw new SSHServerError(CODE.UNKNOWN_ID, 'Invalid ChannelId.');
    return this.#channels.lane(channel, connection);
  }

  /** The connection of a channel; 0 when the channel is gone and its last event was handled. */
  #connectionOf(channel) {
    return (
      this.#channels.find(channel)?.connection ??
      (this.#channels.connectionOfCurrent(channel) ||
        (this.query('channelInfo', channel)?.connection ?? 0))
    );
  }
}

module.exports = { Core };
