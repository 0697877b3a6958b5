'use strict';

const {
  checkString,
  checkBoolean,
  checkInstance,
  checkInteger,
  checkFunction,
  outOfRange,
} = require('./args.js');
const { defineField } = require('./accessors.js');
const { Watchers } = require('./watchers.js');

// Both are set by the static blocks below. They access the private fields without exposing them to users.
let watchPrompt;
let watchList;

/** One line the client shows during keyboard-interactive authentication. */
class SSHPrompt {
  #prompt = '';
  #echo = false;
  #watchers = new Watchers();

  constructor(prompt = '', echo = false) {
    checkString(prompt, 'prompt');
    checkBoolean(echo, 'echo');
    this.#prompt = prompt;
    this.#echo = echo;
  }

  static {
    watchPrompt = (prompt) => prompt.#watchers;
    defineField(SSHPrompt, {
      stem: 'Prompt',
      get() {
        return this.#prompt;
      },
      set(prompt) {
        checkString(prompt, 'prompt');
        const before = this.#prompt;
        this.#prompt = prompt;
        this.#watchers.notify(this, () => (this.#prompt = before));
      },
    });
    defineField(SSHPrompt, {
      stem: 'Echo',
      boolean: true,
      get() {
        return this.#echo;
      },
      set(echo) {
        checkBoolean(echo, 'echo');
        this.#echo = echo;
        this.#watchers.notify(this);
      },
    });
  }
}

/** The prompts in order. A server that was given the list is notified of every change to it. */
class SSHPromptList {
  #prompts = [];
  #watchers = new Watchers();
  #watcher = { changed: () => this.#watchers.notify(this) };

  constructor(prompts = []) {
    for (const prompt of prompts) this.#insert(this.#prompts.length, prompt);
  }

  static {
    watchList = (list) => list.#watchers;
  }

  size() {
    return this.#prompts.length;
  }

  get(index) {
    return this.#prompts[index];
  }

  item(index) {
    return this.#prompts[index];
  }

  has(index) {
    return this.#prompts[index] !== undefined;
  }

  add(prompt) {
    this.#insert(this.#prompts.length, prompt);
    this.#watchers.notify(this, () => this.#release(this.#prompts.pop()));
    return this;
  }

  set(index, prompt) {
    checkInteger(index, 'index', 0, Number.MAX_SAFE_INTEGER);
    if (index >= this.#prompts.length)
      throw outOfRange('index', 'below the size of the list', index);
    checkInstance(prompt, SSHPrompt, 'prompt');
    const [old] = this.#prompts.splice(index, 1);
    this.#release(old);
    this.#insert(index, prompt);
    this.#watchers.notify(this, () => {
      this.#prompts.splice(index, 1);
      this.#release(prompt);
      this.#insert(index, old);
    });
    return this;
  }

  /** Takes the index or the prompt itself; returns the removed prompt, or undefined. */
  remove(which) {
    const index = typeof which === 'number' ? which : this.#prompts.indexOf(which);
    if (!this.has(index)) return undefined;
    const [removed] = this.#prompts.splice(index, 1);
    this.#release(removed);
    this.#watchers.notify(this);
    return removed;
  }

  clear() {
    for (const prompt of this.#prompts.splice(0)) this.#release(prompt);
    this.#watchers.notify(this);
  }

  keys() {
    return this.#prompts.keys();
  }

  values() {
    return this.#prompts.values();
  }

  entries() {
    return this.#prompts.entries();
  }

  [Symbol.iterator]() {
    return this.#prompts.values();
  }

  forEach(callback, thisArg) {
    checkFunction(callback, 'callback');
    this.#prompts.forEach((prompt, index) => callback.call(thisArg, prompt, index, this));
  }

  #insert(index, prompt) {
    checkInstance(prompt, SSHPrompt, 'prompt');
    this.#prompts.splice(index, 0, prompt);
    watchPrompt(prompt).add(this.#watcher);
  }

  // The list may hold the same prompt twice; then it is still watched.
  #release(prompt) {
    if (!this.#prompts.includes(prompt)) watchPrompt(prompt).delete(this.#watcher);
  }
}

/** The prompts as the flat array that the addon takes. */
function flattenPrompts(list) {
  const flat = [];
  for (const prompt of list) flat.push(prompt.prompt, prompt.echo);
  return flat;
}

module.exports = {
  SSHPrompt,
  SSHPromptList,
  flattenPrompts,
  watchersOfList: (list) => watchList(list),
};
