// `npm run quickstart`: from a fresh clone to a real `ssh` logging in.
//
// Checks the tools, installs and builds what is missing, starts examples/quickstart.mjs and logs
// in with the machine's own OpenSSH client: with a key, with a password, and with a shell.
// `npm run quickstart -- --serve` leaves the server running and says what to type instead.

import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  addonFile,
  addonIsStale,
  atLeast,
  installDependencies,
  majorMinor,
  npm,
  root,
  version,
  windows,
} from './common.mjs';

const serve = process.argv.includes('--serve');
const folder = mkdtempSync(path.join(os.tmpdir(), 'sshserver-quickstart-'));
const key = path.join(folder, 'id_ed25519');
const knownHosts = path.join(folder, 'known_hosts');
let server;

try {
  checkTools();
  await build();
  await makeClientKey();
  const { port, password } = await startServer();
  if (serve) await keepServing(port, password);
  else await logIn(port, password);
} catch (error) {
  console.error(`\nquickstart: ${error.message}`);
  process.exitCode = 1;
} finally {
  server?.kill();
  rmSync(folder, { recursive: true, force: true });
}

function heading(text) {
  console.log(`\n== ${text}`);
}

/** Prints the tools that were found; throws with a list of those that are missing. */
function checkTools() {
  heading('Tools');
  const missing = [];
  const need = (name, found, hint) => {
    console.log(`${name.padEnd(12)} ${found ?? 'missing'}`);
    if (!found) missing.push(`${name}: ${hint}`);
  };
  const node = atLeast(majorMinor(process.versions.node), [20, 0]);
  need('Node', node ? process.version : undefined, `20 or later (this is ${process.version})`);
  if (!addonFile() || addonIsStale()) {
    const rust = version('rustc');
    need('Rust', atLeast(majorMinor(rust), [1, 95]) ? rust : undefined, '1.95 or later, rustup.rs');
    need('cargo', version('cargo'), 'it comes with Rust');
    if (!windows) {
      const cc = [process.env.CC, 'cc', 'gcc', 'clang'].filter(Boolean).map((c) => version(c));
      const hint = 'apt install build-essential, or xcode-select --install on macOS';
      need('C compiler', cc.find(Boolean), hint);
    }
  }
  need('ssh', version('ssh', ['-V']), 'the OpenSSH client (apt install openssh-client)');
  need('ssh-keygen', version('ssh-keygen', ['-?']) && 'found', 'it comes with the OpenSSH client');
  if (missing.length > 0) throw new Error(`please install first\n  ${missing.join('\n  ')}`);
}

async function build() {
  heading('Build');
  if (!addonIsStale()) {
    console.log(`${path.basename(addonFile())} is up to date`);
    return;
  }
  if ((await installDependencies()) !== 0) throw new Error('npm ci failed');
  console.log('npm run build (a first build takes some minutes: it compiles AWS-LC)');
  if ((await npm(['run', 'build'])) !== 0) throw new Error('npm run build failed');
}

async function makeClientKey() {
  const args = ['-q', '-t', 'ed25519', '-N', '', '-C', 'quickstart', '-f', key];
  const { status, stderr } = await start('ssh-keygen', args).result;
  if (status !== 0) throw new Error(`ssh-keygen failed: ${stderr}`);
}

/** Starts the example on a free port and reads from its first lines how to reach it. */
async function startServer() {
  heading('Server');
  const example = path.join('examples', 'quickstart.mjs');
  // Older ones have no post-quantum key exchange, or do not use it unasked.
  const modern = atLeast(majorMinor(version('ssh', ['-V'])), [8, 9]);
  const options = ['--profile', modern ? 'modern' : 'intermediate'];
  console.log(`node ${[example, ...options].join(' ')}`);
  server = spawn(process.execPath, [example, ...options, '--authorized-keys', `${key}.pub`], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  await new Promise((resolve, reject) => {
    server.on('error', reject);
    server.on('exit', (status) => reject(new Error(`the server ended with status ${status}`)));
    server.stdout.setEncoding('utf8').on('data', (chunk) => {
      process.stdout.write(chunk);
      text += chunk;
      if (/password \S+\n/.test(text)) resolve();
    });
  });
  return { port: /port (\d+)/.exec(text)[1], password: /password (\S+)/.exec(text)[1] };
}

async function logIn(port, password) {
  heading('Public key login');
  const byKey = ['-i', key, '-o', 'BatchMode=yes', '-o', 'PreferredAuthentications=publickey'];
  await expect('hello world', ssh(port, [...byKey], 'hello world'), 'Hello, world!\n', 0);
  await expect('nonsense', ssh(port, [...byKey], 'nonsense'), 'nonsense: there is no', 127);

  heading('Password login');
  const askpass = path.join(folder, windows ? 'askpass.cmd' : 'askpass.sh');
  const script = windows
    ? '@echo off\r\necho %QUICKSTART_PASSWORD%\r\n'
    : '#!/bin/sh\nprintf "%s\\n" "$QUICKSTART_PASSWORD"\n';
  writeFileSync(askpass, script);
  chmodSync(askpass, 0o700);
  const env = { SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force', DISPLAY: ':0' };
  const byPassword = ['-o', 'PreferredAuthentications=password', '-o', 'NumberOfPasswordPrompts=1'];
  const right = { env: { ...env, QUICKSTART_PASSWORD: password } };
  const wrong = { env: { ...env, QUICKSTART_PASSWORD: `${password}?` } };
  await expect('hello again', ssh(port, byPassword, 'hello again', right), 'Hello, again!\n', 0);
  await expect('wrong password', ssh(port, byPassword, 'hello', wrong), '', 255);

  heading('Shell');
  const input = { input: 'hello shell\nexit\n' };
  await expect('hello shell', ssh(port, ['-T', ...byKey], undefined, input), 'Hello, shell!', 0);

  heading('It works');
  console.log('Read examples/quickstart.mjs, or try it yourself: npm run quickstart -- --serve');
}

async function keepServing(port, password) {
  const options = `-p ${port} -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=${knownHosts}`;
  heading('Type this in another terminal (Ctrl-C here ends the server)');
  console.log(`ssh ${options} demo@127.0.0.1`);
  console.log(`ssh ${options} demo@127.0.0.1 hello world`);
  console.log(`password: ${password}`);
  server.removeAllListeners('exit');
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.kill());
  await new Promise((resolve) => server.once('exit', resolve));
}

/** Starts the OpenSSH client, independent of the user's own settings, keys and agent. */
function ssh(port, options, command, { env, input } = {}) {
  const args = ['-F', 'none', '-p', port];
  for (const option of [
    'StrictHostKeyChecking=accept-new',
    `UserKnownHostsFile=${knownHosts}`,
    'GlobalKnownHostsFile=none',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'ConnectTimeout=20',
    'LogLevel=ERROR',
  ]) {
    args.push('-o', option);
  }
  args.push(...options, 'demo@127.0.0.1');
  if (command !== undefined) args.push(command);
  return start('ssh', args, { env, input });
}

/** Runs a program without a terminal and collects what it prints. */
function start(program, args, { env, input } = {}) {
  const child = spawn(program, args, { env: { ...process.env, ...env }, detached: !windows });
  const result = new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    const limit = setTimeout(() => child.kill(), 60_000);
    child.on('error', reject);
    child.stdin.on('error', () => {}); // the program ended without reading all of it
    child.stdin.end(input ?? '');
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.on('close', (status) => {
      clearTimeout(limit);
      resolve({ status, stdout, stderr });
    });
  });
  return { line: `${program} ${args.filter((arg) => !arg.includes('=')).join(' ')}`, result };
}

/** Prints what the client got and checks it. */
async function expect(what, client, output, status) {
  const got = await client.result;
  console.log(`$ ${client.line.replaceAll(' -o', '')}`);
  for (const line of `${got.stdout}${got.stderr}`.trimEnd().split(/\r?\n/))
    console.log(`  ${line}`);
  console.log(`  (exit status ${got.status})`);
  const right = output === '' ? got.stdout === '' : got.stdout.includes(output);
  if (!right || got.status !== status) {
    throw new Error(`${what}: expected ${JSON.stringify(output)} and exit status ${status}`);
  }
}
