'use strict';

const { errorText } = require('./native.js');
const { SSHServerError } = require('./errors.js');
const { Call, DONE } = require('./calls.js');

/** `bytesSent` is null but for a send that sent a part at most. */
function operationError(code, message, bytesSent) {
  const error = new SSHServerError(code, message);
  if (typeof bytesSent === 'number') error.bytesSent = bytesSent;
  return error;
}

/** The calls into the addon whose ends come later, each as an OpDone event of its number. */
class Operations {
  #gateway;
  #lifetime;
  #failed;
  #last = 0;
  #pending = new Map();

  /** `failed(call, error, about)` is told of an end with an error, and the connection or channel that it is about. */
  constructor(gateway, lifetime, failed) {
    this.#gateway = gateway;
    this.#lifetime = lifetime;
    this.#failed = failed;
  }

  /**
   * What is done on a channel: ends with an OpDone event, or at once when the addon returns true. Throws what
   * the addon throws at once.
   */
  onChannel(method, channel, ...args) {
    const op = ++this.#last;
    return this.#gateway.query(method, op, channel, ...args) === true
      ? DONE
      : this.#promise(op, { channel });
  }

  /**
   * What is done to a connection. `onDone(code, value)` runs inside the batch, before anything that comes
   * after the end of the operation.
   */
  onConnection(method, connection, args = [], onDone = undefined) {
    const op = ++this.#last;
    this.#gateway.query(method, op, connection, ...args);
    return this.#promise(op, { connection }, onDone);
  }

  /** What is done to the server, with `onDone` as for onConnection(). */
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
