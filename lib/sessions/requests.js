'use strict';

// The requests of a session channel (RFC 4254 section 6): what their packets say. Called by router.js.

const { MODES } = require('./modes.js');

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** `byte 98 | uint32 channel`: what is before the name of a request. */
const HEAD = 5;
/** Opcodes from here on have values of unknown length (RFC 4254 section 8), so reading ends there. */
const FIRST_UNKNOWN_MODE = 160;

/** A packet that is not what its name says: the request is refused. */
class BadRequest extends Error {}

/** Reads the fields of a request one after the other. */
class Fields {
  #bytes;
  #at = HEAD;

  constructor(packet) {
    this.#bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.length);
    this.bytes(); // the name
    this.#take(1); // whether a reply is wanted
  }

  #take(length) {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw new BadRequest('a field is cut off');
    this.#at += length;
    return at;
  }

  uint32() {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  bytes() {
    const length = this.uint32();
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /**
   * Text that a program can be started with. Bytes that are not UTF-8 are refused: as U+FFFD they would be another
   * command than the one that the client wants.
   */
  text() {
    const bytes = this.bytes();
    if (bytes.includes(0)) throw new BadRequest('a text has a NUL');
    try {
      return decoder.decode(bytes);
    } catch {
      throw new BadRequest('a text is not UTF-8');
    }
  }

  end() {
    if (this.#at !== this.#bytes.length) throw new BadRequest('there is more than its fields');
  }
}

function size(fields) {
  const [columns, rows, widthPixels, heightPixels] = [
    fields.uint32(),
    fields.uint32(),
    fields.uint32(),
    fields.uint32(),
  ];
  return { columns, rows, widthPixels, heightPixels };
}

/** The encoded terminal modes, by name; those without a name are left out. */
function modes(bytes) {
  const found = Object.create(null);
  for (let at = 0; at < bytes.length; at += 5) {
    const opcode = bytes[at];
    if (opcode === 0 || opcode >= FIRST_UNKNOWN_MODE || at + 5 > bytes.length) break;
    const name = MODES.get(opcode);
    if (name !== undefined) found[name] = bytes.readUInt32BE(at + 1);
  }
  return Object.freeze(found);
}

const READ = {
  'pty-req': (fields) => ({ term: fields.text(), ...size(fields), modes: modes(fields.bytes()) }),
  'window-change': size,
  env: (fields) => ({ name: fields.text(), value: fields.text() }),
  shell: () => ({ command: '' }),
  exec: (fields) => ({ command: fields.text() }),
  subsystem: (fields) => ({ command: fields.text() }),
  signal: (fields) => ({ name: fields.text() }),
  break: (fields) => ({ milliseconds: fields.uint32() }),
};

/** What a request says; null for one that a session does not know, or whose packet is wrong. */
function readRequest(type, packet) {
  if (!Object.hasOwn(READ, type)) return null;
  try {
    const fields = new Fields(packet);
    const request = READ[type](fields);
    fields.end();
    return request;
  } catch (error) {
    if (error instanceof BadRequest) return null;
    throw error;
  }
}

module.exports = { readRequest };
