'use strict';

// sftp({ fs }): objects that are file systems, served to real clients, and objects that break the rules.

const fs = require('node:fs');
const path = require('node:path');
const { memfs } = require('memfs');
const { sftpClient, testOnUnix } = require('../support/clients.js');
const { onLinux } = require('../support/conditions.js');
const { folder } = require('../support/folder.js');
const { hostKeyText } = require('../support/keys.js');
const { collect, start } = require('../support/processes.js');
const { connect, openSftp, startServed } = require('../support/served.js');
const { sftp } = require('../../lib/sftp/index.js');
const { until } = require('../support/waiting.js');

const withSftp = testOnUnix('ssh');
let count = 0;

const serve = (options) => startServed({ sftp: sftp(options) });

/** The sftp client of ssh2, with its calls as promises. */
async function open(it) {
  const ssh2 = await connect(it);
  return { ssh2, ...(await openSftp(ssh2)) };
}

/** Objects as programs have them: `{ fs, root }`. */
const OBJECTS = {
  'node:fs/promises': () => {
    const root = path.join(folder, `object-${count++}`);
    fs.mkdirSync(root);
    return { fs: fs.promises, root };
  },
  memfs: () => ({ fs: memfs().fs.promises }),
};

/** An object of memfs with methods of its own. */
function altered(change) {
  const made = memfs().fs.promises;
  return { ...Object.fromEntries(Object.entries(made)), ...change(made) };
}

/** Has OpenSSH's client do with a server what people do with files. */
async function useFiles(server) {
  const content = Buffer.alloc(3_000_000, 'data of a file, ');
  const local = path.join(folder, `local-${count++}`);
  fs.writeFileSync(local, content, { mode: 0o640 });
  const { stdout, stderr, status } = await sftpClient(server, [
    'mkdir d',
    `put -p ${local} d/f`,
    'rename d/f d/g',
    'ln -s g d/soft',
    'cp d/g d/copy',
    'rm d/g',
    'rename d/copy d/g',
    'chmod 600 d/g',
    'ls -1 d',
    'ls -l d',
    `get d/soft ${local}-got`,
    'rm d/soft',
    'rm d/g',
    'rmdir d',
    'ls -1',
  ]);
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  expect(stdout.toString()).toContain('d/g\nd/soft\n');
  expect(stdout.toString()).toMatch(/^-rw------- .* 3000000 .* g$/m);
  expect(fs.readFileSync(`${local}-got`).equals(content)).toBe(true);
}

describe.each(Object.entries(OBJECTS))('%s', (_, make) => {
  withSftp('takes and gives files, whole', async () => {
    const it = await serve(make());
    await useFiles(it.server);
    expect(it.recorder.all('Error')).toEqual([]);
  });

  onLinux('says why something cannot be done', async () => {
    const { call } = await open(await serve(make()));
    await call('mkdir', '/d');
    await call('writeFile', '/d/f', 'text');
    await call('writeFile', '/g', 'other');
    await expect(call('stat', '/none')).rejects.toMatchObject({ code: 2 });
    await expect(call('rmdir', '/d')).rejects.toMatchObject({ code: 4 });
    await expect(call('rename', '/g', '/d/f')).rejects.toMatchObject({ code: 4 });
    await expect(call('open', '/d', 'r')).rejects.toMatchObject({ code: 4 });
    await call('ext_openssh_rename', '/g', '/d/f');
    expect(String(await call('readFile', '/d/f'))).toBe('other');
    expect(await call('realpath', 'd/../d/./f')).toBe('/d/f');
  });
});

describe('@zenfs/core', () => {
  withSftp('takes and gives files, whole', async () => {
    const file = path.join(__dirname, '../support/zenfs_server.mjs');
    const { NAPI_RS_NATIVE_LIBRARY_PATH } = process.env;
    const env = { HOST_KEY: hostKeyText(), NAPI_RS_NATIVE_LIBRARY_PATH };
    const program = start(process.execPath, [file], { env });
    const [output, errors] = [collect(program.stdout), collect(program.stderr)];
    program.text = errors;
    await until(() => /port \d+\./.test(output()), program);
    const port = Number(/port (\d+)/.exec(output())[1]);
    await useFiles({ getLocalPort: () => port });
  });
});

describe('an object', () => {
  onLinux('has a root that paths do not leave, and what is allowed', async () => {
    const { fs: made, vol } = memfs({ '/srv/f': 'inside', '/secret': 'outside' });
    const it = await serve({ fs: made.promises, root: '/srv', cwd: '/', readOnly: true });
    const { call } = await open(it);
    expect(String(await call('readFile', '../../f'))).toBe('inside');
    await expect(call('readFile', '/../secret')).rejects.toMatchObject({ code: 2 });
    await expect(call('unlink', '/f')).rejects.toMatchObject({ code: 3 });
    await expect(call('writeFile', '/g', 'x')).rejects.toMatchObject({ code: 3 });
    expect(vol.toJSON()).toEqual({ '/srv/f': 'inside', '/secret': 'outside' });
  });

  onLinux('may lack methods', async () => {
    const { fs: made } = memfs({ '/f': 'text' });
    const { open: opens, stat, readdir } = made.promises;
    const { call, calls } = await open(await serve({ fs: { open: opens, stat, readdir } }));
    expect(String(await call('readFile', '/f'))).toBe('text');
    expect((await call('readdir', '/')).map(({ filename }) => filename)).toContain('f');
    await expect(call('unlink', '/f')).rejects.toMatchObject({ code: 8 });
    expect(() => calls.ext_openssh_statvfs('/', () => {})).toThrow('does not support');
    expect(() => calls.ext_openssh_hardlink('/f', '/g', () => {})).toThrow('does not support');
  });

  onLinux('that fails without a code, or lies, is a failure of that request alone', async () => {
    const object = altered((made) => ({
      stat: (name) => (name === '/bad' ? Promise.reject(undefined) : made.stat(name)),
      async open(...args) {
        const file = await made.open(...args);
        file.read = async () => ({ bytesRead: 1e9 });
        return file;
      },
    }));
    const { call } = await open(await serve({ fs: object }));
    await expect(call('stat', '/bad')).rejects.toMatchObject({ code: 4 });
    const handle = await call('open', '/f', 'w+');
    await expect(call('read', handle, Buffer.alloc(9), 0, 9, 0)).rejects.toMatchObject({ code: 4 });
    expect((await call('stat', '/f')).size).toBe(0);
  });

  onLinux(
    'that says it has read what it has not has zeros to show, and nothing of the process',
    async () => {
      const object = altered((made) => ({
        async open(...args) {
          const file = await made.open(...args);
          file.read = async (room) => ({ bytesRead: room.length });
          return file;
        },
      }));
      // So that memory which is not cleared has something in it.
      for (let i = 0; i < 200; i++) Buffer.allocUnsafeSlow(32_000).fill('secret');
      const { call } = await open(await serve({ fs: object }));
      const handle = await call('open', '/f', 'w+');
      for (let i = 0; i < 20; i++) {
        const into = Buffer.alloc(32_000, 1);
        expect(await call('read', handle, into, 0, into.length, 0)).toBe(into.length);
        expect(into.every((byte) => byte === 0)).toBe(true);
      }
    },
  );

  onLinux('opens no more than is allowed, and closes all when the client leaves', async () => {
    let opened = 0;
    const object = altered((made) => ({
      async open(...args) {
        const file = await made.open(...args);
        opened += 1;
        const close = file.close.bind(file);
        file.close = async () => {
          opened -= 1;
          return close();
        };
        return file;
      },
    }));
    const { call, ssh2 } = await open(await serve({ fs: object, limits: { openHandles: 2 } }));
    await call('open', '/a', 'w');
    await call('open', '/b', 'w');
    await expect(call('open', '/c', 'w')).rejects.toMatchObject({ code: 4 });
    expect(opened).toBe(2);
    ssh2.end();
    await until(() => opened === 0);
  });

  onLinux('that never answers ends with the channel, and holds up no other session', async () => {
    const asked = [];
    const object = altered((made) => ({
      stat: (name) => (name === '/hangs' ? new Promise(() => asked.push(name)) : made.stat(name)),
    }));
    const it = await serve({ fs: object });
    const hung = await open(it);
    const never = hung.call('stat', '/hangs').catch(() => 'ended');
    await until(() => asked.length === 1);
    const other = await open(it);
    await other.call('writeFile', '/f', 'text');
    expect((await other.call('stat', '/f')).size).toBe(4);
    hung.ssh2.end();
    expect(await never).toBe('ended');
    await until(() => it.recorder.all('SSHChannelClosed').length === 1);
  });

  onLinux('gets the WRITEs of a file in their order', async () => {
    const order = [];
    const object = altered((made) => ({
      async open(...args) {
        const file = await made.open(...args);
        const write = file.write.bind(file);
        file.write = async (data, offset, length, position) => {
          // The first takes longest.
          for (let turn = 0; turn < 5 - position; turn++) await new Promise(setImmediate);
          order.push(position);
          return write(data, offset, length, position);
        };
        return file;
      },
    }));
    const { call } = await open(await serve({ fs: object }));
    const handle = await call('open', '/f', 'w');
    const bytes = Buffer.from('abcde');
    await Promise.all([0, 1, 2, 3, 4].map((at) => call('write', handle, bytes, at, 1, at)));
    expect(order).toEqual([0, 1, 2, 3, 4]);
    await call('close', handle);
    expect(String(await call('readFile', '/f'))).toBe('abcde');
  });

  test('is checked when it is given', () => {
    const { open: opens, stat } = fs.promises;
    expect(() => sftp({ fs: { open: opens, stat } })).toThrow('options.fs.readdir');
    expect(() => sftp({ fs: fs.promises, symlinks: 'inside' })).toThrow('options.symlinks');
    expect(() => sftp({ fs: fs.promises, root: 'relative' })).toThrow('options.root');
  });
});
