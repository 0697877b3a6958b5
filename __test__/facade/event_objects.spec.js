'use strict';

// Event objects are plain enough to be spread and written as JSON: every documented field is there.

jest.mock('../../lib/native.js', () => require('./fake_native.js'));
const { readFileSync } = require('node:fs');
const path = require('node:path');
const ts = require('typescript');
const { bytes, create } = require('./fake_server.js');

const TYPES = path.join(__dirname, '../../lib/events.d.ts');
const KEY = bytes('a key');
const AUTH = [
  'u',
  'ssh-connection',
  'publickey',
  'YQ==',
  KEY,
  'password',
  'ssh-rsa',
  false,
  'password',
];

/** One event of each name, with texts below and above the length that is made when it is read. */
const samples = (text) => ({
  Connected: [0, 7, 1],
  ConnectionRequest: [1, 9, '127.0.0.1', 5000, true],
  Disconnected: [2, 1, 0, 'OK'],
  Error: [3, 1, 1202, 'text'],
  Log: [4, 1, 1, 'line', ''],
  SSHChannelClosed: [5, 1, 2],
  SSHChannelDataIn: [6, 1, 2, bytes(text), 0],
  SSHChannelEOF: [7, 1, 2],
  SSHChannelOpened: [8, 1, 2],
  SSHChannelOpenRequest: [9, 7, 1, 2, 'session', bytes(text)],
  SSHChannelReadyToSend: [10, 1, 2],
  SSHChannelRequest: [11, 7, 1, 2, 'exec', bytes(text)],
  SSHChannelRequested: [11, 7, 1, 2, 'exec', bytes(text)],
  SSHServiceRequest: [13, 7, 1, 'ssh-userauth', true],
  SSHStatus: [14, 1, 'text'],
  SSHTunnelClosed: [15, 1, 9, 'host', 22],
  SSHTunnelRequested: [16, 7, 1, 9, 0, 'host', 22],
  SSHUserAuthRequest: [17, 7, 1, ...AUTH],
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
  native.events([0, 7, 1]);
  expect(read).toEqual(['PEM']);
  expect(native.called('answerConnected')).toEqual([[7, 6, bytes('PEM'), '', '']]);
});

test('certStore that is neither is refused by name', () => {
  const { server, native } = create();
  const errors = [];
  server.on('Error', (e) => errors.push(e.description));
  server.on('Connected', (e) => (e.certStore = 7));
  native.events([0, 7, 1]);
  expect(native.called('answer')).toEqual([[[7, 0]]]);
  expect(errors).toEqual([expect.stringContaining('"certStore"')]);
});
