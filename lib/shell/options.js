'use strict';

// The options of shell() and command(): checked when they are given.

const {
  checkBoolean,
  checkInteger,
  checkString,
  invalidType,
  invalidValue,
  outOfRange,
} = require('../args.js');

const MAX_ID = 0xfffffffe;
/** setTimeout takes no more milliseconds. */
const MAX_SECONDS = 2147483;
const DEFAULT_GRACE = 5;
const KILLS = { hup: 'SIGHUP', term: 'SIGTERM' };

function checkText(value, name) {
  checkString(value, name);
  if (value === '' || value.includes('\0'))
    throw invalidValue(name, 'a text that is not empty and has no NUL');
}

function checkSeconds(value, name) {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!(value >= 0 && value <= MAX_SECONDS))
    throw outOfRange(name, `>= 0 and <= ${MAX_SECONDS}`, value);
}

function checkList(value, name) {
  if (!Array.isArray(value)) throw invalidType(name, 'an Array', value);
  for (const each of value) {
    checkString(each, name);
    if (each.includes('\0')) throw invalidValue(name, 'a list of texts without NUL');
  }
}

function checkEnv(value, name) {
  if (value === null || typeof value !== 'object') throw invalidType(name, 'of type object', value);
  for (const [key, text] of Object.entries(value)) {
    checkString(text, `${name}.${key}`);
    if (text.includes('\0')) throw invalidValue(`${name}.${key}`, 'a text without NUL');
  }
}

const CHECKS = {
  file: checkText,
  args: checkList,
  cwd: checkText,
  env: checkEnv,
  uid: (value, name) => checkInteger(value, name, 0, MAX_ID),
  gid: (value, name) => checkInteger(value, name, 0, MAX_ID),
  login: checkBoolean,
  idle: checkSeconds,
  grace: checkSeconds,
  kill(value, name) {
    if (!Object.hasOwn(KILLS, value)) throw invalidValue(name, "'hup' or 'term'");
  },
};

/** Checks options, of which only those with these names are known, and fills in the defaults. */
function checkOptions(options, names) {
  if (options === null || typeof options !== 'object')
    throw invalidType('options', 'of type object', options);
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (!names.includes(name)) throw invalidValue(`options.${name}`, 'left out: there is none');
    CHECKS[name](value, `options.${name}`);
  }
  // Without it the program would have the server's group, mostly that of root.
  if (options.uid !== undefined && options.gid === undefined)
    throw invalidValue('options.gid', 'given where options.uid is');
  const { kill = 'hup', grace = DEFAULT_GRACE, idle = 0 } = options;
  return { ...options, killSignal: KILLS[kill], grace, idle };
}

const CHILD_OPTIONS = ['cwd', 'env', 'uid', 'gid', 'idle', 'kill', 'grace'];

module.exports = { CHILD_OPTIONS, checkOptions, checkList, checkText };
