'use strict';

// Compares the fields of the events with the client's own values: the test has made its socket, request or
// data.

const { userKey } = require('../support/keys.js');
const ssh2 = require('../support/ssh2_client.js');
const { listen } = require('../support/tunnels.js');
const { startServer } = require('../support/sessions.js');
const { startRecorded } = require('../support/server.js');

/** A server that opens every channel and says yes to every request. */
const startOpen = () =>
  startServer((it) => it.on('SSHChannelOpenRequest', (e) => (e.accept = true)));

/** A client over a socket of the test's own. */
async function clientOn(server) {
  const sock = await ssh2.connectSocket(server);
  return { client: await ssh2.connect(server, { sock }), sock };
}

const latin1 = (bytes) => Buffer.from(bytes).toString('latin1');

describe('connections', () => {
  test('ConnectionRequest: address and port are those of the socket of the client', async () => {
    const { server, recorder } = await startRecorded();
    const { sock } = await clientOn(server);
    expect(recorder.all('ConnectionRequest')).toMatchObject([
      { address: sock.localAddress, port: sock.localPort, accept: true },
    ]);
  });

  test('Connected, SSHStatus, Log and Disconnected have the id of their connection', async () => {
    const { server, recorder } = await startRecorded();
    const clients = [await clientOn(server), await clientOn(server)];
    const ids = recorder.all('Connected').map((e) => e.connectionId);
    expect(new Set(ids).size).toBe(2);
    for (const [i, { sock }] of clients.entries()) {
      expect(server.getConnections().get(ids[i]).getRemotePort()).toBe(sock.localPort);
      for (const name of ['SSHStatus', 'Log']) {
        const of = recorder.all(name).filter((e) => e.connectionId === ids[i]);
        expect(of.map((e) => e.message).join('\n')).toMatch(/Key exchange: .*, host key /);
      }
    }
    await ssh2.end(clients[1].client);
    expect((await recorder.first('Disconnected')).connectionId).toBe(ids[1]);
  });

  test('Disconnected: statusCode and description say why', async () => {
    const { server, recorder } = await startRecorded((it) => it.config('MaxAuthAttempts=1'));
    const good = await ssh2.connect(server);
    await ssh2.end(good);
    await recorder.first('Disconnected');
    server.removeAllListeners('SSHUserAuthRequest');
    const bad = ssh2.start(server, {
      authHandler: (methods, partial, next) =>
        next({ type: 'password', username: 'demo', password: 'x' }),
    });
    await bad.closed;
    await recorder.count('Disconnected', 2);
    const [normal, refused] = recorder.all('Disconnected');
    expect(normal).toMatchObject({ statusCode: 0, description: 'OK' });
    expect(refused.statusCode).toBe(1300);
    expect(refused.description).toMatch(/^Could not authenticate client\. ./);
  });

  test('Error: connectionId, errorCode, description, and what was thrown as cause', async () => {
    const thrown = new Error('on purpose');
    const { server, recorder } = await startRecorded((it) => {
      it.on('SSHChannelRequested', () => {
        throw thrown;
      });
    });
    const client = await ssh2.connect(server);
    await ssh2.exec(client, 'say x');
    const [{ connectionId }] = recorder.all('Connected');
    const error = await recorder.first('Error');
    expect(error).toMatchObject({ connectionId, errorCode: 1202 });
    expect(error.description).toMatch(/SSHChannelRequested failed: on purpose/);
    expect(error.cause).toBe(thrown);
  });

  test('Log: logLevel is that of its line, logType is reserved', async () => {
    const { server, recorder } = await startRecorded((it) => it.config('LogLevel=2'));
    await ssh2.connect(server);
    const lines = recorder.all('Log');
    const levelOf = (pattern) => [
      ...new Set(lines.filter((e) => pattern.test(e.message)).map((e) => e.logLevel)),
    ];
    expect(levelOf(/New keys are in use/)).toEqual([1]);
    expect(levelOf(/SSH_MSG_NEWKEYS \(21\)/)).toEqual([2]);
    expect([...new Set(lines.map((e) => e.logType))]).toEqual(['']);
  });
});

describe('authentication', () => {
  test('SSHServiceRequest: connectionId and service, for each service once', async () => {
    const { server, recorder } = await startRecorded();
    await ssh2.connect(server);
    await recorder.count('SSHServiceRequest', 2);
    const [{ connectionId }] = recorder.all('Connected');
    expect(recorder.all('SSHServiceRequest')).toMatchObject([
      { connectionId, service: 'ssh-userauth', accept: true },
      { connectionId, service: 'ssh-connection', accept: true },
    ]);
  });

  test('SSHUserAuthRequest: who asks, for what, with which method and parameter', async () => {
    const { server, recorder } = await startRecorded();
    await ssh2.connect(server, { username: 'Zoë', password: 'geheim' });
    const [{ connectionId }] = recorder.all('Connected');
    const common = { connectionId, user: 'Zoë', service: 'ssh-connection' };
    const rest = { authParamB: null, keyAlgorithm: '', partialSuccess: false };
    const methods = { availableMethods: 'password,publickey' };
    expect(recorder.all('SSHUserAuthRequest')).toMatchObject([
      { ...common, ...rest, ...methods, authMethod: 'none', authParam: '', accept: false },
      {
        ...{
          ...common,
          ...rest,
          ...methods,
          authMethod: 'password',
          authParam: 'geheim',
          accept: true,
        },
        authParamB: new Uint8Array(Buffer.from('geheim')),
      },
    ]);
  });

  test.each([
    ['ed25519', /^ssh-ed25519$/],
    ['ecdsa-256', /^ecdsa-sha2-nistp256$/],
    ['ecdsa-384', /^ecdsa-sha2-nistp384$/],
    ['ecdsa-521', /^ecdsa-sha2-nistp521$/],
    ['rsa', /^rsa-sha2-(256|512)$/],
  ])('SSHUserAuthRequest: the blob and keyAlgorithm of a key of %s', async (type, algorithm) => {
    const { server, recorder } = await startRecorded();
    const key = userKey(type);
    await ssh2.connect(server, { privateKey: key.text });
    const asked = recorder.all('SSHUserAuthRequest').filter((e) => e.authMethod === 'publickey');
    expect(asked.length).toBeGreaterThan(0);
    for (const e of asked) {
      expect(e.authParam).toBe(key.blob);
      expect(Buffer.from(e.authParamB).toString('base64')).toBe(key.blob);
      expect(e.keyAlgorithm).toMatch(algorithm);
    }
  });
});

describe('channels', () => {
  test('SSHChannelOpenRequest: service, and parameters as text and as bytes', async () => {
    const { server, recorder } = await startOpen();
    const client = await ssh2.connect(server);
    await ssh2.openSession(client, 'x');
    await ssh2.call(client, 'forwardOut', '10.1.2.3', 4321, 'grüße.example', 80);
    const [{ connectionId }] = recorder.all('Connected');
    const [session, forward] = recorder.all('SSHChannelOpenRequest');
    expect(session).toMatchObject({ connectionId, service: 'session', parameters: '' });
    expect(forward).toMatchObject({ connectionId, service: 'direct-tcpip' });
    const expected = ['grüße.example', 80, '10.1.2.3', 4321].reduce(
      (payload, value) =>
        server.setSSHParam(payload, typeof value === 'string' ? 's' : 'i', String(value)),
      null,
    );
    expect(Buffer.from(forward.parametersB)).toEqual(Buffer.from(expected));
    expect(forward.parameters).toBe(Buffer.from(expected).toString());
    await recorder.count('SSHChannelOpened', 2);
    const opened = recorder.all('SSHChannelOpened').map((e) => e.channelId);
    expect(opened).toEqual([session.channelId, forward.channelId]);
    expect(new Set(opened).size).toBe(2);
  });

  test('SSHChannelRequest and SSHChannelRequested: the whole packet, as text and as bytes', async () => {
    const { server, recorder } = await startOpen();
    const client = await ssh2.connect(server);
    await ssh2.openSession(client, 'grüße', { env: { NAME: 'value' } });
    await recorder.count('SSHChannelRequested', 2);
    const requests = recorder.all('SSHChannelRequest');
    expect(requests.map((e) => e.requestType)).toEqual(['env', 'exec']);
    const [{ connectionId, channelId }] = recorder.all('SSHChannelOpened');
    for (const e of requests) {
      expect(e).toMatchObject({ connectionId, channelId, success: true });
      expect(e.packetB[0]).toBe(98);
      expect(server.getSSHParam(e.packetB, 'RequestType')).toBe(e.requestType);
      // The id that every other method takes, not the number in the client's packet.
      expect(server.getSSHParam(Buffer.from(e.packetB), 'ChannelId')).toBe(channelId);
      expect(e.packet).toBe(Buffer.from(e.packetB).toString());
      const done = recorder
        .all('SSHChannelRequested')
        .find((each) => each.requestType === e.requestType);
      expect(done).toMatchObject({ connectionId, channelId });
      expect(Buffer.from(done.packetB)).toEqual(Buffer.from(e.packetB));
      expect(done.packet).toBe(e.packet);
    }
    expect(requests[1].packet).toMatch(/exec.*grüße$/s);
    expect(latin1(requests[0].packetB)).toMatch(/env.*NAME.*value$/s);
  });

  test('SSHChannelDataIn: the bytes as they are, and decoded', async () => {
    const { server, recorder } = await startOpen();
    const client = await ssh2.connect(server);
    const stream = await ssh2.openSession(client, 'x');
    const [{ connectionId, channelId }] = recorder.all('SSHChannelOpened');
    await server.changeRecordLength(channelId, 6);
    const text = Buffer.from('grüß');
    stream.end(Buffer.concat([text, Buffer.from([0xff, 0, 0x41])]));
    await recorder.first('SSHChannelEOF');
    const seen = recorder.all('SSHChannelDataIn');
    expect(seen.map((e) => [e.connectionId, e.channelId, e.data, e.extendedDataType])).toEqual([
      [connectionId, channelId, 'grüß', 0],
      [connectionId, channelId, '\ufffd\0A', 0],
    ]);
    expect(Buffer.concat(seen.map((e) => e.dataB))).toEqual(Buffer.from([...text, 0xff, 0, 0x41]));
  });

  test('SSHChannelOpened, ReadyToSend, EOF and Closed tell two channels apart', async () => {
    const { server, recorder } = await startOpen();
    const client = await ssh2.connect(server);
    const streams = [await ssh2.openSession(client, 'a'), await ssh2.openSession(client, 'b')];
    const [{ connectionId }] = recorder.all('Connected');
    const ids = recorder.all('SSHChannelOpened').map((e) => e.channelId);
    const expected = ids.map((channelId) => ({ connectionId, channelId }));
    expect(recorder.all('SSHChannelOpened')).toEqual(expected);
    expect(recorder.all('SSHChannelReadyToSend')).toEqual(expected);
    const closed = ssh2.drain(streams[1]);
    streams[1].end();
    expect(await recorder.first('SSHChannelEOF')).toEqual(expected[1]);
    await server.closeChannel(ids[1]);
    await closed;
    expect(await recorder.first('SSHChannelClosed')).toEqual(expected[1]);
    expect(recorder.all('SSHChannelEOF')).toHaveLength(1);
    expect(recorder.all('SSHChannelClosed')).toHaveLength(1);
  });
});

describe('tunnels', () => {
  test('SSHTunnelRequested and SSHTunnelClosed: connection, direction, address and port', async () => {
    const target = await listen((socket) => socket.end('bye'));
    const { server, recorder } = await startOpen();
    server.on('SSHTunnelRequested', (e) => (e.accept = true));
    const client = await ssh2.connect(server);
    const [{ connectionId }] = recorder.all('Connected');
    const place = { address: '127.0.0.1', port: target.port };
    const forward = ['forwardOut', '127.0.0.1', 1, place.address, place.port];
    const stream = await ssh2.call(client, ...forward);
    const said = ssh2.drain(stream);
    stream.end();
    expect((await said).stdout.toString()).toBe('bye');
    expect(await recorder.first('SSHTunnelClosed')).toEqual({ connectionId, ...place });
    const bound = await ssh2.call(client, 'forwardIn', '127.0.0.1', 0);
    expect(recorder.all('SSHTunnelRequested')).toMatchObject([
      { connectionId, direction: 0, ...place, accept: true },
      { connectionId, direction: 1, address: '127.0.0.1', port: 0, accept: true },
    ]);
    client.unforwardIn('127.0.0.1', bound);
    await recorder.count('SSHTunnelClosed', 2);
    const reverse = { connectionId, address: '127.0.0.1', port: bound };
    expect(recorder.all('SSHTunnelClosed')[1]).toEqual(reverse);
  });
});
