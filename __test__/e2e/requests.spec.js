'use strict';

// Every request a client can make of a channel or of the connection, with and without a reply, and
// requests of the server.

const { once } = require('node:events');
const { python, startParamiko, startSsh, testWith } = require('../support/clients.js');
const { start: startProcess } = require('../support/processes.js');
const packets = require('../support/ssh2_packets.js');
const { startServer, startSession } = require('../support/sessions.js');
const { flag, string, uint32 } = require('../support/wire.js');

// Much of this waits for seconds to pass, or for clients to start: a busy machine gets more time.
jest.setTimeout(120_000);

/** A session whose requests the test answers. */
const session = (answer) =>
  startSession(undefined, { answer: (e) => e.requestType === 'exec' || answer(e) });

// Type, fields, and what getSSHParam reads by name (RFC 4254 section 6, RFC 4335, OpenSSH's PROTOCOL).
const REQUESTS = [
  [
    'pty-req',
    [
      string('xterm'),
      uint32(80),
      uint32(24),
      uint32(640),
      uint32(480),
      string(Buffer.from([53, 0, 0, 0, 1, 0])),
    ],
    {
      TerminalType: 'xterm',
      TerminalWidthCharacters: '80',
      TerminalHeightRows: '24',
      TerminalWidthPixels: '640',
      TerminalHeightPixels: '480',
    },
  ],
  [
    'x11-req',
    [flag(true), string('MIT-MAGIC-COOKIE-1'), string('0123abcd'), uint32(3)],
    {
      SingleConnection: 'True',
      X11AuthProtocol: 'MIT-MAGIC-COOKIE-1',
      X11AuthCookie: '0123abcd',
      X11ScreenNumber: '3',
      '%f,s': 'MIT-MAGIC-COOKIE-1',
    },
  ],
  ['env', [string('LANG'), string('C.UTF-8')], { VariableName: 'LANG', VariableValue: 'C.UTF-8' }],
  ['shell', [], {}],
  ['exec', [string('ls -l /grün')], { Command: 'ls -l /grün' }],
  ['subsystem', [string('sftp')], { Subsystem: 'sftp' }],
  [
    'window-change',
    [uint32(132), uint32(43), uint32(1056), uint32(688)],
    {
      TerminalWidthCharacters: '132',
      TerminalHeightRows: '43',
      TerminalWidthPixels: '1056',
      TerminalHeightPixels: '688',
    },
  ],
  ['xon-xoff', [flag(true)], { ClientCanDo: 'True' }],
  ['signal', [string('INT')], { SignalName: 'INT' }],
  ['exit-status', [uint32(0xffffffff)], { ExitStatus: '4294967295' }],
  [
    'exit-signal',
    [string('SEGV'), flag(true), string('oh no'), string('en')],
    { SignalName: 'SEGV', CoreDumped: 'True', ErrorMessage: 'oh no', LanguageTag: 'en' },
  ],
  ['break', [uint32(500)], { BreakLength: '500' }],
  ['auth-agent-req@openssh.com', [], {}],
  ['eow@openssh.com', [], {}],
  ['invented@example.com', [Buffer.from('any bytes \xff', 'latin1')], { '%b': '97' }],
];

describe('requests of a channel', () => {
  describe.each([true, false])('with want-reply %s', (wantReply) => {
    test.each(REQUESTS)('%s reaches the program with its fields', async (type, fields, read) => {
      const { server, recorder, client, stream, channelId, connectionId } = await startSession();
      const is = (e) => e.requestType === type && e.channelId === channelId;
      const count = (name) => recorder.all(name).filter(is).length;
      const [before, doneBefore] = ['SSHChannelRequest', 'SSHChannelRequested'].map(count);
      const reply = await packets.channelRequest(client, stream, type, wantReply, ...fields);
      expect(reply).toBe(wantReply ? true : undefined);
      // What follows on the channel has come after it.
      expect(await packets.channelRequest(client, stream, 'last', true)).toBe(true);
      expect(count('SSHChannelRequest')).toBe(before + 1);
      expect(count('SSHChannelRequested')).toBe(doneBefore + 1);
      const event = recorder.all('SSHChannelRequest').findLast(is);
      expect(event).toMatchObject({ connectionId, channelId, requestType: type });
      const packet = Buffer.concat([
        Buffer.from([98]),
        uint32(Number(channelId)),
        string(type),
        flag(wantReply),
        ...fields,
      ]);
      expect(Buffer.from(event.packetB).equals(packet)).toBe(true);
      const { packetB } = recorder.all('SSHChannelRequested').findLast(is);
      expect(Buffer.from(packetB).equals(packet)).toBe(true);
      const shown = (name) => server.getSSHParam(event.packetB, name);
      expect(shown('RequestType')).toBe(type);
      expect(shown('WantsReply')).toMatch(wantReply ? /^true$/i : /^false$/i);
      for (const [name, value] of Object.entries(read)) {
        expect([name, shown(name).toLowerCase()]).toEqual([name, value.toLowerCase()]);
        // Bare type-specific data is walked by types alike.
        if (name.startsWith('%')) {
          const bare = Buffer.concat(fields);
          expect(server.getSSHParam(bare, name).toLowerCase()).toBe(value.toLowerCase());
        }
      }
    });
  });

  test('what is refused fails for the client, and no reply comes that was not asked for', async () => {
    const { recorder, client, stream } = await session((e) => e.requestType === 'yes');
    const replies = [
      packets.channelRequest(client, stream, 'no', true),
      packets.channelRequest(client, stream, 'no', false),
      packets.channelRequest(client, stream, 'yes', false),
      packets.channelRequest(client, stream, 'yes', true),
      packets.channelRequest(client, stream, 'no', true),
    ];
    expect(await Promise.all(replies)).toEqual([false, undefined, undefined, true, false]);
    const types = (name) => recorder.all(name).map((e) => e.requestType);
    expect(types('SSHChannelRequest')).toEqual(['exec', 'no', 'no', 'yes', 'yes', 'no']);
    expect(types('SSHChannelRequested')).toEqual(['exec', 'yes', 'yes']);
  });

  test('fields that are cut short are read up to their end, and nobody is harmed', async () => {
    const { server, recorder, client, stream } = await startSession();
    for (const type of REQUESTS.map(([name]) => name)) {
      expect(await packets.channelRequest(client, stream, type, true, uint32(500))).toBe(true);
    }
    const { packetB } = await recorder.first('SSHChannelRequest', (e) => e.requestType === 'env');
    expect(() => server.getSSHParam(packetB, 'VariableName')).toThrow(
      expect.objectContaining({ name: 'SSHServerError' }),
    );
    expect(server.getConnections().size()).toBe(1);
  });
});

describe('requests of clients by themselves', () => {
  testWith('ssh', 'ssh -tt -A: pty-req, env, agent, window, break by ~B', async () => {
    const { server, recorder } = await startServer();
    const client = startSsh(server, null, {
      flags: ['-tt', '-A'],
      options: ['SetEnv=COLOR=blue', 'EscapeChar=~'],
    });
    await recorder.first('SSHChannelRequested', (e) => e.requestType === 'shell');
    client.stdin.write('~B');
    const asked = await recorder.first('SSHChannelRequest', (e) => e.requestType === 'break');
    expect(server.getSSHParam(asked.packetB, 'BreakLength')).toMatch(/^\d+$/);
    const types = recorder.all('SSHChannelRequest').map((e) => e.requestType);
    expect(types).toEqual(expect.arrayContaining(['pty-req', 'env', 'shell', 'break']));
    client.kill('SIGKILL');
  });

  testWith('ssh', 'ssh whose output nobody reads any more says eow@openssh.com', async () => {
    const { server, recorder } = await startServer();
    // It says so to servers of its own kind only.
    await server.config('ServerSSHVersionString=SSH-2.0-OpenSSH_9.9');
    const client = startSsh(server, 'x');
    client.stdin.on('error', () => {});
    const { channelId } = await recorder.first('SSHChannelRequested');
    client.stdout.destroy();
    const sending = server.sendBytes(channelId, Buffer.alloc(100_000));
    sending.catch(() => {});
    const { packetB } = await recorder.first(
      'SSHChannelRequest',
      (e) => e.requestType === 'eow@openssh.com',
    );
    expect(server.getSSHParam(packetB, 'WantsReply')).toMatch(/false/i);
    await server.closeChannel(channelId);
  });

  testWith('paramiko', 'paramiko: pty, window, environment, X11, agent, subsystem', async () => {
    const { server, recorder } = await startServer();
    const program = `
channel.get_pty('vt100', 100, 30, 1, 2)
channel.resize_pty(101, 31, 3, 4)
channel.set_environment_variable('A', 'b')
channel.request_x11(single_connection=True, auth_cookie='c00kie', handler=lambda *a: None)
channel.request_forward_agent(lambda *a: None)
channel.invoke_subsystem('thing')
`;
    const client = startParamiko(server, program);
    const last = await recorder.first('SSHChannelRequested', (e) => e.requestType === 'subsystem');
    const packet = (type) =>
      recorder.all('SSHChannelRequest').find((e) => e.requestType === type).packetB;
    const read = (type, field) => server.getSSHParam(packet(type), field);
    expect(read('pty-req', 'TerminalType')).toBe('vt100');
    expect(read('window-change', 'TerminalWidthCharacters')).toBe('101');
    expect(read('env', 'VariableValue')).toBe('b');
    expect(read('x11-req', 'X11AuthCookie')).toBe('c00kie');
    expect(read('auth-agent-req@openssh.com', 'RequestType')).toBe('auth-agent-req@openssh.com');
    await server.sendExitStatus(last.channelId, 2);
    await server.closeChannel(last.channelId);
    expect(await client.result).toMatchObject({ status: 2 });
  });

  testWith('asyncssh', 'asyncssh: signal, break, window-change, X11, agent', async () => {
    const { server, recorder } = await startServer();
    const script = `
import asyncio, sys, asyncssh
async def main():
    async with asyncssh.connect('127.0.0.1', int(sys.argv[1]), username='demo', password='x',
                                client_keys=None, known_hosts=None, config=None) as connection:
        process = await connection.create_process('x', term_type='ansi', term_size=(90, 20))
        process.change_terminal_size(91, 21, 5, 6)
        process.send_break(250)
        process.send_signal('USR2')
        await process.wait_closed()
        print(process.exit_signal[0])
asyncio.run(main())
`;
    const client = startProcess(python, ['-c', script, String(server.getLocalPort())]);
    const said = once(client.stdout, 'data');
    const signal = await recorder.first('SSHChannelRequest', (e) => e.requestType === 'signal');
    expect(server.getSSHParam(signal.packetB, 'SignalName')).toBe('USR2');
    const packet = (type) =>
      recorder.all('SSHChannelRequest').find((e) => e.requestType === type).packetB;
    expect(server.getSSHParam(packet('break'), 'BreakLength')).toBe('250');
    expect(server.getSSHParam(packet('window-change'), 'TerminalHeightRows')).toBe('21');
    expect(server.getSSHParam(packet('pty-req'), 'TerminalWidthCharacters')).toBe('90');
    let payload = server.setSSHParam(null, 's', 'exit-signal');
    for (const [type, value] of [
      ['f', 'false'],
      ['s', 'TERM'],
      ['f', 'false'],
      ['s', 'ended'],
      ['s', ''],
    ]) {
      payload = server.setSSHParam(payload, type, value);
    }
    await server.sendSSHPacket(signal.channelId, 98, payload);
    await server.closeChannel(signal.channelId);
    expect((await said)[0].toString().trim()).toBe('TERM');
    expect(await client.result).toMatchObject({ status: 0 });
  });
});

describe('what is of no channel', () => {
  test.each([true, false])('an unknown global request, want-reply %s', async (wantReply) => {
    const { recorder, client, stream } = await startSession();
    const name = 'no-more-sessions@openssh.com';
    const reply = await packets.globalRequest(client, name, wantReply, Buffer.from('anything'));
    expect(reply).toBe(wantReply ? false : undefined);
    expect(await packets.channelRequest(client, stream, 'still', true)).toBe(true);
    expect(recorder.all('Error')).toEqual([]);
  });

  test('a channel of an unknown type is asked for, and refused with the reason', async () => {
    const { server, recorder, client } = await startSession();
    const answer = await packets.openChannel(client, 'telepathy@example.com', string('hello'));
    // SSH_OPEN_ADMINISTRATIVELY_PROHIBITED (RFC 4254 section 5.1)
    expect(answer).toMatchObject({ recipient: 0x7000, reason: 1 });
    const asked = recorder.all('SSHChannelOpenRequest').at(-1);
    expect(asked.service).toBe('telepathy@example.com');
    expect(server.getSSHParam(asked.parametersB, '%s')).toBe('hello');
    expect(server.getChannels().size()).toBe(1);
  });

  test('and opened if the program accepts it', async () => {
    const { server, recorder, client } = await startSession();
    server.on('SSHChannelOpenRequest', (e) => (e.accept = true));
    const { recipient } = await packets.openChannel(client, 'telepathy@example.com');
    expect(recipient).toBe(0x7000);
    const { channelId } = await recorder.first('SSHChannelOpened', (e) => {
      return server.getChannels().get(e.channelId).getService() === 'telepathy@example.com';
    });
    expect(server.getChannels().has(channelId)).toBe(true);
  });
});

describe('requests of the server', () => {
  test.each([true, false])('sendSSHPacket with want-reply %s', async (wantReply) => {
    const { server, recorder, client, stream, channelId } = await startSession();
    const watch = packets.watchRequests(client);
    for (const type of ['keepalive@openssh.com', 'invented@example.com', 'xon-xoff']) {
      let payload = server.setSSHParam(null, 's', type);
      payload = server.setSSHParam(payload, 'f', String(wantReply));
      if (type === 'xon-xoff') payload = server.setSSHParam(payload, 'f', 'true');
      await server.sendSSHPacket(channelId, 98, payload);
    }
    const seen = await watch.count(3);
    expect(seen.map(({ type }) => type)).toEqual([
      'keepalive@openssh.com',
      'invented@example.com',
      'xon-xoff',
    ]);
    for (const request of seen) {
      expect(request).toMatchObject({ channel: stream.incoming.id, wantReply });
    }
    // The replies are no events, and the channel goes on.
    expect(await packets.channelRequest(client, stream, 'still', true)).toBe(true);
    expect(recorder.all('Error')).toEqual([]);
    const names = new Set(recorder.names(['Log', 'SSHStatus']));
    expect(names.has('SSHChannelClosed')).toBe(false);
  });

  test('exit-signal is told to the client', async () => {
    const { server, stream, channelId } = await startSession();
    const exit = once(stream, 'exit');
    let payload = server.setSSHParam(null, 's', 'exit-signal');
    payload = server.setSSHParam(payload, 'f', 'false');
    payload = server.setSSHParam(payload, 's', 'KILL');
    payload = server.setSSHParam(payload, 'f', 'true');
    payload = server.setSSHParam(payload, 's', 'killed for grün');
    payload = server.setSSHParam(payload, 's', 'en');
    await server.sendSSHPacket(channelId, 98, payload);
    const [code, signal, core, text] = await exit;
    expect([code, signal, Boolean(core), text]).toEqual([null, 'SIGKILL', true, 'killed for grün']);
  });

  test('a global request by sendSSHPacket, and its reply is no event', async () => {
    const { server, recorder, client, stream, channelId } = await startSession();
    const watch = packets.watchRequests(client);
    let payload = server.setSSHParam(null, 's', 'greeting@example.com');
    payload = server.setSSHParam(payload, 'f', 'true');
    await server.sendSSHPacket(channelId, 80, payload);
    await watch.count(1);
    expect(watch.seen).toEqual([{ name: 'greeting@example.com', wantReply: true }]);
    expect(await packets.channelRequest(client, stream, 'still', true)).toBe(true);
    expect(recorder.all('Error')).toEqual([]);
  });
});
