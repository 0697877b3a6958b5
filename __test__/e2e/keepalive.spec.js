'use strict';

// Silent clients: keepalive@openssh.com in both directions, and what ends a connection on which the client
// does not answer.

const { once } = require('node:events');
const { python, startParamiko, startSsh, testWith } = require('../support/clients.js');
const { collect, start: startProcess } = require('../support/processes.js');
const ssh2 = require('../support/ssh2_client.js');
const packets = require('../support/ssh2_packets.js');
const { startRecorded, withSettings } = require('../support/server.js');
const { rawSession } = require('../support/raw_client.js');
const { globalRequest } = require('../support/raw_session.js');
const { startServer } = require('../support/sessions.js');
const { flag, string } = require('../support/wire.js');

// Much of this waits for seconds to pass, or for clients to start: a busy machine gets more time.
jest.setTimeout(120_000);

const start = (...settings) => startServer(withSettings(...settings));

/** For clients that answer: on a busy machine that may take seconds. */
const PATIENT = 'SSHKeepAliveCountMax=1000';

/** The lines of a log that tell of packets of this kind, by direction. */
const logged = (recorder, direction, name) =>
  recorder.all('Log').filter((e) => e.message.startsWith(direction) && e.message.includes(name));

describe('keepalives of a client that is not logged in', () => {
  test('are refused, and it logs in after them', async () => {
    const { server } = await startServer((it) => {
      it.on('SSHUserAuthRequest', (e) => (e.accept = e.authParam === 'right'));
    });
    const client = rawSession(server);
    await client.handshake();
    const keepAlive = async () => {
      await client.send(globalRequest('keepalive@example.com', true));
      const [number] = await client.expect(3, 81, 82);
      expect(number).toBe(82);
    };
    await keepAlive();
    const [refused] = await client.authenticate('password', flag(false), string('wrong'));
    expect(refused).toBe(51);
    await keepAlive();
    const [accepted] = await client.authenticate('password', flag(false), string('right'));
    expect(accepted).toBe(52);
  });

  testWith('paramiko', 'are refused, and its user may go on', async () => {
    const { server, recorder } = await startServer(async (it) => {
      it.on('SSHUserAuthRequest', (e) => (e.accept = e.authParam === 'right'));
      await it.config('LogLevel=2');
    });
    const script = `
import sys, paramiko
transport = paramiko.Transport(('127.0.0.1', int(sys.argv[1])))
transport.start_client(timeout=60)
transport.set_keepalive(1)
try:
    transport.auth_password('demo', 'wrong')
except paramiko.AuthenticationException:
    sys.stdin.readline()
    transport.auth_password('demo', 'right')
sys.exit(0 if transport.is_authenticated() else 1)
`;
    const client = startProcess(python, ['-c', script, String(server.getLocalPort())]);
    await recorder.first('Log', (e) => /^received.*SSH_MSG_GLOBAL_REQUEST/.test(e.message));
    client.stdin.end('\n');
    expect(await client.result).toMatchObject({ status: 0 });
  });
});

describe('SSHKeepAliveInterval', () => {
  test('a client that answers stays, however long it says nothing else', async () => {
    const { server, recorder } = await start('SSHKeepAliveInterval=1', PATIENT, 'LogLevel=2');
    const client = await ssh2.connect(server);
    const requests = packets.watchRequests(client);
    const seen = await requests.count(3);
    expect(seen[0]).toEqual({ name: 'keepalive@openssh.com', wantReply: true });
    expect(recorder.all('Disconnected')).toEqual([]);
    const answer = (e) => /^received.*REQUEST_FAILURE/.test(e.message);
    await recorder.first('Log', answer);
    // Neither the request nor its reply is an event.
    expect(recorder.all('SSHChannelRequest')).toEqual([]);
    expect(recorder.all('Error')).toEqual([]);
  });

  testWith('ssh', 'ssh answers, and its session goes on', async () => {
    const { server, recorder } = await start('SSHKeepAliveInterval=1', PATIENT, 'LogLevel=2');
    const client = startSsh(server, 'x', { flags: ['-v'], options: ['LogLevel=DEBUG1'] });
    let debug = '';
    const asked = new Promise((resolve) => {
      client.stderr.on('data', (text) => {
        debug += text;
        if (debug.split('keepalive@openssh.com').length > 2) resolve();
      });
    });
    await asked;
    expect(debug).toMatch(/client_input_global_request: rtype keepalive@openssh.com want_reply 1/);
    const [{ channelId }] = [...server.getChannels().values()];
    await server.sendExitStatus(channelId, 4);
    await server.closeChannel(channelId);
    expect(await client.result).toMatchObject({ status: 4 });
    expect((await recorder.first('Disconnected')).statusCode).toBe(0);
  });

  testWith('paramiko', 'paramiko answers', async () => {
    const { server, recorder } = await start('SSHKeepAliveInterval=1', PATIENT);
    const client = startParamiko(server, "channel.exec_command('x')");
    const { channelId, connectionId } = await recorder.first('SSHChannelRequested');
    await server.config('LogLevel=2');
    const answer = (e) => /^received.*REQUEST_FAILURE/.test(e.message);
    await recorder.first('Log', (e) => e.connectionId === connectionId && answer(e));
    await server.sendExitStatus(channelId, 3);
    await server.closeChannel(channelId);
    expect(await client.result).toMatchObject({ status: 3 });
  });

  testWith(
    'ssh',
    'a stopped client is asked SSHKeepAliveCountMax times and disconnected',
    async () => {
      const { server, recorder } = await start(
        'SSHKeepAliveInterval=1',
        'SSHKeepAliveCountMax=2',
        'LogLevel=2',
      );
      const client = startSsh(server, 'x');
      const { connectionId, channelId } = await recorder.first('SSHChannelRequested');
      client.kill('SIGSTOP');
      const before = logged(recorder, 'received', 'SSH_MSG').length;
      const gone = await recorder.first('Disconnected');
      expect(gone).toMatchObject({
        connectionId,
        statusCode: 10060,
        description: expect.stringMatching(/^\[10060\] Connection timed out\. .*keepalive/),
      });
      expect(recorder.all('SSHChannelClosed')).toEqual([{ connectionId, channelId }]);
      expect(logged(recorder, 'sent', 'SSH_MSG_GLOBAL_REQUEST').length).toBeGreaterThanOrEqual(2);
      const heard = logged(recorder, 'received', 'SSH_MSG').length - before;
      // An answer may have been on its way when it was stopped; then there was one request more.
      expect(logged(recorder, 'sent', 'SSH_MSG_GLOBAL_REQUEST').length - heard).toBeLessThanOrEqual(
        2,
      );
      client.kill('SIGKILL');
    },
  );

  test('a client that reads and never answers is disconnected, and nobody else', async () => {
    const { server, recorder } = await start('SSHKeepAliveInterval=1', PATIENT);
    const good = await ssh2.connect(server);
    await server.config('SSHKeepAliveCountMax=1');
    const bad = await ssh2.connect(server);
    const [, { connectionId }] = recorder.all('Connected');
    // This client does not reply to global requests.
    bad._protocol._handlers.GLOBAL_REQUEST = () => {};
    await bad.closed;
    expect(bad.errors.map((error) => error.message)).toEqual(['no reply to keepalive requests']);
    const gone = await recorder.first('Disconnected');
    expect(gone).toMatchObject({ connectionId, statusCode: 10060 });
    await packets.watchRequests(good).count(1);
    expect(recorder.all('Disconnected')).toHaveLength(1);
  });

  test('the longest interval there is ends no connection and asks nobody', async () => {
    const { server, recorder } = await start('SSHKeepAliveInterval=2147483647', 'LogLevel=2');
    const client = await ssh2.connect(server);
    const stream = await ssh2.openSession(client, 'x');
    const asked = packets.watchRequests(client);
    // Another client is asked meanwhile.
    await server.config('SSHKeepAliveInterval=1');
    await server.config(PATIENT);
    await packets.watchRequests(await ssh2.connect(server)).count(2);
    expect(asked.seen).toEqual([]);
    stream.end('data');
    await recorder.first('SSHChannelEOF');
    expect(recorder.all('Disconnected')).toEqual([]);
  });

  test('is off by default, and a change concerns new connections', async () => {
    const { server } = await start();
    expect(await server.config('SSHKeepAliveInterval')).toBe('0');
    expect(await server.config('SSHKeepAliveCountMax')).toBe('5');
    await server.config(PATIENT);
    const before = await ssh2.connect(server);
    const old = packets.watchRequests(before);
    await server.config('SSHKeepAliveInterval=1');
    const after = await ssh2.connect(server);
    await packets.watchRequests(after).count(2);
    expect(old.seen).toEqual([]);
  });
});

describe("a client's own keepalives", () => {
  testWith('ssh', 'ServerAliveInterval of ssh gets its failure reply', async () => {
    const { server, recorder } = await start('LogLevel=2');
    const client = startSsh(server, 'x', {
      options: ['ServerAliveInterval=1', 'ServerAliveCountMax=1000'],
    });
    const failures = () => logged(recorder, 'sent', 'SSH_MSG_REQUEST_FAILURE').length;
    while (failures() < 3) await once(server, 'Log');
    const [{ channelId }] = [...server.getChannels().values()];
    await server.sendExitStatus(channelId, 7);
    await server.closeChannel(channelId);
    expect(await client.result).toMatchObject({ status: 7 });
    expect(recorder.all('SSHChannelRequest').map((e) => e.requestType)).toEqual(['exec']);
  });

  testWith('dbclient', 'those of dbclient, which are requests of a channel, too', async () => {
    const { server, recorder } = await start('LogLevel=2');
    const args = ['-y', '-y', '-K', '3', '-p', String(server.getLocalPort())];
    const client = startProcess('dbclient', [...args, 'demo@127.0.0.1', 'x'], {
      env: { DROPBEAR_PASSWORD: 'x' },
    });
    const failures = () =>
      logged(recorder, 'sent', 'SSH_MSG_CHANNEL_FAILURE').length +
      logged(recorder, 'sent', 'SSH_MSG_REQUEST_FAILURE').length;
    while (failures() < 1) await once(server, 'Log');
    const [{ channelId }] = [...server.getChannels().values()];
    await server.sendExitStatus(channelId, 8);
    await server.closeChannel(channelId);
    expect(await client.result).toMatchObject({ status: 8 });
    const types = recorder.all('SSHChannelRequest').map((e) => e.requestType);
    expect(types).not.toContain('keepalive@openssh.com');
  });

  test.each([true, false])('with want-reply %s, of connection and channel', async (wantReply) => {
    const { server, recorder } = await start();
    const client = await ssh2.connect(server);
    const stream = await ssh2.openSession(client, 'x');
    const name = 'keepalive@openssh.com';
    const expected = wantReply ? false : undefined;
    expect(await packets.globalRequest(client, name, wantReply)).toBe(expected);
    expect(await packets.channelRequest(client, stream, name, wantReply)).toBe(expected);
    // The next reply is that of the next request.
    expect(await packets.channelRequest(client, stream, 'other', true)).toBe(true);
    expect(await packets.globalRequest(client, 'other', true)).toBe(false);
    expect(recorder.all('SSHChannelRequest').map((e) => e.requestType)).toEqual(['exec', 'other']);
  });

  testWith('ssh', 'and both directions at once leave a session alone', async () => {
    const settings = withSettings('SSHKeepAliveInterval=1', PATIENT, 'LogLevel=2');
    const { server, recorder } = await startRecorded(settings, { events: ['Log'] });
    const client = startSsh(server, 'cat', {
      options: ['ServerAliveInterval=1', 'ServerAliveCountMax=1000'],
    });
    const said = collect(client.stdout);
    client.stdin.write('before, ');
    // Each side's question puts off that of the other, so whose they are is not known.
    const packetsOf = (name) =>
      logged(recorder, 'sent', name).length + logged(recorder, 'received', name).length;
    for (const name of ['SSH_MSG_GLOBAL_REQUEST', 'SSH_MSG_REQUEST_FAILURE']) {
      while (packetsOf(name) < 3) await once(server, 'Log');
    }
    client.stdin.end('after');
    expect(await client.result).toMatchObject({ status: 0 });
    expect(said().toString()).toBe('before, after');
  });
});
