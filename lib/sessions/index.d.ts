/// <reference types="node" />

import { EventEmitter } from 'node:events';
import { Duplex, Readable, Writable } from 'node:stream';
import { sshserver } from '../../index.js';

import { AuthorizedKey } from '../keys/index.js';

export * from '../keys/index.js';
export * from '../sftp/index.js';
export * from '../shell/index.js';

/**
 * Serves the session channels of a server (RFC 4254 section 6) by handlers: `shell`, `exec` and subsystems, with what
 * clients ask before them (variables, a terminal) and after them (signals, new sizes of the window).
 *
 * It is a user of the class as your program is. It accepts session channels, and answers only requests that no
 * listener of yours has accepted: what a listener accepts before its first `await` is yours, wherever it is in the
 * order. A start that you accept (shell, exec, subsystem) is yours to serve, and there is no second one. Logins are not
 * its business: without a listener of SSHUserAuthRequest nobody gets in.
 *
 * A command that the key of the client forces (see `sshserver/keys`) takes the place of what the client asks for,
 * before a handler is chosen; the forced command `internal-sftp` is the subsystem `sftp`, if there is one.
 *
 * @throws TypeError or RangeError for a wrong handler, with its name; Error if the server is served already. Nothing
 * has changed then.
 */
export function serveSessions(server: sshserver, handlers: SessionHandlers): SessionService;

/**
 * Serves one session, from the start of its program to its end. Called when the client's request has been answered.
 *
 * A number that it returns, or resolves to, is the exit status: see Session.exit. Without one the session goes on until
 * its handler calls exit() or exitSignal(), or the client leaves (Session.signal). A handler that throws or rejects
 * ends its session with status 1, and the event `Error` tells it (1202), unless it is only that the client has left.
 */
export type SessionHandler = (session: Session) => void | number | Promise<void | number>;

/** A handler of `exec` for some commands. */
export interface ExecHandler extends SessionHandler {
  /** Whether it is for this command. Exactly true counts; without `matches` it is for every command. */
  matches?(command: string, session: Session): boolean;
}

export interface SessionHandlers {
  /** The subsystem `sftp`. */
  sftp?: SessionHandler;
  /** Subsystems by name. A client that asks for another one is refused. */
  subsystems?: Record<string, SessionHandler>;
  /** Commands: the first one that matches. Without one the client is refused. */
  exec?: ExecHandler | readonly ExecHandler[];
  /** A shell. */
  shell?: SessionHandler;
  /**
   * Whether clients get a terminal. Exactly true counts. Default: whether `shell` has a use for one, or without `shell`
   * one of `exec`; every handler has but those that say otherwise, as shell() and command() do. A key with `no-pty` or
   * `restrict` gets none in any case.
   */
  pty?: boolean | ((session: Session) => boolean);
  /**
   * Which variables clients may set: patterns with `*` and `?`, or a function, of which exactly true counts. Default
   * LANG, LC_*, TERM, COLORTERM, GIT_PROTOCOL. At most 128 variables of 64 KiB in all; names have no `=`, values no NUL.
   */
  env?: readonly string[] | ((name: string, value: string, session: Session) => boolean);
  /** The sessions of one connection at a time. Default 10, as OpenSSH's MaxSessions. */
  maxSessions?: number;
}

/** What serveSessions returns. */
export interface SessionService extends EventEmitter<SessionServiceEvents> {
  /** The sessions whose program has started, by channel id: a view that is always up to date. */
  readonly sessions: ReadonlyMap<string, Session>;
  /**
   * Takes no further sessions, closes the channels of those that are open, and resolves when they are gone; from then
   * on the server is as if it had never been served. shutdown() of the server ends sessions, too.
   */
  close(): Promise<void>;
}

export interface SessionServiceEvents {
  /** A session is about to be handed to its handler. */
  start: [session: Session];
  /** The channel of a session that had started is gone. */
  end: [session: Session];
}

/** A session channel. */
export interface Session extends EventEmitter<SessionEvents> {
  readonly server: sshserver;
  readonly service: SessionService;
  readonly connectionId: string;
  readonly channelId: string;
  /** The name that the client has logged in with. */
  readonly user: string;
  readonly remoteHost: string;
  readonly remotePort: number;
  /** The entry of `sshserver/keys` that let the client in; null if it was something else. */
  readonly key: AuthorizedKey | null;
  /** What the client has asked for, or a forced command is; null before the start, in the functions `pty` and `env`. */
  readonly kind: 'shell' | 'exec' | 'subsystem' | null;
  /**
   * The command, or the name of the subsystem; `""` for a shell. It is exactly what the client wrote: a command that is
   * not UTF-8, or has a NUL, is refused.
   */
  readonly command: string;
  /** With a forced command, what the client has asked for: its command or subsystem. Null for a shell, and without one. */
  readonly originalCommand: string | null;
  /** The variables that the client has set and may set, TERM of its terminal, and those of its key. */
  readonly env: Readonly<Record<string, string>>;
  /** The terminal that the client has asked for and got. */
  readonly pty: Pty | null;
  /**
   * The data of the channel: getChannelStream of the class. A client that leaves destroys it; that need not be listened
   * to, as `signal` tells it.
   */
  readonly stream: Duplex;
  /** Extended data of type 1, which clients write to their standard error. With a terminal it is the terminal's output. */
  readonly stderr: Writable;
  /** With `pty`, what programs with text interfaces take for a terminal, on top of `stream`; else null. */
  readonly terminal: Terminal | null;
  /** Aborted when the channel is gone, by whomever it was closed. */
  readonly signal: AbortSignal;
  /**
   * Sends everything that was written, then the exit status (0 to 2^32 - 1), EOF and CLOSE. Resolves when that is
   * done, or the client is gone. The first end of a session counts, later ones resolve with it. Need not be awaited.
   * @throws TypeError or RangeError for what is no status; the session goes on.
   */
  exit(status: number): Promise<void>;
  /**
   * The same for a program that a signal has ended: its name without SIG (RFC 4254 section 6.10), such as `"TERM"`.
   * @throws TypeError for what is no name of a signal.
   */
  exitSignal(name: string, options?: { core?: boolean; message?: string }): Promise<void>;
}

export interface SessionEvents {
  /** The client's window has another size, which `pty` has already. */
  resize: [pty: Pty];
  /** The client sends a signal, by its name without SIG; with a line-editing terminal ^C is INT and ^\ is QUIT. */
  signal: [name: string];
  /** The client sends a break of so many milliseconds (RFC 4335); 0 leaves the length to the server. */
  break: [milliseconds: number];
}

/** The terminal of a client (RFC 4254 section 6.2). */
export interface Pty {
  /** Its kind, as in TERM: at most 128 characters. */
  readonly term: string;
  /** Its size in characters; 0 if the client does not know it. */
  readonly columns: number;
  readonly rows: number;
  /** Its size in pixels; mostly 0. */
  readonly widthPixels: number;
  readonly heightPixels: number;
  /** The modes that the client tells, by their names in RFC 4254 section 8, such as `ECHO` and `VINTR`. */
  readonly modes: Readonly<Record<string, number>>;
}

/** What readline, REPLs and libraries for text interfaces expect of process.stdin and process.stdout. */
export interface Terminal {
  readonly input: TerminalInput;
  readonly output: TerminalOutput;
}

/**
 * What is typed. Lines are edited and echoed here (erase, ^U, ^W, ^D as the end, lines of at most 4096 bytes) until
 * setRawMode(true). It ends with the client's EOF, and when the client leaves.
 */
export interface TerminalInput extends Readable {
  readonly isTTY: true;
  readonly isRaw: boolean;
  /** Whether keys come as they are typed, unseen by the client until somebody shows them. */
  setRawMode(mode: boolean): this;
  /** Does nothing: a session does not keep the process alive. */
  ref(): this;
  /** Does nothing. */
  unref(): this;
}

/** What is shown: LF becomes CR LF. It emits `'resize'`. Ending it does not end the session. */
export interface TerminalOutput extends Writable {
  readonly isTTY: true;
  /** The size; 80 and 24 if the client does not know it. */
  readonly columns: number;
  readonly rows: number;
  getWindowSize(): [columns: number, rows: number];
  /** As of tty.WriteStream, for the variables of the session (TERM, COLORTERM). */
  getColorDepth(env?: Record<string, string>): number;
  hasColors(count?: number, env?: Record<string, string>): boolean;
  cursorTo(x: number, y?: number, callback?: () => void): boolean;
  moveCursor(dx: number, dy: number, callback?: () => void): boolean;
  clearLine(direction: -1 | 0 | 1, callback?: () => void): boolean;
  clearScreenDown(callback?: () => void): boolean;
}
