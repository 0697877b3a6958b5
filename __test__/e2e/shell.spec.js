'use strict';

// shell() and command(): programs with three pipes, and how they end.

const fs = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');
const { once } = require('node:events');
const os = require('node:os');
const { ssh, startSsh, testOnUnix } = require('../support/clients.js');
const { onLinux, onUnix } = require('../support/conditions.js');
const { folder } = require('../support/folder.js');
const { collect } = require('../support/processes.js');
const {
  command,
  connect,
  openOther,
  pty,
  shell,
  startRaw,
  startServed,
} = require('../support/served.js');
const { until } = require('../support/waiting.js');
const { string } = require('../support/wire.js');
const ssh2 = require('../support/ssh2_client.js');

const withSsh = testOnUnix('ssh');
const SH = '/bin/sh';

/** A server whose commands are run by a shell. */
const startShell = (options = {}, more = {}) => {
  const handler = shell({ file: SH, ...options });
  return startServed({ exec: handler, shell: handler, ...more });
};

/** Whether a process is there that can still do something. */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A zombie whose parent has not asked for it yet is none.
  const status = `/proc/${pid}/stat`;
  return !fs.existsSync(status) || !/\) Z /.test(fs.readFileSync(status, 'utf8'));
}

const ends = (pid) => until(() => !isAlive(pid));

describe('data', () => {
  withSsh('goes through a program whole, both ways, before its end', async () => {
    const { server } = await startShell();
    const input = Buffer.alloc(20_000_000, 'data of a program, ');
    const result = await ssh(server, 'cat; echo done >&2; exit 3', { input });
    expect(result).toMatchObject({ status: 3, stderr: 'done\n' });
    expect(result.stdout.equals(input)).toBe(true);
  });

  withSsh('is not waited for by a program that ends before it has read all', async () => {
    const { server } = await startShell();
    const input = Buffer.alloc(5_000_000, 'x');
    const results = [
      await ssh(server, 'head -c 3', { input }),
      await ssh(server, 'exec 0<&-; sleep 0.2; echo late', { input }),
    ];
    expect(results.map(({ stdout, status }) => [stdout.toString(), status])).toEqual([
      ['xxx', 0],
      ['late\n', 0],
    ]);
  });

  onUnix('is held back by a client that does not read, and all of it comes later', async () => {
    const it = await startShell();
    const stream = await ssh2.openSession(
      await connect(it),
      'head -c 30000000 /dev/zero; echo end >&2',
    );
    const [session] = it.service.sessions.values();
    await until(() => session.stream.writableNeedDrain);
    expect(session.stream.writableLength).toBeLessThan(1_000_000);
    const { stdout, stderr } = await ssh2.drain(stream);
    expect([stdout.length, stderr.toString()]).toEqual([30_000_000, 'end\n']);
  });
});

describe('the end', () => {
  onUnix('is the exit status, or the signal', async () => {
    const it = await startShell();
    const client = await connect(it);
    expect((await ssh2.exec(client, 'exit 42')).status).toBe(42);
    for (const [name, told] of [
      ['KILL', 'SIGKILL'],
      ['USR1', 'SIGUSR1'],
      // Not one of RFC 4254.
      ['XCPU', 'SIGXCPU@sshserver'],
    ]) {
      const stream = await ssh2.openSession(client, `read x; kill -${name} $$`);
      const exit = once(stream.resume(), 'exit');
      stream.end('go\n');
      expect((await exit).slice(0, 2)).toEqual([null, told]);
    }
  });

  withSsh('of the client that leaves is that of the process group', async () => {
    const { server } = await startShell();
    const client = startSsh(server, 'sleep 1000 & echo $! $$; wait');
    const output = collect(client.stdout);
    await until(() => output().includes('\n'), client);
    const pids = output().toString().trim().split(' ').map(Number);
    expect(pids.map(isAlive)).toEqual([true, true]);
    client.kill('SIGKILL');
    await Promise.all(pids.map(ends));
  });

  withSsh('of a program that does not hear SIGHUP comes after the grace', async () => {
    const { server } = await startShell({ grace: 0.2 });
    const client = startSsh(server, 'trap "" HUP TERM; echo $$; while :; do sleep 1; done');
    const output = collect(client.stdout);
    await until(() => output().includes('\n'), client);
    const pid = Number(output());
    expect(isAlive(pid)).toBe(true);
    client.kill('SIGKILL');
    await ends(pid);
  });

  onUnix('can be asked for with SIGTERM', async () => {
    const it = await startShell({ kill: 'term', grace: 1000 });
    const client = await connect(it);
    const stream = await ssh2.openSession(client, 'trap "" HUP; echo $$; exec sleep 1000');
    const [line] = await once(stream, 'data');
    expect(isAlive(Number(line))).toBe(true);
    client.destroy();
    await ends(Number(line));
  });

  onUnix('comes when nothing has gone either way for the idle time', async () => {
    const it = await startShell({ idle: 2 });
    const client = await connect(it);
    const stream = await ssh2.openSession(client, 'echo here; exec sleep 1000');
    const exit = once(stream.resume(), 'exit');
    expect((await exit).slice(0, 2)).toEqual([null, 'SIGHUP']);
    // What is at work is not idle.
    const busy = await ssh2.exec(client, 'for i in 1 2 3 4 5 6; do echo $i; sleep 0.4; done');
    expect(busy.status).toBe(0);
  });

  onUnix('leaves nothing behind, whenever the client leaves', async () => {
    const it = await startShell({ grace: 0.1 });
    const file = `${folder}/pids`;
    for (let round = 0; round < 10; round++) {
      const client = await connect(it);
      client.exec(`echo $$ >> ${file}; exec sleep 1000`, () => {});
      await sleep(round * 5);
      client.destroy();
    }
    await it.recorder.count('Disconnected', 10);
    await until(() => it.service.sessions.size === 0);
    const pids = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim().split('\n') : [];
    await Promise.all(pids.map((pid) => ends(Number(pid))));
    expect(pids.filter((pid) => isAlive(Number(pid)))).toEqual([]);
  });
});

describe('signals of the client', () => {
  onUnix('go to the process group, those of RFC 4254 alone', async () => {
    const it = await startShell();
    const { ask, raw } = await startRaw(it);
    await ask(
      'exec',
      string('trap "echo got; exit 5" USR1; echo ready; while :; do sleep 0.05; done'),
    );
    await raw.expect(94);
    expect(await ask('signal', string('STOP'))).toBe(true);
    expect(await ask('signal', string('NONSENSE'))).toBe(true);
    expect(await ask('signal', string('USR1'))).toBe(true);
    const got = await raw.expect(94);
    expect(got.subarray(9).toString()).toBe('got\n');
    const status = await raw.expect(98);
    expect(status.readUInt32BE(status.length - 4)).toBe(5);
  });
});

describe('a shell', () => {
  onUnix('reads its commands from the client, as a login shell', async () => {
    const it = await startShell();
    const stream = await openOther(await connect(it), 'shell', false);
    const result = ssh2.drain(stream);
    stream.end('echo $0; exit 4\n');
    expect(await result).toMatchObject({ stdout: Buffer.from('-sh\n'), status: 4 });
  });

  onUnix('is no login shell where that is not wanted, nor for a command', async () => {
    const it = await startShell({ login: false, args: ['-u'] });
    const client = await connect(it);
    const stream = await openOther(client, 'shell', false);
    const result = ssh2.drain(stream);
    stream.end('echo $0 $-; exit 4\n');
    expect((await result).stdout.toString()).toMatch(/^sh \w*u/);
    expect((await ssh2.exec(client, 'echo $0')).stdout.toString()).toBe('sh\n');
  });

  onUnix('has no terminal: it is refused, and given only if the program insists', async () => {
    const { ask } = await startRaw(await startShell());
    expect(await ask('pty-req', ...pty())).toBe(false);
    expect(await ask('shell')).toBe(true);
    const it = await startShell({}, { pty: true });
    const stream = await openOther(await connect(it), 'shell', {});
    const result = ssh2.drain(stream);
    stream.write('exit 7\r');
    expect(await result).toMatchObject({ status: 7, stdout: Buffer.from('exit 7\r\n') });
  });

  onUnix('has the variables of its session, and none of the server’s', async () => {
    process.env.SECRET_OF_THE_SERVER = 'x';
    const it = await startServed({
      exec: shell({ file: SH, env: { FROM_OPTIONS: 'yes', LANG: 'C' } }),
    });
    delete process.env.SECRET_OF_THE_SERVER;
    const client = await connect(it, { username: 'somebody' });
    const stream = await new Promise((resolve, reject) => {
      const options = { env: { LC_ALL: 'C.UTF-8', LANG: 'xx' } };
      client.exec('env', options, (error, opened) => (error ? reject(error) : resolve(opened)));
    });
    const { stdout } = await ssh2.drain(stream);
    const found = Object.fromEntries(
      stdout
        .toString()
        .trim()
        .split('\n')
        .map((line) => line.split(/=(.*)/s).slice(0, 2)),
    );
    expect(found).toMatchObject({
      USER: 'somebody',
      LOGNAME: 'somebody',
      HOME: os.homedir(),
      SHELL: SH,
      PATH: process.env.PATH,
      LC_ALL: 'C.UTF-8',
      LANG: 'C',
      FROM_OPTIONS: 'yes',
      SSH_CONNECTION: expect.stringMatching(
        new RegExp(`^127.0.0.1 \\d+ 127.0.0.1 ${it.server.localPort}$`),
      ),
      SSH_CLIENT: expect.stringMatching(new RegExp(`^127.0.0.1 \\d+ ${it.server.localPort}$`)),
    });
    expect(found).not.toHaveProperty('SECRET_OF_THE_SERVER');
    expect(found).not.toHaveProperty('SSH_ORIGINAL_COMMAND');
  });

  onUnix('can have options for each session', async () => {
    const it = await startServed({
      exec: shell(async ({ user }) => ({ file: SH, cwd: user === 'root' ? '/' : folder })),
    });
    const pwd = async (username) =>
      (await ssh2.exec(await connect(it, { username }), 'pwd; echo $HOME')).stdout.toString();
    expect(await pwd('root')).toBe('/\n/\n');
    expect(await pwd('guest')).toBe(`${fs.realpathSync(folder)}\n${folder}\n`);
  });

  const asRoot =
    process.getuid?.() === 0 ? onLinux : (name, body) => onLinux(`${name} (as root)`, body);
  asRoot('runs as another user', async () => {
    const isRoot = process.getuid() === 0;
    const [uid, gid] = isRoot ? [65534, 65534] : [process.getuid(), process.getgid()];
    const it = await startShell({ uid, gid, cwd: '/' });
    const { stdout } = await ssh2.exec(await connect(it), 'id -u; id -g; id -G');
    expect(stdout.toString().startsWith(`${uid}\n${gid}\n`)).toBe(true);
    expect(stdout.toString().endsWith(isRoot ? `\n${gid}\n` : '\n')).toBe(true);
  });

  onUnix('that cannot be started is told to the client, and by Error', async () => {
    const it = await startServed({
      exec: shell({ file: '/nonexistent/sh' }),
      shell: shell({ file: __filename }),
    });
    const client = await connect(it);
    const missing = await ssh2.exec(client, 'x');
    expect([missing.status, missing.stderr.toString()]).toEqual([
      127,
      'The program could not be started.\n',
    ]);
    expect((await it.recorder.first('Error')).cause).toMatchObject({ code: 'ENOENT' });
    const denied = await ssh2.drain(await openOther(client, 'shell', false));
    expect(denied.status).toBe(126);
  });

  onLinux('is not given a command that the system does not take', async () => {
    const it = await startShell();
    const client = await connect(it);
    const result = await ssh2.exec(client, `: ${'x'.repeat(200_000)}`);
    expect([result.status, result.stderr.toString()]).toEqual([126, 'The command is too long.\n']);
    expect(it.recorder.all('Error')).toEqual([]);
  });
});

describe('command()', () => {
  onUnix('runs one program, whatever the client writes, without a shell', async () => {
    const it = await startServed({
      exec: [
        command(['/bin/echo', '$HOME', '; ls'], { matches: 'fixed' }),
        command(({ command: wanted }) => ['/bin/echo', wanted, '>x'], { matches: /^echo/g }),
        command('/usr/bin/env', { matches: (text, { user }) => text === 'env' && user === 'demo' }),
      ],
    });
    const client = await connect(it);
    const run = async (text) => (await ssh2.exec(client, text)).stdout.toString();
    expect(await run('fixed')).toBe('$HOME ; ls\n');
    expect(await run('echo `id`')).toBe('echo `id` >x\n');
    // A pattern with the flag g matches each time.
    expect(await run('echo again')).toBe('echo again >x\n');
    expect(await run('env')).toMatch(/^USER=demo$/m);
    await expect(ssh2.openSession(client, 'other')).rejects.toThrow();
  });

  onUnix('of a function that gives no program is a failure of the program', async () => {
    const it = await startServed({ exec: command(() => []) });
    expect((await ssh2.exec(await connect(it), 'x')).status).toBe(1);
    expect((await it.recorder.first('Error')).cause).toBeInstanceOf(TypeError);
  });
});

test.each([
  [() => shell(null), 'options'],
  [() => shell({ file: '' }), 'options.file'],
  [() => shell({ file: 5 }), 'options.file'],
  [() => shell({ args: 'x' }), 'options.args'],
  [() => shell({ args: ['a\0b'] }), 'options.args'],
  [() => shell({ cwd: 'a\0' }), 'options.cwd'],
  [() => shell({ env: { A: 5 } }), 'options.env.A'],
  [() => shell({ env: { A: '\0' } }), 'options.env.A'],
  [() => shell({ uid: -1 }), 'options.uid'],
  [() => shell({ gid: 1.5 }), 'options.gid'],
  [() => shell({ uid: 1000 }), 'options.gid'],
  [() => shell({ login: 1 }), 'options.login'],
  [() => shell({ idle: -1 }), 'options.idle'],
  [() => shell({ grace: '5' }), 'options.grace'],
  [() => shell({ kill: 'nicely' }), 'options.kill'],
  [() => shell({ pty: true }), 'options.pty'],
  [() => command(), 'program'],
  [() => command([]), 'program[0]'],
  [() => command('x\0'), 'program'],
  [() => command('x', { login: true }), 'options.login'],
  [() => command('x', { matches: 5 }), 'options.matches'],
  [() => command('x', null), 'options'],
])('%s is refused', (make, name) => {
  expect(make).toThrow(`"${name}"`);
});
