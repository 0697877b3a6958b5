'use strict';

// Tunnels to and from Unix domain sockets: direct-streamlocal@openssh.com and
// streamlocal-forward@openssh.com, with ssh and ssh2.

const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { testOnUnix } = require('../support/clients.js');
const { folder } = require('../support/folder.js');
const ssh2 = require('../support/ssh2_client.js');
const {
  connect,
  curl,
  digest,
  echo,
  exchange,
  httpServer,
  noMoreSocketsThan,
  openSockets,
  openTunnels,
  readAll,
  socketPath,
  tunnelServer,
} = require('../support/tunnels.js');
const { until } = require('../support/waiting.js');

const MIB = 1024 * 1024;
/** A test with a client, on a system that has such sockets. */
const testUnix = (client, ...test) => testOnUnix(client)(...test);

describe('Unix domain sockets', () => {
  testUnix('ssh', 'ssh -L to a socket of the server', async () => {
    const there = socketPath();
    await echo({ path: there });
    const { server, recorder } = await tunnelServer();
    const here = socketPath();
    openTunnels(server, ['-L', `${here}:${there}`]);
    const data = randomBytes(2 * MIB);
    expect(digest(await exchange(here, data))).toBe(digest(data));
    expect(recorder.all('SSHTunnelRequested')).toMatchObject([
      { direction: 0, address: there, port: 0 },
    ]);
    expect(await recorder.first('SSHTunnelClosed')).toMatchObject({ address: there, port: 0 });
  });

  testUnix(
    ['ssh', 'curl'],
    'ssh -R from a socket of the server, which is removed with the tunnel',
    async () => {
      const target = await httpServer(8 * MIB);
      const { server, recorder } = await tunnelServer();
      const there = socketPath();
      const child = openTunnels(server, ['-R', `${there}:127.0.0.1:${target.port}`]);
      await until(() => fs.existsSync(there), child);
      // No other user may connect.
      expect(fs.statSync(there).mode & 0o777).toBe(0o600);
      const got = await curl(['--unix-socket', there, 'http://target/']);
      expect([got.stderr, digest(got.stdout)]).toEqual(['', target.hash]);
      expect(recorder.all('SSHTunnelRequested')).toMatchObject([
        { direction: 1, address: there, port: 0 },
      ]);
      child.kill('SIGKILL');
      await recorder.first('Disconnected');
      expect(recorder.all('SSHTunnelClosed')).toMatchObject([{ address: there, port: 0 }]);
      expect(fs.existsSync(there)).toBe(false);
    },
  );

  testUnix('ssh', 'from a socket of the server to one of the client', async () => {
    const here = socketPath();
    await echo({ path: here });
    const { server } = await tunnelServer();
    const there = socketPath();
    openTunnels(server, ['-R', `${there}:${here}`]);
    const data = randomBytes(MIB);
    expect(digest(await exchange(there, data))).toBe(digest(data));
  });

  testUnix('ssh2', 'cancelled, it can be had again', async () => {
    const { server, recorder } = await tunnelServer();
    const client = await ssh2.connect(server, { strictVendor: false });
    client.on('unix connection', (info, accept) => {
      const stream = accept();
      stream.pipe(stream);
    });
    const there = socketPath();
    for (let round = 1; round <= 3; round++) {
      await ssh2.call(client, 'openssh_forwardInStreamLocal', there);
      expect((await exchange(there, 'through')).toString()).toBe('through');
      await ssh2.call(client, 'openssh_unforwardInStreamLocal', there);
      expect(fs.existsSync(there)).toBe(false);
      await recorder.count('SSHTunnelClosed', round);
    }
    await expect(ssh2.call(client, 'openssh_unforwardInStreamLocal', there)).rejects.toThrow();
    await ssh2.end(client);
  });

  testUnix('ssh2', 'what is at the path already stays as it is', async () => {
    const { server, recorder } = await tunnelServer();
    const client = await ssh2.connect(server, { strictVendor: false });
    const file = path.join(folder, 'a file');
    fs.writeFileSync(file, 'content');
    const taken = socketPath();
    await echo({ path: taken });
    for (const place of [file, taken]) {
      await expect(ssh2.call(client, 'openssh_forwardInStreamLocal', place)).rejects.toThrow();
    }
    await recorder.count('Error', 2);
    expect(recorder.all('Error')).toMatchObject([
      { errorCode: 1201, description: expect.stringContaining('[10048]') },
      { errorCode: 1201, description: expect.stringContaining('[10048]') },
    ]);
    expect(fs.readFileSync(file, 'utf8')).toBe('content');
    expect((await exchange(taken, 'there')).toString()).toBe('there');
    await ssh2.end(client);
  });

  testUnix(
    'ssh2',
    'a socket that somebody else has put there meanwhile is not removed',
    async () => {
      const { server, recorder } = await tunnelServer();
      const client = await ssh2.connect(server, { strictVendor: false });
      const there = socketPath();
      await ssh2.call(client, 'openssh_forwardInStreamLocal', there);
      fs.unlinkSync(there);
      await echo({ path: there });
      await ssh2.end(client);
      await recorder.first('Disconnected');
      expect((await exchange(there, 'still there')).toString()).toBe('still there');
    },
  );

  testUnix('ssh2', 'sockets that are not there, and paths that cannot be', async () => {
    const { server, recorder } = await tunnelServer();
    const before = openSockets();
    const client = await ssh2.connect(server, { strictVendor: false });
    await expect(
      ssh2.call(client, 'openssh_forwardOutStreamLocal', socketPath()),
    ).rejects.toMatchObject({ reason: 2 });
    await expect(
      ssh2.call(client, 'openssh_forwardOutStreamLocal', `/${'x'.repeat(500)}`),
    ).rejects.toMatchObject({ reason: 2 });
    await expect(
      ssh2.call(client, 'openssh_forwardInStreamLocal', `/${'x'.repeat(500)}`),
    ).rejects.toThrow();
    await expect(
      ssh2.call(client, 'openssh_forwardInStreamLocal', path.join(folder, 'no', 'folder')),
    ).rejects.toThrow();
    await recorder.count('Error', 4);
    expect(recorder.all('Error').map((e) => e.errorCode)).toEqual([1201, 1201, 1201, 1201]);
    // Requests that make no sense are refused without an event.
    const asked = recorder.all('SSHTunnelRequested').length;
    for (const bad of ['', 'a\0b', 'x'.repeat(2000)]) {
      await expect(ssh2.call(client, 'openssh_forwardInStreamLocal', bad)).rejects.toThrow();
      await expect(ssh2.call(client, 'openssh_forwardOutStreamLocal', bad)).rejects.toMatchObject({
        reason: 1,
      });
    }
    expect(recorder.all('SSHTunnelRequested')).toHaveLength(asked);
    await ssh2.end(client);
    await noMoreSocketsThan(before);
  });

  testUnix('ssh2', 'a path that is read to the end and written after that', async () => {
    const there = socketPath();
    const { server } = await tunnelServer();
    const client = await ssh2.connect(server, { strictVendor: false });
    client.on('unix connection', (info, accept) => {
      const stream = accept();
      stream.end('first');
      readAll(stream).then((data) => client.emit('received', data.toString()));
    });
    await ssh2.call(client, 'openssh_forwardInStreamLocal', there);
    const received = new Promise((resolve) => client.once('received', resolve));
    const socket = await connect(there);
    expect((await readAll(socket)).toString()).toBe('first');
    socket.end('second');
    expect(await received).toBe('second');
    await ssh2.end(client);
  });
});
