'use strict';

// A directory on a file system that never answers, by FUSE. It needs /dev/fuse and the right to mount.

const { spawn, spawnSync } = require('node:child_process');
const { existsSync, mkdirSync } = require('node:fs');
const { once } = require('node:events');
const path = require('node:path');
const { createInterface } = require('node:readline');
const { afterTest } = require('./cleanup.js');
const { testUnless } = require('./conditions.js');

const program = path.join(__dirname, 'file_systems', 'hung.py');
const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];

function missing() {
  if (!existsSync('/dev/fuse')) return 'there is no /dev/fuse';
  const [command, ...args] = [...asRoot, 'python3', '--version'];
  const { status } = spawnSync(command, args);
  return status === 0 ? undefined : `${command} does not run`;
}

/** A test with hung disks. */
const withHungDisk = (name, body) => testUnless(missing(), name, body);

/** Mounts one. `request()` resolves when the next request has come to it. */
async function mountHung(folder) {
  mkdirSync(folder, { recursive: true });
  const [command, ...args] = [...asRoot, 'python3', program, folder];
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const end = async () => {
    child.stdin.end();
    await ended;
  };
  afterTest('servers', end);
  const { value } = await lines.next();
  if (value !== 'mounted') throw new Error(`nothing is mounted on ${folder}`);
  return { request: async () => Number((await lines.next()).value), end };
}

module.exports = { withHungDisk, mountHung };
