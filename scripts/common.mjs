// What the scripts of this folder share. Only built-in modules: a fresh clone has no node_modules.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
export const windows = process.platform === 'win32';
export const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

/** The first line a tool prints about its version, or undefined when it is not installed. */
export function version(command, args = ['--version']) {
  const result = spawnSync(command, args, { encoding: 'utf8', shell: windows });
  if (result.error || result.status === 127 || (windows && result.status !== 0)) return undefined;
  const text = `${result.stdout}\n${result.stderr}`.trim();
  return text.split('\n', 1)[0].trim() || command;
}

/** `[major, minor]` of the first number with a dot in `text`. */
export function majorMinor(text) {
  const match = /(\d+)\.(\d+)/.exec(text ?? '');
  return match ? [Number(match[1]), Number(match[2])] : [0, 0];
}

/** Whether version `a` is at least version `b`; both are `[major, minor]`. */
export function atLeast(a, b) {
  return a[0] > b[0] || (a[0] === b[0] && a[1] >= b[1]);
}

/**
 * Runs a command in the project's folder. Its output goes to ours as it comes; `onText` sees the
 * standard output too. Resolves to the exit status (-1: could not be started, or took longer than
 * `minutes` and was ended). `merged`: the standard error is part of the output, in its order, which only
 * one pipe for both can keep; no word of the command may need quotes then.
 */
export function run(
  command,
  args,
  { env, onText, echo = true, quiet = false, merged = false, minutes = 30 } = {},
) {
  return new Promise((resolve) => {
    const words = merged ? [[command, ...args, '2>&1'].join(' '), []] : [command, args];
    const child = spawn(...words, {
      cwd: root,
      env: { ...process.env, ...env },
      shell: merged || (windows && command === 'npm'),
      stdio: ['ignore', onText || quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
      detached: !windows,
    });
    // A group of its own, so that what the command started ends with it.
    const end = (signal) => {
      if (child.pid === undefined) return;
      try {
        if (windows) child.kill(signal);
        else process.kill(-child.pid, signal);
      } catch {
        // It ended by itself.
      }
    };
    const interrupted = () => {
      end('SIGINT');
      process.exitCode = 130;
    };
    process.on('SIGINT', interrupted);
    process.on('SIGTERM', interrupted);
    const limit = setTimeout(() => {
      console.log(`${command} took longer than ${minutes} minutes and was ended`);
      end('SIGKILL');
    }, minutes * 60_000);
    const done = (status) => {
      clearTimeout(limit);
      process.off('SIGINT', interrupted);
      process.off('SIGTERM', interrupted);
      resolve(status);
    };
    for (const [stream, target] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        if (!quiet && (echo || stream === child.stderr)) target.write(text);
        if (stream === child.stdout || quiet) onText?.(text);
      });
    }
    child.on('error', (error) => {
      console.log(`${command}: ${error.message}`);
      done(-1);
    });
    child.on('close', (status) => done(status ?? -1));
  });
}

/** Runs npm, the one that runs this script where there is one. */
export function npm(args, options) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('.js') || cli?.endsWith('.cjs')
    ? run(process.execPath, [cli, ...args], options)
    : run('npm', args, options);
}

/** The path of a program that a package of node_modules brings, to be run with node. */
export function packageProgram(name, program = name) {
  const folder = path.join(root, 'node_modules', name);
  const { bin } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return path.join(folder, typeof bin === 'string' ? bin : bin[program]);
}

/** Whether node_modules is missing, or holds other versions than package-lock.json says. */
export function dependenciesAreStale() {
  const installedFile = path.join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return true;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).some(
    // Optional packages are those of other platforms.
    ([name, { version, optional }]) =>
      name !== '' && !optional && installed[name]?.version !== version,
  );
}

/** Installs what package-lock.json says, when that is not there yet. Resolves to the status. */
export async function installDependencies() {
  if (!dependenciesAreStale()) return 0;
  console.log('npm ci (the tools of the build and of the tests)');
  return npm(['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** The release addon of this machine in the project's folder, if it has been built. */
export function addonFile() {
  const { binaryName } = manifest.napi;
  const name = readdirSync(root).find(
    (file) =>
      file.startsWith(`${binaryName}.${process.platform}-${process.arch}`) &&
      file.endsWith('.node'),
  );
  return name && path.join(root, name);
}

/** Whether the release addon is missing, or older than what it is built from. */
export function addonIsStale() {
  const addon = addonFile();
  if (!addon || !existsSync(path.join(root, 'native.js'))) return true;
  const built = statSync(addon).mtimeMs;
  const sources = ['Cargo.toml', 'Cargo.lock', 'build.rs', '.cargo/config.toml'];
  for (const entry of readdirSync(path.join(root, 'src'), { recursive: true })) {
    if (entry.endsWith('.rs')) sources.push(path.join('src', entry));
  }
  return sources.some((file) => statSync(path.join(root, file)).mtimeMs > built);
}
