'use strict';

// The exchange by GSSAPI that the last paramiko with GSSAPI has.

require('../../support/matrix.js').matrixOf('paramiko3');
