'use strict';

const v8 = require('node:v8');
const vm = require('node:vm');

// What a test leaves behind, undone after it: clients first, then servers. Requiring this file from
// a spec (all of the other support files do) is enough.

const actions = { clients: new Set(), servers: new Set(), 'end of the spec': new Set() };

async function undo(kind) {
  const pending = [...actions[kind]];
  actions[kind].clear();
  await Promise.all(pending.map((action) => action()));
}

afterEach(async () => {
  await undo('clients');
  await undo('servers');
});

afterAll(() => undo('end of the spec'));

/** Runs `action` after the test, unless the function this returns was called before. */
function afterTest(kind, action) {
  actions[kind].add(action);
  return () => actions[kind].delete(action);
}

// A server that nobody holds any more takes its thread-safe function with it when it is collected;
// until then that is a handle (one that keeps nothing alive), and --detectOpenHandles counts it.
afterAll(async () => {
  v8.setFlagsFromString('--expose-gc');
  const collectGarbage = vm.runInNewContext('gc');
  for (let round = 0; round < 3; round++) {
    collectGarbage();
    await new Promise(setImmediate);
  }
});

module.exports = { afterTest };
