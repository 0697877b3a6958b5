// Builds the addon, which the suite measures, and bench/load, which it measures with, in release.

import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { addonIsStale, installDependencies, npm, root, run } from '../../scripts/common.mjs';

const crate = path.join(root, 'bench', 'load');
/** Another build of bench/load can be named, so that a checkout need not build its own. */
const programs = process.env.SSHSERVER_BENCH_LOAD ?? path.join(crate, 'target', 'release');

/** The path of one of the programs of bench/load: `load` or `russh-server`. */
export function loadProgram(name) {
  return path.join(programs, process.platform === 'win32' ? `${name}.exe` : name);
}

export async function build() {
  if ((await installDependencies()) !== 0) throw new Error('npm ci failed');
  if (addonIsStale()) {
    console.log('npm run build (the addon)');
    if ((await npm(['run', 'build'])) !== 0) throw new Error('npm run build failed');
  }
  if (loadIsStale()) {
    const since = Date.now();
    console.log('cargo build --release (bench/load, the load generator and the server of russh)');
    const manifest = path.join(crate, 'Cargo.toml');
    const args = ['build', '--release', '--quiet', '--locked', '--manifest-path', manifest];
    if ((await run('cargo', args)) !== 0) throw new Error('bench/load does not build');
    console.log(`built in ${((Date.now() - since) / 1000).toFixed(0)} s`);
  }
}

function loadIsStale() {
  const missing = ['load', 'russh-server'].some((name) => !existsSync(loadProgram(name)));
  if (process.env.SSHSERVER_BENCH_LOAD) {
    if (missing) throw new Error(`SSHSERVER_BENCH_LOAD (${programs}) has no load and russh-server`);
    return false;
  }
  if (missing) return true;
  const built = statSync(loadProgram('load')).mtimeMs;
  const sources = readdirSync(path.join(crate, 'src'), { recursive: true })
    .filter((file) => file.endsWith('.rs'))
    .map((file) => path.join('src', file));
  return ['Cargo.toml', 'Cargo.lock', ...sources].some(
    (file) => statSync(path.join(crate, file)).mtimeMs > built,
  );
}
