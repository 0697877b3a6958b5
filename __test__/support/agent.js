'use strict';

// An ssh-agent whose keys sign as a test wants: keys of FIDO devices that this machine has not, and
// signatures that are wrong. OpenSSH's client sends on what an agent says (draft-ietf-sshm-ssh-agent).

const { createHash, generateKeyPairSync, sign } = require('node:crypto');
const net = require('node:net');
const path = require('node:path');
const { once } = require('node:events');
const { afterTest } = require('./cleanup.js');
const { folder, writeFile } = require('./folder.js');
const { mpint, string, uint32 } = require('./wire.js');

const [FAILURE, REQUEST_IDENTITIES, IDENTITIES, SIGN_REQUEST, SIGN_RESPONSE] = [5, 11, 12, 13, 14];
const [USER_PRESENT, USER_VERIFIED] = [1, 4];
const APPLICATION = 'ssh:';
let agents = 0;

const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
const fromJwk = (text) => Buffer.from(text, 'base64url');

const DEVICES = {
  'ed25519-sk': {
    name: 'sk-ssh-ed25519@openssh.com',
    generate: () => generateKeyPairSync('ed25519'),
    fields: ({ x }) => [string(fromJwk(x))],
    sign: (data, key) => sign(null, data, key),
  },
  'ecdsa-sk': {
    name: 'sk-ecdsa-sha2-nistp256@openssh.com',
    generate: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    fields: ({ x, y }) => [
      string('nistp256'),
      string(Buffer.concat([Buffer.from([4]), fromJwk(x), fromJwk(y)])),
    ],
    sign(data, key) {
      const both = sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' });
      return Buffer.concat([mpint(both.subarray(0, 32)), mpint(both.subarray(32))]);
    },
  },
};

/**
 * A key as a FIDO device has it (OpenSSH PROTOCOL.u2f): `file` is its public key, `blob` that in
 * base64, `sign` makes a signature with `flags`.
 */
function deviceKey(type, { flags = USER_PRESENT } = {}) {
  const device = DEVICES[type];
  const { privateKey } = device.generate();
  const fields = device.fields(privateKey.export({ format: 'jwk' }));
  const blob = Buffer.concat([string(device.name), ...fields, string(APPLICATION)]);
  const line = `${device.name} ${blob.toString('base64')}`;
  return {
    name: device.name,
    blob: blob.toString('base64'),
    file: writeFile(`${type}.pub`, `${line} test\n`),
    sign(data) {
      const rest = Buffer.concat([Buffer.from([flags]), uint32(7)]);
      const signed = Buffer.concat([sha256(APPLICATION), rest, sha256(data)]);
      return Buffer.concat([string(device.name), string(device.sign(signed, privateKey)), rest]);
    },
  };
}

/** A key of a file, made by ssh-keygen: signs with `signer` in place of itself, if there is one. */
function ed25519Key(key, signer = key) {
  const { utils } = require('ssh2');
  const parsed = utils.parseKey(signer.text);
  return {
    name: 'ssh-ed25519',
    blob: key.blob,
    file: writeFile('ed25519.pub', `${key.line}\n`),
    sign: (data) => Buffer.concat([string('ssh-ed25519'), string(parsed.sign(data))]),
  };
}

function reply(keys, message) {
  if (message[0] === REQUEST_IDENTITIES) {
    const list = keys.flatMap(({ blob }) => [string(Buffer.from(blob, 'base64')), string('test')]);
    return Buffer.concat([Buffer.from([IDENTITIES]), uint32(keys.length), ...list]);
  }
  if (message[0] === SIGN_REQUEST) {
    const blobLength = message.readUInt32BE(1);
    const blob = message.subarray(5, 5 + blobLength).toString('base64');
    const dataLength = message.readUInt32BE(5 + blobLength);
    const data = message.subarray(9 + blobLength, 9 + blobLength + dataLength);
    const key = keys.find((each) => each.blob === blob);
    if (key) return Buffer.concat([Buffer.from([SIGN_RESPONSE]), string(key.sign(data))]);
  }
  return Buffer.from([FAILURE]);
}

/** Starts an agent with these keys; resolves to the options and the key that `ssh` takes to use the first. */
async function startAgent(...keys) {
  const server = net.createServer((socket) => {
    let bytes = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE()) {
        const end = 4 + bytes.readUInt32BE();
        socket.write(string(reply(keys, bytes.subarray(4, end))));
        bytes = bytes.subarray(end);
      }
    });
  });
  const at = path.join(folder, `agent-${agents++}`);
  server.listen(at);
  await once(server, 'listening');
  afterTest('servers', () => new Promise((resolve) => server.close(resolve)));
  return { key: { file: keys[0].file }, options: [`IdentityAgent=${at}`] };
}

module.exports = { USER_PRESENT, USER_VERIFIED, deviceKey, ed25519Key, startAgent };
