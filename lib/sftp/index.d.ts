/// <reference types="node" />

import { Session, SessionHandler } from '../sessions/index.js';

/**
 * SFTP for `serveSessions(server, { sftp: sftp({ root }) })`: version 3 of the protocol
 * (draft-ietf-secsh-filexfer-02) with all extensions of OpenSSH's server. The addon serves it: no JavaScript runs for a
 * request, and a file system that hangs holds up its own session only. On systems other than Linux the session is
 * refused (error 10022 and its kin of the system). With `fs` in the options the files are those of an object of the
 * program, on every system.
 *
 * @param options The directory, or the object, and what is allowed in it; or a function that gives that for each session, before the
 * client's request is answered. When it throws or rejects, or the directory cannot be opened, the request is refused,
 * and the event `Error` tells it.
 * @throws TypeError or RangeError for a wrong option, with its name.
 */
export function sftp(
  options:
    | SftpOptions
    | SftpObjectOptions
    | ((
        session: Session,
      ) => SftpOptions | SftpObjectOptions | Promise<SftpOptions | SftpObjectOptions>),
): SessionHandler;

/** An operation that can be allowed or not. */
export type SftpOperation =
  | 'read'
  | 'write'
  | 'list'
  | 'setstat'
  | 'remove'
  | 'rename'
  | 'mkdir'
  | 'rmdir'
  | 'symlink'
  | 'link';

export interface SftpOptions {
  /**
   * The directory that is the client's `/`. Nothing outside of it can be reached: the kernel resolves each path below
   * it (openat2 with RESOLVE_IN_ROOT), or the addon does so name by name where that is missing.
   */
  root: string;
  /** The client's working directory in it, where relative paths begin. Default `/`. */
  cwd?: string;
  /** Allows only `read` and `list`. Default false. */
  readOnly?: boolean;
  /** Operations that are not allowed are answered with SSH_FX_PERMISSION_DENIED. Default: all are. */
  allow?: Partial<Record<SftpOperation, boolean>>;
  /** Permissions that new files and directories don't get, besides those of the process's umask. Default 0. */
  umask?: number;
  /**
   * What is done with symbolic links: `inside` follows them within the root, where `/` of an absolute link is the root;
   * `refuse` follows none. Default `inside`.
   */
  symlinks?: 'inside' | 'refuse';
  /** Whether listings have the names of users and groups; else their numbers. Default true. */
  names?: boolean;
  /** Bounds of one session. */
  limits?: SftpLimits;
}

/**
 * The options of `sftp()` for a file system object of the program: `cwd`, `readOnly`, `allow`, `umask` and `limits` mean
 * what they mean for a directory. A session asks the object for a few requests at a time, and takes no more of its
 * client until those are answered; an object that never answers holds up its session only, until the client leaves.
 */
export interface SftpObjectOptions extends Omit<SftpOptions, 'root' | 'symlinks' | 'names'> {
  /** `node:fs/promises`, `memfs().fs.promises`, `fs.promises` of @zenfs/core, or anything that has their methods. */
  fs: SftpFs;
  /**
   * The absolute path in the object that is the client's `/`. Paths of clients are made absolute, and lose their `..`,
   * before the object gets them; but what a symbolic link leads to is the object's affair. So with `node:fs/promises`
   * a link leads out of the root: to serve a directory of the machine give its path without `fs`. Default `/`.
   */
  root?: string;
}

/**
 * What is used of node:fs/promises. A request for which a method is missing is answered with SSH_FX_OP_UNSUPPORTED. A
 * path is a Buffer where it is not UTF-8. An error's `code`, such as `ENOENT`, chooses the status; its message is never
 * sent. Rename of version 3 looks whether the new name is free first, which another writer can come between.
 */
export interface SftpFs {
  /** Opens a file; `flags` are numbers of `fs.constants`. */
  open(path: any, flags: any, mode?: any): Promise<SftpFile>;
  /** Tells of what a path leads to. */
  stat(path: any): Promise<object>;
  /** The names in a directory. */
  readdir(path: any, options?: any): Promise<readonly any[]>;
}

/** What is used of a FileHandle. `truncate`, `sync`, `chmod`, `chown`, `utimes` and `stat` may be there as well. */
export interface SftpFile {
  /** Reads at a position. No bytes are the end of the file. */
  read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number }>;
  /** Writes at a position; `null` is the end of the file. */
  write(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<{ bytesWritten: number }>;
  /** Closes the file: its CLOSE is answered when this has resolved. */
  close(): Promise<void>;
}

export interface SftpLimits {
  /** Files and directories that may be open at once. Default and most: 100. */
  openHandles?: number;
  /** The longest READ in bytes; a longer one gets so much. Default and most: 261120. */
  readLength?: number;
  /** The longest WRITE in bytes that clients are told of. Default and most: 261120. */
  writeLength?: number;
}
