'use strict';

// Backpressure from slow listeners: the addon stops reading from a connection with too many waiting events. The
// bound is that of the test double, 64 events of 1 KiB each without their text.

jest.mock('../../lib/native.js', () => require('./fake_native.js'));
const told = require('./told.js');
const { bytes, closed, create, data, disconnected } = require('./fake_server.js');
const { connectionInfo } = require('./infos.js');
const { deferred, turn } = require('../support/waiting.js');

const MOST = 64;
const PAUSED = [1, true];
const GOES_ON = [1, false];
const never = () => new Promise(() => {});

const status = (text = '') => told.STATUS({ connection: 1, message: text });
const log = (text = '') => told.LOG({ connection: 1, level: 3, message: text, logType: '' });
const error = (text = '') => told.ERROR({ connection: 1, code: 1, message: text });
const opened = (channel) => told.CHANNEL_OPENED({ connection: 1, channel });
const ready = (channel) => told.CHANNEL_READY_TO_SEND({ connection: 1, channel });
const times = (count, make) => Array.from({ length: count }, (_, i) => make(i));

/** A server whose listener of this event gives promises that the test settles in order. */
function slow(name) {
  const { server, native } = create(2, 3);
  const waiting = [];
  server.on(name, () => {
    const each = deferred();
    waiting.push(each);
    return each.promise;
  });
  const settle = async (count) => {
    for (let i = 0; i < count; i++) {
      waiting.shift().resolve();
      await turn();
    }
  };
  return { server, native, settle };
}

/** The kinds that a client can cause any number of. */
const FLOODS = [
  ['SSHStatus', () => status()],
  ['Log', () => log()],
  ['Error', () => error()],
  [
    'SSHTunnelClosed',
    (i) => told.TUNNEL_CLOSED({ connection: 1, channel: 100 + i, address: '', port: 0 }),
  ],
  ['SSHChannelClosed', (i) => closed(100 + i)],
];

describe('a listener that is slow', () => {
  test.each(FLOODS)('of %s has its connection paused until half is done', async (name, make) => {
    const { native, settle } = slow(name);
    native.events(...times(MOST - 1, make));
    expect(native.called('pause')).toEqual([]);
    native.events(make(MOST));
    expect(native.called('pause')).toEqual([PAUSED]);
    await settle(MOST / 2 - 2);
    expect(native.called('pause')).toEqual([PAUSED]);
    await settle(3);
    expect(native.called('pause')).toEqual([PAUSED, GOES_ON]);
  });

  test.each([
    ['SSHStatus', status],
    ['Log', log],
    ['Error', error],
  ])('of %s counts for the text that it has not seen', (name, make) => {
    const { native } = slow(name);
    native.events(make(), make('x'.repeat(61 * 1024)));
    expect(native.called('pause')).toEqual([]);
    native.events(make('x'.repeat(64)));
    expect(native.called('pause')).toEqual([PAUSED]);
  });

  test('counts what its own failures are told with', async () => {
    const { server, native } = create(2);
    server.on('SSHChannelDataIn', () => {
      throw new Error('broken');
    });
    server.on('Error', never);
    native.events(...times(MOST, () => data(2, 'x')));
    expect(native.called('pause')).toEqual([PAUSED]);
  });

  test('of requests counts from the second one of a channel on', () => {
    const { server, native } = create(2, 3);
    server.on('SSHChannelRequest', (e) => (e.success = true));
    server.on('SSHChannelRequested', never);
    const request = (channel) =>
      told.CHANNEL_REQUEST({
        question: 7,
        connection: 1,
        channel,
        requestType: 'env',
        packet: bytes(''),
      });
    native.events(...times(MOST, () => request(2)), request(3));
    expect(native.called('pause')).toEqual([]);
    native.events(request(3));
    expect(native.called('pause')).toEqual([PAUSED]);
  });

  test('pauses nobody else', () => {
    const { native } = slow('Log');
    native.connections.set(9, connectionInfo());
    native.events(
      ...times(MOST, () => log()),
      ...times(MOST - 1, () => told.LOG({ connection: 9, level: 3, message: '', logType: '' })),
    );
    expect(native.called('pause')).toEqual([PAUSED]);
  });

  test('pauses nothing for what belongs to no connection', () => {
    const { native } = slow('Log');
    native.events(
      ...times(2 * MOST, () => told.LOG({ connection: 0, level: 3, message: '', logType: '' })),
    );
    expect(native.called('pause')).toEqual([]);
  });
});

describe('nothing is counted', () => {
  test.each(FLOODS)('of %s when the listener is done at once', (name, make) => {
    const { server, native } = create(2, 3);
    let count = 0;
    server.on(name, () => void count++);
    native.events(...times(2 * MOST, make));
    expect(count).toBe(2 * MOST);
    expect(native.called('pause')).toEqual([]);
  });

  test('of data and questions, which the addon counts, and of what a channel has once', () => {
    const { server, native } = create(2);
    for (const name of ['SSHChannelDataIn', 'SSHChannelOpenRequest', 'SSHChannelOpened'])
      server.on(name, never);
    native.events(...times(2 * MOST, () => data(2, 'x')));
    native.events(
      ...times(2 * MOST, (i) =>
        told.CHANNEL_OPEN_REQUEST({
          question: 7,
          connection: 1,
          channel: 100 + i,
          service: 'session',
          parameters: bytes(''),
        }),
      ),
    );
    native.events(...times(2 * MOST, (i) => opened(500 + i)));
    expect(native.called('pause')).toEqual([]);
  });
});

test('one SSHChannelReadyToSend waits for its turn, however many have come', async () => {
  const { server, native } = create(2);
  const first = deferred();
  let count = 0;
  server.on('SSHChannelOpened', () => first.promise);
  server.on('SSHChannelReadyToSend', () => void count++);
  native.events(opened(2), ...times(1000, () => ready(2)));
  first.resolve();
  await turn();
  expect(count).toBe(1);
  native.events(ready(2), ready(2));
  expect(count).toBe(3);
});

describe('the end of a paused connection', () => {
  beforeEach(() =>
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask', 'nextTick'] }),
  );
  afterEach(() => jest.useRealTimers());

  test.each(['SSHStatus', 'Log'])('is told while %s never settles', async (name) => {
    const { server, native } = create(2);
    const ends = [];
    server.on(name, never);
    server.on('Disconnected', (e) => ends.push(e.connectionId));
    native.events(...times(MOST, () => (name === 'Log' ? log() : status())), disconnected());
    await jest.advanceTimersByTimeAsync(3000);
    expect(ends).toEqual(['1']);
    expect(native.called('pause')[0]).toEqual(PAUSED);
    expect(native.called('releaseConnection')).toEqual([[1]]);
  });

  test('is the end of what is counted', async () => {
    const { native, settle } = slow('Log');
    native.events(...times(MOST, () => log()), disconnected());
    native.connections.delete(1);
    // Events and promises of an ended connection change nothing.
    await settle(MOST);
    native.events(...times(MOST, () => log()));
    expect(native.called('pause')).toEqual([PAUSED]);
  });
});
