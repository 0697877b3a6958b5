'use strict';

// Logins by GSSAPI with Kerberos: OpenSSH's client and messages by hand, against both libraries, in a realm of the
// spec's own. tests/conformance/gssapi.rs has the messages; here are the tickets.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { python, ssh, testWith } = require('../support/clients.js');
const { folder } = require('../support/folder.js');
const { LIBRARIES, Realm, missing, testWithKerberos } = require('../support/kerberos.js');
const { LineClient, json } = require('../support/line_client.js');
const { startScript } = require('../support/programs.js');
const { rawSession } = require('../support/raw_client.js');
const { createServer } = require('../support/server.js');
const { until } = require('../support/waiting.js');
const { byte, string, uint32 } = require('../support/wire.js');

const KERBEROS = Buffer.from('06092a864886f712010202', 'hex');
const SUFFIX = 'toWM5Slw5Ew8Mqkay+al2g==';
/** Far more than there are threads for steps of GSSAPI. */
const MANY = 20;

const hasGss = () => spawnSync(python, ['-c', 'import gssapi']).status === 0;

let realm;
let keytab;
beforeAll(async () => {
  if (missing('MIT') !== undefined) return;
  realm = await Realm.start();
  keytab = realm.keytab();
  realm.ticket('bob');
}, 60_000);

/** A server in the realm: what it has told so far, and its port. */
async function serve({ library = 'MIT', settings = {}, env = realm.env(), ...options } = {}) {
  const all = { GSSLibrary: LIBRARIES[library], GSSKeytab: keytab, ...settings };
  const program = startScript(
    'kerberos_server.js',
    [JSON.stringify({ settings: all, ...options })],
    { env },
  );
  const told = [];
  program.child.on('message', (message) => told.push(message));
  const of = (key) => told.filter((message) => key in message).map((message) => message[key]);
  const { port } = await until(() => told.find((message) => message.port), program.child);
  const logs = () => of('log');
  const said = (text) => until(() => logs().find((line) => line.includes(text)), program.child);
  return { ...program, port, logs, said, asked: () => of('auth'), getLocalPort: () => port };
}

/** OpenSSH's client with bob's ticket, which has to log in by this method. */
function login(server, method, { kex, user = 'bob', ticket = 'bob', options = [] } = {}) {
  const gss = [
    'GSSAPIAuthentication=yes',
    `GSSAPIKeyExchange=${kex === undefined ? 'no' : 'yes'}`,
    ...(kex === undefined ? [] : [`GSSAPIKexAlgorithms=${kex}`]),
    `PreferredAuthentications=${method}`,
    'HostName=localhost',
    ...options,
  ];
  return ssh(server, 'x', { user, key: null, options: gss, env: realm.env(ticket) });
}

const principal = {
  authParam: 'bob@TEST.LOCAL',
  gssLocalName: 'bob',
  gssMechanism: '1.2.840.113554.1.2.2',
};

describe.each(Object.keys(LIBRARIES))('with the library of %s', (library) => {
  const testHere = (name, body) => {
    const lacks = missing(library);
    testWith('ssh', name, lacks ? () => expect(lacks).toBeUndefined() : body, 60_000);
  };

  testHere(
    'the ticket is who a client is, and the listener decides which account it gets',
    async () => {
      const server = await serve({ library });
      await server.said(`GSSAPI is offered, by ${LIBRARIES[library]}.`);
      for (const [method, kex] of [
        ['gssapi-keyex', 'gss-curve25519-sha256-'],
        ['gssapi-with-mic', undefined],
      ]) {
        const own = await login(server, method, { kex });
        expect([own.stdout.toString(), own.stderr]).toEqual(['in\n', '']);
        expect(server.asked().at(-1)).toMatchObject({
          ...{ user: 'bob', authMethod: method, signed: false, keyAlgorithm: '', authParamB: null },
          ...{ ...principal, gssDelegated: false },
        });
        const other = await login(server, method, { kex, user: 'alice' });
        expect(other.status).toBe(255);
        expect(server.asked().at(-1)).toMatchObject({
          user: 'alice',
          authMethod: method,
          ...principal,
        });
      }
    },
  );

  testHere('gssDelegated tells of a credential that was sent along', async () => {
    const server = await serve({ library });
    const options = ['GSSAPIDelegateCredentials=yes'];
    const done = await login(server, 'gssapi-with-mic', { options });
    expect(done.status).toBe(0);
    expect(server.asked().at(-1)).toMatchObject({ ...principal, gssDelegated: true });
  });

  testHere('without a key for it GSSAPI is not offered, and the log says why', async () => {
    const nowhere = path.join(folder, 'no keytab');
    const server = await serve({ library, settings: { GSSKeytab: nowhere } });
    const line = await server.said('GSSAPI is not offered: ');
    // The library says it in its own words.
    expect(line.length).toBeGreaterThan('GSSAPI is not offered: .'.length);
    const done = await login(server, 'gssapi-with-mic');
    expect(done.stderr).toContain('Permission denied (password)');
    expect(done.stderr).not.toContain('keytab');
    const exchange = await login(server, 'gssapi-keyex', { kex: 'gss-curve25519-sha256-' });
    expect(exchange.status).toBe(255);
    expect(server.asked().map((e) => e.authMethod)).toEqual(['none', 'none']);
  });
});

describe('GSSLibrary and GSSKeytab', () => {
  testWithKerberos(
    'are read back, are empty at first, and take a file name of 4096 bytes',
    async () => {
      const server = createServer();
      for (const name of ['GSSLibrary', 'GSSKeytab']) {
        expect(await server.config(name)).toBe('');
        await server.config(`${name}=${'x'.repeat(4096)}`);
        expect(await server.config(name)).toBe('x'.repeat(4096));
        const tooLong = `${name}=${'x'.repeat(4097)}`;
        await expect(server.config(tooLong)).rejects.toThrow(/4096 bytes/);
        expect(await server.config(name)).toBe('x'.repeat(4096));
      }
    },
  );

  testWithKerberos('what is no library is named in the log, and the server listens', async () => {
    const server = await serve({ settings: { GSSLibrary: 'libno-such-thing.so' } });
    expect(await server.said('GSSAPI is not offered')).toContain('libno-such-thing.so');
  });

  testWithKerberos('the next startListening looks for the key again', async () => {
    const server = await serve({ settings: { GSSKeytab: path.join(folder, 'later') } });
    expect(await server.said('GSSAPI is not offered')).toContain(path.join(folder, 'later'));
    fs.copyFileSync(keytab, path.join(folder, 'later'));
    await server.ask({ restart: true });
    expect(await server.said('GSSAPI is offered')).toContain(LIBRARIES.MIT);
  });
});

/** A client by hand that has begun a login, and its library. */
async function begun(
  server,
  { user = 'bob', ticket = user, env = realm.env(ticket), ...request } = {},
) {
  const client = rawSession(server, user);
  await client.handshake();
  const library = new LineClient([python, path.join(__dirname, '../support/gss_client.py')], {
    env: { ...env },
    protocol: json,
  });
  const token = await library.ask({ begin: 'host@localhost', ...request });
  const begin = () => client.authenticate('gssapi-with-mic', uint32(1), string(KERBEROS));
  return { client, library, begin, token: Buffer.from(token, 'base64') };
}

/** What the server replies to a token, with what it says. */
async function sent(client, token) {
  await client.send(Buffer.concat([byte(61), string(token)]));
  return client.expect(51, 61, 65);
}

describe('tokens', () => {
  const testTokens = (name, body, timeout) =>
    testWithKerberos(name, body, {
      lacks: hasGss() ? undefined : 'Python has no module gssapi',
      timeout: timeout ?? 60_000,
    });

  testTokens('the same works once: the second is a replay', async () => {
    const server = await serve();
    const { client, begin, token } = await begun(server);
    await begin();
    expect((await sent(client, token))[0]).toBe(61);
    // A second connection, as of one who has listened to the first.
    const other = await begun(server);
    await other.begin();
    expect((await sent(other.client, token))[0]).not.toBe(61);
    expect(await server.said('login refused: GSSAPI: ')).toMatch(/replay/i);
    expect(server.asked()).toEqual([]);
  });

  testTokens('one whose ticket has expired is refused', async () => {
    realm.configure({ defaults: ['clockskew = 1'] });
    try {
      realm.ticket('alice', { lifetime: '4s' });
      const server = await serve();
      const early = await begun(server, { user: 'alice' });
      await early.begin();
      await sleep(7000);
      expect((await sent(early.client, early.token))[0]).not.toBe(61);
      expect(await server.said('login refused: GSSAPI: ')).toMatch(/expired|clock skew/i);
    } finally {
      realm.configure();
    }
  });

  testTokens('one of a realm that the server does not know is refused', async () => {
    const other = await Realm.start({ name: 'OTHER.LOCAL', users: ['eve'] });
    other.ticket('eve');
    const server = await serve();
    const { client, begin, token } = await begun(server, { user: 'eve', env: other.env('eve') });
    await begin();
    const reply = await sent(client, token);
    expect(reply[0]).not.toBe(61);
    expect(reply.toString('latin1')).not.toMatch(/keytab|host\//);
    await server.said('login refused: GSSAPI: ');
    expect(server.asked()).toEqual([]);
  });

  testTokens('a principal of a realm that is trusted has no account here', async () => {
    const other = await Realm.start({ name: 'TRUSTED.LOCAL', users: ['eve'] });
    const trust = `addprinc -pw trust krbtgt/${realm.name}@${other.name}`;
    realm.admin(trust);
    other.admin(trust);
    other.configure({ others: [realm] });
    other.ticket('eve', { service: `host/localhost@${realm.name}` });
    const server = await serve();
    const { client, library, begin, token } = await begun(server, {
      user: 'eve',
      env: other.env('eve'),
    });
    await begin();
    const reply = await sent(client, token);
    expect(reply[0]).toBe(61);
    await library.ask({ step: reply.subarray(5).toString('base64') });
    const signed = [client.sessionId, byte(50), 'eve', 'ssh-connection', 'gssapi-with-mic'];
    const message = Buffer.concat(signed.map((it, at) => (at === 1 ? it : string(it))));
    const mic = Buffer.from(await library.ask({ mic: message.toString('base64') }), 'base64');
    await client.send(Buffer.concat([byte(66), string(mic)]));
    expect((await client.expect(51, 52))[0]).toBe(51);
    expect(server.asked()).toMatchObject([
      { user: 'eve', authParam: 'eve@TRUSTED.LOCAL', gssLocalName: '' },
    ]);
  });

  testTokens('a context for one user is none for another', async () => {
    const server = await serve();
    const { client, library, begin, token } = await begun(server, { user: 'alice', ticket: 'bob' });
    await begin();
    const reply = await sent(client, token);
    await library.ask({ step: reply.subarray(5).toString('base64') });
    const signed = [client.sessionId, byte(50), 'bob', 'ssh-connection', 'gssapi-with-mic'];
    const message = Buffer.concat(signed.map((it, at) => (at === 1 ? it : string(it))));
    const mic = Buffer.from(await library.ask({ mic: message.toString('base64') }), 'base64');
    await client.send(Buffer.concat([byte(66), string(mic)]));
    expect((await client.expect(51, 52))[0]).toBe(51);
    expect(server.asked()).toEqual([]);
  });

  testTokens('what is no token of Kerberos is refused', async () => {
    const server = await serve({ settings: { MaxAuthAttempts: '0' } });
    const { client, begin, token } = await begun(server);
    // In what is encrypted: the ticket, and the authenticator at the end. Other bytes may be anything.
    const places = [200, 250, 300, 350, ...[1, 9, 17, 33, 49, 65].map((at) => token.length - at)];
    const damaged = places.map((at) => {
      const bytes = Buffer.from(token);
      bytes[at] ^= 0x55;
      return bytes;
    });
    const cut = [1, 2, 16, 200, token.length - 1].map((length) => token.subarray(0, length));
    const patient = await begun(server);
    for (const bad of [Buffer.alloc(0), Buffer.alloc(32768, 0x60), ...cut, ...damaged]) {
      await patient.begin();
      expect((await sent(patient.client, bad))[0]).not.toBe(61);
    }
    await begin();
    expect((await sent(client, token))[0]).toBe(61);
  });
});

describe('a key table that hangs', () => {
  /** Takes the key table away, and puts a FIFO there: who opens it waits until somebody writes. */
  function hang(file) {
    fs.rmSync(file, { force: true });
    spawnSync('mkfifo', [file]);
  }

  testWithKerberos(
    'stops logins by GSSAPI, each until its time is over, and nobody else',
    async () => {
      const file = path.join(folder, 'hangs');
      fs.copyFileSync(keytab, file);
      const server = await serve({ settings: { GSSKeytab: file, LoginGraceTime: '5' } });
      hang(file);
      const kex = `gss-curve25519-sha256-`;
      const hung = Array.from({ length: MANY }, (_, i) =>
        login(server, i % 2 ? 'gssapi-with-mic' : 'gssapi-keyex', { kex: i % 2 ? undefined : kex }),
      );
      await until(() => server.logs().filter((line) => line.includes(SUFFIX)).length >= MANY / 2);
      for (let i = 0; i < 5; i++) {
        // Group 16 has threads of its own, too, which nobody occupies.
        const client = rawSession(server);
        await client.login('x');
        await client.ask();
      }
      for (const { status } of await Promise.all(hung)) expect(status).toBe(255);
      const late = rawSession(server);
      await late.login('x');
      expect(server.asked().filter((e) => e.authMethod.startsWith('gssapi-'))).toEqual([]);
    },
    { timeout: 60_000 },
  );

  testWithKerberos(
    'does not keep the server from listening',
    async () => {
      const file = path.join(folder, 'hangs from the start');
      hang(file);
      const server = await serve({ settings: { GSSKeytab: file } });
      expect(await server.said('GSSAPI is not offered')).toContain('does not answer');
      await rawSession(server).login('x');
    },
    { timeout: 60_000 },
  );
});

describe('several factors', () => {
  testWithKerberos('a ticket and a password', async () => {
    const server = await serve({ factors: 2 });
    const env = {
      ...realm.env('bob'),
      SSH_ASKPASS_REQUIRE: 'force',
      SSH_ASKPASS: path.join(folder, 'x.sh'),
    };
    fs.writeFileSync(env.SSH_ASKPASS, '#!/bin/sh\necho x\n', { mode: 0o700 });
    const options = [
      ...['GSSAPIAuthentication=yes', 'HostName=localhost'],
      'PreferredAuthentications=gssapi-with-mic,password',
    ];
    const done = await ssh(server, 'x', { user: 'bob', key: null, options, env });
    expect(done.stdout.toString()).toBe('in\n');
    expect(server.asked().map((e) => [e.authMethod, e.partialSuccesses])).toEqual([
      ['none', []],
      ['gssapi-with-mic', []],
      ['password', ['gssapi-with-mic']],
    ]);
  });
});
