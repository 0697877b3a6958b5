'use strict';

// Keeps clients to what their keys allow, besides commands and variables, which are the router's: tunnels, terminals,
// agents and X11. The answers are final, whatever other listeners say.

const net = require('node:net');
const { decide, dropLogin, isServed, loginOf } = require('../logins.js');
const { matchesPattern } = require('../patterns.js');

const FORWARD = 0;
/** Any device, in a request for a tunnel of layer 2 or 3 (OpenSSH PROTOCOL 2.3). */
const ANY_DEVICE = 0x7fffffff;
const STARTS = ['shell', 'exec', 'subsystem'];

const guards = new WeakMap();

/** Whether a text is an address to listen on: a reverse tunnel with port 0 can lead to a Unix domain socket, too. */
const isAddress = (text) => net.isIP(text) !== 0 || text === '' || text === 'localhost';

/** Whether a list of `{ host, port }` has a place; null has every one, port 0 is any. */
function hasPlace(list, matches, address, port) {
  if (list === null) return true;
  return list.some(
    (place) => (place.port === 0 || place.port === port) && matches(place.host, address),
  );
}

const isHost = (host, address) => host === '*' || host === address;
const isHostPattern = (host, address) => matchesPattern(address, host);

function mayConnect({ portForwarding, permitOpen }, address, port) {
  // A Unix domain socket has no port, so no list of places has it.
  return portForwarding && hasPlace(permitOpen, isHost, address, port);
}

function mayListen({ portForwarding, permitListen }, address, port) {
  return portForwarding && hasPlace(permitListen, isHostPattern, address, port);
}

function mayTunnel(login, { direction, address, port }) {
  // The path of a Unix domain socket is no host that a `*` stands for. Nothing listens on port 0, and a name that could
  // be a path is no address to listen on.
  if (direction === FORWARD && port !== 0) return mayConnect(login, address, port);
  if (direction !== FORWARD && (port !== 0 || isAddress(address)))
    return mayListen(login, address, port);
  const places = direction === FORWARD ? login.permitOpen : login.permitListen;
  return login.portForwarding && places === null;
}

/** `string host | uint32 port` at the beginning of the data of a channel type. */
function placeIn(bytes) {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (data.length < 8) return null;
  const length = data.readUInt32BE(0);
  if (data.length < 8 + length) return null;
  return { address: data.toString('utf8', 4, 4 + length), port: data.readUInt32BE(4 + length) };
}

/** What is asked before a channel is opened, by its type; other types are not the keys' business. */
const CHANNELS = {
  'direct-tcpip'(login, bytes) {
    const place = placeIn(bytes);
    return place !== null && mayConnect(login, place.address, place.port);
  },
  'direct-streamlocal@openssh.com': (login) => login.portForwarding && login.permitOpen === null,
  'tun@openssh.com'(login, bytes) {
    // `uint32 mode | uint32 unit`
    if (!login.portForwarding || bytes.length < 8) return false;
    const unit = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).readUInt32BE(4);
    return login.tunnel === 'any' || unit === login.tunnel || unit === ANY_DEVICE;
  },
};

const REQUESTS = {
  'pty-req': 'pty',
  'auth-agent-req@openssh.com': 'agentForwarding',
  'auth-agent-req': 'agentForwarding',
  'x11-req': 'x11Forwarding',
};

function checkTunnel(server, event) {
  const login = loginOf(server, event.connectionId);
  if (login !== undefined && !mayTunnel(login, event)) decide(event, 'accept', false);
}

function checkChannel(server, event) {
  const login = loginOf(server, event.connectionId);
  if (login === undefined || !Object.hasOwn(CHANNELS, event.service)) return;
  if (!CHANNELS[event.service](login, event.parametersB)) decide(event, 'accept', false);
}

function checkRequest(server, event) {
  const login = loginOf(server, event.connectionId);
  if (login === undefined) return;
  const { requestType } = event;
  const isForbidden = Object.hasOwn(REQUESTS, requestType) && !login[REQUESTS[requestType]];
  // Without a router nobody keeps to a forced command, so that nothing may start.
  const isUnguarded = login.command !== null && STARTS.includes(requestType) && !isServed(server);
  if (isForbidden || isUnguarded) decide(event, 'success', false);
}

/** The listeners of a server; they are made once. */
function listenersOf(server) {
  let listeners = guards.get(server);
  if (listeners === undefined) {
    listeners = {
      SSHTunnelRequested: (event) => checkTunnel(server, event),
      SSHChannelOpenRequest: (event) => checkChannel(server, event),
      SSHChannelRequest: (event) => checkRequest(server, event),
      Disconnected: ({ connectionId }) => dropLogin(server, connectionId),
    };
    guards.set(server, listeners);
  }
  return Object.entries(listeners);
}

/** From now on the clients of this server are kept to what their keys allow. To be called at each login. */
function guard(server) {
  for (const [name, listener] of listenersOf(server)) {
    // Not there a second time, but again after a removeAllListeners of the program.
    if (!server.listeners(name).includes(listener)) server.on(name, listener);
  }
}

module.exports = { guard };
