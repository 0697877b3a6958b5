'use strict';

const { EventEmitter } = require('node:events');
const native = require('./native.js');
const { Core } = require('./core.js');
const { Certificate, nativeCertificate, watchersOfCertificate } = require('./certificate.js');
const { SSHPromptList, flattenPrompts, watchersOfList } = require('./prompts.js');
const { SSHChannelMap, SSHConnectionMap } = require('./views.js');
const { ChannelStream } = require('./channel_stream.js');
const { toServerError } = require('./errors.js');
const {
  checkBytes,
  checkId,
  checkInstance,
  checkInteger,
  checkNumber,
  checkString,
} = require('./args.js');
const { defineField } = require('./accessors.js');

const CHANNEL_CLOSE = 97;
const CHANNEL_REQUEST = 98;
const MAX_UINT32 = 0xffffffff;
const NO_PARAMETERS = new Uint8Array(0);
const MAX_RECORD_LENGTH = 0x7fffffff;

/** The properties that the addon stores, with their types; the plain name is the documented one in camelCase. */
const NATIVE_PROPERTIES = [
  ['ConnectionBacklog', 'connectionBacklog', checkNumber],
  ['DefaultAuthMethods', 'defaultAuthMethods', checkString],
  ['DefaultIdleTimeout', 'defaultIdleTimeout', checkNumber],
  ['DefaultTimeout', 'defaultTimeout', checkNumber],
  ['KeyboardInteractiveMessage', 'keyboardInteractiveMessage', checkString],
  ['LocalHost', 'localHost', checkString],
  ['LocalPort', 'localPort', checkNumber],
  ['SSHCompressionAlgorithms', 'sshCompressionAlgorithms', checkString],
  ['SSHEncryptionAlgorithms', 'sshEncryptionAlgorithms', checkString],
];

function statelessCall(name, ...args) {
  try {
    return native[name](...args);
  } catch (error) {
    throw toServerError(error);
  }
}

/** What follows the channel number in an exit-status request (RFC 4254 6.10); it wants no reply. */
function exitStatusPayload(status) {
  const name = 'exit-status';
  const payload = Buffer.alloc(4 + name.length + 1 + 4);
  payload.writeUInt32BE(name.length, 0);
  payload.write(name, 4, 'latin1');
  payload.writeUInt32BE(status, 4 + name.length + 1);
  return payload;
}

/** Serves a channel as an SFTP session; for lib/sftp, whose options.js makes the options. Assigned by the class. */
let serveFiles;
/** The same over an object of the program; for lib/sftp/object.js. Assigned by the class. */
let serveObject;

/** The documented class. What the members do is described in index.d.ts. */
class sshserver extends EventEmitter {
  #core;
  #connections;
  #channels;
  #certificate;
  #prompts;
  #certificateWatcher = { changed: (certificate) => this.#certificateChanged(certificate) };
  #promptsWatcher = { changed: (list) => this.#promptsChanged(list) };

  static {
    serveFiles = (server, channelId, options) =>
      server.#core.operation('serveFiles', checkId(channelId, 'channelId'), options);
    serveObject = async (server, channelId, options, lacking) => {
      const core = server.#core;
      const channel = checkId(channelId, 'channelId');
      const desk = new native.NativeDesk();
      await core.operation('serveObject', channel, options, lacking, desk);
      return {
        /** The next calls; none when the channel is gone. */
        async next() {
          await core.operation('awaitCalls', channel, desk);
          return desk.take();
        },
        answer: (answers, data) => core.query('answerCalls', channel, desk, answers, data),
      };
    };
  }

  constructor() {
    super();
    this.#core = new Core(this);
    this.#connections = new SSHConnectionMap(this.#core);
    this.#channels = new SSHChannelMap(this.#core);
    this.#adoptCertificate(new Certificate());
    this.#adoptPrompts(new SSHPromptList());
  }

  // --- EventEmitter: the addon is told which events anyone listens to ---

  on(name, listener) {
    super.on(name, listener);
    this.#core.listenersChanged(name);
    return this;
  }

  addListener(name, listener) {
    return this.on(name, listener);
  }

  prependListener(name, listener) {
    super.prependListener(name, listener);
    this.#core.listenersChanged(name);
    return this;
  }

  off(name, listener) {
    super.off(name, listener);
    this.#core.listenersChanged(name);
    return this;
  }

  removeListener(name, listener) {
    return this.off(name, listener);
  }

  removeAllListeners(...args) {
    super.removeAllListeners(...args);
    this.#core.listenersChanged(...args);
    return this;
  }

  // --- methods ---

  startListening(callback) {
    return this.#core.calls.run(callback, () => this.#core.listening.start());
  }

  stopListening(callback) {
    return this.#core.calls.run(callback, () => this.#core.listening.stop('stopListening'));
  }

  shutdown(callback) {
    return this.#core.calls.run(callback, () => this.#core.listening.stop('shutdown'));
  }

  reset(callback) {
    return this.#core.calls.run(callback, async () => {
      await this.#core.listening.stop('reset');
      this.#core.settingsChanged();
      // The addon has reset its own state; the certificate and the prompts are held by the facade.
      this.#adoptCertificate(new Certificate());
      this.#adoptPrompts(new SSHPromptList());
    });
  }

  doEvents(callback) {
    return this.#core.calls.run(callback, () => this.#core.lifetime.doEvents());
  }

  config(configurationString, callback) {
    return this.#core.calls.run(callback, () => {
      checkString(configurationString, 'configurationString');
      return this.#core.config(configurationString);
    });
  }

  disconnect(connectionId, callback) {
    return this.#core.calls.run(callback, () =>
      this.#core.connectionOperation('disconnect', checkId(connectionId, 'connectionId')),
    );
  }

  exchangeKeys(connectionId, callback) {
    return this.#core.calls.run(callback, () =>
      this.#core.connectionOperation('exchangeKeys', checkId(connectionId, 'connectionId')),
    );
  }

  openChannel(connectionId, channelType, parameters, callback) {
    if (typeof parameters === 'function' && callback === undefined)
      return this.openChannel(connectionId, channelType, undefined, parameters);
    return this.#core.calls.run(callback, () => {
      const connection = checkId(connectionId, 'connectionId');
      checkString(channelType, 'channelType');
      if (parameters !== undefined) checkBytes(parameters, 'parameters');
      return this.#core.openChannel(connection, channelType, parameters ?? NO_PARAMETERS);
    });
  }

  closeChannel(channelId, callback) {
    return this.#core.calls.run(callback, () =>
      this.#core.closeChannel(checkId(channelId, 'channelId')),
    );
  }

  changeRecordLength(channelId, recordLength, callback) {
    return this.#core.calls.run(callback, () => {
      const channel = checkId(channelId, 'channelId');
      checkInteger(recordLength, 'recordLength', 0, MAX_RECORD_LENGTH);
      this.#core.changeRecordLength(channel, recordLength);
    });
  }

  sendBytes(channelId, data, callback) {
    return this.#core.calls.run(callback, () => this.#sendData(channelId, data, 0));
  }

  sendChannelData(channelId, data, callback) {
    return this.#core.calls.run(callback, () => this.#sendData(channelId, data, 0));
  }

  sendText(channelId, text, callback) {
    return this.#core.calls.run(callback, () => {
      const channel = checkId(channelId, 'channelId');
      checkString(text, 'text');
      return this.#core.operation('sendText', channel, text);
    });
  }

  sendSSHPacket(channelId, packetType, payload, callback) {
    return this.#core.calls.run(callback, () => {
      const channel = checkId(channelId, 'channelId');
      checkInteger(packetType, 'packetType', 0, 255);
      checkBytes(payload, 'payload');
      const sent = this.#core.operation('sendPacket', channel, packetType, payload);
      if (packetType === CHANNEL_CLOSE) this.#core.closing(channel);
      return sent;
    });
  }

  getSSHParam(payload, field) {
    checkBytes(payload, 'payload');
    checkString(field, 'field');
    return statelessCall('getSshParam', payload, field);
  }

  getSSHParamBytes(payload, field, callback) {
    return this.#core.calls.run(callback, () => {
      checkBytes(payload, 'payload');
      checkString(field, 'field');
      return statelessCall('getSshParamBytes', payload, field);
    });
  }

  setSSHParam(payload, fieldType, fieldValue) {
    if (payload !== null && payload !== undefined) checkBytes(payload, 'payload');
    checkString(fieldType, 'fieldType');
    checkString(fieldValue, 'fieldValue');
    return statelessCall('setSshParam', payload ?? null, fieldType, fieldValue);
  }

  // --- extensions ---

  sendEOF(channelId, callback) {
    return this.#core.calls.run(callback, () =>
      this.#core.endOperation('sendEof', checkId(channelId, 'channelId')),
    );
  }

  sendExtendedData(channelId, data, type, callback) {
    if (typeof type === 'function' && callback === undefined)
      return this.sendExtendedData(channelId, data, 1, type);
    return this.#core.calls.run(callback, () => {
      if (type !== undefined) checkInteger(type, 'type', 1, MAX_UINT32);
      return this.#sendData(channelId, data, type ?? 1);
    });
  }

  sendExitStatus(channelId, status, callback) {
    return this.#core.calls.run(callback, () => {
      const channel = checkId(channelId, 'channelId');
      checkInteger(status, 'status', 0, MAX_UINT32);
      return this.#core.operation(
        'sendPacket',
        channel,
        CHANNEL_REQUEST,
        exitStatusPayload(status),
      );
    });
  }

  getChannelStream(channelId) {
    const channel = checkId(channelId, 'channelId');
    return this.#core.stream(
      channel,
      (connection) => new ChannelStream(this.#core, channel, connection),
    );
  }

  ref() {
    this.#core.lifetime.setReferenced(true);
    return this;
  }

  unref() {
    this.#core.lifetime.setReferenced(false);
    return this;
  }

  #sendData(channelId, data, extendedType) {
    const channel = checkId(channelId, 'channelId');
    checkBytes(data, 'data');
    return this.#core.operation('send', channel, data, extendedType);
  }

  #adoptCertificate(certificate) {
    if (this.#certificate !== undefined)
      watchersOfCertificate(this.#certificate).delete(this.#certificateWatcher);
    this.#certificate = certificate;
    watchersOfCertificate(certificate).add(this.#certificateWatcher);
  }

  #certificateChanged(certificate) {
    this.#core.query('setCertificate', nativeCertificate(certificate));
  }

  #adoptPrompts(list) {
    if (this.#prompts !== undefined) watchersOfList(this.#prompts).delete(this.#promptsWatcher);
    this.#prompts = list;
    watchersOfList(list).add(this.#promptsWatcher);
  }

  #promptsChanged(list) {
    this.#core.query('setPrompts', flattenPrompts(list));
  }

  static {
    const field = (options) => defineField(sshserver, options);
    for (const [stem, property, check] of NATIVE_PROPERTIES) {
      field({
        stem,
        property,
        get() {
          return this.#core.query('get', stem);
        },
        set(value) {
          check(value, property);
          this.#core.query('set', stem, value, this.#core.listeners.inConnected);
        },
      });
    }
    field({
      stem: 'Channels',
      get() {
        return this.#channels;
      },
    });
    field({
      stem: 'Connections',
      get() {
        return this.#connections;
      },
    });
    field({
      stem: 'Listening',
      boolean: true,
      get() {
        return this.#core.query('get', 'Listening');
      },
    });
    field({
      stem: 'SSHCert',
      property: 'sshCert',
      get() {
        return this.#certificate;
      },
      set(certificate) {
        checkInstance(certificate, Certificate, 'sshCert');
        this.#certificateChanged(certificate);
        this.#adoptCertificate(certificate);
      },
    });
    field({
      stem: 'KeyboardInteractivePrompts',
      get() {
        return this.#prompts;
      },
      set(list) {
        checkInstance(list, SSHPromptList, 'keyboardInteractivePrompts');
        this.#promptsChanged(list);
        this.#adoptPrompts(list);
      },
    });
  }
}

module.exports = { sshserver, serveFiles, serveObject };
