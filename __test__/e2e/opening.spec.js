'use strict';

// Channels that the server opens: types that clients take, with their parameters, and refusals.

const { once } = require('node:events');
const { startSsh, testWith } = require('../support/clients.js');
const ssh2 = require('../support/ssh2_client.js');
const packets = require('../support/ssh2_packets.js');
const { deferred } = require('../support/waiting.js');
const { startServer } = require('../support/sessions.js');
const { listen } = require('../support/tunnels.js');

// Much of this waits for seconds to pass, or for clients to start: a busy machine gets more time.
jest.setTimeout(120_000);

/** The port of a server that sends everything back in capitals. */
async function shout() {
  const { port } = await listen((socket) => {
    socket.on('data', (data) => socket.write(data.toString().toUpperCase()));
    socket.on('end', () => socket.end());
  });
  return port;
}

function parameters(server, ...fields) {
  let payload = new Uint8Array(0);
  for (const [type, value] of fields) payload = server.setSSHParam(payload, type, String(value));
  return payload;
}

/** Says something through a channel and reads the answer and the end. */
async function converse(server, recorder, channelId) {
  const isIt = (e) => e.channelId === channelId;
  await recorder.first('SSHChannelOpened', isIt);
  await recorder.first('SSHChannelReadyToSend', isIt);
  await server.sendText(channelId, 'loud');
  let text = '';
  for (let n = 1; text.length < 4; n++) {
    await recorder.count('SSHChannelDataIn', n);
    text = recorder
      .all('SSHChannelDataIn')
      .filter(isIt)
      .map((e) => e.data)
      .join('');
  }
  expect(text).toBe('LOUD');
  await server.closeChannel(channelId);
  await recorder.first('SSHChannelClosed', isIt);
}

describe('forwarded-tcpip', () => {
  testWith('ssh', 'goes where ssh -R says', async () => {
    const target = await shout();
    // Its own port is the engine's affair; the program opens one more channel for it.
    const { server, recorder } = await startServer((it) => {
      it.on('SSHTunnelRequested', (e) => (e.accept = true));
    });
    startSsh(server, 'x', { flags: ['-R', `127.0.0.1:0:127.0.0.1:${target}`] });
    const { connectionId } = await recorder.first('SSHChannelRequested');
    // ssh knows its forwarding by the port that it was told; that is what the client is asked with.
    const closed = once(server, 'SSHTunnelClosed');
    const wrong = server.openChannel(
      connectionId,
      'forwarded-tcpip',
      parameters(server, ['s', '127.0.0.1'], ['i', 1], ['s', '192.0.2.7'], ['i', 5]),
    );
    await expect(wrong).rejects.toMatchObject({ code: 10061 });
    await server.disconnect(connectionId);
    const [{ port }] = await closed;
    expect(port).toBeGreaterThan(0);
  });

  testWith('ssh', 'with the port that ssh -R asked for, data goes both ways', async () => {
    const target = await shout();
    let port = 0;
    const { server, recorder } = await startServer((it) => {
      it.on('SSHTunnelRequested', (e) => {
        port = e.port;
        // Where the engine itself listens does not matter here: on any port that is free.
        e.port = 0;
        e.accept = true;
      });
    });
    const free = await shout();
    startSsh(server, 'x', { flags: ['-R', `127.0.0.1:${free}:127.0.0.1:${target}`] });
    const { connectionId } = await recorder.first('SSHChannelRequested');
    expect(port).toBe(free);
    const channelId = await server.openChannel(
      connectionId,
      'forwarded-tcpip',
      parameters(server, ['s', '127.0.0.1'], ['i', port], ['s', '192.0.2.7'], ['i', 5]),
    );
    expect(server.getChannels().get(channelId).getService()).toBe('forwarded-tcpip');
    await converse(server, recorder, channelId);
  });

  test('ssh2 reads the parameters, and refuses with its reason', async () => {
    const { server, recorder } = await startServer((it) => {
      it.on('SSHTunnelRequested', (e) => (e.accept = true));
    });
    const client = await ssh2.connect(server);
    const [{ connectionId }] = recorder.all('Connected');
    const port = await ssh2.call(client, 'forwardIn', '127.0.0.1', 0);
    const told = deferred();
    client.once('tcp connection', (info, accept) => {
      told.resolve(info);
      const stream = accept();
      stream.on('data', (data) => stream.write(data.toString().toUpperCase()));
    });
    const fields = [
      ['s', '127.0.0.1'],
      ['i', port],
      ['s', '192.0.2.7'],
      ['i', 4321],
    ];
    const open = () =>
      server.openChannel(connectionId, 'forwarded-tcpip', parameters(server, ...fields));
    const channelId = await open();
    expect(await told.promise).toEqual({
      destIP: '127.0.0.1',
      destPort: port,
      srcIP: '192.0.2.7',
      srcPort: 4321,
    });
    await converse(server, recorder, channelId);
    client.once('tcp connection', (info, accept, reject) => reject());
    await expect(open()).rejects.toMatchObject({
      name: 'SSHServerError',
      code: 10061,
      message: expect.stringMatching(/refused the channel \(reason \d\)/),
    });
    expect(server.getChannels().size()).toBe(0);
  });
});

describe('x11', () => {
  test('reaches the X server of ssh2', async () => {
    const { server, recorder } = await startServer();
    const client = await ssh2.connect(server);
    const told = deferred();
    client.on('x11', (info, accept) => {
      told.resolve(info);
      const stream = accept();
      stream.on('data', (data) => stream.write(data.toString().toUpperCase()));
    });
    await ssh2.openSession(client, 'x', { x11: { single: true, screen: 2 } });
    const { connectionId } = await recorder.first(
      'SSHChannelRequested',
      (e) => e.requestType === 'x11-req',
    );
    const fields = parameters(server, ['s', '192.0.2.9'], ['i', 6010]);
    const channelId = await server.openChannel(connectionId, 'x11', fields);
    expect(await told.promise).toEqual({ srcIP: '192.0.2.9', srcPort: 6010 });
    await converse(server, recorder, channelId);
  });

  testWith('ssh', 'reaches the display of ssh -Y, past the check of its cookie', async () => {
    // X11 displays are ports from 6000 on.
    const display = await shoutX11();
    const { server, recorder } = await startServer();
    startSsh(server, 'x', {
      flags: ['-Y'],
      options: ['XAuthLocation=/nonexistent'],
      env: { DISPLAY: `127.0.0.1:${display.number}` },
    });
    const { packetB } = await recorder.first('SSHChannelRequest', isX11);
    const { connectionId } = await recorder.first('SSHChannelRequested', isX11);
    const cookie = Buffer.from(server.getSSHParam(packetB, 'X11AuthCookie'), 'hex');
    const fields = parameters(server, ['s', '192.0.2.9'], ['i', 6010]);
    const channelId = await server.openChannel(connectionId, 'x11', fields);
    // A client's first message: byte order, version, and the cookie, which ssh looks at.
    const name = Buffer.from('MIT-MAGIC-COOKIE-1');
    const hello = Buffer.alloc(12 + 20 + 16);
    hello.write('l', 0);
    hello.writeUInt16LE(11, 2);
    hello.writeUInt16LE(name.length, 6);
    hello.writeUInt16LE(cookie.length, 8);
    name.copy(hello, 12);
    cookie.copy(hello, 32);
    await server.sendBytes(channelId, hello);
    const said = await display.said;
    expect(said.subarray(0, 32).equals(hello.subarray(0, 32))).toBe(true);
    const { data } = await recorder.first('SSHChannelDataIn', (e) => e.channelId === channelId);
    expect(data).toBe('welcome');
    await server.closeChannel(channelId);
  });

  test('without a request for it is refused, and the connection goes on', async () => {
    const { server, recorder } = await startServer();
    const client = await ssh2.connect(server);
    const [{ connectionId }] = recorder.all('Connected');
    const refused = server.openChannel(
      connectionId,
      'x11',
      parameters(server, ['s', '192.0.2.9'], ['i', 6010]),
    );
    await expect(refused).rejects.toMatchObject({ code: 10061 });
    expect(await packets.globalRequest(client, 'still', true)).toBe(false);
  });

  const isX11 = (e) => e.requestType === 'x11-req';

  /** Listens where a display of some number would. */
  async function shoutX11() {
    const said = deferred();
    const welcome = (socket) =>
      socket.on('data', (data) => {
        said.resolve(data);
        socket.write('welcome');
      });
    for (let number = 100 + (process.pid % 400); ; number++) {
      try {
        await listen(welcome, { port: 6000 + number, host: '127.0.0.1' });
        return { number, said: said.promise };
      } catch (error) {
        // The port is in use by another process.
        if (error.code !== 'EADDRINUSE') throw error;
      }
    }
  }
});

describe('openChannel', () => {
  test('takes a callback with and without parameters', async () => {
    const { server, recorder } = await startServer();
    await ssh2.connect(server);
    const [{ connectionId }] = recorder.all('Connected');
    for (const args of [[], [new Uint8Array(3)]]) {
      let opening;
      const error = await new Promise((resolve) => {
        opening = server.openChannel(connectionId, 'nothing', ...args, resolve);
      });
      await expect(opening).rejects.toBe(error);
      expect(error).toMatchObject({ name: 'SSHServerError', code: 10061 });
    }
  });

  test('before the login fails with 10057', async () => {
    const gate = deferred();
    const { server, recorder } = await startServer((it) => {
      it.on('SSHUserAuthRequest', () => gate.promise);
    });
    const client = ssh2.start(server);
    const { connectionId } = await recorder.first('SSHUserAuthRequest');
    await expect(server.openChannel(connectionId, 'x11')).rejects.toMatchObject({ code: 10057 });
    gate.resolve();
    await client.ready;
  });

  test('fails when the client leaves without an answer', async () => {
    const { server, recorder } = await startServer();
    const client = await ssh2.connect(server);
    const [{ connectionId }] = recorder.all('Connected');
    const asked = deferred();
    client._protocol._handlers.CHANNEL_OPEN = () => asked.resolve();
    const opening = server.openChannel(connectionId, 'session');
    const failed = expect(opening).rejects.toMatchObject({ code: 10053 });
    await asked.promise;
    client.destroy();
    await failed;
    expect(server.getChannels().size()).toBe(0);
  });
});
