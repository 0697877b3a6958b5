'use strict';

const NOTHING = new Uint8Array(0);

/**
 * Cuts the data of a channel into records of a given length. Bytes that wait here for the rest of their record are
 * reported as consumed at once, because otherwise a record longer than the channel's window could never be complete.
 * Bytes that are passed to listeners are reported after the listeners are done.
 *
 * Waiting bytes are copied into one buffer: a peer that sends its bytes one by one must not cost an object for each.
 */
class Records {
  /** The length of a record in bytes; 0: all available bytes are one record. */
  length = 0;
  #stored = NOTHING;
  #start = 0;
  #end = 0;
  /** The chunk that is being cut; empty between two chunks. */
  #chunk = NOTHING;

  get total() {
    return this.#end - this.#start + this.#chunk.length;
  }

  push(chunk) {
    this.#chunk = chunk;
  }

  /** The next record, or null when more bytes are needed. `toReport`: how many of its bytes are not reported yet. */
  next() {
    const { total } = this;
    const length = this.length === 0 ? total : this.length;
    return length === 0 || length > total ? null : this.#take(length);
  }

  /** The remaining bytes, which are less than a record, at the end of the data; null if there are none. */
  rest() {
    const { total } = this;
    return total === 0 ? null : this.#take(total);
  }

  /** Stores the remaining bytes of the chunk; returns how many bytes have to be reported as consumed for that. */
  absorb() {
    const bytes = this.#chunk.length;
    if (bytes > 0) {
      this.#reserve(bytes);
      this.#stored.set(this.#chunk, this.#end);
      this.#end += bytes;
      this.#chunk = NOTHING;
    }
    return bytes;
  }

  #take(length) {
    const fromStored = Math.min(this.#end - this.#start, length);
    const fromChunk = length - fromStored;
    const tail = this.#chunk.subarray(0, fromChunk);
    let bytes = tail;
    if (fromStored > 0) {
      bytes = new Uint8Array(length);
      bytes.set(this.#stored.subarray(this.#start, this.#start + fromStored));
      bytes.set(tail, fromStored);
      this.#start += fromStored;
    }
    this.#chunk = this.#chunk.subarray(fromChunk);
    if (this.#start === this.#end) {
      this.#stored = NOTHING;
      this.#start = this.#end = 0;
    }
    return { bytes, toReport: fromChunk };
  }

  #reserve(bytes) {
    if (this.#end + bytes <= this.#stored.length) return;
    const used = this.#end - this.#start;
    const grown = new Uint8Array(Math.max(1024, 2 * (used + bytes)));
    grown.set(this.#stored.subarray(this.#start, this.#end));
    this.#stored = grown;
    this.#start = 0;
    this.#end = used;
  }
}

module.exports = { Records };
