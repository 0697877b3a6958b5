'use strict';

const FIRST_LENGTH = 256;

/**
 * Pairs of numbers on their way to the addon, in memory that both sides read without a call for each
 * number, and that is used again.
 */
class Pairs {
  numbers = new Float64Array(FIRST_LENGTH);
  /** How many numbers there are. */
  length = 0;

  push(first, second) {
    if (this.length === this.numbers.length) this.#grow();
    this.numbers[this.length++] = first;
    this.numbers[this.length++] = second;
  }

  /** Adds to the second number of the last pair if that begins with `first`; else there is a new pair. */
  add(first, second) {
    const { numbers, length } = this;
    if (length > 0 && numbers[length - 2] === first) numbers[length - 1] += second;
    else this.push(first, second);
  }

  #grow() {
    const numbers = new Float64Array(this.length * 2);
    numbers.set(this.numbers);
    this.numbers = numbers;
  }

  /** Empties it. */
  clear() {
    this.length = 0;
    // A flood must not keep its memory.
    if (this.numbers.length > FIRST_LENGTH * 64) this.numbers = new Float64Array(FIRST_LENGTH);
  }
}

module.exports = { Pairs };
