'use strict';

const { KIND } = require('./boundary.js');

const EOF_BIT = 1 << KIND.CHANNEL_EOF;
const DATA_BITS = (1 << KIND.CHANNEL_DATA) | EOF_BIT;

/** Which events the addon is to build: those that are listened to, and those that the facade itself needs. */
class Needs {
  #listeners;
  #tell;
  #mask = 0;
  /** How many things of the facade itself need certain events, listened to or not. */
  #counts = { opening: 0, streams: 0, records: 0 };

  /** `tell(mask)` tells the addon, which knows when it returns. */
  constructor(listeners, tell) {
    this.#listeners = listeners;
    this.#tell = tell;
  }

  /** Counts a need for events up or down; the addon knows of it before this returns. */
  count(what, change) {
    this.#counts[what] += change;
    this.update();
  }

  /** The listeners may have changed. */
  update() {
    // SSHChannelClosed and Disconnected come in any case: with them everything is forgotten.
    let mask = this.#listeners.mask();
    const { opening, streams, records } = this.#counts;
    // Who accepts channels may ask for the stream of one in SSHChannelOpened or later; the client can
    // have sent data before that, which only events that are built bring here.
    const accepting = this.#listeners.has(KIND.CHANNEL_OPEN_REQUEST);
    if (opening > 0 || streams > 0 || accepting) mask |= DATA_BITS;
    if (records > 0) mask |= EOF_BIT;
    if (mask === this.#mask) return;
    this.#mask = mask;
    this.#tell(mask);
  }
}

module.exports = { Needs };
