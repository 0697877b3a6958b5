// The sets of characters with several bytes, and the pages of one byte that .NET lacks: src/binding/codepage/sets/*.bin
// and rows for tables.rs, among them the scripts of ISCII. scripts/codepages.mjs calls it and says where the package of .NET's tables is. The others
// are asked of two programs: `uconv` (ICU; Debian: icu-devtools) and `perl` with its module Encode.

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { root } from './common.mjs';

/** Pages of .NET with one or two bytes for a character. */
const DOUBLE = [1361, 10001, 10002, 10003, 10008, 20000, 20001, 20002, 20003, 20004, 20005, 20261];
/** The sets of IBM's hosts, by the page of ICU in which SO and SI surround them. */
const HOST = new Map([
  [300, 'ibm-930_P120-1999'],
  [834, 'ibm-933_P110-1995'],
  [835, 'ibm-937_P110-1999'],
  [837, 'ibm-935_P110-1999'],
]);
/** What is outside of SO and SI there. */
const HOST_SINGLE = new Map([
  [290, 'ibm-930_P120-1999'],
  [833, 'ibm-933_P110-1995'],
  [836, 'ibm-935_P110-1999'],
  [1027, 'ibm-939_P120-1999'],
  [28709, 'ibm-937_P110-1999'],
]);
const EUC_TW = 'euc-tw-2014';
/** The versions of ICU's ISCII from page 57002 on: Assamese is Bengali there. */
const ISCII = [0, 1, 5, 6, 1, 4, 7, 8, 3, 2];
const UNDEFINED = '\ufffd';
/** .NET gives bytes of their own that mean nothing a character from here to U+F8FF each. */
const FILLER = 0xf800;

/** Writes the sets; `published` are .NET's tables. */
export function writeSets(published) {
  const folder = path.join(root, 'src/binding/codepage/sets');
  mkdirSync(folder, { recursive: true });
  const all = [
    ...DOUBLE.map((id) => [id, pairsOf(published[id].dec)]),
    ...[...HOST].map(([id, name]) => [id, hostPairs(name)]),
    [51950, eucTaiwan()],
  ];
  for (const [id, characters] of all) {
    writeFileSync(path.join(folder, `${id}.bin`), deflateRawSync(pack(characters), { level: 9 }));
  }
}

/** The pages of one byte that only ICU and Perl know, as 256 characters. */
export function furtherTables() {
  const tables = new Map();
  for (const [id, name] of HOST_SINGLE)
    tables.set(
      id,
      Array.from({ length: 256 }, (_, byte) => fromIcu(name, byte)),
    );
  tables.set(2, fromPerl('nextstep'));
  // Apple writes three of its signs as two characters each; Adobe has one for them.
  const adobe = fromPerl('symbol');
  tables.set(
    6,
    fromPerl('MacSymbol').map((char, byte) => ([...char].length === 1 ? char : adobe[byte])),
  );
  return tables;
}

/**
 * The scripts of ISCII from page 57002 on: what the bytes 0xa1 to 0xfa mean, and what they mean together with a nukta
 * behind them.
 */
export function scripts() {
  const bytes = Array.from({ length: 90 }, (_, index) => index + 0xa1);
  const read = (version, input) => {
    const args = ['-f', `ISCII,version=${version}`, '-t', 'UTF-32BE', '--from-callback'];
    return [...utf32(uconv([...args, 'substitute'], input))];
  };
  return ISCII.map((version) => ({
    // Byte 0xea, the danda of all scripts, and 0xef and 0xf0, which change what follows, are code.
    plain: bytes.map((byte) => {
      const chars = read(version, [byte, 0x20]);
      return chars.length === 2 && ![0xea, 0xef, 0xf0].includes(byte) ? chars[0] : UNDEFINED;
    }),
    // Two characters mean that this byte has no other meaning with a nukta.
    nukta: bytes.map((byte) => {
      const chars = read(version, [byte, 0xe9, 0x20]);
      return chars.length === 2 && byte !== 0xe8 ? chars[0] : UNDEFINED;
    }),
  }));
}

function pairsOf(dec) {
  const found = [];
  for (const [code, char] of dec.entries()) {
    if (char === undefined || char === UNDEFINED) continue;
    const number = char.codePointAt(0);
    if (code < 0x100 && number >= FILLER && number < 0xf900) continue;
    found.push({ code, number, written: true });
  }
  return found;
}

function hostPairs(name) {
  const codes = [];
  for (let lead = 0x40; lead < 0xff; lead++)
    for (let trail = 0x40; trail < 0xff; trail++) codes.push((lead << 8) | trail);
  const wrapped = codes.flatMap((code) => [0x0e, code >> 8, code & 0xff, 0x0f, 0x25]);
  return fromLines(name, codes, wrapped, (bytes) => bytes.subarray(1, 3));
}

function eucTaiwan() {
  const codes = [];
  const row = Array.from({ length: 94 }, (_, index) => index + 0xa1);
  for (let plane = 1; plane <= 15; plane++)
    for (const lead of row)
      for (const trail of row) {
        const pair = (lead << 8) | trail;
        codes.push(plane === 1 ? pair : 0x8ea00000 + plane * 0x10000 + pair);
      }
  const ascii = Array.from({ length: 128 }, (_, code) => ({ code, number: code, written: true }));
  const wrapped = codes.flatMap((code) => [...bytesOf(code), 0x0a]);
  return [...ascii, ...fromLines(EUC_TW, codes, wrapped, (bytes) => bytes)];
}

function bytesOf(code) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(code >>> 0);
  return bytes.subarray(code < 0x100 ? 3 : code < 0x10000 ? 2 : 0);
}

/** What these codes mean, whose bytes stand one on a line; `inner` finds them in what is written. */
function fromLines(name, codes, wrapped, inner) {
  const text = uconv(['-f', name, '-t', 'UTF-32BE', '--from-callback', 'substitute'], wrapped);
  const lines = utf32(text).split(/[\n\u0085]/u);
  if (lines.length !== codes.length + 1) throw new Error(`${name}: ${lines.length} lines`);
  const found = [];
  for (const [index, code] of codes.entries()) {
    const line = lines[index];
    if ([...line].length === 1 && line !== UNDEFINED)
      found.push({ code: code >>> 0, number: line.codePointAt(0) });
  }
  // Which of several places of a character is written.
  const places = new Map();
  for (const place of found) places.set(place.number, [...(places.get(place.number) ?? []), place]);
  const characters = [...places.keys()];
  const source = Buffer.from(
    characters.map((number) => `${String.fromCodePoint(number)}\n`).join(''),
  );
  const bytes = uconv(['-f', 'UTF-8', '-t', name, '--to-callback', 'escape-c'], source);
  const written = new Map();
  let start = 0;
  for (const number of characters) {
    let end = start;
    while (![0x0a, 0x25].includes(bytes[end])) end++;
    written.set(number, Buffer.from(inner(bytes.subarray(start, end))).toString('hex'));
    start = end + 1;
  }
  for (const [number, all] of places) {
    const isWritten = ({ code }) => bytesOf(code).toString('hex') === written.get(number);
    // A character that ICU only reads is written where it was found first.
    const chosen = all.find(isWritten) ?? all[0];
    for (const place of all) place.written = place === chosen;
  }
  return found;
}

function fromIcu(name, byte) {
  const args = ['-f', name, '-t', 'UTF-32BE', '--from-callback', 'substitute'];
  const text = utf32(uconv(args, [byte]));
  // SO and SI are no characters there, and SUB stands for a byte that means nothing.
  if ([...text].length !== 1 || (text === '\u001a' && byte !== 0x3f)) return UNDEFINED;
  return text;
}

function fromPerl(name) {
  const script =
    'use Encode; binmode STDOUT, ":utf8";' +
    `for my $b (0..255) { print decode("${name}", pack("C", $b)), "\\x{1}\\n" }`;
  const { stdout } = spawnSync('perl', ['-e', script], { encoding: 'utf8' });
  return stdout.split('\u0001\n').slice(0, 256);
}

function uconv(args, input) {
  const { stdout, error } = spawnSync('uconv', args, {
    input: Buffer.from(input),
    maxBuffer: 1 << 26,
  });
  if (error) throw error;
  return stdout;
}

function utf32(bytes) {
  const numbers = Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readUInt32BE(4 * at));
  return numbers.map((number) => String.fromCodePoint(number)).join('');
}

/**
 * How many runs of successive codes there are; for each, how many codes are left out before it, and how many more it
 * has than one; each character as its distance from the one after the last; and which of them are only read: how many
 * are left out before each. The numbers have seven bits in a byte, the lowest first.
 */
function pack(characters) {
  const out = [];
  const runs = [];
  for (const { code } of characters) {
    const last = runs.at(-1);
    if (last && code === last.first + last.count) last.count++;
    else runs.push({ first: code, count: 1 });
  }
  put(out, runs.length);
  let next = 0;
  for (const { first, count } of runs) {
    put(out, first - next);
    put(out, count - 1);
    next = first + count;
  }
  let expected = 0;
  for (const { number } of characters) {
    const distance = number - expected;
    put(out, distance < 0 ? -2 * distance - 1 : 2 * distance);
    expected = number + 1;
  }
  next = 0;
  for (const [index, { written }] of characters.entries()) {
    if (written) continue;
    put(out, index - next);
    next = index + 1;
  }
  return Buffer.from(out);
}

function put(out, number) {
  let rest = number;
  while (rest >= 128) {
    out.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
}
