'use strict';

/** The interval at which lanes are checked, in milliseconds. */
const INTERVAL_MS = 500;
/** After so many checks without progress a lane stops waiting. */
const MOST_LOOKS = 4;

/**
 * The time limit for listeners whose channel or connection has ended: a promise that never settles is waited for two
 * more seconds, so that the last events come whatever listeners do. Checks are counted and not time: while the event
 * loop is blocked, no listener can settle, and no check runs either.
 */
class Patience {
  #lanes;
  #over;
  #timer = null;

  /** `lanes()` gives the busy lanes that have ended; `over(lane)` is called for a lane at its time limit. */
  constructor(lanes, over) {
    this.#lanes = lanes;
    this.#over = over;
  }

  /** A channel or connection has ended whose lane is busy: starts the checks. */
  begin() {
    if (this.#timer !== null) return;
    this.#timer = setInterval(() => this.#look(), INTERVAL_MS);
    // This timer does not keep the process alive; Lifetime decides that.
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
