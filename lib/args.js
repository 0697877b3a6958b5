'use strict';

function received(value) {
  if (value === null || value === undefined) return `${value}`;
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value === 'object') {
    const name = value.constructor?.name;
    return name ? `an instance of ${name}` : 'an object';
  }
  // The message never repeats the text itself, which may be a password.
  return typeof value === 'string' ? 'type string' : `type ${typeof value} (${String(value)})`;
}

function invalidType(name, expected, value) {
  const error = new TypeError(
    `The "${name}" argument must be ${expected}. Received ${received(value)}`,
  );
  error.code = 'ERR_INVALID_ARG_TYPE';
  return error;
}

function invalidValue(name, expected) {
  // The message never repeats the value itself, which may be long, or a secret.
  const error = new TypeError(`The value of "${name}" must be ${expected}.`);
  error.code = 'ERR_INVALID_ARG_VALUE';
  return error;
}

function outOfRange(name, range, value) {
  const error = new RangeError(
    `The value of "${name}" is out of range. It must be ${range}. Received ${String(value)}`,
  );
  error.code = 'ERR_OUT_OF_RANGE';
  return error;
}

function checkString(value, name) {
  if (typeof value !== 'string') throw invalidType(name, 'of type string', value);
}

function checkNumber(value, name) {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
}

function checkBoolean(value, name) {
  if (typeof value !== 'boolean') throw invalidType(name, 'of type boolean', value);
}

function checkFunction(value, name) {
  if (typeof value !== 'function') throw invalidType(name, 'of type function', value);
}

function checkBytes(value, name) {
  if (!isBytes(value)) throw invalidType(name, 'an instance of Uint8Array', value);
}

/** A Uint8Array of another realm (a vm context) is accepted like one of this realm. */
function isBytes(value) {
  return (
    value instanceof Uint8Array ||
    (Object.prototype.toString.call(value) === '[object Uint8Array]' && ArrayBuffer.isView(value))
  );
}

function checkInteger(value, name, min, max) {
  checkNumber(value, name);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw outOfRange(name, `an integer >= ${min} and <= ${max}`, value);
  }
}

function checkInstance(value, type, name) {
  if (!(value instanceof type)) throw invalidType(name, `an instance of ${type.name}`, value);
}

/**
 * The number that an id stands for. Text that is not an id becomes 0, which no connection or channel ever has,
 * so the addon answers it as it answers every unknown id.
 */
function idNumber(id) {
  const number = Number(id);
  return Number.isSafeInteger(number) && number > 0 && String(number) === id ? number : 0;
}

function checkId(id, name) {
  checkString(id, name);
  return idNumber(id);
}

module.exports = {
  invalidType,
  invalidValue,
  outOfRange,
  checkString,
  checkNumber,
  checkBoolean,
  checkFunction,
  checkBytes,
  isBytes,
  checkInteger,
  checkInstance,
  checkId,
  idNumber,
};
