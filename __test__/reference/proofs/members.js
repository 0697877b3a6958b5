'use strict';

// Properties, methods and what the module exports.

const { e2e, facade, each } = require('./tests.js');

const auth = e2e('auth');
const channels = e2e('channels');
const interactive = e2e('auth_interactive');
const opening = e2e('opening');
const listening = e2e('sockets_listening');
const timeouts = e2e('timeouts');
const connections = e2e('connections');
const lists = e2e('algorithm_lists');
const members = e2e('members');
const processes = e2e('processes');
const session = e2e('session');
const settings = e2e('settings');
const types = e2e('type_fields');
const certificates = e2e('certificates');
const defaults = members('the properties of a new server have their documented defaults');

const properties = {
  ConnectionBacklog: listening(
    'ConnectionBacklog > is the length of the queue of the socket; changed, of the next one',
    'ConnectionBacklog > reads 5 before it is set, while the queue is as long as the system has it',
  ),
  Channels: [...types('the collections > of channels: every way to read them'), ...defaults],
  Connections: [...types('the collections > of connections: every way to read them'), ...defaults],
  DefaultAuthMethods: [
    ...auth('none > is refused with the methods of DefaultAuthMethods'),
    ...defaults,
  ],
  DefaultIdleTimeout: [
    ...e2e('errors')('of connections > 10060 when it is idle for too long'),
    ...defaults,
  ],
  DefaultTimeout: [
    ...types(
      'SSHConnection > timeout starts as DefaultTimeout, and 0 has sends fail with 135 from then on',
    ),
    ...channels('sending > waits for the window of the peer when there is a timeout'),
    ...defaults,
  ],
  KeyboardInteractiveMessage: [
    ...interactive(
      'keyboard-interactive > with 2 prompts: an event for each response, and one for all',
    ),
    ...defaults,
  ],
  KeyboardInteractivePrompts: [
    ...types('SSHPrompt > a change to one in use is what the next client is shown'),
    ...defaults,
  ],
  Listening: [...members('Listening tells whether clients can connect'), ...defaults],
  LocalHost: [
    ...members('LocalHost: only the address that it names is listened on'),
    ...settings(
      'starting > on a name',
      'while listening > port, host and MaxConnections cannot be changed: 106, 107, 108',
    ),
    ...defaults,
  ],
  LocalPort: [
    ...settings(
      'starting > port 0: getLocalPort() tells which one it is',
      'starting > on a port that is taken is error 10048, and leaves the server as it was',
      'while listening > port, host and MaxConnections cannot be changed: 106, 107, 108',
    ),
    ...defaults,
  ],
  SSHCert: [
    ...types('SSHCert > a change of it is what the next client gets, while the server listens'),
    ...certificates('rsa-with-chain.pem > as SSHCert, AltSSHCert and in Connected'),
    ...settings('starting > without a host key is error 1301'),
  ],
  SSHCompressionAlgorithms: [
    ...lists('a list leaves only its own, in the order of the client > SSHCompressionAlgorithms'),
    ...defaults,
  ],
  SSHEncryptionAlgorithms: lists(
    'a list leaves only its own, in the order of the client > SSHEncryptionAlgorithms',
    'the lists start as documented, the modern ones first',
  ),
};

const methods = {
  changeRecordLength: channels(
    'receiving > changeRecordLength gives exactly that many bytes, and the rest before EOF',
    'receiving > a change of the record length in an event counts for the very next bytes',
  ),
  closeChannel: [
    ...members('closeChannel > closes that channel, and neither another one nor the connection'),
    ...channels('sending > what was sent before closeChannel arrives, EOF after it'),
  ],
  config: settings(
    'config() > LogLevel has its default, is set and read in any case, and reset',
    'config() > "NoSuchSetting=1" is refused',
    'config() > takes effect before it is awaited',
  ),
  disconnect: connections('Disconnected > once by disconnect(), which tells the client'),
  doEvents: members(
    'a program whose main loop is doEvents() serves its clients',
    'doEvents() without anything to do returns',
  ),
  exchangeKeys: channels(
    'exchangeKeys > resolves when the new keys are in use, with data under way',
    'exchangeKeys > fails with 126 on a connection that is not there',
  ),
  getSSHParam: [
    ...session(
      'requests of a session > env, pty-req, shell, window-change and signal, read by name',
    ),
    ...members(
      'a packet that is built with setSSHParam and read with getSSHParam > has Command',
      'a packet that is built with setSSHParam and read with getSSHParam > gives an error for a field that is not there, and for a value that does not fit',
    ),
  ],
  getSSHParamBytes: members(
    'a packet that is built with setSSHParam and read with getSSHParam > has TerminalModes, as they are encoded',
    'a packet that is built with setSSHParam and read with getSSHParam > has ExitStatus',
  ),
  openChannel: [
    ...channels(
      'openChannel > auth-agent@openssh.com reaches the agent of the client',
      'openChannel > a type the client does not know is refused',
      'openChannel > fails with 126 on a connection that is not there',
    ),
    ...opening(
      'x11 > reaches the X server of ssh2',
      'forwarded-tcpip > ssh2 reads the parameters, and refuses with its reason',
    ),
  ],
  reset: settings('reset() shuts down, restores every default, and keeps the listeners'),
  ...each(
    ['sendBytes', 'sendChannelData', 'sendText'],
    channels(
      'sending > sendBytes, sendText, sendChannelData and the fields keep their order, awaited or not',
    ),
  ),
  sendSSHPacket: channels(
    'sending > sendSSHPacket sends data as number 94 and requests as 98',
    'sending > sendSSHPacket refuses number 50',
  ),
  setSSHParam: [
    ...session('a program written from the reference > so does the npm package ssh2'),
    ...members(
      'a packet that is built with setSSHParam and read with getSSHParam > has a field of type m: -0x1234 is 00000002edcc',
      'a packet that is built with setSSHParam and read with getSSHParam > gives an error for a field that is not there, and for a value that does not fit',
    ),
  ],
  shutdown: connections(
    'Disconnected > once by shutdown(), which resolves when it has fired',
    'a server > shutdown() twice at once, and again after that',
  ),
  startListening: settings(
    'starting > port 0: getLocalPort() tells which one it is',
    'starting > twice is error 104',
    'starting > without a host key is error 1301',
  ),
  stopListening: connections(
    'a server > stopListening keeps its connections, and lets nobody else in',
  ),
  getChannelStream: channels(
    'getChannelStream > pipes a channel into itself',
    'getChannelStream > reads with for await what ssh sends',
  ),
  ref: processes('ref() after unref() has the server keep the process'),
  unref: processes(
    'a server that got unref() before it listens does not keep the process',
    'unref() lets the process end with all open',
  ),
  sendEOF: channels('sending > sendEOF ends the data and not the channel'),
  sendExitStatus: channels(
    'sending > sendBytes, sendText, sendChannelData and the fields keep their order, awaited or not',
  ),
  sendExtendedData: channels('sending > sendExtendedData is the standard error of the client'),
};

const module_ = {
  sshserver: session('a program written from the reference > so does the npm package ssh2'),
  ...each(
    ['SSHServer', 'SSHServerError'],
    members('the module > SSHServer is sshserver, and errors are of SSHServerError with a number'),
  ),
  'SSHServerError.bytesSent': timeouts(
    'the timeout of sends > with 0 the sends that wait fail with 135 at once, and what was sent is told',
  ),
  CertStoreTypes: members('the module > CertStoreTypes has the documented numbers'),
  'ECMAScript module': facade('surface')(
    'in a process of its own > the ECMAScript module has the same names, and all as its default',
  ),
  callbacks: settings('starting > calls a node callback'),
  'calls that nobody waits for': e2e('nobody_waits')(
    'output that nobody waits for: the client leaves, Error tells',
    'settings that nobody waits for: each that is refused is told once',
    'a stream without a listener of errors',
  ),
  'streams that are cut off': e2e('cut_off')(
    'the server closes the channel: pipeline() rejects, and that is no error of the stream',
    'bytes that wait for a slow reader come before the error',
    'without a listener of the stream it is told by Error, once',
  ),
  'sends that time out': timeouts(
    'the timeout of sends > after a send that timed out the channel is closed, and nothing behind it is sent',
    'the timeout of sends > a stream that nobody reads for longer than the timeout loses nothing',
  ),
  'listeners that return promises': auth(
    'listeners > may answer later',
    'listeners > a slow one delays nobody else',
  ),
  'listeners that fail': auth('listeners > one that throws refuses, and an Error event tells'),
};

module.exports = { properties, methods, module: module_ };
