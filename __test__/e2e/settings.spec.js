'use strict';

const { once } = require('node:events');
const { Certificate, SSHServerError } = require('../../index.js');
const { ssh, testWith } = require('../support/clients.js');
const { hostCertificate } = require('../support/keys.js');
const { acceptAll, createServer, Recorder, startCommandServer } = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');
const { tcpClient } = require('../support/tcp_client.js');
const { fails, thrown } = require('../support/failures.js');

describe('starting', () => {
  test('without a host key is error 1301', async () => {
    const server = createServer({ hostKey: null });
    await fails(server.startListening(), 1301, 'No server certificate was specified');
    expect(server.isListening()).toBe(false);
    server.setSSHCert(new Certificate());
    await fails(server.startListening(), 1301);
  });

  test('twice is error 104', async () => {
    const server = await startCommandServer();
    await fails(server.startListening(), 104, 'already listening');
    expect(server.isListening()).toBe(true);
    await ssh2.connect(server);
  });

  test('port 0: getLocalPort() tells which one it is', async () => {
    const server = createServer();
    expect(server.getLocalPort()).toBe(0);
    await server.startListening();
    const port = server.getLocalPort();
    expect(port).toBeGreaterThan(0);
    expect(server.localPort).toBe(port);
    expect(await (await tcpClient(port)).said).toMatch(/^SSH-2\.0-/);
  });

  test('on a port that is taken is error 10048, and leaves the server as it was', async () => {
    const other = await startCommandServer();
    const server = createServer();
    acceptAll(server);
    server.setLocalPort(other.getLocalPort());
    await fails(server.startListening(), 10048, '[10048] Address already in use.');
    expect(server.isListening()).toBe(false);
    expect(server.getLocalPort()).toBe(other.getLocalPort());
    server.setLocalPort(0);
    await server.startListening();
    await ssh2.connect(server);
    await ssh2.connect(other);
  });

  test('on a name', async () => {
    const server = createServer();
    server.setLocalHost('localhost');
    await server.startListening();
    expect(await (await tcpClient(server)).said).toMatch(/^SSH-2\.0-/);
  });

  test('calls a node callback', async () => {
    const server = createServer();
    let listening;
    await new Promise((resolve, reject) => {
      listening = server.startListening((error) => (error ? reject(error) : resolve()));
    });
    await expect(listening).resolves.toBeUndefined();
    const error = await new Promise((resolve) => server.startListening(resolve));
    expect(error).toBeInstanceOf(SSHServerError);
    expect(error.code).toBe(104);
  });
});

describe('while listening', () => {
  test('port, host and MaxConnections cannot be changed: 106, 107, 108', async () => {
    const server = await startCommandServer();
    const port = server.getLocalPort();
    expect(thrown(() => server.setLocalPort(4000))).toMatchObject({ code: 106 });
    expect(thrown(() => (server.localHost = ''))).toMatchObject({ code: 107 });
    await fails(server.config('MaxConnections=5'), 108);
    expect([server.getLocalPort(), server.getLocalHost()]).toEqual([port, '127.0.0.1']);
    expect(await server.config('MaxConnections')).toBe('1000');
    await server.stopListening();
    server.setLocalPort(0);
    await server.config('MaxConnections=5');
  });
});

describe('config()', () => {
  test.each([
    ['KeyRenegotiationThreshold', '1073741824', '524288000'],
    ['KeyRenegotiationInterval', '3600', '60'],
    ['LogLevel', '1', '3'],
    ['MaxAuthAttempts', '6', '0'],
    ['MaxConnections', '1000', '100000'],
    ['UseStrictKeyExchange', '1', '2'],
    ['ServerSSHVersionString', /^SSH-2\.0-\S+$/, 'SSH-2.0-Mine 1.0 = yes'],
    ['SSHKeyExchangeAlgorithms', /curve25519-sha256/, 'curve25519-sha256'],
    ['SSHMacAlgorithms', /hmac-sha2-256/, 'hmac-sha2-512,hmac-sha2-256'],
    ['SSHPubKeyAuthSigAlgorithms', /ssh-ed25519/, 'ssh-ed25519'],
    ['SSHPublicKeyAlgorithms', /rsa-sha2-512/, 'rsa-sha2-512,ssh-ed25519'],
  ])('%s has its default, is set and read in any case, and reset', async (name, start, value) => {
    const server = createServer();
    const initial = await server.config(name);
    expect(initial).toMatch(start);
    expect(await server.config(` ${name.toLowerCase()} =${value}`)).toBe('');
    expect(await server.config(name.toUpperCase())).toBe(value);
    await server.reset();
    expect(await server.config(name)).toBe(initial);
  });

  test.each([
    ['True', 'True'],
    ['False', 'False'],
    ['0', 'False'],
    ['1', 'True'],
    ['Yes', 'True'],
    ['No', 'False'],
  ])('a boolean is set by %s in any case, and reads as %s', async (written, read) => {
    const server = createServer();
    for (const value of [written, written.toLowerCase(), written.toUpperCase()]) {
      await server.config(`TcpNoDelay=${read === 'True' ? 'False' : 'True'}`);
      await server.config(`TcpNoDelay=${value}`);
      expect(await server.config('TcpNoDelay')).toBe(read);
    }
  });

  test.each(['NoSuchSetting', 'NoSuchSetting=1', '', '=', 'LogLevel[1]=1'])(
    '%j is refused',
    async (text) => {
      await expect(createServer().config(text)).rejects.toBeInstanceOf(SSHServerError);
    },
  );

  test('an unknown algorithm is named', async () => {
    const server = createServer();
    await fails(
      server.config('SSHMacAlgorithms=hmac-unheard-of'),
      expect.any(Number),
      'unheard-of',
    );
    expect(thrown(() => server.setSSHEncryptionAlgorithms('aes128-ctr,rot13')).message).toMatch(
      /rot13/,
    );
  });

  test('takes effect before it is awaited', async () => {
    const server = createServer();
    const set = server.config('LogLevel=2');
    const read = server.config('LogLevel');
    expect(await Promise.all([set, read])).toEqual(['', '2']);
  });

  test('KeyboardInteractivePrompts and UserAuthBanner of a connection are read back', async () => {
    const server = await startCommandServer();
    const recorder = new Recorder(server, ['Connected']);
    await ssh2.connect(server);
    const [{ connectionId: id }] = recorder.all('Connected');
    const prompts = 'First prompt,echo=false;Second prompt,echo=true';
    await server.config(`KeyboardInteractivePrompts[${id}]=${prompts}`);
    expect(await server.config(`KeyboardInteractivePrompts[${id}]`)).toBe(prompts);
    await server.config(`UserAuthBanner[${id}]=a=b`);
    expect(await server.config(`UserAuthBanner[${id}]`)).toBe('a=b');
  });
});

describe('what settings do', () => {
  test('ServerSSHVersionString is what clients are told', async () => {
    const server = await startCommandServer((it) =>
      it.config('ServerSSHVersionString=SSH-2.0-Mine with spaces'),
    );
    const { said } = await tcpClient(server);
    expect(await said).toMatch(/^SSH-2\.0-Mine with spaces\r\n/);
  });

  test('ClientSSHVersionString and NegotiatedStrictKex tell of the client', async () => {
    const asked = [];
    const server = await startCommandServer((it) => {
      it.on('SSHUserAuthRequest', async (e) => {
        const names = ['ClientSSHVersionString', 'NegotiatedStrictKex'];
        asked.push(...(await Promise.all(names.map((n) => it.config(`${n}[${e.connectionId}]`)))));
      });
    });
    await ssh2.connect(server, { ident: 'tester' });
    expect(asked.slice(0, 2)).toEqual(['SSH-2.0-tester', 'True']);
  });

  test('UseStrictKeyExchange=0 does not negotiate it', async () => {
    let strict;
    const server = await startCommandServer(async (it) => {
      await it.config('UseStrictKeyExchange=0');
      it.on('SSHUserAuthRequest', async (e) => {
        strict = await it.config(`NegotiatedStrictKex[${e.connectionId}]`);
      });
    });
    await ssh2.connect(server);
    expect(strict).toBe('False');
  });

  test('MaxConnections closes what is one too many', async () => {
    const server = await startCommandServer((it) => it.config('MaxConnections=2'));
    const [one] = [await ssh2.connect(server), await ssh2.connect(server)];
    await expect(ssh2.start(server).ready).rejects.toThrow();
    const gone = once(server, 'Disconnected');
    await ssh2.end(one);
    await gone;
    await ssh2.connect(server);
  });

  testWith('ssh', 'a list without anything the client has ends the connection', async () => {
    const server = await startCommandServer((it) => it.setSSHEncryptionAlgorithms('aes128-ctr'));
    const gone = once(server, 'Disconnected');
    const { status } = await ssh(server, 'exit 0', { options: ['Ciphers=aes256-ctr'] });
    expect(status).toBe(255);
    const [{ statusCode, description }] = await gone;
    expect(statusCode).not.toBe(0);
    expect(description).toMatch(/cipher|encryption/i);
  });
});

test('reset() shuts down, restores every default, and keeps the listeners', async () => {
  const server = await startCommandServer();
  const recorder = new Recorder(server, ['Disconnected']);
  server.setDefaultAuthMethods('none');
  server.setDefaultTimeout(7);
  server.setKeyboardInteractiveMessage('hello');
  server.setConnectionBacklog(50);
  server.setSSHCompressionAlgorithms('none');
  const client = await ssh2.connect(server, { password: 'x', authHandler: ['password'] });
  await server.reset();
  await client.closed;
  expect(recorder.all('Disconnected')).toHaveLength(1);
  expect(server.isListening()).toBe(false);
  expect({
    methods: server.getDefaultAuthMethods(),
    timeout: server.getDefaultTimeout(),
    message: server.getKeyboardInteractiveMessage(),
    backlog: server.getConnectionBacklog(),
    host: server.getLocalHost(),
    port: server.getLocalPort(),
    idle: server.getDefaultIdleTimeout(),
    prompts: server.getKeyboardInteractivePrompts().size(),
    key: server.getSSHCert().getPrivateKeyAvailable(),
  }).toEqual({
    methods: 'password,publickey',
    timeout: 60,
    message: '',
    backlog: 5,
    host: '',
    port: 22,
    idle: 0,
    prompts: 0,
    key: false,
  });
  await fails(server.startListening(), 1301);
  server.setSSHCert(hostCertificate());
  server.setLocalHost('127.0.0.1');
  server.setLocalPort(0);
  await server.startListening();
  const again = await ssh2.connect(server);
  expect((await ssh2.exec(again, 'exit 8')).status).toBe(8);
});
