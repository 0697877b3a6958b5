'use strict';

// Every algorithm that asyncssh has.

require('../../support/matrix.js').matrixOf('asyncssh');
