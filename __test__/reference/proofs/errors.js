'use strict';

// The error codes. docs/ERRORS.md says of each when it arises; of those that nothing can bring about
// at will the numbers that the systems give them are tested.

const fs = require('node:fs');
const path = require('node:path');
const { e2e, rust, each } = require('./tests.js');

const shown = e2e('errors');
const server = (title) => shown(`of the server > ${title}`);
const connection = (title) => shown(`of connections > ${title}`);
const channel = (title) => shown(`of channels > ${title}`);
const tunnel = (title) => shown(`of tunnels > ${title}`);

const arising = {
  ...each(['104', '106', '107', '108'], server('104, 106, 107 and 108 while it listens')),
  126: connection('126 for an id that is not there'),
  135: channel('135 when not all can be sent and nothing is to wait'),
  1201: tunnel('1201 with 10061: nobody listens at the target'),
  1202: [
    ...tunnel('1202 with 10054: the target breaks off'),
    ...channel('1202 when a listener of theirs fails'),
  ],
  1300: connection('1300 when a listener fails during authentication, and after too many attempts'),
  1301: [
    ...server('1301 without a certificate, and with one that has no private key'),
    ...connection('1301 with a certificate of its own that cannot be loaded'),
  ],
  10004: server('10004 when it is stopped before it has begun to listen'),
  10013: server('10013 on a port that only the superuser may use'),
  10022: server('10022 for a value that does not do'),
  10024: server('10024 without a free file, at the first start and while listening'),
  10047: e2e('sockets_listening')(
    'UseIPv6 > a LocalHost ::1 with 0 is error 10047, which names both',
  ),
  10048: [
    ...server('10048 on a port that is taken'),
    ...tunnel('1201 with 10048: the port to listen on is taken'),
  ],
  10049: server('10049 on an address of another machine'),
  10051: tunnel('1201 with 10051: no network leads to the target'),
  10053: connection('10053 when it ends with something under way, or because of the client'),
  10054: [
    ...connection('10054 when the client resets it'),
    ...tunnel('1202 with 10054: the target breaks off'),
  ],
  10057: connection('10057 for a channel before the client has logged in'),
  10058: channel('10058 after the end of the data'),
  10060: [
    ...connection('10060 when it is idle for too long'),
    ...channel('10060 when the client takes nothing for as long as the timeout'),
  ],
  10061: [
    ...tunnel('1201 with 10061: nobody listens at the target'),
    ...channel('10061 when the client refuses one that the server opens'),
  ],
  10062: tunnel('1201 with 10062: the path of the target leads in circles'),
  11001: [
    ...server('11001 on a name that is not there'),
    ...tunnel('1201 with 11001: there is no target of that name'),
  ],
};

/** By code: what docs/ERRORS.md says about when it arises. */
const when = new Map(
  fs
    .readFileSync(path.join(__dirname, '../../../docs/ERRORS.md'), 'utf8')
    .split(/\r?\n/)
    .filter((line) => /^\| \d/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, code, , text]) => [code, text]),
);

/** Nothing in the class that these are about. */
const NEVER = ['100', '101', '102', '112', '116'];
const NUMBERS = [
  ...['10009', '10014', '10035', '10036', '10037', '10038', '10039', '10040', '10041', '10042'],
  ...['10043', '10044', '10045', '10046', '10050', '10052', '10055', '10056', '10059'],
  ...['10063', '10064', '10065', '10066', '10067', '10068', '10069', '10070', '10071', '10091'],
  ...['10092', '10093', '11002', '11003', '11004'],
];

const errors = {
  ...arising,
  ...each(
    NUMBERS,
    rust('src/driver/os_error.rs')('every_error_number_of_every_system_has_its_documented_one'),
  ),
};
const notes = Object.fromEntries(NUMBERS.map((code) => [code, when.get(code)]));
const never = Object.fromEntries(NEVER.map((code) => [code, when.get(code)]));

module.exports = { errors, notes, never };
