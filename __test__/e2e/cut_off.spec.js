'use strict';

// Truncated uploads through getChannelStream must not look complete.

const fs = require('node:fs');
const { finished, pipeline } = require('node:stream/promises');
const { writeFile } = require('../support/folder.js');
const { startSession } = require('../support/sessions.js');
const packets = require('../support/ssh2_packets.js');
const { byte, uint32 } = require('../support/wire.js');
const { until } = require('../support/waiting.js');

jest.setTimeout(60_000);

const DATA = Buffer.alloc(20_000, 'upload ');
const EVENTS = ['SSHChannelRequested', 'SSHChannelClosed', 'Disconnected', 'Error'];

/** An upload into a file, all of whose bytes have come. */
async function startUpload() {
  const it = await startSession(undefined, { events: EVENTS });
  const stream = it.server.getChannelStream(it.channelId);
  const file = writeFile('upload', '');
  const result = pipeline(stream, fs.createWriteStream(file)).then(
    () => 'complete',
    (error) => error,
  );
  it.stream.write(DATA);
  await until(() => fs.statSync(file).size === DATA.length);
  return { ...it, duplex: stream, file, result };
}

/** How an upload ends, and the number that the stream's error has as its cause. */
const CUTS = {
  'the client resets its connection': [({ client }) => client._sock.resetAndDestroy(), 10054],
  'the client ends its connection': [({ client }) => client._sock.end(), 10053],
  'the client disconnects': [({ client }) => client.end(), 10053],
  'the client sends CLOSE without EOF': [
    ({ client, stream }) => packets.sendPayload(client, byte(97), uint32(stream.outgoing.id)),
    10058,
  ],
  'the server disconnects it': [
    ({ server, connectionId }) => server.disconnect(connectionId),
    10053,
  ],
  'the server shuts down': [({ server }) => server.shutdown(), 10053],
};

test('an upload that ends with EOF is complete, whatever comes after it', async () => {
  const { stream, client, file, result, recorder } = await startUpload();
  stream.end();
  expect(await result).toBe('complete');
  expect(fs.readFileSync(file).equals(DATA)).toBe(true);
  client._sock.resetAndDestroy();
  await recorder.first('Disconnected');
  expect(recorder.all('Error')).toEqual([]);
});

test.each(Object.entries(CUTS))('%s: pipeline() rejects', async (name, [cut, code]) => {
  const it = await startUpload();
  await cut(it);
  const error = await it.result;
  expect(error).toMatchObject({
    code: 'ERR_STREAM_PREMATURE_CLOSE',
    cause: { name: 'SSHServerError', code },
  });
  expect(fs.readFileSync(it.file).equals(DATA)).toBe(true);
  if (code !== 10058) {
    const { statusCode } = await it.recorder.first('Disconnected');
    expect([statusCode, 10053]).toContain(code);
  }
  // A later call of finished() gets the same error, and `Error` does not report it as well.
  await expect(finished(it.duplex)).rejects.toBe(error);
  expect(it.recorder.all('Error')).toEqual([]);
});

test('the server closes the channel: pipeline() rejects, and that is no error of the stream', async () => {
  const { server, channelId, duplex, result, recorder } = await startUpload();
  await server.closeChannel(channelId);
  expect(await result).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  expect(duplex.errored).toBe(null);
  await recorder.first('SSHChannelClosed');
  expect(recorder.all('Error')).toEqual([]);
});

test('bytes that wait for a slow reader come before the error', async () => {
  const it = await startSession(undefined, { events: EVENTS });
  const duplex = it.server.getChannelStream(it.channelId);
  it.stream.write(DATA);
  packets.sendPayload(it.client, byte(97), uint32(it.stream.outgoing.id));
  await it.recorder.first('SSHChannelClosed');
  let length = 0;
  const reading = (async () => {
    for await (const chunk of duplex) length += chunk.length;
  })();
  await expect(reading).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  expect(length).toBe(DATA.length);
});

test('a stream that is asked for after EOF ends', async () => {
  const it = await startSession(undefined, { events: [...EVENTS, 'SSHChannelEOF'] });
  it.stream.end();
  await it.recorder.first('SSHChannelEOF');
  const duplex = it.server.getChannelStream(it.channelId);
  await pipeline(duplex, fs.createWriteStream(writeFile('upload', '')));
  expect(duplex.readableEnded).toBe(true);
});

test('without a listener of the stream it is told by Error, once', async () => {
  const it = await startSession(undefined, { events: EVENTS });
  it.server.getChannelStream(it.channelId).resume();
  it.client._sock.resetAndDestroy();
  const told = await it.recorder.first('Error');
  expect(told).toMatchObject({
    connectionId: it.connectionId,
    errorCode: 10054,
    cause: { code: 'ERR_STREAM_PREMATURE_CLOSE' },
  });
  await it.recorder.first('Disconnected');
  expect(it.recorder.all('Error')).toHaveLength(1);
});
