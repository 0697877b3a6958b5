'use strict';

const { sshserver } = require('./lib/server.js');
const { Certificate } = require('./lib/certificate.js');
const { CertStoreTypes } = require('./lib/cert_store_types.js');
const { SSHPrompt, SSHPromptList } = require('./lib/prompts.js');
const { SSHConnection, SSHChannel, SSHConnectionMap, SSHChannelMap } = require('./lib/views.js');
const { SSHServerError } = require('./lib/errors.js');

module.exports = {
  sshserver,
  SSHServer: sshserver,
  Certificate,
  CertStoreTypes,
  SSHPrompt,
  SSHPromptList,
  SSHConnection,
  SSHChannel,
  SSHConnectionMap,
  SSHChannelMap,
  SSHServerError,
};
