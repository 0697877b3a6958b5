// The servers that are compared: how each is started, and what it needs to be here.
//
// Those with `besides` are in no goal: a quick run measures them in the first round only.
// `build` makes what has to be made and returns undefined, or the reason why the server is left out.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { root, version } from '../../scripts/common.mjs';
import { loadProgram } from './build.mjs';

const here = (...parts) => path.join(root, 'bench', 'peers', ...parts);
const made = (name) => path.join(root, 'target', 'bench', name);
const python = process.env.SSHSERVER_TEST_PYTHON ?? 'python3';
const sshd = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/sbin/sshd'].find(existsSync);

export const PEERS = [
  {
    name: 'ours',
    command: () => [process.execPath, here('ours.mjs')],
    build: () => undefined,
  },
  {
    name: 'russh',
    command: () => [loadProgram('russh-server')],
    build: () => (existsSync(loadProgram('russh-server')) ? undefined : 'bench/load was not built'),
  },
  {
    name: 'ssh2',
    command: () => [process.execPath, here('ssh2.mjs')],
    build: () =>
      existsSync(path.join(root, 'node_modules', 'ssh2')) ? undefined : 'npm ci has not been run',
  },
  {
    name: 'openssh',
    command: ({ publicKey }) => [
      process.execPath,
      here('sshd.mjs'),
      ...['--sshd', sshd, '--authorized-keys', publicKey],
    ],
    // A process for each connection, and more for its commands.
    tree: true,
    build: () => (sshd ? undefined : 'sshd is not installed (openssh-server)'),
  },
  {
    name: 'asyncssh',
    besides: true,
    command: () => [python, here('asyncssh_server.py')],
    build: () =>
      spawnSync(python, ['-c', 'import asyncssh']).status === 0
        ? undefined
        : `${python} has no asyncssh`,
  },
  {
    name: 'go',
    besides: true,
    command: () => [made('go-server')],
    build: buildGo,
  },
  {
    name: 'libssh',
    besides: true,
    command: () => [made('libssh-server')],
    build: buildLibssh,
  },
];

/** Where Debian's golang-golang-x-crypto-dev puts its sources. */
const gocode = '/usr/share/gocode';

function buildGo() {
  if (!version('go', ['version'])) return 'go is not installed';
  if (!existsSync(path.join(gocode, 'src', 'golang.org', 'x', 'crypto', 'ssh'))) {
    return 'golang-golang-x-crypto-dev is not installed';
  }
  if (!existsSync(path.join(gocode, 'src', 'github.com', 'pkg', 'sftp'))) {
    return 'golang-github-pkg-sftp-dev is not installed';
  }
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: gocode, GOFLAGS: '' };
  const source = here('go', 'main.go');
  return make('go-server', source, 'go', ['build', '-o', made('go-server'), source], env);
}

function buildLibssh() {
  if (!existsSync('/usr/include/libssh/libssh.h')) return 'libssh-dev is not installed';
  const source = here('libssh.c');
  const args = ['-O2', '-pthread', '-o', made('libssh-server'), source, '-lssh'];
  return make('libssh-server', source, 'cc', args, process.env);
}

/** Runs a compiler when the program is older than its source. */
function make(name, source, command, args, env) {
  const program = made(name);
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return undefined;
  mkdirSync(path.dirname(program), { recursive: true });
  const { status, stderr, error } = spawnSync(command, args, { env, encoding: 'utf8' });
  if (status === 0) return undefined;
  return `${command} failed: ${(error?.message ?? stderr).trim().split('\n').slice(-3).join(' ')}`;
}
