'use strict';

/**
 * The observers of an object, held by weak references: a certificate or a list of prompts may outlive the servers
 * that it was given to, and must not keep them from being collected.
 */
class Watchers {
  #refs = new Set();

  add(watcher) {
    for (const ref of this.#refs) if (ref.deref() === watcher) return;
    this.#refs.add(new WeakRef(watcher));
  }

  delete(watcher) {
    for (const ref of this.#refs) if (ref.deref() === watcher) this.#refs.delete(ref);
  }

  /** Notifies all observers of a change. If one throws, the change is undone and the error goes to the caller. */
  notify(changed, undo = () => {}) {
    try {
      for (const ref of this.#refs) {
        const watcher = ref.deref();
        if (watcher === undefined) this.#refs.delete(ref);
        else watcher.changed(changed);
      }
    } catch (error) {
      undo();
      throw error;
    }
  }
}

module.exports = { Watchers };
