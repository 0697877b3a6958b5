'use strict';

const keepAlive = require('./keep_alive.js');

const DO_EVENTS_WAIT_MS = 100;

/** Whether a server keeps the process, and who waits for its events. */
class Lifetime {
  #server;
  #rest;
  #holds = { listening: false, active: false, lastEvents: false, operations: false };
  #referenced = true;
  #processed = 0;
  #waiters = new Set();

  /** `server` is kept while it runs; `rest(resting)` tells the addon that nothing is expected of it. */
  constructor(server, rest) {
    this.#server = server;
    this.#rest = rest;
    this.#update();
  }

  /**
   * What keeps the process: that the server is `listening`, a connection `active`, or that `lastEvents` wait for
   * their listeners, unless it is unreferenced; and `operations` under way, whose promises someone waits for.
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

  /** Resolves after events have run, or after a while without any. */
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

  /** So many events have run. */
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
