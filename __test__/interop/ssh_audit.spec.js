'use strict';

// ssh-audit on each profile, with a host key of every kind: it has nothing against the modern one, and
// docs/SSH-AUDIT.md names and explains each of its findings about the others, and no other.

const { generateKeyPairSync } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { CertStoreTypes } = require('../../index.js');
const { python, testWith } = require('../support/clients.js');
const { hostKeyText } = require('../support/keys.js');
const { run } = require('../support/processes.js');
const { createServer } = require('../support/server.js');

const PAGE = path.join(__dirname, '..', '..', 'docs', 'SSH-AUDIT.md');
const KINDS = ['kex', 'key', 'enc', 'mac'];

/** Every kind of host key; with 2048 bits of RSA ssh-audit warns of the key itself. */
function hostKeys() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 3072 });
  const others = ['ecdsa-256', 'ecdsa-384', 'ecdsa-521', 'dsa'].map(hostKeyText);
  return [privateKey.export({ type: 'pkcs8', format: 'pem' }), ...others];
}

/** What ssh-audit says of a server with this profile. */
async function audit(profile) {
  const server = createServer();
  await server.config(`SecurityProfile=${profile}`);
  const more = hostKeys();
  await server.config(`AltSSHCertCount=${more.length}`);
  for (const [index, text] of more.entries()) {
    await server.config(`AltSSHCertStoreType[${index}]=${CertStoreTypes.cstPEMKeyBlob}`);
    await server.config(`AltSSHCertStore[${index}]=${text}`);
    await server.config(`AltSSHCertSubject[${index}]=*`);
  }
  await server.startListening();
  // The rate of connections does not depend on a profile.
  const args = ['-m', 'ssh_audit.ssh_audit', '-j', '--skip-rate-test', '-t', '60'];
  args.push('-p', String(server.getLocalPort()), '127.0.0.1');
  const { status, stdout, stderr } = await run(python, args);
  await server.shutdown();
  if (!stdout.length) throw new Error(`ssh-audit: status ${status}; ${stderr}`);
  return { status, ...JSON.parse(stdout) };
}

/** `kind name: level text` of each failure and warning. */
function findings(report) {
  return KINDS.flatMap((kind) =>
    report[kind].flatMap(({ algorithm, notes }) =>
      ['fail', 'warn'].flatMap((level) =>
        (notes[level] ?? []).map((text) => `${kind} ${algorithm}: ${level} ${text}`),
      ),
    ),
  ).sort();
}

/** What a table of the page has: the same lines, each with its explanation. */
function explained(profile) {
  const page = fs.readFileSync(PAGE, 'utf8').replaceAll('\r\n', '\n');
  const section = page
    .split(/^## /m)
    .find((text) => text.startsWith(`SecurityProfile=${profile}\n`));
  const rows = [...section.matchAll(/^\| (\w+) `(\S+)` \| (.+) \| (.+) \|$/gm)];
  return rows.flatMap(([, kind, name, said, why]) => {
    expect([name, why.length > 10]).toEqual([name, true]);
    return said.split('; ').map((finding) => `${kind} ${name}: ${finding}`);
  });
}

testWith(
  'ssh_audit',
  'ssh-audit has no failure and no warning for SecurityProfile=modern',
  async () => {
    const report = await audit('modern');
    expect(findings(report)).toEqual([]);
    expect(report.recommendations).toEqual({});
    expect(report.cves).toEqual([]);
    expect(report.status).toBe(0);
    // Ed25519 and RSA: what is offered is what was looked at.
    const names = (kind) => report[kind].map(({ algorithm }) => algorithm);
    expect(names('key').sort()).toEqual(['rsa-sha2-256', 'rsa-sha2-512', 'ssh-ed25519']);
    expect(names('kex')).toContain('mlkem768x25519-sha256');
    expect(names('kex')).toContain('kex-strict-s-v00@openssh.com');
  },
  120_000,
);

testWith(
  'ssh_audit',
  'docs/SSH-AUDIT.md explains each finding of ssh-audit about the other profiles',
  async () => {
    for (const profile of ['intermediate', 'compatible']) {
      const found = findings(await audit(profile));
      expect(found.length).toBeGreaterThan(0);
      expect(explained(profile).sort()).toEqual(found);
    }
  },
  240_000,
);
