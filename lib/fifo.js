'use strict';

/** A queue whose shift() costs the same however long it is. */
class Fifo {
  #items = [];
  #head = 0;

  get length() {
    return this.#items.length - this.#head;
  }

  push(item) {
    this.#items.push(item);
  }

  peek() {
    return this.#items[this.#head];
  }

  shift() {
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (
      this.#head === this.#items.length ||
      (this.#head > 1024 && this.#head * 2 > this.#items.length)
    ) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Takes out every item that `matches`, in order. */
  extract(matches) {
    const rest = this.#items.slice(this.#head);
    const taken = rest.filter(matches);
    if (taken.length > 0) {
      this.#items = rest.filter((item) => !matches(item));
      this.#head = 0;
    }
    return taken;
  }

  [Symbol.iterator]() {
    return this.#items.slice(this.#head).values();
  }
}

module.exports = { Fifo };
