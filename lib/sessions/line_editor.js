'use strict';

// What a terminal does with keys while its program reads lines: echo, erase, and end of file (the "cooked" mode of
// termios). A program that edits lines itself, readline or a full-screen program, has it off (setRawMode).

const { MAX_LINE } = require('./limits.js');

const KEY = { C: 3, D: 4, BS: 8, LF: 10, CR: 13, U: 21, W: 23, QUIT: 28, DEL: 127 };
const BELL = '\x07';
/** Characters of two columns: East Asian ones that are wide, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const MARK = /^\p{M}$/u;

const isContinuation = (byte) => (byte & 0xc0) === 0x80;

/** How many columns the bytes of one character take when they are echoed. */
function columnsOf(bytes) {
  if (bytes.length === 1) return bytes[0] < 0x20 ? 2 : 1;
  const character = Buffer.from(bytes).toString();
  if (MARK.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** The line that is being typed. */
class LineEditor {
  #line = [];
  /** What is to be shown: of a whole chunk at once, as a piece for each key would cost more than the keys. */
  #shown = [];
  #show;
  #signal;
  /** The key before was a carriage return: a line feed after it belongs to it. */
  #afterReturn = false;

  /** `show(bytes)` shows something; `signal(name)` is called for ^C and ^\. */
  constructor(show, signal) {
    this.#show = show;
    this.#signal = signal;
  }

  /** What the program gets of these bytes: `{ bytes, ended }`. Nothing is looked at after an end of file. */
  feed(chunk) {
    const whole = [];
    let ended = false;
    for (const byte of chunk) {
      ended = byte === KEY.D && this.#line.length === 0;
      if (ended) break;
      const done = this.#key(byte);
      if (done !== null) whole.push(done);
    }
    this.#flush();
    return { bytes: join(whole), ended };
  }

  #echo(text) {
    this.#shown.push(Buffer.from(text));
  }

  #flush() {
    if (this.#shown.length > 0) this.#show(join(this.#shown));
    this.#shown = [];
  }

  /** What was typed of a line that is not whole, for a program that no longer wants lines. */
  rest() {
    return this.#take();
  }

  /** The bytes that this key completes, or null. */
  #key(byte) {
    const followsReturn = this.#afterReturn && byte === KEY.LF;
    this.#afterReturn = byte === KEY.CR;
    if (followsReturn) return null;
    switch (byte) {
      case KEY.CR:
      case KEY.LF:
        this.#echo('\n');
        this.#line.push(KEY.LF);
        return this.#take();
      case KEY.D:
        return this.#take();
      case KEY.C:
        return this.#interrupt('INT', '^C');
      case KEY.QUIT:
        return this.#interrupt('QUIT', '^\\');
      case KEY.BS:
      case KEY.DEL:
        this.#erase();
        return null;
      case KEY.U:
        while (this.#line.length > 0) this.#erase();
        return null;
      case KEY.W:
        this.#eraseWord();
        return null;
      default:
        this.#add(byte);
        return null;
    }
  }

  #take() {
    const bytes = Buffer.from(this.#line);
    this.#line = [];
    return bytes;
  }

  #interrupt(name, shown) {
    this.#line = [];
    this.#echo(`${shown}\n`);
    // Before what the program says to it.
    this.#flush();
    this.#signal(name);
    return null;
  }

  #add(byte) {
    // The last byte of a line is its end.
    if (this.#line.length >= MAX_LINE - 1) {
      this.#echo(BELL);
      return;
    }
    this.#line.push(byte);
    if (byte < 0x20 && byte !== 9) this.#echo(`^${String.fromCharCode(byte + 0x40)}`);
    else this.#echo(Buffer.of(byte));
  }

  #erase() {
    const character = [];
    do {
      if (this.#line.length === 0) return;
      character.unshift(this.#line.pop());
    } while (isContinuation(character[0]) && character.length < 4);
    this.#echo('\b \b'.repeat(columnsOf(character)));
  }

  #eraseWord() {
    const isSpace = () => this.#line.at(-1) === 0x20;
    while (this.#line.length > 0 && isSpace()) this.#erase();
    while (this.#line.length > 0 && !isSpace()) this.#erase();
  }
}

const join = (parts) => (parts.length === 1 ? parts[0] : Buffer.concat(parts));

module.exports = { LineEditor };
