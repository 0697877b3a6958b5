// Checks docs/REFERENCE.md by the results of the tests: `npm test` runs this after them. Each proof has to be a
// test that has just run and passed; one that this machine cannot run is counted as skipped, with its reason.
// By itself (`node scripts/proofs.mjs`) it judges the reports that the last `npm test` left in
// target/results, where `scripts/reference.mjs --check` only asks whether the page is up to date.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import process from 'node:process';

const require = createRequire(import.meta.url);
const { proofs } = require('../__test__/reference/proofs/index.js');
const { REPORTS, endOf, readCargo, readJest } = require('../__test__/reference/results.js');

for (const file of Object.values(REPORTS)) {
  if (!existsSync(file)) throw new Error(`${file} is not there: npm test writes it`);
}
const results = {
  jest: readJest(JSON.parse(readFileSync(REPORTS.jest, 'utf8'))),
  cargo: readCargo(readFileSync(REPORTS.cargo, 'utf8')),
};

const count = { passed: 0, failed: 0, skipped: 0 };
const said = new Set();
for (const [group, rows] of Object.entries(proofs)) {
  for (const [name, tests] of Object.entries(rows)) {
    for (const proof of tests) {
      const { end, reason } = endOf(results, proof);
      count[end]++;
      if (end !== 'passed')
        tell(`${proof.file}: ${proof.test}`, `${end}, ${reason}`, `${group} ${name}`);
    }
  }
}
console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exitCode = count.failed > 0 ? 1 : 0;

/** Once for each test, with the first thing that it proves. */
function tell(test, end, proven) {
  if (said.has(test)) return;
  said.add(test);
  console.log(`${test}: ${end} (it proves ${proven})`);
}
