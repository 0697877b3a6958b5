'use strict';

// The system's users: whose files may hold keys, and where their homes are. Node itself knows only the one that it
// runs as.

const { execFile } = require('node:child_process');
const { readFile } = require('node:fs/promises');
const os = require('node:os');
const { promisify } = require('node:util');

/** What a user's name may be that becomes a part of a path, or an argument of a program. */
const SAFE_NAME = /^[^-/\\\0:\n][^/\\\0:\n]*$/;
const MAX_NAME = 256;

/**
 * Whether a name can be used in paths. The client chooses it before anybody knows who it is: `../..` must not lead to
 * another file.
 */
function isSafeName(user) {
  return user.length <= MAX_NAME && SAFE_NAME.test(user) && user !== '.' && user !== '..';
}

/** A line of passwd(5) as `{ uid, home }`. */
function parseLine(line) {
  const fields = line.split(':');
  return { uid: Number(fields[2]), home: fields[5] };
}

async function inPasswd(user) {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return text.split('\n').find((line) => line.startsWith(`${user}:`));
}

/** Users of LDAP and the like. */
async function byGetent(user) {
  const found = await promisify(execFile)('getent', ['passwd', user]).catch(() => ({ stdout: '' }));
  return found.stdout.split('\n').find((line) => line.startsWith(`${user}:`));
}

/** The user that the server runs as; null where the system has no name for it, as in some containers. */
function ownUser() {
  try {
    return os.userInfo();
  } catch {
    return null;
  }
}

/** A user of the system as `{ uid, home }`, or null. */
async function findUser(user) {
  const own = ownUser();
  if (own?.username === user) return { uid: own.uid, home: own.homedir };
  if (process.platform === 'win32' || !isSafeName(user)) return null;
  const line = (await inPasswd(user)) ?? (await byGetent(user));
  return line === undefined ? null : parseLine(line);
}

module.exports = { findUser, isSafeName };
