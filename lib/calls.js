'use strict';

const { checkFunction } = require('./args.js');

/** The promise of every operation that was done when its call returned: who gets it need not wait. */
const DONE = Promise.resolve();

/**
 * The promise of a call that is under way, or has failed. It knows whether anybody wants to hear of its end:
 * `await` goes through `then` for a subclass, and so does everything else that waits for a promise.
 */
class CallPromise extends Promise {
  #heard = false;

  /** What is made of it belongs to whoever made it, and is a promise like any other. */
  static get [Symbol.species]() {
    return Promise;
  }

  get heard() {
    return this.#heard;
  }

  then(onFulfilled, onRejected) {
    this.#heard = true;
    return super.then(onFulfilled, onRejected);
  }

  /** Keeps the process from ending over a rejection that nobody handles. */
  handle() {
    super.then(undefined, () => {});
  }
}

/** A call that has not ended. */
class Call {
  constructor() {
    this.promise = new CallPromise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

/**
 * The calls of one server's methods. Whatever goes wrong, a wrong argument included, comes out one way:
 * the promise, and the callback if there is one. Of what nobody hears that way `tell` is told, once.
 */
class Calls {
  #tell;
  /** The connection that an error is about, for those of which it is known. */
  #connections = new WeakMap();

  constructor(tell) {
    this.#tell = tell;
  }

  /** Runs the body of an asynchronous method; what it returns is the promise of the method. */
  run(callback, body) {
    let promise;
    try {
      if (callback !== undefined) checkFunction(callback, 'callback');
      promise = this.#promiseOf(body());
    } catch (error) {
      const call = new Call();
      this.fail(call, error);
      promise = call.promise;
    }
    if (typeof callback === 'function') {
      // On the next tick: what the callback throws is an uncaught exception, not a rejection.
      promise.then(
        (value) => process.nextTick(callback, null, value),
        (error) => process.nextTick(callback, error),
      );
    }
    return promise;
  }

  #promiseOf(result) {
    if (result === DONE || result instanceof CallPromise) return result;
    if (typeof result?.then !== 'function') return Promise.resolve(result);
    const call = new Call();
    result.then(call.resolve, (error) => this.fail(call, error));
    return call.promise;
  }

  /** The error belongs to this connection, however far it is passed on. */
  attribute(error, connection) {
    this.#connections.set(error, connection);
    return error;
  }

  /** The call has failed; `told` when the listeners of Error know already. */
  fail(call, error, told = false) {
    const { promise } = call;
    promise.handle();
    call.reject(error);
    if (told || promise.heard) return;
    // Who has just called, or waits for several calls one by one, gets as much time as Node gives.
    const connection = this.#connections.get(error) ?? 0;
    this.#tell(connection, error, () => !promise.heard);
  }
}

module.exports = { DONE, Call, Calls };
