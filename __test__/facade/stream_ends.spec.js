'use strict';

// How the stream of a channel ends: complete with EOF, or without EOF with an error, after the bytes that came
// before.

jest.mock('../../lib/native.js', () => require('./fake_native.js'));
const { once } = require('node:events');
const { PassThrough, Writable } = require('node:stream');
const { finished, pipeline } = require('node:stream/promises');
const told = require('./told.js');
const { NativeServer } = require('./fake_native.js');
const { closed, create, data, disconnected, eof } = require('./fake_server.js');
const { turn } = require('../support/waiting.js');

afterEach(() => NativeServer.last.finish());

/** The end of a channel without an EOF, and the number that tells why. */
const CUTS = {
  'CLOSE without EOF': [[closed(3)], 10058],
  'the end of the connection': [[closed(3, true), disconnected(10054, 'reset')], 10054],
  'an end without a fault': [[closed(3, true), disconnected()], 10053],
};

/** A server with channel 3, its stream, and what Error tells. */
function start() {
  const { server, native } = create(3);
  const told = [];
  server.on('Error', ({ connectionId, errorCode, cause }) =>
    told.push({ connectionId, errorCode, cause }),
  );
  return { server, native, told, stream: server.getChannelStream('3') };
}

/** A sink that keeps what it gets, and takes it slowly. */
function sink() {
  const chunks = [];
  const writable = new Writable({
    highWaterMark: 1,
    write(chunk, encoding, done) {
      chunks.push(chunk);
      setImmediate(done);
    },
  });
  return { writable, text: () => Buffer.concat(chunks).toString() };
}

function cutOff(code) {
  return expect.objectContaining({
    code: 'ERR_STREAM_PREMATURE_CLOSE',
    cause: expect.objectContaining({ name: 'SSHServerError', code }),
  });
}

const failure = (promise) =>
  promise.then(
    () => 'complete',
    (error) => error,
  );

describe.each(Object.entries(CUTS))('%s', (name, [events, code]) => {
  test('pipeline() rejects, after the bytes that came', async () => {
    const { native, stream } = start();
    const { writable, text } = sink();
    const result = failure(pipeline(stream, writable));
    native.events(data(3, 'abc'), data(3, 'def'), ...events);
    expect(await result).toEqual(cutOff(code));
    expect(text()).toBe('abcdef');
    expect(native.mask & (1 << 6)).toBe(0);
  });

  test('an iteration throws, after the bytes that came', async () => {
    const { native, stream } = start();
    native.events(data(3, 'abc'), data(3, 'def'), ...events);
    let text = '';
    const iteration = (async () => {
      for await (const chunk of stream) {
        text += chunk;
        await turn();
      }
    })();
    expect(await failure(iteration)).toEqual(cutOff(code));
    expect(text).toBe('abcdef');
  });

  test('finished() rejects, for a reader that begins late as well', async () => {
    const { native, stream } = start();
    const result = failure(finished(stream));
    native.events(data(3, 'abc'), ...events);
    await turn();
    expect(stream.destroyed).toBe(false);
    expect(stream.read().toString()).toBe('abc');
    expect(await result).toEqual(cutOff(code));
    expect(await failure(finished(stream))).toEqual(cutOff(code));
    expect(await failure(pipeline(stream, new PassThrough()))).toEqual(
      expect.objectContaining({ code: 'ERR_STREAM_PREMATURE_CLOSE' }),
    );
  });

  test('a paused reader gets everything when it goes on', async () => {
    const { native, stream } = start();
    let text = '';
    stream.on('data', (chunk) => (text += chunk));
    stream.pause();
    const failed = once(stream, 'close').catch((error) => error);
    native.events(data(3, 'abc'), ...events);
    await turn();
    await turn();
    expect([text, stream.destroyed]).toEqual(['', false]);
    stream.resume();
    expect(await failed).toEqual(cutOff(code));
    expect(text).toBe('abc');
  });

  test('never says end', async () => {
    const { native, stream } = start();
    const seen = [];
    for (const event of ['end', 'error', 'close']) stream.on(event, () => seen.push(event));
    native.events(...events);
    await turn();
    expect(seen).toEqual(['error', 'close']);
    expect(native.called('closeChannel', 'abortChannel')).toEqual([]);
  });

  test('without a listener of the stream it is told by Error, once', async () => {
    const { native, stream, told } = start();
    stream.resume();
    native.events(data(3, 'abc'), ...events);
    await turn();
    await turn();
    expect(told).toEqual([{ connectionId: '1', errorCode: code, cause: cutOff(code) }]);
  });

  test('with a listener of the stream Error is not told', async () => {
    const { native, stream, told } = start();
    const failed = once(stream, 'error');
    native.events(...events);
    expect(await failed).toEqual([cutOff(code)]);
    await turn();
    expect(told).toEqual([]);
  });

  test('piped into something else it is told by Error, too', async () => {
    const { native, stream, told } = start();
    const from = new PassThrough();
    from.pipe(stream);
    native.events(...events);
    await turn();
    await turn();
    expect(told).toHaveLength(1);
  });

  test('a stream that is asked for behind it', async () => {
    const { server, native } = create(3);
    let stream;
    // The channel is gone in the addon while its first event is told.
    server.on('SSHChannelOpened', async (e) => {
      await turn();
      stream = server.getChannelStream(e.channelId);
    });
    native.events(told.CHANNEL_OPENED({ connection: 1, channel: 3 }), data(3, 'abc'), ...events);
    await turn();
    await turn();
    let text = '';
    stream.on('data', (chunk) => (text += chunk));
    expect(await failure(finished(stream))).toEqual(cutOff(code));
    expect(text).toBe('abc');
  });

  test('what was written and has not left fails, after what came was read', async () => {
    const { native, stream } = start();
    native.sendResults = [false];
    const writes = [];
    stream.write('first', (error) => writes.push(error.code));
    stream.write('second', (error) => writes.push(error.code));
    const [[op]] = native.called('write');
    // Either may be the first to be told, and the second long after it.
    native.channels.delete(3);
    native.done(op, 10058, 'closed');
    await turn();
    await turn();
    native.events(data(3, 'abc'), ...events);
    await turn();
    await turn();
    expect([stream.destroyed, writes]).toEqual([false, []]);
    const failed = once(stream, 'close').catch((error) => error);
    expect(stream.read().toString()).toBe('abc');
    expect(await failed).toEqual(cutOff(code));
    await turn();
    expect(writes).toEqual([10058, 'ERR_STREAM_PREMATURE_CLOSE']);
  });
});

describe('with EOF', () => {
  test.each([
    ['CLOSE', [closed(3)]],
    ['the end of the connection', [closed(3, true), disconnected(10054, 'reset')]],
  ])('%s after it changes nothing', async (name, events) => {
    const { native, stream, told } = start();
    const { writable, text } = sink();
    const result = pipeline(stream, writable);
    native.events(data(3, 'abc'), eof(3), ...events);
    await result;
    expect(text()).toBe('abc');
    await turn();
    expect([stream.destroyed, told]).toEqual([true, []]);
    expect(native.mask & ~(1 << 3)).toBe(0);
  });

  test('a write that fails after it takes nothing from the reader', async () => {
    const { native, stream } = start();
    native.sendResults = [false];
    stream.on('error', () => {});
    stream.write('never');
    native.channels.delete(3);
    native.events(data(3, 'abc'), eof(3), closed(3));
    native.done(native.called('write')[0][0], 10058, 'closed');
    await turn();
    await turn();
    let text = '';
    for await (const chunk of stream) text += chunk;
    expect(text).toBe('abc');
    await turn();
    expect(stream.errored).toMatchObject({ code: 10058 });
  });

  test('a stream that is asked for after it has an end', async () => {
    const { server, native } = create(3);
    server.on('SSHChannelEOF', () => {});
    native.events(eof(3));
    const stream = server.getChannelStream('3');
    stream.resume();
    await once(stream, 'end');
    native.events(closed(3));
    await once(stream, 'close');
    server.removeAllListeners();
    expect(native.mask).toBe(0);
  });
});

describe('the program', () => {
  test('has closed the channel: the stream says neither end nor error', async () => {
    const { server, native, stream, told } = start();
    const seen = [];
    for (const event of ['end', 'error', 'close']) stream.on(event, () => seen.push(event));
    void server.closeChannel('3');
    const result = failure(finished(stream));
    native.events(closed(3));
    expect(await result).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
    await turn();
    expect([seen, told]).toEqual([['close'], []]);
  });

  test('has sent CLOSE by hand', async () => {
    const { server, native, stream, told } = start();
    await server.sendSSHPacket('3', 97, new Uint8Array(0));
    native.events(closed(3));
    await once(stream, 'close');
    expect(told).toEqual([]);
  });

  test('destroys a stream that has written everything: EOF and CLOSE', async () => {
    const { native, stream } = start();
    stream.write('abc');
    await turn();
    stream.destroy();
    await once(stream, 'close');
    expect(native.called('closeChannel', 'abortChannel').map(([name]) => name)).toEqual([
      'closeChannel',
    ]);
  });

  test('destroys a stream that has not: what is left must not look like all of it', async () => {
    const { native, stream } = start();
    native.sendResults = [false];
    stream.write('abc');
    stream.destroy();
    await once(stream, 'close');
    expect(native.called('closeChannel', 'abortChannel').map(([name]) => name)).toEqual([
      'abortChannel',
    ]);
  });
});
