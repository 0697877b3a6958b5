'use strict';

// The settings about who may connect, sockets, timeouts, logging in, texts and logs.

const { e2e, rust } = require('./tests.js');

const clients = e2e('sockets_clients');
const listening = e2e('sockets_listening');
const options = e2e('sockets_options');
const keepalive = e2e('keepalive');
const versions = e2e('versions');
const limits = e2e('auth_limits');
const publickey = e2e('auth_publickey');
const codepage = e2e('codepage');
const log = e2e('log');
const product = e2e('product');

const sizes = (title) => options(`InBufferSize and OutBufferSize > ${title}`);
const times = (title) => options(`KeepAliveTime and KeepAliveInterval > ${title}`);

const connectionSettings = {
  AllowedClients: clients(
    'AllowedClients > * (the default): whether the client is served',
    'AllowedClients > a wildcard: whether the client is served',
    'AllowedClients > its host name: whether the client is served',
    'AllowedClients > another address: whether the client is served',
    'ConnectionRequest > starts with accept as AllowedClients=10.* says, and the listener decides',
  ),
  BlockedClients: clients(
    'BlockedClients > nothing (the default): whether the client is served',
    'BlockedClients > its address: whether the client is served',
    'BlockedClients > its host name: whether the client is served',
    'BlockedClients > wins over AllowedClients',
    'ConnectionRequest > starts with accept as BlockedClients=127.* says, and the listener decides',
  ),
  BindExclusively: listening(
    'BindExclusively > True (the default): the socket is not shared',
    'BindExclusively > True, and True on the same port: error 10048',
    'BindExclusively > False: several servers have one port, and each goes on when the others stop',
  ),
  UseIPv6: listening(
    'UseIPv6 > 0 (the default): IPv4',
    'UseIPv6 > 0: IPv4 only',
    'UseIPv6 > 1: IPv6 only',
    'UseIPv6 > 2: both, on one port, and each client has its own address',
  ),
  InBufferSize: [
    ...sizes('0 (the default) leaves the sizes of the system'),
    ...sizes('are the sizes of the sockets that are accepted from then on'),
  ],
  OutBufferSize: [
    ...sizes('0 (the default) leaves the sizes of the system'),
    ...sizes('are the sizes of the sockets that are accepted from then on'),
  ],
  KeepAliveTime: [
    ...times('0 (the default): keep-alive is on, with the times of the system'),
    ...times('are the times of new sockets, in whole seconds rounded up'),
  ],
  KeepAliveInterval: [
    ...times('are the times of new sockets, in whole seconds rounded up'),
    ...times('each works without the other'),
  ],
  TcpNoDelay: options(
    'TcpNoDelay > False (the default): on until the first channel, off from then on',
    'TcpNoDelay > True: always on',
  ),
  DefaultConnectionTimeout: options(
    'DefaultConnectionTimeout > ends a connection whose client says nothing, with error 10060',
    'DefaultConnectionTimeout > does not concern a client that is logged in, nor who connected before the change',
  ),
  SSHKeepAliveInterval: [
    ...keepalive(
      'SSHKeepAliveInterval > a client that answers stays, however long it says nothing else',
      'SSHKeepAliveInterval > is off by default, and a change concerns new connections',
    ),
    ...rust('tests/conformance/liveness.rs')('data_in_either_direction_puts_the_request_off'),
  ],
  SSHKeepAliveCountMax: keepalive(
    'SSHKeepAliveInterval > a stopped client is asked SSHKeepAliveCountMax times and disconnected',
    'SSHKeepAliveInterval > a client that reads and never answers is disconnected, and nobody else',
  ),
  SSHVersionPattern: versions(
    'SSHVersionPattern > has the documented default, is trimmed, and is given back by reset()',
    'SSHVersionPattern > a client that does not match is told why, and so is the program',
    'SSHVersionPattern > a client that matches any of the patterns is served',
  ),
  GSSKeytab: e2e('kerberos')(
    'with the library of MIT > without a key for it GSSAPI is not offered, and the log says why',
    'with the library of Heimdal > without a key for it GSSAPI is not offered, and the log says why',
    'GSSLibrary and GSSKeytab > are read back, are empty at first, and take a file name of 4096 bytes',
    'GSSLibrary and GSSKeytab > the next startListening looks for the key again',
  ),
  GSSLibrary: e2e('kerberos')(
    'with the library of Heimdal > the ticket is who a client is, and the listener decides which account it gets',
    'GSSLibrary and GSSKeytab > what is no library is named in the log, and the server listens',
  ),
  LoginGraceTime: limits(
    'LoginGraceTime > ends a connection that says nothing',
    'LoginGraceTime > ends one that goes on guessing',
    'LoginGraceTime > does not end one that is logged in',
  ),
  MaxUnauthenticated: limits(
    'MaxUnauthenticated > one more is closed at once, without an event, and logged',
    'MaxUnauthenticated > who is logged in does not count',
  ),
  FireAuthRequestAfterSig: publickey(
    'FireAuthRequestAfterSig > is off at first',
    'FireAuthRequestAfterSig > sigstatus 1 follows a valid signature, with its algorithm',
    'FireAuthRequestAfterSig > sigstatus 0 follows an invalid one of ssh, which lets nobody in',
  ),
  SSHPubKeyAuthSigAlgorithms: publickey(
    'SSHPubKeyAuthSigAlgorithms > a listed algorithm is taken',
    'SSHPubKeyAuthSigAlgorithms > one that is not listed is refused without an event',
    'SSHPubKeyAuthSigAlgorithms > the list is what clients are told (server-sig-algs)',
  ),
  UserCertCriticalOptions: e2e('auth_certificates')(
    'UserCertCriticalOptions > takes certificates with the options it names, and no others',
    'UserCertCriticalOptions > is empty at first, drops spaces and repetitions',
  ),
  SSHHostCertificates: e2e('host_certificates')(
    'a host key of type ed25519 > is taken by its certificate alone, as SSHCert',
    'without it, or with one for another host, an ssh that knows no key refuses',
  ),
  CodePage: codepage(
    'data > of page 932, as python:cp932 writes it, is read byte by byte, and sent as it was',
    'sending > with page 437: "é😀"',
    'the setting > refuses a page that is not supported by its name, and keeps the one before',
    'docs/CODEPAGES.md says what the addon supports',
  ),
  LogLevel: log(
    'a level > 0 logs nothing',
    'a level > 1, the default, logs the milestones and no packet',
    'a level > 2 adds one line for each packet: direction, name, number, length',
    'a level > 3 adds the bytes of each packet',
  ),
  MaskSensitive: log(
    'MaskSensitive > hides the password at level 3',
    'MaskSensitive > turned off shows the password at level 3, and only there',
    'MaskSensitive > is on by default, and after reset()',
  ),
  BuildInfo: product(
    'BuildInfo names the product, its version and the platform',
    'BuildInfo cannot be set',
  ),
  LicenseInfo: product(
    'LicenseInfo has the documented lines, and says the truth',
    'LicenseInfo cannot be set',
  ),
  UseInternalSecurityAPI: product(
    'UseInternalSecurityAPI is kept, False by default, and changes nothing',
  ),
};

module.exports = { connectionSettings };
