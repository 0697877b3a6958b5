// Runs the load generator once: a subcommand that prints one line of JSON.

import { spawn } from 'node:child_process';
import { loadProgram } from './build.mjs';
import { withFiles } from './servers.mjs';

/**
 * Runs `load <args>` against a server, logging in as it allows unless the scenario says how.
 * Rejects with what it printed when it fails or takes longer than `seconds`.
 */
export function load(server, keys, args, { seconds = 90 } = {}) {
  const own = ['--port', String(server.port), '--pid', String(server.pid), '--user', server.user];
  if (server.tree) own.push('--tree');
  if (server.auth.includes('password')) own.push('--password', 'bench');
  else if (!args.includes('--auth')) own.push('--auth', 'publickey', '--key', keys.userKey);
  return runJson([loadProgram('load'), ...args, ...own], seconds);
}

/** Runs a program that prints one line of JSON. */
export async function runJson(command, seconds) {
  const { status, stdout, stderr } = await collect(command, seconds);
  if (status !== 0)
    throw new Error(stderr.trim().split('\n').slice(-3).join('; ') || `status ${status}`);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

function collect(command, seconds) {
  return new Promise((resolve, reject) => {
    const child = spawn(...withFiles(command), {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const stop = () => {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    };
    process.once('exit', stop);
    const limit = setTimeout(() => {
      stop();
      reject(new Error(`not done after ${seconds} s`));
    }, seconds * 1000);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(limit);
      process.off('exit', stop);
      resolve({ status, stdout, stderr });
    });
  });
}
