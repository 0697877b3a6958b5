'use strict';

jest.mock('../../lib/native.js', () => require('./fake_native.js'));
const { once } = require('node:events');
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const told = require('./told.js');
const { KIND } = require('../../lib/boundary.js');
const { NativeServer, nativeError } = require('./fake_native.js');
const { bytes, closed, create, data, eof } = require('./fake_server.js');
const { channelInfo } = require('./infos.js');
const { deferred, turn, until } = require('../support/waiting.js');

afterEach(() => NativeServer.last.finish());

describe('data', () => {
  test('comes as bytes, as text when asked, and with its type', () => {
    const { server, native } = create();
    const seen = [];
    server.on('SSHChannelDataIn', (e) =>
      seen.push([e.connectionId, e.channelId, e.data, e.dataB, e.extendedDataType]),
    );
    native.events(data(3, 'grüße'), data(3, 'err', 1));
    expect(seen).toEqual([
      ['1', '3', 'grüße', bytes('grüße'), 0],
      ['1', '3', 'err', bytes('err'), 1],
    ]);
    expect(native.called('consumed')).toEqual([[[3, 10]]]);
  });

  test('is consumed only when the promise of its listener has settled, and rejected ones count too', async () => {
    const { server, native } = create();
    const gate = deferred();
    server.on('Error', () => {});
    server.on('SSHChannelDataIn', async () => {
      await gate.promise;
      throw new Error('late');
    });
    native.events(data(3, 'abc'));
    await turn();
    expect(native.totalConsumed(3)).toBe(0);
    gate.resolve();
    await turn();
    expect(native.totalConsumed(3)).toBe(3);
  });

  test('whose listener returns a send is consumed at once when that is done, else when it is', async () => {
    const { server, native } = create(3);
    const sent = [];
    server.on('SSHChannelDataIn', (e) => {
      sent.push(e.data);
      return server.sendBytes(e.channelId, e.dataB);
    });
    native.sendResults = [true, false, true];
    native.events(data(3, 'a'), data(3, 'bc'), data(3, 'def'));
    expect([sent, native.totalConsumed(3)]).toEqual([['a', 'bc'], 1]);
    native.done(native.called('send')[1][0]);
    await turn();
    expect([sent, native.totalConsumed(3)]).toEqual([['a', 'bc', 'def'], 6]);
  });

  test('nobody listens to is consumed', () => {
    const { server, native } = create();
    server.on('SSHChannelOpenRequest', () => {});
    native.events(data(3, 'abc'));
    expect(native.totalConsumed(3)).toBe(3);
  });
});

describe('record lengths', () => {
  function recorded(...channels) {
    const created = create(...channels);
    const seen = [];
    created.server.on('SSHChannelDataIn', (e) => seen.push(e.data));
    return { ...created, seen };
  }

  test('give exactly so many bytes each, across events', async () => {
    const { server, native, seen } = recorded(3);
    await server.changeRecordLength('3', 4);
    native.events(data(3, 'ab'), data(3, 'cdefghij'), data(3, 'kl'));
    expect(seen).toEqual(['abcd', 'efgh', 'ijkl']);
    expect(native.totalConsumed(3)).toBe(12);
    expect(server.channels.get('3').recordLength).toBe(4);
  });

  test('changed inside the listener concern the very next bytes', async () => {
    const { server, native } = create(3);
    const seen = [];
    server.on('SSHChannelDataIn', (e) => {
      seen.push(e.data);
      void server.changeRecordLength('3', { 1: 3, 3: 2, 2: 0 }[e.dataB.length] ?? 0);
    });
    void server.changeRecordLength('3', 1);
    native.events(data(3, 'abcdefXYZ'));
    expect(seen).toEqual(['a', 'bcd', 'ef', 'XYZ']);
  });

  test('changed by an asynchronous listener, too', async () => {
    const { server, native } = create(3);
    const seen = [];
    server.on('SSHChannelDataIn', async (e) => {
      seen.push(e.data);
      await undefined;
      await server.changeRecordLength('3', e.dataB.length + 1);
    });
    await server.changeRecordLength('3', 1);
    native.events(data(3, 'abbcccdd'), data(3, 'dd'));
    await turn();
    expect(seen).toEqual(['a', 'bb', 'ccc', 'dddd']);
    expect(native.totalConsumed(3)).toBe(10);
  });

  test('longer than any window: waiting bytes are consumed at once', async () => {
    const { server, native, seen } = recorded(3);
    await server.changeRecordLength('3', 1000);
    for (let i = 1; i < 100; i++) {
      native.events(data(3, '0123456789'));
      expect(native.totalConsumed(3)).toBe(i * 10);
    }
    expect(seen).toEqual([]);
    native.events(data(3, '0123456789'));
    expect(seen).toEqual(['0123456789'.repeat(100)]);
  });

  test.each([
    ['SSHChannelEOF', eof],
    ['SSHChannelClosed', closed],
  ])('the rest comes before %s', async (name, event) => {
    const { server, native, seen } = recorded(3);
    server.on(name, () => seen.push(name));
    await server.changeRecordLength('3', 4);
    native.events(data(3, 'abcdef'), event(3));
    expect(seen).toEqual(['abcd', 'ef', name]);
  });

  test('the end waits for the promise of the rest', async () => {
    const { server, native } = create(3);
    const seen = [];
    const gate = deferred();
    server.on('SSHChannelDataIn', (e) => {
      seen.push(e.data);
      return gate.promise;
    });
    server.on('SSHChannelClosed', () => seen.push('closed'));
    server.on('Disconnected', () => seen.push('disconnected'));
    await server.changeRecordLength('3', 4);
    native.events(
      data(3, 'ab'),
      eof(3),
      closed(3),
      told.DISCONNECTED({ connection: 1, code: 0, message: 'OK' }),
    );
    expect(seen).toEqual(['ab']);
    gate.resolve();
    await turn();
    expect(seen).toEqual(['ab', 'closed', 'disconnected']);
  });

  test('back to 0 lets go of what waited, but not inside the call', async () => {
    const { server, native, seen } = recorded(3);
    await server.changeRecordLength('3', 4);
    native.events(data(3, 'ab'));
    const done = server.changeRecordLength('3', 0);
    expect(seen).toEqual([]);
    await done;
    expect(seen).toEqual(['ab']);
  });

  test('extended data is not cut', async () => {
    const { server, native, seen } = recorded(3);
    await server.changeRecordLength('3', 4);
    native.events(data(3, 'ab'), data(3, 'stderr', 1), data(3, 'cd'));
    expect(seen).toEqual(['stderr', 'abcd']);
  });

  test('are forgotten with the channel, and so are the events they needed', async () => {
    const { server, native } = create(3);
    await server.changeRecordLength('3', 4);
    expect(native.listensTo(KIND.CHANNEL_EOF)).toBe(true);
    native.channels.delete(3);
    native.events(closed(3));
    expect(native.mask).toBe(0);
    await expect(server.changeRecordLength('3', 4)).rejects.toMatchObject({ code: 126 });
    expect(native.mask).toBe(0);
  });
});

describe('the stream of a channel', () => {
  test('takes the data, and ends with EOF; the events of the ends still fire', async () => {
    const { server, native } = create(3);
    const events = [];
    server.on('SSHChannelDataIn', (e) => events.push(e.data));
    server.on('SSHChannelEOF', () => events.push('EOF'));
    const stream = server.getChannelStream('3');
    expect(server.getChannelStream('3')).toBe(stream);
    native.events(data(3, 'abc'), data(3, 'err', 1), data(3, 'def'), eof(3));
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('abcdef');
    expect(events).toEqual(['err', 'EOF']);
    expect(native.called('closeChannel')).toEqual([]);
  });

  test('is fed while a listener of its channel waits for it', async () => {
    const { server, native } = create(3);
    const { promise, resolve } = deferred();
    server.on('SSHChannelRequest', (e) => {
      e.success = true;
    });
    server.on('SSHChannelRequested', async (e) => {
      await turn();
      let text = '';
      for await (const chunk of server.getChannelStream(e.channelId)) text += chunk;
      resolve(text);
    });
    // Already gone in the addon, as after a quick client: the events are still to come.
    native.channels.delete(3);
    native.events(
      told.CHANNEL_REQUEST({
        question: 1,
        connection: 1,
        channel: 3,
        requestType: 'exec',
        packet: bytes(''),
      }),
      data(3, 'queued '),
    );
    await turn();
    native.events(data(3, 'and direct'), eof(3), closed(3));
    expect(await promise).toBe('queued and direct');
  });

  test('is given what came before a listener of SSHChannelRequested asked for it, and the end', async () => {
    const { server, native } = create(3);
    const asked = deferred();
    const text = deferred();
    server.on('SSHChannelRequest', (e) => (e.success = true));
    server.on('SSHChannelRequested', async (e) => {
      await asked.promise;
      let all = '';
      for await (const chunk of server.getChannelStream(e.channelId)) all += chunk;
      text.resolve(all);
    });
    const events = [
      told.CHANNEL_REQUEST({
        question: 1,
        connection: 1,
        channel: 3,
        requestType: 'exec',
        packet: bytes(''),
      }),
      data(3, 'one '),
      data(3, 'by '),
      data(3, 'one'),
    ];
    native.events(...events, eof(3));
    await turn();
    expect(native.totalConsumed(3)).toBe(0);
    asked.resolve();
    expect(await text.promise).toBe('one by one');
    expect(native.totalConsumed(3)).toBe(10);
  });

  test('data is kept for a stream only until the listener that may ask for it is done', async () => {
    const { server, native } = create(3);
    const served = deferred();
    server.on('SSHChannelRequest', (e) => (e.success = true));
    server.on('SSHChannelRequested', () => served.promise);
    native.events(
      told.CHANNEL_REQUEST({
        question: 1,
        connection: 1,
        channel: 3,
        requestType: 'exec',
        packet: bytes(''),
      }),
      data(3, 'nobody wants it'),
    );
    await turn();
    expect(native.totalConsumed(3)).toBe(0);
    served.resolve();
    await turn();
    expect(native.totalConsumed(3)).toBe(15);
    native.events(data(3, 'nor that'));
    expect(native.totalConsumed(3)).toBe(23);
  });

  test('data that is kept for a stream when the channel closes is given back', async () => {
    const { server, native } = create(3);
    server.on('SSHChannelRequest', (e) => (e.success = true));
    server.on('SSHChannelRequested', () => new Promise(() => {}));
    native.events(
      told.CHANNEL_REQUEST({
        question: 1,
        connection: 1,
        channel: 3,
        requestType: 'exec',
        packet: bytes(''),
      }),
      data(3, 'nobody wants it'),
      closed(3),
    );
    await turn();
    expect(native.totalConsumed(3)).toBe(15);
  });

  test('asked for by who refuses the channel, it ends', async () => {
    const { server, native } = create();
    let stream;
    server.on('SSHChannelOpenRequest', (e) => {
      stream = server.getChannelStream(e.channelId);
    });
    native.events(
      told.CHANNEL_OPEN_REQUEST({
        question: 1,
        connection: 1,
        channel: 3,
        service: 'session',
        parameters: bytes(''),
      }),
    );
    await once(stream, 'close');
    expect(native.called('closeChannel')).toEqual([]);
    expect(() => server.getChannelStream('3')).toThrow(expect.objectContaining({ code: 126 }));
  });

  test('can be asked for in the first listener of a channel, and not after its end', () => {
    const { server, native } = create();
    let stream;
    server.on('SSHChannelOpened', (e) => {
      stream = server.getChannelStream(e.channelId);
    });
    native.events(told.CHANNEL_OPENED({ connection: 1, channel: 3 }), data(3, 'abc'));
    expect(stream.read().toString()).toBe('abc');
    native.events(closed(3));
    expect(() => server.getChannelStream('3')).toThrow(expect.objectContaining({ code: 126 }));
  });

  test('reading: who wants more at once than the window has gets it', async () => {
    const { server, native } = create(3);
    const stream = server.getChannelStream('3');
    const piece = 'x'.repeat(50000);
    native.events(data(3, piece));
    await turn();
    expect(native.totalConsumed(3)).toBe(0);
    // The client, whose window is full, sends more only when it opens.
    for (let sent = 50000; sent < 200000; sent += 50000) {
      expect(stream.read(200000)).toBe(null);
      await turn();
      expect(native.totalConsumed(3)).toBe(sent);
      native.events(data(3, piece));
      await turn();
    }
    expect(stream.read(200000)).toHaveLength(200000);
    await turn();
    expect(native.totalConsumed(3)).toBe(200000);
  });

  test('reading: the window re-opens as bytes are taken', async () => {
    const { server, native } = create(3);
    const stream = server.getChannelStream('3');
    const chunk = 'x'.repeat(50000);
    native.events(data(3, chunk), data(3, chunk), data(3, chunk));
    await turn();
    // What waits in the stream is not taken, however small it is.
    expect(native.totalConsumed(3)).toBe(0);
    expect(stream.read(60000)).toHaveLength(60000);
    await turn();
    expect(native.totalConsumed(3)).toBe(60000);
    stream.resume();
    await turn();
    await turn();
    expect(native.totalConsumed(3)).toBe(150000);
  });

  test('writing: a chunk is done when the addon says so, and end() sends EOF after it', async () => {
    const { server, native } = create(3);
    const stream = server.getChannelStream('3');
    native.sendResults = [false];
    let written = false;
    stream.write('abc', () => (written = true));
    stream.end();
    const [[op]] = native.called('write');
    await turn();
    expect(written).toBe(false);
    expect(native.called('sendEof')).toEqual([]);
    native.done(op);
    await once(stream, 'finish');
    expect(written).toBe(true);
    expect(native.called('write', 'sendEof').map(([name]) => name)).toEqual(['write', 'sendEof']);
    expect(native.called('closeChannel')).toEqual([]);
  });

  test('writing: a client that does not read is waited for, whatever the timeout', async () => {
    const { server, native } = create(3);
    const stream = server.getChannelStream('3');
    stream.write('abcdef');
    await turn();
    // The call of the addon that has no timeout.
    expect(native.called('write', 'send').map(([name]) => name)).toEqual(['write']);
  });

  test('writing: chunks of a byte are enough long before 64 KiB of them', async () => {
    const { server, native } = create(3);
    const stream = server.getChannelStream('3');
    let drains = 0;
    stream.on('drain', () => drains++);
    native.sendResults = [false, false, true];
    stream.write('a');
    let waiting = 0;
    for (let goesOn = true; goesOn; waiting++) goesOn = stream.write('b');
    expect(waiting).toBe(256);
    expect(stream.writableLength).toBe(257);
    expect(stream.writableNeedDrain).toBe(true);
    native.done(native.called('write')[0][0]);
    await turn();
    // They are on their way now, and 'drain' comes when nothing is.
    expect(native.called('write')[1][2]).toHaveLength(256);
    expect(drains).toBe(0);
    native.done(native.called('write')[1][0]);
    await turn();
    expect([drains, stream.writableNeedDrain]).toEqual([1, false]);
    expect(stream.write('c')).toBe(true);
  });

  test("writing: 'drain' comes once, too, where bytes and chunks are both enough", async () => {
    const { server, native } = create(3);
    const stream = server.getChannelStream('3');
    let drains = 0;
    stream.on('drain', () => drains++);
    native.sendResults = [false];
    stream.write('a');
    for (let at = 0; at < 300; at++) stream.write('b');
    expect(stream.write(Buffer.alloc(64 * 1024))).toBe(false);
    for (let at = 0; at < 300; at++) stream.write('c');
    native.done(native.called('write')[0][0]);
    await turn();
    await turn();
    expect([drains, stream.writableLength]).toEqual([1, 0]);
  });

  test.each([
    ['pipe()', (source, stream) => source.pipe(stream)],
    ['pipeline()', (source, stream) => void pipeline(source, stream, { end: false })],
    ['pipeline() of a generator', (source, stream) => void pipeline(source.iterator(), stream)],
  ])(
    'writing: %s takes a few hundred chunks of a byte at a time, and all in the end',
    async (name, start) => {
      const { server, native } = create(3);
      const stream = server.getChannelStream('3');
      const all = 10_000;
      let produced = 0;
      const source = Readable.from(
        (function* () {
          while (produced < all) yield Buffer.from([produced++ & 255]);
        })(),
        { objectMode: false, highWaterMark: 1 },
      );
      native.sendResults = [false];
      start(source, stream);
      for (let at = 0; at < 1000; at++) await turn();
      expect(produced).toBeLessThan(300);
      native.done(native.called('write')[0][0]);
      const written = () => Buffer.concat(native.called('write').map(([, , chunk]) => chunk));
      await until(() => written().length === all);
      expect(written().every((byte, at) => byte === (at & 255))).toBe(true);
    },
  );

  test('a failed write ends it with the error and closes the channel', async () => {
    const { server, native } = create(3);
    const stream = server.getChannelStream('3');
    native.sendResults = [nativeError(10054, '[10054] Connection reset by peer.')];
    const failed = once(stream, 'error');
    stream.write('abc');
    const [error] = await failed;
    expect(error).toMatchObject({ name: 'SSHServerError', code: 10054 });
    expect(stream.destroyed).toBe(true);
    expect(native.called('closeChannel', 'abortChannel')).toHaveLength(1);
  });

  test('destroy() closes the channel, and what still comes is consumed', async () => {
    const { server, native } = create(3);
    const stream = server.getChannelStream('3');
    stream.destroy();
    await once(stream, 'close');
    native.events(data(3, 'abc'));
    await turn();
    expect(native.called('closeChannel')).toHaveLength(1);
    expect(native.totalConsumed(3)).toBe(3);
  });

  test('works with pipeline()', async () => {
    const { server, native } = create(3, 4);
    const from = server.getChannelStream('3');
    const to = server.getChannelStream('4');
    const done = pipeline(from, to);
    native.events(data(3, 'abc'), data(3, 'def'), eof(3));
    await done;
    expect(Buffer.concat(native.called('write').map(([, , chunk]) => chunk)).toString()).toBe(
      'abcdef',
    );
    expect(native.called('sendEof')).toHaveLength(1);
  });

  test('gets what had waited to become a record', async () => {
    const { server, native } = create(3);
    server.on('SSHChannelDataIn', () => {});
    await server.changeRecordLength('3', 10);
    native.events(data(3, 'abc'));
    const stream = server.getChannelStream('3');
    native.events(data(3, 'def'));
    expect(stream.read().toString()).toBe('abcdef');
    await turn();
    expect(native.totalConsumed(3)).toBe(6);
  });
});

describe('openChannel', () => {
  test('its events wait for the code after the await', async () => {
    const { server, native } = create(3);
    const promise = server.openChannel('1', 'session');
    expect([KIND.CHANNEL_DATA, KIND.CHANNEL_EOF].every((kind) => native.listensTo(kind))).toBe(
      true,
    );
    const [[op]] = native.called('openChannel');
    native.channels.set(8, channelInfo());
    native.events(told.OP_DONE({ op, code: 0, message: '', value: 8 }), data(8, 'early'));
    const id = await promise;
    const stream = server.getChannelStream(id);
    expect(id).toBe('8');
    expect(stream.read().toString()).toBe('early');
    native.events(closed(8));
    await turn();
    await turn();
    expect(native.mask).toBe(0);
  });

  test("refused: the error is the promise's", async () => {
    const { server, native } = create(3);
    const promise = server.openChannel('1', 'x11');
    native.done(native.called('openChannel')[0][0], 1201, 'refused');
    await expect(promise).rejects.toMatchObject({ code: 1201, message: 'refused' });
    await turn();
    expect(native.mask).toBe(0);
    await expect(server.openChannel('9', 'x11')).rejects.toMatchObject({ code: 126 });
  });
});
