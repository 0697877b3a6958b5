'use strict';

// What a key that let a client in allows it: keys/ writes it down, sessions/ and keys/ keep to it. By server and
// connection; it is gone with the connection. And which servers have a router that keeps to forced commands.

const logins = new WeakMap();
const served = new WeakSet();

/**
 * What the keys of a connection allow, as lib/keys/login.js makes it. Undefined where no key of keys/ let the client
 * in.
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

/** Whether serveSessions serves a server; two routers would start two programs for one request. */
function isServed(server) {
  return served.has(server);
}

function setServed(server, isServed) {
  if (isServed) served.add(server);
  else served.delete(server);
}

/**
 * Makes an answer of an event final: listeners that are called later, or that wait for something, change nothing any
 * more. For answers that a key's options demand.
 */
function decide(event, field, answer) {
  Object.defineProperty(event, field, {
    get: () => answer,
    set() {},
    enumerable: true,
    configurable: true,
  });
}

module.exports = { loginOf, setLogin, dropLogin, isServed, setServed, decide };
