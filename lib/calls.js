'use strict';

const { checkFunction } = require('./args.js');

/** The one promise that is shared by all operations that were done when their call returned; it is resolved. */
const DONE = Promise.resolve();

/**
 * The promise of a call that is pending or has failed. It records whether anything has subscribed to its result:
 * of a subclass of Promise `await` calls `then`, as everything else does that waits for a promise.
 */
class CallPromise extends Promise {
  #heard = false;

  /** Promises derived from this one, by `then` for example, are plain promises. */
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

  /** Marks a rejection as handled, so that it does not end the process as an unhandled rejection. */
  handle() {
    super.then(undefined, () => {});
  }
}

/** The promise of a call that is pending. */
class Call {
  constructor() {
    this.promise = new CallPromise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

/**
 * The method calls of one server. Every failure, a wrong argument included, is reported the same way: by the
 * promise, and by the callback if there is one. A failure without a subscriber is passed to `tell`, once.
 */
class Calls {
  #tell;
  /** The connection that an error is about, for the errors of which it is known. */
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
      // On the next tick, so that an exception of the callback is an uncaught exception and not a rejection.
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

  /** Records that the error belongs to this connection, through however many calls it is passed on. */
  attribute(error, connection) {
    this.#connections.set(error, connection);
    return error;
  }

  /** The call has failed; `told`: the listeners of Error have been told already. */
  fail(call, error, told = false) {
    const { promise } = call;
    promise.handle();
    call.reject(error);
    if (told || promise.heard) return;
    // A caller that has just called, or that awaits several calls one by one, is given time to subscribe, as Node
    // gives it before an unhandled rejection: `tell` gets a function that asks again.
    const connection = this.#connections.get(error) ?? 0;
    this.#tell(connection, error, () => !promise.heard);
  }
}

module.exports = { DONE, Call, Calls };
