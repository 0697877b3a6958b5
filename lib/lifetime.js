'use strict';

const keepAlive = require('./keep_alive.js');

const DO_EVENTS_WAIT_MS = 100;

/** Whether a server keeps the process alive, and which doEvents() calls wait for events. */
class Lifetime {
  #server;
  #rest;
  #holds = { listening: false, active: false, lastEvents: false, operations: false };
  #referenced = true;
  #processed = 0;
  #waiters = new Set();

  /** `server` is not collected while it runs; `rest(resting)` tells the addon whether the server is idle. */
  constructor(server, rest) {
    this.#server = server;
    this.#rest = rest;
    this.#update();
  }

  /**
   * Sets one of the reasons to keep the process alive. The server is `listening`, a connection is `active`, or
   * `lastEvents` wait for their listeners: these count unless the server is unreferenced. Pending `operations` always
   * count, because the program may be waiting for their promises.
   */
  set(what, holds) {
    if (this.#holds[what] === holds) return;
    this.#holds[what] = holds;
    this.#update();
  }

  setReferenced(referenced) {
    this.#referenced = referenced;
    this.#update();
  }

  /** Resolves after events have run, or after DO_EVENTS_WAIT_MS without any. */
  async doEvents() {
    const before = this.#processed;
    await new Promise(setImmediate);
    if (this.#processed !== before) return;
    await new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiters.delete(done);
        resolve();
      };
      const timer = setTimeout(done, DO_EVENTS_WAIT_MS);
      this.#waiters.add(done);
    });
  }

  /** `count` events have run. */
  progress(count) {
    this.#processed += count;
    for (const done of this.#waiters) done();
  }

  #update() {
    const { listening, active, lastEvents, operations } = this.#holds;
    const running = listening || active || lastEvents;
    keepAlive.keep(this.#server, running || operations);
    keepAlive.hold(this.#server, (running && this.#referenced) || operations);
    this.#rest(!running && !operations);
  }
}

module.exports = { Lifetime };
