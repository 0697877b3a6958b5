'use strict';

// A security token of SoftHSM with keys and certificates, as a store of the type cstPKCS11 names one.

const fs = require('node:fs');
const path = require('node:path');
const { folder } = require('./folder.js');
const { run } = require('./processes.js');

const MODULES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
];

const PIN = '123456';

/** A new token; `env` is what a program needs to see it, `store` and `pin` open it. */
async function securityToken(label) {
  const module = MODULES.find((each) => fs.existsSync(each));
  const tokens = path.join(folder, `tokens-${label}`);
  const configuration = path.join(folder, `softhsm2-${label}.conf`);
  fs.mkdirSync(tokens);
  fs.writeFileSync(configuration, `directories.tokendir = ${tokens}\n`);
  const env = { SOFTHSM2_CONF: configuration };
  const tool = async (name, args) => {
    const { status, stderr } = await run(name, args, { env });
    if (status !== 0) throw new Error(`${name} ${args[0]}: ${stderr}`);
  };
  const pins = ['--so-pin', '87654321', '--pin', PIN];
  await tool('softhsm2-util', ['--init-token', '--free', '--label', label, ...pins]);
  return {
    env,
    pin: PIN,
    store: `pkcs11:token=${label}?module-path=${module}`,
    /** Imports a private key in PEM; the certificate of the same id is its own. */
    addKey: (file, id) => {
      const into = ['--token', label, '--pin', PIN, '--label', `key ${id}`, '--id', id];
      return tool('softhsm2-util', ['--import', file, ...into]);
    },
    /** Imports a certificate in DER; needs OpenSC's pkcs11-tool. */
    addCertificate: (file, id) => {
      const of = ['--module', module, '--token-label', label, '--login', '--pin', PIN];
      const what = ['--write-object', file, '--type', 'cert', '--label', `cert ${id}`, '--id', id];
      return tool('pkcs11-tool', [...of, ...what]);
    },
  };
}

module.exports = { securityToken };
