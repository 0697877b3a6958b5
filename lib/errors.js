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

// The bytes sent by a failed send that did not send everything; undefined for all other errors.
Object.defineProperty(SSHServerError.prototype, 'bytesSent', {
  value: undefined,
  configurable: true,
  writable: true,
});

/**
 * Converts the errors of the addon, which are plain errors whose `code` is the number as text; passes anything else
 * on. They belong to the main realm: in a vm context (a test runner, say) they are not instances of its Error.
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

/** A stream's error if its channel closed before EOF: Node's own code for that; `cause` has the number. */
function prematureClose(cause) {
  const error = new Error('The channel was closed before the end of its data.', { cause });
  error.code = 'ERR_STREAM_PREMATURE_CLOSE';
  return error;
}

/** The text of a thrown value, which need not be an Error. */
function describeThrown(thrown) {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } catch {
    return 'a value that has no text';
  }
}

module.exports = { SSHServerError, toServerError, prematureClose, describeThrown };
