'use strict';

/** What no test can show, and why. */
const never = {
  errors: {},
};

/**
 * PENDING: what has no test yet. To be empty: a name that stands here and is proven is a failure.
 */
const pending = {
  properties: ['ConnectionBacklog'],
  settings: [
    'AllowedClients',
    'BindExclusively',
    'BlockedClients',
    'BuildInfo',
    'CodePage',
    'DefaultConnectionTimeout',
    'FireAuthRequestAfterSig',
    'InBufferSize',
    'KeepAliveInterval',
    'KeepAliveTime',
    'LicenseInfo',
    'LogLevel',
    'LoginGraceTime',
    'MaskSensitive',
    'MaxUnauthenticated',
    'OutBufferSize',
    'SSHKeepAliveCountMax',
    'SSHKeepAliveInterval',
    'SSHPubKeyAuthSigAlgorithms',
    'SSHVersionPattern',
    'TcpNoDelay',
    'UseIPv6',
    'UseInternalSecurityAPI',
  ],
  errors: [
    ...['100', '101', '102', '112', '116', '10004', '10009', '10013', '10014', '10024'],
    ...['10035', '10036', '10037', '10038', '10039', '10040', '10041', '10042', '10043', '10044'],
    ...['10045', '10046', '10047', '10050', '10051', '10052', '10053', '10055', '10056', '10057'],
    ...['10058', '10059', '10060', '10062', '10063', '10064', '10065', '10066', '10067', '10068'],
    ...['10069', '10070', '10071', '10091', '10092', '10093', '11002', '11003', '11004'],
  ],
};

module.exports = { never, pending };
