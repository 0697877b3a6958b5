'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const groups = require('../reference/groups.js');
const { acceptAll, createServer, Recorder } = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');
const { fails } = require('../support/failures.js');

const ROOT = path.join(__dirname, '../..');

/** What CPython and glibc make of texts: see tests/vectors/codepages. */
const vectors = fs
  .readFileSync(path.join(ROOT, 'tests/vectors/codepages/multi.txt'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => {
    const [id, source, hex] = line.split(' ', 3);
    const text = JSON.parse(line.slice(id.length + source.length + hex.length + 3));
    return [Number(id), source, Buffer.from(hex, 'hex'), text];
  });
/** Of these others choose another moment to switch, so that only reading can be compared. */
const SWITCHING = new Set([50225, 50227, 52936, 65000]);

/** A server that takes every session; `onData` gets its events, in records of this length. */
async function startServer(onData, recordLength = 0) {
  const server = createServer();
  acceptAll(server);
  server.on('SSHChannelOpened', (e) => server.changeRecordLength(e.channelId, recordLength));
  server.on('SSHChannelRequest', (e) => (e.success = true));
  server.on('SSHChannelDataIn', onData);
  await server.startListening();
  return server;
}

/** Sends these bytes on a channel of its own, ends it, and gives what comes back. */
async function exchange(server, bytes) {
  const client = await ssh2.connect(server, { password: 'x' });
  const { stdout } = await ssh2.exec(client, 'anything', bytes);
  return stdout;
}

describe('data', () => {
  test.each(vectors.filter(([, , bytes]) => bytes.length < 200))(
    'of page %i, as %s writes it, is read byte by byte, and sent as it was',
    async (id, source, bytes, text) => {
      let received = '';
      const events = [];
      const server = await startServer((e) => {
        events.push([...e.dataB]);
        received += e.data;
      }, 1);
      server.on('SSHChannelEOF', async (e) => {
        await server.sendText(e.channelId, received);
        await server.closeChannel(e.channelId);
      });
      await server.config(`CodePage=${id}`);
      const sent = await exchange(server, bytes);
      expect(received).toBe(text);
      expect(events).toEqual([...bytes].map((byte) => [byte]));
      // CPython reaches half-width katakana of 50221 in another way.
      if (!SWITCHING.has(id) && !(id === 50221 && text.includes('ｱ'))) expect(sent).toEqual(bytes);
    },
  );

  test('without CodePage is UTF-8, whose characters survive the ends of events', async () => {
    const text = 'Grüße, 日本, 😀!';
    const pieces = [];
    const server = await startServer((e) => pieces.push(e.data), 1);
    server.on('SSHChannelEOF', (e) => server.closeChannel(e.channelId));
    await exchange(server, Buffer.from(text));
    expect(pieces.join('')).toBe(text);
    expect(pieces).toHaveLength(Buffer.byteLength(text));
  });

  test('that ends inside of a character is whole in dataB', async () => {
    let data = '';
    const bytes = [];
    const server = await startServer((e) => {
      data += e.data;
      bytes.push(...e.dataB);
    });
    server.on('SSHChannelEOF', (e) => server.closeChannel(e.channelId));
    await server.config('CodePage=932');
    await exchange(server, Buffer.from([0x61, 0x93]));
    expect([data, bytes]).toEqual(['a', [0x61, 0x93]]);
  });

  test('of a page of single bytes keeps its page on a channel that began with another', async () => {
    const events = [];
    const pages = [65001, 1252, 1251, 437];
    const server = await startServer(async (e) => {
      events.push(e);
      await server.config(`CodePage=${pages[events.length] ?? 65001}`);
    }, 1);
    server.on('SSHChannelEOF', (e) => server.closeChannel(e.channelId));
    await exchange(server, Buffer.from([0xc3, 0xe9, 0xe9, 0xe9]));
    expect(events.map((e) => e.data)).toEqual(['', 'é', 'й', 'Θ']);
  });

  test('is read with the code page of its moment, though its text is read later', async () => {
    const events = [];
    const server = await startServer(async (e) => {
      events.push(e);
      await server.config(`CodePage=${events.length === 1 ? 1251 : 437}`);
    }, 1);
    server.on('SSHChannelEOF', (e) => server.closeChannel(e.channelId));
    await server.config('CodePage=1252');
    await exchange(server, Buffer.from([0xe9, 0xe9, 0xe9]));
    expect(events.map((e) => e.data)).toEqual(['é', 'й', 'Θ']);
  });

  test.each([
    [50930, [0x0e, 0x45, 0x62, 0x45, 0x62, 0x0f, 0x62], ['', '', '日', '', '日', '', 'a']],
    [51950, [0x8e, 0xa2, 0xa1, 0xa1, 0x61], ['', '', '', '乂', 'a']],
    // A nukta changes the letter before it, and a danda the one before it.
    [57002, [0xb3, 0xe9, 0xb3, 0x61, 0xea, 0xea], ['', '\u0958', '', '\u0915a', '', '\u0965']],
    [7, [...Buffer.from('\\351\\\\')], ['', '', '', 'é', '', '\\']],
  ])('of page %i keeps its state from event to event', async (id, bytes, expected) => {
    const pieces = [];
    const server = await startServer((e) => pieces.push(e.data), 1);
    server.on('SSHChannelEOF', (e) => server.closeChannel(e.channelId));
    await server.config(`CodePage=${id}`);
    await exchange(server, Buffer.from(bytes));
    expect(pieces).toEqual(expected);
  });

  test('of one channel has no part in that of another', async () => {
    const texts = new Map();
    const server = await startServer((e) =>
      texts.set(e.channelId, (texts.get(e.channelId) ?? '') + e.data),
    );
    server.on('SSHChannelEOF', (e) => server.closeChannel(e.channelId));
    await server.config('CodePage=50220');
    await exchange(server, Buffer.from('\x1b$B'));
    await exchange(server, Buffer.from('abc'));
    expect([...texts.values()]).toEqual(['', 'abc']);
  });
});

describe('sending', () => {
  test.each([
    [437, 'é😀', [0x82, 0x3f]],
    [37, 'A😀', [0xc1, 0x6f]],
    [932, '한a', [0x3f, 0x61]],
    [20127, 'é', [0x3f]],
    [65001, '😀', [0xf0, 0x9f, 0x98, 0x80]],
    [50930, 'A日😀', [0xc1, 0x0e, 0x45, 0x62, 0x0f, 0x6f]],
    [50229, '中', [0x1b, 0x24, 0x29, 0x47, 0x0e, 0x44, 0x63, 0x0f]],
    [57002, 'কa', [0xef, 0x43, 0xb3, 0x61, 0xef, 0x42]],
    [51950, '中😀', [0xc4, 0xe3, 0x3f]],
  ])('with page %i: %j', async (id, text, expected) => {
    const server = await startServer(() => {});
    server.on('SSHChannelEOF', async ({ channelId }) => {
      await server.sendText(channelId, text);
      server.getChannels().get(channelId).setDataToSend(text);
      await server.closeChannel(channelId);
    });
    await server.config(`CodePage=${id}`);
    expect([...(await exchange(server, ''))]).toEqual([...expected, ...expected]);
  });

  test('of commands and their parameters is UTF-8 all the same', async () => {
    const server = await startServer(() => {});
    const recorder = new Recorder(server, ['SSHChannelRequested']);
    server.on('SSHChannelRequested', (e) => server.closeChannel(e.channelId));
    await server.config('CodePage=37');
    const client = await ssh2.connect(server, { password: 'x' });
    await ssh2.exec(client, 'grüße');
    const { packetB } = await recorder.first('SSHChannelRequested');
    expect(server.getSSHParam(packetB, 'Command')).toBe('grüße');
  });
});

describe('the setting', () => {
  test.each([
    ['65001', '65001'],
    ['037', '37'],
    [' 932 ', '932'],
    ['0x90000100', String(0x90000100)],
  ])('CodePage=%s reads as %s', async (value, expected) => {
    const server = createServer();
    expect(await server.config('CodePage')).toBe('65001');
    await server.config(`codepage=${value}`);
    expect(await server.config('CODEPAGE')).toBe(expected);
    await server.reset();
    expect(await server.config('CodePage')).toBe('65001');
  });

  test('refuses a page that is not supported by its name, and keeps the one before', async () => {
    const server = createServer();
    await server.config('CodePage=932');
    await fails(
      server.config('CodePage=710'),
      10022,
      'Code page 710 (Arabic - Transparent Arabic) is not supported.',
    );
    await fails(server.config('CodePage=50936'), 10022, 'Code page 50936 (Simplified Chinese)');
    await fails(server.config('CodePage=4711'), 10022, 'There is no code page 4711.');
    expect(await server.config('CodePage')).toBe('932');
  });

  test('reset() brings UTF-8 back to channels too', async () => {
    let data = '';
    const server = await startServer((e) => (data += e.data));
    server.on('SSHChannelEOF', (e) => server.closeChannel(e.channelId));
    await server.config('CodePage=37');
    const hostKey = server.getSSHCert();
    await server.reset();
    server.setSSHCert(hostKey);
    server.setLocalHost('127.0.0.1');
    server.setLocalPort(0);
    await server.startListening();
    await exchange(server, Buffer.from('ä'));
    expect(data).toBe('ä');
  });
});

/** The numbers in docs/CODEPAGES.md, with the name and whether it is supported. */
const documented = new Map(
  fs
    .readFileSync(path.join(ROOT, 'docs/CODEPAGES.md'), 'utf8')
    .split(/\r?\n/)
    .filter((line) => /^\| \d/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, number, name, supported]) => [parseInt(number, 10), { name, supported }]),
);

describe('every documented number', () => {
  const group = groups.find(({ id }) => id === 'codePages');

  test.each(group.items)('%s is taken, or refused by its name', async (written) => {
    const server = createServer();
    const { name, supported } = documented.get(Number(written));
    if (supported === 'yes') {
      expect(await server.config(`CodePage=${written}`)).toBe('');
      expect(await server.config('CodePage')).toBe(String(Number(written)));
    } else {
      const text = `Code page ${Number(written)} (${name}) is not supported.`;
      await fails(server.config(`CodePage=${written}`), 10022, text);
      expect(await server.config('CodePage')).toBe('65001');
    }
  });
});

test('docs/CODEPAGES.md says what the addon supports', () => {
  const script = path.join(ROOT, 'scripts/codepages_page.mjs');
  const output = execFileSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  expect(output).toContain('is up to date');
});
