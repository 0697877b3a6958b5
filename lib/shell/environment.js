'use strict';

// The variables of a session's program. None of the server's own are passed on but those that a program cannot do
// without: what the server knows by its environment, passwords among it, is not the users'.

const os = require('node:os');

const INHERITED =
  process.platform === 'win32'
    ? ['Path', 'PATHEXT', 'SystemRoot', 'SystemDrive', 'ComSpec', 'TEMP', 'TMP', 'USERPROFILE']
    : ['PATH', 'TZ'];

/** Where the connection comes from and goes to, as sshd(8) tells it. */
function ofConnection(session) {
  const { server, connectionId, remoteHost, remotePort, originalCommand } = session;
  const localAddress = server.connections.get(connectionId)?.localAddress ?? '';
  const localPort = server.localPort;
  return {
    SSH_CLIENT: `${remoteHost} ${remotePort} ${localPort}`,
    SSH_CONNECTION: `${remoteHost} ${remotePort} ${localAddress} ${localPort}`,
    ...(originalCommand === null ? {} : { SSH_ORIGINAL_COMMAND: originalCommand }),
  };
}

/** What the client set comes after what the system says, and before what the program says. */
function environmentOf(session, { env, cwd }, shell) {
  const inherited = Object.fromEntries(
    INHERITED.filter((name) => process.env[name] !== undefined).map((name) => [
      name,
      process.env[name],
    ]),
  );
  return {
    ...inherited,
    HOME: cwd ?? os.homedir(),
    USER: session.user,
    LOGNAME: session.user,
    ...(shell === undefined ? {} : { SHELL: shell }),
    ...session.env,
    ...ofConnection(session),
    ...env,
  };
}

module.exports = { environmentOf };
