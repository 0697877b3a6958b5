'use strict';

// What a client may have a session hold before its program starts, and while it types; each with the attack it stops.

module.exports = {
  /** Sessions of one connection: OpenSSH's MaxSessions. A client must not start programs without end. */
  MAX_SESSIONS: 10,
  /** Variables of one session, as many as OpenSSH takes: each `env` request costs memory until the channel closes. */
  MAX_ENV: 128,
  /** Bytes of all names and values together: 128 variables of the size of a packet would be 4 MiB. */
  MAX_ENV_BYTES: 64 * 1024,
  /** Bytes of a line that is edited, as in Linux: a client that never presses Enter must not grow it. */
  MAX_LINE: 4096,
  /** Bytes of TERM: it becomes a part of a file's name in terminfo. */
  MAX_TERM: 128,
};
