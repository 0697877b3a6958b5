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

  /** `exists(connection)`: whether its end is still to be told, which is when it is forgotten. */
  constructor(exists) {
    this.#exists = exists;
  }

  /** Calls `work` in the context of a connection; 0, and one that has ended, get one for this call. */
  run(connection, work, self, ...args) {
    const resource = this.#resources.get(connection) ?? this.#add(connection);
    return resource.runInAsyncScope(work, self, ...args);
  }

  /** The same for what may enter something. */
  enter(connection, work, self, ...args) {
    if (REMEMBERS) return this.run(connection, work, self, ...args);
    const remember = () => {
      const result = Reflect.apply(work, self, args);
      if (this.#resources.has(connection)) this.#resources.set(connection, create());
      return result;
    };
    return this.run(connection, remember);
  }

  forget(connection) {
    this.#resources.delete(connection);
  }

  #add(connection) {
    const resource = this.#base.runInAsyncScope(() => create());
    if (connection !== 0 && this.#exists(connection)) this.#resources.set(connection, resource);
    return resource;
  }
}

module.exports = { Contexts };
