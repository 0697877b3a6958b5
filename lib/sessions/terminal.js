'use strict';

// A session's terminal as libraries for text interfaces expect process.stdin and process.stdout: made by session.js
// when it is first asked for. The channel's stream does the transport and the flow control.

const { Readable, Writable } = require('node:stream');
const readline = require('node:readline');
const tty = require('node:tty');
const { checkBoolean } = require('../args.js');
const { LineEditor } = require('./line_editor.js');

const LF = 10;
const CR = 13;
/** What a client says that does not know the size of its window (RFC 4254 6.2): a size of zero is no size. */
const UNKNOWN_SIZE = { columns: 80, rows: 24 };
const { getColorDepth, hasColors } = tty.WriteStream.prototype;

/** A client that leaves is told by the session's signal; a program that goes on writing must not end for that. */
const ignore = () => {};

/** Puts a CR before each LF that has none, as a terminal does (ONLCR). */
function withReturns(chunk, lastByte) {
  if (!chunk.includes(LF)) return chunk;
  const parts = [];
  let from = 0;
  for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) {
    if ((at === 0 ? lastByte : chunk[at - 1]) === CR) continue;
    parts.push(chunk.subarray(from, at), Buffer.of(CR));
    from = at;
  }
  parts.push(chunk.subarray(from));
  return Buffer.concat(parts);
}

/** The output: process.stdout of the session. Ending it does not end the channel. */
class TerminalOutput extends Writable {
  #stream;
  #env;
  #lastByte = 0;
  isTTY = true;

  constructor(stream, pty, env) {
    super({ highWaterMark: stream.writableHighWaterMark });
    this.#stream = stream;
    this.#env = env;
    this.#setSize(pty);
    this.on('error', ignore);
    stream.once('close', () => this.destroy());
  }

  getColorDepth(env = this.#env) {
    return getColorDepth.call(this, env);
  }

  hasColors(count, env = this.#env) {
    return hasColors.call(this, count, env);
  }

  getWindowSize() {
    return [this.columns, this.rows];
  }

  cursorTo(...args) {
    return readline.cursorTo(this, ...args);
  }

  moveCursor(...args) {
    return readline.moveCursor(this, ...args);
  }

  clearLine(...args) {
    return readline.clearLine(this, ...args);
  }

  clearScreenDown(...args) {
    return readline.clearScreenDown(this, ...args);
  }

  resize(pty) {
    this.#setSize(pty);
    this.emit('resize');
  }

  #setSize({ columns, rows }) {
    this.columns = columns || UNKNOWN_SIZE.columns;
    this.rows = rows || UNKNOWN_SIZE.rows;
  }

  _write(chunk, encoding, callback) {
    const shown = withReturns(chunk, this.#lastByte);
    if (chunk.length > 0) this.#lastByte = chunk.at(-1);
    this.#stream.write(shown, callback);
  }
}

/** The input: process.stdin of the session. */
class TerminalInput extends Readable {
  #stream;
  #output;
  #lines;
  #ended = false;
  isTTY = true;
  isRaw = false;

  constructor(stream, output, echoes, signal) {
    super({ highWaterMark: stream.readableHighWaterMark });
    this.#stream = stream;
    this.#output = output;
    const show = (bytes) => void (echoes && output.write(bytes));
    this.#lines = new LineEditor(show, signal);
    this.on('error', ignore);
    stream.on('data', (chunk) => this.#take(chunk));
    stream.pause();
    stream.once('end', () => this.#end());
    // A client that hangs up is the end of what is typed, as it is for a terminal.
    stream.once('close', () => this.#end());
    output.on('drain', () => this.#resume());
  }

  /** Whether keys arrive as they are typed (true), or whole lines do, edited and echoed here (false, the default). */
  setRawMode(mode) {
    checkBoolean(mode, 'mode');
    if (mode && !this.isRaw) {
      const typed = this.#lines.rest();
      if (typed.length > 0 && !this.#ended) this.push(typed);
    }
    this.isRaw = mode;
    return this;
  }

  /** As those of process.stdin; a session keeps nothing alive. */
  ref() {
    return this;
  }

  unref() {
    return this;
  }

  _read() {
    this.#resume();
  }

  _destroy(error, callback) {
    this.#stream.pause();
    callback(error);
  }

  #take(chunk) {
    if (this.#ended || this.destroyed) return;
    const { bytes, ended } = this.isRaw ? { bytes: chunk, ended: false } : this.#lines.feed(chunk);
    const goesOn = bytes.length === 0 || this.push(bytes);
    if (ended) this.#end();
    // A client that types and reads nothing must not fill the memory with its echo.
    else if (!goesOn || this.#output.writableNeedDrain) this.#stream.pause();
  }

  #end() {
    if (this.#ended) return;
    this.#ended = true;
    this.push(null);
    // What comes after it has no reader, and must not hold the end of the channel back.
    this.#stream.resume();
  }

  #resume() {
    if (!this.#output.writableNeedDrain && !this.destroyed) this.#stream.resume();
  }
}

/** `echoes`: whether keys are shown, as the client's ECHO mode says; `signal(name)` is called for ^C and ^\. */
function createTerminal(stream, { pty, env }, signal) {
  const output = new TerminalOutput(stream, pty, env);
  const input = new TerminalInput(stream, output, pty.modes.ECHO !== 0, signal);
  return Object.freeze({ input, output });
}

module.exports = { createTerminal };
