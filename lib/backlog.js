'use strict';

const { KIND } = require('./boundary.js');
const { isBytes } = require('./args.js');

/**
 * The kinds that a client can cause any number of, and that nobody answers. Questions and data are counted
 * by the addon until they are answered and used, and of the others an open channel has one at a time: a
 * program may well have a listener run as long as its channel, and would wait for a client that is not read.
 */
const COUNTED = new Set([
  KIND.CHANNEL_CLOSED,
  KIND.ERROR,
  KIND.LOG,
  KIND.STATUS,
  KIND.TUNNEL_CLOSED,
]);

/**
 * What waits behind slow listeners, for each connection: events that wait for their turn, and those whose
 * listeners have not settled. With too much of it the addon reads no more of the connection, until half
 * has gone. An event whose listeners are done when they return is never counted.
 */
class Backlog {
  /** From the first event that waits until the end of the connection. */
  #loads = new Map();
  #exists;
  #pause;
  #most;
  #eventCost;

  /** `exists(connection)`: whether its end is still to be told; `limits` are the addon's. */
  constructor(exists, pause, [most, eventCost]) {
    this.#exists = exists;
    this.#pause = pause;
    this.#most = most;
    this.#eventCost = eventCost;
  }

  /** Counts an event of this kind with what it carries; gives what remove() has to get. */
  add(kind, connection, event) {
    return COUNTED.has(kind) ? this.charge(connection, Object.values(event)) : 0;
  }

  /** The same for one that counts whatever its kind is, and the values that it carries. */
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

  /** The end of the connection has been told. */
  forget(connection) {
    this.#loads.delete(connection);
  }

  #begin(connection) {
    // What belongs to no connection has none to pause, and nobody would forget one that is over.
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
