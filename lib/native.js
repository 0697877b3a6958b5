'use strict';

// The one place that names the addon, so that unit tests can put a test double here.
module.exports = require('../native.js');
