'use strict';

// The packets of an SSH client by hand, before there are keys and after: whatever bytes a test wants. Needs
// neither the addon nor jest.

const { createCipheriv, createDecipheriv } = require('node:crypto');
const { byte, string, uint32 } = require('./wire.js');

/** A packet without encryption (RFC 4253 section 6). */
function packet(payload) {
  const padding = 16 - ((5 + payload.length) % 8);
  return Buffer.concat([
    uint32(1 + payload.length + padding),
    byte(padding),
    payload,
    Buffer.alloc(padding),
  ]);
}

/** The payload of SSH_MSG_KEXINIT, with these lists in place of those that anybody has. */
function kexInit(lists = {}) {
  const has = {
    kex: 'curve25519-sha256',
    hostKey: 'ssh-ed25519',
    cipherIn: 'aes128-ctr',
    cipherOut: 'aes128-ctr',
    macIn: 'hmac-sha2-256',
    macOut: 'hmac-sha2-256',
    compressionIn: 'none',
    compressionOut: 'none',
    ...lists,
  };
  const names = Object.values(has).map(string);
  return Buffer.concat([byte(20), Buffer.alloc(16, 7), ...names, Buffer.alloc(8 + 5)]);
}

/** A message with one string in it: that is what an mpint and a point look like, too. */
function message(number, bytes) {
  return Buffer.concat([byte(number), string(bytes)]);
}

const TAG_LEN = 16;

/** One direction of aes128-gcm@openssh.com (RFC 5647): the length is not encrypted, but authenticated. */
class AesGcm {
  #key;
  #iv;

  constructor(key, iv) {
    this.#key = key;
    this.#iv = Buffer.from(iv);
  }

  #begin(create) {
    const cipher = create('aes-128-gcm', this.#key, this.#iv);
    this.#iv.writeBigUInt64BE(BigInt.asUintN(64, this.#iv.readBigUInt64BE(4) + 1n), 4);
    return cipher;
  }

  seal(payload) {
    const padding = 4 + ((27 - payload.length) & 15);
    const length = uint32(1 + payload.length + padding);
    const cipher = this.#begin(createCipheriv);
    cipher.setAAD(length);
    const body = cipher.update(Buffer.concat([byte(padding), payload, Buffer.alloc(padding)]));
    cipher.final();
    return Buffer.concat([length, body, cipher.getAuthTag()]);
  }

  /** The payload of the packet that the bytes begin with, and its length; nothing when it is not all there. */
  open(bytes) {
    if (bytes.length < 4) return undefined;
    const end = 4 + bytes.readUInt32BE(0);
    if (bytes.length < end + TAG_LEN) return undefined;
    const cipher = this.#begin(createDecipheriv);
    cipher.setAAD(bytes.subarray(0, 4));
    cipher.setAuthTag(bytes.subarray(end, end + TAG_LEN));
    const body = Buffer.concat([cipher.update(bytes.subarray(4, end)), cipher.final()]);
    return { payload: body.subarray(1, body.length - body[0]), taken: end + TAG_LEN };
  }
}

/** The packets before there are keys. */
const plain = {
  seal: packet,
  open(bytes) {
    if (bytes.length < 5) return undefined;
    const taken = 4 + bytes.readUInt32BE(0);
    if (bytes.length < taken) return undefined;
    return { payload: bytes.subarray(5, taken - bytes[4]), taken };
  },
};

module.exports = { AesGcm, kexInit, message, packet, plain };
