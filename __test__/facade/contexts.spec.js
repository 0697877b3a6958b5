'use strict';

// Each connection's listeners run in an async context of its own.

jest.mock('../../lib/native.js', () => require('./fake_native.js'));
const { AsyncLocalStorage } = require('node:async_hooks');
const { bytes, create, data } = require('./fake_server.js');
const { turn } = require('../support/waiting.js');

const INFO = ['127.0.0.1', '127.0.0.2', 4000, 60];
const storage = new AsyncLocalStorage();

afterAll(() => storage.disable());

/** A server with two connections, whose events say what they find in the storage. */
function twoUsers() {
  const { server, native } = create();
  for (const connection of [1, 2]) native.connections.set(connection, INFO);
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
  native.events([0, 1, 1], [14, 1, ''], [14, 2, ''], [0, 2, 2], [14, 1, ''], [14, 2, '']);
  const before = seen.splice(0);
  expect(before).toEqual(['1 user 1', '2 undefined', '1 user 1', '2 user 2']);
  native.events(data(3, 'x'));
  await turn();
  await turn();
  expect(seen).toEqual(['1 user 1']);
  // What comes of the loop itself is nobody's.
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
  native.events([1, 9, '127.0.0.1', 5000, true], [4, 0, 1, '', ''], [4, 0, 1, '', '']);
  native.connections.delete(1);
  native.events([2, 1, 0, 'OK'], [4, 1, 1, '', ''], [4, 1, 1, '', ''], [14, 2, '']);
  expect(seen).toEqual([' undefined', ' undefined', '1 undefined', '1 undefined', '2 undefined']);
});

test('a connection starts with the context that the server was made in', () => {
  storage.run('application', () => {
    const { server, native, seen, see } = twoUsers();
    server.on('SSHStatus', see);
    storage.run('elsewhere', () => native.events([14, 1, '']));
    expect(seen).toEqual(['1 application']);
  });
});

test('the readers of a stream run in the context of its connection', async () => {
  const { server, native, seen } = twoUsers();
  native.channels.set(3, [1, 'session', 0, true]);
  native.channels.set(4, [2, 'session', 0, true]);
  for (const id of ['3', '4'])
    server.getChannelStream(id).on('data', () => {
      seen.push(`${id} ${storage.getStore()}`);
      storage.enterWith(`reader of ${id}`);
    });
  // The streams begin to flow.
  await turn();
  native.events([6, 1, 3, bytes('x'), 0], [6, 2, 4, bytes('x'), 0]);
  expect(seen.splice(0)).toEqual(['3 undefined', '4 undefined']);
  native.events([6, 1, 3, bytes('x'), 0], [6, 2, 4, bytes('x'), 0]);
  expect(seen).toEqual(['3 reader of 3', '4 reader of 4']);
});

test('events in a row of one connection see what the one before has entered, and what it has only run', () => {
  const { server, native, seen, see } = twoUsers();
  server.on('SSHStatus', (e) => {
    see(e);
    storage.run('inside', () => see(e));
    storage.enterWith(`${storage.getStore()}${e.message}`);
  });
  native.events([14, 1, 'a'], [14, 1, 'b'], [14, 2, 'c'], [14, 1, 'd']);
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
  native.channels.set(3, [1, 'session', 0, true]);
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
  native.events([0, 1, 1], [11, 2, 1, 3, 'shell', bytes('s')], [6, 1, 3, bytes('x'), 0]);
  return turn().then(() => {
    native.events([6, 1, 3, bytes('y'), 0]);
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
  native.events([0, 1, 1], [0, 2, 2]);
  await turn();
  await turn();
  expect(seen.sort()).toEqual(['1 user 1', '2 user 2']);
});

test('the context of a connection goes with it', () => {
  const { server, native, seen, see } = twoUsers();
  server.on('Connected', () => storage.enterWith('first'));
  server.on('SSHStatus', see);
  native.events([0, 1, 1], [2, 1, 0, 'OK']);
  // The addon never uses a number again; this one shows what is remembered.
  native.events([14, 1, '']);
  expect(seen).toEqual(['1 undefined']);
});
