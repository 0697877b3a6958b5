'use strict';

// Part of every spec (jest.config.js): a test that asserts nothing fails, so an emptied one and one whose
// loop has nothing to go through do.

beforeEach(() => expect.hasAssertions());
