'use strict';

// Every algorithm that JSch has.

require('../../support/matrix.js').matrixOf('jsch');
