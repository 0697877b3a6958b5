'use strict';

// Every algorithm that libssh has.

require('../../support/matrix.js').matrixOf('libssh');
