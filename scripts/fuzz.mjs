// Builds the fuzz targets and runs each of them: `node scripts/fuzz.mjs [seconds] [target...]`. One of them,
// `listeners`, is a Node program over the addon that is there. `node scripts/fuzz.mjs sweep [all [N M]]`
// holds our code for vector instructions against AWS-LC, length by length (fuzz/src/vector_sweep.rs).
//
// The instrumentation that cargo-fuzz asks a nightly compiler for is passed to LLVM directly, so
// that the stable compiler will do. There is no address sanitizer on stable.

import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { root, run } from './common.mjs';

const sweep = process.argv[2] === 'sweep' ? process.argv.slice(3).join(' ') : undefined;
const seconds = Number(process.argv[2] ?? 10);
const folder = path.join(root, 'fuzz');
const all = readdirSync(path.join(folder, 'targets')).map((file) => path.basename(file, '.rs'));
/** The target that is no program of Cargo's. */
const LISTENERS = 'listeners';
const targets = chosen();
const coverage = ['level=4', 'inline-8bit-counters', 'pc-table', 'trace-compares'];
const instrumented = [
  '-Ccodegen-units=1',
  '-Cpasses=sancov-module',
  ...coverage.map((option) => `-Cllvm-args=-sanitizer-coverage-${option}`),
];
// The sweep needs no coverage, and takes five times as long with it.
const flags = ['--cfg=fuzzing', ...(sweep === undefined ? instrumented : [])];
const programs = path.join(folder, 'target', ...(sweep === undefined ? [] : ['sweep']));

const host = await hostTriple();
if (targets.some((target) => target !== LISTENERS)) await build();
if (sweep !== undefined) await sweepVectorCode();
else for (const target of targets) await (target === LISTENERS ? fuzzListeners() : fuzz(target));

function chosen() {
  if (sweep !== undefined) return ['vector_code'];
  return process.argv.length > 3 ? process.argv.slice(3) : [...all, LISTENERS];
}

async function build() {
  console.log(`building ${targets.join(', ')}`);
  const status = await run(
    'cargo',
    // With a target given, build scripts and procedural macros are not instrumented.
    ['build', '--release', '--manifest-path', 'fuzz/Cargo.toml', '--target', host]
      .concat(sweep === undefined ? [] : ['--bin', 'vector_code'])
      // The programs stay where this script looks for them.
      .concat('--target-dir', programs),
    { env: { RUSTFLAGS: flags.join(' '), CARGO_BUILD_TARGET: host } },
  );
  if (status !== 0) process.exit(1);
}

async function sweepVectorCode() {
  const program = path.join(programs, host, 'release', 'vector_code');
  process.exitCode = await run(program, [], {
    env: { SSHSERVER_VECTOR_SWEEP: sweep },
    minutes: 6000,
  });
}

async function fuzzListeners() {
  let output = '';
  const args = [path.join(folder, 'listeners.mjs'), 'seconds', String(seconds)];
  const onText = (chunk) => (output = (output + chunk).slice(-20_000));
  report(
    LISTENERS,
    await run(process.execPath, args, { quiet: true, onText, minutes: 600 }),
    output,
  );
}

async function hostTriple() {
  let text = '';
  await run('rustc', ['-vV'], { quiet: true, onText: (chunk) => (text += chunk) });
  return /host: (\S+)/.exec(text)[1];
}

async function fuzz(target) {
  const program = path.join(programs, host, 'release', target);
  const found = path.join(folder, 'target', 'corpus', target);
  const artifacts = path.join(folder, 'target', 'artifacts');
  mkdirSync(found, { recursive: true });
  mkdirSync(artifacts, { recursive: true });
  let output = '';
  const ended = await run(
    program,
    [
      `-max_total_time=${seconds}`,
      '-timeout=10',
      '-rss_limit_mb=2048',
      `-artifact_prefix=${path.join(artifacts, `${target}-`)}`,
      found,
      ...[path.join(folder, 'corpus', target)].filter(existsSync),
    ],
    { quiet: true, onText: (text) => (output = (output + text).slice(-20_000)), minutes: 600 },
  );
  report(target, ended, output);
}

function report(target, ended, output) {
  const runs = /Done (\d+) runs/.exec(output)?.[1];
  if (ended === 0 && runs) {
    console.log(`fuzz ${target}: passed (${runs} runs in ${seconds} s)`);
    return;
  }
  console.log(output);
  console.log(`fuzz ${target}: failed`);
  process.exitCode = 1;
}
