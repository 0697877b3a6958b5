'use strict';

// The events and their fields.

const groups = require('../groups.js');
const { e2e, facade, interop, each } = require('./tests.js');

const auth = e2e('auth');
const certificates = e2e('certificates');
const channels = e2e('channels');
const connections = e2e('connections');
const fields = e2e('event_fields');
const session = e2e('session');
const dispatch = facade('dispatch');
const forward = interop('tunnel_forward');
const reverse = interop('tunnel_reverse');

const order = [
  ...session(
    'the events of one session > come in the documented order, with the documented fields',
  ),
];
const ids =
  'connections > Connected, SSHStatus, Log and Disconnected have the id of their connection';
const why = 'connections > Disconnected: statusCode and description say why';
const error =
  'connections > Error: connectionId, errorCode, description, and what was thrown as cause';
const open = 'channels > SSHChannelOpenRequest: service, and parameters as text and as bytes';
const requests =
  'channels > SSHChannelRequest and SSHChannelRequested: the whole packet, as text and as bytes';
const data = 'channels > SSHChannelDataIn: the bytes as they are, and decoded';
const apart = 'channels > SSHChannelOpened, ReadyToSend, EOF and Closed tell two channels apart';
const tunnels =
  'tunnels > SSHTunnelRequested and SSHTunnelClosed: connection, direction, address and port';
const who =
  'authentication > SSHUserAuthRequest: who asks, for what, with which method and parameter';
const kerberos = (title) =>
  e2e('kerberos')(`with the library of MIT > ${title}`, `with the library of Heimdal > ${title}`);
const key = 'authentication > SSHUserAuthRequest: the blob and keyAlgorithm of a key of ecdsa-384';
const service =
  'authentication > SSHServiceRequest: connectionId and service, for each service once';
const failed = dispatch(
  'questions > Connected for a connection that failed has the error and is not answered',
);

const certificateOfUser = e2e('auth_certificates')(
  'a certificate for a key of type ed25519 > logs in, and its fields are those that ssh-keygen put in',
);
const noCertificate = e2e('auth_certificates')(
  'userCertificate is null for everything that is no certificate',
);

const events = {
  Connected: [
    ...order,
    ...connections('Connected > chooses the host key of its connection'),
    ...failed,
  ],
  ConnectionRequest: [
    ...order,
    ...connections(
      'ConnectionRequest > refuses a connection before it has an id',
      'ConnectionRequest > may take its time without delaying another connection',
    ),
  ],
  Disconnected: connections(
    'Disconnected > once when the client leaves',
    'Disconnected > once after a protocol error',
    'Disconnected > once when it leaves during the question of a listener',
  ),
  Error: fields(error),
  Log: e2e('log')(
    'a level > 2 adds one line for each packet: direction, name, number, length',
    'MaskSensitive > hides the password at level 3',
  ),
  SSHChannelClosed: [...order, ...fields(apart)],
  SSHChannelDataIn: [...order, ...fields(data)],
  SSHChannelEOF: [
    ...order,
    ...channels(
      'receiving > changeRecordLength gives exactly that many bytes, and the rest before EOF',
    ),
  ],
  SSHChannelOpened: [...order, ...fields(apart)],
  SSHChannelOpenRequest: [...order, ...fields(open)],
  SSHChannelReadyToSend: [
    ...order,
    ...channels(
      'sending > with timeout 0 fails with 135, tells how much was sent, and when there is room',
    ),
  ],
  SSHChannelRequest: [
    ...order,
    ...session(
      'requests of a session > what is refused fails for the client, and does not fire SSHChannelRequested',
    ),
  ],
  SSHChannelRequested: [
    ...order,
    ...session(
      'requests of a session > what is refused fails for the client, and does not fire SSHChannelRequested',
    ),
  ],
  SSHServiceRequest: [...order, ...connections('SSHServiceRequest > refuses ssh-userauth')],
  SSHStatus: [
    ...order,
    ...channels('exchangeKeys > resolves when the new keys are in use, with data under way'),
  ],
  SSHTunnelClosed: [
    ...fields(tunnels),
    ...forward('ssh -L carries data both ways, and its events tell of it'),
  ],
  SSHTunnelRequested: [
    ...fields(tunnels),
    ...forward('a tunnel that is not accepted may still be a channel of the program'),
  ],
  SSHUserAuthRequest: [...order, ...fields(who)],
};

const eventFields = {
  'Connected.connectionId': fields(ids),
  ...each(['Connected.statusCode', 'Connected.description'], [...order, ...failed]),
  'Connected.certStoreType': certificates('rsa-2048.xml > as SSHCert, AltSSHCert and in Connected'),
  'Connected.certStore': certificates('p521.jwk > as SSHCert, AltSSHCert and in Connected'),
  'Connected.certPassword': certificates(
    'ecdsa-384-v3-encrypted.ppk > as SSHCert, AltSSHCert and in Connected',
  ),
  'Connected.certSubject': certificates('set.jwk > as SSHCert, AltSSHCert and in Connected'),
  ...each(
    ['ConnectionRequest.address', 'ConnectionRequest.port'],
    fields(
      'connections > ConnectionRequest: address and port are those of the socket of the client',
    ),
  ),
  'ConnectionRequest.accept': connections(
    'ConnectionRequest > refuses a connection before it has an id',
  ),
  'Disconnected.connectionId': fields(ids),
  ...each(['Disconnected.statusCode', 'Disconnected.description'], fields(why)),
  ...each(
    ['Error.connectionId', 'Error.errorCode', 'Error.description', 'Error.cause'],
    fields(error),
  ),
  'Log.connectionId': fields(ids),
  'Log.message': fields(ids),
  ...each(
    ['Log.logLevel', 'Log.logType'],
    fields('connections > Log: logLevel is that of its line, logType is reserved'),
  ),
  ...each(
    ['SSHChannelClosed', 'SSHChannelEOF', 'SSHChannelOpened', 'SSHChannelReadyToSend'].flatMap(
      (name) => [`${name}.connectionId`, `${name}.channelId`],
    ),
    fields(apart),
  ),
  ...each(
    ['connectionId', 'channelId', 'data', 'dataB', 'extendedDataType'].map(
      (name) => `SSHChannelDataIn.${name}`,
    ),
    fields(data),
  ),
  ...each(
    ['connectionId', 'channelId', 'service', 'parameters', 'parametersB'].map(
      (name) => `SSHChannelOpenRequest.${name}`,
    ),
    fields(open),
  ),
  'SSHChannelOpenRequest.accept': channels(
    'what the client opens that is no session is told with its parameters',
    'a channel nobody accepts is refused',
  ),
  ...each(
    ['SSHChannelRequest', 'SSHChannelRequested'].flatMap((event) =>
      ['connectionId', 'channelId', 'requestType', 'packet', 'packetB'].map(
        (name) => `${event}.${name}`,
      ),
    ),
    fields(requests),
  ),
  'SSHChannelRequest.success': session(
    'requests of a session > what is refused fails for the client, and does not fire SSHChannelRequested',
  ),
  ...each(['SSHServiceRequest.connectionId', 'SSHServiceRequest.service'], fields(service)),
  'SSHServiceRequest.accept': connections(
    'SSHServiceRequest > refuses ssh-userauth',
    'SSHServiceRequest > refuses ssh-connection',
  ),
  ...each(['SSHStatus.connectionId', 'SSHStatus.message'], fields(ids)),
  ...each(
    ['connectionId', 'address', 'port'].map((name) => `SSHTunnelClosed.${name}`),
    fields(tunnels),
  ),
  ...each(
    ['connectionId', 'direction', 'address'].map((name) => `SSHTunnelRequested.${name}`),
    fields(tunnels),
  ),
  'SSHTunnelRequested.port': [
    ...fields(tunnels),
    ...reverse('a listener may choose the port, refuse, and be told that a port is taken'),
  ],
  'SSHTunnelRequested.accept': [
    ...fields(tunnels),
    ...forward('a tunnel that is not accepted may still be a channel of the program'),
  ],
  ...each(
    ['connectionId', 'user', 'service', 'authMethod', 'authParam'].map(
      (name) => `SSHUserAuthRequest.${name}`,
    ),
    fields(who),
  ),
  'SSHUserAuthRequest.accept': auth(
    'password > tells user and password',
    'password > is refused with another one',
  ),
  'SSHUserAuthRequest.partialSuccess': e2e('auth_factors')(
    'partialSuccess and availableMethods are what the client is told',
  ),
  'SSHUserAuthRequest.availableMethods': auth(
    'none > is refused with the availableMethods a listener sets',
  ),
  ...each(['SSHUserAuthRequest.keyAlgorithm', 'SSHUserAuthRequest.authParamB'], fields(key)),
  'SSHUserAuthRequest.partialSuccesses': e2e('auth_factors')(
    'another user name after a partial success > clears partialSuccesses',
  ),
  'SSHUserAuthRequest.userVerified': e2e('keys')(
    'security keys > verify-required wants the device to have verified its user',
  ),
  ...each(
    ['SSHUserAuthRequest.gssLocalName', 'SSHUserAuthRequest.gssMechanism'],
    kerberos('the ticket is who a client is, and the listener decides which account it gets'),
  ),
  'SSHUserAuthRequest.gssDelegated': kerberos(
    'gssDelegated tells of a credential that was sent along',
  ),
  'SSHUserAuthRequest.signed': e2e('auth_counting')(
    'a program that counts factors itself > sees by signed which event is the proof',
  ),
  'SSHUserAuthRequest.userCertificate': [...certificateOfUser, ...noCertificate],
  'SSHUserAuthRequest.userX509': e2e('auth_x509')(
    'userX509 has the fields that OpenSSL put in, and is made once',
    'userX509 is null for everything that is no X.509 certificate',
  ),
};

const userCertificate = each(
  groups.find((group) => group.id === 'userCertificate').extensions,
  certificateOfUser,
);

module.exports = { events, eventFields, userCertificate };
