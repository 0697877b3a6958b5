'use strict';

// docs/REFERENCE.md out of the tables of this folder; written by scripts/reference.mjs.

const groups = require('./groups.js');
const { never, notes, proofs } = require('./proofs/index.js');

const HEAD = [
  '# What proves each part of the class',
  '',
  'Every property, method, event, field, setting and error code of the class, and the tests that show',
  'what it does. Names in *italics* are extensions. `npm test` runs them all; those of `__test__` are',
  'run by `npx jest`, those of `src` and `tests` by `cargo test`.',
  '',
  'Written by `node scripts/reference.mjs` out of `__test__/reference`. A test fails when something',
  'has no proof. `npm test` holds every proof against the results of its run: a test that is not there,',
  'that failed or that is skipped for no condition of the machine proves nothing, and fails it.',
  '',
].join('\n');

/** `[name, isExtension]` of everything in a group. */
function namesOf(group) {
  return [
    ...group.items.map((name) => [name, false]),
    ...group.extensions.map((name) => [name, true]),
  ];
}

function render() {
  const parts = groups.map((group) => {
    const rows = namesOf(group).map(([name, isExtension]) => {
      const shown = isExtension ? `*${escape(name)}*` : escape(name);
      return `| ${shown} | ${provenBy(group.id, name)} |`;
    });
    return [`## ${group.title}`, '', '| | proven by |', '|---|---|', ...rows, ''].join('\n');
  });
  return [HEAD, ...parts].join('\n');
}

function provenBy(id, name) {
  const reason = never[id]?.[name];
  // As it stands in docs/ERRORS.md, which is Markdown.
  if (reason !== undefined) return reason;
  const found = (proofs[id]?.[name] ?? []).map(
    ({ file, test }) => `[${escape(test.replaceAll(' > ', ' › '))}](../${file})`,
  );
  const note = notes[id]?.[name];
  return [...found, ...(note === undefined ? [] : [note])].join('<br>');
}

/** Text that Markdown shows as it is, in a table. */
function escape(text) {
  return text.replace(/[\\`*_[\]|<>]/g, '\\$&');
}

module.exports = { render, namesOf };
