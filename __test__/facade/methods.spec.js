'use strict';

jest.mock('../../lib/native.js', () => require('./fake_native.js'));
const { NativeServer } = require('./fake_native.js');
const { sshserver, Certificate, SSHPromptList, SSHServerError } = require('../../index.js');

const turn = () => new Promise(setImmediate);
const BYTES = new Uint8Array([1, 2, 3]);

afterEach(() => NativeServer.last.finish());

function create() {
  const server = new sshserver();
  const native = NativeServer.last;
  native.connections.set(1, ['127.0.0.1', '127.0.0.2', 4000, 60]);
  native.channels.set(3, [1, 'session', 0, true]);
  return { server, native };
}

describe('argument types', () => {
  // Method, good arguments, and for each what is wrong in its place.
  const asynchronous = [
    ['changeRecordLength', ['3', 4], [3, '4']],
    ['closeChannel', ['3'], [3]],
    ['config', ['LogLevel'], [{}]],
    ['disconnect', ['1'], [1]],
    ['exchangeKeys', ['1'], [null]],
    ['getSSHParamBytes', [BYTES, 'Command'], ['text', 5]],
    ['openChannel', ['1', 'session', BYTES], [1, undefined, 'text']],
    ['sendBytes', ['3', BYTES], [undefined, 'text']],
    ['sendChannelData', ['3', BYTES], [3, [1, 2]]],
    ['sendSSHPacket', ['3', 98, BYTES], [3, '98', 'text']],
    ['sendText', ['3', 'text'], [3, BYTES]],
    ['sendEOF', ['3'], [3]],
    ['sendExtendedData', ['3', BYTES, 1], [3, 'text', '1']],
    ['sendExitStatus', ['3', 0], [3, '0']],
    ['startListening', [], []],
    ['stopListening', [], []],
    ['shutdown', [], []],
    ['reset', [], []],
    ['doEvents', [], []],
  ];
  const names = {
    changeRecordLength: ['channelId', 'recordLength'],
    closeChannel: ['channelId'],
    config: ['configurationString'],
    disconnect: ['connectionId'],
    exchangeKeys: ['connectionId'],
    getSSHParamBytes: ['payload', 'field'],
    openChannel: ['connectionId', 'channelType', 'parameters'],
    sendBytes: ['channelId', 'data'],
    sendChannelData: ['channelId', 'data'],
    sendSSHPacket: ['channelId', 'packetType', 'payload'],
    sendText: ['channelId', 'text'],
    sendEOF: ['channelId'],
    sendExtendedData: ['channelId', 'data', 'type'],
    sendExitStatus: ['channelId', 'status'],
  };
  const cases = asynchronous.flatMap(([method, good, bad]) =>
    bad.map((value, index) => [method, names[method][index], replaced(good, index, value)]),
  );

  function replaced(list, index, value) {
    const copy = [...list];
    copy[index] = value;
    return copy;
  }

  test.each(cases)('%s rejects with a TypeError that names %s', async (method, name, args) => {
    const { server } = create();
    const promise = server[method](...args);
    await expect(promise).rejects.toThrow(TypeError);
    await expect(promise).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    await expect(promise).rejects.toThrow(`"${name}"`);
  });

  test.each(cases)('%s calls back with it (%s)', async (method, name, args) => {
    const { server } = create();
    const error = await new Promise((resolve) => {
      expect(server[method](...args, resolve)).toBeUndefined();
    });
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    expect(error.message).toContain(`"${name}"`);
  });

  test.each(asynchronous.map(([method, good]) => [method, good]))(
    '%s rejects a callback that is no function',
    async (method, good) => {
      const { server } = create();
      await expect(server[method](...good, 'callback')).rejects.toMatchObject({
        code: 'ERR_INVALID_ARG_TYPE',
        message: expect.stringContaining('"callback"'),
      });
    },
  );

  test.each([
    ['getSSHParam', ['text', 'Command'], 'payload'],
    ['getSSHParam', [BYTES, 1], 'field'],
    ['setSSHParam', ['text', 's', 'x'], 'payload'],
    ['setSSHParam', [BYTES, 1, 'x'], 'fieldType'],
    ['setSSHParam', [null, 's', 1], 'fieldValue'],
    ['getChannelStream', [3], 'channelId'],
    ['setSSHCert', [null], 'sshCert'],
    ['setKeyboardInteractivePrompts', [[]], 'keyboardInteractivePrompts'],
    ['setLocalPort', ['22'], 'localPort'],
    ['setLocalHost', [127], 'localHost'],
    ['setConnectionBacklog', ['5'], 'connectionBacklog'],
    ['setDefaultAuthMethods', [[]], 'defaultAuthMethods'],
    ['setDefaultIdleTimeout', ['5'], 'defaultIdleTimeout'],
    ['setDefaultTimeout', [null], 'defaultTimeout'],
    ['setKeyboardInteractiveMessage', [1], 'keyboardInteractiveMessage'],
    ['setSSHCompressionAlgorithms', [['none']], 'sshCompressionAlgorithms'],
    ['setSSHEncryptionAlgorithms', [undefined], 'sshEncryptionAlgorithms'],
  ])('%s(%p) throws', (method, args, name) => {
    const { server } = create();
    expect(() => server[method](...args)).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_ARG_TYPE',
        message: expect.stringContaining(`"${name}"`),
      }),
    );
  });

  test('a string never shows up in the message: it may be a password', async () => {
    const { server } = create();
    await expect(server.sendBytes('3', 'secret')).rejects.toThrow(/^(?!.*secret)/);
  });

  test.each([
    ['sendExitStatus', ['3', -1]],
    ['sendExitStatus', ['3', 2 ** 32]],
    ['sendSSHPacket', ['3', 256, BYTES]],
    ['changeRecordLength', ['3', 1.5]],
    ['changeRecordLength', ['3', NaN]],
    ['sendExtendedData', ['3', BYTES, 0]],
  ])('%s%p is out of range', async (method, args) => {
    const { server, native } = create();
    await expect(server[method](...args)).rejects.toMatchObject({
      name: 'RangeError',
      code: 'ERR_OUT_OF_RANGE',
    });
    expect(native.called('sendPacket', 'send')).toEqual([]);
  });
});

describe('operations', () => {
  test('resolve with their OpDone, whatever the order', async () => {
    const { server, native } = create();
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
    const { server } = create();
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
      const { server } = create();
      await expect(server.disconnect(id)).rejects.toMatchObject({ code: 126 });
      expect(server.connections.get(id)).toBeUndefined();
    },
  );

  test('callbacks get null and the value, or the error, and no promise is returned', async () => {
    const { server, native } = create();
    const value = await new Promise((resolve) => {
      expect(server.config('LogLevel', (...args) => resolve(args))).toBeUndefined();
    });
    expect(value).toEqual([null, 'value of LogLevel']);
    const failed = new Promise((resolve) => server.exchangeKeys('1', (...args) => resolve(args)));
    native.done(native.called('exchangeKeys')[0][0], 1299, 'text');
    expect(await failed).toEqual([expect.objectContaining({ code: 1299 })]);
  });

  test('config() takes effect before it returns', () => {
    const { server, native } = create();
    void server.config('AltSSHCertStore[0]=a=b');
    expect(native.called('config')).toContainEqual(['AltSSHCertStore[0]=a=b']);
    return expect(server.config('Unknown')).rejects.toBeInstanceOf(SSHServerError);
  });

  test('sends: complete at once, or with an OpDone', async () => {
    const { server, native } = create();
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
    const { server, native } = create();
    await server.sendExitStatus('3', 258);
    const [[, channel, type, payload]] = native.called('sendPacket');
    expect([channel, type]).toEqual([3, 98]);
    expect(payload.toString('hex')).toBe(
      `0000000b${Buffer.from('exit-status').toString('hex')}0000000102`,
    );
  });

  test('packet fields', async () => {
    const { server } = create();
    expect(server.getSSHParam(BYTES, 'Command')).toBe('Command of 3');
    expect(() => server.getSSHParam(BYTES, 'bad')).toThrow(SSHServerError);
    expect(await server.getSSHParamBytes(BYTES, 'Command')).toEqual(new Uint8Array([2, 3]));
    const payload = server.setSSHParam(server.setSSHParam(null, 's', 'a'), 'i', '1');
    expect(Buffer.from(payload).toString()).toBe('s:a;i:1;');
  });

  test('doEvents() returns after events, and without any all the same', async () => {
    const { server, native } = create();
    let seen = 0;
    server.on('SSHStatus', () => seen++);
    setImmediate(() => native.events([14, 1, '']));
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
    const { server, native } = create();
    server[`set${stem}`](value);
    expect(native.fields[stem]).toBe(value);
    expect(server[property]).toBe(value);
    server[property] = native.fields[stem] = value;
    expect(server[`get${stem}`]()).toBe(value);
  });

  test('a refused value is an error with a number, and changes nothing', () => {
    const { server } = create();
    expect(() => server.setLocalHost('forbidden')).toThrow(expect.objectContaining({ code: 107 }));
    expect(server.localHost).toBe('');
  });

  test('read-only ones cannot be assigned', () => {
    const { server } = create();
    expect(() => {
      server.listening = true;
    }).toThrow(TypeError);
    expect(server.channels).toBe(server.getChannels());
    expect(server.connections).toBe(server.getConnections());
  });

  test('the certificate and the prompts start empty, and are so again after reset()', async () => {
    const { server, native } = create();
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
