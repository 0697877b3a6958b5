'use strict';

const { Duplex } = require('node:stream');
const { prematureClose } = require('./errors.js');

const HIGH_WATER_MARK = 64 * 1024;
/**
 * The number of chunks, however small, that may wait to be written before write() returns false (backpressure).
 * Node's highWaterMark counts bytes only, and the bookkeeping for a chunk of one byte takes a kilobyte: a source
 * that is piped into a channel whose client does not read would hold 60 MB.
 */
const MAX_WAITING_CHUNKS = 256;

/**
 * The data of a channel as a Duplex. Reading: the channel's window re-opens as the reader takes the bytes.
 * Writing: a chunk is done when it was handed to the transport within the peer's window; there is no timeout for a
 * peer that does not read.
 *
 * The stream never closes its channel by itself: when both directions have ended, the exit status
 * may still have to be sent. end() sends EOF; destroy() closes the channel. Only EOF ends the readable side
 * cleanly: a channel that closes without EOF has truncated the data, which is an error of the stream.
 */
class ChannelStream extends Duplex {
  #core;
  #channel;
  #connection;
  /** The received bytes that have not been reported as consumed. An object of its own: it outlives the stream. */
  #debt;
  /** EOF has come. */
  #ended = false;
  /** The channel is gone. */
  #closed = false;
  /** The program has closed the channel itself. */
  #closing = false;
  /** The error (or null) to destroy the stream with when everything was read; undefined while the channel is open. */
  #last = undefined;
  /** The number of chunks that were written since a write last went to the addon. */
  #waiting = 0;
  /** write() has returned false below Node's own highWaterMark, so this class has to emit 'drain'. */
  #owesDrain = false;
  /** A write that has failed because the channel is gone; the reader first gets the data that came before. */
  #failedWrite = null;

  constructor(core, channel, connection) {
    super({
      readableHighWaterMark: HIGH_WATER_MARK,
      writableHighWaterMark: HIGH_WATER_MARK,
      allowHalfOpen: true,
      autoDestroy: false,
    });
    this.#core = core;
    this.#channel = channel;
    this.#connection = connection;
    this.#debt = core.debtOf(this, channel);
    // This listener is the first one, so that it sees whether the program has added another: without a listener of
    // 'error' a client that leaves must not end the process.
    this.on('error', (error) => {
      if (this.listenerCount('error') === 1) core.listeners.unheard(connection, error);
    });
  }

  /** Bytes from the peer, of which `toReport` have not been reported as consumed. */
  feed(bytes, toReport) {
    this.#debt.bytes += toReport;
    if (!this.destroyed && !this.#ended)
      this.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    this.#settle();
  }

  /**
   * Sends extended data as this class sends data: without a timeout, however long the client does not read. For the
   * modules beside the class, which have a stream for it.
   */
  sendExtended(type, chunk) {
    return this.#core.operation('write', this.#channel, chunk, type);
  }

  /** EOF has come. */
  endReading() {
    if (this.#ended) return;
    this.#ended = true;
    this.push(null);
  }

  /** The program closes the channel: the missing EOF is then not an error of the client. */
  closing() {
    this.#closing = true;
  }

  /** The channel is gone; `connectionOver`: because its connection has ended. */
  close(connectionOver) {
    this.#closed = true;
    if (this.#ended || this.#closing) this.#closeWith(null);
    else if (connectionOver)
      this.#core.whyOver(this.#connection, (cause) => this.#closeWith(prematureClose(cause)));
    else this.#closeWith(prematureClose(this.#core.channelClosedError()));
  }

  /** Reads as a Readable does, and notices that everything was read of a channel that closed without EOF. */
  read(size) {
    const chunk = super.read(size);
    if (chunk !== null) this.#settle();
    // A read of more bytes than the window is completed only if the bytes received so far count as consumed.
    else if (size > this.readableLength) this.#core.settle(this.#debt);
    // The stream is not destroyed before the reader has the chunk.
    if (this.#last !== undefined && !this.#ended && this.readableLength === 0)
      process.nextTick(() => this.#destroyNow());
    return chunk;
  }

  /** Does nothing: the client sends data by itself, as far as the flow control window allows. */
  _read() {}

  /** Writes as a Writable does, and counts waiting chunks as well as bytes for its return value. */
  write(chunk, encoding, callback) {
    this.#waiting++;
    const goesOn = super.write(chunk, encoding, callback);
    const isEnough = this.#waiting >= MAX_WAITING_CHUNKS;
    // Where Node itself returns false it also emits 'drain'.
    this.#owesDrain = goesOn && !super.writableNeedDrain && (isEnough || this.#owesDrain);
    return goesOn && !isEnough;
  }

  get writableNeedDrain() {
    return super.writableNeedDrain || (this.#owesDrain && !this.destroyed && !this.writableEnded);
  }

  // All waiting chunks are written at once, so that no chunk waits behind them.
  _write(chunk, encoding, callback) {
    this.#waiting = 0;
    this.#send(chunk, callback);
  }

  _writev(entries, callback) {
    this.#waiting = 0;
    this.#send(Buffer.concat(entries.map(({ chunk }) => chunk)), callback);
  }

  _final(callback) {
    if (this.#closed) callback();
    else this.#attempt(() => this.#core.endOperation('sendEof', this.#channel), callback);
  }

  _destroy(error, callback) {
    this.#settle();
    if (this.#failedWrite !== null) {
      this.#failedWrite.callback(this.#failedWrite.error);
      this.#failedWrite = null;
    }
    if (!this.#closed) {
      this.#closed = true;
      // Data that was not sent yet is dropped. EOF is not sent then: the client must not take the data for complete.
      const method = this.writableLength > 0 ? 'abortChannel' : 'closeChannel';
      // A channel that is gone already is the wanted result, so the error is ignored.
      this.#attempt(
        () => this.#core.operation(method, this.#channel),
        () => {},
      );
    }
    callback(error);
  }

  /** The reader still gets the bytes that came before the close; then the stream is destroyed with this error. */
  #closeWith(error) {
    this.#last = error;
    if (this.destroyed) return;
    if (this.readableEnded) {
      this.#destroyNow();
    } else if (this.#ended) {
      this.once('end', () => this.#destroyNow());
      if (this.readableLength === 0) this.resume();
    } else if (this.readableLength === 0) {
      this.#destroyNow();
    }
  }

  #destroyNow() {
    this.destroy(this.#last ?? this.#failedWrite?.error);
  }

  /**
   * Reports as consumed what the reader has taken, and not what waits in the stream: otherwise a client that sends
   * one byte in each message would make the stream hold tens of thousands of buffers.
   */
  #settle() {
    this.#core.settle(this.#debt, this.destroyed ? 0 : this.readableLength);
  }

  #send(chunk, callback) {
    this.#attempt(
      () => this.#core.operation('write', this.#channel, chunk, 0),
      (error) => {
        if (!error) this.#written(callback);
        // The failure comes right before the end of the channel, whose error the stream is destroyed with.
        else setImmediate(() => this.#writeFailed(error, callback));
      },
    );
  }

  #written(callback) {
    callback();
    if (!this.#owesDrain || this.writableLength > 0) return;
    this.#owesDrain = false;
    if (!this.destroyed && !this.writableEnded) this.emit('drain');
  }

  #writeFailed(error, callback) {
    if (this.destroyed || this.#core.query('isOpen', this.#channel)) {
      callback(error);
      this.destroy(error);
      return;
    }
    // The end of the channel was reported to the stream already, or will be.
    this.#failedWrite = { error, callback };
    // The end of the channel, which the reader waits for, may have come before.
    if (this.#last !== undefined && this.readableEnded) this.#destroyNow();
  }

  /** Runs `start`, which throws or returns a promise, and calls back once. */
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
