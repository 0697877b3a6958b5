'use strict';

// authorizedKeys() beside sshd: the same file, the same key, the same answer, from two addresses. The question is that
// of a client whether a signature with its key would do (RFC 4252 section 7), which both decide by the file.

const fs = require('node:fs');
const { authorizedKeys, serveSessions } = require('../../lib/sessions/index.js');
const { afterTest } = require('../support/cleanup.js');
const { writeFile } = require('../support/folder.js');
const { certify, userKey } = require('../support/keys.js');
const { RawSession } = require('../support/raw_session.js');
const { createServer } = require('../support/server.js');
const { startSshd, testWithSshd, user } = require('../support/sshd.js');

const ADDRESSES = ['127.0.0.1', '127.0.0.2'];
/** Both servers end a connection that asks more often than about a thousand times. */
const QUESTIONS = 400;
const PK_OK = 60;
/** How many generated lines are tried. */
const LINES = Number(process.env.SSHSERVER_SSHD_LINES ?? 400);

/** Asks one server, on one connection after another. */
class Asker {
  #port;
  #localAddress;
  #session;
  #asked = QUESTIONS;

  constructor(port, localAddress) {
    this.#port = port;
    this.#localAddress = localAddress;
  }

  /** Whether a login with this key would be accepted. */
  async ask(line) {
    if (this.#asked++ >= QUESTIONS) {
      this.#session?.socket.destroy();
      this.#session = new RawSession(this.#port, user, { localAddress: this.#localAddress });
      const { socket } = this.#session;
      afterTest('clients', () => void socket.destroy());
      await this.#session.handshake();
      this.#asked = 1;
    }
    const [type, base64] = line.split(' ');
    const [answer] = await this.#session.askForKey(type, Buffer.from(base64, 'base64'));
    return answer === PK_OK;
  }
}

/** `ask(content, line)`: what each server says at each address, `{ sshd, ours }` as lists. */
async function startBoth({ lines = [], options = {} } = {}) {
  const file = writeFile('authorized_keys', '');
  const sshd = await startSshd([`AuthorizedKeysFile ${file}`, 'StrictModes no', ...lines]);
  const server = createServer();
  const refusals = [];
  const onRefused = ({ line, reason }) => refusals.push(`${line}: ${reason}`);
  const keys = authorizedKeys(file, { strictModes: false, onRefused, ...options });
  server.on('SSHUserAuthRequest', keys);
  serveSessions(server, {});
  await server.config('MaxAuthAttempts=0');
  await server.config('UserCertCriticalOptions=force-command,source-address');
  await server.startListening();
  const askers = (port) => ADDRESSES.map((address) => new Asker(port, address));
  const all = { sshd: askers(sshd.port), ours: askers(server.getLocalPort()) };
  const ask = async (content, line) => {
    fs.writeFileSync(file, content);
    const answers = {};
    for (const [name, list] of Object.entries(all)) {
      answers[name] = [];
      for (const asker of list) answers[name].push(await asker.ask(line));
    }
    return answers;
  };
  return { ask, refusals };
}

/** Holds both against one another for each content; returns how often a client got in. */
async function compare({ ask }, contents, line) {
  const different = [];
  let accepted = 0;
  for (const content of contents) {
    const { sshd, ours } = await ask(content, line);
    if (String(sshd) !== String(ours)) different.push({ content, sshd, ours });
    accepted += ours.filter(Boolean).length;
  }
  expect(different).toEqual([]);
  return accepted;
}

/** Options that let a key in, at both addresses, at one or at none. */
const OPTIONS = [
  '',
  'restrict',
  'no-pty',
  'NO-PTY',
  'pty,no-pty,Restrict,X11-Forwarding',
  'no-restrict',
  'no-cert-authority',
  'touch-required,no-touch-required',
  'verify-required',
  'no-verify-required',
  'user-rc,no-user-rc,agent-forwarding,port-forwarding,no-port-forwarding',
  'ptyx',
  'unknown',
  'unknown="x"',
  'command="true"',
  'command="true",command="true"',
  'command=true',
  'command="a \\"quoted\\" word, with a comma"',
  'command="backslash \\\\ and \\x"',
  'command=""',
  'command="',
  'command="x',
  'command="x"y',
  'command ="x"',
  'command= "x"',
  'COMMAND="x"',
  'pty,',
  ',pty',
  'pty,,no-pty',
  'pty ,no-pty',
  'from="127.0.0.1"',
  'from="127.0.0.2"',
  'from="127.0.0.*"',
  'from="127.0.0.?,!127.0.0.2"',
  'from="!127.0.0.2"',
  'from="!127.0.0.2,*"',
  'from="*,!127.0.0.0/31"',
  'from="127.0.0.2/32"',
  'from="127.0.0.0/8"',
  'from="127.0.0.1/8"',
  'from="127.0.0.1/8,*"',
  'from="*,127.0.0.1/8"',
  'from="127.0.0.0/33,*"',
  'from="127.0.0.0/x,*"',
  'from="127.0.0.0/129,*"',
  'from="0.0.0.0/0"',
  'from="::/0"',
  'from="::1,127.0.0.1"',
  'from="::ffff:127.0.0.1"',
  'from=""',
  'from=","',
  'from="127.0.0.1,"',
  'from=",127.0.0.1"',
  'from="!"',
  'from="!,127.0.0.1"',
  'from=" 127.0.0.1"',
  'from="LOCALHOST,127.0.0.1"',
  'from="127.0.0.1",from="127.0.0.1"',
  'expiry-time="20991231"',
  'expiry-time="20991231Z"',
  'expiry-time="209912312359"',
  'expiry-time="20991231235959Z"',
  'expiry-time="20200101"',
  'expiry-time="20991231",expiry-time="20200101"',
  'expiry-time="20200101",expiry-time="20991231"',
  'expiry-time="2099123"',
  'expiry-time="20991301"',
  'expiry-time="20990132"',
  'expiry-time="20990231"',
  'expiry-time="2099123124"',
  'expiry-time="209912312460"',
  'expiry-time="19690101"',
  'expiry-time="00010101"',
  'expiry-time=""',
  'expiry-time="never"',
  'environment="A=b"',
  'environment="A="',
  'environment="A"',
  'environment="=b"',
  'environment="A-B=c"',
  'environment="A B=c"',
  'environment="A=b",environment="A=c"',
  'permitopen="host:22"',
  'permitopen="host:*"',
  'permitopen="*:22"',
  'permitopen="[::1]:22"',
  'permitopen="::1:22"',
  'permitopen="host"',
  'permitopen="22"',
  'permitopen="[::1]/22"',
  'permitopen="a/b:22"',
  'permitopen="a/22"',
  'permitlisten="a/22"',
  'permitlisten="/22"',
  'permitopen="host:0"',
  'permitopen="host:65535"',
  'permitopen="host:65536"',
  'permitopen="host:-1"',
  'permitopen="host:"',
  'permitopen=":22"',
  'permitopen=""',
  'permitopen="a:1",permitopen="b:2"',
  'permitlisten="8080"',
  'permitlisten="*"',
  'permitlisten="localhost:8080"',
  'permitlisten="[::1]:8080"',
  'permitlisten="*:*"',
  'permitlisten="0"',
  'permitlisten="x"',
  'principals="a,b"',
  'principals="a",principals="b"',
  'principals=""',
  'tunnel="0"',
  'tunnel="any"',
  'tunnel="2147483645"',
  'tunnel="2147483646"',
  'tunnel="x"',
  'tunnel=""',
  'tunnel="-1"',
  'cert-authority',
  'cert-authority,principals="a"',
];

testWithSshd('each option is taken and refused as sshd does it', async () => {
  const both = await startBoth();
  const { line } = userKey();
  const contents = OPTIONS.map((options) => `${options} ${line}\n`);
  const accepted = await compare(both, contents, line);
  // Not all, and not none.
  expect(accepted).toBeGreaterThan(OPTIONS.length / 2);
  expect(accepted).toBeLessThan(OPTIONS.length * 2);
});

testWithSshd('lines are read as sshd reads them', async () => {
  const both = await startBoth();
  const { line } = userKey();
  const other = userKey('ed25519', '-other').line;
  const [type, base64] = line.split(' ');
  const contents = [
    '',
    '\n\n# nothing\n',
    line,
    `# ${line}\n`,
    `#${line}\n`,
    `  \t${line}\n`,
    `${line}\r\n`,
    `${type} ${base64}\r\n`,
    `pty ${type} ${base64}\r\n`,
    `${type}\t${base64}\n`,
    `${type}  \t ${base64}\n`,
    `${type} ${base64}`,
    `${type} ${base64} a comment "with quotes\n`,
    `pty \t ${type} ${base64}\n`,
    `pty\t${type} ${base64}\n`,
    `${type} ${base64.slice(0, -1)}\n`,
    `${type} ${base64}A\n`,
    `${type} ${base64}#comment\n`,
    `${type}\n${base64}\n`,
    `ssh-rsa ${base64}\n`,
    `${type.toUpperCase()} ${base64}\n`,
    `${other}\n${line}\n`,
    `from="10.0.0.1" ${line}\n${line}\n`,
    `from="10.0.0.1" ${line}\nunknown ${line}\n`,
    `command="#" ${line}\n`,
    `command="ssh-ed25519 x" ${line}\n`,
    `pty pty ${line}\n`,
    `\ufeff${line}\n`,
    `${'x'.repeat(20_000)} ${line}\n${line}\n`,
    `environment="A=${'x'.repeat(20_000)}" ${line}\n`,
  ];
  const accepted = await compare(both, contents, line);
  expect(accepted).toBeGreaterThan(20);
});

/** Numbers of a fixed seed. */
function random(seed) {
  let state = seed;
  return (below) => {
    // A linear congruential generator of 2^32 (Numerical Recipes).
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Options put together, and some characters of them changed. */
function* generated(count, seed) {
  const next = random(seed);
  const pick = (list) => list[next(list.length)];
  const odd = ['"', '\\', ',', ' ', '\t', '=', '!', '*', '#', '-', '/', ':', 'a', '0', '\\"', '""'];
  for (let i = 0; i < count; i++) {
    let text = Array.from({ length: 1 + next(3) }, () => pick(OPTIONS)).join(
      pick([',', ',', ',', ',', ',', ' ', '']),
    );
    for (let changes = pick([0, 0, 0, 1, 2]); changes > 0; changes--) {
      const at = next(text.length + 1);
      text = text.slice(0, at) + pick(odd) + text.slice(at + next(2));
    }
    yield text;
  }
}

testWithSshd('generated options are taken and refused as sshd does it', async () => {
  const both = await startBoth();
  const { line } = userKey();
  const contents = [...generated(LINES, 17)].map((options) => `${options} ${line}\n`);
  expect(await compare(both, contents, line)).toBeGreaterThan(LINES / 4);
});

testWithSshd('certificates get in by their authority as with sshd', async () => {
  const both = await startBoth();
  const authority = userKey('ed25519', '-authority');
  const key = userKey('ed25519', '-certified');
  const make = (...args) => certify(key.line, ['-I', 'id', ...args]).line;
  const certificates = [
    make('-n', user),
    make('-n', 'other'),
    make('-n', `other,${user}`),
    make(),
    make('-n', user, '-O', 'source-address=127.0.0.2/32'),
    make('-n', user, '-O', 'source-address=127.0.0.0/8,10.0.0.1'),
    make('-n', user, '-O', 'force-command=true'),
    make('-n', user, '-O', 'clear'),
    make('-n', user, '-V', '20200101:20200102'),
    make('-n', user, '-O', 'critical:unknown@example.com=x'),
  ];
  const lines = [
    '',
    'cert-authority',
    `cert-authority,principals="other"`,
    `cert-authority,principals="x,other,y"`,
    'cert-authority,principals=""',
    'cert-authority,principals="o*"',
    'cert-authority,command="true"',
    'cert-authority,command="false"',
    'cert-authority,from="127.0.0.1"',
    'cert-authority,expiry-time="20200101"',
    'principals="other"',
  ];
  let accepted = 0;
  for (const certificate of certificates) {
    const contents = lines.map((options) => `${options} ${authority.line}\n`);
    accepted += await compare(
      both,
      [...contents, `cert-authority ${key.line}\n`, key.line],
      certificate,
    );
  }
  expect(accepted).toBeGreaterThan(40);
});

testWithSshd('authorities of all users, and their principals, as with sshd', async () => {
  const authority = userKey('ed25519', '-authority');
  const userCAs = writeFile('cas', `# of all\n${authority.line}\n`);
  const names = writeFile('principals', 'one\ntwo\n');
  for (const [lines, principals] of [
    [[], undefined],
    [[`AuthorizedPrincipalsFile ${names}`], ['one', 'two']],
  ]) {
    const both = await startBoth({
      lines: [`TrustedUserCAKeys ${userCAs}`, ...lines],
      options: { userCAs, ...(principals ? { principals } : {}) },
    });
    const key = userKey('ed25519', '-certified');
    const make = (...args) => certify(key.line, ['-I', 'id', ...args]).line;
    let accepted = 0;
    for (const certificate of [make('-n', user), make('-n', 'x,two'), make(), make('-n', 'x')])
      accepted += await compare(both, [''], certificate);
    expect(accepted).toBe(2);
  }
});
