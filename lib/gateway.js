'use strict';

const { NativeServer } = require('./native.js');
const { toServerError } = require('./errors.js');
const { Pairs } = require('./pairs.js');

/** How many batches run in one turn of the event loop, before its timers and other I/O get their turn. */
const ROUNDS = 4;

/**
 * The boundary to one NativeServer: batches of events come from it; calls, answers and reports of consumed bytes go
 * to it in the order in which they were made.
 */
class Gateway {
  #native;
  #wake;
  /** Pairs of a question and its answer: 1 for yes, 0 for no. */
  #answers = new Pairs();
  /** Pairs of a channel and how many of its bytes were consumed. */
  #consumed = new Pairs();
  #draining = false;
  #flushScheduled = false;
  /** The server is idle: until the next operation the addon has no events and need not hold the wake function. */
  #resting = false;

  /** `wake` is called when there are events. The addon holds it, so it must not hold the server. */
  constructor(wake) {
    this.#wake = wake;
    this.#native = new NativeServer(wake);
  }

  /** Passes all available events to `run`, a batch at a time. */
  drain(run) {
    let more = true;
    for (let round = 1; more; round++) {
      this.#draining = true;
      try {
        run(this.#native.drain());
      } finally {
        this.#draining = false;
        this.flush();
        // What the listeners asked for is sent together now, which often brings the next events.
        more = this.#native.settle(round < ROUNDS);
      }
    }
  }

  /** A synchronous call. */
  query(method, ...args) {
    this.flush();
    try {
      return this.#native[method](...args);
    } catch (error) {
      throw toServerError(error);
    }
  }

  answer(question, yes) {
    this.#answers.push(question, yes ? 1 : 0);
  }

  answerAuth(question, accept, partialSuccess, availableMethods) {
    this.flush();
    this.#native.answerAuth(question, accept, partialSuccess, availableMethods);
  }

  answerTunnel(question, accept, port) {
    this.flush();
    this.#native.answerTunnel(question, accept, port);
  }

  answerConnected(question, type, store, password, subject) {
    this.query('answerConnected', question, type, store, password, subject);
  }

  consumed(channel, bytes) {
    if (bytes > 0) this.#consumed.add(channel, bytes);
  }

  /** Passes answers and consumed bytes to the addon before any other call, so that it sees them in order. */
  flush() {
    const answers = this.#answers;
    if (answers.length > 0) {
      this.#native.answer(answers.numbers, answers.length);
      answers.clear();
    }
    // During a batch consumed bytes wait for its end, so that many small pieces become one call.
    const consumed = this.#consumed;
    if (consumed.length > 0 && !this.#draining) {
      this.#native.consumed(consumed.numbers, consumed.length);
      consumed.clear();
    }
  }

  /** Flushes outside of a batch; the end of a batch flushes by itself. */
  flushOutsideOfBatch() {
    if (!this.#draining) this.flush();
  }

  /** Flushes once for all promises that settle in the same turn of the event loop, outside of a batch. */
  flushSoon() {
    if (this.#draining || this.#flushScheduled) return;
    this.#flushScheduled = true;
    queueMicrotask(() => {
      this.#flushScheduled = false;
      this.flush();
    });
  }

  // --- calls that need no order among the others ---

  /** Whether the Disconnected of a connection is still to come. */
  hasConnection(connection) {
    return this.#native.hasConnection(connection);
  }

  /** Backpressure: stops reading a connection while the program is behind with its events, or resumes. */
  pause(connection, paused) {
    this.#native.pause(connection, paused);
  }

  /** The listeners of the last event of a channel are done. */
  releaseChannel(channel) {
    this.#native.releaseChannel(channel);
  }

  /** The listeners of the last event of a connection are done. */
  releaseConnection(connection) {
    this.#native.releaseConnection(connection);
  }

  codePage() {
    return this.#native.codePage();
  }

  rest(resting) {
    if (resting === this.#resting) return;
    this.#resting = resting;
    if (resting) this.#native.rest();
    else this.#native.rouse(this.#wake);
  }
}

module.exports = { Gateway };
