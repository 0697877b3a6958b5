'use strict';

/**
 * Who wants to hear of a change, held weakly: a certificate or a list of prompts that outlives the
 * servers it was given to must not keep them.
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

  /** Tells of a change. What one of them cannot take is undone, and its error goes to who changed it. */
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
