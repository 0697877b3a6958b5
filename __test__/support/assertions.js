'use strict';

// Part of every spec (jest.config.js): a test that asserts nothing fails. So does an empty test, and one whose
// loop has no items.

beforeEach(() => expect.hasAssertions());
