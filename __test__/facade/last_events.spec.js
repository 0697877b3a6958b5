'use strict';

// SSHChannelClosed and Disconnected come once, whatever the listeners before them do.

jest.mock('../../lib/native.js', () => require('./fake_native.js'));
const told = require('./told.js');
const { bytes, create, data } = require('./fake_server.js');
const { READ } = require('../../lib/boundary.js');
const { deferred } = require('../support/waiting.js');

const never = () => new Promise(() => {});
const AUTH = {
  question: 7,
  connection: 1,
  user: 'u',
  service: 'ssh-connection',
  authMethod: 'password',
  authParam: 'pw',
  authParamB: null,
  availableMethods: 'password',
  keyAlgorithm: '',
  signed: false,
  userVerified: false,
  partialSuccesses: '',
  gssLocalName: '',
  gssMechanism: '',
  gssDelegated: false,
};

beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask', 'nextTick'] }));
afterEach(() => jest.useRealTimers());

/** A server whose last events are seen. */
function watched() {
  const { server, native } = create(2, 3);
  const seen = [];
  server.on('SSHChannelClosed', (e) => seen.push(`closed ${e.channelId}`));
  server.on('Disconnected', (e) => seen.push(`disconnected ${e.connectionId}`));
  server.on('Error', (e) => seen.push(/listener of \w+ has not settled/.exec(e.description)[0]));
  return { server, native, seen };
}

const CLOSED = told.CHANNEL_CLOSED({ connection: 1, channel: 2, connectionOver: false });
const DISCONNECTED = told.DISCONNECTED({ connection: 1, code: 0, message: 'OK' });

/** For each event: what fires it, and whether a channel is open then. */
const CASES = [
  ['Connected', told.CONNECTED({ question: 7, connection: 1 }), []],
  [
    'SSHServiceRequest',
    told.SERVICE_REQUEST({ question: 7, connection: 1, service: 'ssh-userauth', accept: true }),
    [],
  ],
  ['SSHUserAuthRequest', told.USER_AUTH_REQUEST(AUTH), []],
  ['SSHStatus', told.STATUS({ connection: 1, message: 'text' }), []],
  [
    'SSHChannelOpenRequest',
    told.CHANNEL_OPEN_REQUEST({
      question: 7,
      connection: 1,
      channel: 2,
      service: 'session',
      parameters: bytes(''),
    }),
    [],
  ],
  [
    'SSHTunnelRequested',
    told.TUNNEL_REQUESTED({
      question: 7,
      connection: 1,
      channel: 9,
      direction: 0,
      address: 'host',
      port: 22,
    }),
    [],
  ],
  [
    'SSHTunnelClosed',
    told.TUNNEL_CLOSED({ connection: 1, channel: 9, address: 'host', port: 22 }),
    [],
  ],
  ['SSHChannelOpened', told.CHANNEL_OPENED({ connection: 1, channel: 2 }), [CLOSED]],
  ['SSHChannelReadyToSend', told.CHANNEL_READY_TO_SEND({ connection: 1, channel: 2 }), [CLOSED]],
  [
    'SSHChannelRequest',
    told.CHANNEL_REQUEST({
      question: 7,
      connection: 1,
      channel: 2,
      requestType: 'shell',
      packet: bytes(''),
    }),
    [CLOSED],
  ],
  ['SSHChannelDataIn', data(2, 'x'), [CLOSED]],
  ['SSHChannelEOF', told.CHANNEL_EOF({ connection: 1, channel: 2 }), [CLOSED]],
];

describe('a listener that never settles', () => {
  test.each(CASES)('of %s holds the last events two seconds', async (name, event, closed) => {
    const { server, native, seen } = watched();
    server.on(name, never);
    native.events(event, ...closed, DISCONNECTED);
    await jest.advanceTimersByTimeAsync(1900);
    expect(seen).toEqual([]);
    await jest.advanceTimersByTimeAsync(1000);
    const ends = closed.length > 0 ? ['closed 2', 'disconnected 1'] : ['disconnected 1'];
    expect(seen).toEqual([`listener of ${name} has not settled`, ...ends]);
    expect(native.called('releaseConnection')).toEqual([[1]]);
    expect(native.called('releaseChannel')).toEqual(closed.map(() => [2]));
    // The addon drops a question that can no longer be answered.
    if (READ[event[0]](event, 0).question === 7)
      expect(native.called('answer')).toEqual([[[7, 0]]]);
  });

  test.each([
    ['SSHChannelClosed', 'releaseChannel', 2],
    ['Disconnected', 'releaseConnection', 1],
  ])('of %s itself keeps the id readable no longer', async (name, release, id) => {
    const { server, native } = create(2);
    server.on(name, never);
    server.on('Error', () => {});
    native.events(CLOSED, DISCONNECTED);
    expect(native.called(release)).toEqual([]);
    await jest.advanceTimersByTimeAsync(3000);
    expect(native.called(release)).toEqual([[id]]);
  });

  test('what waits behind it comes in order, and waits for nothing more', async () => {
    const { server, native, seen } = watched();
    const got = [];
    server.on('SSHChannelDataIn', (e) => {
      got.push(e.data);
      return never();
    });
    server.on('SSHChannelEOF', never);
    native.events(
      data(2, 'a'),
      data(2, 'b'),
      data(2, 'c'),
      told.CHANNEL_EOF({ connection: 1, channel: 2 }),
      CLOSED,
      DISCONNECTED,
    );
    await jest.advanceTimersByTimeAsync(3000);
    expect(got).toEqual(['a', 'b', 'c']);
    expect(seen).toEqual([
      'listener of SSHChannelDataIn has not settled',
      'closed 2',
      'disconnected 1',
    ]);
  });

  test('records come whole, and the rest before the end', async () => {
    const { server, native, seen } = watched();
    server.on('SSHChannelDataIn', (e) => {
      seen.push(e.data);
      return never();
    });
    await server.changeRecordLength('2', 2);
    native.events(data(2, 'abcd'), data(2, 'efg'), CLOSED);
    await jest.advanceTimersByTimeAsync(3000);
    const first = ['ab', 'listener of SSHChannelDataIn has not settled'];
    expect(seen).toEqual([...first, 'cd', 'ef', 'g', 'closed 2']);
  });

  test('of one channel holds no other one, nor a channel that goes on', async () => {
    const { server, native, seen } = watched();
    server.on('SSHChannelDataIn', (e) => (e.channelId === '2' ? never() : seen.push(e.data)));
    native.events(
      data(2, 'x'),
      data(3, 'y'),
      told.CHANNEL_CLOSED({ connection: 1, channel: 3, connectionOver: false }),
      DISCONNECTED,
    );
    expect(seen).toEqual(['y', 'closed 3']);
    native.events(CLOSED);
    await jest.advanceTimersByTimeAsync(3000);
    expect(seen.slice(2)).toEqual([
      'listener of SSHChannelDataIn has not settled',
      'closed 2',
      'disconnected 1',
    ]);
  });

  test('is waited for as long as its channel and connection are there', async () => {
    const { server, native, seen } = watched();
    server.on('SSHChannelDataIn', never);
    native.events(data(2, 'x'), told.CHANNEL_EOF({ connection: 1, channel: 2 }));
    await jest.advanceTimersByTimeAsync(60_000);
    expect(seen).toEqual([]);
    native.events(CLOSED);
    await jest.advanceTimersByTimeAsync(3000);
    expect(seen.at(-1)).toBe('closed 2');
  });
});

test('a listener that is slow and settles is waited for, each time anew', async () => {
  const { server, native, seen } = watched();
  server.on('SSHChannelDataIn', (e) => {
    seen.push(e.data);
    return new Promise((resolve) => setTimeout(resolve, 1500));
  });
  native.events(data(2, 'a'), data(2, 'b'), data(2, 'c'), CLOSED, DISCONNECTED);
  await jest.advanceTimersByTimeAsync(1000);
  expect(seen).toEqual(['a']);
  await jest.advanceTimersByTimeAsync(1000);
  expect(seen).toEqual(['a', 'b']);
  await jest.advanceTimersByTimeAsync(3000);
  expect(seen).toEqual(['a', 'b', 'c', 'closed 2', 'disconnected 1']);
});

test('a success that comes too late asks nobody to serve the channel', async () => {
  const { server, native, seen } = watched();
  const asked = deferred();
  server.on('SSHChannelRequest', async (e) => {
    await asked.promise;
    e.success = true;
  });
  server.on('SSHChannelRequested', () => seen.push('requested'));
  native.events(
    told.CHANNEL_REQUEST({
      question: 7,
      connection: 1,
      channel: 2,
      requestType: 'shell',
      packet: bytes(''),
    }),
    CLOSED,
    DISCONNECTED,
  );
  await jest.advanceTimersByTimeAsync(3000);
  asked.resolve();
  await jest.advanceTimersByTimeAsync(0);
  expect(seen.slice(1)).toEqual(['closed 2', 'disconnected 1']);
});
