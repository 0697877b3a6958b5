'use strict';

// What is no argument for the methods and fields of channels and connections: an error that says so,
// and nothing has changed.

const { createServer } = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');
const packets = require('../support/ssh2_packets.js');
const { startSession } = require('../support/sessions.js');

const BYTES = new Uint8Array([1, 2, 3]);
const HUGE = new Uint8Array(64 * 1024);

const typeError = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
const rangeError = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };
const failure = (code) => ({ name: 'SSHServerError', code });

// Method, what is wrong with the last arguments, the arguments after the id, the error.
const CHANNEL_CALLS = [
  ['changeRecordLength', 'text', ['5'], typeError],
  ['changeRecordLength', 'negative', [-1], rangeError],
  ['changeRecordLength', 'not whole', [1.5], rangeError],
  ['changeRecordLength', 'not a number', [NaN], rangeError],
  ['changeRecordLength', 'huge', [2 ** 31], rangeError],
  ['changeRecordLength', 'missing', [], typeError],
  ['sendBytes', 'text', ['abc'], typeError],
  ['sendBytes', 'a list', [[1, 2]], typeError],
  ['sendBytes', 'an ArrayBuffer', [new ArrayBuffer(2)], typeError],
  ['sendBytes', 'missing', [], typeError],
  ['sendChannelData', 'null', [null], typeError],
  ['sendText', 'bytes', [BYTES], typeError],
  ['sendText', 'a number', [5], typeError],
  ['sendExtendedData', 'text', ['abc'], typeError],
  ['sendExtendedData', 'type 0', [BYTES, 0], rangeError],
  ['sendExtendedData', 'a type beyond 32 bits', [BYTES, 2 ** 32], rangeError],
  ['sendExtendedData', 'a type that is text', [BYTES, '1'], typeError],
  ['sendExitStatus', 'negative', [-1], rangeError],
  ['sendExitStatus', 'beyond 32 bits', [2 ** 32], rangeError],
  ['sendExitStatus', 'text', ['0'], typeError],
  ['sendSSHPacket', 'a type that is text', ['98', BYTES], typeError],
  ['sendSSHPacket', 'a type beyond a byte', [256, BYTES], rangeError],
  ['sendSSHPacket', 'a payload that is text', [98, 'abc'], typeError],
  ['sendSSHPacket', 'a payload that is missing', [98], typeError],
  ['sendSSHPacket', 'a request of 64 KiB', [98, HUGE], failure(10022)],
  ['sendSSHPacket', 'an IGNORE of 64 KiB', [2, HUGE], failure(10022)],
  ['sendSSHPacket', 'a local message of 64 KiB', [192, HUGE], failure(10022)],
  [
    'sendSSHPacket',
    'data that is cut short',
    [94, new Uint8Array([0, 0, 0, 9, 1])],
    failure(10022),
  ],
  ['sendSSHPacket', 'data with more behind it', [94, new Uint8Array(5)], failure(10022)],
  ['sendSSHPacket', 'extended data without a type', [95, new Uint8Array(3)], failure(10022)],
  ['sendSSHPacket', 'a window that overflows', [93, new Uint8Array(4).fill(255)], failure(10022)],
  ['sendSSHPacket', 'a window of three bytes', [93, BYTES], failure(10022)],
  ['sendSSHPacket', 'an EOF with fields', [96, BYTES], failure(10022)],
  ['sendSSHPacket', 'a CLOSE with fields', [97, BYTES], failure(10022)],
  ['sendSSHPacket', 'DISCONNECT', [1, BYTES], failure(10022)],
  ['sendSSHPacket', 'KEXINIT', [20, BYTES], failure(10022)],
  ['sendSSHPacket', 'USERAUTH_SUCCESS', [52, new Uint8Array(0)], failure(10022)],
  ['sendSSHPacket', 'CHANNEL_OPEN', [90, BYTES], failure(10022)],
  ['sendSSHPacket', 'number 0', [0, BYTES], failure(10022)],
];

// Of a connection; the arguments after the id.
const CONNECTION_CALLS = [
  ['openChannel', 'a type that is missing', [], typeError],
  ['openChannel', 'a type that is a number', [5], typeError],
  ['openChannel', 'an empty type', [''], failure(10022)],
  ['openChannel', 'a type with a space', ['x 11'], failure(10022)],
  ['openChannel', 'a type with a comma', ['x11,x12'], failure(10022)],
  ['openChannel', 'a type with a control character', ['x11\0'], failure(10022)],
  ['openChannel', 'a type that is not ASCII', ['größe'], failure(10022)],
  ['openChannel', 'a long type', ['x'.repeat(65)], failure(10022)],
  ['openChannel', 'a huge type', ['x'.repeat(1_000_000)], failure(10022)],
  ['openChannel', 'parameters that are text', ['x11', 'abc'], typeError],
  ['openChannel', 'parameters that are null', ['x11', null], typeError],
  ['openChannel', 'parameters of 64 KiB', ['x11', HUGE], failure(10022)],
];

const GOOD_REST = {
  changeRecordLength: [5],
  closeChannel: [],
  sendBytes: [BYTES],
  sendChannelData: [BYTES],
  sendText: ['abc'],
  sendSSHPacket: [2, new Uint8Array(4)],
  sendEOF: [],
  sendExtendedData: [BYTES, 1],
  sendExitStatus: [0],
};
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

test('every channel method rejects what is no argument, and the channel is as before', async () => {
  const it = await startSession();
  for (const [method, what, args, error] of CHANNEL_CALLS) {
    const outcome = await it.server[method](it.channelId, ...args).catch((thrown) => thrown);
    expect([method, what, outcome]).toEqual([method, what, expect.objectContaining(error)]);
    expect(outcome.message).not.toBe('');
  }
  await expectUntouched(it);
});

test('every method of a connection does so', async () => {
  const it = await startSession();
  for (const [method, what, args, error] of CONNECTION_CALLS) {
    const outcome = await it.server[method](it.connectionId, ...args).catch((thrown) => thrown);
    expect([method, what, outcome]).toEqual([method, what, expect.objectContaining(error)]);
  }
  await expectUntouched(it);
});

test('ids that are none are 126, and ids that are no text a TypeError', async () => {
  const it = await startSession();
  const { server } = it;
  const methods = [
    ...Object.entries(GOOD_REST),
    ['disconnect', []],
    ['exchangeKeys', []],
    ['openChannel', ['x11']],
  ];
  for (const [method, rest] of methods) {
    for (const id of [...BAD_IDS, String(2 ** 53), '999999']) {
      const outcome = await server[method](id, ...rest).catch((error) => error);
      expect([method, id, outcome]).toEqual([method, id, expect.objectContaining(failure(126))]);
    }
    for (const id of [Number(it.channelId), null, undefined, {}, [it.channelId], 5n, Symbol('x')]) {
      const outcome = await server[method](id, ...rest).catch((error) => error);
      expect([method, outcome]).toEqual([method, expect.objectContaining(typeError)]);
    }
  }
  for (const id of BAD_IDS) {
    expect(() => server.getChannelStream(id)).toThrow(expect.objectContaining(failure(126)));
    expect(server.getChannels().get(id)).toBeUndefined();
    expect(server.getConnections().has(id)).toBe(false);
  }
  expect(() => server.getChannelStream(1)).toThrow(expect.objectContaining(typeError));
  await expectUntouched(it);
});

test('a callback that is none rejects, and one that is gets the error', async () => {
  const it = await startSession();
  await expect(it.server.sendText(it.channelId, 'x', 'y')).rejects.toMatchObject(typeError);
  await expect(it.server.sendBytes(it.channelId, BYTES, {})).rejects.toMatchObject(typeError);
  const error = await new Promise((resolve) => {
    expect(it.server.sendExitStatus(it.channelId, -1, resolve)).toBeUndefined();
  });
  expect(error).toMatchObject(rangeError);
  await expectUntouched(it);
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

test('of a server: DefaultTimeout and DefaultIdleTimeout', () => {
  const server = createServer();
  const before = [server.getDefaultTimeout(), server.getDefaultIdleTimeout()];
  for (const value of ['5', null, undefined, true, [1]]) {
    expect(() => server.setDefaultTimeout(value)).toThrow(expect.objectContaining(typeError));
    expect(() => (server.defaultIdleTimeout = value)).toThrow(expect.objectContaining(typeError));
  }
  for (const value of [-1, 1.5, NaN, Infinity, 2 ** 32]) {
    expect(() => server.setDefaultTimeout(value)).toThrow(expect.objectContaining(failure(10022)));
    expect(() => server.setDefaultIdleTimeout(value)).toThrow(
      expect.objectContaining(failure(10022)),
    );
  }
  expect([server.getDefaultTimeout(), server.getDefaultIdleTimeout()]).toEqual(before);
});

test.each([
  'SSHKeepAliveInterval=-1',
  'SSHKeepAliveInterval=1.5',
  'SSHKeepAliveInterval=soon',
  'SSHKeepAliveInterval=',
  'SSHKeepAliveInterval=2147483648',
  'SSHKeepAliveCountMax=-5',
  'SSHKeepAliveCountMax=many',
  'SSHKeepAliveInterval[1]=5',
])('config(%j) is refused and changes nothing', async (text) => {
  const server = createServer();
  const name = text.split(/[[=]/)[0];
  const before = await server.config(name);
  await expect(server.config(text)).rejects.toMatchObject({
    ...failure(10022),
    message: expect.stringContaining(name),
  });
  expect(await server.config(name)).toBe(before);
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
  const again = await server.closeChannel(channelId).catch((error) => error);
  expect([10058, 126]).toContain(again.code);
  await closing;
  stream.resume();
  await recorder.first('SSHChannelClosed');
  await expect(server.closeChannel(channelId)).rejects.toMatchObject(failure(126));
  await expect(server.sendText(channelId, 'x')).rejects.toMatchObject(failure(126));
});
