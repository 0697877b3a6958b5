'use strict';

const { errorText } = require('./native.js');
const { SSHServerError } = require('./errors.js');
const { Call, DONE } = require('./calls.js');

/** `bytesSent` is a number only for a send that did not send everything. */
function operationError(code, message, bytesSent) {
  const error = new SSHServerError(code, message);
  if (typeof bytesSent === 'number') error.bytesSent = bytesSent;
  return error;
}

/** The asynchronous calls into the addon. An OpDone event with the number of the operation tells that it has ended. */
class Operations {
  #gateway;
  #lifetime;
  #failed;
  #last = 0;
  #pending = new Map();

  /** `failed(call, error, about)` is called for each failed operation; `about` is its connection or channel. */
  constructor(gateway, lifetime, failed) {
    this.#gateway = gateway;
    this.#lifetime = lifetime;
    this.#failed = failed;
  }

  /**
   * An operation on a channel: ends with an OpDone event, or is done already when the addon returns true. Throws what
   * the addon throws synchronously.
   */
  onChannel(method, channel, ...args) {
    const op = ++this.#last;
    return this.#gateway.query(method, op, channel, ...args) === true
      ? DONE
      : this.#promise(op, { channel });
  }

  /**
   * An operation on a connection. `onDone(code, value)` runs inside the batch, before the events that come after the
   * end of the operation.
   */
  onConnection(method, connection, args = [], onDone = undefined) {
    const op = ++this.#last;
    this.#gateway.query(method, op, connection, ...args);
    return this.#promise(op, { connection }, onDone);
  }

  /** An operation on the server, with `onDone` as for onConnection(). */
  onServer(method, onDone) {
    const op = ++this.#last;
    this.#gateway.query(method, op);
    return this.#promise(op, {}, onDone);
  }

  /** An operation has ended. */
  done({ op, code, message, value }) {
    const pending = this.#pending.get(op);
    if (pending === undefined) return;
    this.#pending.delete(op);
    const { call, about, onDone } = pending;
    if (onDone !== undefined) onDone(code, value);
    this.#lifetime.set('operations', this.#pending.size > 0);
    if (code === 0) call.resolve(value ?? undefined);
    else this.#failed(call, operationError(code, message || errorText(code), value), about);
  }

  #promise(op, about, onDone) {
    const call = new Call();
    this.#pending.set(op, { call, about, onDone });
    this.#lifetime.set('operations', true);
    return call.promise;
  }
}

module.exports = { Operations };
