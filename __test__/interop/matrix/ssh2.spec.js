'use strict';

// Every algorithm that the npm package ssh2 has.

require('../../support/matrix.js').matrixOf('ssh2');
