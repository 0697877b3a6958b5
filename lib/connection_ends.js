'use strict';

const { errorText } = require('./native.js');
const { CODE } = require('./boundary.js');
const { SSHServerError } = require('./errors.js');

/** The ends of connections: who waits for the reason, and what is forgotten with one. */
class ConnectionEnds {
  #gateway;
  #contexts;
  #backlog;
  /** What waits for the reason why a connection is over, by connection. */
  #waiting = new Map();

  constructor(gateway, contexts, backlog) {
    this.#gateway = gateway;
    this.#contexts = contexts;
    this.#backlog = backlog;
  }

  /** An end as an error; one without a fault is an error too for what was under way. */
  static errorOf(code, message) {
    if (code !== 0) return new SSHServerError(code, message);
    return new SSHServerError(CODE.ABORTED, `${errorText(CODE.ABORTED)} The connection has ended.`);
  }

  /** Calls back with the error when the end of a connection comes. */
  wait(connection, done) {
    const waiting = this.#waiting.get(connection);
    if (waiting === undefined) this.#waiting.set(connection, [done]);
    else waiting.push(done);
  }

  /** A connection has ended; the listeners of Disconnected may hear of it later. */
  ended({ connection, code, message }) {
    const waiting = this.#waiting.get(connection) ?? [];
    this.#waiting.delete(connection);
    for (const done of waiting)
      this.#contexts.stay(connection, true, done, undefined, ConnectionEnds.errorOf(code, message));
  }

  /** The listeners of Disconnected are done. */
  over(connection) {
    this.#gateway.releaseConnection(connection);
    this.#contexts.forget(connection);
    this.#backlog.forget(connection);
  }
}

module.exports = { ConnectionEnds };
