// An SFTP server on ssh2's events for the benchmark, as its users write them: each request is a call of
// node:fs. The paths are those of the machine.

import fs from 'node:fs';
import path from 'node:path';
import ssh2 from 'ssh2';

const { OPEN_MODE, STATUS_CODE } = ssh2.utils.sftp;
const NAMES_IN_REPLY = 100;

/** Serves the requests of a session. */
export function serveFiles(sftp) {
  const handles = new Map();
  let next = 0;
  const status = (id, error) => {
    if (!error) sftp.status(id, STATUS_CODE.OK);
    else sftp.status(id, error.code === 'ENOENT' ? STATUS_CODE.NO_SUCH_FILE : STATUS_CODE.FAILURE);
  };
  const add = (what) => {
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(next);
    handles.set(next++, what);
    return handle;
  };
  const of = (handle) => handles.get(handle.readUInt32BE(0)) ?? {};
  const tell = (id) => (error, stats) => (error ? status(id, error) : sftp.attrs(id, told(stats)));

  sftp.on('OPEN', (id, name, flags, { mode = 0o666 }) => {
    fs.open(name, openFlags(flags), mode & 0o777, (error, fd) => {
      if (error) status(id, error);
      else sftp.handle(id, add({ fd }));
    });
  });
  sftp.on('READ', (id, handle, offset, length) => {
    const buffer = Buffer.allocUnsafe(Math.min(length, 256 * 1024));
    fs.read(of(handle).fd, buffer, 0, buffer.length, offset, (error, count) => {
      if (error) status(id, error);
      else if (count === 0) sftp.status(id, STATUS_CODE.EOF);
      else sftp.data(id, buffer.subarray(0, count));
    });
  });
  sftp.on('WRITE', (id, handle, offset, data) => {
    fs.write(of(handle).fd, data, 0, data.length, offset, (error) => status(id, error));
  });
  sftp.on('FSTAT', (id, handle) => fs.fstat(of(handle).fd, tell(id)));
  sftp.on('STAT', (id, name) => fs.stat(name, tell(id)));
  sftp.on('LSTAT', (id, name) => fs.lstat(name, tell(id)));
  sftp.on('FSETSTAT', (id) => status(id));
  sftp.on('SETSTAT', (id) => status(id));
  sftp.on('REALPATH', (id, name) => {
    const filename = path.resolve('/', name);
    sftp.name(id, [{ filename, longname: filename, attrs: {} }]);
  });
  sftp.on('OPENDIR', (id, name) => {
    fs.opendir(name, (error, directory) => {
      if (error) status(id, error);
      else sftp.handle(id, add({ directory, name }));
    });
  });
  sftp.on('READDIR', async (id, handle) => {
    const { directory, name } = of(handle);
    const list = [];
    for (let entry; list.length < NAMES_IN_REPLY && (entry = await directory.read());) {
      const stats = await fs.promises.lstat(path.join(name, entry.name));
      const longname = `-rw-r--r-- 1 0 0 ${stats.size} Jan  1 00:00 ${entry.name}`;
      list.push({ filename: entry.name, longname, attrs: told(stats) });
    }
    if (list.length > 0) sftp.name(id, list);
    else sftp.status(id, STATUS_CODE.EOF);
  });
  sftp.on('CLOSE', (id, handle) => {
    const { fd, directory } = of(handle);
    handles.delete(handle.readUInt32BE(0));
    if (directory) directory.close((error) => status(id, error));
    else fs.close(fd, (error) => status(id, error));
  });
  sftp.on('end', () => sftp.end());
}

function told({ mode, uid, gid, size, atimeMs, mtimeMs }) {
  return {
    mode,
    uid,
    gid,
    size,
    atime: Math.floor(atimeMs / 1000),
    mtime: Math.floor(mtimeMs / 1000),
  };
}

function openFlags(flags) {
  const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_TRUNC } = fs.constants;
  const { READ, WRITE, CREAT, TRUNC } = OPEN_MODE;
  const access = flags & WRITE ? (flags & READ ? O_RDWR : O_WRONLY) : O_RDONLY;
  return access | (flags & CREAT ? O_CREAT : 0) | (flags & TRUNC ? O_TRUNC : 0);
}
