'use strict';

// The configuration settings, and the error codes.

const { e2e, interop, each } = require('./tests.js');

const auth = e2e('auth');
const certificates = e2e('certificates');
const channels = e2e('channels');
const fields = e2e('event_fields');
const lists = e2e('algorithm_lists');
const types = e2e('type_fields');
const config = e2e('settings');
const forward = interop('tunnel_forward');

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
    ...auth('keyboard-interactive > a connection may have prompts of its own'),
    ...perConnection,
  ],
  KeyRenegotiationThreshold: [
    ...lists(
      'keys are exchanged again > after KeyRenegotiationThreshold bytes, and the data is whole',
      'keys are exchanged again > not below KeyRenegotiationThreshold',
    ),
    ...isRead('KeyRenegotiationThreshold'),
  ],
  KeyRenegotiationInterval: [
    ...lists('keys are exchanged again > after KeyRenegotiationInterval seconds'),
    ...isRead('KeyRenegotiationInterval'),
  ],
  MaxAuthAttempts: auth(
    'MaxAuthAttempts > 3: the failure past that many disconnects',
    'MaxAuthAttempts > starts as 6',
  ),
  MaxConnections: [
    ...config('what settings do > MaxConnections closes what is one too many'),
    ...isRead('MaxConnections'),
  ],
  ReuseDataBuffers: channels(
    'ReuseDataBuffers > False, the default: a program may keep the data',
    "ReuseDataBuffers > True: large data is the listeners' until their promises have settled, and empty then",
  ),
  SecurityProfile: config('config() > SecurityProfile=modern sets every list'),
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

const starting = (title) => config(`starting > ${title}`);
const changed = config(
  'while listening > port, host and MaxConnections cannot be changed: 106, 107, 108',
);

const errors = {
  104: starting('twice is error 104'),
  ...each(['106', '107', '108'], changed),
  126: [
    ...config('while listening > an unknown connection is error 126'),
    ...channels('sending > fails with 126 on a channel that is not there'),
  ],
  135: types(
    'SSHConnection > timeout starts as DefaultTimeout, and 0 has sends fail with 135 from then on',
  ),
  1201: forward('targets that cannot be reached: the client learns why, and Error 1201'),
  1202: [
    ...forward('a target that resets the connection: Error 1202 and the end of the tunnel'),
    ...fields(
      'connections > Error: connectionId, errorCode, description, and what was thrown as cause',
    ),
  ],
  1300: fields('connections > Disconnected: statusCode and description say why'),
  1301: starting('without a host key is error 1301'),
  10022: config('config() > "MaxConnections=0" is refused and changes nothing'),
  10048: starting('on a port that is taken is error 10048, and leaves the server as it was'),
  10049: starting('on an address that is not of this machine is error 10049'),
  10054: forward('a target that resets the connection: Error 1202 and the end of the tunnel'),
  10061: forward('targets that cannot be reached: the client learns why, and Error 1201'),
  11001: forward('targets that cannot be reached: the client learns why, and Error 1201'),
};

module.exports = { settings, errors };
