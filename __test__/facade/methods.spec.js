'use strict';

jest.mock('../../lib/native.js', () => require('./fake_native.js'));
const told = require('./told.js');
const { NativeServer } = require('./fake_native.js');
const { create } = require('./fake_server.js');
const { Certificate, SSHPromptList, SSHServerError } = require('../../index.js');
const { turn } = require('../support/waiting.js');

const BYTES = new Uint8Array([1, 2, 3]);

afterEach(() => NativeServer.last.finish());

test('a string never shows up in the message of a TypeError: it may be a password', async () => {
  const { server } = create(3);
  await expect(server.sendBytes('3', 'secret')).rejects.toThrow(/^(?!.*secret)/);
});

describe('operations', () => {
  test('resolve with their OpDone, whatever the order', async () => {
    const { server, native } = create(3);
    const first = server.disconnect('1');
    const second = server.exchangeKeys('1');
    const [[a]] = native.called('disconnect');
    const [[b]] = native.called('exchangeKeys');
    expect(a).not.toBe(b);
    native.done(b);
    await expect(second).resolves.toBeUndefined();
    native.done(a, 10054, '[10054] Connection reset by peer.');
    await expect(first).rejects.toBeInstanceOf(SSHServerError);
    await expect(first).rejects.toMatchObject({
      code: 10054,
      message: '[10054] Connection reset by peer.',
    });
  });

  test('an error thrown at once is a rejection with a number', async () => {
    const { server } = create(3);
    await expect(server.disconnect('99')).rejects.toMatchObject({
      code: 126,
      message: 'Invalid ConnectionId.',
    });
    await expect(server.closeChannel('99')).rejects.toMatchObject({
      code: 126,
      message: 'Invalid ChannelId.',
    });
  });

  test.each(['', '0', '-1', '1.5', '01', ' 1', '1e0', 'abc', '9007199254740993'])(
    'the id %p is as unknown as any',
    async (id) => {
      const { server } = create(3);
      await expect(server.disconnect(id)).rejects.toMatchObject({ code: 126 });
      expect(server.connections.get(id)).toBeUndefined();
    },
  );

  test('callbacks get null and the value, or the error, and a promise is returned as well', async () => {
    const { server, native } = create(3);
    const told = [];
    const callback = (...args) => told.push(args);
    expect(await server.config('LogLevel', callback)).toBe('value of LogLevel');
    const exchanged = server.exchangeKeys('1', callback);
    native.done(native.called('exchangeKeys')[0][0], 1299, 'text');
    const error = await exchanged.catch((reason) => reason);
    expect(error).toMatchObject({ code: 1299 });
    await turn();
    expect(told).toEqual([[null, 'value of LogLevel'], [error]]);
  });

  test('config() takes effect before it returns', () => {
    const { server, native } = create(3);
    void server.config('AltSSHCertStore[0]=a=b');
    expect(native.called('config')).toContainEqual(['AltSSHCertStore[0]=a=b']);
    return expect(server.config('Unknown')).rejects.toBeInstanceOf(SSHServerError);
  });

  test('sends: complete at once, or with an OpDone', async () => {
    const { server, native } = create(3);
    await server.sendBytes('3', BYTES);
    await server.sendExtendedData('3', BYTES);
    await server.sendExtendedData('3', BYTES, 7);
    await new Promise((resolve) => server.sendExtendedData('3', BYTES, resolve));
    expect(native.called('send').map(([, ...rest]) => rest)).toEqual([
      [3, BYTES, 0],
      [3, BYTES, 1],
      [3, BYTES, 7],
      [3, BYTES, 1],
    ]);
    native.sendResults = [false];
    let sent = false;
    const sending = server.sendText('3', 'text').then(() => (sent = true));
    await turn();
    expect(sent).toBe(false);
    native.done(native.called('sendText')[0][0]);
    await sending;
  });

  test('sendExitStatus is an exit-status request without a reply', async () => {
    const { server, native } = create(3);
    await server.sendExitStatus('3', 258);
    const [[, channel, type, payload]] = native.called('sendPacket');
    expect([channel, type]).toEqual([3, 98]);
    expect(payload.toString('hex')).toBe(
      `0000000b${Buffer.from('exit-status').toString('hex')}0000000102`,
    );
  });

  test('packet fields', async () => {
    const { server } = create(3);
    expect(server.getSSHParam(BYTES, 'Command')).toBe('Command of 3');
    expect(() => server.getSSHParam(BYTES, 'bad')).toThrow(SSHServerError);
    expect(await server.getSSHParamBytes(BYTES, 'Command')).toEqual(new Uint8Array([2, 3]));
    const payload = server.setSSHParam(server.setSSHParam(null, 's', 'a'), 'i', '1');
    expect(Buffer.from(payload).toString()).toBe('s:a;i:1;');
  });

  test('doEvents() returns after events, and without any all the same', async () => {
    const { server, native } = create(3);
    let seen = 0;
    server.on('SSHStatus', () => seen++);
    setImmediate(() => native.events(told.STATUS({ connection: 1, message: '' })));
    await server.doEvents();
    expect(seen).toBe(1);
    await server.doEvents();
    expect(seen).toBe(1);
  });
});

describe('properties', () => {
  test.each([
    ['LocalPort', 'localPort', 2222],
    ['LocalHost', 'localHost', '127.0.0.1'],
    ['ConnectionBacklog', 'connectionBacklog', 50],
    ['DefaultAuthMethods', 'defaultAuthMethods', 'password'],
    ['DefaultIdleTimeout', 'defaultIdleTimeout', 5],
    ['DefaultTimeout', 'defaultTimeout', 0],
    ['KeyboardInteractiveMessage', 'keyboardInteractiveMessage', 'hello'],
    ['SSHCompressionAlgorithms', 'sshCompressionAlgorithms', 'none'],
    ['SSHEncryptionAlgorithms', 'sshEncryptionAlgorithms', 'aes128-ctr'],
  ])('%s is a pair of methods and a plain property', (stem, property, value) => {
    const { server, native } = create(3);
    server[`set${stem}`](value);
    expect(native.fields[stem]).toBe(value);
    expect(server[property]).toBe(value);
    server[property] = native.fields[stem] = value;
    expect(server[`get${stem}`]()).toBe(value);
  });

  test('a refused value is an error with a number, and changes nothing', () => {
    const { server } = create(3);
    expect(() => server.setLocalHost('forbidden')).toThrow(expect.objectContaining({ code: 107 }));
    expect(server.localHost).toBe('');
  });

  test('read-only ones cannot be assigned', () => {
    const { server } = create(3);
    expect(() => {
      server.listening = true;
    }).toThrow(TypeError);
    expect(server.channels).toBe(server.getChannels());
    expect(server.connections).toBe(server.getConnections());
  });

  test('the certificate and the prompts start empty, and are so again after reset()', async () => {
    const { server, native } = create(3);
    const certificate = new Certificate();
    const prompts = new SSHPromptList();
    expect(server.sshCert.subject).toBe('');
    server.sshCert = certificate;
    server.keyboardInteractivePrompts = prompts;
    expect(native.called('setCertificate', 'setPrompts')).toEqual([
      ['setCertificate', null],
      ['setPrompts', []],
    ]);
    await server.reset();
    expect(server.getSSHCert()).not.toBe(certificate);
    expect(server.getKeyboardInteractivePrompts()).not.toBe(prompts);
    expect(server.isListening()).toBe(false);
  });
});
