'use strict';

// Each connection's listeners run in an async context of its own.

jest.mock('../../lib/native.js', () => require('./fake_native.js'));
const { AsyncLocalStorage } = require('node:async_hooks');
const told = require('./told.js');
const { bytes, create, data } = require('./fake_server.js');
const { connectionInfo, channelInfo } = require('./infos.js');
const { turn } = require('../support/waiting.js');

const storage = new AsyncLocalStorage();

afterAll(() => storage.disable());

/** A server with two connections, whose events say what they find in the storage. */
function twoUsers() {
  const { server, native } = create();
  for (const connection of [1, 2]) native.connections.set(connection, connectionInfo());
  const seen = [];
  const see = (e) => seen.push(`${e.connectionId} ${storage.getStore()}`);
  return { server, native, seen, see };
}

test('what one connection enters is seen by its own events and by no others', async () => {
  const { server, native, seen, see } = twoUsers();
  server.on('Connected', (e) => storage.enterWith(`user ${e.connectionId}`));
  server.on('SSHStatus', see);
  server.on('SSHChannelDataIn', async (e) => {
    await turn();
    see(e);
  });
  native.events(
    told.CONNECTED({ question: 1, connection: 1 }),
    told.STATUS({ connection: 1, message: '' }),
    told.STATUS({ connection: 2, message: '' }),
    told.CONNECTED({ question: 2, connection: 2 }),
    told.STATUS({ connection: 1, message: '' }),
    told.STATUS({ connection: 2, message: '' }),
  );
  const before = seen.splice(0);
  expect(before).toEqual(['1 user 1', '2 undefined', '1 user 1', '2 user 2']);
  native.events(data(3, 'x'));
  await turn();
  await turn();
  expect(seen).toEqual(['1 user 1']);
  // Callbacks of the event loop itself belong to no connection.
  expect(storage.getStore()).toBeUndefined();
});

test('what is entered for no connection, or after the end of one, is seen by nothing else', () => {
  const { server, native, seen, see } = twoUsers();
  server.on('ConnectionRequest', () => storage.enterWith('request'));
  server.on('Log', (e) => {
    see(e);
    storage.enterWith('log');
  });
  server.on('SSHStatus', see);
  native.events(
    told.CONNECTION_REQUEST({ question: 9, address: '127.0.0.1', port: 5000, accept: true }),
    told.LOG({ connection: 0, level: 1, message: '', logType: '' }),
    told.LOG({ connection: 0, level: 1, message: '', logType: '' }),
  );
  native.connections.delete(1);
  native.events(
    told.DISCONNECTED({ connection: 1, code: 0, message: 'OK' }),
    told.LOG({ connection: 1, level: 1, message: '', logType: '' }),
    told.LOG({ connection: 1, level: 1, message: '', logType: '' }),
    told.STATUS({ connection: 2, message: '' }),
  );
  expect(seen).toEqual([' undefined', ' undefined', '1 undefined', '1 undefined', '2 undefined']);
});

test('a connection starts with the context that the server was made in', () => {
  storage.run('application', () => {
    const { server, native, seen, see } = twoUsers();
    server.on('SSHStatus', see);
    storage.run('elsewhere', () => native.events(told.STATUS({ connection: 1, message: '' })));
    expect(seen).toEqual(['1 application']);
  });
});

test('the readers of a stream run in the context of its connection', async () => {
  const { server, native, seen } = twoUsers();
  native.channels.set(3, channelInfo());
  native.channels.set(4, channelInfo({ connection: 2 }));
  for (const id of ['3', '4'])
    server.getChannelStream(id).on('data', () => {
      seen.push(`${id} ${storage.getStore()}`);
      storage.enterWith(`reader of ${id}`);
    });
  // The streams begin to flow.
  await turn();
  native.events(
    told.CHANNEL_DATA({ connection: 1, channel: 3, bytes: bytes('x'), dataType: 0 }),
    told.CHANNEL_DATA({ connection: 2, channel: 4, bytes: bytes('x'), dataType: 0 }),
  );
  expect(seen.splice(0)).toEqual(['3 undefined', '4 undefined']);
  native.events(
    told.CHANNEL_DATA({ connection: 1, channel: 3, bytes: bytes('x'), dataType: 0 }),
    told.CHANNEL_DATA({ connection: 2, channel: 4, bytes: bytes('x'), dataType: 0 }),
  );
  expect(seen).toEqual(['3 reader of 3', '4 reader of 4']);
});

test('events in a row of one connection see what the one before has entered, and what it has only run', () => {
  const { server, native, seen, see } = twoUsers();
  server.on('SSHStatus', (e) => {
    see(e);
    storage.run('inside', () => see(e));
    storage.enterWith(`${storage.getStore()}${e.message}`);
  });
  native.events(
    told.STATUS({ connection: 1, message: 'a' }),
    told.STATUS({ connection: 1, message: 'b' }),
    told.STATUS({ connection: 2, message: 'c' }),
    told.STATUS({ connection: 1, message: 'd' }),
  );
  expect(seen.filter((line) => !line.endsWith('inside'))).toEqual([
    '1 undefined',
    '1 undefineda',
    '2 undefined',
    '1 undefinedab',
  ]);
  expect(seen).toHaveLength(8);
  expect(storage.getStore()).toBeUndefined();
});

test('a stream that is asked for in another context is read in that of its connection', () => {
  const { server, native, seen } = twoUsers();
  native.channels.set(3, channelInfo());
  let stream;
  server.on('Connected', () => storage.enterWith('user'));
  server.on('SSHChannelRequested', (e) => {
    if (stream !== undefined) return;
    storage.run('elsewhere', () => {
      stream = server.getChannelStream(e.channelId);
    });
    stream.on('data', () => seen.push(storage.getStore()));
  });
  server.on('SSHChannelRequest', (e) => {
    e.success = true;
  });
  native.events(
    told.CONNECTED({ question: 1, connection: 1 }),
    told.CHANNEL_REQUEST({
      question: 2,
      connection: 1,
      channel: 3,
      requestType: 'shell',
      packet: bytes('s'),
    }),
    told.CHANNEL_DATA({ connection: 1, channel: 3, bytes: bytes('x'), dataType: 0 }),
  );
  return turn().then(() => {
    native.events(told.CHANNEL_DATA({ connection: 1, channel: 3, bytes: bytes('y'), dataType: 0 }));
    expect(new Set(seen)).toEqual(new Set(['user']));
  });
});

test('an error of a listener is told in the context of its connection', async () => {
  const { server, native, seen, see } = twoUsers();
  server.on('Connected', async (e) => {
    storage.enterWith(`user ${e.connectionId}`);
    await turn();
    throw new Error('too late');
  });
  server.on('Error', see);
  native.events(
    told.CONNECTED({ question: 1, connection: 1 }),
    told.CONNECTED({ question: 2, connection: 2 }),
  );
  await turn();
  await turn();
  expect(seen.sort()).toEqual(['1 user 1', '2 user 2']);
});

test('the context of a connection goes with it', () => {
  const { server, native, seen, see } = twoUsers();
  server.on('Connected', () => storage.enterWith('first'));
  server.on('SSHStatus', see);
  native.events(
    told.CONNECTED({ question: 1, connection: 1 }),
    told.DISCONNECTED({ connection: 1, code: 0, message: 'OK' }),
  );
  // The addon never uses a number again; this one shows what is remembered.
  native.events(told.STATUS({ connection: 1, message: '' }));
  expect(seen).toEqual(['1 undefined']);
});
