'use strict';

// The options of sftp(): checked when they are given, and as the addon takes them.

const path = require('node:path');
const {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkString,
  invalidType,
  invalidValue,
} = require('../args.js');
const { sftpOperations } = require('../native.js');

const OPERATIONS = sftpOperations();
/** What changes nothing. */
const READ_ONLY = ['read', 'list'];
const SYMLINKS = ['inside', 'refuse'];
/** What an object must have: without these it is no file system. */
const METHODS = ['open', 'stat', 'readdir'];
const NAMES = ['root', 'cwd', 'readOnly', 'allow', 'umask', 'symlinks', 'names', 'limits'];
/** Each with its default, which is also the most. */
const LIMITS = { openHandles: 100, readLength: 255 * 1024, writeLength: 255 * 1024 };

function checkObject(value, name) {
  if (value === null || typeof value !== 'object') throw invalidType(name, 'of type object', value);
}

function checkNames(value, name, names) {
  checkObject(value, name);
  const unknown = Object.keys(value).find((key) => !names.includes(key));
  if (unknown !== undefined) throw invalidValue(`${name}.${unknown}`, 'left out: there is none');
}

function checkPath(value, name) {
  checkString(value, name);
  if (value === '' || value.includes('\0'))
    throw invalidValue(name, 'a path that is not empty and has no NUL');
}

function operations({ readOnly = false, allow = {} }) {
  checkBoolean(readOnly, 'options.readOnly');
  checkNames(allow, 'options.allow', OPERATIONS);
  for (const [name, is] of Object.entries(allow)) checkBoolean(is, `options.allow.${name}`);
  const possible = readOnly ? READ_ONLY : OPERATIONS;
  return possible.filter((name) => allow[name] ?? true);
}

function limits(given = {}) {
  checkNames(given, 'options.limits', Object.keys(LIMITS));
  const all = { ...LIMITS, ...given };
  for (const [name, most] of Object.entries(LIMITS))
    checkInteger(all[name], `options.limits.${name}`, 1, most);
  return all;
}

/** The names of options of an object: it decides what its links are, and whose its files are. */
const OBJECT_NAMES = ['fs', ...NAMES.filter((name) => name !== 'symlinks' && name !== 'names')];

/** The options of an object of the program. */
function objectOptions(options) {
  checkNames(options, 'options', OBJECT_NAMES);
  const { fs, root = '/', ...others } = options;
  checkObject(fs, 'options.fs');
  for (const method of METHODS) checkFunction(fs[method], `options.fs.${method}`);
  checkPath(root, 'options.root');
  if (!root.startsWith('/')) throw invalidValue('options.root', 'an absolute path in the object');
  const place = path.posix.normalize(root).replace(/(?<=.)\/$/, '');
  return { fs, root: place, options: nativeOptions({ ...others, root: place }) };
}

/** The options of a session: `fs` and its `root`, if there is one, and `options` as the addon takes them. */
function checkOptions(options) {
  checkObject(options, 'options');
  return options.fs === undefined ? { options: nativeOptions(options) } : objectOptions(options);
}

/** The options as the addon takes them. */
function nativeOptions(options) {
  checkNames(options, 'options', NAMES);
  const { root, cwd = '/', umask = 0, symlinks = 'inside', names = true } = options;
  checkPath(root, 'options.root');
  checkPath(cwd, 'options.cwd');
  if (!cwd.startsWith('/')) throw invalidValue('options.cwd', 'an absolute path below the root');
  checkInteger(umask, 'options.umask', 0, 0o777);
  if (!SYMLINKS.includes(symlinks))
    throw invalidValue('options.symlinks', SYMLINKS.map((each) => `'${each}'`).join(' or '));
  checkBoolean(names, 'options.names');
  return {
    root: path.resolve(root),
    cwd: path.posix.normalize(cwd),
    allow: operations(options),
    umask,
    followLinks: symlinks === 'inside',
    names,
    ...limits(options.limits),
  };
}

module.exports = { checkOptions };
