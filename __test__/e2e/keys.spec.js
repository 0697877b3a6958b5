'use strict';

// authorizedKeys(): who gets in, and that everybody is kept to what the key allows.

const { spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { checkModes } = require('../../lib/keys/files.js');
const { findUser, isSafeName } = require('../../lib/keys/users.js');
const { sshserver } = require('../../index.js');
const { answering, ssh, startSsh, testOnUnix } = require('../support/clients.js');
const { onUnix, testUnless } = require('../support/conditions.js');
const { folder, writeFile } = require('../support/folder.js');
const { certify, skProvider, userKey } = require('../support/keys.js');
const { RawSession } = require('../support/raw_session.js');
const { createServer, Recorder } = require('../support/server.js');
const { authorizedKeys, serveSessions } = require('../support/served.js');
const ssh2 = require('../support/ssh2_client.js');
const { uint32 } = require('../support/wire.js');
const { turn, until } = require('../support/waiting.js');

const withSsh = testOnUnix('ssh');
const KEY = () => userKey();

/** A listening server that lets in who has a key of this text; `refusals` is why others were not. */
async function startWithKeys(text, { options = {}, handlers, configure = () => {} } = {}) {
  const server = createServer();
  server.setDefaultAuthMethods('publickey');
  const refusals = [];
  const onRefused = ({ reason }) => refusals.push(reason);
  const source = typeof text === 'string' ? { text } : text;
  const keys = authorizedKeys(source, { onRefused, ...options });
  await configure(server, keys);
  if (server.listenerCount('SSHUserAuthRequest') === 0) server.on('SSHUserAuthRequest', keys);
  const sessions = [];
  const tell = (session) => {
    sessions.push(session);
    const { kind, command, originalCommand, env } = session;
    session.stream.write(JSON.stringify({ kind, command, originalCommand, env }));
    return 0;
  };
  if (handlers !== null) {
    serveSessions(server, handlers ?? { shell: tell, exec: tell, sftp: tell, pty: true });
  }
  const recorder = new Recorder(server, ['Error', 'Disconnected']);
  await server.startListening();
  return { server, refusals, sessions, recorder };
}

/** What a client of ssh2 with a key can do, or `refused`. */
async function logIn({ server }, options = {}) {
  const client = ssh2.start(server, { privateKey: KEY().text, ...options });
  const isIn = await client.ready.then(() => true).catch(() => false);
  return isIn ? client : 'refused';
}

const outputOf = async (stream) => (await ssh2.drain(stream)).stdout.toString();

describe('who gets in', () => {
  test('by a key that is in the text, and nobody else', async () => {
    const it = await startWithKeys(`# keys\n${KEY().line}\n`);
    expect(await logIn(it)).not.toBe('refused');
    expect(await logIn(it, { privateKey: userKey('ecdsa-256').text })).toBe('refused');
    expect(await logIn(it, { privateKey: undefined, password: 'x' })).toBe('refused');
  });

  test('by the keys that a function gives for the user', async () => {
    const asked = [];
    const it = await startWithKeys((user) => {
      asked.push(user);
      return user === 'nobody' ? null : [{ text: 'nonsense' }, { text: Buffer.from(KEY().line) }];
    });
    expect(await logIn(it)).not.toBe('refused');
    expect(await logIn(it, { username: 'nobody' })).toBe('refused');
    expect(new Set(asked)).toEqual(new Set(['demo', 'nobody']));
    expect(it.refusals).toContain('it has no key of a type that is known');
  });

  test('by the first entry that lets the client in, and the session has that entry', async () => {
    const it = await startWithKeys(
      `from="10.0.0.1" ${KEY().line}\nexpiry-time="20200101" ${KEY().line}\nno-pty ${KEY().line}`,
    );
    const client = await logIn(it);
    await outputOf(await ssh2.openSession(client, 'x'));
    expect(it.sessions[0].key).toMatchObject({ line: 3, type: 'ssh-ed25519', comment: 'test' });
    expect(it.refusals).toEqual(
      expect.arrayContaining([
        'from= does not have the address of the client',
        'expiry-time= is over',
      ]),
    );
  });

  test('not by a name that leads to another file, whatever the source is', async () => {
    const asked = [];
    const it = await startWithKeys((user) => {
      asked.push(user);
      return { text: KEY().line };
    });
    for (const username of ['../demo', '..', '.', 'a/b', 'a\\b', '-f', 'a:b'])
      expect(await logIn(it, { username })).toBe('refused');
    expect(asked).toEqual([]);
    expect(isSafeName('a\0b') || isSafeName('') || isSafeName('x'.repeat(300))).toBe(false);
    expect(isSafeName('a.b-c_d@e+f')).toBe(true);
  });

  onUnix('by the files of paths with %u, %h and %%, of which some may be missing', async () => {
    fs.mkdirSync(path.join(folder, '%keys'), { mode: 0o700 });
    fs.writeFileSync(path.join(folder, '%keys', 'demo'), KEY().line);
    const sources = [path.join(folder, '%%keys', 'missing-%u'), path.join(folder, '%%keys', '%u')];
    const it = await startWithKeys(sources, { options: { strictModes: false } });
    expect(await logIn(it)).not.toBe('refused');
    expect(await logIn(it, { username: 'another' })).toBe('refused');
    const home = await startWithKeys(['%h/x', 'relative', '/%x'], {
      options: { strictModes: false },
    });
    expect(await logIn(home)).toBe('refused');
    expect(home.refusals).toEqual(
      expect.arrayContaining([
        '%h/x: the system has no such user',
        'relative: the system has no such user',
        '/%x: %x has no meaning',
      ]),
    );
  });

  test('is told of everything that was not used, with file and line', async () => {
    const told = [];
    const it = await startWithKeys('\nunknown x\n', {
      options: { onRefused: (refusal) => told.push(refusal) },
    });
    expect(await logIn(it)).toBe('refused');
    expect(told[0]).toEqual({
      connectionId: expect.stringMatching(/^\d+$/),
      user: 'demo',
      file: 'text',
      line: 2,
      reason: 'it has no key of a type that is known',
    });
  });

  test('another listener may let in whom it does not', async () => {
    const it = await startWithKeys('', {
      configure(server, keys) {
        server.setDefaultAuthMethods('publickey,password');
        server.on('SSHUserAuthRequest', (e) => (e.accept = e.authMethod === 'password'));
        server.on('SSHUserAuthRequest', keys);
      },
    });
    expect(await logIn(it, { privateKey: undefined, password: 'x' })).not.toBe('refused');
  });
});

describe('files', () => {
  const account = { uid: process.getuid?.() ?? 0, home: folder };
  const check = async (file) => {
    try {
      await checkModes(file, fs.statSync(file), account);
    } catch (error) {
      return error.message.replace(folder, '');
    }
    return 'good';
  };

  onUnix(
    'that others can write, or that are in a folder that others can write, are refused',
    async () => {
      const inside = path.join(folder, 'inside');
      fs.mkdirSync(inside, { mode: 0o755 });
      const file = path.join(inside, 'keys');
      fs.writeFileSync(file, '', { mode: 0o644 });
      expect(await check(file)).toBe('good');
      const bad = ': others could have written it (bad ownership or modes)';
      for (const [name, modes] of [
        [file, [0o664, 0o646, 0o644]],
        [inside, [0o775, 0o757, 0o755]],
      ]) {
        const told = [];
        for (const mode of modes) {
          fs.chmodSync(name, mode);
          told.push(await check(file));
        }
        expect(told).toEqual([
          name.replace(folder, '') + bad,
          name.replace(folder, '') + bad,
          'good',
        ]);
      }
      fs.symlinkSync(file, path.join(folder, 'link'));
      fs.chmodSync(inside, 0o777);
      expect(await check(path.join(folder, 'link'))).toBe(`/inside${bad}`);
      fs.chmodSync(inside, 0o755);
      if (process.getuid() === 0) {
        fs.chownSync(file, 65534, 65534);
        expect(await check(file)).toBe(`/inside/keys${bad}`);
      }
    },
  );

  onUnix('below /tmp are refused by default, as anybody can write there', async () => {
    const file = '/tmp/sshserver-test-keys';
    fs.writeFileSync(file, KEY().line, { mode: 0o600 });
    try {
      const it = await startWithKeys([file]);
      expect(await logIn(it)).toBe('refused');
      expect(it.refusals[0]).toBe('/tmp: others could have written it (bad ownership or modes)');
      expect(
        await logIn(await startWithKeys([file], { options: { strictModes: false } })),
      ).not.toBe('refused');
    } finally {
      fs.rmSync(file);
    }
  });

  onUnix('that are no files let nobody in, and are not waited for', async () => {
    const fifo = path.join(folder, 'fifo');
    expect(spawnSync('mkfifo', [fifo]).status).toBe(0);
    const it = await startWithKeys([fifo, folder, '/dev/zero'], {
      options: { strictModes: false },
    });
    expect(await logIn(it)).toBe('refused');
    expect(it.refusals.slice(0, 3)).toEqual(
      [fifo, folder, '/dev/zero'].map((name) => `${name}: it is no regular file`),
    );
  });

  onUnix('of users: their home and number are those of the system', async () => {
    expect(await findUser('root')).toMatchObject({ uid: 0 });
    expect(await findUser('no-such-user-here')).toBeNull();
    expect(await findUser('../root')).toBeNull();
  });
});

describe('a forced command', () => {
  test('takes the place of shell, command and subsystem', async () => {
    const it = await startWithKeys(`command="backup --all" ${KEY().line}`);
    const client = await logIn(it);
    const streams = [
      await ssh2.openSession(client, 'rm -rf /'),
      await ssh2.call(client, 'shell', false),
      await ssh2.call(client, 'subsys', 'sftp'),
    ];
    const told = [];
    for (const stream of streams) told.push(JSON.parse(await outputOf(stream)));
    expect(told).toEqual(
      ['rm -rf /', null, 'sftp'].map((originalCommand) => ({
        kind: 'exec',
        command: 'backup --all',
        originalCommand,
        env: {},
      })),
    );
  });

  test('internal-sftp is the subsystem', async () => {
    const it = await startWithKeys(`command="internal-sftp -R" ${KEY().line}`);
    const stream = await ssh2.openSession(await logIn(it), 'anything');
    expect(JSON.parse(await outputOf(stream))).toMatchObject({
      kind: 'subsystem',
      command: 'sftp',
    });
  });

  test('is not got round by a listener that accepts the start', async () => {
    const it = await startWithKeys(`command="backup" ${KEY().line}`, {
      configure: (server) =>
        server.on('SSHChannelRequest', async (e) => {
          if (e.requestType === 'exec') e.success = true;
          await turn();
          if (e.requestType === 'subsystem') e.success = false;
        }),
    });
    const client = await logIn(it);
    await expect(ssh2.openSession(client, 'x')).rejects.toThrow();
    const stream = await ssh2.call(client, 'subsys', 'sftp');
    expect(JSON.parse(await outputOf(stream))).toMatchObject({ command: 'backup' });
  });

  test('lets nobody in where no router keeps to it', async () => {
    const it = await startWithKeys(`command="backup" ${KEY().line}`, { handlers: null });
    expect(await logIn(it)).toBe('refused');
    expect(it.refusals[0]).toMatch(/without serveSessions/);
  });

  test('stays one when the router is gone', async () => {
    let service;
    const it = await startWithKeys(`command="backup" ${KEY().line}`, {
      handlers: null,
      configure: (server) => {
        service = serveSessions(server, {});
        server.on('SSHChannelOpenRequest', (e) => (e.accept = true));
        server.on('SSHChannelRequest', (e) => (e.success = true));
      },
    });
    const client = await logIn(it);
    await service.close();
    await expect(ssh2.openSession(client, 'x')).rejects.toThrow();
  });
});

describe('what a key does not allow', () => {
  /** SSH_OPEN_ADMINISTRATIVELY_PROHIBITED */
  const PROHIBITED = 1;
  const channel = (client) => ssh2.openSession(client, 'x', { pty: true });

  test('is no terminal, no agent and no X11', async () => {
    const accept = (server) =>
      server.on('SSHChannelRequest', (e) => {
        if (/^(pty|x11|auth-agent)/.test(e.requestType)) e.success = true;
      });
    const forbidding = 'no-pty,no-agent-forwarding,no-X11-forwarding';
    for (const options of ['restrict', forbidding]) {
      const it = await startWithKeys(`${options} ${KEY().line}`, { configure: accept });
      const client = await logIn(it);
      await expect(channel(client)).rejects.toThrow();
      await expect(ssh2.openSession(client, 'x', { x11: { cookie: 'ab' } })).rejects.toThrow();
      expect(JSON.parse(await outputOf(await ssh2.openSession(client, 'x')))).toMatchObject({
        kind: 'exec',
      });
    }
    const it = await startWithKeys(`restrict,pty,x11-forwarding ${KEY().line}`, {
      configure: accept,
    });
    const client = await logIn(it);
    expect(await channel(client)).toBeDefined();
    expect(await ssh2.openSession(client, 'x', { x11: { cookie: 'ab' } })).toBeDefined();
  });

  test('are variables, unless the program permits them', async () => {
    const line = `environment="MODE=a",environment="LD_PRELOAD=b" ${KEY().line}`;
    const envWith = async (environment) => {
      const it = await startWithKeys(line, {
        options: environment === undefined ? {} : { environment },
      });
      return JSON.parse(await outputOf(await ssh2.openSession(await logIn(it), 'x'))).env;
    };
    expect(await envWith(undefined)).toEqual({});
    expect(await envWith(['MO*'])).toEqual({ MODE: 'a' });
    expect(await envWith(true)).toEqual({ MODE: 'a', LD_PRELOAD: 'b' });
  });

  /** Whether tunnels to these places are opened for a key, by listeners that accept everything, sooner or later. */
  async function tunnels(options, places) {
    const echo = net.createServer((socket) => socket.end('there'));
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const { port } = echo.address();
    const it = await startWithKeys(`${options.replaceAll('PORT', port)} ${KEY().line}`, {
      configure(server) {
        server.on('SSHTunnelRequested', async (e) => {
          await null;
          e.accept = true;
        });
        server.on('SSHChannelOpenRequest', async (e) => {
          await null;
          e.accept = true;
        });
      },
    });
    const client = await logIn(it);
    const opened = [];
    for (const [host, number = port] of places) {
      const result = await ssh2
        .call(client, 'forwardOut', '127.0.0.1', 1, host, number)
        .catch((error) => error);
      result.destroy?.();
      opened.push(result.reason !== PROHIBITED);
    }
    echo.close();
    return opened;
  }

  test('are tunnels to other places than those of permitopen', async () => {
    const places = [['127.0.0.1'], ['localhost'], ['127.0.0.1', 1]];
    expect(await tunnels('', places)).toEqual([true, true, true]);
    expect(await tunnels('permitopen="127.0.0.1:PORT"', places)).toEqual([true, false, false]);
    expect(await tunnels('permitopen="127.0.0.1:*",permitopen="localhost:PORT"', places)).toEqual([
      true,
      true,
      true,
    ]);
    expect(await tunnels('permitopen="*:PORT"', places)).toEqual([true, true, false]);
    expect(await tunnels('permitopen="127.0.0.*:PORT"', places)).toEqual([false, false, false]);
    expect(await tunnels('no-port-forwarding', places)).toEqual([false, false, false]);
    expect(await tunnels('restrict,port-forwarding', places)).toEqual([true, true, true]);
  });

  test('are tunnels to Unix domain sockets and devices', async () => {
    const open = async (options, extra = {}) => {
      const it = await startWithKeys(`${options} ${KEY().line}`, {
        configure: (server) => {
          server.on('SSHTunnelRequested', (e) => (e.accept = true));
          server.on('SSHChannelOpenRequest', (e) => (e.accept = true));
        },
        ...extra,
      });
      const client = await logIn(it, { strictVendor: false });
      return ssh2.call(client, 'openssh_forwardOutStreamLocal', path.join(folder, 'none')).then(
        () => 'opened',
        (error) => (error.reason === PROHIBITED ? 'forbidden' : error.message),
      );
    };
    expect(await open('')).not.toBe('forbidden');
    expect(await open('permitopen="*:*"')).toBe('forbidden');
    expect(await open('restrict')).toBe('forbidden');
  });

  test('is another device than that of tunnel', async () => {
    const open = async (options, unit) => {
      const it = await startWithKeys(`${options} ${KEY().line}`, {
        configure: (server) => server.on('SSHChannelOpenRequest', (e) => (e.accept = true)),
      });
      const client = await logIn(it);
      const data = Buffer.concat([uint32(1), uint32(unit)]);
      // ssh2 opens no such channel, so the listeners are asked as if it had.
      const session = [...it.server.connections.keys()][0];
      const event = {
        connectionId: session,
        service: 'tun@openssh.com',
        parametersB: data,
        accept: true,
      };
      for (const listener of it.server.listeners('SSHChannelOpenRequest'))
        listener.call(it.server, event);
      client.end();
      return event.accept;
    };
    expect(await open('tunnel="5"', 5)).toBe(true);
    expect(await open('tunnel="5"', 0x7fffffff)).toBe(true);
    expect(await open('tunnel="5"', 6)).toBe(false);
    expect(await open('', 6)).toBe(true);
    expect(await open('no-port-forwarding', 6)).toBe(false);
  });

  test('is listening anywhere else than permitlisten says', async () => {
    const listen = async (options, host, port = 0) => {
      const it = await startWithKeys(`${options} ${KEY().line}`, {
        configure: (server) => server.on('SSHTunnelRequested', (e) => (e.accept = true)),
      });
      const client = await logIn(it);
      const bound = await ssh2.call(client, 'forwardIn', host, port).catch(() => 0);
      return bound > 0 || bound === undefined;
    };
    expect(await listen('', '127.0.0.1')).toBe(true);
    expect(await listen('permitlisten="*:*"', '127.0.0.1')).toBe(true);
    expect(await listen('permitlisten="127.0.*:*"', '127.0.0.1')).toBe(true);
    expect(await listen('permitlisten="localhost:*"', '127.0.0.1')).toBe(false);
    expect(await listen('permitlisten="8080"', '127.0.0.1')).toBe(false);
    expect(await listen('no-port-forwarding', '127.0.0.1')).toBe(false);
  });
});

describe('certificates', () => {
  const authority = () => userKey('ed25519', '-authority');
  const CONFIG = 'UserCertCriticalOptions=force-command,source-address';

  /** `ssh` with a certificate made with these arguments: what it got, or its status. */
  async function tryCertificate(it, args) {
    const key = userKey('ed25519', '-certified');
    const { file } = certify(key.line, ['-I', 'id', ...args]);
    const options = [`CertificateFile=${file}`];
    const { status, stdout } = await ssh(it.server, 'what', { key, options });
    return status === 0 ? JSON.parse(stdout) : status;
  }

  const start = (text, options = {}) =>
    startWithKeys(text, { options, configure: (server) => server.config(CONFIG) });

  withSsh('by an authority of all users', async () => {
    const userCAs = { text: authority().line };
    const it = await start('', { userCAs });
    expect(await tryCertificate(it, ['-n', 'demo'])).toMatchObject({ command: 'what' });
    expect(await tryCertificate(it, ['-n', 'other'])).toBe(255);
    expect(await tryCertificate(it, [])).toBe(255);
    const forced = await tryCertificate(it, ['-n', 'demo', '-O', 'force-command=only']);
    expect(forced).toMatchObject({ command: 'only', originalCommand: 'what' });
    expect(await tryCertificate(it, ['-n', 'demo', '-O', 'source-address=10.0.0.0/8'])).toBe(255);
    expect(it.sessions[0].key.options.certAuthority).toBe(false);
    const names = await start('', { userCAs, principals: async (user) => [`role-${user}`] });
    expect(await tryCertificate(names, ['-n', 'role-demo'])).toMatchObject({ command: 'what' });
    expect(await tryCertificate(names, ['-n', 'demo'])).toBe(255);
  });

  withSsh('permit what is in them and in the entry alone', async () => {
    const text = `cert-authority,command="entry",principals="demo" ${authority().line}`;
    const it = await start(text);
    expect(await tryCertificate(it, ['-n', 'demo'])).toMatchObject({ command: 'entry' });
    expect(await tryCertificate(it, ['-n', 'demo', '-O', 'force-command=other'])).toBe(255);
    expect(it.refusals).toContain('the key and its certificate force different commands');
    // The certified key itself is not in the file.
    expect((await ssh(it.server, 'x', { key: userKey('ed25519', '-certified') })).status).toBe(255);
  });

  withSsh('without permit-pty get no terminal', async () => {
    const userCAs = { text: authority().line };
    const key = userKey('ed25519', '-certified');
    for (const [args, expected] of [
      [['-O', 'clear'], null],
      [[], 'xterm'],
    ]) {
      const it = await start('', { userCAs });
      const { file } = certify(key.line, ['-I', 'id', '-n', 'demo', ...args]);
      const options = [`CertificateFile=${file}`];
      await ssh(it.server, 'what', { key, options, flags: ['-tt'], env: { TERM: 'xterm' } });
      expect(it.sessions[0].pty?.term ?? null).toBe(expected);
    }
  });
});

describe('revoked keys', () => {
  const authority = () => userKey('ed25519', '-authority');
  const certified = () => userKey('ed25519', '-certified');

  /** The list that ssh-keygen makes of a specification. */
  function krl(specification, args = []) {
    const file = path.join(folder, `krl-${Math.random()}`);
    const spec = writeFile('krl-specification', specification);
    const { status, stderr } = spawnSync('ssh-keygen', ['-q', '-k', '-f', file, ...args, spec]);
    if (status !== 0) throw new Error(`ssh-keygen: ${stderr}`);
    return file;
  }

  /** Who of a plain key, and certificates with the serial numbers 5 and 900, gets in past these lists. */
  async function whoGetsIn(revoked) {
    const it = await startWithKeys(KEY().line, {
      options: { userCAs: { text: authority().line }, revoked },
    });
    const key = certified();
    const found = [(await ssh(it.server, 'x')).status];
    for (const serial of ['5', '900']) {
      const { file } = certify(key.line, ['-I', `id ${serial}`, '-n', 'demo', '-z', serial]);
      found.push((await ssh(it.server, 'x', { key, options: [`CertificateFile=${file}`] })).status);
    }
    return found.map((status) => status === 0);
  }

  withSsh('by the lists that ssh-keygen -k writes', async () => {
    const ca = writeFile('ca.pub', authority().line);
    const byAuthority = ['-s', ca];
    const sha256 = spawnSync('ssh-keygen', [
      '-lf',
      writeFile('key.pub', KEY().line),
    ]).stdout.toString();
    const hash = sha256.split(' ')[1];
    expect(await whoGetsIn(krl(''))).toEqual([true, true, true]);
    expect(await whoGetsIn(krl(`${KEY().line}\n`))).toEqual([false, true, true]);
    expect(await whoGetsIn(krl(`sha1: ${KEY().line}\n`))).toEqual([false, true, true]);
    expect(await whoGetsIn(krl(`hash: ${hash}\n`))).toEqual([false, true, true]);
    expect(await whoGetsIn(krl('serial: 5\n', byAuthority))).toEqual([true, false, true]);
    expect(await whoGetsIn(krl('serial: 6-1000\n', byAuthority))).toEqual([true, true, false]);
    const many = Array.from({ length: 200 }, (_, i) => `serial: ${800 + i * 2}\n`).join('');
    expect(await whoGetsIn(krl(many, byAuthority))).toEqual([true, true, false]);
    expect(await whoGetsIn(krl('id: id 5\n', byAuthority))).toEqual([true, false, true]);
    expect(await whoGetsIn(krl(`${authority().line}\n`))).toEqual([true, false, false]);
  });

  withSsh('by lists of keys, one a line, and by several of both', async () => {
    const plain = (text) => ({ text });
    expect(await whoGetsIn(plain(`# none\n`))).toEqual([true, true, true]);
    expect(await whoGetsIn(plain(`${KEY().line}\n`))).toEqual([false, true, true]);
    expect(await whoGetsIn(plain(certified().line))).toEqual([true, false, false]);
    expect(await whoGetsIn(plain(authority().line))).toEqual([true, false, false]);
    const both = [krl(`${KEY().line}\n`), plain(authority().line)];
    expect(await whoGetsIn(both)).toEqual([false, false, false]);
  });

  test('a list that cannot be understood lets nobody in, and Error says so', async () => {
    const damaged = Buffer.concat([Buffer.from('SSHKRL\n\0'), Buffer.alloc(20)]);
    for (const revoked of [
      { text: damaged },
      { text: 'nonsense\n' },
      path.join(folder, 'missing'),
    ]) {
      const it = await startWithKeys(KEY().line, { options: { revoked } });
      expect(await logIn(it)).toBe('refused');
      expect(await it.recorder.first('Error')).toMatchObject({ errorCode: 1300 });
    }
  });

  test('a list that changes counts from the next login on', async () => {
    const revoked = writeFile('revoked', '');
    const it = await startWithKeys(KEY().line, { options: { revoked } });
    expect(await logIn(it)).not.toBe('refused');
    fs.writeFileSync(revoked, `${KEY().line}\n`);
    expect(await logIn(it)).toBe('refused');
  });
});

describe('security keys', () => {
  const missing = fs.existsSync(skProvider) ? undefined : 'there is no library for a security key';

  testUnless(missing, 'verify-required wants the device to have verified its user', async () => {
    const key = userKey('ed25519-sk');
    const again = path.join(folder, 'verified-sk');
    const args = [
      '-q',
      '-t',
      'ed25519-sk',
      '-O',
      'verify-required',
      '-N',
      '',
      '-f',
      again,
      '-w',
      skProvider,
    ];
    const pin = answering({ PIN: '0000', Enter: '' });
    const made = spawnSync('ssh-keygen', args, { env: { ...process.env, ...pin.env } });
    expect(made.status).toBe(0);
    const verified = { file: again, line: fs.readFileSync(`${again}.pub`, 'utf8').trim() };
    const it = await startWithKeys(
      `verify-required ${key.line}\nverify-required ${verified.line}\n`,
    );
    const options = [`SecurityKeyProvider=${skProvider}`];
    const touched = await ssh(it.server, 'x', { key, options });
    expect(touched.status).toBe(255);
    expect(it.refusals).toContain('verify-required: the device has not verified its user');
    const known = await ssh(it.server, 'x', { key: verified, options, ...pin });
    expect([known.status, known.stderr]).toEqual([0, expect.any(String)]);
    const other = await startWithKeys(key.line);
    expect((await ssh(other.server, 'x', { key, options })).status).toBe(0);
  });
});

describe('several factors', () => {
  test('a key that needs a password besides keeps its restrictions', async () => {
    const it = await startWithKeys(`command="only" ${KEY().line}`, {
      configure(server, keys) {
        server.setDefaultAuthMethods('publickey,password');
        server.on('SSHUserAuthRequest', async (e) => {
          await keys.call(server, e);
          if (e.accept)
            Object.assign(e, { accept: false, partialSuccess: true, availableMethods: 'password' });
          else if (e.authMethod === 'password') e.accept = e.partialSuccesses.includes('publickey');
        });
      },
    });
    const client = await logIn(it, { password: 'x', authHandler: ['publickey', 'password'] });
    expect(JSON.parse(await outputOf(await ssh2.openSession(client, 'x')))).toMatchObject({
      command: 'only',
    });
  });

  test('a key that did not count in the end restricts nothing', async () => {
    const it = await startWithKeys(`command="only" ${KEY().line}`, {
      configure(server, keys) {
        server.setDefaultAuthMethods('publickey,password');
        server.on('SSHUserAuthRequest', async (e) => {
          await keys.call(server, e);
          e.accept = e.authMethod === 'password';
        });
      },
    });
    const client = await logIn(it, { password: 'x', authHandler: ['publickey', 'password'] });
    expect(JSON.parse(await outputOf(await ssh2.openSession(client, 'x')))).toMatchObject({
      command: 'x',
    });
    expect(it.sessions[0].key).toBeNull();
  });
});

describe('two listeners', () => {
  const HERE = 'restrict,command="first"';

  test.each(['restrict,command="first"', 'environment="A=b"', 'command="second"'])(
    'both of which know the key: what one forbids stays forbidden (%s)',
    async (options) => {
      for (const order of [
        [HERE, options],
        [options, HERE],
      ]) {
        const it = await startWithKeys('', {
          configure: (server) => {
            for (const each of order)
              server.on('SSHUserAuthRequest', authorizedKeys({ text: `${each} ${KEY().line}` }));
          },
        });
        const stream = await ssh2.openSession(await logIn(it), 'x');
        // Of two commands one is forced, and it is not the client's.
        expect(JSON.parse(await outputOf(stream)).command).toMatch(/^(first|second)$/);
      }
    },
  );

  test('of which one restricts', async () => {
    for (const order of [
      ['restrict', ''],
      ['', 'restrict'],
    ]) {
      const it = await startWithKeys('', {
        configure: (server) => {
          for (const each of order)
            server.on('SSHUserAuthRequest', authorizedKeys({ text: `${each} ${KEY().line}` }));
        },
      });
      await expect(ssh2.openSession(await logIn(it), 'x', { pty: true })).rejects.toThrow();
    }
  });
});

test('authorities with options are not trusted, as nobody would keep to the options', async () => {
  const authority = userKey('ed25519', '-authority');
  const it = await startWithKeys('', {
    options: { userCAs: { text: `from="10.0.0.1" ${authority.line}` } },
  });
  const key = userKey('ed25519', '-certified');
  const certificate = certify(key.line, ['-I', 'id', '-n', 'demo']).line;
  const raw = await new RawSession(it.server.getLocalPort(), 'demo').handshake();
  const [type, base64] = certificate.split(' ');
  const [answer] = await raw.askForKey(type, Buffer.from(base64, 'base64'));
  raw.socket.destroy();
  expect(answer).toBe(51);
  expect(it.refusals).toEqual(['it has no key of a type that is known']);
});

test('nothing is kept of a client that has left', async () => {
  const it = await startWithKeys(`restrict ${KEY().line}`);
  const client = await logIn(it);
  const { connectionId } = { connectionId: [...it.server.connections.keys()][0] };
  const { loginOf } = require('../../lib/logins.js');
  expect(loginOf(it.server, connectionId)).toMatchObject({ user: 'demo', pty: false });
  client.destroy();
  await it.recorder.first('Disconnected');
  await until(() => loginOf(it.server, connectionId) === undefined);
  expect(loginOf(it.server, connectionId)).toBeUndefined();
});

test.each([
  [() => authorizedKeys(5), 'source'],
  [() => authorizedKeys(''), 'source'],
  [() => authorizedKeys(['a', null]), 'source'],
  [() => authorizedKeys({ text: 5 }), 'source'],
  [() => authorizedKeys('a\0b'), 'source'],
  [() => authorizedKeys('a', null), 'options'],
  [() => authorizedKeys('a', { principals: 'x' }), 'options.principals'],
  [() => authorizedKeys('a', { userCAs: 5 }), 'options.userCAs'],
  [() => authorizedKeys('a', { revoked: 5 }), 'options.revoked'],
  [() => authorizedKeys('a', { strictModes: 'no' }), 'options.strictModes'],
  [() => authorizedKeys('a', { environment: 'A' }), 'options.environment'],
  [() => authorizedKeys('a', { onRefused: 5 }), 'options.onRefused'],
  [() => authorizedKeys('a', { strictMode: true }), 'options.strictMode'],
])('%s is refused', (make, name) => {
  expect(make).toThrow(TypeError);
  expect(make).toThrow(`"${name}"`);
});

test('a listener that is called without its server says so', async () => {
  const keys = authorizedKeys({ text: '' });
  await expect(keys({ authMethod: 'none' })).rejects.toThrow('"this"');
  const server = new sshserver();
  const event = { connectionId: '1', user: 'x', authMethod: 'none', partialSuccesses: [] };
  await expect(keys.call(server, event)).resolves.toBeUndefined();
});

withSsh('a program that is started by a forced command has the original one', async () => {
  const { shell } = require('../support/served.js');
  const it = await startWithKeys(`command="echo $SSH_ORIGINAL_COMMAND; exit 6" ${KEY().line}`, {
    handlers: { exec: shell({ file: '/bin/sh' }) },
  });
  const client = startSsh(it.server, 'ls -l');
  let output = '';
  client.stdout.on('data', (chunk) => (output += chunk));
  expect((await client.result).status).toBe(6);
  expect(output).toBe('ls -l\n');
});
