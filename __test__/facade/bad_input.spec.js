'use strict';

// Every method, property and setting of the class with invalid values: each gives an error that names the
// wrong value, and leaves the server unchanged. The cases are made from tables by kind of value; the tables
// are compared with index.d.ts and with the settings of the addon, so that a new member without a row fails.
// This file uses the real addon.

const { once } = require('node:events');
const ts = require('typescript');
const { Certificate, SSHPromptList, SSHServerError, sshserver } = require('../../index.js');
const { connect, openSession } = require('../support/own_client.js');
const { createOwnServer } = require('../support/own_server.js');
const { declarationOf, settingNames: settings } = require('../support/public_surface.js');

const HUGE = 'x'.repeat(10_000_000);
const BYTES = new Uint8Array([1, 2, 3]);
const NOWHERE = '987654321987';

// --- what is expected ---

const typeError = (name) => ({
  class: TypeError,
  code: 'ERR_INVALID_ARG_TYPE',
  names: `"${name}"`,
});
const rangeError = (name) => ({ class: RangeError, code: 'ERR_OUT_OF_RANGE', names: `"${name}"` });
const serverError = (code, name) => ({ class: SSHServerError, code, names: name });

function describeProblem(error, expected) {
  // The class by its name: the errors of a vm context are of other constructors.
  if (error === undefined) return 'it was accepted';
  if (error.name !== expected.class.name) return `${error.name}: ${error.message.slice(0, 200)}`;
  if (error.code !== expected.code) return `code ${error.code}: ${error.message.slice(0, 200)}`;
  if (!error.message.toLowerCase().includes(expected.names.toLowerCase()))
    return `it does not name ${expected.names}: ${error.message.slice(0, 200)}`;
  if (error.message.length > 500) return `a message of ${error.message.length} characters`;
  return null;
}

function shown(value) {
  if (typeof value === 'string' && value.length > 60)
    return `${JSON.stringify(value.slice(0, 30))}... (${value.length})`;
  if (typeof value === 'symbol' || typeof value === 'number' || typeof value === 'function')
    return String(value);
  return value === undefined ? 'undefined' : JSON.stringify(value);
}

// --- kinds of values: what none of them takes, and with which error ---

const all = (values, expected) => values.map((value) => ({ value, expected }));
const notStrings = [
  ...[undefined, null, 5, 5n, true, {}, ['a'], Buffer.from('a'), Symbol('a')],
  () => {},
];
const notNumbers = [undefined, null, '5', true, {}, [5], 5n, Symbol('a')];

const string =
  (...more) =>
  (name) => [...all(notStrings, typeError(name)), ...more.flatMap((each) => each(name))];

/** Texts that are refused with this documented number. */
const refused =
  (code, texts, as = undefined) =>
  (name) =>
    all(texts, serverError(code, as ?? name));

/** Ids that nothing has. What names the id in the documented text of 126 is not the argument. */
const UNKNOWN_IDS = [
  ...['', '\0', '0', '-1', '01', ' 1', '1\0', '1\n', '1.0', '1.5', '1e3', 'one'],
  ...[String(2 ** 53), '9'.repeat(400), NOWHERE, HUGE],
];
const id = (what) =>
  Object.assign(string(refused(126, UNKNOWN_IDS, `Invalid ${what}`)), { isId: true });
/** The right id, as what is no text. */
const almostId = (good) => [Number(good), BigInt(good), [good]];

const integer =
  (least, most, { optional = false } = {}) =>
  (name) => [
    ...all(
      notNumbers.filter((value) => !(optional && value === undefined)),
      typeError(name),
    ),
    ...all(
      [least - 1, most + 1, least + 0.5, NaN, Infinity, -Infinity, 2 ** 60, -0.5],
      rangeError(name),
    ),
  ];

const bytes = (name) =>
  all(
    [undefined, null, 'text', 5, true, {}, [1, 2], new ArrayBuffer(3), new Uint16Array(2)],
    typeError(name),
  );
const bytesOrNothing = (name) =>
  bytes(name).filter(({ value }) => value !== undefined && value !== null);
/** A function in its place is the callback. */
const optionalBytes = (name) => bytes(name).filter(({ value }) => value !== undefined);
const instance = (name) =>
  all([undefined, null, 'text', 5, true, {}, [], new Map()], typeError(name));
const listener = (name) => all([undefined, null, 'text', 5, {}], typeError(name));
/** Taken as it is: any name of an event, as EventEmitter has it. */
const anything = () => [];

// --- the methods ---

const execPacket = (server) => {
  const head = server.setSSHParam(new Uint8Array([98, 0, 0, 0, 1]), 's', 'exec');
  return server.setSSHParam(server.setSSHParam(head, 'f', 'true'), 's', 'ls');
};

const badNames = ['', 'a b', 'a\0', 'a\n', 'a,b', 'ä', 'x'.repeat(65), HUGE];
const badFields = ['', 'NoSuchField', 'Command\0', '%', '%z', '%s\0', '%s,s,s,s,s', HUGE];

/** By method: its arguments in order, each with a good value and its kind. */
const METHODS = {
  startListening: [],
  stopListening: [],
  shutdown: [],
  reset: [],
  doEvents: [],
  config: [
    [
      'configurationString',
      () => 'LogLevel',
      string(
        refused(10022, ['', '=', '=1', '\0', '[1]', 'No\nSuch', HUGE], 'setting'),
        refused(10022, [`NoSuchSetting=${HUGE}`], 'NoSuchSetting'),
      ),
    ],
  ],
  disconnect: [['connectionId', (it) => it.connection, id('ConnectionId')]],
  exchangeKeys: [['connectionId', (it) => it.connection, id('ConnectionId')]],
  openChannel: [
    ['connectionId', (it) => it.connection, id('ConnectionId')],
    ['channelType', () => 'session', string(refused(10022, badNames, 'US-ASCII'))],
    ['parameters', () => BYTES, optionalBytes],
  ],
  closeChannel: [['channelId', (it) => it.channel, id('ChannelId')]],
  changeRecordLength: [
    ['channelId', (it) => it.channel, id('ChannelId')],
    ['recordLength', () => 0, integer(0, 0x7fffffff)],
  ],
  sendBytes: [
    ['channelId', (it) => it.channel, id('ChannelId')],
    ['data', () => BYTES, bytes],
  ],
  sendChannelData: [
    ['channelId', (it) => it.channel, id('ChannelId')],
    ['data', () => BYTES, bytes],
  ],
  sendText: [
    ['channelId', (it) => it.channel, id('ChannelId')],
    // Any text can be sent, one with NUL and one of any length too.
    ['text', () => 'text', string()],
  ],
  sendSSHPacket: [
    ['channelId', (it) => it.channel, id('ChannelId')],
    [
      'packetType',
      () => 94,
      (name) => [
        ...integer(0, 255)(name),
        ...all([0, 1, 5, 20, 21, 30, 49, 50, 52, 60, 79, 90], serverError(10022, 'packet type')),
      ],
    ],
    [
      'payload',
      () => BYTES,
      (name) => [
        ...bytes(name),
        ...all([new Uint8Array(10_000_000), new Uint8Array(0)], serverError(10022, 'payload')),
      ],
    ],
  ],
  getSSHParam: [
    ['payload', (it) => execPacket(it.server), bytes],
    ['field', () => 'Command', string(refused(10022, badFields, 'field'))],
  ],
  getSSHParamBytes: [
    ['payload', (it) => execPacket(it.server), bytes],
    ['field', () => 'Command', string(refused(10022, badFields, 'field'))],
  ],
  setSSHParam: [
    ['payload', () => BYTES, bytesOrNothing],
    ['fieldType', () => 'i', string(refused(10022, ['', 'z', 'i\0', 'si', HUGE], 'field type'))],
    [
      'fieldValue',
      () => '1',
      string(refused(10022, ['', 'x', '1\0', '4294967296', '1.5', HUGE], '32-bit integer')),
    ],
  ],
  sendEOF: [['channelId', (it) => it.channel, id('ChannelId')]],
  sendExtendedData: [
    ['channelId', (it) => it.channel, id('ChannelId')],
    ['data', () => BYTES, bytes],
    ['type', () => 1, integer(1, 0xffffffff, { optional: true })],
  ],
  sendExitStatus: [
    ['channelId', (it) => it.channel, id('ChannelId')],
    ['status', () => 0, integer(0, 0xffffffff)],
  ],
  getChannelStream: [['channelId', (it) => it.channel, id('ChannelId')]],
  ref: [],
  unref: [],
  ...Object.fromEntries(
    [
      'on',
      'addListener',
      'prependListener',
      'once',
      'prependOnceListener',
      'off',
      'removeListener',
    ].map((name) => [
      name,
      [
        ['event', () => 'SSHStatus', anything],
        ['listener', () => () => {}, listener],
      ],
    ]),
  ),
  removeAllListeners: [['event', () => 'SSHStatus', anything]],
};

/** Those that give their result directly; all others give a promise and take a callback. */
const DIRECT = new Set([
  ...['getSSHParam', 'setSSHParam', 'getChannelStream', 'ref', 'unref', 'on', 'addListener'],
  ...['prependListener', 'once', 'prependOnceListener', 'off', 'removeListener'],
  'removeAllListeners',
]);

const MAX_UINT32 = 0xffffffff;
const MAX_UINT64 = 2n ** 64n - 1n;

// --- the properties ---

const badLists = ['', ',', 'none-such', 'aes128-ctr,,none', 'none\0', 'none\n', HUGE];

/** What the addon says of numbers: a documented error, as with every value of a property. */
const property = (most) => (name) => [
  ...all(notNumbers, typeError(name)),
  ...all([-1, most + 1, 0.5, NaN, Infinity, -Infinity, 2 ** 60, -0.5], serverError(10022, name)),
];

const PROPERTIES = {
  connectionBacklog: property(65535),
  defaultAuthMethods: string(
    refused(10022, ['pass word', 'password,', ',', 'none\0', 'none\n', 'ä', HUGE]),
  ),
  defaultIdleTimeout: property(MAX_UINT32),
  defaultTimeout: property(MAX_UINT32),
  // It can have several lines.
  keyboardInteractiveMessage: string(refused(10022, ['a\0b', HUGE])),
  keyboardInteractivePrompts: instance,
  localHost: string(refused(10022, ['local\0host', 'localhost\n', HUGE])),
  localPort: property(65535),
  sshCert: instance,
  sshCompressionAlgorithms: string(refused(10022, badLists)),
  sshEncryptionAlgorithms: string(refused(10022, badLists)),
};

const READ_ONLY = ['channels', 'connections', 'listening'];

// --- the settings: what follows on `NAME=`, is refused with 10022, and leaves the good one there ---

const CONTROLS = ['\0', '\n', '\r\n', '\x1b'];
const controlled = (good) => CONTROLS.map((control) => good + control);
const number = (least, most) => ({
  good: String(least + 1),
  bad: [
    ...['', ' ', 'x', '-1', '1.0', '1.5', '1e1', '0x1', '64k', 'True', 'Infinity', '1\n2'],
    ...[`${2n ** 64n}`, HUGE, ...(least > 0 ? [`${least - 1}`] : []), `${BigInt(most) + 1n}`],
    ...controlled(String(least)),
  ],
});
/** A number out of its range is taken as the nearest in it. */
const nearest = () => ({
  good: '1',
  bad: [
    ...['', ' ', 'x', '-', '--1', '1.0', '1.5', '1e1', '0x1', '64k', 'True', 'Infinity', '1\n2'],
    ...controlled('0'),
  ],
});
/** `good` is what is not the default. */
const boolean = (good) => ({
  good,
  bad: ['', 'x', '2', '-1', 'on', 'Tru', 'T r u e', 'True,', HUGE, ...controlled('True')],
});
const READ_ONLY_SETTING = { bad: ['', 'x', '\0', HUGE] };
const list = (good) => ({
  good,
  bad: [
    ...['', ',', 'none-such', `${good},`, `${good},none-such`, `${good.toUpperCase()}`, HUGE],
    ...controlled(good),
  ],
});
const line = (good, ...more) => ({ good, bad: [...more, HUGE, ...controlled(good)] });

/** By setting. `of`: which index it needs, that of a connection or of a record. */
const SETTINGS = {
  AltSSHCertCount: { ...number(0, 256), good: '2' },
  // Can be the content of a file.
  AltSSHCertStore: { of: 'record', bad: [HUGE] },
  // Can be anything.
  AltSSHCertStorePassword: { of: 'record', bad: [HUGE] },
  AltSSHCertStoreType: { of: 'record', ...number(0, 99) },
  // To set it is to load what it names.
  AltSSHCertSubject: { of: 'record', bad: line('*').bad },
  BuildInfo: READ_ONLY_SETTING,
  ClientSSHVersionString: { of: 'connection', ...READ_ONLY_SETTING },
  CodePage: {
    good: '932',
    bad: [
      ...number(1, MAX_UINT32).bad.filter((text) => text !== '0x1'),
      ...['UTF-8', '0', '12345', '709', '0x', '0xzz', '+932'],
    ],
  },
  KeyboardInteractivePrompts: {
    of: 'connection',
    good: 'a,echo=true',
    bad: ['a,echo=maybe', 'a\0,echo=true', HUGE],
  },
  KeyRenegotiationInterval: number(0, MAX_UINT32),
  KeyRenegotiationThreshold: number(1, MAX_UINT64),
  LicenseInfo: READ_ONLY_SETTING,
  LogLevel: { ...number(0, 3), good: '2' },
  MaskSensitive: boolean('False'),
  MaxAuthAttempts: number(0, MAX_UINT32),
  MaxConnections: number(1, 100_000),
  NegotiatedStrictKex: { of: 'connection', ...READ_ONLY_SETTING },
  SecurityProfile: line('modern', '', 'paranoid'),
  ServerSSHVersionString: line(
    'SSH-2.0-a',
    ...['', 'a', 'SSH-2.0-', 'SSH-1.0-a', 'SSH-2.0-ä', 'SSH-2.0-a\r\nb', 'SSH-2.0-'.padEnd(254)],
  ),
  SSHKeyExchangeAlgorithms: list('curve25519-sha256'),
  SSHMacAlgorithms: list('hmac-sha2-256'),
  SSHPubKeyAuthSigAlgorithms: list('ssh-ed25519'),
  SSHPublicKeyAlgorithms: list('ssh-ed25519'),
  UseInternalSecurityAPI: boolean('True'),
  UserAuthBanner: { of: 'connection', good: 'Grüße\r\n', bad: ['a\0b', 'x'.repeat(16_384), HUGE] },
  UseStrictKeyExchange: { ...number(0, 3), good: '2' },
  AllowedClients: line('10.0.0.1'),
  BindExclusively: boolean('False'),
  BlockedClients: line('10.0.0.1'),
  DefaultConnectionTimeout: number(0, MAX_UINT32),
  FireAuthRequestAfterSig: boolean('True'),
  InBufferSize: nearest(),
  KeepAliveInterval: nearest(),
  KeepAliveTime: nearest(),
  GSSKeytab: line('/etc/sshserver.keytab', 'x'.repeat(4097)),
  GSSLibrary: line('libgssapi.so.3', 'x'.repeat(4097)),
  LoginGraceTime: number(0, MAX_UINT32),
  MaxUnauthenticated: number(0, 100_000),
  OutBufferSize: nearest(),
  // Has lines.
  SSHHostCertificates: { bad: ['x', 'x\0', HUGE] },
  SSHKeepAliveCountMax: number(0, 0x7fffffff),
  SSHKeepAliveInterval: number(0, 0x7fffffff),
  SSHVersionPattern: line('SSH-2.0-a*', '', ' ', ',', ' , ', 'x'.repeat(5000)),
  TcpNoDelay: boolean('True'),
  UserCertCriticalOptions: line(
    'force-command',
    ...['force command', 'größe', 'a\nb', 'x'.repeat(65)],
    Array.from({ length: 65 }, (_, i) => `o${i}`).join(','),
  ),
  UseIPv6: number(0, 2),
};

// --- the surface ---

const declaration = declarationOf('sshserver');
const setters = declaration.members.filter(ts.isSetAccessor).map((node) => node.name.text);
const getters = declaration.members.filter(ts.isGetAccessor).map((node) => node.name.text);

/** The declared methods that are no accessors of a property, each with its longest list of arguments. */
const methods = new Map();
for (const node of declaration.members.filter(ts.isMethodDeclaration)) {
  const name = node.name.text;
  const stem = name.replace(/^(get|set|is)/, '');
  const isAccessor = stem !== name && getters.some((getter) => getter === plain(stem));
  const names = node.parameters.map((parameter) => parameter.name.text);
  if (!isAccessor && names.length >= (methods.get(name)?.length ?? 0)) methods.set(name, names);
}

function plain(stem) {
  return stem.startsWith('SSH') ? `ssh${stem.slice(3)}` : stem[0].toLowerCase() + stem.slice(1);
}

function documentedName(property) {
  return property.startsWith('ssh')
    ? `SSH${property.slice(3)}`
    : property[0].toUpperCase() + property.slice(1);
}

const sorted = (names) => [...names].sort();

describe('the tables', () => {
  test('have every method with its arguments', () => {
    const ours = Object.entries(METHODS).map(([name, args]) => [
      name,
      [...args.map(([argument]) => argument), ...(DIRECT.has(name) ? [] : ['callback'])],
    ]);
    expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(methods));
  });

  test('have every property', () => {
    expect(sorted(Object.keys(PROPERTIES))).toEqual(sorted(setters));
    expect(sorted(READ_ONLY)).toEqual(sorted(getters.filter((name) => !setters.includes(name))));
  });

  test('have every setting', () => {
    expect(settings.length).toBeGreaterThan(20);
    const withoutRow = settings.filter((name) => !(name in SETTINGS));
    expect(withoutRow).toEqual([]);
    expect(Object.keys(SETTINGS).filter((name) => !settings.includes(name))).toEqual([]);
  });
});

// --- the servers ---

/** A server with a client on it, that has one channel open; and a server that never listens. */
const it = { server: null, idle: null, connection: '', channel: '', client: null, stream: null };
const errors = [];

beforeAll(async () => {
  const server = createOwnServer();
  it.server = server;
  server.on('SSHChannelOpenRequest', (e) => (e.accept = true));
  server.on('SSHChannelRequest', (e) => (e.success = true));
  server.on('Error', (e) => errors.push(e.description));
  const opened = once(server, 'SSHChannelOpened');
  await server.startListening();
  it.client = await connect(server.getLocalPort(), { username: 'demo', password: 'demo' });
  it.stream = await openSession(it.client, 'cat');
  const [{ connectionId, channelId }] = await opened;
  it.connection = connectionId;
  it.channel = channelId;
  it.idle = new sshserver();
  await it.idle.config('AltSSHCertCount=1');
  await server.config('AltSSHCertCount=1');
});

afterAll(async () => {
  it.client.destroy();
  await it.server.shutdown();
});

function indexOf(of) {
  if (of === undefined) return '';
  return of === 'record' ? '[0]' : `[${it.connection}]`;
}

/** Everything that can be read of a server. */
async function snapshot(server) {
  const properties = {};
  for (const name of getters) {
    const value = server[name];
    if (value === server.channels || value === server.connections)
      properties[name] = [...value.keys()];
    else properties[name] = value;
  }
  const values = await Promise.all(
    settings.map(async (name) => {
      const { of } = SETTINGS[name] ?? {};
      if (of === 'connection' && server !== it.server) return [name, null];
      return [name, await server.config(`${name}${indexOf(of)}`)];
    }),
  );
  const names = server.eventNames().map((name) => [name, server.listenerCount(name)]);
  return { ...properties, settings: Object.fromEntries(values), listeners: names };
}

/** Calls with each bad value; what went otherwise than expected, and whether anything has changed. */
async function problemsOf(server, cases, call) {
  const before = await snapshot(server);
  const problems = [];
  for (const { value, expected } of cases) {
    let error;
    try {
      await call(value);
    } catch (thrown) {
      error = thrown;
    }
    const problem = describeProblem(error, expected);
    if (problem !== null) problems.push(`${shown(value)}: ${problem}`);
  }
  expect(problems).toEqual([]);
  expect(await snapshot(server)).toEqual(before);
}

const goodArguments = (name) => METHODS[name].map(([, good]) => good(it));

describe.each(Object.keys(METHODS))('%s()', (name) => {
  const args = METHODS[name];
  const direct = DIRECT.has(name);
  const invoke = (values) => it.server[name](...values);

  for (const [at, [argument, , kind]] of args.entries()) {
    if (kind === anything) continue;
    test(`refuses every bad ${argument}`, async () => {
      const good = goodArguments(name);
      const cases = kind(argument);
      if (kind.isId) cases.push(...all(almostId(good[at]), typeError(argument)));
      await problemsOf(it.server, cases, (value) => invoke(good.with(at, value)));
    });
  }

  const needed = args.filter(([, , kind]) =>
    kind('a').some(({ value, expected }) => value === undefined && expected.class === TypeError),
  );
  if (needed.length > 0) {
    test('refuses too few arguments, and names the first that is missing', async () => {
      const cases = [];
      for (let count = 0; count < args.length; count++) {
        const rest = args.slice(count);
        const missing = rest.find((each) => needed.includes(each));
        if (missing === undefined) continue;
        // What is checked first is the first bad one; those before it are good.
        cases.push({ value: count, expected: typeError(missing[0]) });
      }
      const good = goodArguments(name);
      await problemsOf(it.server, cases, (count) => invoke(good.slice(0, count)));
    });
  }

  if (!direct) {
    test('refuses a callback that is no function, and does nothing then', async () => {
      const good = goodArguments(name);
      const bad = [null, 'text', 5, true, {}, []];
      await problemsOf(it.server, all(bad, typeError('callback')), (value) =>
        invoke([...good, value]),
      );
    });
  }

  if (!direct && args.length > 0) {
    test('tells a callback of bad arguments, and the promise as well', async () => {
      const good = goodArguments(name);
      for (const [at, [argument, , kind]] of args.entries()) {
        const cases = kind(argument).filter(({ value }) => typeof value !== 'function');
        // One of each class: they are found at the same place.
        for (const type of [TypeError, RangeError, SSHServerError]) {
          const found = cases.find(({ expected }) => expected.class === type);
          if (found === undefined) continue;
          let promise;
          const error = await new Promise((resolve) => {
            promise = invoke([...good.with(at, found.value), resolve]);
          });
          await expect(promise).rejects.toBe(error);
          expect([argument, describeProblem(error, found.expected)]).toEqual([argument, null]);
        }
      }
    });
  }
});

describe.each(Object.keys(PROPERTIES))('%s', (property) => {
  const method = `set${documentedName(property)}`;

  test(`refuses bad values, assigned and by ${method}()`, async () => {
    const cases = PROPERTIES[property](property);
    await problemsOf(it.idle, cases, (value) => it.idle[method](value));
    await problemsOf(it.idle, cases, (value) => {
      it.idle[property] = value;
    });
    const none = [{ value: 'no argument', expected: cases[0].expected }];
    await problemsOf(it.idle, none, () => it.idle[method]());
  });
});

test.each(READ_ONLY)('%s cannot be assigned', (property) => {
  const before = it.idle[property];
  expect(() => {
    it.idle[property] = before;
  }).toThrow(expect.objectContaining({ name: 'TypeError' }));
  expect(it.idle[property]).toBe(before);
});

describe.each(Object.keys(SETTINGS))('config(%j)', (name) => {
  const { of, good, bad } = SETTINGS[name];
  // Nothing but what belongs to a connection is set where clients are.
  const serverOf = () => (of === 'connection' ? it.server : it.idle);

  test('refuses bad values, and keeps the one that it has', async () => {
    const set = (value) => serverOf().config(`${name}${indexOf(of)}=${value}`);
    if (good !== undefined) {
      const before = await serverOf().config(`${name}${indexOf(of)}`);
      await set(good);
      // What is kept is not what it would be anyway.
      expect(await serverOf().config(`${name}${indexOf(of)}`)).toBe(good);
      expect(good).not.toBe(before);
    }
    await problemsOf(serverOf(), all(bad, serverError(10022, name)), set);
  });

  test('refuses a bad index', async () => {
    const indexed = of !== undefined;
    const wrong = indexed ? ['', '[5000]', '[x]', '[-1]', '[1\0]', '[', '[]'] : ['[0]', '[1]'];
    const cases = wrong.flatMap((index) => all([index, `${index}=1`], null));
    const server = serverOf();
    const before = await snapshot(server);
    for (const { value } of cases) {
      const error = await server.config(`${name}${value}`).catch((thrown) => thrown);
      expect([value, error]).toEqual([value, expect.any(SSHServerError)]);
      // An index that nothing has, or one too many or too few.
      expect([10022, 126]).toContain(error.code);
      if (error.code === 10022)
        expect(error.message.toLowerCase()).toMatch(/index|needs|cannot be set/);
    }
    expect(await snapshot(server)).toEqual(before);
  });
});

test('the constructors of what is assigned refuse wrong types', () => {
  expect(() => new Certificate(5, 5)).toThrow();
  expect(() => new SSHPromptList().add('text')).toThrow(TypeError);
});

test('after all of that the client is still served', async () => {
  const data = once(it.stream, 'data');
  await it.server.sendText(it.channel, 'still here');
  expect((await data).toString()).toBe('still here');
  expect(errors).toEqual([]);
  expect(it.server.isListening()).toBe(true);
});
