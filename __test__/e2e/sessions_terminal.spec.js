'use strict';

// session.terminal: what readline and libraries for text interfaces expect of process.stdin and process.stdout.

const { once } = require('node:events');
const readline = require('node:readline');
const { start: startRepl } = require('node:repl');
const { connect, startServed } = require('../support/served.js');
const { until } = require('../support/waiting.js');
const ssh2 = require('../support/ssh2_client.js');

/** A shell with a terminal: the server's session, and what the client sees and types. */
async function openTerminal(options = {}, configure = () => {}) {
  let started;
  const starting = new Promise((resolve) => (started = resolve));
  const it = await startServed({
    shell: (session) => {
      configure(session);
      started(session);
    },
  });
  const client = await connect(it);
  const stream = await ssh2.call(client, 'shell', { term: 'xterm-256color', ...options });
  let seen = '';
  stream.on('data', (chunk) => (seen += chunk));
  const session = await starting;
  const shows = (text) => until(() => seen.includes(text));
  return { it, client, stream, session, ...session.terminal, shows, seen: () => seen };
}

/** What a readable has got so far. */
function collect(readable) {
  let text = '';
  readable.on('data', (chunk) => (text += chunk));
  return () => text;
}

test('is a TTY of the size and the colors of the client', async () => {
  const { input, output } = await openTerminal({ cols: 132, rows: 43 });
  expect([input.isTTY, input.isRaw, output.isTTY]).toEqual([true, false, true]);
  expect([output.columns, output.rows, output.getWindowSize()]).toEqual([132, 43, [132, 43]]);
  expect([output.getColorDepth(), output.hasColors(256), output.hasColors(2 ** 24)]).toEqual([
    8,
    true,
    false,
  ]);
  const { output: plain } = await openTerminal({ term: 'dumb', cols: 0, rows: 0 });
  expect([plain.getColorDepth(), plain.columns, plain.rows]).toEqual([1, 80, 24]);
});

test('tells of a new size', async () => {
  const { output, stream } = await openTerminal();
  const resized = once(output, 'resize');
  stream.setWindow(60, 160, 0, 0);
  await resized;
  expect([output.columns, output.rows]).toEqual([160, 60]);
});

test('moves its cursor and clears as process.stdout does', async () => {
  const { input, output, shows, seen } = await openTerminal();
  expect([input.ref(), input.unref()]).toEqual([input, input]);
  output.cursorTo(2, 4);
  output.moveCursor(-1, 1);
  output.clearLine(0);
  output.clearScreenDown(() => output.write('done'));
  await shows('done');
  expect(seen()).toBe('\x1b[5;3H\x1b[1D\x1b[1B\x1b[2K\x1b[0Jdone');
});

test('writes CR LF for LF, and leaves those alone that have it', async () => {
  const { output, session, shows, seen } = await openTerminal();
  output.write('a\nb\r\nc\r');
  output.write('\nd\n\n');
  session.stderr.write('errors too\n');
  await shows('too');
  expect(seen()).toBe('a\r\nb\r\nc\r\nd\r\n\r\nerrors too\r\n');
});

test('edits lines and shows them, until a program takes the keys raw', async () => {
  const { input, stream, shows, seen } = await openTerminal();
  const got = collect(input);
  stream.write('abX\x7fc\r');
  await shows('\r\n');
  expect([seen(), got()]).toEqual(['abX\b \bc\r\n', 'abc\n']);
  input.setRawMode(true);
  expect(input.isRaw).toBe(true);
  stream.write('d\x7f\r\x03');
  await until(() => got().endsWith('\x03'));
  expect([seen(), got()]).toEqual(['abX\b \bc\r\n', 'abc\nd\x7f\r\x03']);
  expect(() => input.setRawMode(1)).toThrow(TypeError);
});

test('erases characters, words and lines as wide as they are', async () => {
  const { input, stream, shows, seen } = await openTerminal();
  const got = collect(input);
  stream.write('ä\x7f漢\x7f\x01\x7fone two  \x17\x15end\n');
  await shows('end\r\n');
  expect(got()).toBe('end\n');
  expect(seen().split('\b \b').length - 1).toBe(1 + 2 + 2 + 'one two  '.length);
});

test('gives what was typed of a line to a program that goes raw', async () => {
  const { input, stream, shows } = await openTerminal();
  const got = collect(input);
  stream.write('half');
  await shows('half');
  input.setRawMode(true);
  await until(() => got() === 'half');
  expect(got()).toBe('half');
});

test('shows nothing where the client wants no echo', async () => {
  const { input, stream, seen } = await openTerminal({ modes: { ECHO: 0 } });
  const got = collect(input);
  stream.write('secret\r');
  await until(() => got() === 'secret\n');
  expect(seen()).toBe('');
});

test('^C and ^\\ are signals, ^D is the end', async () => {
  const { input, session, stream, shows } = await openTerminal();
  const signals = [];
  session.on('signal', (name) => signals.push(name));
  const got = collect(input);
  const ended = once(input, 'end');
  stream.write('dropped\x03also\x1cpart\x04');
  await shows('part');
  await until(() => got() === 'part');
  stream.write('\x04never read');
  await ended;
  expect([signals, got()]).toEqual([['INT', 'QUIT'], 'part']);
});

test('a line has a bound, and the keys past it ring the bell', async () => {
  const { input, stream, shows } = await openTerminal();
  const got = collect(input);
  stream.write('x'.repeat(10_000));
  await shows('\x07');
  stream.write('\r');
  await until(() => got().endsWith('\n'));
  expect(got()).toBe(`${'x'.repeat(4095)}\n`);
});

test('the client’s end is that of the input', async () => {
  const { input, stream, client } = await openTerminal();
  const ended = once(input, 'end');
  input.resume();
  stream.end();
  await ended;
  const other = await openTerminal();
  const hungUp = once(other.input, 'end');
  other.input.resume();
  other.client.destroy();
  await hungUp;
  other.output.write('nobody reads it\n');
  await until(() => other.session.signal.aborted);
  expect(other.output.destroyed).toBe(true);
  client.end();
});

test('readline takes the keys raw on it', async () => {
  const { session, stream, shows, input, output } = await openTerminal();
  const lines = readline.createInterface({ input, output, terminal: true, prompt: '> ' });
  expect(input.isRaw).toBe(true);
  lines.prompt();
  await shows('> ');
  const line = once(lines, 'line');
  stream.write('abc\r');
  expect(await line).toEqual(['abc']);
  const interrupted = once(lines, 'SIGINT');
  stream.write('\x03');
  await interrupted;
  const closed = once(lines, 'close');
  stream.write('\x04');
  await closed;
  expect(input.isRaw).toBe(false);
  await session.exit(0);
});

test('the REPL of Node runs on it', async () => {
  const { session, stream, shows, input, output } = await openTerminal();
  const repl = startRepl({ prompt: '? ', input, output, terminal: true });
  await shows('? ');
  stream.write('6 * 7\r');
  await shows('42');
  const ended = once(repl, 'exit');
  const closed = once(stream, 'close');
  stream.on('exit', (status) => (stream.status = status));
  stream.write('.exit\r');
  await ended;
  await session.exit(3);
  await closed;
  expect(stream.status).toBe(3);
});

test('a client that types and reads nothing is held back', async () => {
  const { input, output, session, stream } = await openTerminal({}, () => {});
  stream.pause();
  stream.removeAllListeners('data');
  input.resume();
  const line = `${'x'.repeat(1000)}\r`;
  let isFull = false;
  for (let i = 0; i < 40_000 && !isFull; i++) {
    isFull = output.writableNeedDrain;
    if (!stream.write(line))
      await Promise.race([once(stream, 'drain'), until(() => output.writableNeedDrain)]);
  }
  await until(() => output.writableNeedDrain && session.stream.isPaused());
  expect(output.writableLength).toBeLessThan(1_000_000);
  expect(session.stream.readableLength).toBeLessThan(4_000_000);
});
