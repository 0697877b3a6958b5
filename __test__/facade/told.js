'use strict';

// The events of a batch, as the addon makes them: one function for each kind takes the fields by name.

const { FIELDS, KIND } = require('../../lib/boundary.js');

function row(name, kind, fields) {
  return (values) => {
    const given = Object.keys(values);
    if (given.length !== fields.length || !fields.every((field) => field in values))
      throw new Error(`${name} has the fields ${fields.join(', ')}, not ${given.join(', ')}`);
    return [kind, ...fields.map((field) => values[field])];
  };
}

module.exports = Object.fromEntries(
  Object.entries(KIND).map(([name, kind]) => [name, row(name, kind, FIELDS[kind])]),
);
