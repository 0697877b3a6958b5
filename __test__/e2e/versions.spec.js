'use strict';

// SSHVersionPattern: which clients are talked to.

const { ssh, testWith } = require('../support/clients.js');
const { createServer, acceptAll, Recorder, startCommandServer } = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');
const { tcpClient } = require('../support/tcp_client.js');

async function start(pattern) {
  const server = createServer();
  acceptAll(server);
  const recorder = new Recorder(server);
  if (pattern !== undefined) await server.config(`SSHVersionPattern=${pattern}`);
  await server.startListening();
  return { server, recorder };
}

/** A client that says this line and nothing else. */
const say = (server, line) => tcpClient(server, { says: `${line}\r\n` });

/** The reason and text of the DISCONNECT that ends what the server said in the clear. */
function disconnectIn(said) {
  const start = said.indexOf('\r\n') + 2;
  for (let at = start; at + 6 < said.length;) {
    const length = said.readUInt32BE(at);
    const payload = said.subarray(at + 5);
    if (payload[0] === 1) {
      const text = payload.subarray(9, 9 + payload.readUInt32BE(5)).toString();
      return { reason: payload.readUInt32BE(1), text };
    }
    at += 4 + length;
  }
  return null;
}

describe('SSHVersionPattern', () => {
  test('has the documented default, is trimmed, and is given back by reset()', async () => {
    const server = createServer();
    const initial = '*SSH-1.99-*,*SSH-2.0-*';
    expect(await server.config('SSHVersionPattern')).toBe(initial);
    await server.config('sshversionpattern = *SSH-2.0-Mine?*, *=* ');
    expect(await server.config('SSHVersionPattern')).toBe('*SSH-2.0-Mine?*, *=*');
    await server.reset();
    expect(await server.config('SSHVersionPattern')).toBe(initial);
  });

  test('a client that does not match is told why, and so is the program', async () => {
    const { server, recorder } = await start('SSH-2.0-OpenSSH_*,SSH-2.0-PuTTY*');
    const { everything } = await say(server, 'SSH-2.0-scanner 1.0');
    const { reason, text } = disconnectIn(await everything);
    // SSH_DISCONNECT_PROTOCOL_VERSION_NOT_SUPPORTED (RFC 4253 section 11.1)
    expect(reason).toBe(8);
    expect(text).toMatch(/version string is not accepted/);
    const gone = await recorder.first('Disconnected');
    expect(gone).toMatchObject({
      statusCode: 10053,
      description: expect.stringContaining('version string is not accepted'),
    });
    const lines = recorder.all('Log').map((e) => e.message);
    expect(lines).toContainEqual('Client identification: SSH-2.0-scanner 1.0');
    expect(lines).toContainEqual(expect.stringMatching(/^Disconnecting: .*not accepted/));
    expect(recorder.all('SSHServiceRequest')).toEqual([]);
  });

  test('a client that matches any of the patterns is served', async () => {
    const { server } = await start('*nothing*, SSH-2.0-goo?-*');
    await ssh2.connect(server, { ident: 'good-client' });
    const refused = ssh2.start(server, { ident: 'goood-client' });
    await expect(refused.ready).rejects.toThrow();
  });

  test('the next client of a server is judged by a new pattern', async () => {
    const { server } = await start('*-first');
    await ssh2.connect(server, { ident: 'first' });
    await server.config('SSHVersionPattern=*-second');
    await expect(ssh2.start(server, { ident: 'first' }).ready).rejects.toThrow();
    await ssh2.connect(server, { ident: 'second' });
  });

  test.each([
    ['SSH-1.99-old', undefined, true],
    ['SSH-2.99-new', undefined, false],
    ['SSH-2.99-new', '*SSH-1.99-*,*SSH-2.0-*,*SSH-2.99-*', true],
    // Protocol 1 is not spoken, whatever the pattern.
    ['SSH-1.5-ancient', undefined, false],
    ['SSH-1.5-ancient', '*', false],
  ])('%s with %s: accepted is %s', async (line, pattern, accepted) => {
    const { server, recorder } = await start(pattern);
    const socket = await say(server, line);
    if (accepted) {
      await recorder.first('Log', (e) => e.message === `Client identification: ${line}`);
      // The server goes on waiting for our KEXINIT: a broken packet is what ends it.
      socket.write(Buffer.from([0, 0, 0, 1, 9, 0, 0, 0]));
      expect(disconnectIn(await socket.everything).reason).toBe(2);
    } else {
      expect(disconnectIn(await socket.everything).reason).toBe(8);
      expect((await recorder.first('Disconnected')).statusCode).toBe(10053);
    }
  });

  test('many stars and a long line take no longer than few', async () => {
    const { server, recorder } = await start(`SSH-2.0-${'*a'.repeat(2000)}c`);
    await (
      await say(server, `SSH-2.0-${'a'.repeat(240)}`)
    ).gone;
    expect((await recorder.first('Disconnected')).statusCode).toBe(10053);
  });

  testWith('ssh', 'ssh prints the reason', async () => {
    const server = await startCommandServer((it) => it.config('SSHVersionPattern=*PuTTY*'));
    const { status, stderr } = await ssh(server, 'exit 0');
    expect(status).toBe(255);
    expect(stderr).toMatch(/version string is not accepted/);
  });
});
