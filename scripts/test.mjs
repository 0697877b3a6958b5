// `npm test`: everything, in order, the same locally and in CI.
//
// Each step prints a heading and adds to the last line, `N passed, N failed, N skipped`. A step
// that is not a test run counts as one. What cannot run on a machine is skipped with a reason;
// with CI=true a missing SSH client is a failure instead.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import {
  installDependencies,
  npm,
  packageProgram,
  root,
  run,
  version,
  windows,
} from './common.mjs';

const ci = process.env.CI === 'true' || process.env.CI === '1';
const total = { passed: 0, failed: 0, skipped: 0 };
const notes = [];
const started = Date.now();

/** The reports of the test runners, for the proofs. */
const { REPORTS: reports } = createRequire(import.meta.url)('../__test__/reference/results.js');
mkdirSync(path.dirname(reports.jest), { recursive: true });

const env = { CARGO_TERM_COLOR: 'never' };
if (ci) env.SSHSERVER_REQUIRE_CLIENTS = '1';
const onAwsLcAlone = { SSHSERVER_PORTABLE_CRYPTO: '1' };
/** The specs in which ciphers and MACs matter; the others would only repeat the same run. */
const CRYPTO_SPECS = ['__test__/interop/', '__test__/e2e/(load|product|rekeying|streams)'];
const engineWithoutVectorCode = ['--no-default-features', '--features', 'portable-crypto'];

await step('Tools', tools);
if (await step('Dependencies (npm ci)', () => check(installDependencies()))) {
  await step('Format (prettier)', () => node(packageProgram('prettier'), ['--check', '.']));
  await step('Addon', addon);
  await step('Tables of README.md', () => node('scripts/tables.mjs', ['--check']));
  await step('Settings in docs/SETTINGS.md, README.md and index.d.ts', () =>
    node('scripts/settings.mjs', ['--check']),
  );
  await step('docs/REFERENCE.md', () => node('scripts/reference.mjs', ['--check']));
  await step('Types (tsc)', types);
}
await step('Format (rustfmt)', () => cargo(['fmt', '--check']));
await step('Lints (clippy)', () => cargo(['clippy', '--all-targets', '--', '-Dwarnings']));
await step('Lints of the engine alone', () =>
  cargo(['clippy', '--all-targets', '--no-default-features', '--', '-Dwarnings']),
);
await step('Engine without tokio and napi', () => cargo(['check', '--no-default-features']));
await step('Documentation (rustdoc)', () =>
  cargo(['doc', '--no-deps', '--quiet'], { RUSTDOCFLAGS: '-Dwarnings' }),
);
await step('Rust tests', () => cargoTest([], reports.cargo));
await step('Rust tests of the engine alone', () => cargoTest(['--no-default-features']));
// What the tests above ran on, where the processor has it, is our own code for vector instructions.
await step('Lints without vector code', () =>
  cargo(['clippy', '--all-targets', ...engineWithoutVectorCode, '--', '-Dwarnings']),
);
await step('Rust tests on AWS-LC alone', () => cargoTest([], undefined, onAwsLcAlone));
await step('Rust tests of the engine, built without vector code', () =>
  cargoTest(engineWithoutVectorCode),
);
await step('JavaScript tests (jest)', () => jest(reports.jest));
await step('Proofs of docs/REFERENCE.md', () => counting('scripts/proofs.mjs'));
await step('JavaScript tests on AWS-LC alone (jest)', () =>
  jest(path.join(root, 'target', 'jest_on_aws_lc.json'), onAwsLcAlone, CRYPTO_SPECS),
);
// The addon was built before; docs/INTEROP.md has to be what the run gives.
await step('Interop (every algorithm with every client)', () =>
  counting('scripts/interop.mjs', ['--check']),
);
await step('Benchmark suite (tiny)', benchmark);
await step('Fuzzing', fuzzing);
await step('Licences and sources (cargo-deny)', cargoDeny);
await step('Advisories (npm audit)', npmAudit);
summary();

/** Runs one step and counts its result. Resolves to whether nothing failed. */
async function step(name, action) {
  console.log(`\n== ${name}`);
  const since = Date.now();
  let result;
  try {
    result = await action();
  } catch (error) {
    console.log(error.message);
    result = { failed: 1 };
  }
  const { passed = 0, failed = 0, skipped = 0, reason } = result;
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
  if (reason) console.log(`skipped: ${reason}`);
  if (failed > 0) notes.push(`failed: ${name}`);
  else if (skipped > 0) notes.push(`skipped: ${name}${reason ? ` (${reason})` : ` (${skipped})`}`);
  const seconds = ((Date.now() - since) / 1000).toFixed(1);
  console.log(`-- ${passed} passed, ${failed} failed, ${skipped} skipped (${seconds} s)`);
  return failed === 0;
}

function summary() {
  console.log(`\n== Summary (${((Date.now() - started) / 60_000).toFixed(1)} min)`);
  for (const note of notes) console.log(note);
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}

function skip(reason) {
  return { skipped: 1, reason };
}

/** The result of a step that is one command: its exit status. */
async function check(status) {
  return (await status) === 0 ? { passed: 1 } : { failed: 1 };
}

function node(script, args, moreEnv = {}) {
  return check(run(process.execPath, [script, ...args], { env: { ...env, ...moreEnv } }));
}

function cargo(args, moreEnv = {}) {
  return check(run('cargo', args, { env: { ...env, ...moreEnv } }));
}

async function textOf(command, args) {
  let text = '';
  await run(command, args, { quiet: true, onText: (chunk) => (text += chunk) });
  return text;
}

/** What is used, and which of the SSH clients of the interop tests are here. */
async function tools() {
  console.log(`node         ${process.version}`);
  console.log(`rustc        ${version('rustc') ?? 'missing'}`);
  if (!version('cargo')) return { failed: 1 };
  const python = process.env.SSHSERVER_TEST_PYTHON ?? (windows ? 'python' : 'python3');
  const clients = {
    ssh: version('ssh', ['-V']),
    plink: version('plink', ['-V']),
    dbclient: version('dbclient', ['-V']),
  };
  for (const module of ['paramiko', 'asyncssh', 'ssh-audit']) {
    const script = `from importlib.metadata import version; print(version('${module}'))`;
    const found = await textOf(python, ['-c', script]);
    clients[module] = /^[\d.]+\s*$/.test(found) ? found.trim() : undefined;
  }
  const missing = [];
  for (const [name, found] of Object.entries(clients)) {
    console.log(`${name.padEnd(12)} ${found ?? 'missing'}`);
    if (!found) missing.push(name);
  }
  if (missing.length === 0) return { passed: 1 };
  const reason = `not installed: ${missing.join(', ')}`;
  if (!ci) return { passed: 1, skipped: missing.length, reason };
  console.log(reason);
  return { failed: missing.length };
}

/**
 * The addon as it is published. The build writes native.js and native.d.ts, which are committed:
 * what it writes has to be what is there.
 */
async function addon() {
  const generated = ['native.js', 'native.d.ts'].map((name) => path.join(root, name));
  const before = generated.map(text);
  if ((await npm(['run', 'build'], { env })) !== 0) return { failed: 1 };
  const changed = generated.filter((file, index) => text(file) !== before[index]);
  if (changed.length === 0) return { passed: 1 };
  for (const file of changed) console.log(`${path.basename(file)} was not up to date: commit it`);
  return { failed: 1 };
}

function text(file) {
  return existsSync(file) ? readFileSync(file, 'utf8').replaceAll('\r\n', '\n') : '';
}

/** index.d.ts by itself, and what the type tests of __test__ expect of it. */
function types() {
  return node(packageProgram('typescript', 'tsc'), ['--project', 'tsconfig.json']);
}

/** `report` is where what it printed is kept for the step that judges the proofs. */
async function cargoTest(args, report, moreEnv = {}) {
  let output = '';
  if (report) rmSync(report, { force: true });
  const status = await run('cargo', ['test', '--no-fail-fast', ...args], {
    env: { ...env, ...moreEnv },
    onText: (chunk) => (output += chunk),
    merged: true,
  });
  if (report) writeFileSync(report, output);
  const result = { passed: 0, failed: 0, skipped: 0 };
  const line = /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm;
  for (const [, passed, failed, ignored] of output.matchAll(line)) {
    result.passed += Number(passed);
    result.failed += Number(failed);
    result.skipped += Number(ignored);
  }
  // What the processor lacks is known only when a test runs: it passes and says that it did nothing.
  const lacking = output.match(/^skipped: a test of /gm)?.length ?? 0;
  result.passed -= lacking;
  result.skipped += lacking;
  // The tests did not compile, or a test ended the process.
  if (status !== 0 && result.failed === 0) result.failed = 1;
  return result;
}

/** `file` is what jest reports to. */
async function jest(file, moreEnv = {}, specs = []) {
  rmSync(file, { force: true });
  const args = [
    packageProgram('jest'),
    '--config',
    'jest.config.js',
    '--detectOpenHandles',
    '--json',
    `--outputFile=${file}`,
    ...specs,
  ];
  // --json writes its report to the standard output too; the progress is on the other one.
  const status = await run(process.execPath, args, {
    env: { ...env, ...moreEnv },
    onText: () => {},
    echo: false,
  });
  if (!existsSync(file)) return { failed: 1 };
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const result = {
    passed: report.numPassedTests,
    failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
    skipped: report.numPendingTests + report.numTodoTests,
  };
  const open = report.openHandles?.length ?? 0;
  if (open > 0) console.log(`${open} handles were left open`);
  result.failed += open;
  if (status !== 0 && result.failed === 0) result.failed = 1;
  return result;
}

/** Every scenario of the suite with next to no data: whether it works, not how fast anything is. */
function benchmark() {
  if (process.platform !== 'linux') return skip('the benchmark suite runs on Linux only');
  return counting('bench/run.mjs', ['--tiny']);
}

/** The result of a script of ours whose output has a line that counts. */
async function counting(script, args = []) {
  let output = '';
  const status = await run(process.execPath, [script, ...args], {
    env,
    onText: (chunk) => (output += chunk),
  });
  const counts = /^(\d+) passed, (\d+) failed, (\d+) skipped$/m.exec(output);
  if (!counts) return { failed: 1 };
  const [passed, failed, skipped] = counts.slice(1).map(Number);
  return { passed, failed: status !== 0 && failed === 0 ? 1 : failed, skipped };
}

async function fuzzing() {
  if (process.platform !== 'linux') return skip('the fuzz targets are built on Linux only');
  let output = '';
  const status = await run(process.execPath, ['scripts/fuzz.mjs', ci ? '10' : '3'], {
    env: { CARGO_TERM_COLOR: 'never' },
    onText: (chunk) => (output += chunk),
  });
  const passed = output.match(/^fuzz \w+: passed/gm)?.length ?? 0;
  const failed = output.match(/^fuzz \w+: failed/gm)?.length ?? 0;
  return { passed, failed: status !== 0 && failed === 0 ? 1 : failed };
}

function cargoDeny() {
  if (!version('cargo-deny')) return skip('cargo-deny is not installed');
  return cargo(['deny', 'check', 'licenses', 'bans', 'sources']);
}

async function npmAudit() {
  // Only what a user of the package gets; asks the registry, so not where there is none.
  let output = '';
  const args = ['audit', '--omit=dev', '--json', '--fetch-retries=0', '--fetch-timeout=20000'];
  await npm(args, { quiet: true, onText: (chunk) => (output += chunk) });
  let report;
  try {
    report = JSON.parse(output.slice(output.indexOf('{'), output.lastIndexOf('}') + 1));
  } catch {
    return skip('the registry does not answer');
  }
  const found = report.metadata?.vulnerabilities;
  if (!found) return skip('the registry does not answer audits');
  console.log(`${found.total} advisories`);
  return found.total === 0 ? { passed: 1 } : { failed: found.total };
}
