'use strict';

// The module sshserver/keys.

const { e2e, facade, interop, each } = require('./tests.js');

const logins = e2e('keys');
const parser = facade('authorized_keys');
const sshd = interop('authorized_keys');

const optionNames = (names, proof) =>
  each(
    names.map((name) => `AuthorizedKeyOptions.${name}`),
    proof,
  );

const parsed = (text) => parser(`options ${text}`);
const asSshd = sshd('each option is taken and refused as sshd does it');
const entry = parser('an entry: type, blob, fingerprint, comment and line');
const forbidden = 'what a key does not allow >';
const requests = logins(`${forbidden} is no terminal, no agent and no X11`);
const tunnels = logins(`${forbidden} are tunnels to other places than those of permitopen`);
const listening = logins(`${forbidden} is listening anywhere else than permitlisten says`);
const first = logins(
  'who gets in > by the first entry that lets the client in, and the session has that entry',
);
const authority = [
  ...logins('certificates > by an authority of all users'),
  ...sshd('authorities of all users, and their principals, as with sshd'),
];
const byEntry = [
  ...logins('certificates > permit what is in them and in the entry alone'),
  ...sshd('certificates get in by their authority as with sshd'),
];

const keys = {
  authorizedKeys: [
    ...logins(
      'who gets in > by a key that is in the text, and nobody else',
      'who gets in > by the keys that a function gives for the user',
      'who gets in > by the files of paths with %u, %h and %%, of which some may be missing',
      'who gets in > not by a name that leads to another file, whatever the source is',
    ),
    ...sshd('lines are read as sshd reads them'),
  ],
  parseAuthorizedKeys: [
    ...entry,
    ...parser('any text is read to its end, and each of its lines is an entry, refused or nothing'),
  ],
  'AuthorizedKeysOptions.principals': authority,
  'AuthorizedKeysOptions.userCAs': authority,
  'AuthorizedKeysOptions.revoked': logins(
    'revoked keys > by the lists that ssh-keygen -k writes',
    'revoked keys > by lists of keys, one a line, and by several of both',
    'revoked keys > a list that cannot be understood lets nobody in, and Error says so',
  ),
  'AuthorizedKeysOptions.strictModes': logins(
    'files > that others can write, or that are in a folder that others can write, are refused',
    'files > below /tmp are refused by default, as anybody can write there',
  ),
  'AuthorizedKeysOptions.environment': logins(
    `${forbidden} are variables, unless the program permits them`,
  ),
  'AuthorizedKeysOptions.onRefused': first,
  ...each(
    ['connectionId', 'user', 'file', 'line', 'reason'].map((name) => `KeyRefusal.${name}`),
    logins('who gets in > is told of everything that was not used, with file and line'),
  ),
  ...each(
    ['type', 'blob', 'fingerprint', 'comment', 'line', 'options'].map(
      (name) => `AuthorizedKey.${name}`,
    ),
    entry,
  ),
  'AuthorizedKeyOptions.command': [
    ...logins('a forced command > takes the place of shell, command and subsystem'),
    ...asSshd,
  ],
  'AuthorizedKeyOptions.from': [...first, ...asSshd],
  'AuthorizedKeyOptions.expiryTime': [...first, ...asSshd],
  'AuthorizedKeyOptions.environment': logins(
    `${forbidden} are variables, unless the program permits them`,
  ),
  'AuthorizedKeyOptions.permitOpen': tunnels,
  'AuthorizedKeyOptions.permitListen': listening,
  ...optionNames(['principals', 'certAuthority'], byEntry),
  'AuthorizedKeyOptions.tunnel': [
    ...parsed('tunnel="5"'),
    ...logins(`${forbidden} is another device than that of tunnel`),
  ],
  ...optionNames(['restrict', 'pty', 'agentForwarding', 'x11Forwarding'], requests),
  'AuthorizedKeyOptions.portForwarding': [...tunnels, ...listening],
  'AuthorizedKeyOptions.userRc': parsed('no-user-rc'),
  'AuthorizedKeyOptions.noTouchRequired': parsed('no-touch-required'),
  'AuthorizedKeyOptions.verifyRequired': logins(
    'security keys > verify-required wants the device to have verified its user',
  ),
  ...each(
    ['KeyPlace.host', 'KeyPlace.port'],
    parsed('permitopen="192.0.2.1:80",permitopen="[::1]:*"'),
  ),
};

module.exports = { keys };
