'use strict';

// Every program of docs/SESSIONS.md, each in a process of its own, as somebody who copies it would run it.

const fs = require('node:fs');
const path = require('node:path');
const { answering, sftpClient, ssh, startSsh, testOnUnix } = require('../support/clients.js');
const { folder, writeFile } = require('../support/folder.js');
const { hostKeyText, userKey } = require('../support/keys.js');
const { collect, start } = require('../support/processes.js');
const { until } = require('../support/waiting.js');

const ROOT = path.join(__dirname, '..', '..');
/** Inside of the package, so that its name leads to it. */
const PROGRAMS = path.join(ROOT, 'target', 'guide');
const withSsh = testOnUnix('ssh');

const text = fs.readFileSync(path.join(ROOT, 'docs', 'SESSIONS.md'), 'utf8');
const blocks = [...text.matchAll(/```js\n([^]*?)```/g)].map(([, block]) => block);

const ACCEPT = "server.on('SSHUserAuthRequest', (e) => (e.accept = e.authMethod === 'publickey'));";

/** The program around a block: the server and the values that the text speaks of. */
function programOf(block) {
  const [imports, rest] = [/^import .*$/gm, block.replace(/^import .*$/gm, '')];
  return [
    "import { Certificate, CertStoreTypes, sshserver } from 'sshserver';",
    ...block.match(imports),
    'const server = new sshserver();',
    `const hostKey = ${JSON.stringify(hostKeyText())};`,
    "server.setSSHCert(new Certificate(CertStoreTypes.cstPEMKeyBlob, hostKey, '', '*'));",
    "server.setLocalHost('127.0.0.1');",
    'server.setLocalPort(0);',
    `const folder = ${JSON.stringify(folder)};`,
    `const publicKeys = ${JSON.stringify(userKey().line)};`,
    "const isPassword = async (user, password) => user === 'demo' && password === 'secret';",
    rest,
    // Who gets in, where the block does not say it.
    block.includes('SSHUserAuthRequest') ? '' : ACCEPT,
    'await server.startListening();',
    'console.log(`port ${server.getLocalPort()}.`);',
  ].join('\n');
}

/** Runs a block: the server as `ssh` asks for it, and what the program prints. */
async function run(block) {
  fs.mkdirSync(PROGRAMS, { recursive: true });
  const file = path.join(PROGRAMS, `${process.pid}-${blocks.indexOf(block)}.mjs`);
  fs.writeFileSync(file, programOf(block));
  const program = start(process.execPath, [file], {
    env: { NAPI_RS_NATIVE_LIBRARY_PATH: process.env.NAPI_RS_NATIVE_LIBRARY_PATH },
  });
  const [output, errors] = [collect(program.stdout), collect(program.stderr)];
  program.text = errors;
  await until(() => /port \d+\./.test(output()), program);
  fs.rmSync(file);
  const port = Number(/port (\d+)/.exec(output())[1]);
  return { server: { getLocalPort: () => port }, output };
}

const textOf = ({ stdout }) => stdout.toString();

/** For each block, in their order, what it is seen to do. */
const CHECKS = {
  'a handler is a function': async ({ server }) => {
    expect(await ssh(server, 'upper', { input: 'text' })).toMatchObject({
      status: 0,
      stdout: Buffer.from('TEXT'),
    });
    expect(await ssh(server, 'lower')).toMatchObject({
      status: 127,
      stderr: 'demo: there is no lower\n',
    });
    expect(textOf(await ssh(server, 'time', { flags: ['-s'] }))).toMatch(/^\d{4}-.*Z\n$/);
  },
  programs: async ({ server }) => {
    const hostname = fs.readFileSync('/etc/hostname', 'utf8');
    expect(textOf(await ssh(server, 'hostname'))).toBe(hostname);
    expect(textOf(await ssh(server, 'say `id`'))).toBe('you said say `id`\n');
    expect((await ssh(server, 'rm')).status).not.toBe(0);
    const shell = await ssh(server, null, { input: 'pwd; exit 4\n', flags: ['-T'] });
    expect(shell).toMatchObject({ status: 4, stdout: Buffer.from('/tmp\n') });
  },
  files: async ({ server }) => {
    const files = path.join(folder, 'files-of-demo');
    fs.mkdirSync(files);
    const said = await sftpClient(server, ['put /etc/hostname name', 'ls -1', '-rm name']);
    expect(said).toMatchObject({ status: 0, stderr: expect.stringContaining('Permission denied') });
    expect(fs.readFileSync(path.join(files, 'name'))).toEqual(fs.readFileSync('/etc/hostname'));
  },
  'files of an object': async ({ server }) => {
    const got = path.join(folder, 'hello-of-object');
    const said = await sftpClient(server, ['ls -1', `get hello.txt ${got}`, '-rm hello.txt']);
    expect(said).toMatchObject({ status: 0, stderr: expect.stringContaining('ermission denied') });
    expect(fs.readFileSync(got, 'utf8')).toBe('Hello!');
  },
  terminals: async ({ server }) => {
    expect((await ssh(server, null, { flags: ['-T'] })).status).toBe(1);
    const client = startSsh(server, null, { flags: ['-tt'] });
    const seen = collect(client.stdout);
    await until(() => seen().includes('> '), client);
    client.stdin.write('olleh\r');
    await until(() => seen().includes('hello\r\n'), client);
    client.stdin.write('exit\r');
    expect((await client.result).status).toBe(0);
  },
  keys: async ({ server }) => {
    const forced = await ssh(server, 'what I want');
    expect(textOf(forced)).toBe('test runs only this in place of what I want\n');
    expect((await ssh(server, 'x', { user: 'other' })).status).toBe(255);
    expect((await ssh(server, 'x', { key: userKey('ed25519', '-revoked') })).status).toBe(255);
  },
  'a second factor': async ({ server }) => {
    expect((await ssh(server, 'x', answering({ assword: 'secret' }))).status).toBe(0);
    expect((await ssh(server, 'x', answering({ assword: 'wrong' }))).status).toBe(255);
  },
  'your own listeners': async ({ server, output }) => {
    expect((await ssh(server, 'something')).status).toBe(0);
    await until(() => output().includes('has left'));
    expect(output().toString()).toMatch(/demo runs something\ndemo has left \d+\n/);
  },
};

test('every program of the page is checked', () => {
  expect(blocks).toHaveLength(Object.keys(CHECKS).length);
});

describe('the programs of docs/SESSIONS.md', () => {
  beforeAll(() => {
    const revoked = userKey('ed25519', '-revoked').line;
    const lines = `command="only this" ${userKey().line}\n${revoked}\n`;
    fs.writeFileSync(path.join(folder, 'keys-of-demo'), lines);
    fs.writeFileSync(path.join(folder, 'revoked'), `${revoked}\n`);
    fs.copyFileSync(
      writeFile('ca', userKey('ed25519', '-ca').line),
      path.join(folder, 'user_ca.pub'),
    );
  });

  for (const [index, [name, check]] of Object.entries(CHECKS).entries())
    withSsh(name, async () => check(await run(blocks[index])));
});
