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
    const { server, stream, channelId, channel, connection } = await startSession((it) =>
      it.setDefaultTimeout(1),
    );
    const data = randomBytes(MUCH);
    let sent = 0;
    let error;
    // Until the window is used up; a busy machine may let the time pass before that.
    do {
      error = await server.sendBytes(channelId, data.subarray(sent)).catch((thrown) => thrown);
      expect(error).toMatchObject({
        name: 'SSHServerError',
        code: 10060,
        message: expect.stringContaining('timed out'),
      });
      expect(channel.getBytesSent()).toBe(error.bytesSent);
      sent += error.bytesSent;
    } while (error.bytesSent > 0);
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(MUCH);
    // The channel lives: exactly that much has arrived, and the next send follows it.
    connection.setTimeout(100_000);
    const received = collect(stream);
    await server.sendText(channelId, 'and on');
    expect(channel.getBytesSent()).toBe(6);
    const all = await received(sent + 6);
    expect(all.equals(Buffer.concat([data.subarray(0, sent), Buffer.from('and on')]))).toBe(true);
  });

  test('SSHChannelReadyToSend tells when there is room after a send that timed out', async () => {
    const { server, recorder, stream, channelId, connection } = await startSession((it) =>
      it.setDefaultTimeout(1),
    );
    let error;
    do {
      error = await server.sendBytes(channelId, randomBytes(MUCH)).catch((thrown) => thrown);
      expect(error.code).toBe(10060);
    } while (error.bytesSent > 0);
    const before = recorder.all('SSHChannelReadyToSend').length;
    expect(server.getChannels().get(channelId).isReadyToSend()).toBe(false);
    connection.setTimeout(100_000);
    stream.resume();
    await recorder.count('SSHChannelReadyToSend', before + 1);
    await server.sendText(channelId, 'room');
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
    // The window is used up, or what is left of it is on its way.
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
    const { server, stream, channelId } = await startSession((it) => it.setDefaultTimeout(1));
    const data = randomBytes(MUCH);
    const duplex = server.getChannelStream(channelId);
    duplex.end(data);
    // A send behind it has failed: by then the stream's own has waited that long as well.
    await expect(server.sendBytes(channelId, randomBytes(10))).rejects.toMatchObject({
      code: 10060,
    });
    const result = ssh2.drain(stream);
    await once(stream, 'end');
    await server.closeChannel(channelId);
    expect((await result).stdout.equals(data)).toBe(true);
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
