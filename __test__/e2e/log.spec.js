'use strict';

const {
  acceptAll,
  createServer,
  Recorder,
  startCommandServer,
  startRecorded,
} = require('../support/server.js');
const { SSHPrompt } = require('../../index.js');
const ssh2 = require('../support/ssh2_client.js');

const PASSWORD = 'swordfish-of-the-log';
const RESPONSE = 'a-response-of-the-log';
const hex = (text) => Buffer.from(text).toString('hex');

/** Has a client log in by password, or answer prompts, run a command and leave; gives the lines. */
async function linesOf({ level, mask, responses = false }) {
  let recorder;
  const server = await startCommandServer(async (it) => {
    recorder = new Recorder(it);
    if (level !== undefined) await it.config(`LogLevel=${level}`);
    if (mask !== undefined) await it.config(`MaskSensitive=${mask}`);
    it.setDefaultAuthMethods(responses ? 'keyboard-interactive' : 'password');
    it.getKeyboardInteractivePrompts().add(new SSHPrompt('Response: ', false));
  });
  const client = responses ? loginByResponses(server) : ssh2.start(server, { password: PASSWORD });
  await client.ready;
  await ssh2.exec(client, 'say channel-data');
  await ssh2.end(client);
  await recorder.first('Disconnected');
  return recorder.all('Log');
}

function loginByResponses(server) {
  const client = ssh2.start(server, { authHandler: ['keyboard-interactive'], tryKeyboard: true });
  client.on('keyboard-interactive', (name, instructions, language, prompts, finish) =>
    finish(prompts.map(() => RESPONSE)),
  );
  return client;
}

const textOf = (lines) => lines.map((e) => e.message).join('\n');
const levelsOf = (lines) => [...new Set(lines.map((e) => e.logLevel))].sort();
const LINE = /^(sent|received) (SSH_MSG_[A-Z0-9_]+|\S+) \((\d+)\), sequence (\d+), (\d+) bytes$/;

describe('a level', () => {
  test('0 logs nothing', async () => {
    expect(await linesOf({ level: 0 })).toEqual([]);
  });

  test('1, the default, logs the milestones and no packet', async () => {
    const lines = await linesOf({});
    expect(levelsOf(lines)).toEqual([1]);
    const text = textOf(lines);
    expect(text).toMatch(/Client identification: SSH-2\.0-/);
    expect(text).toMatch(/New keys are in use/);
    expect(text).toMatch(/Authenticated: demo/);
    expect(text).not.toMatch(/SSH_MSG_/);
  });

  test('2 adds one line for each packet: direction, name, number, length', async () => {
    const lines = await linesOf({ level: 2 });
    expect(levelsOf(lines)).toEqual([1, 2]);
    const packets = lines.filter((e) => e.logLevel === 2).map((e) => e.message);
    for (const line of packets) expect(line).toMatch(LINE);
    const seen = packets.map((line) => line.match(LINE).slice(1, 4).join(' '));
    for (const packet of [
      'sent SSH_MSG_KEXINIT 20',
      'received SSH_MSG_KEXINIT 20',
      'sent SSH_MSG_NEWKEYS 21',
      'received SSH_MSG_NEWKEYS 21',
      'received SSH_MSG_USERAUTH_REQUEST 50',
      'sent SSH_MSG_USERAUTH_SUCCESS 52',
      'received SSH_MSG_CHANNEL_OPEN 90',
      'sent SSH_MSG_CHANNEL_OPEN_CONFIRMATION 91',
      'received SSH_MSG_CHANNEL_REQUEST 98',
      'sent SSH_MSG_CHANNEL_DATA 94',
      'sent SSH_MSG_CHANNEL_CLOSE 97',
    ]) {
      expect(seen).toContain(packet);
    }
  });

  test('3 adds the bytes of each packet', async () => {
    const lines = await linesOf({ level: 3 });
    expect(levelsOf(lines)).toEqual([1, 2, 3]);
    const packets = lines.filter((e) => e.logLevel === 2);
    const contents = lines.filter((e) => e.logLevel === 3);
    expect(contents).toHaveLength(packets.length);
    for (const [at, { message }] of contents.entries()) {
      const [, direction, name, number, , length] = packets[at].message.match(LINE);
      expect(message.startsWith(`${direction} ${name}: `)).toBe(true);
      const bytes = message.slice(`${direction} ${name}: `.length);
      if (bytes === 'content masked') continue;
      expect(bytes).toHaveLength(2 * Number(length));
      expect(parseInt(bytes.slice(0, 2), 16)).toBe(Number(number));
    }
    expect(textOf(contents)).toContain(hex('channel-data'));
  });
});

describe('MaskSensitive', () => {
  const ways = [
    ['the password', PASSWORD, false],
    ['the responses', RESPONSE, true],
  ];
  const levels = [0, 1, 2, 3];

  test.each(ways.flatMap(([name, ...way]) => levels.map((level) => [name, level, ...way])))(
    'hides %s at level %i',
    async (name, level, secret, responses) => {
      const text = textOf(await linesOf({ level, responses }));
      expect(text).not.toContain(secret);
      expect(text).not.toContain(hex(secret));
      if (level === 3) expect(text).toContain('content masked');
    },
  );

  test.each(ways)(
    'turned off shows %s at level 3, and only there',
    async (name, secret, responses) => {
      const lines = await linesOf({ level: 3, mask: 'False', responses });
      expect(textOf(lines.filter((e) => e.logLevel === 3))).toContain(hex(secret));
      const others = textOf(lines.filter((e) => e.logLevel !== 3));
      expect(others).not.toContain(secret);
      expect(others).not.toContain(hex(secret));
      expect(textOf(lines)).not.toContain('content masked');
    },
  );

  test('is on by default, and after reset()', async () => {
    const server = createServer();
    expect(await server.config('MaskSensitive')).toBe('True');
    await server.config('MaskSensitive=no');
    expect(await server.config('MaskSensitive')).toBe('False');
    await server.reset();
    expect(await server.config('MaskSensitive')).toBe('True');
  });

  test('can be changed while a client is connected', async () => {
    const { server, recorder } = await startRecorded((it) => it.config('LogLevel=3'));
    await server.config('MaskSensitive=False');
    server.on('SSHUserAuthRequest', (e) => {
      e.accept = e.authParam === 'second secret';
      if (e.authParam === 'first secret') void server.config('MaskSensitive=True');
    });
    await ssh2.connect(server, {
      authHandler: ['first secret', 'second secret'].map((password) => ({
        type: 'password',
        username: 'demo',
        password,
      })),
    });
    const text = textOf(recorder.all('Log'));
    expect(text).toContain(hex('first secret'));
    expect(text).not.toContain(hex('second secret'));
  });
});

test('nobody listens: no line crosses to JavaScript, and none of before comes when someone does', async () => {
  const server = createServer();
  acceptAll(server);
  await server.config('LogLevel=3');
  await server.startListening();
  const gone = new Recorder(server, ['Disconnected']);
  const client = await ssh2.connect(server, { password: PASSWORD });
  const lines = [];
  server.on('Log', (e) => lines.push(e.message));
  await ssh2.end(client);
  await gone.first('Disconnected');
  const before = /KEXINIT|USERAUTH_REQUEST|Client identification/;
  expect(lines.filter((line) => before.test(line))).toEqual([]);
  expect(lines.filter((line) => /SSH_MSG_DISCONNECT/.test(line))).not.toEqual([]);
});
