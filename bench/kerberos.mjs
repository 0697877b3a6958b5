// What logins by Kerberos cost: the library's own time for one, and how long a round trip takes on another connection
// beside fifty clients of OpenSSH that log in without a pause. `node bench/kerberos.mjs [SECONDS]`, on Linux, with the
// addon that is built and the packages that the tests of Kerberos need. The figures of bench/NOTES.md are its.

import { execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants, setPriority } from 'node:os';
import path from 'node:path';
import { root } from '../scripts/common.mjs';
import { quantile } from './suite/stats.mjs';

const CLIENTS = 50;
const SECONDS = Number(process.argv[2] ?? 20);
const PYTHON = process.env.SSHSERVER_TEST_PYTHON ?? 'python3';

// The realm of the tests cleans up when jest says that they are over: here when this program is.
const undo = [];
Object.assign(globalThis, { afterEach() {}, afterAll: (action) => undo.unshift(action) });
const require = createRequire(import.meta.url);
const { LIBRARIES, Realm, missing } = require('../__test__/support/kerberos.js');
const { RawSession } = require('../__test__/support/raw_session.js');

/** Accepts tokens as the server does, with Python's binding of the library: processor time of one, in microseconds. */
const ACCEPT = `
import time, gssapi
host = gssapi.Name('host@localhost', gssapi.NameType.hostbased_service)
flags = [gssapi.RequirementFlag.mutual_authentication, gssapi.RequirementFlag.integrity]
spent = 0
for _ in range(300):
    token = gssapi.SecurityContext(name=host, flags=flags, usage='initiate').step()
    began = time.process_time_ns()
    context = gssapi.SecurityContext(creds=gssapi.Credentials(usage='accept'), usage='accept')
    context.step(token)
    context.get_signature(bytes(32))
    spent += time.process_time_ns() - began
print(spent / 300 / 1000)
`;

const METHODS = {
  'gssapi-keyex': ['GSSAPIKeyExchange=yes', 'GSSAPIKexAlgorithms=gss-curve25519-sha256-'],
  'gssapi-with-mic': ['GSSAPIKeyExchange=no', 'KexAlgorithms=curve25519-sha256'],
};

function clientArguments(port, method) {
  const options = [
    ...['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR'],
    ...['GSSAPIAuthentication=yes', 'BatchMode=yes', 'HostName=localhost'],
    ...[`PreferredAuthentications=${method}`, ...METHODS[method]],
  ];
  const words = options.flatMap((option) => ['-o', option]);
  return ['-F', 'none', '-p', String(port), ...words, 'bob@127.0.0.1', 'x'];
}

/** Logs in again and again until the time is over; how many times. */
async function logIn({ port, method, env, until }) {
  let count = 0;
  while (Date.now() < until) {
    const child = spawn('ssh', clientArguments(port, method), { env, stdio: 'ignore' });
    setPriority(child.pid, constants.priority.PRIORITY_LOW);
    const [status] = await once(child, 'close');
    if (status !== 0) throw new Error(`ssh by ${method} ended with ${status}`);
    count += 1;
  }
  return count;
}

/** Processor time of a process so far, in milliseconds. */
function processorTime(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Round trips on one connection beside clients that log in by a method, or beside nobody. */
async function measure(server, method, env) {
  const session = new RawSession(server.port);
  await session.login('x');
  const [until, before] = [Date.now() + SECONDS * 1000, processorTime(server.pid)];
  const job = { port: server.port, method, env, until };
  const clients = Array.from({ length: method ? CLIENTS : 0 }, () => logIn(job));
  const times = [];
  while (Date.now() < until) {
    const began = performance.now();
    await session.ask();
    times.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const logins = (await Promise.all(clients)).reduce((sum, count) => sum + count, 0);
  const spent = processorTime(server.pid) - before;
  session.socket.destroy();
  const [median, p99] = [0.5, 0.99].map((part) => quantile(times, part).toFixed(2));
  const share = method ? `, ${(spent / logins).toFixed(2)} ms of the server for each` : '';
  const beside = method
    ? `beside ${(logins / SECONDS).toFixed(0)} logins a second by ${method}`
    : 'alone';
  console.log(`round trip ${beside}: median ${median} ms, p99 ${p99} ms${share}`);
}

async function main() {
  const lacks = missing('MIT');
  if (lacks !== undefined) throw new Error(lacks);
  const realm = await Realm.start({ users: ['bob'] });
  const keytab = realm.keytab();
  realm.ticket('bob');
  const ofClients = { PATH: process.env.PATH, HOME: realm.folder, ...realm.env('bob') };
  const accept = { env: { ...ofClients, KRB5_KTNAME: keytab }, encoding: 'utf8' };
  const library = Number(execFileSync(PYTHON, ['-c', ACCEPT], accept));
  console.log(`the library's own time for one context: ${library.toFixed(0)} us`);
  const settings = { GSSLibrary: LIBRARIES.MIT, GSSKeytab: keytab };
  const script = path.join(root, '__test__/support/kerberos_server.js');
  const env = { PATH: process.env.PATH, ...realm.env() };
  const child = fork(script, [JSON.stringify({ settings })], { env });
  undo.unshift(() => child.kill('SIGKILL'));
  const port = await new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error('the server has ended')));
    child.on('message', (message) => message.port && resolve(message.port));
  });
  const server = { port, pid: child.pid };
  for (const method of [undefined, ...Object.keys(METHODS)]) {
    await measure(server, method, ofClients);
  }
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
} finally {
  for (const action of undo) await action();
}
