'use strict';

// A proof counts when its test has run and passed, and for nothing less.

const path = require('node:path');
const { endOf, readCargo, readJest } = require('./results.js');

const file = '__test__/e2e/moon.spec.js';
const ran = (ancestorTitles, title, status) => ({ ancestorTitles, title, status });

const jest_ = readJest({
  testResults: [
    {
      name: path.resolve(__dirname, '../..', file),
      assertionResults: [
        ran(['the moon'], 'rises', 'passed'),
        ran(['the moon'], 'rises twice', 'passed'),
        ran(['the moon'], 'sets', 'failed'),
        ran([], 'is hidden (no clouds)', 'pending'),
        ran([], 'is full (of cheese)', 'passed'),
        ran([], 'is new', 'pending'),
        ran([], 'is old', 'todo'),
        ran([], 'wanes', 'passed'),
        ran([], 'wanes', 'failed'),
      ],
    },
  ],
});

const cargo = readCargo(
  [
    '   Compiling sshserver v0.1.0 (/somewhere)',
    '     Running unittests src/lib.rs (target/debug/deps/sshserver-0123)',
    'test driver::os_error::tests::numbers ... ok',
    'test driver::shared::limits ... FAILED',
    '     Running tests/moon/main.rs (target/debug/deps/moon-0123)',
    'test rising::early ... ok',
    'test rising::late ... ignored, takes a night',
    'test rising::never - should panic ... ok',
    '     Running tests\\tides.rs (target\\debug\\deps\\tides-0123.exe)',
    'test high ... ',
    'skipped: a test of crypto/tides, which this processor lacks',
    'ok',
    'test low ... ok',
    'error: test failed, to rerun pass `--lib`',
  ].join('\n'),
);

const end = (proof) => endOf({ jest: jest_, cargo }, proof);

test.each([
  ['the moon > rises', { end: 'passed' }],
  ['the moon > sets', { end: 'failed', reason: 'it failed' }],
  ['rises', { end: 'failed', reason: 'no such test has run' }],
  ['the moon >', { end: 'failed', reason: 'no such test has run' }],
  ['the moon > ris', { end: 'failed', reason: 'no such test has run' }],
  ['is hidden', { end: 'skipped', reason: 'no clouds' }],
  ['is full', { end: 'failed', reason: 'no such test has run' }],
  ['is new', { end: 'failed', reason: 'it is skipped without a reason' }],
  ['is old', { end: 'failed', reason: 'it is skipped without a reason' }],
  ['wanes', { end: 'failed', reason: 'it failed' }],
])('of a spec, %j: %j', (name, expected) => {
  expect(end({ file, test: name })).toEqual(expected);
  expect(end({ file: '__test__/e2e/sun.spec.js', test: name }).end).toBe('failed');
});

test.each([
  ['src/driver/os_error.rs', 'numbers', 'passed'],
  ['src/driver/os_error/tests.rs', 'numbers', 'passed'],
  ['src/driver/shared.rs', 'limits', 'failed'],
  ['src/driver/shared/mod.rs', 'limits', 'failed'],
  ['src/driver/os_error.rs', 'limits', 'failed'],
  ['src/driver/os_error.rs', 'number', 'failed'],
  ['tests/moon/rising.rs', 'early', 'passed'],
  ['tests/moon/rising.rs', 'late', 'failed'],
  ['tests/moon/rising.rs', 'never', 'passed'],
  ['tests/moon.rs', 'early', 'failed'],
  ['tests/tides.rs', 'high', 'passed'],
  ['tests/tides.rs', 'low', 'passed'],
])('of %s, %s: %s', (rust, name, expected) => {
  expect(end({ file: rust, test: name }).end).toBe(expected);
});
