'use strict';

// What a key allows whoever logs in with it: the options of its entry, those of its certificate, and both of two keys.

const { isFrom, isFromNetworks } = require('./addresses.js');

/** A key, or a certificate, that does not let this client in, and why. */
class NotAllowed extends Error {}

/** What an entry of authorized_keys allows. */
function ofEntry(key, takesEnvironment) {
  const { options } = key;
  const environment = Object.entries(options.environment ?? {}).filter(([name]) =>
    takesEnvironment(name),
  );
  return {
    key,
    command: options.command ?? null,
    environment: Object.fromEntries(environment),
    pty: options.pty,
    portForwarding: options.portForwarding,
    agentForwarding: options.agentForwarding,
    x11Forwarding: options.x11Forwarding,
    permitOpen: options.permitOpen ?? null,
    permitListen: options.permitListen ?? null,
    tunnel: options.tunnel ?? 'any',
    touch: !options.noTouchRequired,
    verified: options.verifyRequired,
  };
}

/** What a certificate allows: nothing that its authority did not write into it (OpenSSH PROTOCOL.certkeys). */
function ofCertificate(key, { criticalOptions, extensions }) {
  const permits = (name) => Object.hasOwn(extensions, `permit-${name}`);
  return {
    key,
    command: criticalOptions['force-command'] ?? null,
    environment: {},
    pty: permits('pty'),
    portForwarding: permits('port-forwarding'),
    agentForwarding: permits('agent-forwarding'),
    x11Forwarding: permits('X11-forwarding'),
    permitOpen: null,
    permitListen: null,
    tunnel: 'any',
    touch: !Object.hasOwn(extensions, 'no-touch-required'),
    verified: 'verify-required' in criticalOptions,
  };
}

/** Of two lists of places those that count: the places of both. Null is every place. */
function placesOf(a, b) {
  if (a === null || b === null) return a ?? b;
  return a.filter(({ host, port }) =>
    b.some((other) => other.host === host && other.port === port),
  );
}

/** What both allow. Two different forced commands let nobody in, as nobody knows which one is meant. */
function both(a, b) {
  if (a.command !== null && b.command !== null && a.command !== b.command)
    throw new NotAllowed('the key and its certificate force different commands');
  if (a.tunnel !== 'any' && b.tunnel !== 'any' && a.tunnel !== b.tunnel)
    throw new NotAllowed('two keys force different tunnel devices');
  return {
    key: a.key,
    command: a.command ?? b.command,
    environment: { ...b.environment, ...a.environment },
    pty: a.pty && b.pty,
    portForwarding: a.portForwarding && b.portForwarding,
    agentForwarding: a.agentForwarding && b.agentForwarding,
    x11Forwarding: a.x11Forwarding && b.x11Forwarding,
    permitOpen: placesOf(a.permitOpen, b.permitOpen),
    permitListen: placesOf(a.permitListen, b.permitListen),
    tunnel: a.tunnel === 'any' ? b.tunnel : a.tunnel,
    touch: a.touch || b.touch,
    verified: a.verified || b.verified,
  };
}

/** Throws for an entry with principals that is for no authority: sshd takes it for a mistake, too. */
function checkPlain({ options: { principals } }) {
  if (principals !== undefined) throw new NotAllowed('principals= is without cert-authority');
}

/** Throws unless an entry lets a client in that comes now, from this address. */
function checkPlaceAndTime({ options: { from, expiryTime } }, remoteHost) {
  if (from !== undefined && !isFrom(remoteHost, from))
    throw new NotAllowed('from= does not have the address of the client');
  if (expiryTime !== undefined && expiryTime < Math.floor(Date.now() / 1000))
    throw new NotAllowed('expiry-time= is over');
}

/** Throws unless a certificate lets a client in from this address. */
function checkSource({ criticalOptions }, remoteHost) {
  const list = criticalOptions['source-address'];
  if (list !== undefined && !isFromNetworks(remoteHost, list))
    throw new NotAllowed(
      'source-address of the certificate does not have the address of the client',
    );
}

/**
 * Throws unless a certificate is for one of these names; one without principals is for any, where `needsSome` does not
 * say that it needs some.
 */
function checkPrincipals({ principals }, names, needsSome) {
  if (principals.length === 0 && !needsSome) return;
  if (!principals.some((principal) => names.includes(principal)))
    throw new NotAllowed('the certificate is for other principals');
}

module.exports = {
  NotAllowed,
  both,
  checkPlain,
  checkPlaceAndTime,
  checkPrincipals,
  checkSource,
  ofCertificate,
  ofEntry,
};
