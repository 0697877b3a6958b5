// OpenSSH's client, independent of the user's own settings, keys and agent.

import { spawn } from 'node:child_process';

/** Its default settings but for who logs in with which key; `serverHost` last. */
export function sshArguments(server, keys) {
  const args = ['-F', 'none', '-p', String(server.port), '-i', keys.userKey, '-l', server.user];
  for (const option of [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'GlobalKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
  ]) {
    args.push('-o', option);
  }
  return [...args, '127.0.0.1'];
}

/**
 * Runs a program and times it from its start to its end. `input` is a file descriptor or 'ignore';
 * with `count` its output is piped here and counted, else it is dropped.
 */
export function timedRun(program, args, { input = 'ignore', count = false, seconds = 120 } = {}) {
  return new Promise((resolve, reject) => {
    const started = process.hrtime.bigint();
    const child = spawn(program, args, { stdio: [input, count ? 'pipe' : 'ignore', 'pipe'] });
    const limit = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
    let received = 0;
    let stderr = '';
    let took = 0;
    child.stdout?.on('data', (data) => (received += data.length));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.on('error', reject);
    child.on('exit', () => (took = Number(process.hrtime.bigint() - started) / 1e9));
    child.on('close', (status) => {
      clearTimeout(limit);
      resolve({ status, seconds: took, received, stderr: stderr.trim() });
    });
  });
}
