'use strict';

/** How often a lane is looked at, in milliseconds. */
const INTERVAL_MS = 500;
/** After so many looks without anything moving, a lane waits no longer. */
const MOST_LOOKS = 4;

/**
 * Sees to it that the last events of channels and connections come, whatever listeners do: one whose
 * promise never settles is waited for two seconds more when its channel or connection has ended. Looks
 * are counted, not time: while the event loop is blocked, no listener can settle, and nobody looks.
 */
class Patience {
  #lanes;
  #over;
  #timer = null;

  /** `lanes()` gives all lanes, `over(lane)` is called when one has waited enough. */
  constructor(lanes, over) {
    this.#lanes = lanes;
    this.#over = over;
  }

  /** A busy lane has ended. */
  begin() {
    if (this.#timer !== null) return;
    this.#timer = setInterval(() => this.#look(), INTERVAL_MS);
    // Whether the process is to wait for events is decided where that of everything else is.
    this.#timer.unref();
  }

  #look() {
    let more = false;
    const over = [];
    for (const lane of this.#lanes()) {
      more = true;
      if (++lane.looks > MOST_LOOKS) over.push(lane);
    }
    for (const lane of over) this.#over(lane);
    if (more) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}

module.exports = { Patience };
