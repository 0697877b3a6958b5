'use strict';

// Every algorithm that libssh2 has.

require('../../support/matrix.js').matrixOf('libssh2');
