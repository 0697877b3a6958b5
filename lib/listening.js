'use strict';

const { errorText } = require('./native.js');
const { CODE } = require('./boundary.js');
const { SSHServerError, toServerError } = require('./errors.js');

/** Starts and stops listening. Both wait for one another, and a start waits for certificates that are being loaded. */
class Listening {
  #gateway;
  #operations;
  #lifetime;
  /** The promise of the certificates that are being loaded; null if there are none. */
  #loading = null;
  /** The promise of the stops that are under way, which a start waits for; null if there are none. */
  #stopping = null;
  #stops = 0;

  constructor(gateway, operations, lifetime) {
    this.#gateway = gateway;
    this.#operations = operations;
    this.#lifetime = lifetime;
  }

  /** Loads the certificate of the last setting, if it named one, on another thread; resolves when it is loaded. */
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

  /** Listens once earlier loads and stops are done. */
  async start() {
    const stops = this.#stops;
    while (this.#loading !== null || this.#stopping !== null)
      await Promise.all([this.#loading, this.#stopping]);
    // A stop that was called meanwhile also applies to this start.
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

  /** Runs an operation of the server that changes whether it listens. */
  #run(method) {
    return this.#operations.onServer(method, () => {
      this.#lifetime.set('listening', this.#gateway.query('get', 'Listening'));
    });
  }
}

module.exports = { Listening };
