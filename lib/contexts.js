'use strict';

const { AsyncLocalStorage, AsyncResource } = require('node:async_hooks');

/**
 * An AsyncResource that only carries a context. Its destroy event is emitted at once, which changes nothing for
 * code that runs in it: tools that look for open handles (async_hooks, test runners) must not report it.
 */
function create(type = 'SSHServerConnection') {
  const resource = new AsyncResource(type, { requireManualDestroy: true });
  resource.emitDestroy();
  return resource;
}

/** Neither a connection nor the server as a whole, which is 0. */
const NONE = -1;

/** Whether enterWith() in a resource persists in it. Node 24 restores the resource's original context instead. */
const REMEMBERS = (() => {
  const storage = new AsyncLocalStorage();
  const resource = create();
  resource.runInAsyncScope(() => storage.enterWith(true));
  const remembers = resource.runInAsyncScope(() => storage.getStore()) === true;
  storage.disable();
  return remembers;
})();

/**
 * An async context for each connection: what a listener enters there (AsyncLocalStorage.enterWith) is visible to the
 * later events of its connection, and to no other connection. All start with the context of `new sshserver()`.
 */
class Contexts {
  #base = create('SSHServer');
  #resources = new Map();
  #exists;
  /** The connection whose context is the current one. */
  #current = NONE;
  /** Whether to keep what is entered in the current context; used only where REMEMBERS is false. */
  #keeps = false;

  /** `exists(connection)`: whether its Disconnected is still to come, after which its context is dropped. */
  constructor(exists) {
    this.#exists = exists;
  }

  /**
   * Calls `work` in the context of a connection; for 0, and for a connection that has ended, in a new context that is
   * for this call alone. With `keeps`, later calls see what `work` enters there.
   */
  enter(connection, keeps, work, self, a, b, c, d) {
    let resource = this.#resources.get(connection);
    const current = this.#current;
    const outerKeeps = this.#keeps;
    this.#current = connection;
    if (resource === undefined) {
      resource = this.#add(connection);
      // A context that was made for this call alone must not be reused by stay().
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
   * Calls `work` without entering the context if it is the current one, as it is for a whole run of events:
   * entering it again for each event costs as much as a small listener. Must not be used with code of the program on
   * the call stack, which can leave a context unnoticed (`AsyncLocalStorage.run`).
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
