'use strict';

// The documented values: names in lists of algorithms, numbers, and what fields and settings may be.

const { e2e, facade, rust, each } = require('./tests.js');

const groups = require('../groups.js');

const algorithms = e2e('algorithm_names');
const certificate = facade('certificate_values');
const conformance = rust('tests/conformance/algorithms.rs');
const publickey = e2e('auth_publickey');
const listening = e2e('sockets_listening');
const lists = e2e('algorithm_lists');
const settings = e2e('settings');
const log = e2e('log');
const documented = e2e('documented_values');

const namesOf = (id) => {
  const { items, extensions } = groups.find((group) => group.id === id);
  return [...items, ...extensions];
};

/** What goes through all algorithms of a kind. */
const WORKING = {
  SSHKeyExchangeAlgorithms: conformance('every_key_exchange_method'),
  SSHEncryptionAlgorithms: conformance('every_cipher_with_every_mac'),
  SSHMacAlgorithms: conformance('every_cipher_with_every_mac'),
  SSHCompressionAlgorithms: conformance('every_compression'),
  SSHPublicKeyAlgorithms: conformance('every_signature_algorithm'),
  SSHPubKeyAuthSigAlgorithms: conformance('every_signature_algorithm'),
};
/** Keys in X.509 certificates: the test of each list. */
const x509 = rust('tests/conformance/x509.rs');
const IN_X509 = {
  SSHPublicKeyAlgorithms: x509('every_algorithm_proves_a_host'),
  SSHPubKeyAuthSigAlgorithms: x509('every_algorithm_logs_a_user_in'),
};
/** The keys that only users have, the first pattern that fits. */
const OF_USERS = [
  [/^sk-.*-cert-/, rust('tests/conformance/security_keys.rs')('with_a_certificate')],
  [/^sk-/, rust('tests/conformance/security_keys.rs')('the_device_lets_its_owner_in')],
  [
    /-cert-/,
    rust('tests/conformance/certificates.rs')('every_kind_of_key_logs_in_with_a_certificate'),
  ],
];

function nameIn(list, name) {
  if (name.startsWith('gss-')) {
    const taken = algorithms(
      `${list} > ${name} is taken, and offered where there is what it needs`,
    );
    return [...taken, ...WORKING[list]];
  }
  const ofList = name.startsWith('x509v3-') ? IN_X509[list] : WORKING[list];
  const works = OF_USERS.find(([pattern]) => pattern.test(name))?.[1] ?? ofList;
  return [...algorithms(`${list} > ${name} alone is what clients are offered`), ...works];
}

const names = Object.fromEntries(
  Object.keys(WORKING).map((list) => [list, each(namesOf(list), (name) => nameIn(list, name))]),
);

/** What holds pages with several bytes for a character against other programs. */
const ICU_SCRIPTS = [0, 1, 5, 6, 1, 4, 7, 8, 3, 2].map((version, index) => [
  57002 + index,
  `page ${57002 + index} is ISCII version ${version} of ICU > in both directions`,
]);
const ORACLES = new Map([
  ...ICU_SCRIPTS,
  ...[930, 933, 935, 937, 939].map((page) => [
    50000 + page,
    `page ${50000 + page} is that of iconv IBM${page} > in both directions`,
  ]),
  ...[50227, 50229].map((page) => [
    page,
    `page ${page} is ISO-2022-CN of glibc > in both directions, whichever of its sets are used`,
  ]),
  [51950, 'page 51950 is that of uconv EUC-TW > in both directions'],
  [2, 'page 2 is that of perl nextstep > in both directions'],
]);
/** The pages of .NET with several bytes, whose digests a test compares, and NonLossyASCII. */
const SET_TESTS = rust('src/binding/codepage/set_tests.rs');
const DOT_NET = [1361, 10001, 10002, 10003, 10008, 20000, 20001, 20002, 20003, 20004, 20005, 20261];

const codePages = each(namesOf('codePages'), (written) => {
  const number = Number(written);
  const oracle = ORACLES.get(number);
  return [
    ...e2e('codepage')(`every documented number > ${written} is taken, or refused by its name`),
    ...(oracle ? e2e('codepage_oracles')(oracle) : []),
    ...(DOT_NET.includes(number) ? SET_TESTS('the_sets_are_those_of_dot_net') : []),
    ...([7, 50931].includes(number) ? SET_TESTS('texts_have_these_bytes') : []),
  ];
});

const storeTypeNumbers = each(
  namesOf('storeTypeNumbers'),
  e2e('members')('the module > CertStoreTypes has the documented numbers'),
);

/** Rows `FIELD = VALUE` (or another separator), whose proofs depend on the value. */
const valuesOf = (field, proofs, separator = ' = ') =>
  Object.fromEntries(
    Object.entries(proofs).map(([value, proof]) => [`${field}${separator}${value}`, proof]),
  );
const same = (field, values, proof, separator) => valuesOf(field, each(values, proof), separator);

/** The defaults and examples of settings and properties, which need no more than to be taken. */
const TAKEN = {
  KeyRenegotiationThreshold: ['1073741824', '524288000'],
  ServerSSHVersionString: ['SSH-2.0-IPWorks SSH Daemon 2022'],
  SSHKeepAliveCountMax: ['5'],
  SSHKeepAliveInterval: ['0'],
  SSHVersionPattern: ['*SSH-1.99-*,*SSH-2.0-*', '*SSH-1.99-*,*SSH-2.0-*,*SSH-2.99-*'],
  AllowedClients: ['*'],
  DefaultConnectionTimeout: ['0'],
  KeepAliveInterval: ['1000'],
  KeepAliveTime: ['7200000'],
  MaxConnections: ['1000', '1024', '100000'],
};
const TAKEN_BY_PROPERTIES = {
  ConnectionBacklog: ['5'],
  DefaultAuthMethods: [
    'password,publickey',
    'none',
    'password',
    'publickey',
    'keyboard-interactive',
  ],
  DefaultIdleTimeout: ['0'],
  DefaultTimeout: ['60', '0'],
  LocalPort: ['22', '0'],
};
const isNumber = (value) => /^\d+$/.test(value);
const taken = Object.entries(TAKEN).map(([name, values]) =>
  same(name, values, (value) => documented(`the setting ${name}=${value}`)),
);
const takenByProperties = Object.entries(TAKEN_BY_PROPERTIES).map(([name, values]) =>
  same(name, values, (value) =>
    documented(`the property ${name}: ${isNumber(value) ? value : JSON.stringify(value)}`),
  ),
);

const tunnels = e2e('event_fields')(
  'tunnels > SSHTunnelRequested and SSHTunnelClosed: connection, direction, address and port',
);
const usage = {
  '0x80': 'Digital Signatures',
  '0x40': 'Key Authentication',
  '0x20': 'Key Encryption',
  '0x10': 'Data Encryption',
  '0x08': 'Key Agreement',
  '0x04': 'Certificate Signing',
  '0x02': 'Key Signing',
};
const usageOf = (flag) => certificate(`the usage ${flag} is ${usage[flag]}`);
const strictKex = (value, end) =>
  lists(
    `UseStrictKeyExchange with a client that does not know it > ${value}, and the algorithms ${end}`,
  );
const chacha20 = '["chacha20-poly1305@openssh.com","hmac-sha2-256"]';
const aes = '["aes128-ctr","hmac-sha2-256"]';
const interactive = e2e('auth_interactive')(
  'keyboard-interactive > with 2 prompts: an event for each response, and one for all',
);
const sigstatus = (value) =>
  publickey(
    value === 1
      ? 'FireAuthRequestAfterSig > sigstatus 1 follows a valid signature, with its algorithm'
      : 'FireAuthRequestAfterSig > sigstatus 0 follows an invalid one of ssh, which lets nobody in',
  );
const byTicket = e2e('kerberos')(
  ...['MIT', 'Heimdal'].map(
    (library) =>
      `with the library of ${library} > the ticket is who a client is, and the listener decides which account it gets`,
  ),
);
const strictKexIsTold = settings(
  'what settings do > ClientSSHVersionString and NegotiatedStrictKex tell of the client',
);

const values = {
  ...valuesOf('SSHUserAuthRequest.authMethod', {
    none: e2e('auth')('none > lets the client in when it is accepted'),
    password: e2e('auth')('password > tells user and password'),
    publickey: e2e('event_fields')(
      'authentication > SSHUserAuthRequest: the blob and keyAlgorithm of a key of ed25519',
    ),
    'keyboard-interactive': interactive,
    'keyboard-interactive-1': interactive,
    sigstatus: [...sigstatus(1), ...sigstatus(0)],
    'gssapi-keyex': byTicket,
    'gssapi-with-mic': byTicket,
  }),
  ...valuesOf('SSHUserAuthRequest.authParam', { 0: sigstatus(0), 1: sigstatus(1) }),
  ...same(
    'SSHUserAuthRequest.keyAlgorithm',
    [
      ...['ssh-rsa', 'rsa-sha2-256', 'rsa-sha2-512', 'ssh-dss'],
      ...['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
    ],
    (name) => publickey(`keyAlgorithm is what the client wants to sign with: > ${name}`),
  ),
  ...same('SSHUserAuthRequest.keyAlgorithm', ['x509v3-sign-rsa', 'x509v3-sign-dss'], (name) =>
    e2e('auth_x509')(`${name} > proves host and user, and is shown to the listener`),
  ),
  'Connected.statusCode = 0': e2e('session')(
    'the events of one session > come in the documented order, with the documented fields',
  ),
  'Disconnected.statusCode = 0': e2e('event_fields')(
    'connections > Disconnected: statusCode and description say why',
  ),
  ...valuesOf('LogLevel', {
    0: log('a level > 0 logs nothing'),
    1: log('a level > 1, the default, logs the milestones and no packet'),
    2: log('a level > 2 adds one line for each packet: direction, name, number, length'),
    3: log('a level > 3 adds the bytes of each packet'),
  }),
  ...valuesOf('UseStrictKeyExchange', {
    0: settings('what settings do > UseStrictKeyExchange=0 does not negotiate it'),
    1: strictKex(1, `${chacha20}: False`),
    2: strictKex(2, `${chacha20}: refused`),
    3: strictKex(3, `${aes}: refused`),
  }),
  ...valuesOf('UseIPv6', {
    0: listening('UseIPv6 > 0: IPv4 only'),
    1: listening('UseIPv6 > 1: IPv6 only'),
    2: listening('UseIPv6 > 2: both, on one port, and each client has its own address'),
  }),
  ...Object.assign({}, ...taken, ...takenByProperties),
  ...valuesOf('a boolean setting', {
    ...each(['True', '1', 'Yes'], (value) =>
      settings(`config() > a boolean is set by ${value} in any case, and reads as True`),
    ),
    ...each(['False', '0', 'No'], (value) =>
      settings(`config() > a boolean is set by ${value} in any case, and reads as False`),
    ),
  }),
  ...valuesOf('NegotiatedStrictKex', {
    True: strictKexIsTold,
    False: strictKex(1, `${chacha20}: False`),
  }),
  ...same('Certificate.UsageFlags', Object.keys(usage), usageOf),
  ...valuesOf(
    'Certificate.Usage',
    Object.fromEntries(Object.entries(usage).map(([flag, text]) => [text, usageOf(flag)])),
  ),
  ...same('Certificate.Version', ['V1', 'V2', 'V3'], (name) => certificate(`version ${name}`)),
  ...same(
    'Certificate.Subject',
    ['CN', 'O', 'OU', 'L', 'S', 'C', 'E'],
    (name) => certificate(`the field ${name} of a subject`),
    ': ',
  ),
  ...valuesOf(
    'configurationString',
    {
      PersistPFXKey: certificate(
        'configurationString: PersistPFXKey=True is taken, and changes nothing',
        'configurationString: PersistPFXKey=False is taken, and changes nothing',
      ),
      Thumbprint: certificate('configurationString: Thumbprint chooses'),
      UseInternalSecurityAPI: certificate(
        'configurationString: UseInternalSecurityAPI=True is taken, and changes nothing',
      ),
    },
    ': ',
  ),
  ...same(
    'LicenseInfo',
    ['Product', 'Product Key', 'License Source', 'License Type', 'Last Valid Build'],
    e2e('product')('LicenseInfo has the documented lines, and says the truth'),
    ': ',
  ),
  ...same('SSHTunnelRequested.direction', ['0', '1'], tunnels),
};

module.exports = { values: { ...names, codePages, storeTypeNumbers, values } };
