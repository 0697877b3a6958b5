'use strict';

// UseStrictKeyExchange, each of its values, with clients that have strict key exchange and clients that
// have not: what is negotiated, and who is refused how. paramiko is both, by an option of its own; of the
// others the first connection tells which they are.

const path = require('node:path');
const { python, testWith } = require('../support/clients.js');
const drivers = require('../support/interop_drivers.js');
const { userKey } = require('../support/keys.js');
const { run } = require('../support/processes.js');
const { startSmallExchange, endOf } = require('../support/small_exchange.js');

/** Cipher, MAC, and whether the Terrapin attack reaches them. */
const SUITES = [
  ['chacha20-poly1305@openssh.com', undefined, true],
  ['aes128-cbc', 'hmac-sha2-256-etm@openssh.com', true],
  ['aes128-cbc', 'hmac-sha2-256', false],
  ['aes128-ctr', 'hmac-sha2-256', false],
  ['aes128-gcm@openssh.com', undefined, false],
];
const KEX = 'curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256';
const REFUSED = {
  2: /the cipher requires strict key exchange/,
  3: /strict key exchange is required/,
};

/**
 * One connection with one suite, which the server alone offers. Resolves to `strict`, as the program
 * reads it while the client logs in, and what went wrong; or to why the server refused the client.
 */
async function attempt(connect, setting, [cipher, mac]) {
  let strict;
  const { server, recorder, job } = await startSmallExchange(
    async (it) => {
      await it.config(`UseStrictKeyExchange=${setting}`);
      await it.config(`SSHKeyExchangeAlgorithms=${KEX}`);
      await it.config(`SSHMacAlgorithms=${mac ?? 'hmac-sha2-256'}`);
      it.setSSHEncryptionAlgorithms(cipher);
      it.on('SSHUserAuthRequest', async (e) => {
        strict = await it.config(`NegotiatedStrictKex[${e.connectionId}]`);
      });
    },
    { hostKey: 'ecdsa-256' },
  );
  const problem = await connect(job, { cipher, mac: mac ?? 'hmac-sha2-256' });
  const description = await endOf(recorder, problem);
  await server.shutdown();
  const asked = recorder.all('SSHUserAuthRequest').length;
  return { strict, problem, description, asked };
}

/** Every setting with every suite of a client, which has strict key exchange or not. */
async function judge(connect, suites, offers) {
  for (const suite of suites) {
    for (const setting of [0, 1, 2, 3]) {
      const result = await attempt(connect, setting, suite);
      const about = `UseStrictKeyExchange=${setting}, ${suite.slice(0, 2).join(' ')}`;
      const refused = !offers && (setting === 3 || (setting === 2 && suite[2]));
      if (refused) {
        expect([about, result.asked, result.strict]).toEqual([about, 0, undefined]);
        expect(result.problem).toBeDefined();
        expect(result.description).toMatch(REFUSED[setting]);
      } else {
        // PuTTY knows of the attack, and asks its user.
        if (setting === 0 && suite[2] && /Terrapin/.test(result.problem)) continue;
        expect([about, result.problem]).toEqual([about, undefined]);
        const wanted = offers && setting > 0 ? 'True' : 'False';
        expect([about, result.strict]).toEqual([about, wanted]);
      }
    }
  }
}

describe('paramiko', () => {
  const script = path.join(__dirname, '..', 'support', 'paramiko_strict.py');
  const suites = SUITES.filter(([cipher]) => !cipher.startsWith('chacha20'));

  for (const [name, word] of [
    ['with strict key exchange', 'strict'],
    ['without strict key exchange', 'plain'],
  ]) {
    const connect = async ({ server }, { cipher, mac }) => {
      const args = [script, String(server.getLocalPort()), word, cipher, mac];
      const { status, stdout, stderr } = await run(python, args);
      const said = stdout.toString().trim();
      return status === 0 && said === 'hello' ? undefined : `status ${status}: ${said}${stderr}`;
    };
    testWith(
      'paramiko',
      `${name}, under each value of UseStrictKeyExchange`,
      () => judge(connect, suites, word === 'strict'),
      240_000,
    );
  }
});

// paramiko has tests of its own, and paramiko 3 is there for Kerberos alone.
const others = Object.keys(drivers).filter((name) => !name.startsWith('paramiko'));

describe.each(others)('%s', (client) => {
  testWith(
    client,
    'under each value of UseStrictKeyExchange',
    async () => {
      const driver = drivers[client];
      const supports = await driver.supports();
      const connect = async (job, { cipher, mac }) => {
        const keys = { hostKey: 'ecdsa-sha2-nistp256', hostKeyType: 'ecdsa-256' };
        if (client === 'ssh') keys.key = userKey();
        try {
          return await driver.run({ ...job, ...keys, cipher, mac });
        } catch (error) {
          return error.message;
        }
      };
      const suites = SUITES.filter(
        ([cipher, mac]) =>
          // golang's client cannot have CBC with every MAC
          !(driver.cbcMac && cipher.endsWith('-cbc')) &&
          supports.cipher.includes(cipher) &&
          supports.mac.includes(mac ?? 'hmac-sha2-256'),
      );
      expect(suites.length).toBeGreaterThan(0);
      const { strict, problem } = await attempt(connect, 1, suites[0]);
      expect(problem).toBeUndefined();
      await judge(connect, suites, strict === 'True');
    },
    240_000,
  );
});
