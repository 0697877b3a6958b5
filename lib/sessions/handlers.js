'use strict';

// What serveSessions takes: checks it, and chooses the handler of a session. Called by router.js.

const { checkFunction, checkInteger, invalidType, invalidValue } = require('../args.js');
const { matchesPattern } = require('../patterns.js');
const { MAX_SESSIONS } = require('./limits.js');

/**
 * A handler with this property is served inside the addon. Its value is called as `(session) => Promise<run>` before the
 * request is answered, so that nothing the client sends can come before the addon takes it; a rejection refuses the
 * request. `run()` is called in place of the handler when the request has been answered. Such a session has no stream.
 */
const NATIVE = Symbol('sshserver.native');

/** A handler with this property set to false has no use for a terminal: by default none is given for it. */
const TERMINAL = Symbol('sshserver.terminal');

/** The variables that clients may set if the program says nothing: the language, what the terminal can, and git's. */
const DEFAULT_ENV = ['LANG', 'LC_*', 'TERM', 'COLORTERM', 'GIT_PROTOCOL'];

/** A forced command of OpenSSH's that stands for the server's own SFTP, with options or without. */
const INTERNAL_SFTP = /^internal-sftp(\s|$)/;

const NAMES = ['sftp', 'subsystems', 'exec', 'shell', 'pty', 'env', 'maxSessions'];

function checkObject(value, name) {
  if (value === null || typeof value !== 'object') throw invalidType(name, 'of type object', value);
}

function checkExec(exec) {
  const list = exec === undefined ? [] : [exec].flat();
  list.forEach((handler, index) => {
    const name = Array.isArray(exec) ? `handlers.exec[${index}]` : 'handlers.exec';
    checkFunction(handler, name);
    if (handler.matches !== undefined) checkFunction(handler.matches, `${name}.matches`);
  });
  return list;
}

function checkSubsystems({ sftp, subsystems = {} }) {
  checkObject(subsystems, 'handlers.subsystems');
  const map = new Map(Object.entries(subsystems));
  for (const [name, handler] of map) checkFunction(handler, `handlers.subsystems.${name}`);
  if (sftp === undefined) return map;
  checkFunction(sftp, 'handlers.sftp');
  if (map.has('sftp'))
    throw invalidValue('handlers.sftp', 'left out where handlers.subsystems.sftp is given');
  return map.set('sftp', sftp);
}

/** `(name, value, session) => boolean`: whether a client may set a variable. */
function checkEnv(env = DEFAULT_ENV) {
  if (typeof env === 'function') return env;
  if (!Array.isArray(env)) throw invalidType('handlers.env', 'an Array or a function', env);
  for (const pattern of env)
    if (typeof pattern !== 'string')
      throw invalidType('handlers.env', 'a list of strings', pattern);
  const patterns = [...env];
  return (name) => patterns.some((pattern) => matchesPattern(name, pattern));
}

/** `(session) => boolean`: whether a client gets a terminal. */
function checkPty(pty, { shell, exec }) {
  if (typeof pty === 'function') return pty;
  if (pty !== undefined && typeof pty !== 'boolean')
    throw invalidType('handlers.pty', 'a boolean or a function', pty);
  const takes = (handler) => handler[TERMINAL] !== false;
  // What comes after it is not known yet, and mostly it is a shell.
  const given = pty ?? (shell === undefined ? exec.some(takes) : takes(shell));
  return () => given;
}

/** The handlers of one server. */
class Handlers {
  #shell;
  #exec;
  #subsystems;

  constructor(handlers) {
    checkObject(handlers, 'handlers');
    const unknown = Object.keys(handlers).find((name) => !NAMES.includes(name));
    if (unknown !== undefined) throw invalidValue(`handlers.${unknown}`, 'left out: there is none');
    const { shell, maxSessions = MAX_SESSIONS } = handlers;
    if (shell !== undefined) checkFunction(shell, 'handlers.shell');
    checkInteger(maxSessions, 'handlers.maxSessions', 1, Number.MAX_SAFE_INTEGER);
    this.#shell = shell;
    this.#exec = checkExec(handlers.exec);
    this.#subsystems = checkSubsystems(handlers);
    this.takesEnv = checkEnv(handlers.env);
    this.givesPty = checkPty(handlers.pty, { shell, exec: this.#exec });
    this.maxSessions = maxSessions;
  }

  /** The handler of a session, or undefined if there is none for it. */
  choose({ kind, command }, session) {
    if (kind === 'shell') return this.#shell;
    if (kind === 'subsystem') return this.#subsystems.get(command);
    // Exactly true: a promise, or anything else that was returned by mistake, starts nothing.
    const isFor = (handler) =>
      handler.matches === undefined || handler.matches(command, session) === true;
    return this.#exec.find(isFor);
  }

  /** What a forced command starts, in place of what the client wants. */
  forced(command) {
    if (INTERNAL_SFTP.test(command) && this.#subsystems.has('sftp'))
      return { kind: 'subsystem', command: 'sftp' };
    return { kind: 'exec', command };
  }
}

module.exports = { NATIVE, TERMINAL, Handlers };
