'use strict';

// Everything that is documented: what the class has, and the values that it takes and gives.

module.exports = [...require('./items.json'), ...require('./values.json')];
