'use strict';

const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { version, license } = require('../../package.json');
const { createServer, startCommandServer } = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');

test('BuildInfo names the product, its version and the platform', async () => {
  const info = await createServer().config('BuildInfo');
  expect(info).toMatch(/^sshserver \d+\.\d+\.\d+\S* \([a-z]+-\w+\)$/);
  expect(info).toContain(version);
});

test('LicenseInfo has the documented lines, and says the truth', async () => {
  const lines = (await createServer().config('LicenseInfo')).split('\n');
  expect(lines).toEqual([
    `Product: sshserver ${version}`,
    'Product Key: none needed',
    'License Source: the file LICENSE of the package',
    `License Type: ${license} (open source)`,
    'Last Valid Build: no limit',
  ]);
});

test.each(['BuildInfo', 'LicenseInfo'])('%s cannot be set', async (name) => {
  await expect(createServer().config(`${name}=x`)).rejects.toMatchObject({
    code: 10022,
    message: expect.stringContaining(`${name} cannot be set.`),
  });
});

test('UseInternalSecurityAPI is kept, False by default, and changes nothing', async () => {
  const server = await startCommandServer();
  expect(await server.config('UseInternalSecurityAPI')).toBe('False');
  const algorithms = server.getSSHEncryptionAlgorithms();
  await server.config('UseInternalSecurityAPI=yes');
  expect(await server.config('useinternalsecurityapi')).toBe('True');
  expect(server.getSSHEncryptionAlgorithms()).toBe(algorithms);
  const client = await ssh2.connect(server, { password: 'x' });
  expect((await ssh2.exec(client, 'exit 4')).status).toBe(4);
  await server.reset();
  expect(await server.config('UseInternalSecurityAPI')).toBe('False');
});

test('SecurityProfile is compatible by default, takes both names in any case, and is reset', async () => {
  const server = createServer();
  const names = ['SSHKeyExchangeAlgorithms', 'SSHMacAlgorithms', 'SSHPublicKeyAlgorithms'];
  const read = async () => [
    server.getSSHEncryptionAlgorithms(),
    ...(await Promise.all(names.map((name) => server.config(name)))),
  ];
  const compatible = await read();
  expect(await server.config('SecurityProfile')).toBe('compatible');
  await server.config('SecurityProfile=MODERN');
  expect(await server.config('SecurityProfile')).toBe('modern');
  const modern = await read();
  const old = /sha1\b|md5|cbc|arcfour|3des|-96|ssh-dss|ssh-rsa/;
  for (const list of modern) expect(list).not.toMatch(old);
  await server.config('SecurityProfile=Compatible');
  expect(await read()).toEqual(compatible);
  await server.config('SecurityProfile=modern');
  await server.reset();
  expect([await server.config('SecurityProfile'), ...(await read())]).toEqual([
    'compatible',
    ...compatible,
  ]);
});

test('a list that is set after SecurityProfile stays as it was set', async () => {
  const server = createServer();
  await server.config('SecurityProfile=modern');
  await server.config('SSHMacAlgorithms=hmac-sha1');
  expect(await server.config('SSHMacAlgorithms')).toBe('hmac-sha1');
  expect(await server.config('SecurityProfile')).toBe('modern');
});

// tests/portable_crypto.rs knows what there has to be on which processor
test('SSHSERVER_PORTABLE_CRYPTO=1 has ciphers and MACs run on AWS-LC alone', () => {
  const native = path.join(__dirname, '..', '..', 'native.js');
  const script = 'console.log(JSON.stringify(require(process.argv[1]).onVectorCode()))';
  const { SSHSERVER_PORTABLE_CRYPTO: _, ...env } = process.env;
  const onVectorCode = (more) => {
    const args = ['-e', script, native];
    return JSON.parse(spawnSync(process.execPath, args, { env: { ...env, ...more } }).stdout);
  };
  const usual = onVectorCode({});
  expect(onVectorCode({ SSHSERVER_PORTABLE_CRYPTO: '1' })).toEqual([]);
  expect(onVectorCode({ SSHSERVER_PORTABLE_CRYPTO: '0' })).toEqual(usual);
  for (const { kind, name, folder } of usual) {
    expect(['cipher', 'mac']).toContain(kind);
    expect(name).toMatch(/^(aes|chacha20|hmac-sha2-256)/);
    expect(folder).toMatch(/^(avx2|avx512|sha_ni|vaes)$/);
  }
});
