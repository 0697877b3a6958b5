'use strict';

/** An error of the server, of a connection or of a key: `code` is the documented number. */
class SSHServerError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}
// On the prototype, so that `name` is not printed as a field of every error.
Object.defineProperty(SSHServerError.prototype, 'name', {
  value: 'SSHServerError',
  configurable: true,
  writable: true,
});

// Of a send that sent a part at most; undefined for all others.
Object.defineProperty(SSHServerError.prototype, 'bytesSent', {
  value: undefined,
  configurable: true,
  writable: true,
});

/**
 * The addon throws plain errors whose `code` is the number as text; anything else is passed on as it is.
 * They are of the main realm, so in a vm context (a test runner, say) they are no instances of its Error.
 */
function toServerError(error) {
  if (
    typeof error?.message === 'string' &&
    typeof error.code === 'string' &&
    /^\d+$/.test(error.code)
  ) {
    const converted = new SSHServerError(Number(error.code), error.message);
    if (Error.captureStackTrace) Error.captureStackTrace(converted, toServerError);
    return converted;
  }
  return error;
}

/** A stream whose channel is gone before its data has ended, as Node's own are called; `cause` has the number. */
function prematureClose(cause) {
  const error = new Error('The channel was closed before the end of its data.', { cause });
  error.code = 'ERR_STREAM_PREMATURE_CLOSE';
  return error;
}

/** The text of whatever a listener threw, which need not be an Error. */
function describeThrown(thrown) {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } catch {
    return 'a value that has no text';
  }
}

module.exports = { SSHServerError, toServerError, prematureClose, describeThrown };
