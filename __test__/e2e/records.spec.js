'use strict';

// changeRecordLength with a real client: records longer than the window, changes under way, the rest.

const { randomBytes } = require('node:crypto');
const ssh2 = require('../support/ssh2_client.js');
const packets = require('../support/ssh2_packets.js');
const { startSession } = require('../support/sessions.js');
const { byte, string, uint32 } = require('../support/wire.js');

async function session() {
  const it = await startSession();
  const records = () =>
    it.recorder
      .all('SSHChannelDataIn')
      .filter((e) => e.channelId === it.channelId && !e.extendedDataType);
  return { ...it, records };
}

const lengths = (events) => events.map((e) => e.dataB.length);
const joined = (events) => Buffer.concat(events.map((e) => e.dataB));

test('a record longer than the window of a channel comes in one piece', async () => {
  const { server, recorder, stream, channelId, records } = await session();
  const length = 5_000_000;
  await server.changeRecordLength(channelId, length);
  const data = randomBytes(2 * length + 7);
  stream.end(data);
  await recorder.first('SSHChannelEOF');
  expect(lengths(records())).toEqual([length, length, 7]);
  expect(joined(records()).equals(data)).toBe(true);
});

test('a rest is delivered before SSHChannelClosed of a client that sends no EOF', async () => {
  const { server, recorder, client, stream, channelId, records } = await session();
  await server.changeRecordLength(channelId, 100);
  stream.write(Buffer.alloc(250, 'r'));
  await recorder.count('SSHChannelDataIn', 2);
  // CHANNEL_CLOSE without EOF before it
  packets.sendPayload(client, byte(97), uint32(stream.outgoing.id));
  await recorder.first('SSHChannelClosed');
  expect(lengths(records())).toEqual([100, 100, 50]);
  const names = recorder.names(['Log', 'SSHStatus']);
  expect(names.indexOf('SSHChannelClosed')).toBeGreaterThan(names.lastIndexOf('SSHChannelDataIn'));
  expect(names).not.toContain('SSHChannelEOF');
});

test('a rest is delivered when the client is gone', async () => {
  const { server, recorder, client, stream, channelId, records } = await session();
  await server.changeRecordLength(channelId, 1000);
  stream.write(Buffer.alloc(2500, 'g'));
  await recorder.count('SSHChannelDataIn', 2);
  client.destroy();
  await recorder.first('Disconnected');
  expect(lengths(records())).toEqual([1000, 1000, 500]);
});

test('a request between two halves of a record ends no record', async () => {
  const { server, recorder, client, stream, channelId, records } = await session();
  await server.changeRecordLength(channelId, 10);
  stream.write('first');
  expect(await packets.channelRequest(client, stream, 'between', true)).toBe(true);
  stream.end('later');
  await recorder.first('SSHChannelEOF');
  expect(records().map((e) => e.data)).toEqual(['firstlater']);
});

test('back to 0, what waits is delivered as it is, and what follows as it comes', async () => {
  const { server, recorder, client, stream, channelId, records } = await session();
  await server.changeRecordLength(channelId, 1000);
  stream.write(Buffer.alloc(300, 'w'));
  // Its reply comes when the data before it has been handled.
  await packets.channelRequest(client, stream, 'barrier', true);
  expect(records()).toEqual([]);
  await server.changeRecordLength(channelId, 0);
  expect(server.getChannels().get(channelId).getRecordLength()).toBe(0);
  stream.end(Buffer.alloc(5, 'x'));
  await recorder.first('SSHChannelEOF');
  expect(joined(records()).toString()).toBe(`${'w'.repeat(300)}${'x'.repeat(5)}`);
  expect(lengths(records())[0]).toBe(300);
});

test('extended data is not cut, and each channel has a length of its own', async () => {
  const { server, recorder, client, stream, channelId, records } = await session();
  await server.changeRecordLength(channelId, 2);
  const other = await ssh2.openSession(client, 'other');
  other.write('whole');
  const { data } = await recorder.first('SSHChannelDataIn', (e) => e.channelId !== channelId);
  expect(data).toBe('whole');
  // CHANNEL_EXTENDED_DATA of type 1
  packets.sendPayload(client, byte(95), uint32(stream.outgoing.id), uint32(1), string('errors'));
  stream.end('abcd');
  await recorder.first('SSHChannelEOF');
  const extended = recorder.all('SSHChannelDataIn').filter((e) => e.extendedDataType === 1);
  expect(extended.map((e) => e.data)).toEqual(['errors']);
  expect(records().map((e) => e.data)).toEqual(['ab', 'cd']);
});
