'use strict';

// Programs of their own (child_server.js), for what a test runner's process cannot show.

const path = require('node:path');
const { connect, openSession } = require('./ssh2_client.js');
const { start } = require('./processes.js');

const program = path.join(__dirname, 'child_server.js');

/**
 * Starts the program. `message` resolves to the next thing it tells, `port` to the port of it;
 * `session` connects to that, with a session open that has sent something; `end` resolves when it is
 * over, with what it wrote to its standard error. `before` is a command of the shell, `flags` are of Node.
 */
function startProgram(mode, { before, flags = [] } = {}) {
  const args = [...flags, program, mode];
  const shell = ['-c', `${before} && exec "$0" "$@"`, process.execPath, ...args];
  const [command, all] = before === undefined ? [process.execPath, args] : ['sh', shell];
  const child = start(command, all, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { NAPI_RS_NATIVE_LIBRARY_PATH: process.env.NAPI_RS_NATIVE_LIBRARY_PATH },
  });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  const [messages, waiting] = [[], []];
  const settle = () => {
    while (messages.length > 0 && waiting.length > 0) waiting.shift().resolve(messages.shift());
  };
  child.on('message', (message) => {
    messages.push(message);
    settle();
  });
  child.once('close', () => {
    for (const { reject } of waiting) reject(new Error(`ended without a word: ${errors}`));
  });
  const message = () =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      settle();
    });
  const port = async () => (await message()).port;
  const session = async (number) => {
    const client = await connect({ getLocalPort: () => number }, {});
    const stream = await openSession(client, 'x');
    stream.write('now');
    return { client, stream };
  };
  const end = async () => ({ ...(await child.result), errors });
  return { child, message, port, session, end };
}

/** What a program ends with that has done everything right. */
const ended = { status: 0, signal: null, errors: '' };

module.exports = { startProgram, ended };
