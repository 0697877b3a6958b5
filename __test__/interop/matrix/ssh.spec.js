'use strict';

// Every algorithm that OpenSSH's client has.

require('../../support/matrix.js').matrixOf('ssh');
