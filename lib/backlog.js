'use strict';

const { KIND } = require('./boundary.js');
const { isBytes } = require('./args.js');

/**
 * The kinds of event of which a client can cause any number, and which need no answer. The addon itself counts
 * questions until they are answered and data until it is consumed. Of the remaining kinds an open channel has at
 * most one at a time. They are not counted: a listener may run as long as its channel, and with its event counted
 * it could wait for input of a client whose connection is not read.
 */
const COUNTED = new Set([
  KIND.CHANNEL_CLOSED,
  KIND.ERROR,
  KIND.LOG,
  KIND.STATUS,
  KIND.TUNNEL_CLOSED,
]);

/**
 * Backpressure from slow listeners. Counts for each connection the events that wait for their turn and the events
 * whose listeners have not settled. Above the limit the addon stops reading from the connection, until half of
 * the limit is left. An event whose listeners are done when they return is never counted.
 */
class Backlog {
  /** The load of each connection, from its first waiting event until its end. */
  #loads = new Map();
  #exists;
  #pause;
  #most;
  #eventCost;

  /** `exists(connection)`: whether its Disconnected is still to come; `limits` are those of the addon. */
  constructor(exists, pause, { most, eventCost }) {
    this.#exists = exists;
    this.#pause = pause;
    this.#most = most;
    this.#eventCost = eventCost;
  }

  /** Counts an event of this kind and the values that it carries; returns the load to pass to remove(). */
  add(kind, connection, event) {
    return COUNTED.has(kind) ? this.charge(connection, Object.values(event)) : 0;
  }

  /** The same for an event that is counted whatever its kind is. */
  charge(connection, values) {
    const load = this.#loads.get(connection) ?? this.#begin(connection);
    if (load === null) return 0;
    let bytes = this.#eventCost;
    for (const value of values)
      if (typeof value === 'string' || isBytes(value)) bytes += value.length;
    load.bytes += bytes;
    if (!load.paused && load.bytes >= this.#most) this.#set(connection, load, true);
    return bytes;
  }

  remove(connection, bytes) {
    const load = bytes === 0 ? undefined : this.#loads.get(connection);
    if (load === undefined) return;
    load.bytes -= bytes;
    if (load.paused && load.bytes <= this.#most / 2) this.#set(connection, load, false);
  }

  /** Counts an event until its listeners have settled: `promise` never rejects. */
  hold(kind, connection, event, promise) {
    const bytes = this.add(kind, connection, event);
    if (bytes > 0) promise.then(() => this.remove(connection, bytes));
  }

  /** The listeners have been told the end of the connection. */
  forget(connection) {
    this.#loads.delete(connection);
  }

  #begin(connection) {
    // An event without a connection has nothing to pause, and the entry of an ended connection would never be removed.
    if (connection === 0 || !this.#exists(connection)) return null;
    const load = { bytes: 0, paused: false };
    this.#loads.set(connection, load);
    return load;
  }

  #set(connection, load, paused) {
    load.paused = paused;
    this.#pause(connection, paused);
  }
}

module.exports = { Backlog };
