import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sshArguments, timedRun } from '../openssh_client.mjs';
import { cpuSeconds } from '../processes.mjs';

const NAMES = 10;

/** Files, names in the directory that is listed. */
const SIZES = {
  full: { files: 10_000, names: 100_000 },
  quick: { files: 10_000, names: 100_000 },
  tiny: { files: 20, names: 200 },
};

let place;

/** A folder in memory, so that no disk is measured: `root` is served, `local` is the client's. */
function folders() {
  if (place) return place;
  const memory = '/dev/shm';
  const folder = mkdtempSync(path.join(existsSync(memory) ? memory : os.tmpdir(), 'bench-sftp-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  place = { root: path.join(folder, 'root'), local: path.join(folder, 'local') };
  for (const each of Object.values(place)) mkdirSync(each);
  return place;
}

/** Makes what the cases move, once. */
function prepared(options) {
  const { root, local } = folders();
  const { files, names } = SIZES[options.kind];
  if (existsSync(path.join(root, 'small'))) return { root, local, files, names };
  const kib = Buffer.alloc(1024, 'text of a file, ');
  for (const folder of [path.join(root, 'small'), path.join(local, 'small')]) {
    mkdirSync(folder);
    for (let n = 0; n < files; n++) writeFileSync(path.join(folder, `file-${n}`), kib);
  }
  mkdirSync(path.join(root, 'many'));
  for (let n = 0; n < names; n++) closeSync(openSync(path.join(root, 'many', `name-${n}`), 'w'));
  const mib = Buffer.alloc(2 ** 20, 'contents of a large file, ');
  for (const folder of [root, local]) {
    const file = openSync(path.join(folder, 'large'), 'w');
    for (let n = 0; n < options.size.mib; n++) writeFileSync(file, mib);
    closeSync(file);
  }
  return { root, local, files, names };
}

const emptied = (folder) => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
};
const sizeOf = (file) => statSync(file).size;

/**
 * What is measured: the commands for the client, where `there` is the server's name of the root, and how it is
 * checked that they have done it.
 */
const CASES = {
  'get files of 1 KiB': ({ there, local, files }) => {
    emptied(path.join(local, 'got'));
    return {
      commands: [`lcd ${local}/got`, `get ${there}/small/*`],
      isDone: () => readdirSync(path.join(local, 'got')).length === files,
    };
  },
  'put files of 1 KiB': ({ there, root, local, files }) => {
    emptied(path.join(root, 'put'));
    return {
      commands: [`lcd ${local}/small`, `cd ${there}/put`, 'put *'],
      isDone: () => readdirSync(path.join(root, 'put')).length === files,
    };
  },
  'list a directory': ({ there, names }) => ({
    commands: [`ls -f1 ${there}/many`],
    isDone: (received) => received > names * NAMES,
  }),
  ...transfers('', []),
  ...transfers(', 30 KB requests', ['-B', '30000']),
};

function transfers(name, flags) {
  return {
    [`down${name}`]: ({ there, local, bytes }) => {
      const got = path.join(local, 'got-large');
      rmSync(got, { force: true });
      return {
        flags,
        commands: [`get ${there}/large ${got}`],
        isDone: () => sizeOf(got) === bytes,
      };
    },
    [`up${name}`]: ({ there, root, local, bytes }) => {
      const put = path.join(root, 'put-large');
      rmSync(put, { force: true });
      return {
        flags,
        commands: [`put ${local}/large ${there}/put-large`],
        isDone: () => sizeOf(put) === bytes,
      };
    },
  };
}

/** Files over SFTP, with OpenSSH's client: 1 GiB, or so many small files and names. */
export default {
  name: 'sftp',
  title: "Files over SFTP, in memory, with OpenSSH's client (set-up included)",
  metrics: ['server_cpu_ms', 'wall_ms'],
  needs: ['sftp'],
  peers: ['ours', 'ssh2', 'openssh', 'asyncssh', 'go'],
  rounds: (rounds) => Math.min(rounds, 3),
  cases: (options) => {
    const args = ['--sftp-root', folders().root];
    const peers = ['ours', 'ssh2', 'openssh', 'asyncssh', 'go'];
    const serverArgs = Object.fromEntries(peers.map((peer) => [peer, args]));
    return Object.keys(CASES).map((name) => ({
      name,
      serverArgs,
      warmUp: options.kind !== 'tiny' && 'as measured',
    }));
  },
  async measure({ server, keys, one, options }) {
    const place = prepared(options);
    const there = server.name === 'ours' ? '' : place.root;
    const bytes = options.size.mib * 2 ** 20;
    const { commands, flags = [], isDone } = CASES[one.name]({ ...place, there, bytes });
    const batch = path.join(keys.folder, 'sftp-commands');
    writeFileSync(batch, `${commands.join('\n')}\n`);
    const before = cpuSeconds(server.pid, server.tree);
    const args = sftpArguments(server, keys, ['-q', '-b', batch, ...flags]);
    const { status, seconds, stderr, received } = await timedRun('sftp', args, { count: true });
    const cpu = cpuSeconds(server.pid, server.tree) - before;
    if (status !== 0) throw new Error(`sftp: ${stderr}`);
    if (!isDone(received)) throw new Error('sftp has not moved everything');
    return { server_cpu_ms: cpu * 1000, wall_ms: seconds * 1000 };
  },
};

/** The arguments of ssh, as sftp has them; the host is the last one. */
function sftpArguments(server, keys, more) {
  const args = sshArguments(server, keys);
  const host = args.pop();
  const sftp = [];
  for (let n = 0; n < args.length; n += 2) {
    const [name, value] = args.slice(n, n + 2);
    if (name === '-p') sftp.push('-P', value);
    else if (name === '-l') sftp.push('-o', `User=${value}`);
    else sftp.push(name, value);
  }
  return [...sftp, '-c', 'aes128-gcm@openssh.com', ...more, host];
}
