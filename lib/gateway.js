'use strict';

const { NativeServer } = require('./native.js');
const { toServerError } = require('./errors.js');
const { Pairs } = require('./pairs.js');

/** Batches in one turn of the event loop, whose timers and other I/O come next. */
const ROUNDS = 4;

/**
 * The boundary to one NativeServer: batches of events come from it, and calls, answers and used bytes go to
 * it in the order in which they were made.
 */
class Gateway {
  #native;
  #wake;
  /** Questions with 1 for yes or 0 for no. */
  #answers = new Pairs();
  /** Channels with the bytes of them that were used. */
  #consumed = new Pairs();
  #draining = false;
  #flushScheduled = false;
  /** The addon has nothing to tell and need not hold the means to, until the next operation. */
  #resting = false;

  /** `wake` is called when there are events. The addon keeps it: it must not keep the server. */
  constructor(wake) {
    this.#wake = wake;
    this.#native = new NativeServer(wake);
  }

  /** Has `run` run all events that there are, a batch at a time. */
  drain(run) {
    let more = true;
    for (let round = 1; more; round++) {
      this.#draining = true;
      try {
        run(this.#native.drain());
      } finally {
        this.#draining = false;
        this.flush();
        // What the listeners asked for leaves together now, and often brings the next events.
        more = this.#native.settle(round < ROUNDS);
      }
    }
  }

  /** A call that ends when it returns. */
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

  /** Hands over what was answered and consumed, so that the addon sees things in the order they were done. */
  flush() {
    const answers = this.#answers;
    if (answers.length > 0) {
      this.#native.answer(answers.numbers, answers.length);
      answers.clear();
    }
    // During a batch the bytes can wait for its end: many small pieces become one call.
    const consumed = this.#consumed;
    if (consumed.length > 0 && !this.#draining) {
      this.#native.consumed(consumed.numbers, consumed.length);
      consumed.clear();
    }
  }

  /** The same where a batch, at whose end everything leaves together, does not do it. */
  flushOutsideOfBatch() {
    if (!this.#draining) this.flush();
  }

  /** For what is done outside of a batch: once for all promises that settle in the same turn. */
  flushSoon() {
    if (this.#draining || this.#flushScheduled) return;
    this.#flushScheduled = true;
    queueMicrotask(() => {
      this.#flushScheduled = false;
      this.flush();
    });
  }

  // --- what has no order among the calls ---

  /** Whether the end of a connection is still to be told. */
  hasConnection(connection) {
    return this.#native.hasConnection(connection);
  }

  /** The program falls behind with the events of a connection, or does so no more. */
  pause(connection, paused) {
    this.#native.pause(connection, paused);
  }

  /** The listeners of the last event of a channel are done. */
  releaseChannel(channel) {
    this.#native.releaseChannel(channel);
  }

  /** The same of a connection. */
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
