'use strict';

// A client that logs in and then sends whatever a test tells it to, as fast as it can: for floods, and for
// messages that no real client sends. It reads only messages that are waited for, so it can leave everything
// else unread. Needs neither the addon nor jest, so that floods come from processes of their own.

const { createHash, createPublicKey, diffieHellman, generateKeyPairSync } = require('node:crypto');
const { once } = require('node:events');
const net = require('node:net');
const { AesGcm, kexInit, message, plain } = require('./raw_packets.js');
const { byte, flag, mpint, string, uint32 } = require('./wire.js');

const VERSION = 'SSH-2.0-raw';
/** What a client gives away before it has all of a channel's data. */
const WINDOW = 2 ** 31;

const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();

/** The strings of a message, from an offset on. */
function strings(payload, at) {
  const found = [];
  for (let i = at; i + 4 <= payload.length;) {
    const end = i + 4 + payload.readUInt32BE(i);
    found.push(payload.subarray(i + 4, end));
    i = end;
  }
  return found;
}

class RawSession {
  #bytes = Buffer.alloc(0);
  #in = plain;
  #out = plain;
  #service = false;
  #theirs;
  #sessionId;
  #user;

  constructor(port, user = 'raw', { localAddress } = {}) {
    this.#user = user;
    this.socket = net.connect({ port, host: '127.0.0.1', noDelay: true, localAddress });
    this.socket.on('error', () => {}); // a reset is an end too
    this.closed = new Promise((resolve) => this.socket.once('close', resolve));
  }

  // --- bytes

  /** Some of what the server has sent. */
  async #more() {
    for (;;) {
      const chunk = this.socket.read();
      if (chunk !== null) {
        this.#bytes = Buffer.concat([this.#bytes, chunk]);
        return;
      }
      const ended = this.closed.then(() => true);
      const readable = once(this.socket, 'readable').then(() => false);
      readable.catch(() => {});
      if (this.socket.destroyed || (await Promise.race([ended, readable]))) {
        throw new Error('the server has closed the connection');
      }
    }
  }

  /** H of the first key exchange (RFC 4253 section 7.2). */
  get sessionId() {
    return this.#sessionId;
  }

  async #line() {
    while (!this.#bytes.includes('\n')) await this.#more();
    const end = this.#bytes.indexOf('\n');
    const line = this.#bytes.subarray(0, end).toString().trimEnd();
    this.#bytes = this.#bytes.subarray(end + 1);
    return line;
  }

  /** The next message with one of these numbers; others before it are dropped. */
  async expect(...numbers) {
    for (;;) {
      const found = this.#in.open(this.#bytes);
      if (found === undefined) {
        await this.#more();
        continue;
      }
      this.#bytes = this.#bytes.subarray(found.taken);
      const [number] = found.payload;
      if (numbers.includes(number)) return Buffer.from(found.payload);
      if (number === 1) throw new Error(`DISCONNECT: ${strings(found.payload, 5)[0]}`);
    }
  }

  /** Bytes on the wire for these payloads, to be written in their order. */
  seal(payloads) {
    return Buffer.concat(payloads.map((payload) => this.#out.seal(payload)));
  }

  /** Resolves when the system has taken them, or the connection has ended. */
  send(...payloads) {
    return this.write(this.seal(payloads));
  }

  write(bytes) {
    return Promise.race([new Promise((done) => this.socket.write(bytes, done)), this.closed]);
  }

  /** Reads nothing from now on. */
  stopReading() {
    this.socket.pause();
    this.socket.removeAllListeners('readable');
  }

  /** From now on reads everything and drops it. */
  readOn() {
    this.socket.removeAllListeners('readable');
    this.socket.resume();
  }

  // --- the transport

  /** `lists` are in place of those of kexInit. */
  async handshake(lists = {}) {
    await this.write(`${VERSION}\r\n`);
    this.#theirs = await this.#line();
    return this.exchangeKeys(lists);
  }

  /** A key exchange, the first one or another. */
  async exchangeKeys(lists = {}) {
    const cipher = 'aes128-gcm@openssh.com';
    const init = kexInit({ cipherIn: cipher, cipherOut: cipher, ...lists });
    await this.send(init);
    const serverInit = await this.expect(20);
    const { privateKey, publicKey } = generateKeyPairSync('x25519');
    // An SPKI ends with the 32 bytes of the key (RFC 8410).
    const point = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
    await this.send(message(30, point));
    const [hostKey, serverPoint] = strings(await this.expect(31), 1);
    const spki = Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), serverPoint]);
    const serverKey = createPublicKey({ key: spki, type: 'spki', format: 'der' });
    const secret = mpint(diffieHellman({ privateKey, publicKey: serverKey }));
    // RFC 5656 section 4, with the points of RFC 8731.
    const hash = sha256(
      ...[VERSION, this.#theirs, init, serverInit, hostKey, point, serverPoint].map(string),
      secret,
    );
    // RFC 4253 section 7.2: the first hash stays the identifier of the session.
    this.#sessionId ??= hash;
    const derive = (letter, len) =>
      sha256(secret, hash, Buffer.from(letter), this.#sessionId).subarray(0, len);
    await this.expect(21);
    await this.send(byte(21));
    this.#out = new AesGcm(derive('C', 16), derive('A', 12));
    this.#in = new AesGcm(derive('D', 16), derive('B', 12));
    return this;
  }

  // --- the login, and channels

  /** The reply to one attempt; `fields` are what the method has besides. */
  async authenticate(method, ...fields) {
    if (!this.#service) {
      await this.send(message(5, 'ssh-userauth'));
      await this.expect(6);
      this.#service = true;
    }
    const who = [this.#user, 'ssh-connection', method].map(string);
    await this.send(Buffer.concat([byte(50), ...who, ...fields]));
    return this.expect(51, 52, 60);
  }

  async login(password = 'x', lists = {}) {
    await this.handshake(lists);
    const [number] = await this.authenticate('password', flag(false), string(password));
    if (number !== 52) throw new Error('the login was refused');
    return this;
  }

  /** Asks about a key without a signature: the number of the reply, and the fields that it repeats. */
  async askForKey(algorithm, blob) {
    const fields = [flag(false), string(algorithm), string(blob)];
    const reply = await this.authenticate('publickey', ...fields);
    const [named, shown] = strings(reply, 1);
    return [reply[0], named?.toString(), shown];
  }

  /** Opens a session; the server's number for it. */
  async open(number, sizes) {
    await this.send(channelOpen(number, sizes));
    const reply = await this.expect(91, 92);
    if (reply[0] !== 91) throw new Error('the channel was refused');
    return reply.readUInt32BE(5);
  }

  /** A round trip through the server: a global request that it does not know. */
  async ask() {
    await this.send(globalRequest('ask@example.com', true));
    await this.expect(82);
  }
}

const globalRequest = (name, wantReply) => Buffer.concat([byte(80), string(name), flag(wantReply)]);
const channelOpen = (number, { window = WINDOW, packet = 32768 } = {}) =>
  Buffer.concat([byte(90), string('session'), ...[number, window, packet].map(uint32)]);
const channelRequest = (channel, type, wantReply, ...fields) =>
  Buffer.concat([byte(98), uint32(channel), string(type), flag(wantReply), ...fields]);
const channelData = (channel, data) => Buffer.concat([byte(94), uint32(channel), string(data)]);
const extendedData = (channel, data, type = 1) =>
  Buffer.concat([byte(95), uint32(channel), uint32(type), string(data)]);

module.exports = {
  RawSession,
  channelData,
  channelOpen,
  channelRequest,
  extendedData,
  globalRequest,
};
