'use strict';

// Listeners that take long, clients that are gone before their events are handled, and what can be read of
// them until the last event is handled.

const { once } = require('node:events');
const net = require('node:net');
const { thrown } = require('../support/failures.js');
const { rawSession } = require('../support/raw_client.js');
const { channelData, channelRequest } = require('../support/raw_session.js');
const ssh2 = require('../support/ssh2_client.js');
const { createServer, acceptAll, Recorder } = require('../support/server.js');
const { startSession } = require('../support/sessions.js');
const { deferred, turn } = require('../support/waiting.js');
const { string } = require('../support/wire.js');

describe('a listener of SSHChannelRequested that lasts as long as its session', () => {
  test('holds no event of its channel, and the session goes on', async () => {
    // OpenSSH's sshd takes as many.
    const WINDOW_CHANGES = 3000;
    const { server, recorder, client } = await startSession((it) => {
      it.on('SSHChannelRequested', async (e) => {
        if (e.requestType !== 'shell') return;
        const stream = it.getChannelStream(e.channelId);
        for await (const data of stream) stream.write(data);
        await it.sendExitStatus(e.channelId, 3);
        await it.closeChannel(e.channelId);
      });
    });
    const shell = await ssh2.call(client, 'shell');
    shell.on('exit', (code) => (shell.status = code));
    for (let i = 1; i <= WINDOW_CHANGES; i++) shell.setWindow(24, i, 0, 0);
    await recorder.count('SSHChannelRequest', WINDOW_CHANGES);
    shell.signal('USR1');
    await recorder.first('SSHChannelRequest', (e) => e.requestType === 'signal');
    const result = ssh2.drain(shell);
    shell.end('still here');
    expect(await result).toMatchObject({ status: 3, stdout: Buffer.from('still here') });
    const [closed] = await Promise.all([recorder.first('SSHChannelClosed'), client.end()]);
    expect(closed.channelId).toBe(recorder.all('SSHChannelRequested').at(-1).channelId);
    await recorder.first('Disconnected');
    expect(server.getChannels().has(closed.channelId)).toBe(false);
  });

  test('and never ends keeps no Disconnected back', async () => {
    const { recorder, client } = await startSession((it) =>
      it.on('SSHChannelRequested', () => new Promise(() => {})),
    );
    client.end();
    await recorder.first('Disconnected');
    const names = recorder.names(['Log', 'SSHStatus', 'Error']);
    expect(names.slice(-2)).toEqual(['SSHChannelClosed', 'Disconnected']);
  });
});

test('a listener that never settles keeps the last events back only for a moment', async () => {
  const { recorder, client, stream } = await startSession((it) =>
    it.on('SSHChannelDataIn', () => new Promise(() => {})),
  );
  stream.write('x');
  await recorder.first('SSHChannelDataIn');
  client.end();
  await recorder.first('Disconnected');
  expect(recorder.all('SSHChannelClosed')).toHaveLength(1);
  const [error] = recorder.all('Error');
  expect(error).toMatchObject({ errorCode: 1202, description: expect.stringContaining('DataIn') });
});

/** What a program can read by the id of a connection. */
async function readConnection(server, id) {
  const connection = server.getConnections().get(id);
  const { remoteHost, remotePort, localAddress, timeout, connected } = connection;
  const has = server.getConnections().has(id);
  const version = await server.config(`ClientSSHVersionString[${id}]`);
  const strict = await server.config(`NegotiatedStrictKex[${id}]`);
  return { has, remoteHost, remotePort, localAddress, timeout, connected, version, strict };
}

test.each([
  ['answered', () => turn()],
  ['never answered', () => new Promise(() => {})],
])(
  'a client that closes its side while a question is open, which is %s, is heard to the end, and over',
  async (name, listen) => {
    const recorded = ['SSHChannelDataIn', 'SSHChannelClosed', 'Disconnected'];
    const server = createServer();
    acceptAll(server);
    const recorder = new Recorder(server, recorded);
    server.on('SSHChannelRequest', listen);
    await server.startListening();
    const client = await rawSession(server).login();
    const channel = await client.open(1);
    const command = channelRequest(channel, 'exec', true, string('x'));
    await client.send(command, channelData(channel, 'hello'));
    client.socket.end();
    await recorder.first('Disconnected');
    await turn();
    expect(recorder.names()).toEqual(recorded);
    expect(recorder.all('SSHChannelDataIn')[0].dataB).toEqual(Buffer.from('hello'));
    expect(server.getConnections().size()).toBe(0);
  },
);

test('a connection and its channels are readable until the listeners of their last events are done', async () => {
  const atEnd = {};
  const gate = deferred();
  const { server, recorder, client, connectionId, channelId } = await startSession((it) => {
    it.on('SSHChannelClosed', (e) => {
      const channel = it.getChannels().get(e.channelId);
      const { service, bytesSent, readyToSend } = channel;
      const { connectionId } = channel;
      atEnd.channel = { service, bytesSent, readyToSend, connectionId };
      atEnd.noStream = thrown(() => it.getChannelStream(e.channelId));
    });
    it.on('Disconnected', async (e) => {
      it.getConnections().get(e.connectionId).timeout = 7;
      await gate.promise;
      atEnd.connection = await readConnection(it, e.connectionId);
    });
  });
  await server.sendText(channelId, 'twelve bytes');
  const before = await readConnection(server, connectionId);
  expect(before).toMatchObject({ has: true, connected: true, strict: 'True' });
  expect(before.version).toMatch(/^SSH-2.0-ssh2js/);
  client.end();
  await recorder.first('Disconnected');
  expect(server.getConnections().size()).toBe(0);
  expect([...server.getConnections().keys()]).toEqual([]);
  gate.resolve();
  await turn();
  await turn();
  expect(atEnd.connection).toEqual({ ...before, timeout: 7, connected: false });
  expect(atEnd.channel).toEqual({
    service: 'session',
    bytesSent: 12,
    readyToSend: false,
    connectionId,
  });
  expect(atEnd.noStream).toMatchObject({ name: 'SSHServerError', code: 126 });
  expect(server.getConnections().get(connectionId)).toBeUndefined();
  expect(server.getChannels().get(channelId)).toBeUndefined();
  await expect(server.config(`ClientSSHVersionString[${connectionId}]`)).rejects.toMatchObject({
    code: 126,
  });
});

test('a connection whose client vanishes at once is there in Connected', async () => {
  const CLIENTS = 200;
  const server = createServer();
  const recorder = new Recorder(server, ['Disconnected', 'Error']);
  let found = 0;
  server.on('Connected', (e) => {
    const connection = server.getConnections().get(e.connectionId);
    connection.timeout = 5;
    if (connection.remoteHost === '127.0.0.1') found++;
  });
  await server.startListening();
  for (let i = 0; i < CLIENTS; i++) {
    const socket = net.connect(server.getLocalPort(), '127.0.0.1', () => socket.resetAndDestroy());
    socket.on('error', () => {});
  }
  // Some are gone before the system has told of them; the others are told of to the end.
  await once(server, 'Disconnected');
  await server.shutdown();
  expect(found).toBe(recorder.all('Disconnected').length);
  expect(recorder.all('Error')).toEqual([]);
});

test('data that is handled when its client is gone still has its channel', async () => {
  const { server, recorder, client, stream } = await startSession();
  const gate = deferred();
  const seen = [];
  server.on('SSHChannelDataIn', async (e) => {
    await gate.promise;
    seen.push(server.getChannels().get(e.channelId).service);
    seen.push(server.getConnections().get(e.connectionId).remoteHost);
  });
  await new Promise((resolve) => stream.write('x', resolve));
  await recorder.first('SSHChannelDataIn');
  client.end();
  await client.closed;
  while (server.getConnections().size() > 0) await turn();
  gate.resolve();
  await recorder.first('Disconnected');
  expect(seen).toEqual(['session', '127.0.0.1']);
});

test('nothing is kept of connections whose end nobody listens to', async () => {
  const server = createServer();
  acceptAll(server);
  const ids = [];
  server.on('Connected', (e) => ids.push(e.connectionId));
  await server.startListening();
  const clients = [await ssh2.connect(server), await ssh2.connect(server)];
  for (const client of clients) client.end();
  await server.shutdown();
  expect(ids).toHaveLength(2);
  expect(ids.map((id) => server.getConnections().has(id))).toEqual([false, false]);
});
