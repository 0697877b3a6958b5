'use strict';

// The clients of this machine, as far as tests need to know of them: which are there, and how OpenSSH's is
// run.

const { spawnSync } = require('node:child_process');
const path = require('node:path');
const built = require('./built_clients.js');
const { isUnix, onUnix, testUnless } = require('./conditions.js');
const { folder, writeFile } = require('./folder.js');
const { hostCertificate, userKey } = require('./keys.js');
const { run, start, environment } = require('./processes.js');

const python =
  process.env.SSHSERVER_TEST_PYTHON ?? (process.platform === 'win32' ? 'python' : 'python3');
/** One that has paramiko 3.5, the last line of versions with GSSAPI. */
const pythonWithGss = process.env.SSHSERVER_TEST_PYTHON_GSS ?? python;
const pythonModules = ['paramiko', 'asyncssh', 'ssh_audit'];
const PARAMIKO_3 = 'import gssapi, paramiko, pyasn1; assert paramiko.__version__.startswith("3.")';
const found = new Map([['ssh2', true]]);

/** Whether a client is on this machine. */
function available(client) {
  if (built[client]) return built[client].missing() === undefined;
  if (!found.has(client)) {
    let [command, args] = [client, ['-V']];
    if (pythonModules.includes(client)) [command, args] = [python, ['-c', `import ${client}`]];
    if (client === 'paramiko3') [command, args] = [pythonWithGss, ['-c', PARAMIKO_3]];
    const { error, status } = spawnSync(command, args, { env: environment, stdio: 'ignore' });
    found.set(client, !error && (client !== command ? status === 0 : true));
  }
  return found.get(client);
}

/** A test that needs a client, or several. */
function testWith(clients, name, body, timeout) {
  const missing = [clients].flat().find((client) => !available(client));
  testUnless(missing && `${missing} is not installed`, name, body, timeout);
}

/** testWith for tests that need more of the system than Windows has; `each` is that of jest. */
function testOnUnix(client) {
  const define = isUnix ? testWith.bind(null, client) : onUnix;
  const each = (table) => (name, body, timeout) => {
    for (const row of table) define(name.replace('%s', row[0]), () => body(...row), timeout);
  };
  return Object.assign((...args) => define(...args), { each });
}

/** The arguments of OpenSSH's client up to and including the destination. */
function sshArguments(server, { user = 'demo', key = userKey(), options = [], flags = [] } = {}) {
  const settings = [
    'StrictHostKeyChecking=no',
    `UserKnownHostsFile=${path.join(folder, 'known_hosts')}`,
    'GlobalKnownHostsFile=none',
    'UpdateHostKeys=no',
    'LogLevel=ERROR',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    // Every test has keys of its own, on ports that come again.
    'CheckHostIP=no',
    `HostKeyAlias=${server.getLocalPort()}-${Math.random()}`,
  ];
  return [
    ...['-F', 'none', '-p', String(server.getLocalPort()), ...flags],
    // The first value of an option is the one that counts.
    ...[...options, ...settings].flatMap((setting) => ['-o', setting]),
    ...(key ? ['-i', key.file] : []),
    `${user}@127.0.0.1`,
  ];
}

/** `ssh … command`, to its end. */
function ssh(server, command, { input, env, detached, ...options } = {}) {
  const args = [...sshArguments(server, options), ...(command === null ? [] : [command])];
  return run('ssh', args, { input, env, detached });
}

/** OpenSSH's sftp with these commands; a `-` before one lets it fail. */
function sftpClient(server, commands) {
  // It takes the options of ssh, but for the port, and the destination last.
  const args = sshArguments(server);
  args[args.indexOf('-p')] = '-P';
  const destination = args.pop();
  return run('sftp', [...args, '-b', '-', destination], { input: commands.join('\n') });
}

/** `ssh … command` that goes on. */
function startSsh(server, command, options = {}) {
  const args = [...sshArguments(server, options), ...(command === null ? [] : [command])];
  return start('ssh', args, options);
}

/** Options of `ssh` that have it ask a script, whose `$1` is the prompt: it has no terminal to ask at. */
function askedBy(script) {
  const askpass = writeFile('askpass', `#!/bin/sh\n${script}\n`, 0o700);
  const env = { SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force', DISPLAY: ':none' };
  return { env, detached: true };
}

/** The same, with an answer for each prompt that has its word in it. */
function answering(answers) {
  const cases = Object.entries(answers).map(([word, answer]) => `*${word}*) echo ${answer};;`);
  return askedBy(`case "$1" in ${cases.join(' ')} *) exit 1;; esac`);
}

/** The arguments of plink for a server with this host key, up to who it is and where to. */
function plinkArguments(server, hostKeyType = 'ed25519') {
  const hex = hostCertificate(hostKeyType).fingerprintSHA256.replaceAll(':', '');
  const fingerprint = Buffer.from(hex, 'hex').toString('base64').replace(/=+$/, '');
  return [
    ...['-batch', '-ssh', '-noagent', '-P', String(server.getLocalPort())],
    ...['-hostkey', `SHA256:${fingerprint}`],
  ];
}

/** Starts a program in Python with a transport of paramiko's, logged in, and a channel. */
function startParamiko(server, program) {
  const script = `
import sys, paramiko
transport = paramiko.Transport(('127.0.0.1', int(sys.argv[1])))
transport.start_client(timeout=60)
transport.auth_password('demo', 'x')
channel = transport.open_session()
${program}
sys.exit(channel.recv_exit_status())
`;
  return start(python, ['-c', script, String(server.getLocalPort())]);
}

module.exports = {
  python,
  available,
  testWith,
  testOnUnix,
  sshArguments,
  sftpClient,
  ssh,
  startSsh,
  askedBy,
  answering,
  plinkArguments,
  pythonWithGss,
  startParamiko,
};
