'use strict';

// node --require: puts the test double in the addon's place.
const path = require.resolve('../../lib/native.js');
require.cache[path] = Object.assign(new module.constructor(path), {
  filename: path,
  loaded: true,
  exports: require('./fake_native.js'),
});
