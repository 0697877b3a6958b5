'use strict';

// The rows of the interop run that exchange keys or log in by GSSAPI: the client has the ticket of bob, and the server
// the key of localhost, with the library of MIT or with that of Heimdal.

const { LIBRARIES, Realm, missing } = require('./kerberos.js');

const SUFFIX = '-toWM5Slw5Ew8Mqkay+al2g==';
const USER = 'bob';

const WITH_MIC = 'gssapi-with-mic';
const isGss = ({ name }) => name.startsWith('gss-') || name === WITH_MIC;
/** The name without the mechanism. */
const familyOf = (name) => name.replace(SUFFIX, '');

let realm;
/** The realm of the spec, which the first row that needs it starts. */
async function theRealm() {
  realm ??= Realm.start({ users: [USER] }).then((it) => {
    it.ticket(USER);
    return { realm: it, keytab: it.keytab() };
  });
  return realm;
}

/** One row for each library. */
function rowsOf(row) {
  return Object.keys(LIBRARIES).map((library) => ({
    ...row,
    library,
    title: library === 'MIT' ? row.name : `${row.name}, ${library}`,
  }));
}

/** Prepares the server; what the client needs. */
async function prepareGss(server, { library, name }) {
  const { realm: it, keytab } = await theRealm();
  await server.config(`GSSLibrary=${LIBRARIES[library]}`);
  await server.config(`GSSKeytab=${keytab}`);
  const method = name === WITH_MIC ? WITH_MIC : 'gssapi-keyex';
  server.setDefaultAuthMethods(method);
  return { user: USER, host: 'localhost', gss: it.env(USER), method };
}

const missingFor = (row) => (isGss(row) ? missing(row.library) : undefined);

module.exports = { SUFFIX, WITH_MIC, familyOf, isGss, missingFor, prepareGss, rowsOf };
