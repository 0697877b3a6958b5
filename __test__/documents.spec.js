'use strict';

// The parts of the documents that can become outdated: the files, scripts, constants and events that they
// name, figures that repeat a bound, and the first program that they show.

const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { EVENT_NAMES } = require('../lib/boundary.js');
const { ssh, testWith } = require('./support/clients.js');
const { writeFile } = require('./support/folder.js');
const { collect, start } = require('./support/processes.js');
const { until } = require('./support/waiting.js');

const ROOT = path.join(__dirname, '..');
const PAGES = [
  'README.md',
  'SECURITY.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'fuzz/README.md',
  'bench/NOTES.md',
  'docs/SESSIONS.md',
  'docs/SSH-AUDIT.md',
  'docs/X509.md',
];

const read = (file) => fs.readFileSync(path.join(ROOT, file), 'utf8');
/** On one line each, so that a sentence is found wherever its lines end. */
const flat = (file) => read(file).replace(/\s+/g, ' ');

// --- everything that is named exists

/** Folders that are not committed, and the files that are made in them. */
const MADE = /(^|\/)(node_modules|\.git|target)(\/|$)/;

/** Every file and folder below one, from the root on. */
function* walk(folder) {
  for (const entry of fs.readdirSync(path.join(ROOT, folder), { withFileTypes: true })) {
    const name = path.posix.join(folder, entry.name);
    if (MADE.test(name)) continue;
    yield name;
    if (entry.isDirectory()) yield* walk(name);
  }
}

const files = [...walk('')];
const paths = new Set(files);
const ends = new Set(files.map((name) => path.posix.basename(name)));

const isThere = (name) =>
  paths.has(name) ||
  paths.has(`${name}.spec.js`) ||
  // A page about one folder names what is in it by its own name, or from src or lib on.
  (name.includes('/') ? files.some((file) => file.endsWith(`/${name}`)) : ends.has(name));

test.each(PAGES)('every file and folder that %s names is there', (page) => {
  const quoted = [...read(page).matchAll(/`([^`\n]+)`|\]\(([^)#]+)\)/g)].map(([, a, b]) => a ?? b);
  const bare = [...read(page).matchAll(/(?<![\w/.`-])[\w-]+\/[\w./-]*\w/g)].map(([name]) => name);
  const known = new Set(files.map((name) => name.split('/', 1)[0]));
  const names = [
    ...quoted.filter((name) => /^[\w./-]+(\.(rs|m?js|md|json|toml|py|sh)|\/)$/.test(name)),
    ...bare.filter((name) => known.has(name.split('/', 1)[0])),
  ].map((name) => name.replace(/\/$/, ''));
  const missing = names.filter((name) => !isThere(name) && !MADE.test(name));
  expect(missing).toEqual([]);
});

test.each(PAGES)('every script of npm and every constant that %s names is there', (page) => {
  const { scripts } = JSON.parse(read('package.json'));
  const commands = [...read(page).matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name);
  expect(commands.filter((name) => !(name in scripts))).toEqual([]);
  const sources = files
    .filter((name) => /^(src|fuzz|tests|scripts|bench|lib|__test__)\/.*\.(rs|m?js)$/.test(name))
    .map(read)
    .join('\n');
  const constants = [...read(page).matchAll(/`([A-Z]+(?:_[A-Z\d]+)+)(?:=[^`]*)?`/g)];
  const missing = constants.map(([, name]) => name).filter((name) => !sources.includes(name));
  expect(missing).toEqual([]);
});

// --- figures that repeat a bound

const MIB = 1024 * 1024;

/** The constants of src/limits.rs that are numbers or times, in bytes and seconds. */
function limits() {
  const found = {};
  for (const [, name, text] of read('src/limits.rs').matchAll(
    /^pub const (\w+): \w+ =\s*([^;]+);/gm,
  )) {
    const sum = /^(?:Duration::from_(secs|millis)\()?([\d_ *<]+)\)?$/.exec(text);
    if (sum === null) continue;
    const [, unit, expression] = sum;
    const shifted = expression
      .replaceAll('_', '')
      .split('<<')
      .map((part) => part.split('*').reduce((product, factor) => product * Number(factor), 1));
    const value = shifted.length === 2 ? shifted[0] * 2 ** shifted[1] : shifted[0];
    found[name] = unit === 'millis' ? value / 1000 : value;
  }
  return found;
}

const L = limits();
const constantOf = (file, name) => Number(new RegExp(`${name} = (\\d+)`).exec(read(file))[1]);
const perConnection =
  L.MAX_QUEUED_BYTES + L.MAX_WAITING_BYTES + L.MAX_HELD_BYTES + L.MAX_PINNED_BYTES;
/** Packets in and out, what waits for a key exchange, and what is decompressed: see limits.rs. */
const BUFFERS = 4 * MIB;

const SAID = [
  ['SECURITY.md', /have the server hold is (\d+) MiB/, () => (perConnection + BUFFERS) / MIB],
  ['SECURITY.md', /Its channels, (\d+) at most/, () => L.MAX_CHANNELS],
  ['SECURITY.md', /up to 64 KiB, in (\d+) pieces/, () => pieces()],
  ['SECURITY.md', /processes (\d+) small messages/, () => L.TURN_WORK / L.MESSAGE_WORK],
  ['SECURITY.md', /or (\d+) MiB after decompression/, () => L.TURN_WORK / MIB],
  [
    'SECURITY.md',
    /With (\d+) events that wait to be taken/,
    () => L.MAX_QUEUED_BYTES / L.QUEUED_EVENT_COST,
  ],
  ['SECURITY.md', /(\d+) small ones that it has/, () => L.MAX_PINNED_BYTES / L.PINNED_EVENT_COST],
  [
    'SECURITY.md',
    /or (\d+) behind listeners of `Log`/,
    () => L.MAX_WAITING_BYTES / L.QUEUED_EVENT_COST,
  ],
  [
    'SECURITY.md',
    /(\d+) MiB for at most \d+ seconds/,
    () => (L.MAX_TUNNEL_REMAINDERS * 2 * MIB) / MIB,
  ],
  ['SECURITY.md', /MiB for at most (\d+) seconds/, () => L.TUNNEL_REMAINDER_TIME],
  ['SECURITY.md', /(\d+) seconds for its identification/, () => L.IDENTIFICATION_TIME],
  [
    'README.md',
    /A client has (\d+) seconds to send its identification/,
    () => L.IDENTIFICATION_TIME,
  ],
  ['README.md', /`MaxUnauthenticated` \((\d+)\)/, () => L.MAX_UNAUTHENTICATED],
  ['README.md', /one with (\d+) MiB or \d+ events/, () => L.MAX_WAITING_BYTES / MIB],
  ['README.md', /MiB or (\d+) events behind/, () => L.MAX_WAITING_BYTES / L.QUEUED_EVENT_COST],
  ['README.md', /(\d+) MiB, or (?:\d+) small events/, () => L.MAX_PINNED_BYTES / MIB],
  ['README.md', /MiB, or (\d+) small events/, () => L.MAX_PINNED_BYTES / L.PINNED_EVENT_COST],
  ['CHANGELOG.md', /from (\d+) MiB or \d+ events/, () => L.MAX_WAITING_BYTES / MIB],
  ['CHANGELOG.md', /MiB or (\d+) events on/, () => L.MAX_WAITING_BYTES / L.QUEUED_EVENT_COST],
  [
    'CHANGELOG.md',
    /have the server hold is bounded by (\d+) MiB/,
    () => (perConnection + BUFFERS) / MIB,
  ],
  ['CHANGELOG.md', /no longer ends the connection; (\d+) of them/, () => L.MAX_EARLY_MESSAGES],
  ['src/limits.rs', /a connection costs (\d+) MiB at most/, () => (perConnection + BUFFERS) / MIB],
  ['index.d.ts', /from 64 KiB on, or from (\d+) pieces/, () => pieces()],
];

const pieces = () => constantOf('lib/channel_stream.js', 'MAX_WAITING_CHUNKS');

test.each(SAID)('%s: %s', (page, sentence, is) => {
  // A comment of several lines is read as one, too.
  const text = flat(page).replace(/ (?:\/\/\/?|\*) /g, ' ');
  const [, figure] = sentence.exec(text) ?? [];
  expect(Number(figure)).toBe(is());
});

test('the time that last events wait for a listener is the two seconds of README.md', () => {
  const looks = constantOf('lib/patience.js', 'MOST_LOOKS');
  expect((looks * constantOf('lib/patience.js', 'INTERVAL_MS')) / 1000).toBe(2);
  expect(flat('README.md')).toContain('its last events wait two seconds for a listener');
});

// --- the tables of README.md

/** The rows under a heading of a table, as their cells. */
function rows(heading) {
  const lines = read('README.md').split('\n');
  const first = lines.findIndex((line) => line.startsWith(heading)) + 2;
  const end = lines.findIndex((line, at) => at >= first && !line.startsWith('|'));
  const cells = lines.slice(first, end).map((line) => line.slice(1, -1).split('|'));
  return cells.map((row) => row.map((cell) => cell.trim()));
}

const namesIn = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name);

test('the events of README.md are all that there are', () => {
  const told = rows('| event | asks |').flatMap(([names]) => namesIn(names));
  expect(told.sort()).toEqual([...EVENT_NAMES].sort());
});

// --- the program of README.md

testWith('ssh', 'the first program of README.md serves a client', async () => {
  const [, program] = /```js\n(import [^]*?)```/.exec(read('README.md'));
  const index = JSON.stringify(pathToFileURL(path.join(ROOT, 'index.mjs')).href);
  const file = writeFile(
    'readme.mjs',
    [
      program.replace("'sshserver'", index).replace('setLocalPort(2222)', 'setLocalPort(0)'),
      'async function passwordIsRight() { return false; }',
      "async function keyIsKnown(user, key) { return user === 'demo' && key.length > 0; }",
      'console.log(server.getLocalPort());',
    ].join('\n'),
  );
  const server = start(process.execPath, [file]);
  const output = collect(server.stdout);
  await until(() => output().includes('\n'), server);
  const port = Number(output().toString());
  expect(await ssh({ getLocalPort: () => port }, 'hello')).toMatchObject({
    status: 0,
    stdout: Buffer.from('You said: hello\n'),
    stderr: '',
  });
});
