'use strict';

jest.mock('../../lib/native.js', () => require('./fake_native.js'));
const { once } = require('node:events');
const told = require('./told.js');
const { KIND } = require('../../lib/boundary.js');
const { bytes, create, data } = require('./fake_server.js');
const { channelInfo } = require('./infos.js');
const { deferred, turn } = require('../support/waiting.js');

describe('the listener mask', () => {
  test('a bit is set while its event has listeners, however they come and go', () => {
    const { server, native } = create();
    const listener = () => {};
    expect(native.mask).toBe(0);
    server.on('Log', listener);
    expect(native.mask).toBe(1 << 4);
    server.prependListener('SSHStatus', listener);
    server.addListener('Connected', listener);
    expect(native.mask).toBe((1 << 4) | (1 << 14) | 1);
    server.off('Log', listener);
    server.removeListener('SSHStatus', listener);
    expect(native.mask).toBe(1);
    server.removeAllListeners('Connected');
    expect(native.mask).toBe(0);
    server.on('Log', listener).on('Error', listener).removeAllListeners();
    expect(native.mask).toBe(0);
  });

  test('once() clears its bit when it has fired', () => {
    const { server, native } = create();
    const seen = [];
    server.once('SSHStatus', (e) => seen.push(e.message));
    native.events(
      told.STATUS({ connection: 1, message: 'a' }),
      told.STATUS({ connection: 1, message: 'b' }),
    );
    expect(seen).toEqual(['a']);
    expect(native.mask).toBe(0);
  });

  test('events.once() works', async () => {
    const { server, native } = create();
    const promise = once(server, 'Disconnected');
    native.events(told.DISCONNECTED({ connection: 7, code: 0, message: 'OK' }));
    const [e] = await promise;
    expect(e).toEqual({ connectionId: '7', statusCode: 0, description: 'OK' });
    expect(native.listensTo(KIND.DISCONNECTED)).toBe(false);
  });

  test('names that are no events of ours and repeated listeners are not told to the addon', () => {
    const { server, native } = create();
    server.on('something', () => {});
    server.on('Log', () => {}).on('Log', () => {});
    expect(native.called('setListeners')).toEqual([[1 << KIND.LOG]]);
  });

  test('who accepts channels is sent their data, as a stream may be asked for late', () => {
    const { server, native } = create();
    server.on('SSHChannelOpenRequest', () => {});
    const kinds = [KIND.CHANNEL_DATA, KIND.CHANNEL_EOF, KIND.CHANNEL_OPEN_REQUEST];
    expect(kinds.every((kind) => native.listensTo(kind))).toBe(true);
  });
});

describe('listeners', () => {
  test('share one event object and run in order', () => {
    const { server, native } = create();
    const order = [];
    server.on('ConnectionRequest', (e) => {
      order.push(`second saw ${e.note}`);
      e.accept = false;
    });
    server.prependListener('ConnectionRequest', (e) => {
      e.note = 'the first';
      order.push('first');
    });
    server.on('ConnectionRequest', (e) => order.push(`third saw ${e.accept}`));
    native.events(
      told.CONNECTION_REQUEST({ question: 9, address: '127.0.0.1', port: 5000, accept: true }),
    );
    expect(order).toEqual(['first', 'second saw the first', 'third saw false']);
    expect(native.called('answer')).toEqual([[[9, 0]]]);
  });

  test('a listener removed while its event runs is still called, one that was added is not', () => {
    const { server, native } = create();
    const seen = [];
    const last = () => seen.push('last');
    server.on('SSHStatus', () => {
      server.off('SSHStatus', last);
      server.on('SSHStatus', () => seen.push('added'));
    });
    server.on('SSHStatus', last);
    native.events(told.STATUS({ connection: 1, message: '' }));
    expect(seen).toEqual(['last']);
    native.events(told.STATUS({ connection: 1, message: '' }));
    expect(seen).toEqual(['last', 'added']);
  });

  test('`this` is the server', () => {
    const { server, native } = create();
    let self;
    server.on('Log', function () {
      self = this;
    });
    native.events(told.LOG({ connection: 0, level: 1, message: 'text', logType: '' }));
    expect(self).toBe(server);
  });

  test('answers of a batch go back together, before the batch ends', () => {
    const { server, native } = create();
    server.on('SSHServiceRequest', () => {});
    native.events(
      told.SERVICE_REQUEST({ question: 1, connection: 1, service: 'ssh-userauth', accept: true }),
      told.SERVICE_REQUEST({ question: 2, connection: 2, service: 'other', accept: false }),
    );
    expect(native.called('answer')).toEqual([[[1, 1, 2, 0]]]);
  });

  test('what was answered reaches the addon before what a later listener calls', () => {
    const { server, native } = create();
    native.channels.set(5, channelInfo());
    server.on('SSHServiceRequest', () => {});
    server.on('SSHStatus', () => void server.sendText('5', 'x'));
    native.events(
      told.SERVICE_REQUEST({ question: 1, connection: 1, service: 'ssh-userauth', accept: true }),
      told.STATUS({ connection: 2, message: '' }),
    );
    expect(native.called('answer', 'sendText').map(([name]) => name)).toEqual([
      'answer',
      'sendText',
    ]);
  });
});

describe('a listener that throws or rejects', () => {
  test('refuses the question and is told by an Error event; the other listeners still run', () => {
    const { server, native } = create();
    const errors = [];
    const seen = [];
    const thrown = new Error('boom');
    server.on('Error', (e) => errors.push(e));
    server.on('SSHChannelOpenRequest', (e) => {
      e.accept = true;
      throw thrown;
    });
    server.on('SSHChannelOpenRequest', (e) => seen.push(e.service));
    native.events(
      told.CHANNEL_OPEN_REQUEST({
        question: 3,
        connection: 1,
        channel: 2,
        service: 'session',
        parameters: bytes(''),
      }),
    );
    expect(native.called('answer')).toEqual([[[3, 0]]]);
    expect(seen).toEqual(['session']);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ connectionId: '1', errorCode: 1202, cause: thrown });
    expect(errors[0].description).toBe(
      'Could not forward connection/channel data. A detailed message follows. ' +
        'A listener of SSHChannelOpenRequest failed: boom',
    );
  });

  test('authentication: code 1300, refused without partial success', async () => {
    const { server, native } = create();
    const errors = [];
    server.on('Error', (e) => errors.push(e.errorCode));
    server.on('SSHUserAuthRequest', async (e) => {
      e.accept = true;
      e.partialSuccess = true;
      e.availableMethods = 'none';
      throw new Error('database is down');
    });
    native.events(
      told.USER_AUTH_REQUEST({
        question: 4,
        connection: 1,
        user: 'u',
        service: 'ssh-connection',
        authMethod: 'password',
        authParam: 'pw',
        authParamB: null,
        availableMethods: 'password,publickey',
        keyAlgorithm: '',
        signed: false,
        userVerified: false,
        partialSuccesses: '',
        gssLocalName: '',
        gssMechanism: '',
        gssDelegated: false,
      }),
    );
    await turn();
    expect(native.called('answerAuth')).toEqual([[4, false, false, 'password,publickey']]);
    expect(errors).toEqual([1300]);
  });

  test('an answer that is no boolean is refused, a forgotten await among them', () => {
    const { server, native } = create();
    const errors = [];
    server.on('Error', (e) => errors.push(e.description));
    server.on('SSHUserAuthRequest', (e) => {
      e.accept = Promise.resolve(false);
    });
    server.on('SSHChannelRequest', (e) => {
      e.success = 1;
    });
    native.events(
      told.USER_AUTH_REQUEST({
        question: 4,
        connection: 1,
        user: 'u',
        service: 'ssh-connection',
        authMethod: 'password',
        authParam: 'pw',
        authParamB: null,
        availableMethods: 'password',
        keyAlgorithm: '',
        signed: false,
        userVerified: false,
        partialSuccesses: '',
        gssLocalName: '',
        gssMechanism: '',
        gssDelegated: false,
      }),
      told.CHANNEL_REQUEST({
        question: 5,
        connection: 1,
        channel: 2,
        requestType: 'shell',
        packet: bytes(''),
      }),
    );
    expect(native.called('answerAuth')).toEqual([[4, false, false, 'password']]);
    expect(native.called('answer')).toEqual([[[5, 0]]]);
    expect(errors).toHaveLength(2);
    expect(errors[0]).toContain('"accept"');
    expect(errors[1]).toContain('"success"');
  });

  test('without an Error listener, and when that one throws, there is a warning and no more', () => {
    const { server, native } = create();
    const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    server.on('SSHStatus', () => {
      throw 'text';
    });
    native.events(
      told.STATUS({ connection: 1, message: '' }),
      told.STATUS({ connection: 1, message: '' }),
    );
    server.on('Error', () => {
      throw new Error('in the Error listener');
    });
    native.events(told.STATUS({ connection: 1, message: '' }));
    const warnings = emitWarning.mock.calls.map(([text]) => text);
    emitWarning.mockRestore();
    expect(warnings).toEqual([
      'A listener of SSHStatus failed: text',
      'A listener of Error failed: in the Error listener',
    ]);
  });
});

describe('listeners that return promises', () => {
  test('the fields are read when all have settled', async () => {
    const { server, native } = create();
    const gate = deferred();
    server.on('SSHUserAuthRequest', async (e) => {
      await gate.promise;
      e.accept = true;
    });
    server.on('SSHUserAuthRequest', (e) => {
      e.availableMethods = 'publickey';
    });
    native.events(
      told.USER_AUTH_REQUEST({
        question: 4,
        connection: 1,
        user: 'u',
        service: 'ssh-connection',
        authMethod: 'password',
        authParam: 'pw',
        authParamB: null,
        availableMethods: 'password',
        keyAlgorithm: '',
        signed: false,
        userVerified: false,
        partialSuccesses: '',
        gssLocalName: '',
        gssMechanism: '',
        gssDelegated: false,
      }),
    );
    await turn();
    expect(native.called('answerAuth')).toEqual([]);
    gate.resolve();
    await turn();
    expect(native.called('answerAuth')).toEqual([[4, true, false, 'publickey']]);
  });

  test('later events of the channel wait, other channels do not', async () => {
    const { server, native } = create();
    const gate = deferred();
    const seen = [];
    server.on('SSHChannelDataIn', (e) => {
      seen.push(`${e.channelId}:${e.data}`);
      return e.data === 'slow' ? gate.promise : undefined;
    });
    server.on('SSHChannelEOF', (e) => seen.push(`${e.channelId} EOF`));
    native.events(
      data(1, 'slow'),
      data(1, 'next'),
      told.CHANNEL_EOF({ connection: 1, channel: 1 }),
      data(2, 'other'),
    );
    expect(seen).toEqual(['1:slow', '2:other']);
    expect(native.called('consumed')).toEqual([[[2, 5]]]);
    gate.resolve();
    await turn();
    expect(seen).toEqual(['1:slow', '2:other', '1:next', '1 EOF']);
    expect(native.totalConsumed(1)).toBe(8);
    native.events(data(1, 'again'));
    expect(seen.at(-1)).toBe('1:again');
  });

  test('Disconnected waits for the channels of its connection', async () => {
    const { server, native } = create();
    const gate = deferred();
    const seen = [];
    server.on('SSHChannelDataIn', () => gate.promise);
    server.on('SSHChannelClosed', () => seen.push('closed'));
    server.on('Disconnected', (e) => seen.push(`disconnected ${e.connectionId}`));
    native.events(
      data(1, 'x'),
      told.CHANNEL_CLOSED({ connection: 1, channel: 1, connectionOver: false }),
      told.DISCONNECTED({ connection: 1, code: 0, message: 'OK' }),
      told.DISCONNECTED({ connection: 2, code: 0, message: 'OK' }),
    );
    expect(seen).toEqual(['disconnected 2']);
    gate.resolve();
    await turn();
    expect(seen).toEqual(['disconnected 2', 'closed', 'disconnected 1']);
  });

  test('Disconnected waits for every channel, and for notices before it', async () => {
    const { server, native } = create();
    const gates = { 1: deferred(), 2: deferred(), status: deferred() };
    const seen = [];
    server.on('SSHChannelDataIn', (e) => gates[e.channelId].promise);
    server.on('SSHStatus', () => gates.status.promise);
    server.on('Disconnected', () => seen.push('disconnected'));
    native.events(
      data(1, 'x'),
      data(2, 'x'),
      told.STATUS({ connection: 1, message: 's' }),
      told.DISCONNECTED({ connection: 1, code: 0, message: 'OK' }),
    );
    gates.status.resolve();
    await turn();
    gates[2].resolve();
    await turn();
    expect(seen).toEqual([]);
    gates[1].resolve();
    await turn();
    expect(seen).toEqual(['disconnected']);
  });

  test('connection-wide events of one connection keep their order', async () => {
    const { server, native } = create();
    const gate = deferred();
    const seen = [];
    server.on('Connected', async (e) => {
      await gate.promise;
      seen.push(`connected ${e.connectionId}`);
    });
    server.on('SSHStatus', (e) => seen.push(`status ${e.connectionId}`));
    native.events(
      told.CONNECTED({ question: 1, connection: 1 }),
      told.STATUS({ connection: 1, message: 's' }),
      told.STATUS({ connection: 2, message: 's' }),
    );
    expect(seen).toEqual(['status 2']);
    gate.resolve();
    await turn();
    expect(seen).toEqual(['status 2', 'connected 1', 'status 1']);
    expect(native.called('answer')).toEqual([[[1, 1]]]);
  });

  test('Log never waits', () => {
    const { server, native } = create();
    const seen = [];
    server.on('Log', (e) => {
      seen.push(e.message);
      return new Promise(() => {});
    });
    native.events(
      told.LOG({ connection: 1, level: 1, message: 'a', logType: '' }),
      told.LOG({ connection: 1, level: 1, message: 'b', logType: '' }),
      told.LOG({ connection: 0, level: 1, message: 'c', logType: '' }),
    );
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  test('many small pieces queued behind a promise all arrive, in order', async () => {
    const { server, native } = create();
    const gate = deferred();
    let text = '';
    server.on('SSHChannelDataIn', (e) => {
      text += e.data;
      return text.length === 1 ? gate.promise : undefined;
    });
    const pieces = Array.from({ length: 5000 }, (_, i) => data(1, String(i % 10)));
    native.events(...pieces);
    gate.resolve();
    await turn();
    expect(text).toBe('0123456789'.repeat(500));
    expect(native.totalConsumed(1)).toBe(5000);
  });
});

describe('questions', () => {
  test('Connected: untouched fields give a plain answer, a certificate goes along', () => {
    const { server, native } = create();
    server.on('Connected', (e) => {
      if (e.connectionId !== '2') return;
      e.certStoreType = 7;
      e.certStore = 'PEM';
      e.certSubject = '*';
    });
    native.events(
      told.CONNECTED({ question: 1, connection: 1 }),
      told.CONNECTED({ question: 2, connection: 2 }),
    );
    expect(native.called('answer', 'answerConnected')).toEqual([
      ['answer', [1, 1]],
      ['answerConnected', 2, 7, 'PEM', '', '*'],
    ]);
  });

  test('Connected for a connection that failed has the error and is not answered', () => {
    const { server, native } = create();
    const seen = [];
    server.on('Connected', (e) => seen.push([e.connectionId, e.statusCode, e.description]));
    native.events(
      told.CONNECTED_FAILED({ code: 10054, message: '[10054] Connection reset by peer.' }),
    );
    expect(seen).toEqual([['', 10054, '[10054] Connection reset by peer.']]);
    expect(native.called('answer')).toEqual([]);
  });

  test('what SSHChannelRequested calls comes after the answer, and it fires only after success', () => {
    const { server, native } = create();
    native.channels.set(2, channelInfo());
    const seen = [];
    server.on('SSHChannelRequest', (e) => {
      e.success = e.requestType === 'shell';
    });
    server.on('SSHChannelRequested', (e) => {
      seen.push([e.requestType, e.packet, 'success' in e]);
      void server.sendText(e.channelId, 'hello');
    });
    native.events(
      told.CHANNEL_REQUEST({
        question: 1,
        connection: 1,
        channel: 2,
        requestType: 'env',
        packet: bytes('e'),
      }),
      told.CHANNEL_REQUEST({
        question: 2,
        connection: 1,
        channel: 2,
        requestType: 'shell',
        packet: bytes('s'),
      }),
    );
    expect(seen).toEqual([['shell', 's', false]]);
    expect(native.called('answer', 'sendText')).toEqual([
      ['answer', [1, 0, 2, 1]],
      ['sendText', 1, 2, 'hello'],
    ]);
  });

  test('the answers of a batch are handed over together, however many they are', () => {
    const { server, native } = create();
    server.on('SSHChannelRequest', (e) => {
      e.success = e.requestType === 'env';
    });
    server.on('SSHChannelRequested', () => {});
    const questions = Array.from({ length: 700 }, (_, index) => index + 1);
    const type = (question) => (question % 3 === 0 ? 'other' : 'env');
    native.events(
      ...questions.map((it) =>
        told.CHANNEL_REQUEST({
          question: it,
          connection: 1,
          channel: 2,
          requestType: type(it),
          packet: bytes('p'),
        }),
      ),
    );
    const answers = questions.flatMap((it) => [it, it % 3 === 0 ? 0 : 1]);
    expect(native.called('answer')).toEqual([[answers]]);
    native.events(
      told.CHANNEL_REQUEST({
        question: 701,
        connection: 1,
        channel: 2,
        requestType: 'env',
        packet: bytes('p'),
      }),
    );
    expect(native.called('answer').at(-1)).toEqual([[701, 1]]);
  });

  test('the answer of a promise is handed over before the listeners of SSHChannelRequested run', async () => {
    const { server, native } = create();
    server.on('SSHChannelRequest', async (e) => {
      await turn();
      e.success = true;
    });
    const seen = [];
    server.on('SSHChannelRequested', () => seen.push(native.called('answer').length));
    native.events(
      told.CHANNEL_REQUEST({
        question: 1,
        connection: 1,
        channel: 2,
        requestType: 'exec',
        packet: bytes('p'),
      }),
    );
    await turn();
    await turn();
    expect(seen).toEqual([1]);
  });

  test('nothing waits for a promise of SSHChannelRequested, and a rejection is told', async () => {
    const { server, native } = create();
    const served = deferred();
    const seen = [];
    server.on('SSHChannelRequest', async (e) => {
      e.success = true;
    });
    server.on('SSHChannelRequested', (e) => {
      seen.push(e.requestType);
      return served.promise;
    });
    for (const name of ['SSHChannelDataIn', 'SSHChannelEOF', 'SSHChannelClosed', 'Disconnected'])
      server.on(name, (e) => seen.push(e.data ?? name));
    server.on('Error', (e) => seen.push(e.description));
    native.events(
      told.CHANNEL_REQUEST({
        question: 1,
        connection: 1,
        channel: 2,
        requestType: 'shell',
        packet: bytes(''),
      }),
      data(2, 'x'),
      told.CHANNEL_REQUEST({
        question: 2,
        connection: 1,
        channel: 2,
        requestType: 'window-change',
        packet: bytes(''),
      }),
      told.CHANNEL_EOF({ connection: 1, channel: 2 }),
      told.CHANNEL_CLOSED({ connection: 1, channel: 2, connectionOver: false }),
      told.DISCONNECTED({ connection: 1, code: 0, message: 'OK' }),
    );
    await turn();
    const last = ['SSHChannelEOF', 'SSHChannelClosed', 'Disconnected'];
    expect(seen.splice(0)).toEqual(['shell', 'x', 'window-change', ...last]);
    expect(native.called('answer')).toEqual([[[1, 1]], [[2, 1]]]);
    served.reject(new Error('the command was not found'));
    await turn();
    expect(seen).toHaveLength(2);
    expect(seen[0]).toContain('SSHChannelRequested failed: the command was not found');
  });

  test('a listener that is gone by the time of its event leaves the starting value', () => {
    const { native } = create();
    native.events(
      told.CONNECTION_REQUEST({ question: 1, address: 'a', port: 1, accept: false }),
      told.SERVICE_REQUEST({ question: 2, connection: 1, service: 's', accept: true }),
      told.CHANNEL_OPEN_REQUEST({
        question: 3,
        connection: 1,
        channel: 1,
        service: 's',
        parameters: bytes(''),
      }),
    );
    expect(native.called('answer')).toEqual([[[1, 0, 2, 1, 3, 0]]]);
  });
});
