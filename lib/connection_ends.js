'use strict';

const { errorText } = require('./native.js');
const { CODE } = require('./boundary.js');
const { SSHServerError } = require('./errors.js');

/** The ends of connections: passes the reason on to those that wait for it, and drops the state of a connection. */
class ConnectionEnds {
  #gateway;
  #contexts;
  #backlog;
  /** By connection: the callbacks that wait for the reason of its end. */
  #waiting = new Map();

  constructor(gateway, contexts, backlog) {
    this.#gateway = gateway;
    this.#contexts = contexts;
    this.#backlog = backlog;
  }

  /** The end of a connection as an error. An orderly end is an error too for an operation that was under way. */
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

  /** A connection has ended; its Disconnected event may still wait in its lane. */
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
