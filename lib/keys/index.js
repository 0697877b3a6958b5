'use strict';

// The module `sshserver/keys`: who gets in with a public key, as the files of OpenSSH say it.

const { checkInstance } = require('../args.js');
const { isServed, loginOf, setLogin, dropLogin } = require('../logins.js');
const { sshserver } = require('../server.js');
const {
  NotAllowed,
  both,
  checkPlain,
  checkPlaceAndTime,
  checkPrincipals,
  checkSource,
  ofCertificate,
  ofEntry,
} = require('./login.js');
const { parseAuthorizedKeys, parseKeys } = require('./parse.js');
const { guard } = require('./restrictions.js');
const { Revoked } = require('./revoked.js');
const { checkKeys, checkOptions, readOfServer, readOfUser } = require('./sources.js');
const { isSafeName } = require('./users.js');

/** One attempt to log in with a public key: looks for an entry that lets the client in. */
class Attempt {
  #event;
  #remoteHost;
  #options;
  #blob;
  #certificate;

  constructor(event, remoteHost, options) {
    this.#event = event;
    this.#remoteHost = remoteHost;
    this.#options = options;
    const bytes = event.authParamB;
    this.#blob = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#certificate = event.userCertificate;
  }

  /** What the client is allowed, or undefined if nothing lets it in. */
  async find(keysOf) {
    if (await this.#isRevoked()) {
      this.#refuse(null, 'the key is revoked');
      return undefined;
    }
    return (await this.#byAuthority()) ?? (await this.#byUser(keysOf));
  }

  async #isRevoked() {
    const files = await readOfServer(this.#options.revoked);
    return this.#options.lists.revoke(files, this.#blob, this.#certificate);
  }

  /** By an authority that the server trusts for all users. */
  async #byAuthority() {
    const certificate = this.#certificate;
    if (certificate === null) return undefined;
    for (const { name, bytes } of await readOfServer(this.#options.userCAs)) {
      for (const key of this.#entries(name, bytes, parseKeys)) {
        if (key.blob.toString('base64') !== certificate.signatureKey) continue;
        const login = await this.#allowed(name, key, async () => {
          const names = await this.#options.principalsOf(this.#event.user, this.#event);
          checkPrincipals(certificate, names, true);
          checkSource(certificate, this.#remoteHost);
          return ofCertificate(key, certificate);
        });
        if (login !== undefined) return login;
      }
    }
    return undefined;
  }

  /** By an entry of the user's. */
  async #byUser(keysOf) {
    const { user } = this.#event;
    // Before the login the name is anything that a stranger chooses, and mostly a part of a path.
    if (!isSafeName(user)) return undefined;
    const sources = await keysOf(user, this.#event);
    const refuse = (file, reason) => this.#refuse({ file }, reason);
    for (const { name, bytes } of await readOfUser(sources, user, this.#options, refuse)) {
      for (const key of this.#entries(name, bytes)) {
        if (!this.#isFor(key)) continue;
        const login = await this.#allowed(name, key, () => this.#byEntry(key));
        if (login !== undefined) return login;
      }
    }
    return undefined;
  }

  #entries(file, bytes, parse = parseAuthorizedKeys) {
    return parse(bytes.toString('utf8'), (line, reason) => this.#refuse({ file, line }, reason));
  }

  /** Whether an entry has the key, or the authority of the certificate, that the client comes with. */
  #isFor({ blob, options }) {
    if (this.#certificate === null) return !options.certAuthority && blob.equals(this.#blob);
    return options.certAuthority && blob.toString('base64') === this.#certificate.signatureKey;
  }

  #byEntry(key) {
    const { user } = this.#event;
    const certificate = this.#certificate;
    checkPlaceAndTime(key, this.#remoteHost);
    const login = ofEntry(key, this.#options.takesEnvironment);
    if (certificate === null) {
      checkPlain(key);
      return login;
    }
    const { principals } = key.options;
    checkPrincipals(certificate, principals ?? [user], principals !== undefined);
    checkSource(certificate, this.#remoteHost);
    return both(login, ofCertificate(key, certificate));
  }

  /** What `find` gives, unless it is not allowed, which is told. */
  async #allowed(file, { line }, find) {
    try {
      const login = await find();
      this.#checkVerified(login);
      return login;
    } catch (error) {
      if (!(error instanceof NotAllowed)) throw error;
      this.#refuse({ file, line }, error.message);
      return undefined;
    }
  }

  /** Only a security key can tell; of other keys sshd does not ask it either. */
  #checkVerified({ verified }) {
    const { signed, userVerified, keyAlgorithm } = this.#event;
    if (verified && signed && keyAlgorithm.startsWith('sk-') && !userVerified)
      throw new NotAllowed('verify-required: the device has not verified its user');
  }

  #refuse(where, reason) {
    const { connectionId, user } = this.#event;
    this.#options.onRefused({ connectionId, user, file: '', line: 0, ...where, reason });
  }
}

/** Forgets what an earlier key allowed, if it does not count for the login any more. */
function forget(server, event) {
  const { connectionId, user, authMethod, partialSuccesses } = event;
  const before = loginOf(server, connectionId);
  // That of this very event is of another such listener, which was faster.
  if (before === undefined || authMethod === 'sigstatus' || before.event === event) return;
  if (before.user !== user || !partialSuccesses.includes('publickey'))
    dropLogin(server, connectionId);
}

/** What counts of a login by one more key; undefined if nothing can. */
function joined(before, login) {
  if (before === undefined) return login;
  try {
    return both(login, before);
  } catch (error) {
    if (error instanceof NotAllowed) return undefined;
    throw error;
  }
}

function authorizedKeys(source, options = {}) {
  const keysOf = checkKeys(source);
  const checked = { ...checkOptions(options), lists: new Revoked() };
  return async function listener(event) {
    checkInstance(this, sshserver, 'this');
    forget(this, event);
    if (event.authMethod !== 'publickey') return;
    const { connectionId, user } = event;
    const remoteHost = this.connections.get(connectionId)?.remoteHost ?? '';
    const found = await new Attempt(event, remoteHost, checked).find(keysOf);
    // Asked for now: meanwhile another such listener may have let the client in, with restrictions of its own.
    const login = found && joined(loginOf(this, connectionId), found);
    if (login === undefined) return;
    if (login.command !== null && !isServed(this)) {
      const reason = 'a command is forced, and without serveSessions nobody keeps to that';
      checked.onRefused({ connectionId, user, file: '', line: login.key.line, reason });
      return;
    }
    // A query proves nothing, so nothing is written down for it.
    if (event.signed) {
      // What has left meanwhile has no end to come, at which it would be forgotten.
      if (!this.connections.get(connectionId)?.connected) return;
      setLogin(this, connectionId, { ...login, user, event });
      guard(this);
    }
    event.accept = true;
  };
}

module.exports = { authorizedKeys, parseAuthorizedKeys };
