'use strict';

// Expected failures: errors of the class, thrown or of a rejected promise.

/** The error that a call throws; fails if it throws none. */
function thrown(call) {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('it did not throw');
}

/** Expects an SSHServerError with this number, and these texts in its message. */
async function fails(promise, code, ...texts) {
  const error = await promise.then(
    () => 'it did not fail',
    (reason) => reason,
  );
  expect(error).toMatchObject({ name: 'SSHServerError', code });
  for (const text of texts) expect(error.message).toContain(text);
}

module.exports = { fails, thrown };
