'use strict';

const { Duplex } = require('node:stream');
const { KIND } = require('./kinds.js');

const HIGH_WATER_MARK = 64 * 1024;
const WOULD_BLOCK = 135;
const TIMED_OUT = 10060;

/**
 * The data of a channel as a Duplex. Reading: the channel's window re-opens as the reader takes the
 * bytes. Writing: a chunk is done when it was handed to the transport within the peer's window.
 *
 * The stream never closes its channel by itself: when both directions have ended, the exit status
 * may still have to be sent. end() sends EOF; destroy() closes the channel.
 */
class ChannelStream extends Duplex {
  #core;
  #channel;
  #owed = 0;
  #ended = false;
  #closed = false;
  /** What to do when there is room again, after a send without waiting (timeout 0) did not fit. */
  #retry = null;

  constructor(core, channel) {
    super({
      readableHighWaterMark: HIGH_WATER_MARK,
      writableHighWaterMark: HIGH_WATER_MARK,
      allowHalfOpen: true,
      autoDestroy: false,
    });
    this.#core = core;
    this.#channel = channel;
  }

  /** Bytes from the peer, of which `toReport` have not been reported as consumed. */
  feed(bytes, toReport) {
    if (this.destroyed || this.#ended) {
      this.#report(toReport);
      return;
    }
    this.#owed += toReport;
    if (this.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))) this.#settle();
  }

  /** An event of the channel has come in. */
  notice(kind) {
    if (kind === KIND.CHANNEL_EOF) {
      this.#endReading();
    } else if (kind === KIND.CHANNEL_READY_TO_SEND) {
      this.#retryNow();
    } else if (kind === KIND.CHANNEL_CLOSED) {
      this.#closed = true;
      this.#endReading();
      // Bytes that came before the close are still the reader's.
      if (this.readableEnded) this.destroy();
      else this.once('end', () => this.destroy());
      if (this.readableLength === 0) this.resume();
    }
  }

  _read() {
    this.#settle();
  }

  _write(chunk, encoding, callback) {
    this.#send(chunk, callback);
  }

  _writev(entries, callback) {
    this.#send(Buffer.concat(entries.map(({ chunk }) => chunk)), callback);
  }

  _final(callback) {
    if (this.#closed) callback();
    else this.#attempt(() => this.#core.operation('sendEof', this.#channel), callback);
  }

  _destroy(error, callback) {
    this.#settle();
    this.#clearRetry();
    if (!this.#closed) {
      this.#closed = true;
      // That the channel is already gone is what was wanted.
      this.#attempt(
        () => this.#core.operation('closeChannel', this.#channel),
        () => {},
      );
    }
    callback(error);
  }

  #endReading() {
    if (this.#ended) return;
    this.#ended = true;
    this.push(null);
  }

  /** Everything pushed so far counts as taken: Node asks for more only when its buffer has room. */
  #settle() {
    const bytes = this.#owed;
    this.#owed = 0;
    this.#report(bytes);
  }

  #report(bytes) {
    this.#core.consumed(this.#channel, bytes);
    this.#core.flushSoon();
  }

  #send(chunk, callback) {
    this.#attempt(
      () => this.#core.operation('send', this.#channel, chunk, 0),
      (error) => {
        if (!error) callback();
        else if (this.destroyed) callback(error);
        else if (error.code === WOULD_BLOCK)
          this.#sendWhenReady(chunk.subarray(error.bytesSent), callback);
        // The connection's timeout is for those who wait for a send; a reader may pause a stream for long.
        else if (error.code === TIMED_OUT) this.#send(chunk.subarray(error.bytesSent), callback);
        else this.#fail(error, callback);
      },
    );
  }

  #sendWhenReady(rest, callback) {
    this.#core.need('waitingToSend', 1);
    const retry = () => {
      this.#clearRetry();
      this.#send(rest, callback);
    };
    this.#retry = retry;
    // There may be room since before the event was asked for. Not at once: it may be gone again and again.
    if (this.#core.query('channelInfo', this.#channel)?.[3]) {
      setImmediate(() => this.#retry === retry && retry());
    }
  }

  #retryNow() {
    if (this.#retry !== null) this.#retry();
  }

  #clearRetry() {
    if (this.#retry === null) return;
    this.#retry = null;
    this.#core.need('waitingToSend', -1);
  }

  #fail(error, callback) {
    callback(error);
    this.destroy(error);
  }

  /** Runs `start`, which throws or gives a promise, and calls back once. */
  #attempt(start, callback) {
    let promise;
    try {
      promise = start();
    } catch (error) {
      callback(error);
      return;
    }
    promise.then(() => callback(), callback);
  }
}

module.exports = { ChannelStream };
