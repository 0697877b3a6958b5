'use strict';

// Cleans up after each test: clients first, then servers. Requiring this file from a spec (all of the other
// support files do) is enough.

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

module.exports = { afterTest };
