'use strict';

// Files of keys: where they are, and whether anybody else could have written them (StrictModes of sshd_config(5)).

const { constants } = require('node:fs');
const fs = require('node:fs/promises');
const path = require('node:path');
const { findUser } = require('./users.js');

/** A file of keys is text that people write; a device or an endless file must not fill the memory. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;
const WRITABLE_BY_OTHERS = 0o022;
const isWindows = process.platform === 'win32';

/** A file that is there and is not used, and why. */
class BadFile extends Error {}

/** `%h`, `%u`, `%U` and `%%` of a path, as in AuthorizedKeysFile; a relative one begins at the user's home. */
function expand(pattern, user, account) {
  const needsAccount = /%[hU]/.test(pattern.replaceAll('%%', '')) || !path.isAbsolute(pattern);
  if (needsAccount && account === null)
    throw new BadFile(`${pattern}: the system has no such user`);
  const values = { h: account?.home, u: user, U: String(account?.uid), '%': '%' };
  const expanded = pattern.replace(/%(.?)/gs, (all, letter) => {
    if (values[letter] === undefined) throw new BadFile(`${pattern}: ${all} has no meaning`);
    return values[letter];
  });
  return path.isAbsolute(expanded) ? expanded : path.join(account.home, expanded);
}

/** Throws if others than its owner could write it, or its owner is neither root, the server nor the user. */
function checkOwner(name, { uid, mode }, owners) {
  if (owners.includes(uid) && (mode & WRITABLE_BY_OTHERS) === 0) return;
  throw new BadFile(`${name}: others could have written it (bad ownership or modes)`);
}

/** The folders of a file, from its own up to that of the user, or to the root. */
function* foldersOf(file, home) {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    yield folder;
    if (folder === home || folder === path.dirname(folder)) return;
  }
}

async function checkModes(file, stats, account) {
  if (isWindows) return;
  const owners = [0, process.getuid(), ...(account === null ? [] : [account.uid])];
  checkOwner(file, stats, owners);
  const home = account === null ? null : await fs.realpath(account.home).catch(() => null);
  for (const folder of foldersOf(await fs.realpath(file), home))
    checkOwner(folder, await fs.stat(folder), owners);
}

/** What is in a file; null if there is none. Throws BadFile for one that is not to be trusted. */
async function readKeyFile(file, { strictModes, account = null }) {
  let handle;
  try {
    // Not to wait for somebody who writes into a FIFO.
    handle = await fs.open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw new BadFile(`${file}: it cannot be read (${error.code})`);
  }
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new BadFile(`${file}: it is no regular file`);
    if (stats.size > MAX_FILE_BYTES) throw new BadFile(`${file}: it is too large`);
    if (strictModes) await checkModes(file, stats, account);
    const bytes = await handle.readFile();
    if (bytes.length > MAX_FILE_BYTES) throw new BadFile(`${file}: it is too large`);
    return bytes;
  } finally {
    await handle.close();
  }
}

module.exports = { BadFile, checkModes, expand, findUser, readKeyFile };
