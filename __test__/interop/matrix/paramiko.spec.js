'use strict';

// Every algorithm that paramiko has.

require('../../support/matrix.js').matrixOf('paramiko');
