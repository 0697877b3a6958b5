'use strict';

// Which clients can log in with each value of SecurityProfile: those that have a post-quantum key exchange with
// `modern`, all of them with `intermediate` and `compatible`. What a client has is read from itself where
// it can tell; nothing is forced on it but the kind of host key.

const native = require('../../native.js');
const { CertStoreTypes } = require('../../index.js');
const { testWith } = require('../support/clients.js');
const drivers = require('../support/interop_drivers.js');
const { hostKeyText, userKey } = require('../support/keys.js');
const { createServer } = require('../support/server.js');
const { startSmallExchange, endOf } = require('../support/small_exchange.js');

const POST_QUANTUM = native
  .algorithms()
  .filter(({ kind, lists }) => kind === 'kex' && lists === 'modern')
  .map(({ name }) => name);

/** One connection: what went wrong for the client, and how the server saw its end. */
async function attempt(client, profile, hostKey) {
  const driver = drivers[client];
  const { server, recorder, job } = await startSmallExchange(async (it) => {
    await it.config(`SecurityProfile=${profile}`);
    await it.config('AltSSHCertCount=1');
    await it.config(`AltSSHCertStoreType[0]=${CertStoreTypes.cstPEMKeyBlob}`);
    await it.config(`AltSSHCertStore[0]=${hostKeyText('ecdsa-256')}`);
    await it.config('AltSSHCertSubject[0]=*');
  });
  const hostKeyType = hostKey === 'ssh-ed25519' ? 'ed25519' : 'ecdsa-256';
  Object.assign(job, { hostKey, hostKeyType });
  if (client === 'ssh') job.key = userKey();
  let problem;
  try {
    problem = await driver.run(job);
  } catch (error) {
    problem = error.message;
  }
  const description = await endOf(recorder, problem);
  await server.shutdown();
  return { problem, description, asked: recorder.all('SSHUserAuthRequest').length };
}

// paramiko 3 is there for Kerberos, and for nothing that the new one has too.
describe.each(Object.keys(drivers).filter((name) => name !== 'paramiko3'))('%s', (client) => {
  testWith(
    client,
    'gets in where the profile has a key exchange that it has too',
    async () => {
      const supports = await drivers[client].supports();
      const ed25519 = supports.hostKey.includes('ssh-ed25519');
      const hostKey = ed25519 ? 'ssh-ed25519' : 'ecdsa-sha2-nistp256';
      for (const profile of ['intermediate', 'compatible']) {
        const { problem } = await attempt(client, profile, hostKey);
        expect([profile, problem]).toEqual([profile, undefined]);
      }
      const { problem, description, asked } = await attempt(client, 'modern', hostKey);
      const postQuantum = supports.kex.some((name) => POST_QUANTUM.includes(name));
      if (ed25519 && postQuantum) expect(problem).toBeUndefined();
      else {
        expect(problem).toBeDefined();
        // A client that gets our list first may disconnect without a message.
        expect(description).toMatch(/no common (key exchange|host key) algorithm|^OK$/);
        expect(asked).toBe(0);
      }
    },
    120_000,
  );
});

test('an ECDSA host key alone is none for SecurityProfile=modern', async () => {
  const server = createServer({ hostKey: 'ecdsa-256' });
  await server.config('SecurityProfile=modern');
  await expect(server.startListening()).rejects.toMatchObject({
    code: 1301,
    message: expect.stringContaining('SSHPublicKeyAlgorithms'),
  });
  await server.config('SecurityProfile=intermediate');
  await server.startListening();
});
