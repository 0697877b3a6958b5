'use strict';

jest.mock('../../lib/native.js', () => require('./fake_native.js'));
const { DIRECTION, KIND } = require('../../lib/boundary.js');
const told = require('./told.js');
const { create } = require('./fake_server.js');
const { deferred, turn } = require('../support/waiting.js');

/** Question 4 of connection 1, about the tunnel 9. */
const requested = (port = 80, question = 4, tunnel = 9) =>
  told.TUNNEL_REQUESTED({
    question,
    connection: 1,
    channel: tunnel,
    direction: DIRECTION.FORWARD,
    address: 'host',
    port,
  });
const closed = (tunnel = 9) =>
  told.TUNNEL_CLOSED({ connection: 1, channel: tunnel, address: 'host', port: 80 });

test('the event has the documented fields, and starts as refused', () => {
  const { server, native } = create();
  const seen = [];
  server.on('SSHTunnelRequested', (e) => seen.push({ ...e }));
  server.on('SSHTunnelClosed', (e) => seen.push({ ...e }));
  expect([native.listensTo(KIND.TUNNEL_CLOSED), native.listensTo(KIND.TUNNEL_REQUESTED)]).toEqual([
    true,
    true,
  ]);
  native.events(
    told.TUNNEL_REQUESTED({
      question: 4,
      connection: 1,
      channel: 9,
      direction: DIRECTION.REVERSE,
      address: '',
      port: 0,
    }),
    closed(),
  );
  expect(seen).toEqual([
    { connectionId: '1', direction: 1, address: '', port: 0, accept: false },
    { connectionId: '1', address: 'host', port: 80 },
  ]);
  expect(native.called('answerTunnel')).toEqual([[4, false, 0]]);
});

test('what listeners set is sent back', () => {
  const { server, native } = create();
  server.on('SSHTunnelRequested', (e) => {
    e.accept = e.address === 'host';
    e.port += 1;
  });
  native.events(requested());
  expect(native.called('answerTunnel')).toEqual([[4, true, 81]]);
});

test.each([
  ['accept', 'yes'],
  ['accept', 1],
  ['accept', Promise.resolve(true)],
  ['port', -1],
  ['port', 65_536],
  ['port', 1.5],
  ['port', '80'],
  ['port', NaN],
])('%s = %p refuses, and is reported', (name, value) => {
  const { server, native } = create();
  const errors = [];
  server.on('Error', (e) => errors.push(e));
  server.on('SSHTunnelRequested', (e) => {
    e.accept = true;
    e[name] = value;
  });
  native.events(requested());
  expect(native.called('answerTunnel')).toEqual([[4, false, 0]]);
  expect(errors).toMatchObject([{ connectionId: '1', errorCode: 1202 }]);
  expect(errors[0].description).toContain('A listener of SSHTunnelRequested failed');
});

test('a listener that throws or rejects refuses', async () => {
  const { server, native } = create();
  const errors = [];
  server.on('Error', (e) => errors.push(e.cause.message));
  server.on('SSHTunnelRequested', (e) => {
    e.accept = true;
    if (e.port === 1) throw new Error('thrown');
    return Promise.reject(new Error('rejected'));
  });
  native.events(requested(1, 4), requested(2, 5, 10));
  await turn();
  expect(native.called('answerTunnel')).toEqual([
    [4, false, 0],
    [5, false, 0],
  ]);
  expect(errors).toEqual(['thrown', 'rejected']);
});

test('a promise holds up its own tunnel, and Disconnected, but nothing else', async () => {
  const { server, native } = create();
  const gate = deferred();
  const seen = [];
  server.on('SSHTunnelRequested', async (e) => {
    if (e.port === 1) await gate.promise;
    e.accept = true;
  });
  server.on('SSHTunnelClosed', (e) => seen.push(e.address));
  server.on('SSHStatus', (e) => seen.push(e.message));
  server.on('Disconnected', () => seen.push('Disconnected'));
  native.events(
    requested(1, 4, 9),
    closed(9),
    requested(2, 5, 10),
    told.STATUS({ connection: 1, message: 'status' }),
    told.DISCONNECTED({ connection: 1, code: 0, message: 'OK' }),
  );
  await turn();
  expect(native.called('answerTunnel')).toEqual([[5, true, 2]]);
  expect(seen).toEqual(['status']);
  gate.resolve();
  await turn();
  expect(native.called('answerTunnel')).toEqual([
    [5, true, 2],
    [4, true, 1],
  ]);
  expect(seen).toEqual(['status', 'host', 'Disconnected']);
});
