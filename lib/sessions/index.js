'use strict';

// The module `sshserver/sessions`: the router, and everything that goes with it.

const { serveSessions } = require('./router.js');
const { authorizedKeys, parseAuthorizedKeys } = require('../keys/index.js');
const { sftp } = require('../sftp/index.js');
const { shell, command } = require('../shell/index.js');

module.exports = { serveSessions, sftp, shell, command, authorizedKeys, parseAuthorizedKeys };
