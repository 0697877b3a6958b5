'use strict';

// Every name that a list of algorithms takes: alone in its list it is what clients are offered. That each
// of them works is what tests/conformance/algorithms.rs and the interop run are about.

const groups = require('../reference/groups.js');
const { RawClient, VERSION, rawSession } = require('../support/raw_client.js');
const { hostCertificate } = require('../support/keys.js');
const { acceptAll, createServer } = require('../support/server.js');
const { x509Certificate } = require('../support/x509_keys.js');

/** Names that need something which this server lacks; they are accepted all the same. */
const CONDITIONAL = /^gss-/;
/** Of a KEXINIT, behind its number and cookie (RFC 4253 section 7.1). */
const LISTS = ['kex', 'hostKey', 'cipherIn', 'cipherOut', 'macIn', 'macOut', 'zipIn', 'zipOut'];
/** No algorithms, but what stands in the same list. */
const MARKS = ['ext-info-s', 'kex-strict-s-v00@openssh.com'];

const namesOf = (id) => {
  const { items, extensions } = groups.find((group) => group.id === id);
  return [...items, ...extensions].filter((name) => !CONDITIONAL.test(name));
};
const conditionalOf = (id) =>
  groups.find((group) => group.id === id).items.filter((name) => CONDITIONAL.test(name));

/** What a client is offered, by list. */
async function offered(server) {
  const client = new RawClient(server);
  client.write(VERSION);
  const init = await client.first(20);
  let at = 17;
  const lists = LISTS.map((list) => {
    const end = at + 4 + init.readUInt32BE(at);
    const names = init.toString('latin1', at + 4, end).split(',');
    at = end;
    return [list, names.filter((name) => !MARKS.includes(name))];
  });
  client.socket.destroy();
  return Object.fromEntries(lists);
}

/** The signature algorithms that a client is told of (server-sig-algs, RFC 8308 section 3.1). */
async function announced(server) {
  const client = rawSession(server);
  await client.handshake({ kex: 'curve25519-sha256,ext-info-c' });
  const text = (await client.expect(7)).toString('latin1');
  const name = 'server-sig-algs';
  const at = text.indexOf(name) + name.length;
  client.socket.destroy();
  return text.slice(at + 4, at + 4 + Buffer.from(text, 'latin1').readUInt32BE(at)).split(',');
}

const HOST_KEYS = {
  'ssh-ed25519': 'ed25519',
  'ecdsa-sha2-nistp256': 'ecdsa-256',
  'ecdsa-sha2-nistp384': 'ecdsa-384',
  'ecdsa-sha2-nistp521': 'ecdsa-521',
  'ssh-dss': 'dsa',
  'sign-dss': 'dsa',
};
/** A key for a name; for those of certificates with one. */
const hostKey = (name) => {
  const plain = name.replace(/^x509v3-/, '');
  const type = HOST_KEYS[plain] ?? 'rsa';
  return plain === name ? hostCertificate(type) : x509Certificate(type);
};
const config = (id) => ({
  set: (server, list) => server.config(`${id}=${list}`),
  get: (server) => server.config(id),
});
const property = (id) => ({
  set: (server, list) => server[`set${id}`](list),
  get: (server) => server[`get${id}`](),
});
const SETTINGS = {
  SSHKeyExchangeAlgorithms: {
    ...config('SSHKeyExchangeAlgorithms'),
    seen: async (server) => [(await offered(server)).kex],
    plain: 'curve25519-sha256',
  },
  SSHEncryptionAlgorithms: {
    ...property('SSHEncryptionAlgorithms'),
    seen: async (server) => {
      const { cipherIn, cipherOut } = await offered(server);
      return [cipherIn, cipherOut];
    },
  },
  SSHMacAlgorithms: {
    ...config('SSHMacAlgorithms'),
    seen: async (server) => {
      const { macIn, macOut } = await offered(server);
      return [macIn, macOut];
    },
  },
  SSHCompressionAlgorithms: {
    ...property('SSHCompressionAlgorithms'),
    seen: async (server) => {
      const { zipIn, zipOut } = await offered(server);
      return [zipIn, zipOut];
    },
  },
  SSHPublicKeyAlgorithms: {
    ...config('SSHPublicKeyAlgorithms'),
    seen: async (server) => [(await offered(server)).hostKey],
    prepare: (server, name) => server.setSSHCert(hostKey(name)),
    plain: 'ssh-ed25519',
  },
  SSHPubKeyAuthSigAlgorithms: {
    ...config('SSHPubKeyAuthSigAlgorithms'),
    seen: async (server) => [await announced(server)],
    plain: 'ssh-ed25519',
  },
};

async function startServer() {
  const server = createServer();
  acceptAll(server);
  await server.startListening();
  return server;
}

describe.each(Object.keys(SETTINGS))('%s', (id) => {
  const { set, get, seen, prepare = () => {}, plain } = SETTINGS[id];

  test.each(namesOf(id))('%s alone is what clients are offered', async (name) => {
    const server = await startServer();
    prepare(server, name);
    await set(server, name);
    expect(await get(server)).toBe(name);
    for (const list of await seen(server)) expect(list).toEqual([name]);
  });

  const conditional = conditionalOf(id);
  if (conditional.length > 0) {
    test.each(conditional)(
      '%s is taken, and offered where there is what it needs',
      async (name) => {
        const server = await startServer();
        await set(server, `${name},${plain}`);
        expect(await get(server)).toBe(`${name},${plain}`);
        for (const list of await seen(server)) expect(list).toEqual([plain]);
      },
    );
  }
});
