'use strict';

// Tests that need something of the machine. Where it is missing they are skipped, counted, with the
// reason in their title; and where everything has to be there, as in CI, they fail instead. What a
// whole system does not have (Unix domain sockets, /proc) is skipped and counted on that system.

const { networkInterfaces } = require('node:os');

const required = process.env.SSHSERVER_REQUIRE_CLIENTS === '1';

/** A test for a machine that lacks nothing; `missing` says what this one lacks, if it does. */
function testUnless(missing, name, body, timeout) {
  if (missing === undefined) test(name, body, timeout);
  else if (required) {
    test(name, () => {
      throw new Error(missing);
    });
  } else test.skip(`${name} (${missing})`, () => {});
}

function testOnlyWhere(here, reason) {
  return (name, body, timeout) => {
    if (here) test(name, body, timeout);
    else test.skip(`${name} (${reason})`, () => {});
  };
}

const isUnix = process.platform !== 'win32';
const onUnix = testOnlyWhere(isUnix, 'not on Windows');
const onLinux = testOnlyWhere(process.platform === 'linux', 'Linux only');

const hasIPv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses.some(({ address }) => address === '::1'),
);

/** A test that needs IPv6; `define` is what defines it where there is. */
function testWithIPv6(name, body, define = test) {
  if (hasIPv6) define(name, body);
  else testUnless('no IPv6', name, body);
}

module.exports = { testUnless, testOnlyWhere, isUnix, onUnix, onLinux, testWithIPv6 };
