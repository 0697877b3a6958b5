'use strict';

// The program the reference describes, with real clients: what a user of the class writes first.

const { randomBytes } = require('node:crypto');
const { ssh, startSsh, testWith } = require('../support/clients.js');
const { hostCertificate, userKey } = require('../support/keys.js');
const { acceptAll, createServer, startRecorded } = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');
const { deferred } = require('../support/waiting.js');
const { startServer } = require('../support/sessions.js');

/** As in the reference: every name as documented, nothing of the extensions. */
async function startDocumentedServer() {
  const server = createServer({ hostKey: null });
  server.setSSHCert(hostCertificate());
  server.on('SSHUserAuthRequest', (e) => {
    if (e.authMethod === 'none') e.availableMethods = 'publickey';
    if (e.authMethod === 'publickey') e.accept = e.authParam === userKey().blob;
  });
  server.on('SSHChannelOpenRequest', (e) => {
    if (e.service === 'session') e.accept = true;
  });
  server.on('SSHChannelRequest', (e) => {
    if (e.requestType === 'exec') e.success = true;
  });
  server.on('SSHChannelRequested', async (e) => {
    const command = server.getSSHParam(e.packetB, 'command');
    await server.sendText(e.channelId, `you said: ${command}\n`);
    let payload = server.setSSHParam(new Uint8Array(0), 's', 'exit-status');
    payload = server.setSSHParam(payload, 'f', 'false');
    payload = server.setSSHParam(payload, 'i', '42');
    await server.sendSSHPacket(e.channelId, 98, payload);
    await server.closeChannel(e.channelId);
  });
  await server.startListening();
  return server;
}

describe('a program written from the reference', () => {
  testWith('ssh', 'ssh prints its text and ends with its status', async () => {
    const server = await startDocumentedServer();
    const { status, stdout, stderr } = await ssh(server, 'grüße');
    expect(stderr).toBe('');
    expect(stdout.toString()).toBe('you said: grüße\n');
    expect(status).toBe(42);
  });

  test('so does the npm package ssh2', async () => {
    const server = await startDocumentedServer();
    const client = await ssh2.connect(server);
    const { status, stdout } = await ssh2.exec(client, 'hello');
    expect(stdout.toString()).toBe('you said: hello\n');
    expect(status).toBe(42);
  });
});

describe('the events of one session', () => {
  // Which of them come is the same every time; Log and SSHStatus come in between.
  const EXPECTED = [
    'ConnectionRequest',
    'Connected',
    'SSHServiceRequest ssh-userauth',
    'SSHUserAuthRequest none',
    'SSHUserAuthRequest publickey',
    'SSHUserAuthRequest publickey',
    'SSHServiceRequest ssh-connection',
    'SSHChannelOpenRequest',
    'SSHChannelOpened',
    'SSHChannelReadyToSend',
    'SSHChannelRequest',
    'SSHChannelRequested',
    'SSHChannelDataIn',
    'SSHChannelEOF',
    'SSHChannelClosed',
    'Disconnected',
  ];

  async function session(run) {
    const { server, recorder } = await startRecorded();
    const result = await run(server);
    await recorder.first('Disconnected');
    return { recorder, result };
  }

  function described({ name, e }) {
    if (name === 'SSHServiceRequest') return `${name} ${e.service}`;
    if (name === 'SSHUserAuthRequest') return `${name} ${e.authMethod}`;
    return name;
  }

  function expectOrder(recorder) {
    const notes = ['Log', 'SSHStatus'];
    const order = recorder.events.filter(({ name }) => !notes.includes(name)).map(described);
    // How the data is cut is not told; that ends of the data are.
    expect(order.filter((name, i) => name !== order[i - 1] || !/DataIn/.test(name))).toEqual(
      EXPECTED,
    );
  }

  testWith('ssh', 'come in the documented order, with the documented fields', async () => {
    const { recorder, result } = await session((server) => ssh(server, 'cat', { input: 'abc' }));
    expect(result).toMatchObject({ status: 0, stdout: Buffer.from('abc') });
    expectOrder(recorder);
    const one = (name) => recorder.all(name)[0];
    const { connectionId } = one('Connected');
    const { channelId } = one('SSHChannelOpened');
    expect(connectionId).toMatch(/^[1-9]\d*$/);
    expect(channelId).toMatch(/^[1-9]\d*$/);
    expect(one('ConnectionRequest')).toMatchObject({ address: '127.0.0.1', accept: true });
    expect(one('ConnectionRequest').port).toBeGreaterThan(0);
    expect(one('Connected')).toMatchObject({
      statusCode: 0,
      description: 'OK',
      certStoreType: 0,
      certStore: '',
      certPassword: '',
      certSubject: '',
    });
    expect(recorder.all('SSHServiceRequest')).toMatchObject([
      { connectionId, service: 'ssh-userauth', accept: true },
      { connectionId, service: 'ssh-connection', accept: true },
    ]);
    expect(recorder.all('SSHUserAuthRequest')[0]).toMatchObject({
      connectionId,
      user: 'demo',
      service: 'ssh-connection',
      authMethod: 'none',
      authParam: '',
      partialSuccess: false,
      availableMethods: 'password,publickey',
      keyAlgorithm: '',
    });
    expect(recorder.all('SSHUserAuthRequest')[2]).toMatchObject({
      authMethod: 'publickey',
      authParam: userKey().blob,
      authParamB: new Uint8Array(Buffer.from(userKey().blob, 'base64')),
      keyAlgorithm: 'ssh-ed25519',
    });
    expect(one('SSHChannelOpenRequest')).toMatchObject({
      connectionId,
      channelId,
      service: 'session',
      parameters: '',
      parametersB: new Uint8Array(0),
    });
    const request = { connectionId, channelId, requestType: 'exec' };
    const { packetB } = one('SSHChannelRequest');
    expect(one('SSHChannelRequest')).toMatchObject({ ...request, success: true });
    expect(one('SSHChannelRequested')).toMatchObject({ ...request, packetB });
    expect(Buffer.from(packetB).readUInt8(0)).toBe(98);
    expect(Buffer.from(packetB).subarray(5, 13).toString('latin1')).toBe('\0\0\0\x04exec');
    expect(one('SSHChannelDataIn')).toMatchObject({
      connectionId,
      channelId,
      data: 'abc',
      dataB: new Uint8Array(Buffer.from('abc')),
    });
    for (const name of ['SSHChannelEOF', 'SSHChannelClosed', 'SSHChannelReadyToSend']) {
      expect(one(name)).toEqual({ connectionId, channelId });
    }
    expect(one('Disconnected')).toEqual({ connectionId, statusCode: 0, description: 'OK' });
    for (const { message } of recorder.all('SSHStatus')) expect(message).not.toBe('');
    expect(recorder.all('SSHStatus').map((e) => e.message)).toContainEqual(
      expect.stringContaining('host key ssh-ed25519'),
    );
    const logs = recorder.all('Log');
    expect(logs.length).toBeGreaterThan(1);
    for (const e of logs) {
      // Without a key for Kerberos the server says so when it begins to listen.
      const isOfServer = e.message.startsWith('GSSAPI is not offered');
      const id = isOfServer ? '' : connectionId;
      expect(e).toMatchObject({ connectionId: id, logLevel: 1, logType: '' });
    }
  });

  test('are the same with ssh2, which asks for no key twice', async () => {
    const { recorder } = await session(async (server) => {
      const client = await ssh2.connect(server);
      await ssh2.exec(client, 'cat', randomBytes(100));
      await ssh2.end(client);
    });
    const order = recorder.names(['Log', 'SSHStatus', 'SSHUserAuthRequest']);
    expect(order).toEqual(
      [...new Set(EXPECTED.filter((name) => !/Auth/.test(name)).map((n) => n.split(' ')[0]))]
        .flatMap((name) => (name === 'SSHServiceRequest' ? [name, name] : [name]))
        .flat(),
    );
  });
});

describe('requests of a session', () => {
  /** A server that says yes to every request and tells them. */
  async function start(answer) {
    const { server, recorder } = await startServer(undefined, { answer });
    const is = (type) => (e) => e.requestType === type;
    const request = async (type) => (await recorder.first('SSHChannelRequested', is(type))).packetB;
    return { server, recorder, request };
  }

  test('env, pty-req, shell, window-change and signal, read by name', async () => {
    const { server, request } = await start();
    const client = await ssh2.connect(server);
    const window = { term: 'vt220', cols: 132, rows: 43, width: 1056, height: 688 };
    const terminal = [{ ...window, modes: { ECHO: 1 } }, { env: { LANG: 'xyz' } }];
    const stream = await ssh2.call(client, 'shell', ...terminal);
    const env = await request('env');
    expect(server.getSSHParam(env, 'VariableName')).toBe('LANG');
    expect(server.getSSHParam(env, 'VariableValue')).toBe('xyz');
    const pty = await request('pty-req');
    expect(server.getSSHParam(pty, 'TerminalType')).toBe('vt220');
    expect(server.getSSHParam(pty, 'TerminalWidthCharacters')).toBe('132');
    expect(server.getSSHParam(pty, 'TerminalHeightRows')).toBe('43');
    expect(server.getSSHParam(pty, 'TerminalWidthPixels')).toBe('1056');
    expect(server.getSSHParam(pty, 'TerminalHeightPixels')).toBe('688');
    expect(server.getSSHParam(pty, 'terminalwidthcharacters')).toBe('132');
    expect(server.getSSHParam(pty, 'WantsReply')).toMatch(/^true$/i);
    expect(server.getSSHParam(pty, 'RequestType')).toBe('pty-req');
    const modes = await server.getSSHParamBytes(pty, 'TerminalModes');
    // ECHO is opcode 53 (RFC 4254 section 8); TTY_OP_END ends the list.
    expect(Buffer.from(modes)).toEqual(Buffer.from([53, 0, 0, 0, 1, 0]));
    expect(server.getSSHParam(await request('shell'), 'RequestType')).toBe('shell');
    stream.setWindow(50, 160, 800, 1280);
    const change = await request('window-change');
    expect(server.getSSHParam(change, '%i')).toBe('160');
    expect(server.getSSHParam(change, '%i,i,i,i')).toBe('800');
    stream.signal('USR1');
    expect(server.getSSHParam(await request('signal'), 'SignalName')).toBe('USR1');
  });

  test('what is refused fails for the client, and does not fire SSHChannelRequested', async () => {
    const { server, recorder } = await start((e) => e.requestType !== 'exec');
    const client = await ssh2.connect(server);
    await expect(ssh2.openSession(client, 'x')).rejects.toThrow(/exec/);
    expect(recorder.all('SSHChannelRequest')).toHaveLength(1);
    expect(recorder.all('SSHChannelRequested')).toHaveLength(0);
  });

  test('a subsystem and its name', async () => {
    const { server, request } = await start();
    const client = await ssh2.connect(server);
    const stream = await ssh2.call(client, 'subsys', 'greeter');
    expect(server.getSSHParam(await request('subsystem'), 'Subsystem')).toBe('greeter');
    const [{ channelId }] = [...server.getChannels().values()];
    const result = ssh2.drain(stream);
    await server.sendText(channelId, 'at your service');
    await server.closeChannel(channelId);
    expect((await result).stdout.toString()).toBe('at your service');
  });

  testWith('ssh', 'a subsystem and a variable of ssh', async () => {
    const { server, request } = await start();
    const client = startSsh(server, 'sftp-like', {
      flags: ['-s'],
      options: ['SetEnv=COLOR=blue'],
    });
    expect(server.getSSHParam(await request('env'), 'VariableValue')).toBe('blue');
    expect(server.getSSHParam(await request('subsystem'), 'Subsystem')).toBe('sftp-like');
    const [{ channelId }] = [...server.getChannels().values()];
    await server.sendExitStatus(channelId, 9);
    await server.closeChannel(channelId);
    expect(await client.result).toMatchObject({ status: 9 });
  });

  test('two sessions of one connection do not wait for each other', async () => {
    const gate = deferred();
    const server = createServer();
    acceptAll(server);
    server.on('SSHChannelRequest', async (e) => {
      if (server.getSSHParam(e.packetB, 'command') === 'slow') await gate.promise;
      e.success = true;
    });
    server.on('SSHChannelRequested', async (e) => {
      await server.sendText(e.channelId, server.getSSHParam(e.packetB, 'command'));
      await server.closeChannel(e.channelId);
    });
    await server.startListening();
    const client = await ssh2.connect(server);
    const slow = ssh2.exec(client, 'slow');
    const quick = await ssh2.exec(client, 'quick');
    expect(quick.stdout.toString()).toBe('quick');
    gate.resolve();
    expect((await slow).stdout.toString()).toBe('slow');
  });
});
