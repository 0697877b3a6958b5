'use strict';

const FIRST_LENGTH = 256;

/**
 * Pairs of numbers to be passed to the addon, in a typed array that the addon reads without a call for each number.
 * The array is reused.
 */
class Pairs {
  numbers = new Float64Array(FIRST_LENGTH);
  /** How many numbers are stored, twice the number of pairs. */
  length = 0;

  push(first, second) {
    if (this.length === this.numbers.length) this.#grow();
    this.numbers[this.length++] = first;
    this.numbers[this.length++] = second;
  }

  /** Adds `second` to the last pair if that begins with `first`; else appends a new pair. */
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

  /** Removes all pairs. */
  clear() {
    this.length = 0;
    // The memory that a flood of pairs needed is released.
    if (this.numbers.length > FIRST_LENGTH * 64) this.numbers = new Float64Array(FIRST_LENGTH);
  }
}

module.exports = { Pairs };
