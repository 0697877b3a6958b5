'use strict';

// Every sequence of bytes of the pages with several bytes for a character, and of ISCII, held against what other
// programs make of them: glibc's iconv, ICU's uconv and Perl's Encode. Where they differ, it says how and why.

const { spawnSync } = require('node:child_process');
const { NativeDecoder } = require('../../native.js');
const { testUnless } = require('../support/conditions.js');
const { acceptAll, createServer } = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');

const UNDEFINED = '\ufffd';
const NEWLINE = 0x0a;
/** The line feed of EBCDIC. */
const HOST_NEWLINE = 0x25;

function run(program, args, input) {
  const { stdout, error } = spawnSync(program, args, { input, maxBuffer: 1 << 28 });
  if (error) throw error;
  return stdout;
}

const PERL_DECODE = `use Encode; binmode STDIN; binmode STDOUT, ":utf8"; local $/; my $all = <STDIN>;
print join "\\n", map { decode($ARGV[0], $_) } split /\\n/, $all, -1;`;
const PERL_ENCODE = `use Encode; binmode STDIN, ":utf8"; binmode STDOUT; local $/; print encode($ARGV[0], <STDIN>);`;

const iconv = {
  program: 'iconv',
  decode: (name, bytes) => run('iconv', ['-c', '-f', name, '-t', 'UTF-8'], bytes).toString(),
  encode: (name, text) => run('iconv', ['-c', '-f', 'UTF-8', '-t', name], text),
};
const uconv = {
  program: 'uconv',
  decode: (name, bytes) =>
    run('uconv', ['-f', name, '-t', 'UTF-8', '--from-callback', 'substitute'], bytes).toString(),
  encode: (name, text) =>
    run('uconv', ['-f', 'UTF-8', '-t', name, '--to-callback', 'substitute'], text),
};
const perl = {
  program: 'perl',
  decode: (name, bytes) => run('perl', ['-e', PERL_DECODE, name], bytes).toString(),
  encode: (name, text) => run('perl', ['-e', PERL_ENCODE, name], text),
};

/** What this machine lacks of a program; only glibc's iconv knows these pages. */
function missing({ program }) {
  const version = spawnSync(program, ['--version'], { encoding: 'utf8' });
  if (version.error) return `no ${program}`;
  if (program === 'iconv' && !/glibc|gnu libc/i.test(version.stdout)) return 'no iconv of glibc';
  return undefined;
}

function range(first, last) {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function decode(id, bytes) {
  return new NativeDecoder(id).decode(Uint8Array.from(bytes));
}

/** All sequences of one or two bytes that end a character, from US-ASCII on. */
function sequences(id) {
  const leads = range(0x80, 0xff).filter((lead) => decode(id, [lead]) === '');
  return [
    ...range(0x20, 0xff)
      .filter((byte) => !leads.includes(byte))
      .map((byte) => [byte]),
    ...leads.flatMap((lead) => range(0x20, 0xfe).map((trail) => [lead, trail])),
  ];
}

/** Bytes from 0x40 on, and pairs between SO and SI. */
function hostSequences() {
  const bytes = range(0x41, 0xfe);
  const pairs = bytes.flatMap((lead) => bytes.map((trail) => [0x0e, lead, trail, 0x0f]));
  return [...range(0x40, 0xff).map((byte) => [byte]), [0x0e, 0x40, 0x40, 0x0f], ...pairs];
}

/** The planes of EUC-TW. */
function taiwanSequences() {
  const row = range(0xa1, 0xfe);
  const pairs = row.flatMap((lead) => row.map((trail) => [lead, trail]));
  return [
    ...range(0x20, 0x7e).map((byte) => [byte]),
    ...pairs,
    ...range(0xa2, 0xaf).flatMap((plane) => pairs.map((pair) => [0x8e, plane, ...pair])),
  ];
}

/** The text of a sequence, if it is one character. */
function single(text) {
  return text !== undefined && [...text].length === 1 && text !== UNDEFINED ? text : undefined;
}

/** How this page and that program read the sequences. */
function compare({ id, oracle, name, all, newline = NEWLINE, nothing }) {
  const lines = oracle
    .decode(name, Buffer.from(all.flatMap((bytes) => [...bytes, newline])))
    .split('\n');
  expect(lines).toHaveLength(all.length + 1);
  const same = [];
  const different = [];
  const onlyOurs = [];
  const onlyTheirs = [];
  for (const [index, bytes] of all.entries()) {
    const ours = single(decode(id, bytes));
    let theirs = single(lines[index]);
    // A program that skips what it does not know may take the second byte for a character.
    const trail = bytes.length > 1 && bytes.at(-1) < 0x80 && String.fromCharCode(bytes.at(-1));
    if (theirs === trail || theirs === nothing) theirs = undefined;
    const code = Buffer.from(bytes).toString('hex');
    if (ours === theirs) {
      if (ours !== undefined) same.push(ours);
    } else if (theirs === undefined) onlyOurs.push(code);
    else if (ours === undefined) onlyTheirs.push(code);
    else different.push(`${code} ${ours} ${theirs}`);
  }
  return { same, different, onlyOurs, onlyTheirs };
}

/** What a server with this page sends for a text. */
async function send(id, text) {
  const server = createServer();
  acceptAll(server);
  server.on('SSHChannelRequest', (e) => (e.success = true));
  server.on('SSHChannelEOF', async ({ channelId }) => {
    await server.sendText(channelId, text);
    await server.closeChannel(channelId);
  });
  await server.startListening();
  await server.config(`CodePage=${id}`);
  const client = await ssh2.connect(server, { password: 'x' });
  const { stdout } = await ssh2.exec(client, 'anything', '');
  return stdout;
}

/** Whether this is a jamo by itself, which .NET takes for a part of a syllable. */
function isJamo(difference) {
  const [, ours, theirs] = difference.split(' ');
  return /^[\u1100-\u11ff]$/.test(ours) && /^[\u3131-\u318e]$/.test(theirs);
}

function host(page, same, oracle, name) {
  const id = 50000 + page;
  // SUB is what ICU has for a byte that means nothing.
  return { id, oracle, name, all: hostSequences, newline: HOST_NEWLINE, nothing: '\u001a', same };
}

const APPLE = 'Apple has signs of its own, and Windows user-defined characters';

/**
 * How many characters both have (`same`), how many codes they read otherwise (`different`), and how many only one of
 * them knows. `rewritten` are characters that the program reads like this page and writes otherwise.
 */
const PAGES = [
  {
    id: 1361,
    oracle: perl,
    name: 'johab',
    why: 'Windows has parts of syllables for jamo, and user-defined characters',
    all: () => sequences(1361),
    same: 17049,
    different: 94,
    onlyOurs: 209,
  },
  {
    id: 1361,
    oracle: iconv,
    name: 'JOHAB',
    why: 'as with Perl, and glibc has the sign of the won for the backslash',
    all: () => sequences(1361),
    same: 17049,
    different: 96,
    onlyOurs: 207,
    onlyTheirs: 23,
  },
  ...[
    { id: 10001, name: 'MacJapanese', same: 7113, different: 9, onlyOurs: 2246, onlyTheirs: 158 },
    {
      id: 10002,
      name: 'MacChineseTrad',
      same: 13522,
      different: 270,
      onlyOurs: 5702,
      onlyTheirs: 5,
    },
    { id: 10003, name: 'MacKorean', same: 8307, different: 15, onlyOurs: 32, onlyTheirs: 283 },
    { id: 10008, name: 'MacChineseSimp', same: 7531, different: 8, onlyOurs: 2, onlyTheirs: 32 },
  ].map((page) => ({ ...page, oracle: perl, why: APPLE, all: () => sequences(page.id) })),
  {
    id: 20261,
    oracle: iconv,
    name: 'T.61',
    why: 'Windows composes more letters, and glibc takes control characters behind an accent',
    all: () => sequences(20261),
    same: 337,
    different: 2,
    onlyOurs: 87,
    onlyTheirs: 1104,
  },
  { ...host(930, 11799, iconv, 'IBM930'), rewritten: ['\\', '~'] },
  host(930, 11799, uconv, 'ibm-930'),
  host(933, 10910, iconv, 'IBM933'),
  host(933, 10910, uconv, 'ibm-933'),
  host(935, 9457, iconv, 'IBM935'),
  host(935, 9457, uconv, 'ibm-935'),
  host(937, 20363, iconv, 'IBM937'),
  host(937, 20363, uconv, 'ibm-937'),
  { ...host(939, 11799, iconv, 'IBM939'), rewritten: ['\\', '~'] },
  host(939, 11799, uconv, 'ibm-939'),
  {
    id: 51950,
    oracle: uconv,
    name: 'EUC-TW',
    all: taiwanSequences,
    same: 62319,
    // ICU only reads it.
    rewritten: ['\uff5c'],
  },
  {
    id: 51950,
    oracle: iconv,
    name: 'EUC-TW',
    why: 'glibc has another edition of CNS 11643',
    all: taiwanSequences,
    same: 55509,
    different: 29,
    onlyOurs: 6781,
    onlyTheirs: 2737,
    rewritten: ['\u5344'],
  },
  { id: 2, oracle: perl, name: 'nextstep', all: () => sequences(2), same: 222 },
  {
    id: 6,
    oracle: perl,
    name: 'MacSymbol',
    why: 'Apple has two characters for each of these',
    all: () => sequences(6),
    same: 187,
    onlyOurs: 3,
  },
];

describe.each(PAGES)('page $id is that of $oracle.program $name', (page) => {
  const { id, oracle, name, why, different = 0, onlyOurs = 0, onlyTheirs = 0 } = page;

  testUnless(missing(oracle), `in both directions${why ? `: ${why}` : ''}`, async () => {
    const found = compare({ ...page, all: page.all() });
    expect(found.same).toHaveLength(page.same);
    expect(found.different).toHaveLength(different);
    expect(found.onlyOurs).toHaveLength(onlyOurs);
    expect(found.onlyTheirs).toHaveLength(onlyTheirs);
    const text = found.same.filter((char) => !page.rewritten?.includes(char)).join('\n');
    expect((await send(id, text)).equals(oracle.encode(name, text))).toBe(true);
  });
});

testUnless(missing(iconv), 'what page 1361 and JOHAB read otherwise are jamo and two signs', () => {
  const johab = { id: 1361, oracle: iconv, name: 'JOHAB', all: sequences(1361) };
  const { different } = compare(johab);
  const others = different.filter((difference) => !isJamo(difference));
  expect(others).toEqual(['5c \\ ₩', 'd85c \ue02b ₩']);
});

/** ICU's version of the script of each page; Assamese is Bengali there. */
const SCRIPTS = [0, 1, 5, 6, 1, 4, 7, 8, 3, 2].map((version, index) => [57002 + index, version]);
/** Bytes that change the one before them, and one that does not. */
const BEHIND = [0xe8, 0xe9, 0xea, 0xb3];

describe.each(SCRIPTS)('page %i is ISCII version %i of ICU', (id, version) => {
  const name = `ISCII,version=${version}`;
  const bytes = range(0xa0, 0xff);
  const all = [
    ...bytes.map((byte) => [byte, 0x20]),
    ...bytes.flatMap((byte) => BEHIND.map((next) => [byte, next, 0x20])),
  ];

  /** ICU knows no single danda outside of Devanagari, and reads these other sequences otherwise. */
  const isElsewhere = ([first, second]) =>
    (version !== 0 && [first, second].includes(0xea)) ||
    [0xef, 0xf0].includes(first) ||
    (first === 0xd9 && second === 0xe8) ||
    (version === 2 && first === 0xc0 && second === 0xe9);

  testUnless(missing(uconv), 'in both directions', async () => {
    const input = Buffer.from(all.flatMap((sequence) => [...sequence, NEWLINE]));
    const theirs = uconv.decode(name, input).split('\n');
    const ours = all.map((sequence) => decode(id, sequence));
    const differences = all.filter((_, index) => ours[index] !== theirs[index]);
    expect(differences.filter((sequence) => !isElsewhere(sequence))).toEqual([]);
    const text = ours
      .filter((line, index) => line === theirs[index] && !line.includes(UNDEFINED))
      .join('\n');
    // ICU names the script at the beginning of each line, so the bytes are not the same.
    expect(uconv.decode(name, await send(id, text))).toBe(text);
    expect(decode(id, uconv.encode(name, text))).toBe(text);
  });
});

/** Without the rows that only GBK has. */
function gb2312Sequences() {
  const rows = [...range(0xa1, 0xa9), ...range(0xb0, 0xf7)];
  return rows.flatMap((lead) => range(0xa1, 0xfe).map((trail) => [lead, trail]));
}

/** The first two planes of CNS 11643. */
function cnsSequences() {
  const isLow = ([lead, plane]) => lead > 0x8e || (lead === 0x8e && plane === 0xa2);
  return taiwanSequences().filter(isLow);
}

/** What ISO-2022-CN writes: the characters of these pages that glibc reads in the same way. */
const CHINESE = [
  { id: 50227, source: { id: 936, name: 'GBK', all: gb2312Sequences }, count: 7441 },
  { id: 50229, source: { id: 51950, name: 'EUC-TW', all: cnsSequences }, count: 13503 },
];

/** What glibc writes for them depends on the set before them: in CNS 11643 it exchanges them with others. */
const EXCHANGED = ['\uff5c', '\u2032'];

describe.each(CHINESE)('page $id is ISO-2022-CN of glibc', ({ id, source, count }) => {
  const name = 'ISO-2022-CN';

  testUnless(missing(iconv), 'in both directions, whichever of its sets are used', async () => {
    const { same } = compare({ ...source, oracle: iconv, all: source.all() });
    const lines = same.join('\n');
    const written = iconv.decode(name, await send(id, lines)).split('\n');
    const read = decode(id, iconv.encode(name, lines)).split('\n');
    const all = same.filter(
      (char, index) => char === written[index] && char === read[index] && !EXCHANGED.includes(char),
    );
    expect(all).toHaveLength(count);
    // One character on a line, and between US-ASCII. glibc prefers GB 2312; where the buffer of its program ends it
    // writes SS2 twice.
    for (let at = 0; at < all.length; at += 1000) {
      const part = all.slice(at, at + 1000);
      const text = `${part.join('\n')}\nx${part.join('y')}`;
      expect(decode(id, iconv.encode(name, text))).toBe(text);
    }
    // In a row, too. glibc itself writes SS2 only once for successive characters of the second plane.
    const text = `${all.join('\n')}\nx${all.join('y')}\n${all.join('')}`;
    expect(iconv.decode(name, await send(id, text)) === text).toBe(true);
  });
});
