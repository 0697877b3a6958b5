'use strict';

// The results of the tests in the last run: `npm test` leaves the reports of its runners in
// target/results, and scripts/proofs.mjs checks the table of proofs by them.

const path = require('node:path');

const ROOT = path.join(__dirname, '../..');
const FOLDER = path.join(ROOT, 'target/results');
const SEPARATOR = ' > ';
const REPORTS = {
  jest: path.join(FOLDER, 'jest.json'),
  cargo: path.join(FOLDER, 'cargo.txt'),
};

const slashes = (file) => file.replaceAll('\\', '/');

/** The tests of one report: their names as the runner has them, and how each ended. */
class Results {
  #ends = new Map();

  /** `end` is `passed`, `failed` or `skipped`; of several tests with one name the worst counts. */
  add(suite, name, end) {
    const tests = this.#ends.get(suite) ?? new Map();
    this.#ends.set(suite, tests);
    const order = ['passed', 'skipped', 'failed'];
    const before = tests.get(name) ?? 'passed';
    tests.set(name, order[Math.max(order.indexOf(before), order.indexOf(end))]);
  }

  get(suite, name) {
    return this.#ends.get(suite)?.get(name);
  }

  /** The end of a test that is skipped here, with the reason in its title (support/conditions.js). */
  withReason(suite, name) {
    const tests = [...(this.#ends.get(suite) ?? [])];
    const found = tests.find(([title]) => title.startsWith(`${name} (`) && title.endsWith(')'));
    if (found?.[1] !== 'skipped') return undefined;
    return { end: 'skipped', reason: found[0].slice(name.length + 2, -1) };
  }
}

/** The report that jest writes with `--json`. */
function readJest(report) {
  const results = new Results();
  for (const { name: file, assertionResults } of report.testResults) {
    const suite = slashes(path.relative(ROOT, file));
    for (const { ancestorTitles, title, status } of assertionResults) {
      const end = ['passed', 'failed'].includes(status) ? status : 'skipped';
      results.add(suite, [...ancestorTitles, title].join(SEPARATOR), end);
    }
  }
  return results;
}

/** What `cargo test` prints, its standard error included: that is where it names the crates. */
function readCargo(text) {
  const results = new Results();
  const ends = { ok: 'passed', FAILED: 'failed', ignored: 'skipped' };
  // On one processor the name is there before the test runs, and so before all that it says.
  const line =
    /^ +Running (?:unittests )?(\S+) \(|^test (\S+)(?: - should panic)? \.\.\. (?:\s*skipped: .*\s+)?(ok|FAILED|ignored)\b/gm;
  let suite;
  for (const [, crate, name, end] of text.matchAll(line)) {
    if (crate !== undefined) suite = slashes(crate);
    else results.add(suite, name, ends[end]);
  }
  return results;
}

/** Where a Rust test is: its crate, and the modules above the function. */
function placeOf(file) {
  const [folder, ...parts] = file.replace(/(\/mod)?\.rs$/, '').split('/');
  if (folder === 'src') return { crate: 'src/lib.rs', modules: parts };
  const [name, ...modules] = parts;
  return { crate: modules.length > 0 ? `tests/${name}/main.rs` : file, modules };
}

/**
 * How the test of a proof ended: `{ end, reason }`. A test that was skipped counts as that only where its
 * title has the reason, a condition that this machine does not meet; else it proves nothing, and has failed.
 */
function endOf({ jest, cargo }, { file, test }) {
  if (file.endsWith('.rs')) {
    const { crate, modules } = placeOf(file);
    const names = [[], ['tests']].map((last) => [...modules, ...last, test].join('::'));
    const found = names.map((name) => cargo.get(crate, name)).find(Boolean);
    return judged(found);
  }
  return jest.withReason(file, test) ?? judged(jest.get(file, test));
}

function judged(end) {
  if (end === undefined) return { end: 'failed', reason: 'no such test has run' };
  if (end === 'skipped') return { end: 'failed', reason: 'it is skipped without a reason' };
  return { end, reason: end === 'failed' ? 'it failed' : undefined };
}

module.exports = { REPORTS, endOf, readCargo, readJest };
