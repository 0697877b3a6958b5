'use strict';

// SFTP for serveSessions: the addon serves the channel. No JavaScript runs for a request, unless the files are those of
// an object of the program.

const { serveFiles } = require('../server.js');
const { NATIVE } = require('../sessions/handlers.js');
const { serveFileSystem } = require('./object.js');
const { checkOptions } = require('./options.js');

/** Resolves when the channel of the session is gone. */
function gone({ signal }) {
  if (signal.aborted) return undefined;
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function sftp(options) {
  const fixed = typeof options === 'function' ? null : checkOptions(options);
  const handler = () => {
    throw new Error('sftp() is a handler for serveSessions.');
  };
  handler[NATIVE] = async (session) => {
    const chosen = fixed ?? checkOptions(await options(session));
    if (chosen.fs === undefined)
      await serveFiles(session.server, session.channelId, chosen.options);
    else await serveFileSystem(session, chosen);
    return () => gone(session);
  };
  return handler;
}

module.exports = { sftp };
