'use strict';

// The configuration settings.

const { connectionSettings } = require('./connections.js');
const { e2e, each } = require('./tests.js');

const auth = e2e('auth');
const certificates = e2e('certificates');
const channels = e2e('channels');
const lists = e2e('algorithm_lists');
const config = e2e('settings');

const isRead = (name) =>
  config(`config() > ${name} has its default, is set and read in any case, and reset`);
const list = (name) => [
  ...lists(
    `a list leaves only its own, in the order of the client > ${name}`,
    'the lists start as documented, the modern ones first',
  ),
  ...isRead(name),
];
const perConnection = config(
  'config() > KeyboardInteractivePrompts and UserAuthBanner of a connection are read back',
);
const several = certificates('several keys > the client chooses among them');

const settings = {
  ...each(
    ['AltSSHCertCount', 'AltSSHCertStore[i]', 'AltSSHCertStoreType[i]', 'AltSSHCertSubject[i]'],
    several,
  ),
  'AltSSHCertStorePassword[i]': certificates(
    'ecdsa-384-v3-encrypted.ppk > as SSHCert, AltSSHCert and in Connected',
  ),
  ...each(
    ['ClientSSHVersionString[ConnectionId]', 'NegotiatedStrictKex[ConnectionId]'],
    config('what settings do > ClientSSHVersionString and NegotiatedStrictKex tell of the client'),
  ),
  'KeyboardInteractivePrompts[ConnectionId]': [
    ...e2e('auth_interactive')('keyboard-interactive > a connection may have prompts of its own'),
    ...perConnection,
  ],
  KeyRenegotiationThreshold: [
    ...lists(
      'keys are exchanged again > after KeyRenegotiationThreshold bytes, and the data is whole',
      'keys are exchanged again > not below KeyRenegotiationThreshold',
      'keys are exchanged again > not before ssh is in, however low KeyRenegotiationThreshold is',
    ),
    ...isRead('KeyRenegotiationThreshold'),
  ],
  KeyRenegotiationInterval: [
    ...lists('keys are exchanged again > after KeyRenegotiationInterval seconds'),
    ...isRead('KeyRenegotiationInterval'),
  ],
  MaxAuthAttempts: e2e('auth_limits')(
    'MaxAuthAttempts > 3: the failure past that many disconnects',
    'MaxAuthAttempts > starts as 6',
  ),
  MaxConnections: [
    ...config('what settings do > MaxConnections closes what is one too many'),
    ...isRead('MaxConnections'),
  ],
  SecurityProfile: e2e('product')(
    'SecurityProfile is compatible by default, takes both names in any case, and is reset',
    'a list that is set after SecurityProfile stays as it was set',
  ),
  ServerSSHVersionString: [
    ...config('what settings do > ServerSSHVersionString is what clients are told'),
    ...isRead('ServerSSHVersionString'),
  ],
  ...each(['SSHKeyExchangeAlgorithms', 'SSHMacAlgorithms', 'SSHPublicKeyAlgorithms'], list),
  'UserAuthBanner[ConnectionId]': [
    ...auth('UserAuthBanner > set in the event is sent once'),
    ...perConnection,
  ],
  UseStrictKeyExchange: [
    ...lists(
      'UseStrictKeyExchange with a client that does not know it > 1, and the algorithms ["chacha20-poly1305@openssh.com","hmac-sha2-256"]: False',
      'UseStrictKeyExchange with a client that does not know it > 2, and the algorithms ["chacha20-poly1305@openssh.com","hmac-sha2-256"]: refused',
      'UseStrictKeyExchange with a client that does not know it > 3, and the algorithms ["aes128-ctr","hmac-sha2-256"]: refused',
    ),
    ...config('what settings do > UseStrictKeyExchange=0 does not negotiate it'),
    ...isRead('UseStrictKeyExchange'),
  ],
};

module.exports = { settings: { ...settings, ...connectionSettings } };
