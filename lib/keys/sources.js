'use strict';

// What authorizedKeys takes: checks it, and reads the texts and files that it names.

const { checkBoolean, checkFunction, invalidType, invalidValue, isBytes } = require('../args.js');
const { matchesPattern } = require('../patterns.js');
const { BadFile, expand, findUser, readKeyFile } = require('./files.js');

const NAMES = ['principals', 'userCAs', 'revoked', 'strictModes', 'environment', 'onRefused'];

const isText = (value) =>
  value !== null &&
  typeof value === 'object' &&
  (typeof value.text === 'string' || isBytes(value.text));

/** One path, or `{ text }`, or a list of them, as the list. */
function checkSources(value, name) {
  const list = Array.isArray(value) ? value : [value];
  for (const source of list) {
    if (typeof source !== 'string' && !isText(source))
      throw invalidType(name, 'a path, { text } or an Array of them', source);
    if (source === '' || (typeof source === 'string' && source.includes('\0')))
      throw invalidValue(name, 'a path that is not empty and has no NUL');
  }
  return list;
}

/** `(user, event) => sources`. */
function checkKeys(source) {
  if (typeof source !== 'function') {
    const fixed = checkSources(source, 'source');
    return () => fixed;
  }
  return async (user, event) => {
    const given = await source(user, event);
    return given === null || given === undefined ? [] : checkSources(given, 'source(user)');
  };
}

function checkPrincipals(principals) {
  if (principals === undefined) return (user) => [user];
  const check = (list, name) => {
    if (!Array.isArray(list) || list.some((each) => typeof each !== 'string'))
      throw invalidType(name, 'a list of strings', list);
    return list;
  };
  if (typeof principals !== 'function') {
    const fixed = [...check(principals, 'options.principals')];
    return () => fixed;
  }
  return async (user, event) => check(await principals(user, event), 'options.principals(user)');
}

/** `(name) => boolean`: whether `environment=` may set a variable. */
function checkEnvironment(environment = false) {
  if (typeof environment === 'boolean') return () => environment;
  if (!Array.isArray(environment) || environment.some((each) => typeof each !== 'string'))
    throw invalidType('options.environment', 'a boolean or a list of strings', environment);
  const patterns = [...environment];
  return (name) => patterns.some((pattern) => matchesPattern(name, pattern));
}

function checkOptions(options) {
  if (options === null || typeof options !== 'object')
    throw invalidType('options', 'of type object', options);
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw invalidValue(`options.${unknown}`, 'left out: there is none');
  const { userCAs, revoked, strictModes = true, onRefused = () => {} } = options;
  checkBoolean(strictModes, 'options.strictModes');
  checkFunction(onRefused, 'options.onRefused');
  return {
    principalsOf: checkPrincipals(options.principals),
    userCAs: userCAs === undefined ? [] : checkSources(userCAs, 'options.userCAs'),
    revoked: revoked === undefined ? [] : checkSources(revoked, 'options.revoked'),
    takesEnvironment: checkEnvironment(options.environment),
    strictModes,
    onRefused,
  };
}

const bytesOf = (text) =>
  typeof text === 'string'
    ? Buffer.from(text)
    : Buffer.from(text.buffer, text.byteOffset, text.length);

/** The content of the sources of a user's keys, as `{ name, bytes }`; `refuse(name, reason)` is told what is not used. */
async function readOfUser(sources, user, { strictModes }, refuse) {
  const found = [];
  let account;
  for (const source of sources) {
    if (isText(source)) {
      found.push({ name: 'text', bytes: bytesOf(source.text) });
      continue;
    }
    try {
      account ??= await findUser(user);
      const file = expand(source, user, account);
      const bytes = await readKeyFile(file, { strictModes, account });
      if (bytes !== null) found.push({ name: file, bytes });
    } catch (error) {
      if (!(error instanceof BadFile)) throw error;
      refuse(source, error.message);
    }
  }
  return found;
}

/** The content of the sources that are the program's own. One that is missing is an error. */
async function readOfServer(sources) {
  const read = async (source) => {
    if (isText(source)) return { name: 'text', bytes: bytesOf(source.text) };
    const bytes = await readKeyFile(source, { strictModes: false });
    if (bytes === null) throw new BadFile(`${source}: there is no such file`);
    return { name: source, bytes };
  };
  return Promise.all(sources.map(read));
}

module.exports = { checkKeys, checkOptions, readOfServer, readOfUser };
