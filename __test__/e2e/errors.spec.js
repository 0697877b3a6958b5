'use strict';

// Every documented error that can arise through the class arises here, with its documented text;
// docs/ERRORS.md names the test of each, and says of the others why they cannot.

const { generateKeyPairSync } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { Certificate, CertStoreTypes } = require('../../index.js');
const { errorText } = require('../../lib/native.js');
const { afterTest } = require('../support/cleanup.js');
const { isUnix, onLinux, onUnix, testUnless } = require('../support/conditions.js');
const { DOCUMENTED_ERRORS } = require('../support/documented_errors.js');
const { startProgram } = require('../support/programs.js');
const { createServer, startRecorded } = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');
const { echo, freePort, listen, socketPath } = require('../support/tunnels.js');
const { deferred } = require('../support/waiting.js');
const { tcpClient } = require('../support/tcp_client.js');
const { openSession } = require('../support/sessions.js');

/** A test of a privileged port; some containers have none. */
function testWithPrivilegedPorts(name, body) {
  const file = '/proc/sys/net/ipv4/ip_unprivileged_port_start';
  const anybody = fs.existsSync(file) && Number(fs.readFileSync(file, 'utf8')) <= 1;
  if (isUnix) testUnless(anybody ? 'every port is for everybody' : undefined, name, body);
  else onUnix(name, body);
}

/** An error with this number and the documented text; with a detail, it comes after that. */
function documented(code, detail) {
  const text = DOCUMENTED_ERRORS.get(code);
  if (detail === undefined) return { code, message: text };
  return { code, message: expect.stringContaining(`${text} ${detail}`) };
}

/** The same as StatusCode and Description of Disconnected. */
function asEnd(code, detail) {
  const { message } = documented(code, detail);
  return { statusCode: code, description: message };
}

/** The same as an event. */
function asEvent(code, detail) {
  const { message } = documented(code, detail);
  return { errorCode: code, description: message };
}

/** A server with one session of one client. */
async function session(configure) {
  const it = await startRecorded(configure);
  return { ...it, ...(await openSession(it, { command: 'cat', strictVendor: false })) };
}

describe('of the server', () => {
  test('1301 without a certificate, and with one that has no private key', async () => {
    const server = createServer({ hostKey: null });
    await expect(server.startListening()).rejects.toMatchObject(documented(1301));
    expect(server.isListening()).toBe(false);
    const { publicKey } = generateKeyPairSync('ed25519');
    const pem = publicKey.export({ type: 'spki', format: 'pem' });
    server.setSSHCert(new Certificate(CertStoreTypes.cstPublicKeyBlob, pem, '', '*'));
    await expect(server.startListening()).rejects.toMatchObject(documented(1301));
  });

  test('104, 106, 107 and 108 while it listens', async () => {
    const { server } = await startRecorded();
    await expect(server.startListening()).rejects.toMatchObject(documented(104));
    const thrown = (code) => expect.objectContaining(documented(code));
    expect(() => server.setLocalPort(2222)).toThrow(thrown(106));
    expect(() => server.setLocalHost('127.0.0.2')).toThrow(thrown(107));
    await expect(server.config('MaxConnections=7')).rejects.toMatchObject(documented(108));
  });

  test('10004 when it is stopped before it has begun to listen', async () => {
    const { server } = await startRecorded();
    const stopped = server.shutdown();
    const started = server.startListening();
    const again = server.stopListening();
    await expect(started).rejects.toMatchObject(documented(10004));
    await Promise.all([stopped, again]);
    expect(server.isListening()).toBe(false);
    await server.startListening();
    await ssh2.connect(server);
  });

  test('10022 for a value that does not do', async () => {
    const server = createServer();
    const invalid = documented(10022, '');
    expect(() => server.setLocalPort(65536)).toThrow(expect.objectContaining(invalid));
    await expect(server.config('NoSuchSetting=1')).rejects.toMatchObject(invalid);
  });

  test('10048 on a port that is taken', async () => {
    const taken = await echo();
    const server = createServer();
    server.setLocalPort(taken.port);
    await expect(server.startListening()).rejects.toMatchObject(documented(10048));
  });

  test('10049 on an address of another machine', async () => {
    const server = createServer();
    // RFC 5737: an address for documentation
    server.setLocalHost('192.0.2.1');
    await expect(server.startListening()).rejects.toMatchObject(documented(10049));
  });

  test('11001 on a name that is not there', async () => {
    const server = createServer();
    server.setLocalHost('no.such.name.invalid');
    await expect(server.startListening()).rejects.toMatchObject(
      documented(11001, 'no.such.name.invalid'),
    );
  });

  testWithPrivilegedPorts('10013 on a port that only the superuser may use', async () => {
    const { message, end } = startProgram('denied');
    expect(await message()).toEqual(documented(10013));
    expect(await end()).toMatchObject({ status: 0, errors: '' });
  });

  onUnix('10024 without a free file, at the first start and while listening', async () => {
    const { child, message, end } = startProgram('files', { before: 'ulimit -n 80' });
    expect(await message()).toEqual({ start: documented(10024) });
    const { port } = await message();
    const client = ssh2.start(port);
    expect(await message()).toEqual({ event: asEvent(10024) });
    // Files are free again: the client that waited is served.
    child.send('free');
    await client.ready;
    expect((await ssh2.exec(client, 'x', 'hello')).stdout.toString()).toBe('hello');
    child.send('end');
    await client.closed;
    expect(await end()).toMatchObject({ status: 0, errors: '' });
  });
});

describe('of connections', () => {
  test('126 for an id that is not there', async () => {
    const { server } = await startRecorded();
    for (const id of ['1000000', '', 'x', '-1']) {
      await expect(server.disconnect(id)).rejects.toMatchObject(documented(126));
      await expect(server.exchangeKeys(id)).rejects.toMatchObject(documented(126));
      await expect(server.openChannel(id, 'session')).rejects.toMatchObject(documented(126));
      const unknown = { code: 126, message: 'Invalid ChannelId.' };
      await expect(server.sendText(id, 'x')).rejects.toMatchObject(unknown);
      await expect(server.closeChannel(id)).rejects.toMatchObject(unknown);
      for (const setting of ['ClientSSHVersionString', 'UserAuthBanner']) {
        await expect(server.config(`${setting}[${id}]`)).rejects.toMatchObject(documented(126));
      }
    }
  });

  test('1300 when a listener fails during authentication, and after too many attempts', async () => {
    const { server, recorder } = await startRecorded(async (it) => {
      await it.config('MaxAuthAttempts=1');
      it.on('SSHUserAuthRequest', (e) => {
        if (e.authMethod === 'password') throw new Error('no database');
      });
    });
    const auth = ['password', 'password', 'password'].map((type) => ({
      type,
      username: 'demo',
      password: 'x',
    }));
    const client = ssh2.start(server, { authHandler: auth });
    await expect(client.ready).rejects.toThrow();
    expect(await recorder.first('Disconnected')).toMatchObject(asEnd(1300, ''));
    const { connectionId } = recorder.all('Connected')[0];
    expect(recorder.all('Error')[0]).toMatchObject({
      connectionId,
      ...asEvent(1300, 'A listener of SSHUserAuthRequest failed: no database'),
    });
  });

  test('1301 with a certificate of its own that cannot be loaded', async () => {
    const { server, recorder } = await startRecorded((it) => {
      it.on('Connected', (e) => (e.certStore = 'no key at all'));
    });
    const client = ssh2.start(server);
    await expect(client.ready).rejects.toThrow();
    expect(await recorder.first('Disconnected')).toMatchObject(asEnd(1301));
    expect(recorder.all('Error')).toMatchObject([asEvent(1301, '')]);
  });

  test('10053 when it ends with something under way, or because of the client', async () => {
    const { server, recorder, connectionId, channelId } = await session((it) => {
      it.setDefaultTimeout(60);
    });
    // More than the window of a client that does not read.
    const sending = server.sendBytes(channelId, Buffer.alloc(16 * 1024 * 1024));
    const failed = expect(sending).rejects.toMatchObject(documented(10053, 'The connection'));
    await server.disconnect(connectionId);
    await failed;
    (await tcpClient(server)).end('SSH-1.0-ancient\r\n');
    const id = (await recorder.first('Connected', (e) => e.connectionId !== connectionId))
      .connectionId;
    const gone = await recorder.first('Disconnected', (e) => e.connectionId === id);
    expect(gone).toMatchObject(asEnd(10053, ''));
  });

  test('10054 when the client resets it', async () => {
    const { server, recorder } = await startRecorded();
    const socket = await tcpClient(server);
    await recorder.first('Connected');
    // It has sent its identification, so a reset can lose data.
    await socket.said;
    socket.resetAndDestroy();
    expect(await recorder.first('Disconnected')).toMatchObject(asEnd(10054));
  });

  test('10057 for a channel before the client has logged in', async () => {
    const gate = deferred();
    const { server, recorder } = await startRecorded((it) => {
      it.on('SSHUserAuthRequest', () => gate.promise);
    });
    const client = ssh2.start(server);
    const { connectionId } = await recorder.first('SSHUserAuthRequest');
    const opening = server.openChannel(connectionId, 'session');
    await expect(opening).rejects.toMatchObject(documented(10057, ''));
    gate.resolve();
    await client.ready;
  });

  test('10060 when it is idle for too long', async () => {
    const { server, recorder } = await startRecorded((it) => it.setDefaultIdleTimeout(1));
    await ssh2.connect(server);
    expect(await recorder.first('Disconnected')).toMatchObject(asEnd(10060, ''));
  });
});

describe('of channels', () => {
  test('135 when not all can be sent and nothing is to wait', async () => {
    const { server, channelId } = await session((it) => it.setDefaultTimeout(0));
    const sending = server.sendBytes(channelId, Buffer.alloc(16 * 1024 * 1024));
    await expect(sending).rejects.toMatchObject(documented(135));
  });

  test('10058 after the end of the data', async () => {
    const { server, channelId } = await session();
    await server.sendEOF(channelId);
    await expect(server.sendText(channelId, 'x')).rejects.toMatchObject(documented(10058, ''));
  });

  test('10060 when the client takes nothing for as long as the timeout', async () => {
    const { server, channelId } = await session((it) => it.setDefaultTimeout(1));
    const sending = server.sendBytes(channelId, Buffer.alloc(16 * 1024 * 1024));
    await expect(sending).rejects.toMatchObject(documented(10060));
  });

  test('10061 when the client refuses one that the server opens', async () => {
    const { server, connectionId } = await session();
    const opening = server.openChannel(connectionId, 'no-such-type@example.org');
    await expect(opening).rejects.toMatchObject(documented(10061, 'The client refused'));
  });

  test('1202 when a listener of theirs fails', async () => {
    const { recorder, stream, connectionId } = await session((it) => {
      it.once('SSHChannelDataIn', () => {
        throw new Error('disk full');
      });
    });
    stream.write('x');
    expect(await recorder.first('Error')).toMatchObject({
      connectionId,
      ...asEvent(1202, 'A listener of SSHChannelDataIn failed: disk full'),
    });
  });
});

describe('of tunnels', () => {
  const tunnels = (it) => it.on('SSHTunnelRequested', (e) => (e.accept = true));

  /** Asks for a tunnel that cannot be established; resolves to the event. */
  async function failed(open) {
    const { recorder, client } = await session(tunnels);
    const error = await new Promise((resolve) => open(client, resolve));
    expect(error).toMatchObject({ message: expect.stringContaining('Channel open failure') });
    return recorder.first('Error');
  }

  const to = (host, port) => (client, done) => client.forwardOut('127.0.0.1', 1, host, port, done);
  const toPath = (file) => (client, done) => client.openssh_forwardOutStreamLocal(file, done);

  test('1201 with 10061: nobody listens at the target', async () => {
    const port = await freePort();
    const event = await failed(to('127.0.0.1', port));
    expect(event).toMatchObject(
      asEvent(1201, `127.0.0.1:${port}: ${DOCUMENTED_ERRORS.get(10061)}`),
    );
  });

  test('1201 with 11001: there is no target of that name', async () => {
    const event = await failed(to('no.such.name.invalid', 80));
    expect(event).toMatchObject(
      asEvent(1201, `no.such.name.invalid:80: ${DOCUMENTED_ERRORS.get(11001)}`),
    );
  });

  onLinux('1201 with 10051: no network leads to the target', async () => {
    // There are no connections to all.
    const event = await failed(to('255.255.255.255', 80));
    expect(event).toMatchObject(
      asEvent(1201, `255.255.255.255:80: ${DOCUMENTED_ERRORS.get(10051)}`),
    );
  });

  onUnix('1201 with 10062: the path of the target leads in circles', async () => {
    const file = socketPath();
    fs.symlinkSync(file, file);
    afterTest('servers', () => fs.unlinkSync(file));
    expect(await failed(toPath(file))).toMatchObject(
      asEvent(1201, `${file}: ${DOCUMENTED_ERRORS.get(10062)}`),
    );
  });

  onUnix('1201 with what the system says where nothing is documented', async () => {
    const file = socketPath();
    expect(await failed(toPath(file))).toMatchObject(
      asEvent(1201, `${file}: ${DOCUMENTED_ERRORS.get(10022)} No such file or directory`),
    );
  });

  test('1201 with 10048: the port to listen on is taken', async () => {
    const taken = await echo();
    const { recorder, client } = await session(tunnels);
    await new Promise((resolve) => client.forwardIn('127.0.0.1', taken.port, resolve));
    expect(await recorder.first('Error')).toMatchObject(
      asEvent(1201, `127.0.0.1:${taken.port}: ${DOCUMENTED_ERRORS.get(10048)}`),
    );
  });

  test('1202 with 10054: the target breaks off', async () => {
    const target = await listen((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const { recorder, client } = await session(tunnels);
    to('127.0.0.1', target.port)(client, (error, stream) => {
      stream.on('error', () => {});
      stream.write('x');
    });
    expect(await recorder.first('Error')).toMatchObject(
      asEvent(1202, `127.0.0.1:${target.port}: ${DOCUMENTED_ERRORS.get(10054)}`),
    );
  });
});

describe('docs/ERRORS.md', () => {
  const root = path.join(__dirname, '..', '..');
  const lines = fs.readFileSync(path.join(root, 'docs', 'ERRORS.md'), 'utf8').split('\n');
  const rows = lines
    .filter((line) => /^\| \d/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, code, text, when, proof]) => ({ code: Number(code), text, when, proof }));

  test('has every documented error, in order, with the text that the class gives it', () => {
    expect(rows.map(({ code }) => code)).toEqual([...DOCUMENTED_ERRORS.keys()]);
    for (const { code, text } of rows) {
      expect([code, text]).toEqual([code, DOCUMENTED_ERRORS.get(code)]);
      expect(errorText(code)).toBe(DOCUMENTED_ERRORS.get(code));
    }
    const numbers = Array.from({ length: 12_000 }, (_, code) => code);
    const inOrder = [...DOCUMENTED_ERRORS.keys()].sort((a, b) => a - b);
    expect(numbers.filter((code) => errorText(code) !== '')).toEqual(inOrder);
  });

  test('says of each when it arises, and names the test that shows it', () => {
    const own = fs.readFileSync(__filename, 'utf8');
    const table = fs.readFileSync(path.join(root, 'src', 'driver', 'os_error.rs'), 'utf8');
    for (const { code, when, proof } of rows) {
      expect([code, when.length]).toEqual([code, expect.any(Number)]);
      expect(when).not.toBe('');
      if (proof === 'never') continue;
      if (proof === 'numbers') {
        // Mapped, and not to be had at will: the table of the systems' numbers has it.
        expect(table).toMatch(new RegExp(`\\("\\w+", \\d+, \\d+, \\d+, ${code}\\)`));
      } else {
        const name = new RegExp(`\\b(test|onUnix|onLinux)\\w*\\('[^']*\\b${code}\\b`);
        expect([code, proof, name.test(own)]).toEqual([code, 'errors.spec.js', true]);
      }
    }
  });
});
