// Starts and stops server programs. Each prints one line of JSON when it listens, and ends when its
// standard input does.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../../scripts/common.mjs';

const START_MS = 20_000;
const END_MS = 5_000;

/** The running servers, so that none is left when the suite ends early. */
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A command with as many open files as the system allows. */
export function withFiles([program, ...args]) {
  const script = 'ulimit -n 1048576 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$0" "$@"';
  return ['sh', ['-c', script, program, ...args]];
}

/** Starts a peer. `keys` are the files of host and user key; `more` are further arguments. */
export async function startServer(peer, keys, more = []) {
  const command = [...peer.command(keys), '--port', '0', '--host-key', keys.hostKey, ...more];
  const child = spawn(...withFiles(command), { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
  running.add(child);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr = (stderr + text).slice(-4000)));
  child.stdin.on('error', () => {}); // it has ended
  const ended = new Promise((resolve) => child.once('close', resolve));
  void ended.then(() => running.delete(child));

  const lines = createInterface({ input: child.stdout });
  const waiting = [];
  lines.on('line', (line) => waiting.shift()?.(line));
  const nextLine = () =>
    new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`${peer.name} does not answer`)), START_MS);
      const end = (status) => reject(new Error(`${peer.name} ended (${status}): ${stderr.trim()}`));
      child.once('close', end);
      child.once('error', reject);
      waiting.push((line) => {
        clearTimeout(limit);
        child.off('close', end);
        child.off('error', reject);
        resolve(JSON.parse(line));
      });
    });
  const about = await nextLine();
  return {
    name: peer.name,
    version: about.version,
    port: about.port,
    pid: about.pid ?? child.pid,
    tree: peer.tree ?? false,
    user: about.user ?? 'bench',
    auth: about.auth ?? ['password', 'publickey'],
    errors: () => stderr,
    /** Sends a line to the server and waits for its answer. */
    ask: (line) => {
      child.stdin.write(`${line}\n`);
      return nextLine();
    },
    stop: async () => {
      child.stdin.end();
      if (await Promise.race([ended.then(() => true), sleep(END_MS)])) return;
      child.kill('SIGKILL');
      await ended;
    },
  };
}
