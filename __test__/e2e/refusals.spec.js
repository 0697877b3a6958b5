'use strict';

// Errors that need a channel in use: packets that break the protocol, values for the fields of channels and
// connections, and sending after the end. The error names the cause, and the state is unchanged.

const ssh2 = require('../support/ssh2_client.js');
const packets = require('../support/ssh2_packets.js');
const { startSession } = require('../support/sessions.js');

const BYTES = new Uint8Array([1, 2, 3]);
const HUGE = new Uint8Array(64 * 1024);

const typeError = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
const rangeError = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };
const failure = (code) => ({ name: 'SSHServerError', code });

// What is wrong, and the packet.
const PACKETS = [
  ['a request of 64 KiB', 98, HUGE],
  ['an IGNORE of 64 KiB', 2, HUGE],
  ['a local message of 64 KiB', 192, HUGE],
  ['data that is cut short', 94, new Uint8Array([0, 0, 0, 9, 1])],
  ['data with more behind it', 94, new Uint8Array(5)],
  ['extended data without a type', 95, new Uint8Array(3)],
  ['a window that overflows', 93, new Uint8Array(4).fill(255)],
  ['a window of three bytes', 93, BYTES],
  ['an EOF with fields', 96, BYTES],
  ['a CLOSE with fields', 97, BYTES],
  ['DISCONNECT', 1, BYTES],
  ['KEXINIT', 20, BYTES],
  ['USERAUTH_SUCCESS', 52, new Uint8Array(0)],
  ['CHANNEL_OPEN', 90, BYTES],
  ['number 0', 0, BYTES],
];
const BAD_IDS = ['0', '-1', '', ' 1', '1.0', '01', '1e3', 'abc', '9'.repeat(400), '\0'];

/** The channel is as it was, and works in both directions. */
async function expectUntouched({ server, recorder, client, stream, channelId, connectionId }) {
  const channel = server.getChannels().get(channelId);
  expect({
    size: server.getChannels().size(),
    ready: channel.isReadyToSend(),
    bytesSent: channel.getBytesSent(),
    recordLength: channel.getRecordLength(),
    service: channel.getService(),
    connectionId: channel.getConnectionId(),
    timeout: server.getConnections().get(connectionId).getTimeout(),
  }).toEqual({
    size: 1,
    ready: true,
    bytesSent: 0,
    recordLength: 0,
    service: 'session',
    connectionId,
    timeout: 60,
  });
  const result = ssh2.drain(stream);
  stream.write('to the server');
  const { data } = await recorder.first('SSHChannelDataIn');
  expect(data).toBe('to the server');
  expect(await packets.channelRequest(client, stream, 'still', true)).toBe(true);
  await server.sendText(channelId, 'to the client');
  await server.closeChannel(channelId);
  expect((await result).stdout.toString()).toBe('to the client');
  expect(recorder.all('Error')).toEqual([]);
}

test('packets that break the protocol are not sent, and the channel is as before', async () => {
  const it = await startSession();
  for (const [what, type, payload] of PACKETS) {
    const outcome = await it.server
      .sendSSHPacket(it.channelId, type, payload)
      .catch((thrown) => thrown);
    expect([what, outcome]).toEqual([what, expect.objectContaining(failure(10022))]);
    expect(outcome.message).not.toBe('');
  }
  await expect(it.server.openChannel(it.connectionId, 'x11', HUGE)).rejects.toMatchObject(
    failure(10022),
  );
  await expectUntouched(it);
});

test('what is no id is in no collection', async () => {
  const { server } = await startSession();
  for (const id of BAD_IDS) {
    expect(server.getChannels().get(id)).toBeUndefined();
    expect(server.getConnections().has(id)).toBe(false);
  }
});

test('fields of a channel and of a connection', async () => {
  const it = await startSession();
  const channel = it.server.getChannels().get(it.channelId);
  const connection = it.server.getConnections().get(it.connectionId);
  for (const [set, error] of [
    [() => channel.setRecordLength('5'), typeError],
    [() => channel.setRecordLength(-1), rangeError],
    [() => (channel.recordLength = NaN), rangeError],
    [() => (channel.recordLength = 2 ** 31), rangeError],
    [() => channel.setDataToSend(BYTES), typeError],
    [() => (channel.dataToSend = 5), typeError],
    [() => channel.setDataToSendB('abc'), typeError],
    [() => (channel.dataToSendB = null), typeError],
    [() => connection.setTimeout('5'), typeError],
    [() => connection.setTimeout(-1), rangeError],
    [() => (connection.timeout = 1.5), rangeError],
    [() => (connection.timeout = Infinity), rangeError],
    [() => connection.setConnected('yes'), typeError],
    [() => (connection.connected = 1), typeError],
  ]) {
    expect(set).toThrow(expect.objectContaining(error));
  }
  // What is read-only stays as it is.
  for (const [object, field] of [
    [channel, 'bytesSent'],
    [channel, 'channelId'],
    [channel, 'service'],
    [channel, 'readyToSend'],
    [connection, 'connectionId'],
    [connection, 'remoteHost'],
    [connection, 'remotePort'],
    [connection, 'localAddress'],
  ]) {
    const before = object[field];
    expect(() => (object[field] = 'other')).toThrow(TypeError);
    expect(object[field]).toBe(before);
  }
  connection.setConnected(true);
  await expectUntouched(it);
});

test('after EOF and after closing nothing more is sent, and each says why', async () => {
  const { server, recorder, channelId, stream } = await startSession();
  await server.sendEOF(channelId);
  for (const [method, rest] of [
    ['sendEOF', []],
    ['sendText', ['x']],
    ['sendBytes', [BYTES]],
    ['sendExtendedData', [BYTES]],
  ]) {
    const outcome = await server[method](channelId, ...rest).catch((error) => error);
    expect([method, outcome]).toEqual([method, expect.objectContaining(failure(10058))]);
  }
  // Requests may follow EOF (RFC 4254 section 5.3).
  await server.sendExitStatus(channelId, 6);
  // The client closes when it is told to, so the channel is still known here.
  const closing = server.closeChannel(channelId);
  // A second call is an error, unless the client has closed the channel first: then the call succeeds.
  const again = await server.closeChannel(channelId).catch((error) => error.code);
  expect([10058, undefined]).toContain(again);
  await closing;
  stream.resume();
  await recorder.first('SSHChannelClosed');
  await expect(server.closeChannel(channelId)).rejects.toMatchObject(failure(126));
  await expect(server.sendText(channelId, 'x')).rejects.toMatchObject(failure(126));
});
