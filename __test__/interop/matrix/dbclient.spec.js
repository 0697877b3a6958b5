'use strict';

// Every algorithm that Dropbear's client has.

require('../../support/matrix.js').matrixOf('dbclient');
