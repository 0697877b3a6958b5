'use strict';

// Handlers for serveSessions that run programs: the user's shell, or one command.

const os = require('node:os');
const path = require('node:path');
const { checkFunction, invalidType } = require('../args.js');
const { TERMINAL } = require('../sessions/handlers.js');
const { run } = require('./child.js');
const { environmentOf } = require('./environment.js');
const { CHILD_OPTIONS, checkList, checkOptions, checkText } = require('./options.js');

const isWindows = process.platform === 'win32';

function defaultShell() {
  if (isWindows) return process.env.ComSpec ?? 'cmd.exe';
  try {
    // Of the system's own table: the variable SHELL is whatever started the server.
    return os.userInfo().shell || '/bin/sh';
  } catch {
    // In some containers the user has no entry there.
    return '/bin/sh';
  }
}

/** What makes the options of a session, out of options or a function that gives them. */
function optionsOf(options, names) {
  if (typeof options === 'function')
    return async (session) => checkOptions(await options(session), names);
  const checked = checkOptions(options, names);
  return () => checked;
}

/** How a shell is told to run one command. */
function commandArguments(command) {
  return isWindows ? ['/d', '/s', '/c', `"${command}"`] : ['-c', command];
}

function shell(options = {}) {
  const of = optionsOf(options, [...CHILD_OPTIONS, 'file', 'args', 'login']);
  const handler = async (session) => {
    const chosen = await of(session);
    const { file = defaultShell(), args = [], login = true } = chosen;
    const isCommand = session.kind !== 'shell';
    const name = path.basename(file);
    const program = {
      file,
      args: isCommand ? [...args, ...commandArguments(session.command)] : args,
      // The dash is what a login shell knows itself by.
      argv0: !isWindows && login && !isCommand ? `-${name}` : name,
      env: environmentOf(session, chosen, file),
      verbatim: isWindows && isCommand,
    };
    await run(session, program, chosen);
  };
  handler[TERMINAL] = false;
  return handler;
}

/** A file, or a list of it and its arguments, as the list. */
function checkProgram(program, name) {
  if (typeof program === 'string') {
    checkText(program, name);
    return [program];
  }
  if (!Array.isArray(program)) throw invalidType(name, 'a string, an Array or a function', program);
  checkList(program, name);
  checkText(program[0], `${name}[0]`);
  return [...program];
}

/** `(command, session) => boolean` out of the option of that name. */
function checkMatches(matches) {
  if (matches === undefined) return () => true;
  if (typeof matches === 'string') return (command) => command === matches;
  if (Object.prototype.toString.call(matches) === '[object RegExp]') {
    // A copy without the flags that make a test depend on the one before.
    const pattern = new RegExp(matches.source, matches.flags.replace(/[gy]/g, ''));
    return (command) => pattern.test(command);
  }
  checkFunction(matches, 'options.matches');
  return matches;
}

function command(program, options = {}) {
  const fixed = typeof program === 'function' ? null : checkProgram(program, 'program');
  const { matches, ...rest } = typeof options === 'function' ? {} : (options ?? {});
  const given = options === null || typeof options === 'function' ? options : rest;
  const of = optionsOf(given, CHILD_OPTIONS);
  const handler = async (session) => {
    const [file, ...args] = fixed ?? checkProgram(await program(session), 'program(session)');
    const chosen = await of(session);
    await run(session, { file, args, env: environmentOf(session, chosen) }, chosen);
  };
  handler[TERMINAL] = false;
  handler.matches = checkMatches(matches);
  return handler;
}

module.exports = { shell, command };
