'use strict';

// Every algorithm that golang.org/x/crypto/ssh has.

require('../../support/matrix.js').matrixOf('go');
