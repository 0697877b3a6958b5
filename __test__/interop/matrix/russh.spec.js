'use strict';

// Every algorithm that russh has.

require('../../support/matrix.js').matrixOf('russh');
