'use strict';

// What each call of an SFTP session does with a file system object of the program.

const { constants } = require('node:fs');
const { isUtf8 } = require('node:buffer');

/** Bytes of names that a READDIR tells, so that its reply is one that every client takes. */
const LIST_LENGTH = 28 * 1024;
/** What an entry has besides its name, which it has twice. */
const ENTRY_LENGTH = 150;
/** Longer names can be no client's path. */
const MAX_NAME_LENGTH = 4096;
const COPY_LENGTH = 256 * 1024;
const MAX_UINT32 = 0xffffffff;

/** Bits of SSH_FXP_OPEN (draft-ietf-secsh-filexfer-02, section 6.3). */
const READ = 0x01;
const WRITE = 0x02;
const APPEND = 0x04;
const CREAT = 0x08;
const TRUNC = 0x10;
const EXCL = 0x20;

function fault(code) {
  return Object.assign(new Error(code), { code });
}

/** Calls a method that the object may lack. */
function use(object, method, ...args) {
  if (typeof object[method] !== 'function') throw fault('ENOSYS');
  return object[method](...args);
}

function openFlags(flags) {
  const writes = (flags & (WRITE | APPEND)) !== 0;
  const reads = (flags & READ) !== 0;
  let all = writes ? (reads ? constants.O_RDWR : constants.O_WRONLY) : constants.O_RDONLY;
  if (flags & APPEND) all |= constants.O_APPEND;
  if (flags & TRUNC) all |= constants.O_TRUNC;
  if (flags & CREAT) all |= constants.O_CREAT | (flags & EXCL ? constants.O_EXCL : 0);
  // A pipe must not hold up the thread that opens it.
  return all | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);
}

function seconds(time) {
  return Math.min(Math.max(Math.floor(Number(time) / 1000) || 0, 0), MAX_UINT32);
}

function modeOf(stats) {
  if (stats.mode !== undefined) return Number(stats.mode);
  return stats.isDirectory?.() ? 0o040755 : 0o100644;
}

/** Stats as the addon takes them. */
function attributesOf(stats) {
  const mtime = stats.mtimeMs ?? stats.mtime ?? 0;
  return {
    size: Number(stats.size ?? 0),
    uid: Number(stats.uid ?? 0),
    gid: Number(stats.gid ?? 0),
    mode: modeOf(stats),
    atime: seconds(stats.atimeMs ?? stats.atime ?? mtime),
    mtime: seconds(mtime),
  };
}

/** A name as text where it is UTF-8: not every object takes bytes. */
function readable(name) {
  return typeof name === 'string' || !isUtf8(name) ? name : Buffer.from(name).toString();
}

function join(directory, name) {
  const both = [directory, directory === '/' ? '' : '/', name];
  if (both.every((part) => typeof part === 'string')) return both.join('');
  return Buffer.concat(both.map((part) => Buffer.from(part)));
}

/** Does all that can be done, and then fails with the last error, as OpenSSH does. */
async function setEach(steps) {
  let failure;
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failure = error;
    }
  }
  if (failure !== undefined) throw failure;
}

/** The open files of one session, and the calls. Each resolves to its answer. */
class Calls {
  #fs;
  #prefix;
  #files = new Map();
  #ended = false;

  /** `root` is the place in the object that is the client's `/`. */
  constructor(fs, root) {
    this.#fs = fs;
    this.#prefix = root === '/' ? '' : root;
  }

  /** Closes what is open. What is opened from now on is closed at once. */
  end() {
    this.#ended = true;
    for (const { file } of this.#files.values()) void this.#discard(file);
    this.#files.clear();
  }

  async #discard(file) {
    try {
      await file?.close();
    } catch {
      // Nobody is left to be told of it.
    }
  }

  #at(path) {
    if (typeof path === 'string') return this.#prefix + path || '/';
    return Buffer.concat([Buffer.from(this.#prefix), path]);
  }

  #file(handle) {
    const entry = this.#files.get(handle);
    if (entry?.file === undefined) throw fault('EBADF');
    return entry;
  }

  #add(handle, entry) {
    if (this.#ended) throw fault('EBADF');
    this.#files.set(handle, entry);
    return {};
  }

  #lstat(path) {
    return typeof this.#fs.lstat === 'function' ? this.#fs.lstat(path) : this.#fs.stat(path);
  }

  async open({ path, handle, flags, attributes }) {
    const file = await this.#fs.open(this.#at(path), openFlags(flags), attributes.mode);
    try {
      if (typeof file.stat === 'function') {
        const type = modeOf(await file.stat()) & constants.S_IFMT;
        if (type === constants.S_IFDIR) throw fault('EISDIR');
        // A pipe would make a READ wait for ever, and a device is no business of a file server.
        if (type !== constants.S_IFREG) throw fault('EACCES');
      }
      return this.#add(handle, { file, path, appends: (flags & APPEND) !== 0 });
    } catch (error) {
      void this.#discard(file);
      throw error;
    }
  }

  async opendir({ path, handle }) {
    const directory = this.#at(path);
    const names = await this.#fs.readdir(directory, { encoding: 'buffer' });
    return this.#add(handle, { path, names: ['.', '..', ...names], next: 0 });
  }

  async close({ handle }) {
    const entry = this.#files.get(handle);
    this.#files.delete(handle);
    if (entry === undefined) throw fault('EBADF');
    await entry.file?.close();
    return {};
  }

  /** Reads into `room`, which begins at `start` of the buffer for all READs of a batch. */
  async read({ handle, offset }, room, start) {
    const { file } = this.#file(handle);
    const { bytesRead } = await file.read(room, 0, room.length, offset);
    if (!(Number.isInteger(bytesRead) && bytesRead >= 0 && bytesRead <= room.length))
      throw fault('EIO');
    return { start, len: bytesRead };
  }

  async write({ handle, offset, data }) {
    const { file, appends } = this.#file(handle);
    await this.#writeAll(file, data ?? Buffer.alloc(0), appends ? null : offset);
    return {};
  }

  async #writeAll(file, data, position) {
    for (let done = 0; done < data.length;) {
      const at = position === null ? null : position + done;
      const { bytesWritten } = await file.write(data, done, data.length - done, at);
      if (!(Number.isInteger(bytesWritten) && bytesWritten > 0)) throw fault('EIO');
      done += bytesWritten;
    }
  }

  async stat({ path }) {
    return { attributes: attributesOf(await this.#fs.stat(this.#at(path))) };
  }

  async lstat({ path }) {
    return { attributes: attributesOf(await this.#lstat(this.#at(path))) };
  }

  async fstat({ handle }) {
    const entry = this.#files.get(handle);
    if (entry === undefined) throw fault('EBADF');
    const stats =
      entry.file === undefined
        ? await this.#fs.stat(this.#at(entry.path))
        : await use(entry.file, 'stat');
    return { attributes: attributesOf(stats) };
  }

  async readdir({ handle }) {
    const entry = this.#files.get(handle);
    if (entry?.names === undefined) throw fault('EBADF');
    const entries = [];
    while (entries.length === 0 && entry.next < entry.names.length)
      entries.push(...(await this.#entries(entry)));
    return { entries };
  }

  /** The next entries of a directory; without those that are gone since. */
  async #entries(entry) {
    const names = [];
    for (let length = 0; length < LIST_LENGTH && entry.next < entry.names.length;) {
      const name = readable(entry.names[entry.next++]);
      const own = Buffer.byteLength(name);
      if (own > MAX_NAME_LENGTH) continue;
      length += 2 * own + ENTRY_LENGTH;
      names.push(name);
    }
    const directory = this.#at(entry.path);
    const look = async (name) => {
      const isAbove = name === '..' && entry.path === '/';
      const path = name === '.' || isAbove ? directory : join(directory, name);
      try {
        const stats = await this.#lstat(path);
        return { name, links: Number(stats.nlink ?? 1), attributes: attributesOf(stats) };
      } catch (error) {
        if (error?.code === 'ENOENT') return null;
        throw error;
      }
    };
    return (await Promise.all(names.map(look))).filter((each) => each !== null);
  }

  /** Sets what is there. `on` is the object or an open file, `about` the arguments in front, and `l` begins the names. */
  async #set(on, about, attributes, l = '') {
    const { size, mode, mtime, atime, uid, gid } = attributes;
    const steps = [];
    const set = (method, ...to) => steps.push(() => use(on, method, ...about, ...to));
    if (size !== undefined) set(`${l}truncate`, size);
    if (mode !== undefined) set(`${l}chmod`, mode);
    if (mtime !== undefined) set(`${l}utimes`, atime, mtime);
    if (uid !== undefined) set(`${l}chown`, uid, gid);
    await setEach(steps);
    return {};
  }

  setstat = ({ path, attributes }) => this.#set(this.#fs, [this.#at(path)], attributes);
  /** No object has an `ltruncate`. */
  lsetstat = ({ path, attributes }) => this.#set(this.#fs, [this.#at(path)], attributes, 'l');

  async fsetstat({ handle, attributes }) {
    return this.#set(this.#file(handle).file, [], attributes);
  }

  async #plain(method, ...args) {
    await use(this.#fs, method, ...args);
    return {};
  }

  remove = ({ path }) => this.#plain('unlink', this.#at(path));
  rmdir = ({ path }) => this.#plain('rmdir', this.#at(path));
  mkdir = ({ path, attributes }) => this.#plain('mkdir', this.#at(path), { mode: attributes.mode });
  posixRename = ({ path, to }) => this.#plain('rename', this.#at(path), this.#at(to));
  hardlink = ({ path, to }) => this.#plain('link', this.#at(path), this.#at(to));
  symlink = ({ path, to }) => this.#plain('symlink', path, this.#at(to));

  /** RENAME of version 3 fails if something has the new name already. */
  async rename(call) {
    const found = await this.#lstat(this.#at(call.to)).catch((error) => {
      if (error?.code === 'ENOENT') return null;
      throw error;
    });
    if (found !== null) throw fault('EEXIST');
    return this.posixRename(call);
  }

  async readlink({ path }) {
    return { name: readable(await use(this.#fs, 'readlink', this.#at(path), 'buffer')) };
  }

  /** As with OpenSSH, the last name need not exist. */
  async realpath({ path }) {
    if (typeof this.#fs.realpath !== 'function') return { name: path };
    let real;
    try {
      real = readable(await this.#fs.realpath(this.#at(path)));
    } catch (error) {
      if (error?.code === 'ENOENT') return { name: path };
      throw error;
    }
    const prefix = this.#prefix;
    if (prefix === '') return { name: real };
    if (real === prefix) return { name: '/' };
    if (typeof real !== 'string' || !real.startsWith(`${prefix}/`)) throw fault('EACCES');
    return { name: real.slice(prefix.length) };
  }

  async fsync({ handle }) {
    await use(this.#file(handle).file, 'sync');
    return {};
  }

  async statvfs({ path }) {
    const { bsize, blocks, bfree, bavail, files, ffree } = await use(
      this.#fs,
      'statfs',
      this.#at(path),
    );
    return { fileSystem: [bsize, blocks, bfree, bavail, files, ffree].map(Number) };
  }

  async fstatvfs({ handle }) {
    const entry = this.#files.get(handle);
    if (entry === undefined) throw fault('EBADF');
    return this.statvfs(entry);
  }

  async copyData({ handle, other, offset, toOffset, len }) {
    const from = this.#file(handle);
    const to = this.#file(other);
    const most = len === 0 ? Infinity : len;
    const buffer = Buffer.allocUnsafe(COPY_LENGTH);
    for (let done = 0; done < most && !this.#ended;) {
      const room = Math.min(buffer.length, most - done);
      const { bytesRead } = await from.file.read(buffer, 0, room, offset + done);
      if (bytesRead === 0) break;
      const position = to.appends ? null : toOffset + done;
      await this.#writeAll(to.file, buffer.subarray(0, bytesRead), position);
      done += bytesRead;
    }
    return {};
  }
}

module.exports = { Calls };
