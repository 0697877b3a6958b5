// `npm run interop`: every algorithm with every SSH client that has it.
//
// Each pair is one connection that logs in and moves 8 MiB each way with new keys on the way, and
// compares them (__test__/support/matrix.js). The result is written to docs/INTEROP.md.
//   npm run interop                  all clients; written when all of it went well
//   npm run interop -- ssh paramiko  only these; nothing is written
//   npm run interop -- --check       all; docs/INTEROP.md has to be what this run gives, where the
//                                    clients are the versions that it names
// A client that is not installed is a counted skip; with CI=true it is a failure. The last line counts.

import { generateKeyPair } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { addonIsStale, installDependencies, npm, packageProgram, root, run } from './common.mjs';
import { document, documentedClients } from './interop_document.mjs';

const ci = process.env.CI === 'true' || process.env.CI === '1';
const check = process.argv.includes('--check');
const wanted = process.argv.slice(2).filter((arg) => !arg.startsWith('-'));
const specs = path.join(root, '__test__', 'interop', 'matrix');
const folder = path.join(root, 'target', 'interop');
const results = path.join(folder, 'results');
const file = path.join(root, 'docs', 'INTEROP.md');

const known = readdirSync(specs).map((name) => name.replace('.spec.js', ''));
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) throw new Error(`no client ${unknown}; there are ${known.join(', ')}`);

if ((await installDependencies()) !== 0) throw new Error('npm ci failed');
if (addonIsStale() && (await npm(['run', 'build'])) !== 0) throw new Error('the build failed');
await makeKeys();
const count = await jest();
if (wanted.length === 0) count.failed += compare(count.failed);
console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exitCode = count.failed > 0 ? 1 : 0;

/** Keys that take long to make: every client's spec has the same, and the next run too. */
async function makeKeys() {
  const keys = path.join(folder, 'keys');
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  for (const bits of [3072, 4096]) {
    const name = path.join(keys, `rsa-${bits}.pem`);
    if (existsSync(name)) continue;
    const pair = await promisify(generateKeyPair)('rsa', { modulusLength: bits });
    const text = pair.privateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(`${name}.new`, text, { mode: 0o600 });
    renameSync(`${name}.new`, name);
  }
}

async function jest() {
  const report = path.join(folder, 'jest.json');
  rmSync(report, { force: true });
  rmSync(results, { recursive: true, force: true });
  const names = wanted.length > 0 ? wanted : known;
  const args = [
    packageProgram('jest'),
    ...['--config', 'jest.config.js', '--testPathIgnorePatterns', '/node_modules/'],
    // A pair is a client and the server; most clients leave one of two processors idle half of the time.
    `--maxWorkers=${Math.min(4, os.availableParallelism() + 1)}`,
    ...['--json', `--outputFile=${report}`, '--runTestsByPath'],
    ...names.map((name) => path.join(specs, `${name}.spec.js`)),
  ];
  const env = { SSHSERVER_INTEROP_RESULTS: results };
  if (ci) env.SSHSERVER_REQUIRE_CLIENTS = '1';
  const status = await run(process.execPath, args, { env, onText: () => {}, echo: false });
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  const failed = numFailedTests + numRuntimeErrorTestSuites;
  return {
    passed: numPassedTests,
    failed: status !== 0 && failed === 0 ? 1 : failed,
    skipped: numPendingTests,
  };
}

/** Writes the document, or compares it; how many mistakes that found besides those of the run. */
function compare(failed) {
  const names = existsSync(results) ? readdirSync(results) : [];
  if (failed > 0 || names.length < known.length) {
    console.log(
      `docs/INTEROP.md is left alone: ${names.length} of ${known.length} clients came to an end`,
    );
    return failed > 0 ? 0 : 1;
  }
  const text = document(
    names.map((name) => JSON.parse(readFileSync(path.join(results, name), 'utf8'))),
  );
  if (!check) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log('docs/INTEROP.md written');
    return 0;
  }
  const before = existsSync(file) ? readFileSync(file, 'utf8').replaceAll('\r\n', '\n') : '';
  if (before === text) {
    console.log('docs/INTEROP.md is what this run gives');
    return 0;
  }
  if (documentedClients(before) !== documentedClients(text)) {
    console.log('docs/INTEROP.md was made with other clients than those of this machine');
    return 0;
  }
  console.log('docs/INTEROP.md: run npm run interop and commit what it writes');
  return 1;
}
