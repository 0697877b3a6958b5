'use strict';

jest.mock('../../lib/native.js', () => require('./fake_native.js'));
const { NativeServer } = require('./fake_native.js');
const { closed, create, data } = require('./fake_server.js');

const utf8 = (text) => [...Buffer.from(text)];

afterEach(() => NativeServer.last.finish());

function listening() {
  const { server, native } = create();
  const texts = [];
  const listener = (e) => texts.push(e.data);
  server.on('SSHChannelDataIn', listener);
  return { server, native, texts, listener };
}

test.each([1, 2, 3, 5])('text in pieces of %i bytes loses nothing of UTF-8', (length) => {
  const { native, texts } = listening();
  const text = 'a ä € 日本語 😀 z';
  const bytes = utf8(text);
  for (let at = 0; at < bytes.length; at += length) {
    native.events(data(3, bytes.slice(at, at + length)));
  }
  expect(texts.join('')).toBe(text);
  expect(texts).not.toContain('�');
});

test.each([
  ['a byte that begins nothing', [0x80, 0x61], '\ufffda'],
  ['an overlong form', [0xc0, 0xaf], '\ufffd\ufffd'],
  ['a surrogate', [0xed, 0xa0, 0x80], '\ufffd\ufffd\ufffd'],
  ['a number past the last', [0xf4, 0x90, 0x80, 0x80], '\ufffd\ufffd\ufffd\ufffd'],
  ['a character cut off by another', [0xe2, 0x82, 0x61], '\ufffda'],
  ['a byte of no character', [0xff, 0x61], '\ufffda'],
])('%s is replaced, byte by byte and at once alike', (name, bytes, expected) => {
  const { native, texts } = listening();
  native.events(...bytes.map((byte) => data(3, [byte])));
  native.events(data(4, bytes));
  expect(texts.slice(0, -1).join('')).toBe(expected);
  expect(texts.at(-1)).toBe(expected);
});

test('each channel has its own rest, and extended data of each type too', () => {
  const { native, texts } = listening();
  const [first, second] = [utf8('ä'), utf8('ö')];
  native.events(data(3, first.slice(0, 1)), data(4, second.slice(0, 1)), data(3, second, 1));
  native.events(data(3, first.slice(0, 1), 1), data(4, second.slice(1)), data(3, first.slice(1)));
  native.events(data(3, first.slice(1), 1));
  expect(texts).toEqual(['', '', 'ö', '', 'ö', 'ä', 'ä']);
});

test('dataB is what came, whatever the text makes of it', () => {
  const { server, native } = listening();
  const seen = [];
  server.on('SSHChannelDataIn', (e) => seen.push([...e.dataB]));
  native.events(data(3, [0x61, 0xe2, 0x82]), data(3, [0xac]));
  expect(seen).toEqual([[0x61, 0xe2, 0x82], [0xac]]);
});

test('the text of an event stays what it was, however late it is read', () => {
  const { server, native } = listening();
  const events = [];
  server.on('SSHChannelDataIn', (e) => events.push(e));
  native.events(data(3, [0xe2]), data(3, [0x82, 0xac, 0xc3]), data(3, [0xa4]));
  expect(events.map((e) => e.data)).toEqual(['', '€', 'ä']);
  expect(events.map((e) => e.data)).toEqual(['', '€', 'ä']);
});

test('a rest is forgotten with its channel, and when nobody listens', () => {
  const { server, native, texts, listener } = listening();
  native.events(data(3, [0xc3]), closed(3), data(3, [0xa4]));
  expect(texts.splice(0)).toEqual(['', '\ufffd']);
  native.events(data(4, [0xc3]));
  server.off('SSHChannelDataIn', listener);
  native.events(data(4, [0xa4]));
  server.on('SSHChannelDataIn', listener);
  native.events(data(4, [0xa4]));
  expect(texts).toEqual(['', '\ufffd']);
});

test('a byte order mark is a character as any other', () => {
  const { native, texts } = listening();
  native.events(data(3, utf8('\ufeffa')));
  expect(texts).toEqual(['\ufeffa']);
});
