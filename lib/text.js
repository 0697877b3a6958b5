'use strict';

const { NativeDecoder } = require('./native.js');
const { MEMORY } = require('./boundary.js');
const { ChannelDataInEvent } = require('./event_objects.js');

const UTF8 = 65001;
const NOTHING = new Uint8Array(0);
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Decodes what clients send by the code page of the server. Makes the SSHChannelDataIn events: a character that the
 * end of an event cuts in two is at the beginning of the next event's `data`. Where possible the text is decoded only
 * when it is read.
 */
class TextReader {
  #codePage = UTF8;
  #memory = MEMORY.UTF8;
  /** The decoder of a single-byte code page. It has no state, so all channels share it. */
  #shared = null;

  /** Chooses the code page; channels drop their unfinished characters of the previous one. */
  use({ id, memory }) {
    if (id === this.#codePage) return;
    this.#codePage = id;
    this.#memory = memory;
    this.#shared = memory === MEMORY.NOTHING ? new NativeDecoder(id) : null;
  }

  /** Whether the bytes are known to end with a whole character, given that they begin with one. */
  isWhole(bytes) {
    return (
      this.#memory === MEMORY.NOTHING ||
      (this.#memory === MEMORY.UTF8 && (bytes.length === 0 || bytes[bytes.length - 1] < 0x80))
    );
  }

  /** The event for bytes that are whole characters. */
  wholeEvent(connection, channel, bytes, extendedType) {
    if (this.#shared === null)
      return new ChannelDataInEvent(connection, channel, bytes, extendedType);
    const shared = this.#shared;
    const read = () => shared.decode(bytes);
    return new ChannelDataInEvent(connection, channel, bytes, extendedType, read);
  }

  /** The event for bytes of a channel that has unfinished characters or a decoder state, `texts`. */
  event(texts, connection, channel, bytes, extendedType) {
    const text = texts.of(extendedType);
    let read;
    if (this.#memory === MEMORY.NOTHING) {
      const shared = this.#shared;
      read = () => shared.decode(bytes);
    } else if (this.#memory === MEMORY.UTF8) {
      const all = text.join(bytes);
      read = () => decoder.decode(all);
    } else {
      const decoded = text.decode(this.#codePage, bytes);
      read = () => decoded;
    }
    return new ChannelDataInEvent(connection, channel, bytes, extendedType, read);
  }
}

/** The decoding state of one stream of bytes: the beginning of a character, or a decoder with its state. */
class Rest {
  #bytes = NOTHING;
  #decoder = null;
  #codePage = 0;

  /** The kept bytes and these, without an unfinished character of UTF-8 at their end, which is kept. */
  join(bytes) {
    this.#decoder = null;
    const all = this.#bytes.length === 0 ? bytes : concat(this.#bytes, bytes);
    const end = all.length - unfinished(all);
    if (end === all.length) {
      this.#bytes = NOTHING;
      return all;
    }
    // A copy: a view would keep the whole buffer alive.
    this.#bytes = all.slice(end);
    return all.subarray(0, end);
  }

  decode(codePage, bytes) {
    this.#bytes = NOTHING;
    if (this.#decoder === null || this.#codePage !== codePage) {
      this.#decoder = new NativeDecoder(codePage);
      this.#codePage = codePage;
    }
    return this.#decoder.decode(bytes);
  }
}

/** The decoding states of one channel: of its data, and of extended data of the type that came last. */
class ChannelTexts {
  #data = new Rest();
  #extended = null;
  // Only one type: a client can send data of any number of types, and a state for each could exhaust memory.
  #extendedType = 0;

  of(extendedType) {
    if (extendedType === 0) return this.#data;
    if (this.#extendedType !== extendedType) {
      this.#extendedType = extendedType;
      this.#extended = new Rest();
    }
    return this.#extended;
  }
}

function concat(first, second) {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/** How many bytes at the end are the beginning of a character of UTF-8 that further bytes can complete. */
function unfinished(bytes) {
  const end = bytes.length;
  for (let length = 1; length <= 3 && length <= end; length++) {
    const lead = bytes[end - length];
    if (lead < 0x80) return 0;
    if (lead < 0xc0) continue;
    const whole = lead < 0xc2 || lead > 0xf4 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (length >= whole) return 0;
    return length === 1 || canFollow(lead, bytes[end - length + 1]) ? length : 0;
  }
  return 0;
}

/** Whether this second byte may follow this lead byte (table 3-7 of the Unicode Standard). */
function canFollow(lead, second) {
  if (lead === 0xe0) return second >= 0xa0;
  if (lead === 0xed) return second < 0xa0;
  if (lead === 0xf0) return second >= 0x90;
  if (lead === 0xf4) return second < 0x90;
  return true;
}

module.exports = { TextReader, ChannelTexts };
