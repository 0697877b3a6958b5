'use strict';

// The data types of RFC 4251 section 5 as bytes.

const byte = (value) => Buffer.from([value]);
const flag = (value) => byte(value ? 1 : 0);

function uint32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function string(value) {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** Of an unsigned number, with or without zeros before it. */
function mpint(bytes) {
  const start = bytes.findIndex((each) => each !== 0);
  const number = start < 0 ? Buffer.alloc(0) : bytes.subarray(start);
  return string(number[0] & 0x80 ? Buffer.concat([byte(0), number]) : number);
}

module.exports = { byte, flag, mpint, string, uint32 };
