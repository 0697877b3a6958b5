'use strict';

// OpenSSH's server, as the oracle for files in its formats: one process for each connection (`sshd -i`), so that it
// needs no port of its own.

const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { afterTest } = require('./cleanup.js');
const { isUnix, onUnix, testUnless } = require('./conditions.js');
const { folder, writeFile } = require('./folder.js');

const FILE = '/usr/sbin/sshd';
/** Without this folder it does not run as root. */
const PRIVSEP = '/run/sshd';

/** The user that it lets in: as nobody else can be let in by a server that is not root's. */
const user = os.userInfo().username;

function testWithSshd(name, body, timeout) {
  const missing = fs.existsSync(FILE) ? undefined : 'sshd is not installed';
  if (isUnix) testUnless(missing, name, body, timeout);
  else onUnix(name, body, timeout);
}

function hostKey() {
  const file = path.join(folder, 'sshd_host_key');
  if (!fs.existsSync(file)) {
    const args = ['-q', '-t', 'ed25519', '-N', '', '-f', file];
    if (spawnSync('ssh-keygen', args).status !== 0) throw new Error('ssh-keygen failed');
  }
  return file;
}

/** Starts it with these lines of sshd_config(5); resolves to the port. */
async function startSshd(lines) {
  if (process.getuid() === 0) fs.mkdirSync(PRIVSEP, { recursive: true, mode: 0o755 });
  const config = writeFile(
    'sshd_config',
    [
      `HostKey ${hostKey()}`,
      'UsePAM no',
      'PermitRootLogin yes',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'MaxAuthTries 100000',
      'LogLevel DEBUG',
      ...lines,
      '',
    ].join('\n'),
  );
  const log = path.join(folder, 'sshd.log');
  const children = new Set();
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    const args = ['-i', '-f', config, '-E', log];
    const child = spawn(FILE, args, { stdio: [socket, socket, 'ignore'] });
    children.add(child);
    child.once('close', () => children.delete(child));
    // The process has it now.
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterTest('servers', async () => {
    server.close();
    const ended = [...children].map((child) => once(child, 'close'));
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(ended);
  });
  return { port: server.address().port, log };
}

module.exports = { startSshd, testWithSshd, user };
