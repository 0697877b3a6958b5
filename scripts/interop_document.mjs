// docs/INTEROP.md from the results of the interop run. The same results give the same text on every
// machine.

/** Order and name of the columns. */
const clients = {
  ssh: 'OpenSSH',
  plink: 'PuTTY',
  dbclient: 'Dropbear',
  libssh: 'libssh',
  libssh2: 'libssh2',
  paramiko: 'paramiko',
  paramiko3: 'paramiko 3',
  asyncssh: 'asyncssh',
  ssh2: 'ssh2',
  go: 'Go x/crypto',
  russh: 'russh',
  jsch: 'JSch',
};

const families = {
  kex: 'Key exchange',
  cipher: 'Ciphers',
  mac: 'MACs',
  hostKey: 'Host keys',
  userKey: "Signatures of clients' keys",
  compression: 'Compression',
  method: 'Logins by Kerberos',
};

const intro = `# Interoperability

Written by \`npm run interop\`: do not edit.

Every algorithm that the server has, with every client that has it. Each \`pass\` is a connection of
its own with only that algorithm offered, by the client or, where the client cannot be told to, by the
server: the client logs in and runs a command to which it sends 8 MiB, and which sends it 8 MiB of its
own. New keys are exchanged twice, while data is on its way in both directions: once during what the
client sends, asked for by the client where it can be told to and by the server otherwise (see the next
table); and once during what the server sends, asked for by the server. Both sides
compare what came with what was sent, and the server's own events have to name the algorithm in every
exchange of keys, with at least three exchanges.

\`–\` is an algorithm that the client does not have. \`skip\` is a pair that was not tried; the notes say
why. A client that is not installed skips its column; in CI that fails the run.
`;

const marks = { passed: 'pass', failed: 'FAIL', none: '–', missing: 'not installed' };

/** The text of the document. */
export function document(results) {
  const order = Object.keys(clients);
  const columns = order
    .map((name) => results.find((result) => result.client === name))
    .filter(Boolean);
  const notes = [];
  const parts = [intro, clientTable(columns)];
  for (const [kind, title] of Object.entries(families)) {
    parts.push(`## ${title}\n\n${familyTable(kind, columns, notes)}`);
  }
  if (notes.length > 0) {
    parts.push(`## Notes\n\n${notes.map((note, i) => `${i + 1}. ${note}`).join('\n')}\n`);
  }
  parts.push(remarks);
  return parts.join('\n');
}

/** The part that names the clients and their versions. */
export function documentedClients(text) {
  return /^\| Client [^]*?\n\n/m.exec(text)?.[0] ?? '';
}

function clientTable(columns) {
  const rows = columns.map(({ client, version, asksForKeys, cells }) => {
    const passed = cells.filter((cell) => cell.state === 'passed').length;
    const skipped = cells.filter((cell) => cell.state === 'skipped').length;
    const asks = asksForKeys ? 'itself' : 'server';
    return `| ${clients[client]} | ${version ?? 'not installed'} | ${asks} | ${passed} | ${skipped} |`;
  });
  const head = '| Client | Version | First new keys | Pass | Skip |\n|---|---|---|---|---|\n';
  return `${head}${rows.join('\n')}\n`;
}

function familyTable(kind, columns, notes) {
  const titles = columns[0].cells.filter((cell) => cell.kind === kind).map(({ title }) => title);
  const lines = titles.map((title) => {
    const marked = columns.map(({ cells }) => {
      const cell = cells.find((it) => it.kind === kind && it.title === title);
      return cell.state === 'skipped' ? `skip ${noteOf(cell.reason, notes)}` : marks[cell.state];
    });
    return `| ${title} | ${marked.join(' | ')} |`;
  });
  const names = columns.map(({ client }) => clients[client]);
  const head = `| | ${names.join(' | ')} |\n|---|${'---|'.repeat(names.length)}`;
  return `${head}\n${lines.join('\n')}\n`;
}

/** The sign of the note with this reason. */
function noteOf(reason, notes) {
  if (!notes.includes(reason)) notes.push(reason);
  return `(${notes.indexOf(reason) + 1})`;
}

const remarks = `## Remarks

* No row of the host keys is an OpenSSH certificate or a key of a FIDO device. Certificates of host keys, which the
  setting SSHHostCertificates takes, have tests of their own; a server has no key in a FIDO device.
* Names that begin with \`x509v3-\`: asyncssh verifies the chain of the host as far as a root that it is given. No packaged
  client has \`x509v3-sign-rsa\` and \`x509v3-sign-dss\`; a client made of paramiko's classes proves them both ways in
  \`__test__/e2e/auth_x509.spec.js\`.
* sshj logs in by Kerberos, too. It is not packaged for the machines that run this, so it was not tried.
* dbclient runs from file to file: with a full pipe as its standard output it waits for ever when the
  channel is closed, with OpenSSH's server too (Dropbear 2022.83).
* The rows \`gss-…\` log in by \`gssapi-keyex\`, with the server's library of MIT or of Heimdal. PuTTY goes on with an
  ordinary exchange, to learn the host key: in its rows the first exchange is by GSSAPI, and later ones are by either. paramiko has GSSAPI in its versions 3 only, and there only gss-gex-sha1 works: the others end with a TypeError.
* Go's library offers encrypt-then-MAC together with CBC and does not do it: its CBC rows are with hmac-sha1.
`;
