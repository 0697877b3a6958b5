'use strict';

// What the lists of algorithms do to a key exchange, and when keys are exchanged again: the client
// tells what it negotiated.

const { once } = require('node:events');
const { KexInit } = require('ssh2/lib/protocol/kex.js');
const { ssh, testWith } = require('../support/clients.js');
const { thrown } = require('../support/failures.js');
const { hostCertificate } = require('../support/keys.js');
const {
  acceptAll,
  createServer,
  keyExchanges,
  Recorder,
  startCommandServer,
  startRecorded,
  withSettings,
} = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');

/** What a client that has all of these got. */
async function negotiatedBy(server, algorithms) {
  const client = ssh2.start(server, { algorithms });
  const handshake = new Promise((resolve) => client.once('handshake', resolve));
  await client.ready;
  const { kex, serverHostKey, cs, sc } = await handshake;
  await ssh2.end(client);
  return { kex, serverHostKey, cs, sc };
}

describe('a list leaves only its own, in the order of the client', () => {
  const CASES = {
    SSHKeyExchangeAlgorithms: {
      set: (it, list) => it.config(`SSHKeyExchangeAlgorithms=${list}`),
      client: 'kex',
      got: ({ kex }) => [kex],
      names: ['ecdh-sha2-nistp384', 'diffie-hellman-group14-sha256', 'curve25519-sha256'],
    },
    SSHPublicKeyAlgorithms: {
      set: (it, list) => it.config(`SSHPublicKeyAlgorithms=${list}`),
      client: 'serverHostKey',
      got: ({ serverHostKey }) => [serverHostKey],
      names: ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
    },
    SSHEncryptionAlgorithms: {
      set: (it, list) => it.setSSHEncryptionAlgorithms(list),
      client: 'cipher',
      got: ({ cs, sc }) => [cs.cipher, sc.cipher],
      names: ['aes192-ctr', 'aes256-gcm@openssh.com', 'aes128-ctr'],
    },
    SSHMacAlgorithms: {
      set: (it, list) => it.config(`SSHMacAlgorithms=${list}`),
      client: 'hmac',
      got: ({ cs, sc }) => [cs.mac, sc.mac],
      names: ['hmac-sha2-512', 'hmac-sha2-256-etm@openssh.com', 'hmac-sha1'],
    },
    SSHCompressionAlgorithms: {
      set: (it, list) => it.setSSHCompressionAlgorithms(list),
      client: 'compress',
      got: ({ cs, sc }) => [cs.compress, sc.compress],
      names: ['zlib', 'zlib@openssh.com', 'none'],
    },
  };

  test.each(Object.keys(CASES))('%s', async (name) => {
    const { set, client, got, names } = CASES[name];
    // Without one, the MAC would be the cipher's own; the keys are of the kind that the names are for.
    const others = name === 'SSHMacAlgorithms' ? { cipher: ['aes128-ctr'] } : {};
    const server = await startCommandServer((it) => it.setSSHCert(hostCertificate('rsa')));
    const rest = { ...others, serverHostKey: ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] };
    for (const one of names) {
      await set(server, one);
      const all = await negotiatedBy(server, { ...rest, [client]: names });
      expect([...new Set(got(all))]).toEqual([one]);
    }
    const [first, second, third] = names;
    await set(server, `${first},${second},${third}`);
    for (const order of [names, [third, first, second]]) {
      const all = await negotiatedBy(server, { ...rest, [client]: order });
      expect([...new Set(got(all))]).toEqual([order[0]]);
    }
  });
});

test('the lists start as documented, the modern ones first', async () => {
  const server = createServer();
  expect(server.getSSHCompressionAlgorithms()).toBe('none,zlib');
  const documented = {
    SSHEncryptionAlgorithms:
      'aes256-ctr,aes192-ctr,aes128-ctr,aes256-cbc,aes192-cbc,aes128-cbc,3des-ctr,3des-cbc,' +
      'blowfish-cbc,arcfour256,arcfour128,arcfour,cast128-cbc,aes256-gcm@openssh.com,' +
      'aes128-gcm@openssh.com,chacha20-poly1305@openssh.com',
    SSHKeyExchangeAlgorithms:
      'curve25519-sha256,curve25519-sha256@libssh.org,diffie-hellman-group-exchange-sha256,' +
      'diffie-hellman-group14-sha256,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,' +
      'ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,' +
      'diffie-hellman-group-exchange-sha1,diffie-hellman-group14-sha1,diffie-hellman-group1-sha1',
    SSHMacAlgorithms:
      'hmac-sha2-256,hmac-sha2-512,hmac-sha1,hmac-md5,hmac-ripemd160,hmac-sha1-96,hmac-md5-96,' +
      'hmac-sha2-256-96,hmac-sha2-512-96,hmac-ripemd160-96,hmac-sha2-256-etm@openssh.com,' +
      'hmac-sha2-512-etm@openssh.com,umac-64@openssh.com,umac-64-etm@openssh.com,' +
      'umac-128@openssh.com,umac-128-etm@openssh.com',
    SSHPublicKeyAlgorithms:
      'ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-256,' +
      'rsa-sha2-512,ssh-rsa,ssh-dss',
  };
  for (const [name, list] of Object.entries(documented)) {
    const shown =
      name === 'SSHEncryptionAlgorithms'
        ? server.getSSHEncryptionAlgorithms()
        : await server.config(name);
    const names = shown.split(',');
    expect(list.split(',').filter((each) => !names.includes(each))).toEqual([]);
  }
});

describe('UseStrictKeyExchange with a client that does not know it', () => {
  const AFFECTED = ['chacha20-poly1305@openssh.com', 'hmac-sha2-256'];
  const SAFE = ['aes128-ctr', 'hmac-sha2-256'];

  async function connect(setting, [cipher, mac]) {
    const server = createServer();
    acceptAll(server);
    const recorder = new Recorder(server);
    await server.config(`UseStrictKeyExchange=${setting}`);
    await server.startListening();
    const client = ssh2.start(server);
    const direction = { cipher: [cipher], mac: [mac], compress: ['none'], lang: [] };
    // ssh2 always has the marker in its offer, and goes by that of the server alone.
    client._protocol._strictMode = false;
    client._protocol._offer = new KexInit({
      kex: ['curve25519-sha256'],
      serverHostKey: ['ssh-ed25519'],
      cs: direction,
      sc: direction,
    });
    const connected = await client.ready.then(
      () => true,
      () => false,
    );
    const { connectionId } = recorder.all('Connected')[0];
    if (!connected) {
      expect((await recorder.first('Disconnected')).statusCode).not.toBe(0);
      return 'refused';
    }
    return server.config(`NegotiatedStrictKex[${connectionId}]`);
  }

  test.each([
    [0, AFFECTED, 'False'],
    [1, AFFECTED, 'False'],
    [2, AFFECTED, 'refused'],
    [2, SAFE, 'False'],
    [3, AFFECTED, 'refused'],
    [3, SAFE, 'refused'],
  ])('%i, and the algorithms %j: %s', async (setting, algorithms, expected) => {
    expect(await connect(setting, algorithms)).toBe(expected);
  });
});

describe('keys are exchanged again', () => {
  const start = (setting) => startRecorded(withSettings(setting), { events: ['SSHStatus'] });

  test('after KeyRenegotiationThreshold bytes, and the data is whole', async () => {
    const { server, recorder } = await start('KeyRenegotiationThreshold=1000000');
    const client = await ssh2.connect(server);
    expect(keyExchanges(recorder)).toBe(1);
    const data = Buffer.alloc(8_000_000, 'threshold');
    const { stdout } = await ssh2.exec(client, 'cat', data);
    expect(stdout.equals(data)).toBe(true);
    expect(keyExchanges(recorder)).toBeGreaterThan(1);
  });

  testWith('ssh', 'not before ssh is in, however low KeyRenegotiationThreshold is', async () => {
    const { server, recorder } = await start('KeyRenegotiationThreshold=512');
    const { status, stdout } = await ssh(server, 'say in');
    expect([status, stdout.toString()]).toEqual([0, 'in']);
    expect(keyExchanges(recorder)).toBeGreaterThan(1);
  });

  test('not below KeyRenegotiationThreshold', async () => {
    const { server, recorder } = await start('KeyRenegotiationThreshold=100000000');
    const client = await ssh2.connect(server);
    await ssh2.exec(client, 'cat', Buffer.alloc(8_000_000, 'threshold'));
    expect(keyExchanges(recorder)).toBe(1);
  });

  test('after KeyRenegotiationInterval seconds', async () => {
    const { server, recorder } = await start('KeyRenegotiationInterval=1');
    const client = await ssh2.connect(server);
    const before = keyExchanges(recorder);
    while (keyExchanges(recorder) === before) await once(server, 'SSHStatus');
    expect((await ssh2.exec(client, 'say keyed')).stdout.toString()).toBe('keyed');
  });
});

test('an Error event tells that no algorithm can be agreed upon, before Disconnected', async () => {
  const { server, recorder } = await startRecorded((it) =>
    it.config('SSHMacAlgorithms=hmac-sha2-512'),
  );
  const algorithms = { hmac: ['hmac-sha1'], cipher: ['aes128-ctr'] };
  const client = ssh2.start(server, { algorithms });
  await client.closed;
  const { connectionId, description } = await recorder.first('Disconnected');
  expect(description).toMatch(/no common MAC/);
  expect(recorder.all('Error')).toEqual([
    { connectionId, errorCode: 10053, description, cause: undefined },
  ]);
  const names = recorder.names(['Log', 'SSHStatus']);
  expect(names.slice(-2)).toEqual(['Error', 'Disconnected']);
});

describe('in a listener of Connected', () => {
  const text = expect.stringMatching(/cannot be set in a listener of Connected/);
  const refused = expect.objectContaining({ code: 10022, message: text });

  test.each([
    'SSHKeyExchangeAlgorithms=curve25519-sha256',
    'SSHMacAlgorithms=hmac-sha1',
    'SSHPublicKeyAlgorithms=ssh-ed25519',
    'SSHPubKeyAuthSigAlgorithms=ssh-ed25519',
    'SecurityProfile=modern',
  ])('config(%j) is refused, and changes nothing', async (setting) => {
    let refusal;
    const name = setting.split('=')[0];
    const server = await startCommandServer((it) => {
      it.on('Connected', (e) => {
        refusal ??= it.config(setting).catch((error) => error);
        // What is of this connection alone can be set.
        void it.config(`UserAuthBanner[${e.connectionId}]=hello`);
      });
    });
    const before = await server.config(name);
    await ssh2.connect(server);
    expect(await refusal).toEqual(refused);
    expect(await server.config(name)).toBe(before);
    // Elsewhere it counts.
    await server.config(setting);
    expect(await server.config(name)).toBe(setting.split('=')[1]);
  });

  test('the properties that are lists are refused, and read', async () => {
    const seen = [];
    const refusals = [];
    const server = await startCommandServer((it) => {
      it.on('Connected', () => {
        seen.push(it.sshEncryptionAlgorithms);
        refusals.push(thrown(() => it.setSSHEncryptionAlgorithms('aes128-ctr')));
        refusals.push(thrown(() => it.setSSHCompressionAlgorithms('none')));
        seen.push(it.sshEncryptionAlgorithms);
      });
    });
    await ssh2.connect(server);
    expect(refusals).toEqual([refused, refused]);
    expect(seen[0]).toBe(seen[1]);
    server.setSSHEncryptionAlgorithms('aes128-ctr');
    expect(server.sshEncryptionAlgorithms).toBe('aes128-ctr');
  });
});
