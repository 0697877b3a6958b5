'use strict';

const { CODE } = require('./boundary.js');
const { SSHServerError } = require('./errors.js');
const {
  checkBoolean,
  checkBytes,
  checkFunction,
  checkInteger,
  checkString,
  idNumber,
} = require('./args.js');
const { defineField } = require('./accessors.js');

const MAX_SECONDS = 0x7fffffff;

/** What the objects show that a program makes itself. */
const NO_CONNECTION = { localAddress: '', remoteHost: '', remotePort: 0, timeout: 0 };
const NO_CHANNEL = { connection: 0, service: '', bytesSent: 0, readyToSend: false };

/** A client. Fields that cannot change are stored, so that they can still be read after the connection is gone. */
class SSHConnection {
  #core;
  #id;
  #info;

  // The maps pass arguments; `new SSHConnection()` in a program makes an empty object.
  constructor(core = null, id = 0, info = { ...NO_CONNECTION }) {
    this.#core = core;
    this.#id = id;
    this.#info = info;
  }

  #live() {
    const info = this.#core === null ? null : this.#core.query('connectionInfo', this.#id);
    if (info !== null) this.#info = info;
    return info !== null;
  }

  static {
    const field = (stem, get, set, boolean) =>
      defineField(SSHConnection, { stem, get, set, boolean });
    field(
      'Connected',
      function () {
        return this.#core !== null && this.#core.query('isConnected', this.#id);
      },
      function (connected) {
        checkBoolean(connected, 'connected');
        if (connected === this.connected) return;
        if (connected) throw new SSHServerError(CODE.UNKNOWN_ID, 'Invalid ConnectionId.');
        // A setter cannot return a promise: a later failure is reported by an Error event.
        void this.#core.connectionOperation('disconnect', this.#id);
      },
      true,
    );
    field('ConnectionId', function () {
      return this.#id === 0 ? '' : String(this.#id);
    });
    field('LocalAddress', function () {
      return this.#info.localAddress;
    });
    field('RemoteHost', function () {
      return this.#info.remoteHost;
    });
    field('RemotePort', function () {
      return this.#info.remotePort;
    });
    field(
      'Timeout',
      function () {
        this.#live();
        return this.#info.timeout;
      },
      function (timeout) {
        checkInteger(timeout, 'timeout', 0, MAX_SECONDS);
        if (this.#core === null) this.#info.timeout = timeout;
        else this.#core.query('setConnectionTimeout', this.#id, timeout);
      },
    );
  }
}

/** An open channel. */
class SSHChannel {
  #core;
  #id;
  #info;

  constructor(core = null, id = 0, info = NO_CHANNEL) {
    this.#core = core;
    this.#id = id;
    this.#info = info;
  }

  /** Reads the current counters; a channel that is gone keeps its last ones. */
  #read() {
    const info = this.#core === null ? null : this.#core.query('channelInfo', this.#id);
    if (info === null) this.#info = { ...this.#info, readyToSend: false };
    else this.#info = info;
    return this.#info;
  }

  #send(method, data, ...rest) {
    if (this.#core === null) throw new SSHServerError(CODE.UNKNOWN_ID, 'Invalid ChannelId.');
    void this.#core.operation(method, this.#id, data, ...rest);
  }

  static {
    const field = (stem, get, set, boolean) => defineField(SSHChannel, { stem, get, set, boolean });
    field('BytesSent', function () {
      return this.#read().bytesSent;
    });
    field('ChannelId', function () {
      return this.#id === 0 ? '' : String(this.#id);
    });
    field('ConnectionId', function () {
      return this.#info.connection === 0 ? '' : String(this.#info.connection);
    });
    field('DataToSend', undefined, function (text) {
      checkString(text, 'dataToSend');
      this.#send('sendText', text);
    });
    field('DataToSendB', undefined, function (data) {
      checkBytes(data, 'dataToSendB');
      this.#send('send', data, 0);
    });
    field(
      'ReadyToSend',
      function () {
        return this.#read().readyToSend;
      },
      undefined,
      true,
    );
    field(
      'RecordLength',
      function () {
        return this.#core === null ? 0 : this.#core.recordLength(this.#id);
      },
      function (length) {
        checkInteger(length, 'recordLength', 0, MAX_SECONDS);
        if (this.#core === null) throw new SSHServerError(CODE.UNKNOWN_ID, 'Invalid ChannelId.');
        this.#core.changeRecordLength(this.#id, length);
      },
    );
    field('Service', function () {
      return this.#info.service;
    });
  }
}

/** A live view: it copies nothing, and makes an object only for an entry that is read. */
class IdMap {
  #core;
  #type;
  #calls;

  constructor(core, type, calls) {
    this.#core = core;
    this.#type = type;
    this.#calls = calls;
  }

  size() {
    return this.#core.query(this.#calls.count);
  }

  has(id) {
    const number = typeof id === 'string' ? idNumber(id) : 0;
    return number !== 0 && this.#core.query(this.#calls.has, number);
  }

  get(id) {
    return typeof id === 'string' ? this.#make(idNumber(id)) : undefined;
  }

  item(id) {
    return this.get(id);
  }

  *keys() {
    for (const id of this.#core.query(this.#calls.ids)) yield String(id);
  }

  *values() {
    for (const [, value] of this.entries()) yield value;
  }

  *entries() {
    for (const id of this.#core.query(this.#calls.ids)) {
      const value = this.#make(id);
      // undefined: gone since the iteration began.
      if (value !== undefined) yield [String(id), value];
    }
  }

  [Symbol.iterator]() {
    return this.entries();
  }

  forEach(callback, thisArg) {
    checkFunction(callback, 'callback');
    for (const [id, value] of this.entries()) callback.call(thisArg, value, id, this);
  }

  #make(number) {
    const info = number === 0 ? null : this.#core.query(this.#calls.info, number);
    return info === null ? undefined : new this.#type(this.#core, number, info);
  }
}

class SSHConnectionMap extends IdMap {
  constructor(core) {
    super(core, SSHConnection, {
      count: 'connectionCount',
      ids: 'connectionIds',
      has: 'hasConnection',
      info: 'connectionInfo',
    });
  }
}

class SSHChannelMap extends IdMap {
  constructor(core) {
    super(core, SSHChannel, {
      count: 'channelCount',
      ids: 'channelIds',
      has: 'hasChannel',
      info: 'channelInfo',
    });
  }
}

module.exports = { SSHConnection, SSHChannel, SSHConnectionMap, SSHChannelMap };
