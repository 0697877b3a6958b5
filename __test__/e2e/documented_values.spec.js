'use strict';

// Every value that the documentation gives for a setting or a property, its defaults and its examples
// included: a server takes it, reads it back, and serves clients with it. What the values do is tested
// where their settings are; single names of algorithms in algorithm_names, code pages in codepage.

const { CertStoreTypes } = require('../../index.js');
const groups = require('../reference/groups.js');
const { hostKeyText } = require('../support/keys.js');
const { acceptAll, createServer } = require('../support/server.js');
const { isServed } = require('../support/sockets.js');
const ssh2 = require('../support/ssh2_client.js');

const itemsOf = (id) => groups.find((group) => group.id === id).items;
const allOf = (id) => itemsOf(id).join(',');

const BOOLEANS = ['True', 'False', 'true', 'false'];
const GSS = itemsOf('SSHKeyExchangeAlgorithms').filter((name) => name.startsWith('gss-'));

/** The texts of each setting that `config` takes without an index. */
const SETTINGS = {
  AltSSHCertCount: ['0', '1'],
  FireAuthRequestAfterSig: BOOLEANS,
  // 1 GB and 500 MB
  KeyRenegotiationThreshold: ['1073741824', '524288000'],
  LogLevel: ['0', '1', '2', '3'],
  MaxAuthAttempts: ['6', '0'],
  ServerSSHVersionString: ['SSH-2.0-IPWorks SSH Daemon 2022', 'SSH-2.0-Mine'],
  SSHKeepAliveCountMax: ['5'],
  SSHKeepAliveInterval: ['0', '30'],
  SSHKeyExchangeAlgorithms: [
    [
      'curve25519-sha256,curve25519-sha256@libssh.org,diffie-hellman-group-exchange-sha256',
      'diffie-hellman-group14-sha256,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512',
      'ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha1',
      'diffie-hellman-group14-sha1,diffie-hellman-group1-sha1',
      ...GSS,
    ].join(','),
    allOf('SSHKeyExchangeAlgorithms'),
  ],
  SSHMacAlgorithms: [
    [
      'hmac-sha2-256,hmac-sha2-512,hmac-sha1,hmac-md5,hmac-ripemd160,hmac-sha1-96,hmac-md5-96',
      'hmac-sha2-256-96,hmac-sha2-512-96,hmac-ripemd160-96,hmac-sha2-256-etm@openssh.com',
      'hmac-sha2-512-etm@openssh.com,umac-64@openssh.com,umac-64-etm@openssh.com',
      'umac-128@openssh.com,umac-128-etm@openssh.com',
    ].join(','),
    allOf('SSHMacAlgorithms'),
  ],
  SSHPubKeyAuthSigAlgorithms: [
    [
      'ssh-rsa,rsa-sha2-256,rsa-sha2-512,x509v3-sign-rsa,ssh-dss,x509v3-sign-dss',
      'ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,ssh-ed25519',
    ].join(','),
    allOf('SSHPubKeyAuthSigAlgorithms'),
  ],
  SSHPublicKeyAlgorithms: [
    [
      'ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-256',
      'rsa-sha2-512,ssh-rsa,ssh-dss,x509v3-sign-rsa,x509v3-sign-dss',
    ].join(','),
    allOf('SSHPublicKeyAlgorithms'),
  ],
  SSHVersionPattern: ['*SSH-1.99-*,*SSH-2.0-*', '*SSH-1.99-*,*SSH-2.0-*,*SSH-2.99-*'],
  UseStrictKeyExchange: ['0', '1', '2', '3'],
  AllowedClients: ['*', '127.0.0.*', '127.0.0.1,localhost'],
  BindExclusively: BOOLEANS,
  BlockedClients: ['', '192.0.2.1'],
  DefaultConnectionTimeout: ['0', '60'],
  InBufferSize: ['0', '65536'],
  // a second
  KeepAliveInterval: ['0', '1000'],
  // two hours
  KeepAliveTime: ['0', '7200000'],
  MaxConnections: ['1000', '1024', '100000'],
  OutBufferSize: ['0', '65536'],
  TcpNoDelay: BOOLEANS,
  UseIPv6: ['0', '1', '2'],
  CodePage: ['65001'],
  MaskSensitive: BOOLEANS,
  UseInternalSecurityAPI: BOOLEANS,
};

/** Those of a record or a connection, and those that only tell; the tests below have them. */
const INDEXED = [
  'AltSSHCertStore[i]',
  'AltSSHCertStorePassword[i]',
  'AltSSHCertStoreType[i]',
  'AltSSHCertSubject[i]',
  'KeyboardInteractivePrompts[ConnectionId]',
  'UserAuthBanner[ConnectionId]',
];
const TOLD = [
  'ClientSSHVersionString[ConnectionId]',
  'NegotiatedStrictKex[ConnectionId]',
  'BuildInfo',
  'LicenseInfo',
];

const PROPERTIES = {
  ConnectionBacklog: [5],
  DefaultAuthMethods: [
    'password,publickey',
    ...['none', 'password', 'publickey', 'keyboard-interactive'],
    'none,password,publickey,keyboard-interactive',
  ],
  DefaultIdleTimeout: [0],
  DefaultTimeout: [60, 0],
  KeyboardInteractiveMessage: [''],
  LocalHost: ['', '127.0.0.1'],
  LocalPort: [22, 0],
  SSHCompressionAlgorithms: ['none,zlib', allOf('SSHCompressionAlgorithms')],
  SSHEncryptionAlgorithms: [
    [
      'aes256-ctr,aes192-ctr,aes128-ctr,aes256-cbc,aes192-cbc,aes128-cbc,3des-ctr,3des-cbc',
      'blowfish-cbc,arcfour256,arcfour128,arcfour,cast128-cbc,aes256-gcm@openssh.com',
      'aes128-gcm@openssh.com,chacha20-poly1305@openssh.com',
    ].join(','),
    allOf('SSHEncryptionAlgorithms'),
  ],
};
/** What holds objects, or only tells. */
const OBJECTS = ['Channels', 'Connections', 'KeyboardInteractivePrompts', 'Listening', 'SSHCert'];

/** A boolean reads as True or False. */
const readAs = (value) =>
  BOOLEANS.includes(value) ? value[0].toUpperCase() + value.slice(1) : value;

/** What no port of this test can be, and a machine may lack; sockets_listening listens with UseIPv6. */
const NOT_LISTENED_WITH = [
  ['LocalPort', 22],
  ['UseIPv6', '1'],
  ['UseIPv6', '2'],
];

async function serves(server, name, value) {
  if (NOT_LISTENED_WITH.some(([other, most]) => other === name && most === value)) return;
  acceptAll(server);
  await server.startListening();
  if (name === 'DefaultAuthMethods') {
    // Each of them is met by its own clients: auth has these.
    expect(await isServed(server.getLocalPort(), '127.0.0.1')).toBe(true);
    return;
  }
  const client = await ssh2.connect(server);
  expect(server.getConnections().size()).toBe(1);
  await ssh2.end(client);
}

const rows = (table) =>
  Object.entries(table).flatMap(([name, values]) => values.map((value) => [name, value]));

test('every setting and every property has its row', () => {
  const settings = [...Object.keys(SETTINGS), ...INDEXED, ...TOLD];
  expect(settings.sort()).toEqual([...itemsOf('settings')].sort());
  const properties = [...Object.keys(PROPERTIES), ...OBJECTS];
  expect(properties.sort()).toEqual([...itemsOf('properties')].sort());
});

test.each(rows(SETTINGS))('the setting %s=%s', async (name, value) => {
  const server = createServer();
  expect(await server.config(`${name}=${value}`)).toBe('');
  expect(await server.config(name)).toBe(readAs(value));
  await serves(server, name, value);
});

test.each(rows(PROPERTIES))('the property %s: %j', async (name, value) => {
  const server = createServer();
  server[`set${name}`](value);
  expect(server[`get${name}`]()).toBe(value);
  await serves(server, name, value);
});

test.each(TOLD)('%s only tells', async (name) => {
  const server = createServer();
  acceptAll(server);
  await server.startListening();
  await ssh2.connect(server);
  const [connectionId] = server.getConnections().keys();
  const full = name.replace('ConnectionId', connectionId);
  expect(await server.config(full)).not.toBe('');
  await expect(server.config(`${full}=x`)).rejects.toMatchObject({ name: 'SSHServerError' });
});

describe('AltSSHCert', () => {
  test('the documented example', async () => {
    const server = createServer({ hostKey: null });
    await server.config('AltSSHCertCount =1');
    await server.config('AltSSHCertStoreType[0]=7');
    await server.config(`AltSSHCertStore[0]=${hostKeyText('ed25519')}`);
    await server.config('AltSSHCertStorePassword[0]=');
    await server.config('AltSSHCertSubject[0]=*');
    await serves(server);
  });

  test.each([0, 1, 2, 3, 4, 5, 6, 7, 14, 15, 16, 17])('AltSSHCertStoreType %i', async (type) => {
    const server = createServer();
    expect(Object.values(CertStoreTypes)).toContain(type);
    await server.config('AltSSHCertCount=1');
    await server.config(`AltSSHCertStoreType[0]=${type}`);
    expect(await server.config('AltSSHCertStoreType[0]')).toBe(`${type}`);
    await serves(server);
  });

  test.each(['MY', 'CA', 'ROOT'])('AltSSHCertStore %s', async (store) => {
    const server = createServer();
    await server.config('AltSSHCertCount=1');
    await server.config(`AltSSHCertStore[0]=${store}`);
    expect(await server.config('AltSSHCertStore[0]')).toBe(store);
    await serves(server);
  });
});

test.each([
  ['KeyboardInteractivePrompts', 'First prompt,echo=false;Second prompt,echo=true'],
  ['UserAuthBanner', 'Welcome'],
])('%s of a connection: %s', async (name, value) => {
  const server = createServer();
  acceptAll(server);
  let read;
  server.on('SSHUserAuthRequest', async ({ connectionId }) => {
    const setting = `${name}[${connectionId}]`;
    await server.config(`${setting}=${value}`);
    read = await server.config(setting);
  });
  await server.startListening();
  await ssh2.end(await ssh2.connect(server));
  expect(read).toBe(value);
});
