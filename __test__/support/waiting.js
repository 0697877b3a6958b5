'use strict';

// How tests wait: for a promise with its handles, for a turn of the event loop, and by polling. Needs neither
// the addon nor jest.

const { setTimeout: sleep } = require('node:timers/promises');

/** A promise and its handles. */
function deferred() {
  let resolve;
  let reject;
  const promise = new Promise((a, b) => ([resolve, reject] = [a, b]));
  return { promise, resolve, reject };
}

/** Waits for a turn of the event loop, in which everything due runs. */
const turn = () => new Promise(setImmediate);

/**
 * Asks again and again until `found` gives something, or resolves to something; throws when a process
 * (of processes.js) has ended before, if it takes one for that.
 */
async function until(found, child) {
  let ended = false;
  child?.result.then(() => (ended = true));
  for (;;) {
    const value = await found();
    if (value) return value;
    if (ended) throw new Error(`ended too early: ${child.text?.()}`);
    await sleep(10);
  }
}

module.exports = { deferred, turn, until };
