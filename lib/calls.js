'use strict';

const { checkFunction } = require('./args.js');

/** The promise of every operation that was done when its call returned: who gets it need not wait. */
const DONE = Promise.resolve();

/**
 * Runs the body of an asynchronous method. Whatever goes wrong, a wrong argument included, comes out
 * one way: the promise, or the callback if there is one.
 */
function call(callback, body) {
  let promise;
  try {
    if (callback !== undefined) checkFunction(callback, 'callback');
    promise = Promise.resolve(body());
  } catch (error) {
    promise = Promise.reject(error);
  }
  if (typeof callback !== 'function') return promise;
  // On the next tick: what the callback throws is an uncaught exception, not a rejection.
  promise.then(
    (value) => process.nextTick(callback, null, value),
    (error) => process.nextTick(callback, error),
  );
  return undefined;
}

/** For setters, which have no promise to give: what fails later is told by an Error event. */
function sendAndForget(core, connection, start) {
  start().catch((error) => {
    core.listeners.error(connection, error.code ?? 1202, error.message, error);
  });
}

module.exports = { DONE, call, sendAndForget };
