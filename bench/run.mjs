// `npm run bench`: our server side by side with others, measured in one run. `--help` tells the options.
//
// Everything is on this machine: the servers (bench/peers), the load generator (bench/load) and the
// client. The scenarios are in bench/suite/scenarios, the goals in bench/suite/goals.mjs.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from '../scripts/common.mjs';
import { build } from './suite/build.mjs';
import { cipherFloors, tcpFloor } from './suite/floors.mjs';
import { machine } from './suite/machine.mjs';
import { readOptions } from './suite/options.mjs';
import { PEERS } from './suite/peers.mjs';
import { reportText, writeReport } from './suite/report.mjs';
import { runScenario } from './suite/runner.mjs';
import { SCENARIOS } from './suite/scenarios/index.mjs';

/** Every single figure of the last run. */
const FIGURES = path.join(root, 'target', 'bench', 'last.json');
const started = Date.now();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

try {
  const options = readOptions(process.argv.slice(2));
  if (options?.list) list();
  else if (options) await main(options);
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
}

async function main(options) {
  const scenarios = chosen(SCENARIOS, options.only, 'scenario');
  const peers = chosen(PEERS, options.peers, 'server');
  await build();
  const { present, absent } = built(peers);
  const keys = makeKeys();
  const run = { options, machine: machine(), absent, results: {}, floors: undefined };
  try {
    if (!options.only) {
      console.log('\n== floors: ciphers alone and loopback TCP alone');
      const seconds = options.kind === 'tiny' ? 1 : 3;
      const ciphers = options.kind === 'tiny' ? [] : cipherFloors(seconds);
      run.floors = { ciphers, tcp: await tcpFloor(options.size.mib * 2) };
    }
    for (const scenario of scenarios) {
      run.results[scenario.name] = await runScenario(scenario, present, keys, options);
      // The results so far are kept if the run ends early.
      save(run);
      if (options.write) writeReport(run);
    }
  } finally {
    rmSync(keys.folder, { recursive: true, force: true });
  }
  console.log(`\n${reportText(run)}\n`);
  for (const reason of absent) console.log(`not measured: ${reason}`);
  console.log(`every figure: ${path.relative(root, FIGURES)}`);
  if (options.write) console.log(`written: ${writeReport(run)}`);
  finish(run);
}

function list() {
  console.log(`scenarios: ${SCENARIOS.map(({ name }) => name).join(', ')}`);
  console.log(`servers: ${PEERS.map(({ name }) => name).join(', ')}`);
}

/** The parts named on the command line, all of them without any. */
function chosen(parts, names, what) {
  for (const name of names ?? []) {
    if (!parts.some((part) => part.name === name)) throw new Error(`there is no ${what} ${name}`);
  }
  return parts.filter(({ name }) => names?.includes(name) ?? true);
}

/** The servers that are here, and why others are not. */
function built(peers) {
  const present = [];
  const absent = [];
  for (const peer of peers) {
    const reason = peer.build();
    if (reason === undefined) present.push(peer);
    else absent.push(`${peer.name} (${reason})`);
  }
  for (const reason of absent) console.log(`left out: ${reason}`);
  return { present, absent };
}

/** A host key and a user's key, ed25519, in a folder of their own. */
function makeKeys() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sshserver-bench-'));
  const make = (name) => {
    const file = path.join(folder, name);
    const args = ['-q', '-t', 'ed25519', '-N', '', '-C', 'bench', '-f', file];
    const { status, error, stderr } = spawnSync('ssh-keygen', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`ssh-keygen: ${error?.message ?? stderr}`);
    return file;
  };
  const userKey = make('user_key');
  return { folder, hostKey: make('host_key'), userKey, publicKey: `${userKey}.pub` };
}

/** Keeps every single figure, for a closer look. */
function save(run) {
  mkdirSync(path.dirname(FIGURES), { recursive: true });
  writeFileSync(FIGURES, JSON.stringify(run, undefined, 1));
}

/** Cells are a case with a server; one without any figure has failed. */
function finish(run) {
  const count = { passed: 0, failed: 0, skipped: run.absent.length };
  for (const { cases } of Object.values(run.results)) {
    for (const { peers } of cases) {
      for (const { rounds, without } of Object.values(peers)) {
        if (without) count.skipped += 1;
        else if (rounds.some((round) => round !== undefined)) count.passed += 1;
        else count.failed += 1;
      }
    }
  }
  console.log(`took ${((Date.now() - started) / 60_000).toFixed(1)} min`);
  console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  if (count.failed > 0) process.exitCode = 1;
}
