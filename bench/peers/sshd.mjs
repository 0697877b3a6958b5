// Starts OpenSSH's sshd for the benchmark with its own folder and settings, independent of /etc/ssh.
//
// sshd logs in real users only. Without a user `bench` it is the user that runs this, by key: the
// first line says so.

import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { arguments_, commandLines, ready } from './common.mjs';

const options = arguments_({
  sshd: { type: 'string', default: '/usr/sbin/sshd' },
  'authorized-keys': { type: 'string' },
  'sftp-root': { type: 'string' },
});
const folder = mkdtempSync(path.join(os.tmpdir(), 'bench-sshd-'));
const { username: user, uid } = os.userInfo();
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

// The host key may be readable by its owner only.
const hostKey = path.join(folder, 'host_key');
writeFileSync(hostKey, readFileSync(options['host-key']), { mode: 0o600 });

const command = path.join(folder, 'command');
writeFileSync(
  command,
  `#!/bin/sh
set -- $SSH_ORIGINAL_COMMAND
case $1 in
  sink) exec cat >/dev/null ;;
  source) exec head -c "$2" /dev/zero ;;
  echo) exec cat ;;
  true) exit 0 ;;
esac
exit 127
`,
);
chmodSync(command, 0o755);
chmodSync(folder, 0o755);
if (uid === 0 && !existsSync('/run/sshd')) mkdirSync('/run/sshd', { mode: 0o755 });

// bash reads the user's .bashrc in a first shell that sshd starts: SHLVL says that it is not the first.
const port = Number(options.port) || (await freePort());
const settings = path.join(folder, 'sshd_config');
writeFileSync(
  settings,
  `Port ${port}
ListenAddress 0.0.0.0
HostKey ${hostKey}
AuthorizedKeysFile ${path.resolve(options['authorized-keys'])}
PidFile none
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
PrintLastLog no
MaxStartups 10000
MaxSessions 10000
LoginGraceTime 120
AcceptEnv *
AllowTcpForwarding yes
${options['sftp-root'] ? 'Subsystem sftp internal-sftp' : `ForceCommand ${command}`}
SetEnv SHLVL=2
LogLevel ERROR
`,
);

const sshd = spawn(options.sshd, ['-D', '-e', '-f', settings], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
sshd.on('exit', (status) => process.exit(status ?? 1));
process.on('exit', () => sshd.kill());
await listening();
commandLines();
ready({ port, name: 'openssh', version: version(), pid: sshd.pid, user, auth: ['publickey'] });

function version() {
  const { stderr } = spawnSync('ssh', ['-V'], { encoding: 'utf8' });
  return /OpenSSH_([^\s,]+)/.exec(stderr)?.[1] ?? 'unknown';
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port: free } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return free;
}

async function listening() {
  for (let tries = 0; tries < 200; tries++) {
    const socket = net.connect(port, '127.0.0.1');
    const open = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    await sleep(25);
  }
  throw new Error('sshd does not listen');
}
