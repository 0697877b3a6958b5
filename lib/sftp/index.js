'use strict';

// SFTP for serveSessions: the addon serves the channel, and no JavaScript runs for a request.

const { serveFiles } = require('../server.js');
const { NATIVE } = require('../sessions/handlers.js');
const { nativeOptions } = require('./options.js');

/** Resolves when the channel of the session is gone. */
function gone({ signal }) {
  if (signal.aborted) return undefined;
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function sftp(options) {
  const fixed = typeof options === 'function' ? null : nativeOptions(options);
  const handler = () => {
    throw new Error('sftp() is a handler for serveSessions.');
  };
  handler[NATIVE] = async (session) => {
    const chosen = fixed ?? nativeOptions(await options(session));
    await serveFiles(session.server, session.channelId, chosen);
    return () => gone(session);
  };
  return handler;
}

module.exports = { sftp };
