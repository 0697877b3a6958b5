'use strict';

// Every algorithm that PuTTY's plink has.

require('../../support/matrix.js').matrixOf('plink');
