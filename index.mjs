import api from './index.js';

export const {
  sshserver,
  SSHServer,
  Certificate,
  CertStoreTypes,
  SSHPrompt,
  SSHPromptList,
  SSHConnection,
  SSHChannel,
  SSHConnectionMap,
  SSHChannelMap,
  SSHServerError,
} = api;

export default api;
