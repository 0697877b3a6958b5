/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/__test__/**/*.spec.js'],
  // Nothing to transform: the tests are plain CommonJS.
  transform: {},
  modulePathIgnorePatterns: [
    '<rootDir>/npm/',
    '<rootDir>/target/',
    '<rootDir>/fuzz/target/',
    '<rootDir>/bench/load/target/',
  ],
  testTimeout: 30_000,
  watchman: false,
};
