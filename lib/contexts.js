'use strict';

const { AsyncLocalStorage, AsyncResource } = require('node:async_hooks');

/**
 * A resource that is only a context. It is told as destroyed at once, which changes nothing for those who run
 * in it: who looks for handles that are still open (async_hooks, test runners) is to find none.
 */
function create(type = 'SSHServerConnection') {
  const resource = new AsyncResource(type, { requireManualDestroy: true });
  resource.emitDestroy();
  return resource;
}

/** No connection, nor the server as a whole, which is 0. */
const NONE = -1;

/** Whether a resource remembers what was entered in it. Node 24 gives it back as it was. */
const REMEMBERS = (() => {
  const storage = new AsyncLocalStorage();
  const resource = create();
  resource.runInAsyncScope(() => storage.enterWith(true));
  const remembers = resource.runInAsyncScope(() => storage.getStore()) === true;
  storage.disable();
  return remembers;
})();

/**
 * An async context for each connection: what a listener enters there (AsyncLocalStorage) is seen by the
 * later events of its connection, and by those of no other. All start with that of `new sshserver()`.
 */
class Contexts {
  #base = create('SSHServer');
  #resources = new Map();
  #exists;
  /** The connection whose context was entered last and is not left yet. */
  #current = NONE;
  /** What is entered there is to be kept; matters only where resources do not remember. */
  #keeps = false;

  /** `exists(connection)`: whether its end is still to be told, which is when it is forgotten. */
  constructor(exists) {
    this.#exists = exists;
  }

  /**
   * Calls `work` in the context of a connection; 0, and one that has ended, get one for this call. With
   * `keeps`, later calls find what is entered there.
   */
  enter(connection, keeps, work, self, a, b, c, d) {
    let resource = this.#resources.get(connection);
    const current = this.#current;
    const outerKeeps = this.#keeps;
    this.#current = connection;
    if (resource === undefined) {
      resource = this.#add(connection);
      // One for this call is not for the next.
      if (!this.#resources.has(connection)) this.#current = NONE;
    }
    this.#keeps = keeps;
    try {
      return REMEMBERS
        ? resource.runInAsyncScope(work, self, a, b, c, d)
        : resource.runInAsyncScope(this.#remember, this, connection, work, self, a, b, c, d);
    } finally {
      this.#current = this.#resources.has(current) ? current : NONE;
      this.#keeps = outerKeeps;
    }
  }

  /**
   * The same where the context may have been entered for a whole run of events: to enter it again for
   * each of them costs as much as a small listener. Never below code of the program, which can leave a
   * context without our knowing (`AsyncLocalStorage.run`).
   */
  stay(connection, keeps, work, self, a, b, c, d) {
    if (connection !== this.#current) return this.enter(connection, keeps, work, self, a, b, c, d);
    if (keeps) this.#keeps = true;
    return work.call(self, a, b, c, d);
  }

  #remember(connection, work, self, a, b, c, d) {
    const result = work.call(self, a, b, c, d);
    if (this.#keeps && this.#resources.has(connection)) this.#resources.set(connection, create());
    return result;
  }

  forget(connection) {
    this.#resources.delete(connection);
    if (this.#current === connection) this.#current = NONE;
  }

  #add(connection) {
    const resource = this.#base.runInAsyncScope(() => create());
    if (connection !== 0 && this.#exists(connection)) this.#resources.set(connection, resource);
    return resource;
  }
}

module.exports = { Contexts };
