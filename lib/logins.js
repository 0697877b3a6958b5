'use strict';

// What a key that let a client in allows it: keys/ writes it down, sessions/ and keys/ keep to it. By server and
// connection; it is gone with the connection.

const logins = new WeakMap();

/**
 * What the key of a connection allows: `{ user, key, command, environment, pty }`. `command` is the forced command or
 * null, `environment` holds further variables, `pty` is false where no terminal may be given. Undefined where no key of
 * keys/ let the client in.
 */
function loginOf(server, connectionId) {
  return logins.get(server)?.get(connectionId);
}

function setLogin(server, connectionId, login) {
  let ofServer = logins.get(server);
  if (ofServer === undefined) logins.set(server, (ofServer = new Map()));
  ofServer.set(connectionId, login);
}

function dropLogin(server, connectionId) {
  logins.get(server)?.delete(connectionId);
}

module.exports = { loginOf, setLogin, dropLogin };
