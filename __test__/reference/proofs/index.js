'use strict';

// The table of proofs: for everything in items.json, by its group, the tests that prove it. `never`
// says why something has none, `notes` what there is to say beside them.

const members = require('./members.js');
const events = require('./events.js');
const types = require('./types.js');
const packets = require('./packets.js');
const { keys } = require('./keys.js');
const sessions = require('./sessions.js');
const sftp = require('./sftp.js');
const { settings } = require('./settings.js');
const { errors, notes, never } = require('./errors.js');
const { values } = require('./values.js');

module.exports = {
  proofs: {
    ...members,
    ...events,
    ...types,
    ...packets,
    keys,
    ...sessions,
    ...sftp,
    settings,
    errors,
    ...values,
  },
  notes: { errors: notes },
  never: { errors: never },
};
