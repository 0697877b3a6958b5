/// <reference types="node" />

import { Session, SessionHandler } from '../sessions/index.js';

/**
 * SFTP for `serveSessions(server, { sftp: sftp({ root }) })`: version 3 of the protocol
 * (draft-ietf-secsh-filexfer-02) with all extensions of OpenSSH's server. The addon serves it: no JavaScript runs for a
 * request, and a file system that hangs holds up its own session only. On systems other than Linux the session is
 * refused (error 10022 and its kin of the system).
 *
 * @param options The directory and what is allowed in it; or a function that gives that for each session, before the
 * client's request is answered. When it throws or rejects, or the directory cannot be opened, the request is refused,
 * and the event `Error` tells it.
 * @throws TypeError or RangeError for a wrong option, with its name.
 */
export function sftp(
  options: SftpOptions | ((session: Session) => SftpOptions | Promise<SftpOptions>),
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

export interface SftpLimits {
  /** Files and directories that may be open at once. Default and most: 100. */
  openHandles?: number;
  /** The longest READ in bytes; a longer one gets so much. Default and most: 261120. */
  readLength?: number;
  /** The longest WRITE in bytes that clients are told of. Default and most: 261120. */
  writeLength?: number;
}
