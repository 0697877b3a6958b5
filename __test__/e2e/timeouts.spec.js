'use strict';

// DefaultTimeout and the timeout of a connection (sends), and DefaultIdleTimeout (connections).

const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const { acceptAll, createServer, Recorder } = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');
const packets = require('../support/ssh2_packets.js');
const { startSession } = require('../support/sessions.js');

// Much of this waits for seconds to pass, or for clients to start: a busy machine gets more time.
jest.setTimeout(120_000);

const MUCH = 8_000_000;

/** Everything a stream gives from now on, and how to wait for so much of it. */
function collect(stream) {
  const chunks = [];
  let length = 0;
  stream.on('data', (chunk) => {
    chunks.push(chunk);
    length += chunk.length;
  });
  return async (wanted) => {
    while (length < wanted) await once(stream, 'data');
    return Buffer.concat(chunks);
  };
}

// The client of a session does not read what it is sent until it is told to.
describe('the timeout of sends', () => {
  test('starts as DefaultTimeout, 60 seconds, for connections that come after a change', async () => {
    const { server, recorder, connection } = await startSession();
    expect(server.getDefaultTimeout()).toBe(60);
    expect(connection.getTimeout()).toBe(60);
    server.setDefaultTimeout(7);
    expect(connection.getTimeout()).toBe(60);
    await ssh2.connect(server);
    const [, { connectionId }] = recorder.all('Connected');
    expect(server.getConnections().get(connectionId).timeout).toBe(7);
  });

  test('a send without progress for so long fails with 10060 and tells how much was sent', async () => {
    const { server, recorder, stream, channelId, connectionId, channel } = await startSession(
      (it) => it.setDefaultTimeout(1),
    );
    const data = randomBytes(MUCH);
    const error = await server.sendBytes(channelId, data).catch((thrown) => thrown);
    expect(error).toMatchObject({
      name: 'SSHServerError',
      code: 10060,
      message: expect.stringContaining('timed out'),
    });
    expect(channel.getBytesSent()).toBe(error.bytesSent);
    expect(error.bytesSent).toBeLessThan(MUCH);
    // Error fires although the send was awaited, because its channel is closed too.
    expect(recorder.all('Error')).toEqual([
      expect.objectContaining({ connectionId, errorCode: 10060, cause: error }),
    ]);
    const { stdout } = await ssh2.drain(stream);
    expect(stdout.equals(data.subarray(0, error.bytesSent))).toBe(true);
  });

  test('after a send that timed out the channel is closed, and nothing behind it is sent', async () => {
    const it = await startSession((each) => each.setDefaultTimeout(1));
    const { server, recorder, client, stream, channelId } = it;
    const seen = packets.watchEnds(client);
    const data = randomBytes(MUCH);
    // No call is awaited, as in the documented programs.
    const sent = server.sendBytes(channelId, data).catch((error) => error.bytesSent);
    const behind = server.sendText(channelId, 'and on').catch((error) => error.code);
    const status = server.sendExitStatus(channelId, 0).catch((error) => error.code);
    const closed = server.closeChannel(channelId);
    expect([await behind, await status, await closed]).toEqual([10058, 10058, undefined]);
    const result = await ssh2.drain(stream);
    // The client got a part of the data, and can see that: it got neither a status nor an EOF.
    expect(result.stdout.equals(data.subarray(0, await sent))).toBe(true);
    expect(result.status).toBeUndefined();
    expect(seen).toEqual(['CLOSE']);
    await recorder.first('SSHChannelClosed');
    expect(recorder.all('Error').map((e) => e.errorCode)).toEqual([10060]);
    // The connection goes on.
    const other = await ssh2.openSession(client, 'y');
    await recorder.count('SSHChannelRequested', 2);
    const [, { channelId: second }] = recorder.all('SSHChannelRequested');
    await server.sendText(second, 'here');
    expect(String((await once(other, 'data'))[0])).toBe('here');
  });

  test('a shorter timeout holds for the send that waits', async () => {
    const { server, channelId, connection } = await startSession((it) =>
      it.setDefaultTimeout(100_000),
    );
    const sending = server.sendBytes(channelId, randomBytes(MUCH));
    const failed = expect(sending).rejects.toMatchObject({ code: 10060 });
    connection.setTimeout(1);
    await failed;
  });

  test('with 0 the sends that wait fail with 135 at once, and what was sent is told', async () => {
    const { server, recorder, stream, channelId, connection, channel } = await startSession();
    const data = randomBytes(MUCH);
    const sending = server.sendBytes(channelId, data);
    const behind = server.sendText(channelId, 'behind');
    const failures = Promise.all([sending, behind].map((it) => it.catch((error) => error)));
    // The window is used up, or the data for its remaining part is on its way.
    await once(stream, 'readable');
    const before = recorder.all('SSHChannelReadyToSend').length;
    connection.setTimeout(0);
    const [large, small] = await failures;
    expect(large).toMatchObject({ code: 135, bytesSent: expect.any(Number) });
    expect(small).toMatchObject({ code: 135, bytesSent: 0 });
    expect(large.bytesSent).toBeLessThan(MUCH);
    expect(channel.getBytesSent()).toBe(0);
    const received = collect(stream);
    await recorder.count('SSHChannelReadyToSend', before + 1);
    await server.sendText(channelId, 'after');
    const all = await received(large.bytesSent + 5);
    const expected = Buffer.concat([data.subarray(0, large.bytesSent), Buffer.from('after')]);
    expect(all.equals(expected)).toBe(true);
  });

  test('with 0 every send ends at once, and bytesSent is that of the last one', async () => {
    const { server, stream, channelId, channel } = await startSession((it) =>
      it.setDefaultTimeout(0),
    );
    const data = randomBytes(MUCH);
    // Both in one turn: nothing can have become free in between.
    const outcomes = Promise.allSettled([
      server.sendBytes(channelId, data.subarray(0, 1000)),
      server.sendBytes(channelId, data.subarray(1000)),
    ]);
    const [small, large] = await outcomes;
    expect(small.status).toBe('fulfilled');
    expect(large.reason).toMatchObject({ code: 135, message: 'Operation would block.' });
    const sent = channel.getBytesSent();
    const received = collect(stream);
    const all = await received(1000 + sent);
    // Nothing that went out since has changed the count, and nothing more comes.
    expect(channel.getBytesSent()).toBe(sent);
    expect(all.equals(data.subarray(0, 1000 + sent))).toBe(true);
  });

  test('with 0 a program that goes by bytesSent and SSHChannelReadyToSend loses nothing', async () => {
    const { server, recorder, stream, channelId, channel } = await startSession((it) =>
      it.setDefaultTimeout(0),
    );
    const data = randomBytes(MUCH);
    const received = collect(stream);
    let ready = recorder.all('SSHChannelReadyToSend').length;
    for (let at = 0; at < data.length;) {
      // Several sends in one turn: the count that is read is that of the one that failed.
      const pieces = [100_000, 300_000, 700_000].map((length, i, all) => {
        const from = at + all.slice(0, i).reduce((sum, it) => sum + it, 0);
        return data.subarray(from, from + length);
      });
      let full = false;
      for (const piece of pieces) {
        try {
          await server.sendBytes(channelId, piece);
          at += piece.length;
        } catch (error) {
          expect(error.code).toBe(135);
          at += channel.getBytesSent();
          full = true;
          break;
        }
      }
      if (full) await recorder.count('SSHChannelReadyToSend', ++ready);
    }
    expect((await received(MUCH)).equals(data)).toBe(true);
  });

  test('a stream that nobody reads for longer than the timeout loses nothing', async () => {
    const it = await startSession((each) => each.setDefaultTimeout(1));
    const { server, recorder, client, stream, channelId } = it;
    const data = randomBytes(MUCH);
    const duplex = server.getChannelStream(channelId);
    duplex.end(data);
    await once(stream, 'readable');
    await ssh2.openSession(client, 'another');
    await recorder.count('SSHChannelRequested', 2);
    const [, { channelId: other }] = recorder.all('SSHChannelRequested');
    // A send on another channel fails: by then the stream has waited that long as well.
    await expect(server.sendBytes(other, data)).rejects.toMatchObject({ code: 10060 });
    const result = ssh2.drain(stream);
    await once(stream, 'end');
    await server.closeChannel(channelId);
    expect((await result).stdout.equals(data)).toBe(true);
  });

  test('a stream waits on when the timeout becomes another one, or none', async () => {
    const { server, stream, channelId, connection } = await startSession();
    const data = randomBytes(MUCH);
    const duplex = server.getChannelStream(channelId);
    const written = new Promise((resolve) => duplex.write(data, resolve));
    await once(stream, 'readable');
    // With no time at all whatever waits for a time is given up at once.
    connection.setTimeout(0);
    const failed = server.sendBytes(channelId, data).catch((error) => error);
    expect(await failed).toMatchObject({ code: 135 });
    const received = collect(stream);
    expect(await written).toBeFalsy();
    const all = await received(MUCH);
    expect(all.subarray(0, MUCH).equals(data)).toBe(true);
  });

  test('destroy() of a stream that waits closes its channel at once', async () => {
    const { server, recorder, client, stream, channelId } = await startSession();
    const seen = packets.watchEnds(client);
    const duplex = server.getChannelStream(channelId);
    duplex.write(randomBytes(MUCH));
    await once(stream, 'readable');
    duplex.destroy();
    // The client has not read, and learns that it will not get all.
    const { status } = await ssh2.drain(stream);
    expect([status, seen]).toEqual([undefined, ['CLOSE']]);
    await recorder.first('SSHChannelClosed');
    expect(recorder.all('Error')).toEqual([]);
  });
});

describe('DefaultIdleTimeout', () => {
  test('ends a connection that only sends keepalives, with 10060', async () => {
    const { recorder, client, stream } = await startSession((it) => it.setDefaultIdleTimeout(1));
    const keepAlive = setInterval(() => {
      if (client.errors.length > 0 || !stream.writable) return;
      void packets.globalRequest(client, 'keepalive@openssh.com', false);
      void packets.channelRequest(client, stream, 'keepalive@openssh.com', false);
    }, 200);
    const gone = await recorder.first('Disconnected');
    clearInterval(keepAlive);
    expect(gone).toMatchObject({
      statusCode: 10060,
      description: expect.stringContaining('idle timeout'),
    });
    await client.closed;
    expect(client.errors).toEqual([]);
  });

  test('the keepalive requests of the server keep nobody', async () => {
    const { recorder } = await startSession(async (it) => {
      it.setDefaultIdleTimeout(3);
      await it.config('SSHKeepAliveInterval=1');
    });
    expect((await recorder.first('Disconnected')).description).toContain('idle timeout');
  });

  test('a login that takes longer is not idle', async () => {
    const server = createServer();
    const recorder = new Recorder(server, ['Disconnected', 'SSHUserAuthRequest']);
    server.setDefaultIdleTimeout(1);
    // Another server's idle client is gone first: so long does the login take.
    server.on('SSHUserAuthRequest', async (e) => {
      if (e.authMethod !== 'password') return;
      await other.closed;
      e.accept = true;
    });
    await server.startListening();
    const second = createServer();
    acceptAll(second);
    second.setDefaultIdleTimeout(2);
    await second.startListening();
    const other = await ssh2.connect(second);
    const client = await ssh2.connect(server, { password: 'x', authHandler: ['password'] });
    await client.closed;
    await recorder.first('Disconnected');
    expect(recorder.all('Disconnected')).toMatchObject([{ statusCode: 10060 }]);
  });
});
