'use strict';

// Processes that end with their test, and are independent of the user who runs it.

const { spawn } = require('node:child_process');
const { afterTest } = require('./cleanup.js');
const { folder } = require('./folder.js');

/** No agent, no home and no language of the user who runs the tests. */
const environment = {
  PATH: process.env.PATH,
  SystemRoot: process.env.SystemRoot,
  HOME: folder,
  USERPROFILE: folder,
  PUTTYDIR: folder,
  LC_ALL: 'C.UTF-8',
};

/**
 * Starts a process that is killed after the test (or at the end of the spec) at the latest. Its `result`
 * promise resolves to {status, signal}.
 */
function start(
  command,
  args,
  { env = {}, stdio = 'pipe', detached = false, until = 'end of the test' } = {},
) {
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...environment, ...env },
    stdio,
    detached,
  });
  child.result = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve({ status, signal }));
  });
  // A caller that awaits it gets the error; this handles the promises that are not awaited.
  child.result.catch(() => {});
  const done = afterTest(until === 'end of the spec' ? until : 'clients', async () => {
    child.kill('SIGKILL');
    await child.result.catch(() => {});
  });
  child.once('close', done);
  return child;
}

function collect(stream) {
  const chunks = [];
  stream?.on('data', (chunk) => chunks.push(chunk));
  return () => Buffer.concat(chunks);
}

/** Runs a process to its end: status, signal, stdout (bytes) and stderr (text). */
async function run(command, args, { input = '', ...options } = {}) {
  const child = start(command, args, options);
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  // A client that ends early is judged by its status, not by what it did not read.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  const { status, signal } = await child.result;
  return { status, signal, stdout: stdout(), stderr: stderr().toString() };
}

module.exports = { start, run, collect, environment };
