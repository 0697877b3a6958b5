'use strict';

const { createHash, randomBytes } = require('node:crypto');
const { once } = require('node:events');
const { open, readFile } = require('node:fs/promises');
const path = require('node:path');
const { pipeline } = require('node:stream/promises');
const { startSsh, testWith } = require('../support/clients.js');
const ssh2 = require('../support/ssh2_client.js');
const { folder } = require('../support/folder.js');
const { deferred, turn } = require('../support/waiting.js');
const { keyExchanges } = require('../support/server.js');
const { openSession, startServer, startSession } = require('../support/sessions.js');
const { echo, socketPath } = require('../support/tunnels.js');

/** Resolves when `stream` has given `length` bytes. */
async function take(stream, length) {
  const chunks = [];
  let size = 0;
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= length) break;
  }
  return Buffer.concat(chunks);
}

describe('sending', () => {
  test('sendBytes, sendText, sendChannelData and the fields keep their order, awaited or not', async () => {
    const { server, stream, channelId } = await startSession();
    const result = ssh2.drain(stream);
    const channel = server.getChannels().get(channelId);
    const sent = [
      server.sendBytes(channelId, Buffer.from('a')),
      server.sendText(channelId, 'bß'),
      server.sendChannelData(channelId, Buffer.from('c')),
    ];
    channel.setDataToSend('d');
    channel.dataToSendB = new Uint8Array([101]);
    sent.push(server.sendText(channelId, 'f'));
    expect(await Promise.all(sent)).toEqual([undefined, undefined, undefined, undefined]);
    await server.sendExitStatus(channelId, 5);
    await server.closeChannel(channelId);
    expect(await result).toMatchObject({ status: 5, stdout: Buffer.from('abßcdef') });
  });

  test('sendExtendedData is the standard error of the client', async () => {
    const { server, stream, channelId } = await startSession();
    const result = ssh2.drain(stream);
    await server.sendText(channelId, 'out');
    await server.sendExtendedData(channelId, Buffer.from('err'));
    await server.closeChannel(channelId);
    expect(await result).toMatchObject({ stdout: Buffer.from('out'), stderr: Buffer.from('err') });
  });

  test('what was sent before closeChannel arrives, EOF after it', async () => {
    const { server, stream, channelId } = await startSession();
    const data = randomBytes(5_000_000);
    const result = ssh2.drain(stream);
    void server.sendBytes(channelId, data);
    await server.closeChannel(channelId);
    expect((await result).stdout.equals(data)).toBe(true);
  });

  test('sendEOF ends the data and not the channel', async () => {
    const { server, recorder, stream, channelId } = await startSession();
    const ended = once(stream, 'end');
    stream.resume();
    await server.sendEOF(channelId);
    await ended;
    stream.end('still talking');
    expect(await recorder.first('SSHChannelDataIn')).toMatchObject({ data: 'still talking' });
    await expect(server.sendText(channelId, 'more')).rejects.toThrow();
  });

  test('sendSSHPacket sends data as number 94 and requests as 98', async () => {
    const { server, stream, channelId } = await startSession();
    const result = ssh2.drain(stream);
    await server.sendSSHPacket(channelId, 94, server.setSSHParam(null, 's', 'packet'));
    let payload = server.setSSHParam(null, 's', 'exit-status');
    payload = server.setSSHParam(payload, 'f', 'false');
    payload = server.setSSHParam(payload, 'i', '0x2a');
    await server.sendSSHPacket(channelId, 98, payload);
    await server.sendSSHPacket(channelId, 96, new Uint8Array(0));
    await server.sendSSHPacket(channelId, 97, new Uint8Array(0));
    expect(await result).toMatchObject({ status: 42, stdout: Buffer.from('packet') });
  });

  test.each([1, 20, 30, 50, 52])('sendSSHPacket refuses number %i', async (number) => {
    const { server, stream, channelId } = await startSession();
    const refused = server.sendSSHPacket(channelId, number, new Uint8Array(4));
    await expect(refused).rejects.toMatchObject({ name: 'SSHServerError' });
    const result = ssh2.drain(stream);
    await server.sendText(channelId, 'alive');
    await server.closeChannel(channelId);
    expect((await result).stdout.toString()).toBe('alive');
  });

  test('waits for the window of the peer when there is a timeout', async () => {
    const { server, stream, channelId } = await startSession();
    const data = randomBytes(8_000_000);
    let done = false;
    const sending = server.sendBytes(channelId, data).then(() => (done = true));
    const [first] = await once(stream, 'readable').then(() => [stream.read(1)]);
    expect(done).toBe(false);
    const rest = await take(stream, data.length - 1);
    await sending;
    expect(Buffer.concat([first, rest]).equals(data)).toBe(true);
  });

  test('with timeout 0 fails with 135, tells how much was sent, and when there is room', async () => {
    const { server, recorder, stream, channelId, connectionId } = await startSession((it) =>
      it.setDefaultTimeout(0),
    );
    expect(server.getConnections().get(connectionId).getTimeout()).toBe(0);
    const data = randomBytes(8_000_000);
    const channel = server.getChannels().get(channelId);
    const before = recorder.all('SSHChannelReadyToSend').length;
    await expect(server.sendBytes(channelId, data)).rejects.toMatchObject({ code: 135 });
    const sent = channel.getBytesSent();
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(data.length);
    const received = [];
    stream.on('data', (chunk) => received.push(chunk));
    // The rest, as the program would: whenever there is room, as much as goes.
    let at = sent;
    let ready = before;
    while (at < data.length) {
      await recorder.count('SSHChannelReadyToSend', ++ready);
      try {
        await server.sendBytes(channelId, data.subarray(at));
        at = data.length;
      } catch (error) {
        expect(error.code).toBe(135);
        at += channel.getBytesSent();
      }
    }
    const ended = once(stream, 'end');
    await server.sendEOF(channelId);
    await ended;
    // Had more or less been sent than was told, something would be there twice or be missing.
    expect(Buffer.concat(received).equals(data)).toBe(true);
  });

  test('fails with 126 on a channel that is not there', async () => {
    const { server, recorder, client, channelId } = await startSession();
    await ssh2.end(client);
    await recorder.first('Disconnected');
    for (const id of [channelId, '999999', 'x', '']) {
      await expect(server.sendText(id, 'x')).rejects.toMatchObject({
        code: 126,
        message: expect.stringContaining('Invalid ChannelId'),
      });
    }
  });

  test('fails when the client leaves before all was sent', async () => {
    const { server, client, channelId } = await startSession();
    const sending = server.sendBytes(channelId, randomBytes(16_000_000));
    const failed = expect(sending).rejects.toMatchObject({ name: 'SSHServerError' });
    client.destroy();
    await failed;
  });
});

describe('receiving', () => {
  test('changeRecordLength gives exactly that many bytes, and the rest before EOF', async () => {
    const { server, recorder, stream, channelId } = await startSession();
    await server.changeRecordLength(channelId, 7);
    expect(server.getChannels().get(channelId).getRecordLength()).toBe(7);
    const data = randomBytes(7 * 1000 + 3);
    stream.end(data);
    await recorder.first('SSHChannelEOF');
    const lengths = recorder.all('SSHChannelDataIn').map((e) => e.dataB.length);
    expect(lengths).toEqual([...Array(1000).fill(7), 3]);
    const all = Buffer.concat(recorder.all('SSHChannelDataIn').map((e) => e.dataB));
    expect(all.equals(data)).toBe(true);
  });

  test('a change of the record length in an event counts for the very next bytes', async () => {
    const { server, recorder, stream, channelId } = await startSession((it) => {
      it.on('SSHChannelDataIn', (e) => void it.changeRecordLength(e.channelId, e.dataB.length + 1));
    });
    await server.changeRecordLength(channelId, 1);
    stream.end(Buffer.from('abbcccdddde'));
    await recorder.first('SSHChannelEOF');
    const texts = recorder.all('SSHChannelDataIn').map((e) => e.data);
    expect(texts).toEqual(['a', 'bb', 'ccc', 'dddd', 'e']);
  });

  test('a slow listener stops only its channel', async () => {
    const gate = deferred();
    const { server, recorder, client, stream, channelId } = await startSession();
    let slowBytes = 0;
    const done = deferred();
    const total = 12_000_000;
    server.on('SSHChannelDataIn', async (e) => {
      if (e.channelId !== channelId) return;
      await gate.promise;
      slowBytes += e.dataB.length;
      if (slowBytes === total) done.resolve();
    });
    stream.write(randomBytes(total));
    await recorder.first('SSHChannelDataIn', (e) => e.channelId === channelId);
    const other = await ssh2.openSession(client, 'other');
    other.end('quick');
    await recorder.first('SSHChannelDataIn', (e) => e.data === 'quick');
    expect(slowBytes).toBe(0);
    const held = recorder
      .all('SSHChannelDataIn')
      .filter((e) => e.channelId === channelId)
      .reduce((sum, e) => sum + e.dataB.length, 0);
    expect(held).toBeLessThan(total / 2);
    gate.resolve();
    await done.promise;
  });
});

describe('the data of an event', () => {
  test("is the program's to keep: written by the system later, it is what came", async () => {
    const file = path.join(folder, 'upload');
    const handle = await open(file, 'w');
    const writes = [];
    const kept = [];
    let at = 0;
    const { recorder, stream } = await startSession((it) =>
      it.on('SSHChannelDataIn', (e) => {
        kept.push(e.dataB);
        // The promise is not awaited.
        writes.push(handle.write(e.dataB, 0, e.dataB.length, at));
        at += e.dataB.length;
      }),
    );
    const data = randomBytes(8_000_000);
    stream.end(data);
    await recorder.first('SSHChannelEOF');
    await Promise.all(writes);
    await handle.close();
    expect((await readFile(file)).equals(data)).toBe(true);
    expect(Buffer.concat(kept).equals(data)).toBe(true);
  });
});

describe('getChannelStream', () => {
  test('pipes a channel into itself', async () => {
    const { server, stream } = await startSession((it) => {
      it.on('SSHChannelRequested', async ({ channelId }) => {
        const stream = it.getChannelStream(channelId);
        await pipeline(stream, stream, { end: true });
        await it.sendExitStatus(channelId, 0);
        await it.closeChannel(channelId);
      });
    });
    const data = randomBytes(10_000_000);
    const result = ssh2.drain(stream);
    stream.end(data);
    const { status, stdout } = await result;
    const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');
    expect(hash(stdout)).toBe(hash(data));
    expect(status).toBe(0);
    expect(server.getConnections().size()).toBe(1);
  });

  testWith('ssh', 'reads with for await what ssh sends', async () => {
    const read = deferred();
    const { server } = await startServer((it) => {
      it.on('SSHChannelRequested', async ({ channelId }) => {
        const chunks = [];
        for await (const chunk of it.getChannelStream(channelId)) chunks.push(chunk);
        read.resolve(Buffer.concat(chunks).toString());
        await it.sendExitStatus(channelId, 6);
        await it.closeChannel(channelId);
      });
    });
    const client = startSsh(server, 'x');
    client.stdin.end('line one\nline two\n');
    expect(await read.promise).toBe('line one\nline two\n');
    expect(await client.result).toMatchObject({ status: 6 });
  });
});

describe('exchangeKeys', () => {
  test('resolves when the new keys are in use, with data under way', async () => {
    const { server, recorder, stream, channelId, connectionId } = await startSession();
    const data = randomBytes(3_000_000);
    const result = ssh2.drain(stream);
    const sending = server.sendBytes(channelId, data);
    for (let count = 2; count <= 4; count++) {
      await server.exchangeKeys(connectionId);
      expect(keyExchanges(recorder)).toBeGreaterThanOrEqual(count - 1);
    }
    await sending;
    await server.closeChannel(channelId);
    expect((await result).stdout.equals(data)).toBe(true);
    expect(keyExchanges(recorder)).toBe(4);
  });

  test('fails with 126 on a connection that is not there', async () => {
    const { server } = await startServer();
    await expect(server.exchangeKeys('12345')).rejects.toMatchObject({ code: 126 });
  });
});

describe('openChannel', () => {
  test('a type the client does not know is refused', async () => {
    const { server, recorder, connectionId } = await startSession();
    const before = server.getChannels().size();
    await expect(server.openChannel(connectionId, 'weird@example.com')).rejects.toMatchObject({
      name: 'SSHServerError',
      code: expect.any(Number),
    });
    expect(server.getChannels().size()).toBe(before);
    expect(recorder.all('SSHChannelOpened')).toHaveLength(1);
  });

  test('fails with 126 on a connection that is not there', async () => {
    const { server } = await startServer();
    await expect(server.openChannel('4711', 'session')).rejects.toMatchObject({ code: 126 });
  });

  testWith('ssh', 'auth-agent@openssh.com without an agent is refused by ssh', async () => {
    const { server, recorder } = await startServer();
    startSsh(server, 'x');
    const { connectionId } = await recorder.first('SSHChannelRequested');
    await expect(server.openChannel(connectionId, 'auth-agent@openssh.com')).rejects.toMatchObject({
      name: 'SSHServerError',
    });
  });

  testWith('ssh', 'auth-agent@openssh.com reaches the agent of the client', async () => {
    const file = socketPath();
    await echo({ path: file });
    const { server, recorder } = await startServer();
    startSsh(server, 'x', {
      flags: ['-A'],
      options: ['IdentityAgent=SSH_AUTH_SOCK'],
      env: { SSH_AUTH_SOCK: file },
    });
    const { connectionId } = await recorder.first(
      'SSHChannelRequested',
      (e) => e.requestType === 'exec',
    );
    const id = await server.openChannel(connectionId, 'auth-agent@openssh.com');
    expect(server.getChannels().get(id).getService()).toBe('auth-agent@openssh.com');
    await recorder.first('SSHChannelOpened', (e) => e.channelId === id);
    await server.sendText(id, 'echo this');
    const data = await recorder.first('SSHChannelDataIn', (e) => e.channelId === id);
    expect(data.data).toBe('echo this');
    await server.closeChannel(id);
    await recorder.first('SSHChannelClosed', (e) => e.channelId === id);
  });
});

describe('the collections', () => {
  test('are live views of connections and channels', async () => {
    const { server, recorder } = await startServer();
    const [connections, channels] = [server.getConnections(), server.getChannels()];
    expect([connections.size(), channels.size()]).toEqual([0, 0]);
    const { client, channelId, connectionId } = await openSession({
      server,
      recorder,
    });
    expect(server.connections).toBe(connections);
    expect([...connections.keys()]).toEqual([connectionId]);
    expect([...channels.keys()]).toEqual([channelId]);
    expect(connections.has(connectionId)).toBe(true);
    const connection = connections.get(connectionId);
    const [{ port }] = recorder.all('ConnectionRequest');
    expect(connection.getConnectionId()).toBe(connectionId);
    expect(connection.getLocalAddress()).toBe('127.0.0.1');
    expect(connection.remoteHost).toBe('127.0.0.1');
    expect(connection.getRemotePort()).toBe(port);
    expect(connection.getTimeout()).toBe(60);
    connection.setTimeout(5);
    expect(connections.item(connectionId).timeout).toBe(5);
    const channel = channels.get(channelId);
    expect(channel.getConnectionId()).toBe(connectionId);
    expect(channel.service).toBe('session');
    expect(channel.isReadyToSend()).toBe(true);
    for (const unknown of ['0', '-1', '99999', '', 'x', '1 ', undefined]) {
      expect(connections.get(unknown)).toBeUndefined();
      expect(channels.has(unknown)).toBe(false);
    }
    const seen = [];
    channels.forEach((value, key, map) => seen.push([value.channelId, key, map === channels]));
    expect(seen).toEqual([[channelId, channelId, true]]);
    await ssh2.end(client);
    await recorder.first('Disconnected');
    expect([connections.size(), channels.size()]).toEqual([0, 0]);
    expect(connection.isConnected()).toBe(false);
    expect(connection.remotePort).toBe(port);
  });
});

test('what the client opens that is no session is told with its parameters', async () => {
  const { server, recorder } = await startServer((it) => {
    it.on('SSHChannelOpenRequest', (e) => {
      if (e.service === 'direct-tcpip') e.accept = true;
    });
    it.on('SSHChannelDataIn', (e) => it.sendBytes(e.channelId, e.dataB));
  });
  const client = await ssh2.connect(server);
  const stream = await ssh2.call(client, 'forwardOut', '10.1.2.3', 4321, 'example.com', 80);
  const [{ parametersB, service }] = recorder.all('SSHChannelOpenRequest');
  expect(service).toBe('direct-tcpip');
  expect(server.getSSHParam(parametersB, '%s')).toBe('example.com');
  expect(server.getSSHParam(parametersB, '%s,i')).toBe('80');
  expect(server.getSSHParam(parametersB, '%s,i,s')).toBe('10.1.2.3');
  expect(server.getSSHParam(parametersB, '%s,i,s,i')).toBe('4321');
  stream.write('through');
  expect((await take(stream, 7)).toString()).toBe('through');
});

test('a channel nobody accepts is refused', async () => {
  const { server, recorder } = await startServer();
  const client = await ssh2.connect(server);
  const opening = ssh2.call(client, 'forwardOut', '10.1.2.3', 4321, 'example.com', 80);
  await expect(opening).rejects.toThrow(/refused|prohibited|fail/i);
  expect(recorder.all('SSHChannelOpened')).toEqual([]);
  expect(recorder.all('SSHChannelClosed')).toEqual([]);
});
