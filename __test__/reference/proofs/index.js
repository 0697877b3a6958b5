'use strict';

// The table of proofs: for everything in items.json, by its group, the tests that prove it.

const members = require('./members.js');
const events = require('./events.js');
const types = require('./types.js');
const packets = require('./packets.js');
const { settings, errors } = require('./settings.js');
const { never, pending } = require('./open.js');

const proofs = { ...members, ...events, ...types, ...packets, settings, errors };

module.exports = { proofs, never, pending };
