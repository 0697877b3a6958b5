'use strict';

// sftp(): directories served to real clients, and to clients that break the rules.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { once } = require('node:events');
const { sftpClient, testOnUnix } = require('../support/clients.js');
const { onLinux } = require('../support/conditions.js');
const { folder } = require('../support/folder.js');
const { connect, openOther, openSftp, startRaw, startServed } = require('../support/served.js');
const { sftp } = require('../../lib/sftp/index.js');
const { until } = require('../support/waiting.js');
const { byte, string, uint32 } = require('../support/wire.js');

const withSftp = testOnUnix('ssh');
let count = 0;

/** A directory of the test's own, with files in it. */
function directory(files = {}) {
  const root = path.join(folder, `root-${count++}`);
  fs.mkdirSync(root);
  for (const [name, content] of Object.entries(files)) {
    fs.mkdirSync(path.join(root, path.dirname(name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), content);
  }
  return root;
}

const serve = (options, configure) => startServed({ sftp: sftp(options) }, configure);

const client = ({ server }, commands) => sftpClient(server, commands);

/** The sftp client of ssh2, and its calls as promises. */
async function openSsh2(it) {
  const ssh2 = await connect(it);
  return { ssh2, ...(await openSftp(ssh2)) };
}

describe('the sftp of OpenSSH', () => {
  withSftp('moves files both ways, whole', async () => {
    const content = Buffer.alloc(20_000_000, 'data of a file, ');
    const root = directory({ 'there/big': content });
    const it = await serve({ root });
    const local = path.join(folder, `local-${count++}`);
    fs.writeFileSync(local, content.subarray(1));
    const got = `${local}-got`;
    const result = await client(it, [
      `get there/big ${got}`,
      `put ${local} there/new`,
      'ls -l there',
    ]);
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(fs.readFileSync(got).equals(content)).toBe(true);
    expect(fs.readFileSync(path.join(root, 'there/new')).equals(content.subarray(1))).toBe(true);
    const { username } = os.userInfo();
    expect(result.stdout.toString()).toMatch(
      new RegExp(`^-rw.* ${username} .* 19999999 .*new$`, 'm'),
    );
    expect(it.recorder.all('Error')).toEqual([]);
  });

  withSftp('has every command that it knows', async () => {
    const root = directory({ 'a/f': 'text' });
    const it = await serve({ root });
    const { stdout, stderr, status } = await client(it, [
      'pwd',
      'mkdir d',
      'rename a/f d/f',
      'chmod 640 d/f',
      'ln -s copy d/soft',
      'ln d/f d/hard',
      'cp d/f d/copy',
      'ls -1 d',
      'df -h',
      'rm d/hard',
      'rename d/f d/copy',
      'rmdir a',
      'cd d',
      'pwd',
      'get soft /dev/null',
    ]);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    const said = stdout.toString();
    expect(said).toContain('Remote working directory: /\n');
    expect(said).toContain('Remote working directory: /d\n');
    expect(said).toContain('d/copy\nd/f\nd/hard\nd/soft\n');
    expect(said).toMatch(/Size +Used +Avail/);
    expect(fs.readdirSync(path.join(root, 'd')).sort()).toEqual(['copy', 'soft']);
    expect(fs.readlinkSync(path.join(root, 'd/soft'))).toBe('copy');
  });

  withSftp('keeps times and permissions, and goes on with what was broken off', async () => {
    const root = directory({ half: 'the first ' });
    const it = await serve({ root });
    const local = path.join(folder, `local-${count++}`);
    fs.writeFileSync(local, 'the first and the second half', { mode: 0o640 });
    fs.utimesSync(local, 1_000_000_000, 1_000_000_000);
    const { status } = await client(it, [`reput ${local} half`, `put -p ${local} whole`]);
    expect(status).toBe(0);
    expect(fs.readFileSync(path.join(root, 'half'), 'utf8')).toBe('the first and the second half');
    const { mode, mtimeMs } = fs.statSync(path.join(root, 'whole'));
    expect([mode & 0o777, mtimeMs]).toEqual([0o640, 1_000_000_000_000]);
  });
});

describe('what is served', () => {
  onLinux('is what the function says of each session', async () => {
    const root = directory({ 'demo/f': 'of demo', 'other/f': 'of another' });
    const it = await serve(async ({ user }) => ({ root: path.join(root, user), readOnly: true }));
    const { call } = await openSsh2(it);
    expect(String(await call('readFile', '/f'))).toBe('of demo');
    await expect(call('readFile', '/../other/f')).rejects.toMatchObject({ code: 2 });
    await expect(call('writeFile', '/g', 'x')).rejects.toMatchObject({ code: 3 });
    expect(fs.readdirSync(path.join(root, 'demo'))).toEqual(['f']);
  });

  onLinux('allows what the program allows', async () => {
    const root = directory({ f: 'text' });
    const it = await serve({ root, allow: { remove: false, rename: false }, umask: 0o077 });
    const { call } = await openSsh2(it);
    await expect(call('unlink', 'f')).rejects.toMatchObject({ code: 3 });
    await expect(call('rename', 'f', 'g')).rejects.toMatchObject({ code: 3 });
    await call('writeFile', 'new', 'x', { mode: 0o644 });
    expect(fs.statSync(path.join(root, 'new')).mode & 0o777).toBe(0o600);
  });

  onLinux('begins in the working directory, has numbers for names, and refuses links', async () => {
    const root = directory({ 'home/f': 'text' });
    fs.symlinkSync('f', path.join(root, 'home/link'));
    const limits = { openHandles: 1, readLength: 2, writeLength: 1000 };
    const options = { root, cwd: '/home', names: false, symlinks: 'refuse', limits };
    const it = await serve(options);
    const { call } = await openSsh2(it);
    expect(await call('realpath', '.')).toBe('/home');
    const [line] = (await call('readdir', '.')).map(({ longname }) => longname);
    expect(line).toMatch(new RegExp(` ${process.getuid()} `));
    await expect(call('readFile', 'link')).rejects.toMatchObject({ code: 2 });
    const handle = await call('open', 'f', 'r');
    await expect(call('open', 'f', 'r')).rejects.toMatchObject({ code: 4 });
    expect(await call('read', handle, Buffer.alloc(4), 0, 2, 1)).toBe(2);
  });

  onLinux('crosses no event, and its channel closes with status 0', async () => {
    const root = directory({ f: 'text' });
    const it = await serve({ root });
    const seen = [];
    it.server.on('SSHChannelDataIn', () => seen.push('data'));
    it.server.on('SSHChannelEOF', () => seen.push('eof'));
    const ended = once(it.service, 'end');
    const ssh2 = await connect(it);
    const stream = await openOther(ssh2, 'subsys', 'sftp');
    const [session] = it.service.sessions.values();
    expect(() => session.stream).toThrow('served natively');
    stream.write(Buffer.concat([uint32(5), byte(1), uint32(3)]));
    const [version] = await once(stream, 'data');
    expect([version[4], version.readUInt32BE(5)]).toEqual([2, 3]);
    const exit = once(stream, 'exit');
    stream.end();
    expect(await exit).toEqual([0]);
    expect((await ended)[0]).toBe(session);
    expect(seen).toEqual([]);
  });
});

describe('what is wrong', () => {
  test.each([
    [undefined, '"options"'],
    [{}, '"options.root"'],
    [{ root: '' }, 'options.root'],
    [{ root: '/', cwd: 'relative' }, 'options.cwd'],
    [{ root: '/', readOnly: 1 }, 'options.readOnly'],
    [{ root: '/', allow: { fly: true } }, 'options.allow.fly'],
    [{ root: '/', allow: { read: 'yes' } }, 'options.allow.read'],
    [{ root: '/', umask: 0o1000 }, 'options.umask'],
    [{ root: '/', symlinks: 'follow' }, 'options.symlinks'],
    [{ root: '/', limits: { openHandles: 101 } }, 'options.limits.openHandles'],
    [{ root: '/', limits: { speed: 1 } }, 'options.limits.speed'],
    [{ root: '/', rot: 1 }, 'options.rot'],
  ])('in the options %j is told with the name of the option', (options, name) => {
    expect(() => sftp(options)).toThrow(name);
  });

  onLinux('with the directory refuses the session, and Error tells it', async () => {
    const root = directory();
    const it = await serve(({ user }) => ({ root: path.join(root, `no-${user}`) }));
    const ssh2 = await connect(it);
    await expect(openOther(ssh2, 'subsys', 'sftp')).rejects.toThrow();
    const { description } = await it.recorder.first('Error');
    expect(description).toContain('No such file or directory');
    expect(it.service.sessions.size).toBe(0);
    // The connection goes on, and so does the channel's request for something else.
    fs.mkdirSync(path.join(root, 'no-demo'));
    const stream = await openOther(ssh2, 'subsys', 'sftp');
    stream.end();
  });

  onLinux('of the packets ends the session with status 1, and nothing else', async () => {
    const it = await serve({ root: directory({ f: 'text' }) });
    const ssh2 = await connect(it);
    const other = await openSsh2(it);
    const init = Buffer.concat([uint32(5), byte(1), uint32(3)]);
    for (const bytes of [
      Buffer.alloc(4),
      Buffer.from([0xff, 0xff, 0xff, 0xff]),
      Buffer.concat([uint32(5), byte(17), uint32(3)]),
      Buffer.concat([init, uint32(2), byte(4), byte(0)]),
    ]) {
      const stream = await openOther(ssh2, 'subsys', 'sftp');
      const exit = once(stream, 'exit');
      stream.resume();
      stream.write(bytes);
      expect(await exit).toEqual([1]);
    }
    expect(String(await other.call('readFile', 'f'))).toBe('text');
  });

  onLinux('is a client that reads nothing: it waits, and the rest goes on', async () => {
    const length = 255 * 1024;
    const root = directory({ big: Buffer.alloc(length, 'x'), f: 'text' });
    const it = await serve({ root });
    const { raw, channel, ask } = await startRaw(it);
    expect(await ask('subsystem', string('sftp'))).toBe(true);
    const data = (bytes) => Buffer.concat([byte(94), uint32(channel), string(bytes)]);
    const packet = (...parts) => string(Buffer.concat(parts));
    const open = [byte(3), uint32(1), string('big'), uint32(1), uint32(0)];
    await raw.send(data(packet(byte(1), uint32(3))), data(packet(...open)));
    raw.stopReading();
    const before = process.memoryUsage().rss;
    // The first handle is 0, so that the requests need not wait for the reply: 320 MiB of replies.
    const read = [byte(5), uint32(2), string(Buffer.alloc(8)), Buffer.alloc(8), uint32(length)];
    for (let n = 0; n < 20; n++) {
      const reads = Array.from({ length: 64 }, () => packet(...read));
      await raw.send(data(Buffer.concat(reads)));
    }
    const { call } = await openSsh2(it);
    expect(String(await call('readFile', 'f'))).toBe('text');
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
    raw.socket.destroy();
    await until(() => it.recorder.all('Disconnected').length === 1);
  });
});
