'use strict';

// Pairs that are not tried though the client says that it has the algorithm: its own mistakes, with
// what shows that they are. Each is a counted skip with this reason in docs/INTEROP.md.

module.exports = [];
