'use strict';

// Event objects are plain enough to be spread and written as JSON: every documented field is there.

jest.mock('../../lib/native.js', () => require('./fake_native.js'));
const { readFileSync } = require('node:fs');
const path = require('node:path');
const ts = require('typescript');
const told = require('./told.js');
const { bytes, create } = require('./fake_server.js');

const TYPES = path.join(__dirname, '../../lib/events.d.ts');
const KEY = bytes('a key');
const AUTH = {
  question: 7,
  connection: 1,
  user: 'u',
  service: 'ssh-connection',
  authMethod: 'publickey',
  authParam: 'YQ==',
  authParamB: KEY,
  availableMethods: 'password',
  keyAlgorithm: 'ssh-rsa',
  signed: false,
  userVerified: false,
  partialSuccesses: 'password',
  gssLocalName: 'bob',
  gssMechanism: '1.2.840.113554.1.2.2',
  gssDelegated: true,
};

/** One event of each name, with texts below and above the length that is made when it is read. */
const samples = (text) => ({
  Connected: told.CONNECTED({ question: 7, connection: 1 }),
  ConnectionRequest: told.CONNECTION_REQUEST({
    question: 9,
    address: '127.0.0.1',
    port: 5000,
    accept: true,
  }),
  Disconnected: told.DISCONNECTED({ connection: 1, code: 0, message: 'OK' }),
  Error: told.ERROR({ connection: 1, code: 1202, message: 'text' }),
  Log: told.LOG({ connection: 1, level: 1, message: 'line', logType: '' }),
  SSHChannelClosed: told.CHANNEL_CLOSED({ connection: 1, channel: 2, connectionOver: false }),
  SSHChannelDataIn: told.CHANNEL_DATA({
    connection: 1,
    channel: 2,
    bytes: bytes(text),
    dataType: 0,
  }),
  SSHChannelEOF: told.CHANNEL_EOF({ connection: 1, channel: 2 }),
  SSHChannelOpened: told.CHANNEL_OPENED({ connection: 1, channel: 2 }),
  SSHChannelOpenRequest: told.CHANNEL_OPEN_REQUEST({
    question: 7,
    connection: 1,
    channel: 2,
    service: 'session',
    parameters: bytes(text),
  }),
  SSHChannelReadyToSend: told.CHANNEL_READY_TO_SEND({ connection: 1, channel: 2 }),
  SSHChannelRequest: told.CHANNEL_REQUEST({
    question: 7,
    connection: 1,
    channel: 2,
    requestType: 'exec',
    packet: bytes(text),
  }),
  SSHChannelRequested: told.CHANNEL_REQUEST({
    question: 7,
    connection: 1,
    channel: 2,
    requestType: 'exec',
    packet: bytes(text),
  }),
  SSHServiceRequest: told.SERVICE_REQUEST({
    question: 7,
    connection: 1,
    service: 'ssh-userauth',
    accept: true,
  }),
  SSHStatus: told.STATUS({ connection: 1, message: 'text' }),
  SSHTunnelClosed: told.TUNNEL_CLOSED({ connection: 1, channel: 9, address: 'host', port: 22 }),
  SSHTunnelRequested: told.TUNNEL_REQUESTED({
    question: 7,
    connection: 1,
    channel: 9,
    direction: 0,
    address: 'host',
    port: 22,
  }),
  SSHUserAuthRequest: told.USER_AUTH_REQUEST(AUTH),
});

/** The fields of each event's interface, with those it extends. */
function documentedFields() {
  const source = ts.createSourceFile(TYPES, readFileSync(TYPES, 'utf8'), ts.ScriptTarget.Latest);
  const interfaces = new Map();
  for (const node of source.statements) {
    if (!ts.isInterfaceDeclaration(node)) continue;
    const bases = (node.heritageClauses ?? []).flatMap((clause) =>
      clause.types.map((type) => type.expression.text),
    );
    const own = node.members.map((member) => [member.name.text, member.type?.typeName?.text]);
    interfaces.set(node.name.text, { bases, own });
  }
  const fields = (name) => {
    const { bases, own } = interfaces.get(name);
    return [...bases.flatMap(fields), ...own.map(([field]) => field)];
  };
  return new Map(
    interfaces.get('SSHServerEvents').own.map(([event, type]) => [event, new Set(fields(type))]),
  );
}

const FIELDS = documentedFields();

test('the documented events are those that fire', () => {
  expect(new Set(FIELDS.keys())).toEqual(new Set(Object.keys(samples(''))));
});

describe.each(['short', 'long '.repeat(100)])('with a text like %.9s', (text) => {
  test.each(Object.keys(samples('')))('%s can be spread and written as JSON', (name) => {
    const { server, native } = create(2);
    let event;
    server.on(name, (e) => (event = e));
    if (name === 'SSHChannelRequested') server.on('SSHChannelRequest', (e) => (e.success = true));
    native.events(samples(text)[name]);
    const copy = { ...event };
    expect(new Set(Object.keys(copy))).toEqual(FIELDS.get(name));
    const undefinedOnes = Object.keys(copy).filter((field) => copy[field] === undefined);
    const written = Object.keys(JSON.parse(JSON.stringify(event)));
    expect(new Set([...written, ...undefinedOnes])).toEqual(FIELDS.get(name));
    for (const field of ['data', 'packet', 'parameters'])
      if (field in copy) expect(copy[field]).toBe(text);
  });
});

test('certStore of Connected takes text or bytes and reads as text', () => {
  const { server, native } = create();
  const read = [];
  server.on('Connected', (e) => {
    e.certStoreType = 6;
    e.certStore = bytes('PEM');
    read.push(e.certStore);
  });
  native.events(told.CONNECTED({ question: 7, connection: 1 }));
  expect(read).toEqual(['PEM']);
  expect(native.called('answerConnected')).toEqual([[7, 6, bytes('PEM'), '', '']]);
});

test('certStore that is neither is refused by name', () => {
  const { server, native } = create();
  const errors = [];
  server.on('Error', (e) => errors.push(e.description));
  server.on('Connected', (e) => (e.certStore = 7));
  native.events(told.CONNECTED({ question: 7, connection: 1 }));
  expect(native.called('answer')).toEqual([[[7, 0]]]);
  expect(errors).toEqual([expect.stringContaining('"certStore"')]);
});
