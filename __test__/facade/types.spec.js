'use strict';

jest.mock('../../lib/native.js', () => require('./fake_native.js'));
const { NativeServer, NativeCertificate } = require('./fake_native.js');
const { connectionInfo, channelInfo } = require('./infos.js');
const { create } = require('./fake_server.js');
const {
  Certificate,
  CertStoreTypes,
  SSHChannel,
  SSHConnection,
  SSHPrompt,
  SSHPromptList,
} = require('../../index.js');
const { turn } = require('../support/waiting.js');

afterEach(() => NativeServer.last?.finish());

describe('Certificate', () => {
  const first = {
    Subject: 'CN=first',
    PrivateKeyAvailable: true,
    Encoded: 'PEM 1',
    ThumbprintSHA256: 'AA:BB',
  };
  const second = {
    Subject: 'CN=second, O=x',
    PrivateKeyAvailable: true,
    ThumbprintSHA256: 'CC:DD',
  };

  beforeEach(() => {
    NativeCertificate.loads.length = 0;
    NativeCertificate.stores = new Map([
      ['store', { password: 'pw', certificates: [first, second] }],
      ['public', { certificates: [{ Subject: 'CN=second, O=x', ThumbprintSHA256: 'ccdd' }] }],
      ['stranger', { certificates: [{ Subject: 'CN=nobody', ThumbprintSHA256: 'ee' }] }],
    ]);
  });

  test('an empty one has the documented defaults', () => {
    const certificate = new Certificate();
    expect([certificate.storeType, certificate.store, certificate.subject]).toEqual([0, 'MY', '']);
    expect([certificate.publicKeyLength, certificate.usageFlags]).toEqual([0, 0]);
    expect(certificate.isPrivateKeyAvailable()).toBe(false);
    expect([certificate.encoded, certificate.fingerprint, certificate.version]).toEqual([
      '',
      '',
      '',
    ]);
    expect(NativeCertificate.loads).toEqual([]);
  });

  test('the constructors', async () => {
    expect(new Certificate(6, 'store', 'pw', '*').subject).toBe('CN=first');
    expect(new Certificate(7, Buffer.from('store'), 'pw', 'second').getSubject()).toBe(
      'CN=second, O=x',
    );
    expect(new Certificate('public').subject).toBe('CN=second, O=x');
    expect(new Certificate(Buffer.from('public')).storeType).toBe(CertStoreTypes.cstPublicKeyBlob);
    expect(new Certificate(2, 'store', 'pw', Buffer.from('public')).privateKeyAvailable).toBe(true);
    expect((await Certificate.load(6, 'store', 'pw', '*')).encoded).toBe('PEM 1');
    expect(
      new Certificate(2, 'store', 'pw', 'second', 'PersistPFXKey=True\nThumbprint=cc dd').subject,
    ).toContain('second');
  });

  test('what cannot be loaded throws, or rejects', async () => {
    const error = expect.objectContaining({ name: 'SSHServerError', code: 1301 });
    expect(() => new Certificate(6, 'store', 'wrong', '*')).toThrow(error);
    expect(() => new Certificate(6, 'store', 'pw', 'nobody')).toThrow(error);
    expect(() => new Certificate(6, 'store', 'pw', Buffer.from('stranger'))).toThrow(error);
    expect(() => new Certificate(6, 'store', 'pw', '*', 'Thumbprint=00')).toThrow(error);
    await expect(Certificate.load(6, 'store', 'wrong', '*')).rejects.toEqual(error);
  });

  test.each([
    [[6]],
    [['6', 'store', 'pw', '*']],
    [[6, 5, 'pw', '*']],
    [[6, 'store', null, '*']],
    [[6, 'store', 'pw', 1]],
  ])('new Certificate(...%p) is a TypeError', async (args) => {
    const wrong = expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    expect(() => new Certificate(...args)).toThrow(wrong);
    await expect(Certificate.load(...args)).rejects.toEqual(wrong);
  });

  test('setting the subject loads, and a server that has it hears of it', () => {
    const { server, native } = create();
    server.sshCert.setStoreType(2);
    server.sshCert.setStore('store');
    server.sshCert.storePassword = 'pw';
    expect(NativeCertificate.loads).toEqual([]);
    server.sshCert.setSubject('second');
    expect(server.sshCert.subject).toBe('CN=second, O=x');
    expect(native.called('setCertificate')).toEqual([[expect.any(NativeCertificate)]]);
    server.sshCert.subject = 'nobody';
    expect(server.sshCert.subject).toBe('');
    expect(native.called('setCertificate').at(-1)).toEqual([null]);
    server.sshCert.storePassword = 'wrong';
    expect(() => server.sshCert.setSubject('second')).toThrow(
      expect.objectContaining({ code: 1301 }),
    );
  });

  test('setting encoded finds the key in the store, or leaves the subject empty', () => {
    const publicOf = (Subject, ThumbprintSHA256) => ({
      certificates: [{ Subject, ThumbprintSHA256 }],
    });
    NativeCertificate.stores.set('of second', publicOf('CN=second, O=x', 'ccdd'));
    NativeCertificate.stores.set('of another', publicOf('CN=another', 'ee'));
    const certificate = new Certificate();
    certificate.store = 'store';
    certificate.storeType = 2;
    certificate.storePassword = 'pw';
    certificate.encoded = 'of second';
    expect([certificate.subject, certificate.privateKeyAvailable]).toEqual([
      'CN=second, O=x',
      true,
    ]);
    certificate.encodedB = Buffer.from('of another');
    expect([certificate.subject, certificate.privateKeyAvailable]).toEqual(['', '']);
    certificate.encoded = '';
    expect([certificate.subject, certificate.isPrivateKeyAvailable()]).toEqual(['', false]);
  });

  test('secrets do not show when it is printed', () => {
    const certificate = new Certificate(6, 'store', 'pw', '*');
    expect(require('node:util').inspect(certificate, { depth: 9 })).not.toMatch(/pw|PEM/);
  });
});

describe('prompts', () => {
  test('changes to the list and to a prompt in it reach the addon at once', () => {
    const { server, native } = create();
    const last = () => native.called('setPrompts').at(-1)[0];
    const list = server.keyboardInteractivePrompts;
    const code = new SSHPrompt('Code: ', true);
    list.add(new SSHPrompt('Password: ')).add(code);
    expect(last()).toEqual(['Password: ', false, 'Code: ', true]);
    code.setPrompt('Token: ');
    code.echo = false;
    expect(last()).toEqual(['Password: ', false, 'Token: ', false]);
    list.set(0, new SSHPrompt('PIN: '));
    expect(last()).toEqual(['PIN: ', false, 'Token: ', false]);
    expect(list.remove(code)).toBe(code);
    expect(last()).toEqual(['PIN: ', false]);
    const calls = native.called('setPrompts').length;
    code.prompt = 'gone';
    expect(native.called('setPrompts')).toHaveLength(calls);
    list.clear();
    expect(last()).toEqual([]);
  });

  test('a list that was replaced has no effect any more', () => {
    const { server, native } = create();
    const old = server.keyboardInteractivePrompts;
    server.keyboardInteractivePrompts = new SSHPromptList([new SSHPrompt('new')]);
    const calls = native.called('setPrompts').length;
    old.add(new SSHPrompt('old'));
    expect(native.called('setPrompts')).toHaveLength(calls);
  });

  test('the list is a collection', () => {
    const [a, b] = [new SSHPrompt('a'), new SSHPrompt('b', true)];
    const list = new SSHPromptList([a, b]);
    expect([list.size(), list.get(1), list.item(0), list.get(2), list.has(2)]).toEqual([
      2,
      b,
      a,
      undefined,
      false,
    ]);
    expect([...list]).toEqual([...list.values()]);
    expect([[...list.keys()], [...list.entries()]]).toEqual([
      [0, 1],
      [
        [0, a],
        [1, b],
      ],
    ]);
    const seen = [];
    list.forEach((prompt, index, whole) => seen.push(prompt === list.get(index) && whole === list));
    expect(seen).toEqual([true, true]);
    expect(list.remove(9)).toBeUndefined();
    expect(() => list.set(2, a)).toThrow(RangeError);
    expect(() => list.add('a')).toThrow(TypeError);
    expect(() => new SSHPrompt('a', 1)).toThrow(TypeError);
  });
});

describe('views', () => {
  test('are live, and make an object only for what is asked for', async () => {
    const { server, native } = create();
    const map = server.connections;
    expect([map.size(), map.get('1')]).toEqual([0, undefined]);
    native.connections.set(1, connectionInfo({ localAddress: '10.0.0.1', remoteHost: '10.0.0.2' }));
    native.connections.set(2, connectionInfo({ remoteHost: '10.0.0.3' }));
    expect([map.size(), map.has('1'), map.has('3'), map.has(1)]).toEqual([2, true, false, false]);
    expect([...map.keys()]).toEqual(['1', '2']);
    expect([...map].map(([id, { remoteHost }]) => [id, remoteHost])).toEqual([
      ['1', '10.0.0.2'],
      ['2', '10.0.0.3'],
    ]);
    const connection = map.item('1');
    connection.timeout = 5;
    expect([connection.getTimeout(), connection.isConnected(), connection.remotePort]).toEqual([
      5,
      true,
      4000,
    ]);
    connection.setConnected(false);
    expect(native.called('disconnect')).toEqual([[expect.any(Number), 1]]);
    native.connections.delete(1);
    expect([connection.connected, connection.remoteHost]).toEqual([false, '10.0.0.2']);
    expect(() => connection.setTimeout(1)).toThrow(expect.objectContaining({ code: 126 }));
    expect(() => connection.setConnected(true)).toThrow(expect.objectContaining({ code: 126 }));
  });

  test('a channel sends what is assigned; a later failure is an Error event', async () => {
    const { server, native } = create();
    const errors = [];
    server.on('Error', (e) => errors.push([e.connectionId, e.errorCode]));
    native.channels.set(3, channelInfo({ bytesSent: 7 }));
    const channel = server.channels.get('3');
    expect([channel.service, channel.bytesSent, channel.readyToSend, channel.connectionId]).toEqual(
      ['session', 7, true, '1'],
    );
    channel.dataToSend = 'text';
    native.sendResults = [false];
    channel.dataToSendB = new Uint8Array(2);
    native.done(native.called('send')[0][0], 10054, 'reset');
    await turn();
    expect(errors).toEqual([['1', 10054]]);
    expect(() => channel.setDataToSend(5)).toThrow(TypeError);
    expect(new SSHChannel().channelId + new SSHConnection().connectionId).toBe('');
  });
});
