'use strict';

// Clients by hand, which end with their test: one that says whatever bytes a test wants before there are
// keys, and one that logs in (raw_session.js).

const net = require('node:net');
const { afterTest } = require('./cleanup.js');
const { portOf } = require('./tcp_client.js');
const { kexInit, message, packet } = require('./raw_packets.js');
const { RawSession } = require('./raw_session.js');

const VERSION = 'SSH-2.0-raw\r\n';

/** A socket to the server that knows the server's packets as long as they are not encrypted. */
class RawClient {
  #bytes = Buffer.alloc(0);
  #inVersion = true;
  #waiting = [];
  messages = [];

  constructor(server) {
    this.socket = net.connect(portOf(server), '127.0.0.1');
    this.closed = new Promise((resolve) => this.socket.once('close', resolve));
    this.socket.on('error', () => {}); // a reset is an end too
    this.socket.on('data', (chunk) => this.#take(chunk));
    const done = afterTest('clients', async () => {
      this.socket.destroy();
      await this.closed;
    });
    void this.closed.then(() => {
      done();
      for (const { resolve } of this.#waiting.splice(0)) resolve(undefined);
    });
  }

  #take(chunk) {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    if (this.#inVersion) {
      const end = this.#bytes.indexOf('\n');
      if (end < 0) return;
      this.#inVersion = false;
      this.#bytes = this.#bytes.subarray(end + 1);
    }
    while (this.#bytes.length >= 4 && this.#bytes.length >= 4 + this.#bytes.readUInt32BE(0)) {
      const length = this.#bytes.readUInt32BE(0);
      const payload = this.#bytes.subarray(5, 4 + length - this.#bytes[4]);
      this.#bytes = this.#bytes.subarray(4 + length);
      this.messages.push(payload);
      const waiting = this.#waiting.findIndex(({ number }) => number === payload[0]);
      if (waiting >= 0) this.#waiting.splice(waiting, 1)[0].resolve(payload);
    }
  }

  write(...parts) {
    this.socket.write(Buffer.concat(parts.map((part) => Buffer.from(part))));
  }

  /** The first message with this number, past or to come; undefined when the connection ends first. */
  async first(number) {
    const found = this.messages.find((payload) => payload[0] === number);
    if (found || this.socket.destroyed) return found;
    return new Promise((resolve) => this.#waiting.push({ number, resolve }));
  }

  /** Waits for the end: what DISCONNECT said, as `reason: description`. */
  async disconnected() {
    await this.closed;
    const payload = this.messages.at(-1);
    if (payload?.[0] !== 1) return undefined;
    const text = payload.subarray(9, 9 + payload.readUInt32BE(5)).toString();
    return `${payload.readUInt32BE(1)}: ${text}`;
  }
}

/** A RawSession on a server, or on a port, that ends with the test. */
function rawSession(server, user) {
  const session = new RawSession(portOf(server), user);
  const done = afterTest('clients', async () => {
    session.socket.destroy();
    await session.closed;
  });
  void session.closed.then(done);
  return session;
}

module.exports = { VERSION, RawClient, kexInit, message, packet, rawSession };
