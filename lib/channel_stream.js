'use strict';

const { Duplex } = require('node:stream');
const { prematureClose } = require('./errors.js');

const HIGH_WATER_MARK = 64 * 1024;
/**
 * Chunks that may wait to be written before write() says that it is enough, however small they are. Node
 * counts their bytes only, and what stands for a chunk of one byte takes a kilobyte: a source that is piped
 * into a channel whose client does not read would have 60 MB wait.
 */
const MAX_WAITING_CHUNKS = 256;

/**
 * The data of a channel as a Duplex. Reading: the channel's window re-opens as the reader takes the
 * bytes. Writing: a chunk is done when it was handed to the transport within the peer's window, however long
 * the peer does not read.
 *
 * The stream never closes its channel by itself: when both directions have ended, the exit status
 * may still have to be sent. end() sends EOF; destroy() closes the channel. Only EOF is the end of what is read:
 * a channel that closes without one has cut the data off.
 */
class ChannelStream extends Duplex {
  #core;
  #channel;
  #connection;
  /** What has come and has not been reported as used. It is not the stream's own: it outlives it. */
  #debt;
  /** EOF has come. */
  #ended = false;
  /** The channel is gone. */
  #closed = false;
  /** The program has closed the channel itself. */
  #closing = false;
  /** What the stream is destroyed with when everything was read; undefined while the channel is open. */
  #last = undefined;
  /** Chunks that were written since the last ones went to the addon. */
  #waiting = 0;
  /** write() has said that it is enough where Node would have taken more: 'drain' is owed. */
  #owesDrain = false;
  /** A write that has failed because the channel is gone: what came before is still the reader's. */
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
    // The first listener, so that it sees whether there is another one: a client that leaves must not end
    // a process that does not listen.
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

  /** EOF has come. */
  endReading() {
    if (this.#ended) return;
    this.#ended = true;
    this.push(null);
  }

  /** The program closes the channel: that the client sends no EOF any more is no fault of its. */
  closing() {
    this.#closing = true;
  }

  /** The channel is gone, `connectionOver` because of its connection. */
  close(connectionOver) {
    this.#closed = true;
    if (this.#ended || this.#closing) this.#closeWith(null);
    else if (connectionOver)
      this.#core.whyOver(this.#connection, (cause) => this.#closeWith(prematureClose(cause)));
    else this.#closeWith(prematureClose(this.#core.channelClosedError()));
  }

  /** As the stream is read, that is where its end is noticed which is no EOF. */
  read(size) {
    const chunk = super.read(size);
    if (chunk !== null) this.#settle();
    // Who wants more at once than the window has gets it only if what has come counts as used.
    else if (size > this.readableLength) this.#core.settle(this.#debt);
    // Not before the reader has the chunk.
    if (this.#last !== undefined && !this.#ended && this.readableLength === 0)
      process.nextTick(() => this.#destroyNow());
    return chunk;
  }

  /** The data comes by itself, as far as the window allows. */
  _read() {}

  /** As that of any stream, and it counts chunks as well as bytes. */
  write(chunk, encoding, callback) {
    this.#waiting++;
    const goesOn = super.write(chunk, encoding, callback);
    const isEnough = this.#waiting >= MAX_WAITING_CHUNKS;
    // Where Node says that it is enough, 'drain' is its affair.
    this.#owesDrain = goesOn && !super.writableNeedDrain && (isEnough || this.#owesDrain);
    return goesOn && !isEnough;
  }

  get writableNeedDrain() {
    return super.writableNeedDrain || (this.#owesDrain && !this.destroyed && !this.writableEnded);
  }

  // Whatever waits is written at once, so that nothing waits behind it.
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
      // What has not left yet is given up, and must not look like all there was to be sent.
      const method = this.writableLength > 0 ? 'abortChannel' : 'closeChannel';
      // That the channel is already gone is what was wanted.
      this.#attempt(
        () => this.#core.operation(method, this.#channel),
        () => {},
      );
    }
    callback(error);
  }

  /** Bytes that came before the close are still the reader's; then the stream is over, with this error. */
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
   * What the reader has taken is used. What waits in the stream is not: a client that sends one byte in each
   * message would have it hold tens of thousands of buffers.
   */
  #settle() {
    this.#core.settle(this.#debt, this.destroyed ? 0 : this.readableLength);
  }

  #send(chunk, callback) {
    this.#attempt(
      () => this.#core.operation('write', this.#channel, chunk),
      (error) => {
        if (!error) this.#written(callback);
        // The channel is gone right after what was to be sent on it has failed.
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
    // That the channel is closed is told, or will be.
    this.#failedWrite = { error, callback };
    // The end that the reader waits for may have come before.
    if (this.#last !== undefined && this.readableEnded) this.#destroyNow();
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
