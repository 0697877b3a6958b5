'use strict';

// The lines of authorized_keys and the lists in them. interop/authorized_keys.spec.js holds them against sshd.

jest.mock('../../lib/native.js', () => require('./fake_native.js'));
const { isFrom, isFromNetworks } = require('../../lib/keys/addresses.js');
const { parseAuthorizedKeys } = require('../../lib/keys/parse.js');
const { matchesList, matchesPattern } = require('../../lib/patterns.js');
const { string } = require('../support/wire.js');

const blob = Buffer.concat([string('ssh-ed25519'), string(Buffer.alloc(32, 7))]);
const KEY = `ssh-ed25519 ${blob.toString('base64')}`;

/** The options of an entry, or why it was refused. */
function read(options) {
  const refused = [];
  const [entry] = parseAuthorizedKeys(`${options} ${KEY} a comment\n`, (line, why) =>
    refused.push(why),
  );
  return entry === undefined ? refused[0] : entry.options;
}

const DEFAULTS = {
  certAuthority: false,
  restrict: false,
  pty: true,
  portForwarding: true,
  agentForwarding: true,
  x11Forwarding: true,
  userRc: true,
  noTouchRequired: false,
  verifyRequired: false,
};
const NOTHING = {
  restrict: true,
  pty: false,
  portForwarding: false,
  agentForwarding: false,
  x11Forwarding: false,
  userRc: false,
};

test('an entry: type, blob, fingerprint, comment and line', () => {
  const [first, second, ...rest] = parseAuthorizedKeys(
    `# a comment\n\n${KEY}\r\n  pty ${KEY} one two\n`,
  );
  expect(first).toEqual({
    type: 'ssh-ed25519',
    blob,
    fingerprint: expect.stringMatching(/^SHA256:[\w+/]{43}$/),
    comment: '',
    line: 3,
    options: DEFAULTS,
  });
  expect([second.comment, second.line]).toEqual(['one two', 4]);
  expect(rest).toEqual([]);
});

test.each([
  ['', {}],
  ['restrict', NOTHING],
  ['pty,restrict', NOTHING],
  ['restrict,pty,X11-forwarding', { ...NOTHING, pty: true, x11Forwarding: true }],
  ['no-pty', { pty: false }],
  ['no-port-forwarding', { portForwarding: false }],
  ['no-agent-forwarding', { agentForwarding: false }],
  ['No-X11-Forwarding', { x11Forwarding: false }],
  ['no-user-rc', { userRc: false }],
  [
    'restrict,agent-forwarding,port-forwarding,user-rc',
    { ...NOTHING, agentForwarding: true, portForwarding: true, userRc: true },
  ],
  ['no-touch-required', { noTouchRequired: true }],
  ['verify-required', { verifyRequired: true }],
  ['cert-authority,principals="a,b"', { certAuthority: true, principals: ['a', 'b'] }],
  ['command="dump /home, \\"all\\" \\n"', { command: 'dump /home, "all" \\n' }],
  ['from="10.0.0.0/8,!10.1.*"', { from: '10.0.0.0/8,!10.1.*' }],
  ['environment="A=b c",environment="D=",environment="A=x"', { environment: { A: 'b c', D: '' } }],
  ['expiry-time="20300102Z"', { expiryTime: Date.UTC(2030, 0, 2) / 1000 }],
  ['expiry-time="203001020304"', { expiryTime: new Date(2030, 0, 2, 3, 4).getTime() / 1000 }],
  ['expiry-time="20300102030405z",expiry-time="2031"', 'expiry-time= is no time'],
  ['expiry-time="20310101Z",expiry-time="20300102Z"', { expiryTime: Date.UTC(2030, 0, 2) / 1000 }],
  [
    'permitopen="192.0.2.1:80",permitopen="[::1]:*"',
    {
      permitOpen: [
        { host: '192.0.2.1', port: 80 },
        { host: '::1', port: 0 },
      ],
    },
  ],
  [
    'permitlisten="localhost:8080",permitlisten="22000"',
    {
      permitListen: [
        { host: 'localhost', port: 8080 },
        { host: '*', port: 22000 },
      ],
    },
  ],
  ['tunnel="5"', { tunnel: 5 }],
  ['tunnel="Any"', { tunnel: 'any' }],
  ['future-option', 'an option is not known'],
  ['pty,future="x"', 'an option is not known'],
  ['ptyx', 'an option is not known'],
  [',pty,,no-pty,', { pty: false }],
  ['command=ls', 'an option has a value without quotes'],
  ['command="a",command="b"', 'there are two command= options'],
  ['command="a \ufffd"', 'its options are not UTF-8'],
  ['environment="A"', 'environment= is not NAME=value'],
  ['permitopen="host"', 'permitopen= is not host:port'],
  ['permitopen="host:http"', 'permitopen= has no port'],
  ['permitopen="h:1,h:2"', 'permitopen= is not host:port'],
  ['permitlisten="70000"', 'permitlisten= has no port'],
  ['tunnel="x"', 'tunnel= is no number of a device'],
  ['expiry-time="19690101Z"', 'expiry-time= is before 1970'],
])('options %s', (options, expected) => {
  const found = read(options);
  expect(found).toEqual(typeof expected === 'string' ? expected : { ...DEFAULTS, ...expected });
});

test.each([
  ['a NUL', `${KEY} a\0b`],
  ['no key', 'pty'],
  ['a key of another type', KEY.replace('ssh-ed25519', 'ssh-rsa')],
  ['a type that nobody has', `x-ed25519 ${blob.toString('base64')}`],
  ['base64 with something behind it', `${KEY}=`],
  ['a quote without an end', `command="x ${KEY}`],
  ['a certificate', 'ssh-ed25519-cert-v01@openssh.com AAAA'],
  ['a byte order mark', `\ufeff${KEY}`],
])('a line with %s lets nobody in, and those around it do', (name, line) => {
  const refused = [];
  const entries = parseAuthorizedKeys(`${KEY}\n${line}\n${KEY}\n`, (number, why) =>
    refused.push([number, why]),
  );
  expect(entries.map((entry) => entry.line)).toEqual([1, 3]);
  expect(refused).toEqual([[2, expect.any(String)]]);
});

test('wrong arguments are errors', () => {
  expect(() => parseAuthorizedKeys(Buffer.from(KEY))).toThrow(TypeError);
  expect(() => parseAuthorizedKeys(KEY, 5)).toThrow(TypeError);
});

/** Numbers of a fixed seed. */
function random(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test('any text is read to its end, and each of its lines is an entry, refused or nothing', () => {
  const next = random(5);
  const pieces = [
    KEY,
    'ssh-ed25519',
    blob.toString('base64'),
    'command="',
    '"',
    '\\',
    '\\"',
    ',',
    ' ',
    '\t',
    '\r',
    '#',
  ].concat([
    'from="',
    'permitopen="[',
    ']:',
    'expiry-time="',
    '20300101',
    'Z"',
    'restrict',
    'no-',
    'pty',
    '\0',
    'ä',
    '\ufffd',
    '=',
    '!',
  ]);
  let [entries, refused] = [0, 0];
  for (let round = 0; round < 3000; round++) {
    const lines = Array.from({ length: 1 + next(4) }, () =>
      Array.from({ length: next(8) }, () => pieces[next(pieces.length)]).join(''),
    );
    const numbers = [];
    const found = parseAuthorizedKeys(lines.join('\n'), (line) => numbers.push(line));
    const meant = lines.flatMap((line, index) => (/^[ \t]*(#|\r?$)/.test(line) ? [] : [index + 1]));
    expect([...found.map(({ line }) => line), ...numbers].sort()).toEqual(meant.sort());
    entries += found.length;
    refused += numbers.length;
  }
  expect(entries).toBeGreaterThan(40);
  expect(refused).toBeGreaterThan(1000);
});

test('a value that is quoted is the value', () => {
  const next = random(6);
  const characters = ['"', '\\', ',', ' ', '=', '#', "'", 'x', 'ä', '\t'];
  for (let round = 0; round < 2000; round++) {
    // A backslash at the end would quote the closing quote: sshd has no way to write such a value.
    const value = `${Array.from({ length: next(10) }, () => characters[next(characters.length)]).join('')}.`;
    const options = `no-pty,command="${value.replaceAll('"', '\\"')}",no-user-rc`;
    expect(read(options)).toEqual({ ...DEFAULTS, pty: false, userRc: false, command: value });
  }
});

test.each([
  ['10.0.0.1', '10.0.0.1', true],
  ['::ffff:10.0.0.1', '10.0.0.1', true],
  ['10.0.0.1', '10.0.0.0/8', true],
  ['11.0.0.1', '10.0.0.0/8', false],
  ['10.0.0.1', '10.0.0.?', true],
  ['10.0.0.1', '!10.0.0.1,*', false],
  ['10.0.0.1', '*,!10.0.0.0/24', false],
  ['10.0.0.1', '10.0.0.1/24,*', false],
  ['10.0.0.1', '*,', false],
  ['fe80::1%eth0', 'fe80::/10', true],
  ['2001:db8::5', '2001:db8::/32', true],
  ['2001:db9::5', '2001:db8::/32', false],
  ['2001:DB8::5', '2001:db8:*', true],
  ['::1', '0.0.0.0/0', false],
  ['::1', '::ffff:0:0/96', false],
  ['', '*', false],
])('from %s with "%s": %s', (address, list, expected) => {
  expect(isFrom(address, list)).toBe(expected);
});

test.each([
  ['10.0.0.1', '10.0.0.0/8', true],
  ['10.0.0.1', '11.0.0.0/8,10.0.0.1', true],
  ['10.0.0.1', '10.0.0.*', false],
  ['10.0.0.1', '10.0.0.1,*', false],
  ['10.0.0.1', '10.0.0.1,', false],
  ['10.0.0.1', '10.0.0.1,!11.0.0.1', false],
  ['10.0.0.1', '10.0.0.1/8', false],
  ['::1', '::/0', true],
  ['', '::/0', false],
])('source-address %s with "%s": %s', (address, list, expected) => {
  expect(isFromNetworks(address, list)).toBe(expected);
});

test.each([
  ['', '', true],
  ['abc', 'a*c', true],
  ['abc', 'a?c', true],
  ['abc', '*', true],
  ['abc', '**c', true],
  ['abc', 'a*b', false],
  ['abc', 'abcd', false],
  ['ab', 'a.', false],
  ['aXbXc', 'a*X?', true],
])('%s matches %s: %s', (text, pattern, expected) => {
  expect(matchesPattern(text, pattern)).toBe(expected);
});

test('a pattern of many stars takes no time to speak of', () => {
  // It would not end in the lifetime of the test if it took exponential time.
  expect(matchesPattern('a'.repeat(2000), `${'a*'.repeat(500)}b`)).toBe(false);
  expect(matchesList('abc', 'x,a*,!abd')).toBe(1);
  expect(matchesList('abc', 'a*,!abc')).toBe(-1);
  expect(matchesList('abc', 'x')).toBe(0);
});
