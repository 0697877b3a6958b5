'use strict';

// Failed calls: a subscriber of the promise gets the error; without one the listeners of Error do.

jest.mock('../../lib/native.js', () => require('./fake_native.js'));
const batch = require('./told.js');
const { NativeServer, nativeError } = require('./fake_native.js');
const { closed, create, data, disconnected } = require('./fake_server.js');
const { turn } = require('../support/waiting.js');

const BYTES = new Uint8Array([1, 2, 3]);
/** More than any check takes. */
const turns = async () => {
  for (let i = 0; i < 4; i++) await turn();
};

afterEach(() => NativeServer.last.finish());

/** A server with what its listeners of Error were told. */
function listening(...channels) {
  const it = create(...channels);
  const told = [];
  it.server.on('Error', ({ connectionId, errorCode, description, cause }) =>
    told.push({ connectionId, errorCode, description, cause }),
  );
  return { ...it, told };
}

/** Every way to fail: what is called, and what is told of it. */
const FAILURES = {
  'an id that is unknown': [(server) => server.sendBytes('99', BYTES), { errorCode: 126 }],
  'an argument of a wrong type': [(server) => server.sendText('3', 5), { errorCode: 10022 }],
  'an argument out of range': [(server) => server.sendExitStatus('3', -1), { errorCode: 10022 }],
  'a callback that is none': [(server) => server.doEvents('later'), { errorCode: 10022 }],
  'a setting that is refused': [(server) => server.config('Unknown=1'), { errorCode: 1299 }],
  'an end that comes later': [
    (server, native) => {
      native.sendResults = [false];
      const sent = server.sendBytes('3', BYTES);
      native.done(native.called('send')[0][0], 10053, 'the end');
      return sent;
    },
    { errorCode: 10053, connectionId: '1', description: 'the end' },
  ],
  'what the addon throws': [
    (server, native) => {
      native.sendResults = [nativeError(10054, 'thrown')];
      return server.sendBytes('3', BYTES);
    },
    { errorCode: 10054, description: 'thrown' },
  ],
  'an operation on a connection': [
    (server, native) => {
      const exchanged = server.exchangeKeys('1');
      native.done(native.called('exchangeKeys')[0][0], 10057, 'not yet');
      return exchanged;
    },
    { errorCode: 10057, connectionId: '1' },
  ],
  'a channel that the client refuses': [
    (server, native) => {
      const opened = server.openChannel('1', 'x11');
      native.done(native.called('openChannel')[0][0], 10061, 'refused');
      return opened;
    },
    { errorCode: 10061, connectionId: '1' },
  ],
};

describe.each(Object.entries(FAILURES))('%s', (name, [fail, expected]) => {
  test('is told by Error, once, if nobody waits', async () => {
    const { server, native, told } = listening(3);
    void fail(server, native);
    await turns();
    expect(told).toEqual([expect.objectContaining(expected)]);
    expect(told[0].cause.message).toBe(told[0].description);
  });

  test.each([
    ['await', async (call) => await call],
    ['catch()', (call) => call.catch((error) => Promise.reject(error))],
    ['then() with two functions', (call) => call.then(null, (error) => Promise.reject(error))],
    ['finally()', (call) => call.finally(() => {})],
    ['Promise.all()', (call) => Promise.all([call])],
    ['Promise.race()', (call) => Promise.race([call, new Promise(() => {})])],
    ['an async function that returns it', (call) => (async () => call)()],
    ['await a turn later', (call) => Promise.resolve().then(async () => await call)],
  ])('is told by the promise alone: %s', async (how, wait) => {
    const { server, native, told } = listening(3);
    const error = await wait(fail(server, native)).then(
      () => 'resolved',
      (reason) => reason,
    );
    await turns();
    if (typeof error.code === 'number') expect(error.code).toBe(expected.errorCode);
    else expect(error.code).toMatch(/^ERR_/);
    expect(told).toEqual([]);
  });

  test('who waits too late is still told', async () => {
    const { server, native, told } = listening(3);
    const call = fail(server, native);
    await turns();
    expect(told).toHaveLength(1);
    await expect(call).rejects.toBe(told[0].cause);
    await turns();
    expect(told).toHaveLength(1);
  });
});

test('with a callback there is a promise as well, and the callback is enough', async () => {
  const { server, told } = listening(3);
  const heard = [];
  const [failed, done] = [
    server.sendBytes('99', BYTES, (error) => heard.push(error.code)),
    server.sendBytes('3', BYTES, (error, value) => heard.push([error, value])),
  ];
  await turns();
  expect(heard).toEqual([126, [null, undefined]]);
  expect(told).toEqual([]);
  await expect(failed).rejects.toMatchObject({ code: 126 });
  await expect(done).resolves.toBeUndefined();
});

test('a listener that returns a call has failed with it, which is told once', async () => {
  const { server, native, told } = listening(3);
  server.on('SSHChannelDataIn', (e) => server.sendBytes(e.channelId, e.dataB));
  native.sendResults = [false, nativeError(10054, 'thrown')];
  native.events(data(3, 'a'));
  native.done(native.called('send')[0][0], 10053, 'the end');
  await turns();
  native.events(data(3, 'b'));
  await turns();
  expect(told.map(({ description }) => description)).toEqual([
    expect.stringMatching(/listener of SSHChannelDataIn failed: the end$/),
    expect.stringMatching(/listener of SSHChannelDataIn failed: thrown$/),
  ]);
});

test('setters have no promise: what fails later is told', async () => {
  const { server, native, told } = listening(3);
  native.sendResults = [false];
  server.channels.get('3').dataToSend = 'text';
  native.done(native.called('sendText')[0][0], 10053, 'the end');
  server.connections.get('1').connected = false;
  native.done(native.called('disconnect')[0][0], 10054, 'reset');
  await turns();
  expect(told).toMatchObject([
    { connectionId: '1', errorCode: 10053 },
    { connectionId: '1', errorCode: 10054 },
  ]);
});

test('Disconnected comes after what is told of calls of its connection', async () => {
  const { server, native, told } = listening(3);
  const order = [];
  server.on('Error', () => order.push('Error'));
  server.on('Disconnected', () => order.push('Disconnected'));
  native.sendResults = [false];
  void server.sendBytes('3', BYTES);
  native.events(
    batch.OP_DONE({
      op: native.called('send')[0][0],
      code: 10053,
      message: 'the end',
      value: null,
    }),
    disconnected(),
  );
  await turns();
  expect(order).toEqual(['Error', 'Disconnected']);
  expect(told).toHaveLength(1);
});

test('without a listener of Error the process is warned, once', async () => {
  const { server } = create(3);
  const warnings = [];
  const warned = jest.spyOn(process, 'emitWarning').mockImplementation((text) => {
    warnings.push(text);
  });
  void server.sendBytes('99', BYTES);
  void server.sendBytes('99', BYTES);
  await turns();
  warned.mockRestore();
  expect(warnings).toEqual([expect.stringContaining('Invalid ChannelId.')]);
});

test('a send that waited too long is told even if its promise is waited for, and once', async () => {
  const { server, native, told } = listening(3);
  native.sendResults = [false, false];
  const heard = server.sendBytes('3', BYTES);
  void server.sendBytes('3', BYTES);
  const failed = expect(heard).rejects.toMatchObject({ code: 10060, bytesSent: 2 });
  for (const [op] of native.called('send')) native.done(op, 10060, 'timed out', 2);
  await failed;
  await turns();
  expect(told).toMatchObject([
    { connectionId: '1', errorCode: 10060 },
    { connectionId: '1', errorCode: 10060 },
  ]);
});

describe.each([
  ['closeChannel', 'closeChannel'],
  ['sendEOF', 'sendEof'],
])('%s of a channel that ends meanwhile', (method, name) => {
  test('resolves while the end is still to be told', async () => {
    const { server, native } = listening(3);
    let call;
    server.on('SSHChannelDataIn', (e) => (call = server[method](e.channelId)));
    native.channels.delete(3);
    native.events(data(3, 'x'), closed(3));
    // The program could not know that the channel has ended.
    await expect(call).resolves.toBeUndefined();
    expect(native.called(name)).toEqual([]);
    await expect(server[method]('3')).rejects.toMatchObject({ code: 126 });
  });
});
