'use strict';

const { KIND } = require('./boundary.js');

const EOF_BIT = 1 << KIND.CHANNEL_EOF;
const DATA_BITS = (1 << KIND.CHANNEL_DATA) | EOF_BIT;

/** Which events the addon has to build: those with a listener, and those that the facade itself needs. */
class Needs {
  #listeners;
  #tell;
  #mask = 0;
  /** How many channels being opened, streams and record lengths there are, which need certain events in any case. */
  #counts = { opening: 0, streams: 0, records: 0 };

  /** `tell(mask)` tells the addon; the mask is in effect when it returns. */
  constructor(listeners, tell) {
    this.#listeners = listeners;
    this.#tell = tell;
  }

  /** Counts a need for events up or down; it is in effect when this returns. */
  count(what, change) {
    this.#counts[what] += change;
    this.update();
  }

  /** The listeners may have changed. */
  update() {
    // SSHChannelClosed and Disconnected are built in any case: with them the facade drops its state.
    let mask = this.#listeners.mask();
    const { opening, streams, records } = this.#counts;
    // A program that accepts channels may ask for a stream in SSHChannelOpened or later. The client can have sent data
    // before that, which reaches the stream only if its events are built.
    const accepting = this.#listeners.has(KIND.CHANNEL_OPEN_REQUEST);
    if (opening > 0 || streams > 0 || accepting) mask |= DATA_BITS;
    if (records > 0) mask |= EOF_BIT;
    if (mask === this.#mask) return;
    this.#mask = mask;
    this.#tell(mask);
  }
}

module.exports = { Needs };
