'use strict';

// Scripts of this folder in processes of their own, for what a test runner's process cannot show.

const path = require('node:path');
const { connect, openSession } = require('./ssh2_client.js');
const { start } = require('./processes.js');

/**
 * Starts a script. `message` resolves to the next thing it tells, `ask` tells it something first; both
 * reject when it ends instead. `end` resolves when it is over, with what it wrote to its standard error.
 * `before` is a command of the shell, `flags` are of Node.
 */
function startScript(name, args = [], { before, flags = [], env = {} } = {}) {
  const words = [...flags, path.join(__dirname, name), ...args.map(String)];
  const shell = ['-c', `${before} && exec "$0" "$@"`, process.execPath, ...words];
  const [command, all] = before === undefined ? [process.execPath, words] : ['sh', shell];
  const child = start(command, all, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { NAPI_RS_NATIVE_LIBRARY_PATH: process.env.NAPI_RS_NATIVE_LIBRARY_PATH, ...env },
  });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  const [messages, waiting] = [[], []];
  const settle = () => {
    while (messages.length > 0 && waiting.length > 0) waiting.shift()(messages.shift());
  };
  child.on('message', (message) => {
    messages.push(message);
    settle();
  });
  const ended = child.result.then(() => {
    throw new Error(`ended without a word: ${errors}`);
  });
  ended.catch(() => {});
  const message = () => {
    const next = new Promise((resolve) => waiting.push(resolve));
    settle();
    return Promise.race([next, ended]);
  };
  const ask = (question) => {
    child.send(question);
    return message();
  };
  const end = async () => ({ ...(await child.result), errors });
  return { child, message, ask, end };
}

/**
 * Starts child_server.js. `port` resolves to the port that it tells next; `session` connects to one,
 * with a session open that has sent something.
 */
function startProgram(mode, options) {
  const program = startScript('child_server.js', [mode], options);
  const port = async () => (await program.message()).port;
  const session = async (number) => {
    const client = await connect(number);
    const stream = await openSession(client, 'x');
    stream.write('now');
    return { client, stream };
  };
  return { ...program, port, session };
}

/** The end of a program that has succeeded. */
const ended = { status: 0, signal: null, errors: '' };

module.exports = { startScript, startProgram, ended };
