'use strict';

// Properties and methods of the class: what they start as, and what the methods do that need no
// client of a special kind.

const api = require('../../index.js');
const { testOnlyWhere } = require('../support/conditions.js');
const { acceptAll, createServer, Recorder, startCommandServer } = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');
const { turn } = require('../support/waiting.js');
const { tcpClient } = require('../support/tcp_client.js');

const { sshserver, SSHServerError } = api;

test('the properties of a new server have their documented defaults', () => {
  const server = new sshserver();
  expect({
    channels: server.getChannels().size(),
    connectionBacklog: server.getConnectionBacklog(),
    connections: server.getConnections().size(),
    defaultAuthMethods: server.getDefaultAuthMethods(),
    defaultIdleTimeout: server.getDefaultIdleTimeout(),
    defaultTimeout: server.getDefaultTimeout(),
    keyboardInteractiveMessage: server.getKeyboardInteractiveMessage(),
    keyboardInteractivePrompts: [...server.getKeyboardInteractivePrompts()],
    listening: server.isListening(),
    localHost: server.getLocalHost(),
    localPort: server.getLocalPort(),
    sshCert: server.getSSHCert().getSubject(),
    sshCompressionAlgorithms: server.getSSHCompressionAlgorithms(),
  }).toEqual({
    channels: 0,
    connectionBacklog: 5,
    connections: 0,
    defaultAuthMethods: 'password,publickey',
    defaultIdleTimeout: 0,
    defaultTimeout: 60,
    keyboardInteractiveMessage: '',
    keyboardInteractivePrompts: [],
    listening: false,
    localHost: '',
    localPort: 22,
    sshCert: '',
    sshCompressionAlgorithms: 'none,zlib',
  });
  expect(server.getSSHEncryptionAlgorithms()).toMatch(/aes256-ctr,aes192-ctr,aes128-ctr,/);
});

test('Listening tells whether clients can connect', async () => {
  const server = createServer();
  acceptAll(server);
  expect([server.isListening(), server.getListening(), server.listening]).toEqual([
    false,
    false,
    false,
  ]);
  await server.startListening();
  expect([server.isListening(), server.getListening(), server.listening]).toEqual([
    true,
    true,
    true,
  ]);
  await ssh2.connect(server);
  await server.stopListening();
  expect(server.isListening()).toBe(false);
});

// Elsewhere 127.0.0.2 is not of this machine, and nobody answers.
const onLoopback = testOnlyWhere(process.platform !== 'darwin', 'not on macOS');

onLoopback('LocalHost: only the address that it names is listened on', async () => {
  const server = createServer();
  server.setLocalHost('127.0.0.1');
  await server.startListening();
  expect(server.getLocalHost()).toBe('127.0.0.1');
  expect(await (await tcpClient(server)).said).toMatch(/^SSH-2\.0-/);
  const other = tcpClient(server, { host: '127.0.0.2' });
  await expect(other).rejects.toMatchObject({ syscall: 'connect' });
});

test('a program whose main loop is doEvents() serves its clients', async () => {
  const server = await startCommandServer();
  let running = true;
  let turns = 0;
  const loop = (async () => {
    while (running) {
      await server.doEvents();
      turns++;
    }
  })();
  const client = await ssh2.connect(server);
  const { stdout } = await ssh2.exec(client, 'cat', 'in the loop');
  expect(stdout.toString()).toBe('in the loop');
  const before = turns;
  while (turns < before + 2) await turn();
  running = false;
  await loop;
});

test('doEvents() without anything to do returns', async () => {
  const server = createServer();
  await expect(server.doEvents()).resolves.toBeUndefined();
  const told = await new Promise((resolve) => server.doEvents((...args) => resolve(args)));
  expect(told).toEqual([null, undefined]);
});

describe('closeChannel', () => {
  test('closes that channel, and neither another one nor the connection', async () => {
    const server = await startCommandServer();
    const recorder = new Recorder(server);
    const client = await ssh2.connect(server);
    const streams = [await ssh2.openSession(client, 'cat'), await ssh2.openSession(client, 'cat')];
    await recorder.count('SSHChannelRequested', 2);
    const [first, second] = recorder.all('SSHChannelOpened').map((e) => e.channelId);
    const closed = ssh2.drain(streams[0]);
    await server.closeChannel(first);
    await closed;
    expect(await recorder.first('SSHChannelClosed')).toMatchObject({ channelId: first });
    expect([...server.getChannels().keys()]).toEqual([second]);
    const rest = ssh2.drain(streams[1]);
    streams[1].end('still open');
    expect((await rest).stdout.toString()).toBe('still open');
    expect(server.getConnections().size()).toBe(1);
  });
});

describe('a packet that is built with setSSHParam and read with getSSHParam', () => {
  const server = new sshserver();
  const build = (...fields) =>
    fields.reduce((payload, [type, value]) => server.setSSHParam(payload, type, value), null);
  const request = (type, ...fields) =>
    build(['b', '98'], ['i', '7'], ['s', type], ['f', 'true'], ...fields);
  const PTY = [
    ['s', 'vt100'],
    ['i', '80'],
    ['i', '24'],
    ['i', '640'],
    ['i', '480'],
    ['sb', '350000000100'],
  ];
  const X11 = [
    ['f', 'true'],
    ['s', 'MIT-MAGIC-COOKIE-1'],
    ['s', 'a1b2'],
    ['i', '3'],
  ];
  const SIGNAL = [
    ['s', 'KILL'],
    ['f', 'true'],
    ['s', 'gone'],
    ['s', 'en'],
  ];
  const FORWARD = [
    ['s', 'example.org'],
    ['i', '80'],
    ['s', '10.0.0.1'],
    ['i', '4711'],
  ];

  test.each([
    ['ChannelId', '7', 'shell', []],
    ['RequestType', 'shell', 'shell', []],
    ['WantsReply', 'true', 'shell', []],
    ['TerminalType', 'vt100', 'pty-req', PTY],
    ['TerminalWidthCharacters', '80', 'pty-req', PTY],
    ['TerminalHeightRows', '24', 'pty-req', PTY],
    ['TerminalWidthPixels', '640', 'pty-req', PTY],
    ['TerminalHeightPixels', '480', 'pty-req', PTY],
    ['SingleConnection', 'true', 'x11-req', X11],
    ['X11AuthProtocol', 'MIT-MAGIC-COOKIE-1', 'x11-req', X11],
    ['X11AuthCookie', 'a1b2', 'x11-req', X11],
    ['X11ScreenNumber', '3', 'x11-req', X11],
    [
      'VariableName',
      'LANG',
      'env',
      [
        ['s', 'LANG'],
        ['s', 'C'],
      ],
    ],
    [
      'VariableValue',
      'C',
      'env',
      [
        ['s', 'LANG'],
        ['s', 'C'],
      ],
    ],
    ['Command', 'ls -l ü', 'exec', [['s', 'ls -l ü']]],
    ['Subsystem', 'sftp', 'subsystem', [['s', 'sftp']]],
    ['ClientCanDo', 'false', 'xon-xoff', [['f', 'false']]],
    ['SignalName', 'TERM', 'signal', [['s', 'TERM']]],
    ['ExitStatus', '258', 'exit-status', [['i', '258']]],
    ['CoreDumped', 'true', 'exit-signal', SIGNAL],
    ['ErrorMessage', 'gone', 'exit-signal', SIGNAL],
    ['LanguageTag', 'en', 'exit-signal', SIGNAL],
    ['BreakLength', '500', 'break', [['i', '500']]],
  ])('has %s', async (name, value, type, fields) => {
    const complete = request(type, ...fields);
    const bare = build(...fields);
    const ofEveryRequest = fields.length === 0;
    for (const payload of ofEveryRequest ? [complete] : [complete, bare]) {
      for (const written of [name, name.toLowerCase(), name.toUpperCase()]) {
        expect(server.getSSHParam(payload, written)).toBe(value);
      }
    }
    const inBytes = Buffer.from(await server.getSSHParamBytes(complete, name));
    const encoded = { true: [1], false: [0] }[value] ?? [...Buffer.from(value)];
    const number = /^\d+$/.test(value) ? [0, 0, value >> 8, value & 0xff] : encoded;
    expect([...inBytes]).toEqual(number);
  });

  test('has TerminalModes, as they are encoded', async () => {
    const modes = await server.getSSHParamBytes(request('pty-req', ...PTY), 'TerminalModes');
    // RFC 4254 section 8: ECHO is on, and TTY_OP_END.
    expect(Buffer.from(modes).toString('hex')).toBe('350000000100');
  });

  test.each([
    ['HostToConnect', 'example.org'],
    ['PortToConnect', '80'],
    ['ConnectedAddress', 'example.org'],
    ['ConnectedPort', '80'],
    ['OriginatorAddress', '10.0.0.1'],
    ['OriginatorPort', '4711'],
  ])('has %s of a channel that is opened', (name, value) => {
    expect(server.getSSHParam(build(...FORWARD), name)).toBe(value);
  });

  // RFC 4251 section 5.
  test.each([
    ['s', 'testing', '0000000774657374696e67'],
    ['s', 'ü', '00000002c3bc'],
    ['sb', 'A1B23C', '00000003a1b23c'],
    ['m', '0x9a378f9b2e332a7', '0000000809a378f9b2e332a7'],
    ['m', '-0x1234', '00000002edcc'],
    ['m', '128', '000000020080'],
    ['i', '699921578', '29b7f4aa'],
    ['i', '0xFFFFFFFF', 'ffffffff'],
    ['l', '1234', '00000000000004d2'],
    ['l', '0x1122334455667788', '1122334455667788'],
    ['b', '123', '7b'],
    ['f', 'true', '01'],
    ['f', 'False', '00'],
  ])('has a field of type %s: %s is %s', (type, value, hex) => {
    const before = server.setSSHParam(null, 'b', '1');
    const payload = server.setSSHParam(before, type, value);
    expect(Buffer.from(payload).toString('hex')).toBe(`01${hex}`);
    expect(Buffer.from(before).toString('hex')).toBe('01');
    const again = server.setSSHParam(null, type, server.getSSHParam(payload, `%b,${type}`));
    expect(Buffer.from(again).toString('hex')).toBe(hex);
  });

  test('gives an error for a field that is not there, and for a value that does not fit', async () => {
    const refused = expect.objectContaining({ name: 'SSHServerError', code: 10022 });
    const exec = request('exec', ['s', 'ls']);
    for (const field of ['VariableName', '%s,s', '%q', '']) {
      expect(() => server.getSSHParam(exec, field)).toThrow(refused);
      await expect(server.getSSHParamBytes(exec, field)).rejects.toEqual(refused);
    }
    for (const [type, value] of [
      ['i', '4294967296'],
      ['b', '256'],
      ['sb', 'A1B'],
      ['f', 'maybe'],
      ['z', '1'],
    ]) {
      expect(() => server.setSSHParam(exec, type, value)).toThrow(refused);
    }
  });
});

describe('the module', () => {
  test('SSHServer is sshserver, and errors are of SSHServerError with a number', async () => {
    expect(api.SSHServer).toBe(sshserver);
    const error = await new api.SSHServer().disconnect('1234567').catch((each) => each);
    expect(error).toBeInstanceOf(SSHServerError);
    expect(error).toBeInstanceOf(Error);
    expect([error.code, error.name, error.message]).toEqual([
      126,
      'SSHServerError',
      'Invalid ConnectionId.',
    ]);
  });

  test('CertStoreTypes has the documented numbers', () => {
    const names = Object.entries(api.CertStoreTypes).filter(([, number]) =>
      Number.isInteger(number),
    );
    expect(Object.fromEntries(names)).toEqual({
      cstUser: 0,
      cstMachine: 1,
      cstPFXFile: 2,
      cstPFXBlob: 3,
      cstJKSFile: 4,
      cstJKSBlob: 5,
      cstPEMKeyFile: 6,
      cstPEMKeyBlob: 7,
      cstPublicKeyFile: 8,
      cstPublicKeyBlob: 9,
      cstSSHPublicKeyBlob: 10,
      cstP7BFile: 11,
      cstP7BBlob: 12,
      cstSSHPublicKeyFile: 13,
      cstPPKFile: 14,
      cstPPKBlob: 15,
      cstXMLFile: 16,
      cstXMLBlob: 17,
      cstJWKFile: 18,
      cstJWKBlob: 19,
      cstBCFKSFile: 21,
      cstBCFKSBlob: 22,
      cstPKCS11: 23,
      cstAuto: 99,
    });
  });
});
