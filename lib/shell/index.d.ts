import { ExecHandler, Session, SessionHandler } from '../sessions/index.js';

/** How a program runs. */
export interface ChildOptions {
  /** The folder to run it in, which HOME is then, too. Default: that of the server, and HOME the server's user's. */
  cwd?: string;
  /**
   * Further variables, which nobody else can set. The others are HOME, USER, LOGNAME, PATH, TZ, SSH_CLIENT,
   * SSH_CONNECTION, SSH_ORIGINAL_COMMAND after a forced command, and `session.env`. The server's own are not passed on.
   */
  env?: Record<string, string>;
  /**
   * The user and group to run it as, which mostly only root may choose. Default: those of the server. With `uid` there has
   * to be `gid`, too; supplementary groups are dropped.
   */
  uid?: number;
  gid?: number;
  /** Seconds without data either way after which it is ended. Default 0: never. */
  idle?: number;
  /** How it is asked to end when the client leaves: SIGHUP (the default) or SIGTERM for its process group. */
  kill?: 'hup' | 'term';
  /** Seconds after which a program that has not ended then is killed, with its process group. Default 5. */
  grace?: number;
}

export interface ShellOptions extends ChildOptions {
  /** The shell. Default: that of the user who runs the server. */
  file?: string;
  /** Arguments before those that make it run a command. Default none. */
  args?: readonly string[];
  /** Whether it is a login shell, if no command is to be run. Default true. */
  login?: boolean;
}

export interface CommandOptions extends ChildOptions {
  /** Which commands of clients it is for: a whole one, a pattern, or a function. Default: all. */
  matches?: string | RegExp | ((command: string, session: Session) => boolean);
}

/**
 * A handler that runs a shell with three pipes: as `shell` one that reads its commands from the client, as `exec` one
 * that runs the client's command.
 *
 * The exit status or signal is that of the shell. Its signals come from the client (those of RFC 4254 section 6.10), for
 * the whole process group. When the client leaves, it is asked to end, and then killed. It has no terminal, so clients
 * get none (`pty` of serveSessions). A shell that cannot be started ends the session with 126 or 127, and `Error`
 * tells why.
 *
 * Everyone who gets it has all rights of the user that it runs as.
 * @throws TypeError or RangeError for a wrong option, with its name.
 */
export function shell(
  options?: ShellOptions | ((session: Session) => ShellOptions | Promise<ShellOptions>),
): SessionHandler;

/**
 * A handler for `exec` that runs one program, and no shell: its file, a list of the file and its arguments, or a
 * function that gives one of these. What the client wrote is `session.command`. Otherwise as shell().
 */
export function command(
  program:
    | string
    | readonly string[]
    | ((session: Session) => string | readonly string[] | Promise<string | readonly string[]>),
  options?: CommandOptions | ((session: Session) => ChildOptions | Promise<ChildOptions>),
): ExecHandler;
