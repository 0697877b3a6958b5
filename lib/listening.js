'use strict';

const { errorText } = require('./native.js');
const { CODE } = require('./boundary.js');
const { SSHServerError, toServerError } = require('./errors.js');

/** Starts and ends of listening, which wait for one another and for what settings have asked to load. */
class Listening {
  #gateway;
  #operations;
  #lifetime;
  /** Certificates that are being loaded. */
  #loading = null;
  /** Ends of listening that are under way; a start waits for them. */
  #stopping = null;
  #stops = 0;

  constructor(gateway, operations, lifetime) {
    this.#gateway = gateway;
    this.#operations = operations;
    this.#lifetime = lifetime;
  }

  /** Has what the last setting asked for loaded on another thread; done when it is. */
  async load() {
    const toLoad = this.#gateway.query('alternativeToLoad');
    if (toLoad === null) return;
    const loaded = toLoad.load().then(
      (alternative) => this.#gateway.query('finishLoad', alternative),
      (error) => {
        throw toServerError(error);
      },
    );
    const loading = Promise.allSettled([this.#loading, loaded]).then(() => {
      if (this.#loading === loading) this.#loading = null;
    });
    this.#loading = loading;
    await loaded;
  }

  /** Listens once everything that was asked for before is loaded, or closed. */
  async start() {
    const stops = this.#stops;
    while (this.#loading !== null || this.#stopping !== null)
      await Promise.all([this.#loading, this.#stopping]);
    // Whoever stops the server meanwhile means this start too.
    if (this.#stops !== stops)
      throw new SSHServerError(CODE.INTERRUPTED, errorText(CODE.INTERRUPTED));
    return this.#run('startListening');
  }

  /** stopListening, shutdown and reset. */
  stop(method) {
    this.#stops++;
    const stopped = this.#run(method);
    const stopping = Promise.allSettled([this.#stopping, stopped]).then(() => {
      if (this.#stopping === stopping) this.#stopping = null;
    });
    this.#stopping = stopping;
    return stopped;
  }

  /** What the server does after which it listens or does not. */
  #run(method) {
    return this.#operations.onServer(method, () => {
      this.#lifetime.set('listening', this.#gateway.query('get', 'Listening'));
    });
  }
}

module.exports = { Listening };
