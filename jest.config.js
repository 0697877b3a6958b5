/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/__test__/**/*.spec.js'],
  // The interop run has a command of its own: `npm run interop`.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/__test__/interop/matrix/'],
  setupFilesAfterEnv: ['<rootDir>/__test__/support/assertions.js'],
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
