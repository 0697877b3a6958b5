'use strict';

// A NativeServer in plain JavaScript (a test double), for unit tests of what the facade does with events and
// calls. It does not implement SSH: a test queues the events, and reads which methods the facade called.

const { MEMORY } = require('../../lib/boundary.js');
const told = require('./told.js');

const FIELD_DEFAULTS = {
  LocalHost: '',
  LocalPort: 22,
  ConnectionBacklog: 5,
  DefaultAuthMethods: 'password,publickey',
  DefaultIdleTimeout: 0,
  DefaultTimeout: 60,
  KeyboardInteractiveMessage: '',
  SSHCompressionAlgorithms: 'none,zlib',
  SSHEncryptionAlgorithms: 'aes256-ctr',
  Listening: false,
};

const TEXTS = {
  126: 'Invalid ConnectionId.',
  1202: 'Could not forward connection/channel data. A detailed message follows.',
  1300: 'Could not authenticate client.',
};

function nativeError(code, message) {
  return Object.assign(new Error(message), { code: String(code) });
}

const OPERATIONS = new Set([
  ...['startListening', 'stopListening', 'shutdown', 'reset'],
  ...['disconnect', 'exchangeKeys', 'openChannel', 'closeChannel', 'abortChannel'],
  ...['send', 'write', 'sendText', 'sendPacket', 'sendEof'],
]);

class NativeServer {
  static last = null;

  constructor(wake) {
    this.wake = wake;
    this.queue = [];
    this.calls = [];
    this.mask = 0;
    this.fields = { ...FIELD_DEFAULTS };
    this.connections = new Map();
    this.channels = new Map();
    /** What the next sends return or throw; true (complete at once) when empty. */
    this.sendResults = [];
    this.autoComplete = true;
    NativeServer.last = this;
  }

  // --- what tests use ---

  /** Queues events of told.js and wakes the facade once, as the addon does. */
  events(...events) {
    for (const event of events) this.queue.push(...event);
    this.wake();
  }

  /** The test double can always wake the facade. */
  rest() {}

  rouse() {}

  done(op, code = 0, message = '', value = null) {
    this.events(told.OP_DONE({ op, code, message, value }));
  }

  /** Ends every operation: one under way keeps the process alive. */
  finish() {
    for (const [name, op] of this.calls) {
      if (OPERATIONS.has(name)) this.done(op, name === 'openChannel' ? 1 : 0);
    }
    this.fields.Listening = false;
  }

  /** The calls of these methods, in order, without the method's name when it is only one. */
  called(...names) {
    const calls = this.calls.filter(([name]) => names.includes(name));
    return names.length === 1 ? calls.map(([, ...args]) => args) : calls;
  }

  listensTo(kind) {
    return (this.mask & (1 << kind)) !== 0;
  }

  totalConsumed(channel) {
    let total = 0;
    for (const [pairs] of this.called('consumed')) {
      for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === channel) total += pairs[i + 1];
    }
    return total;
  }

  // --- the boundary ---

  settle() {
    return false;
  }

  drain() {
    return this.queue.splice(0);
  }

  setListeners(mask) {
    this.mask = mask;
    this.calls.push(['setListeners', mask]);
  }

  get(name) {
    return this.fields[name];
  }

  set(name, value) {
    if (value === 'forbidden')
      throw nativeError(107, 'Cannot change LocalHost when TCPServer is listening.');
    this.fields[name] = value;
  }

  config(text) {
    this.calls.push(['config', text]);
    if (text.startsWith('Unknown')) throw nativeError(1299, 'unknown setting');
    return text.includes('=') ? '' : `value of ${text}`;
  }

  codePage() {
    return { id: 65001, memory: MEMORY.UTF8 };
  }

  alternativeToLoad() {
    return null;
  }

  connectionCount() {
    return this.connections.size;
  }

  connectionIds() {
    return [...this.connections.keys()];
  }

  hasConnection(id) {
    return this.connections.has(id);
  }

  isConnected(id) {
    return this.connections.has(id);
  }

  connectionInfo(id) {
    return this.connections.get(id) ?? null;
  }

  setConnectionTimeout(id, seconds) {
    if (!this.connections.has(id)) throw nativeError(126, TEXTS[126]);
    this.connections.get(id).timeout = seconds;
  }

  channelCount() {
    return this.channels.size;
  }

  channelIds() {
    return [...this.channels.keys()];
  }

  hasChannel(id) {
    return this.channels.has(id);
  }

  isOpen(id) {
    return this.channels.has(id);
  }

  channelInfo(id) {
    return this.channels.get(id) ?? null;
  }
}

for (const name of [
  'answerAuth',
  'answerConnected',
  'answerTunnel',
  'pause',
  'releaseChannel',
  'releaseConnection',
  'setPrompts',
  'setCertificate',
  'abort',
]) {
  NativeServer.prototype[name] = function (...args) {
    this.calls.push([name, ...args]);
  };
}

// The facade uses the memory of the numbers again.
for (const name of ['answer', 'consumed']) {
  NativeServer.prototype[name] = function (numbers, length) {
    this.calls.push([name, [...numbers.subarray(0, length)]]);
  };
}

for (const name of ['startListening', 'stopListening', 'shutdown', 'reset']) {
  NativeServer.prototype[name] = function (op) {
    if (name === 'startListening' && this.fields.Listening)
      throw nativeError(104, 'TCPServer is already listening.');
    this.calls.push([name, op]);
    if (!this.autoComplete) return;
    setImmediate(() => {
      this.fields.Listening = name === 'startListening';
      this.done(op);
    });
  };
}

for (const name of [
  ...['disconnect', 'exchangeKeys', 'openChannel'],
  ...['closeChannel', 'abortChannel'],
]) {
  NativeServer.prototype[name] = function (op, id, ...rest) {
    const ofChannel = name === 'closeChannel' || name === 'abortChannel';
    const known = ofChannel ? this.channels : this.connections;
    if (!known.has(id)) throw nativeError(126, ofChannel ? 'Invalid ChannelId.' : TEXTS[126]);
    this.calls.push([name, op, id, ...rest]);
  };
}

for (const name of ['send', 'write', 'sendText', 'sendPacket', 'sendEof']) {
  NativeServer.prototype[name] = function (op, id, ...rest) {
    if (!this.channels.has(id)) throw nativeError(126, 'Invalid ChannelId.');
    this.calls.push([name, op, id, ...rest]);
    const result = this.sendResults.length === 0 ? true : this.sendResults.shift();
    if (typeof result === 'object') throw result;
    return result;
  };
}

/** `new Map` of what can be loaded: key is the store as text, value the certificates in it. */
class NativeCertificate {
  static stores = new Map();
  static loads = [];

  static load(request) {
    const match = NativeCertificate.find(request);
    if (match === null) throw nativeError(1301, 'no such certificate');
    return match;
  }

  static find(request) {
    NativeCertificate.loads.push(request);
    const { storePassword, keyPassword, subject, thumbprint, encoded } = request;
    const { password, certificates } = NativeCertificate.open(request.store);
    if (password !== undefined && (keyPassword ?? storePassword) !== password)
      throw nativeError(1301, 'cannot open the store');
    const plain = (text = '') => text.replace(/[ :]/g, '').toLowerCase();
    const given = encoded && NativeCertificate.open(encoded).certificates[0].ThumbprintSHA256;
    const wanted = plain(given ?? thumbprint);
    const match = certificates.find(({ Subject, ThumbprintSHA256 }) =>
      wanted ? plain(ThumbprintSHA256) === wanted : subject === '*' || Subject.includes(subject),
    );
    return match === undefined ? null : new NativeCertificate(match);
  }

  static open(store) {
    const key = typeof store === 'string' ? store : Buffer.from(store).toString();
    const found = NativeCertificate.stores.get(key);
    if (found === undefined) throw nativeError(1301, 'cannot open the store');
    return found;
  }

  static async loadAsync(request) {
    return NativeCertificate.load(request);
  }

  constructor(fields) {
    this.fields = fields;
  }

  field(name) {
    return this.fields[name] ?? '';
  }
}

module.exports = {
  NativeServer,
  NativeCertificate,
  nativeError,
  /** 64 events without text. */
  backlogLimits: () => ({ most: 64 * 1024, eventCost: 1024 }),
  errorText: (code) => TEXTS[code] ?? `error ${code}`,
  getSshParam: (payload, field) => {
    if (field === 'bad') throw nativeError(1299, 'no such field');
    return `${field} of ${payload.length}`;
  },
  getSshParamBytes: (payload) => payload.subarray(1),
  setSshParam: (payload, type, value) =>
    Buffer.concat([payload ?? Buffer.alloc(0), Buffer.from(`${type}:${value};`)]),
};
