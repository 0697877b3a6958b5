'use strict';

// examples/sshd.mjs with a real client: keys with options, a shell and commands.

const os = require('node:os');
const path = require('node:path');
const { ssh, startSsh, testOnUnix } = require('../support/clients.js');
const { writeFile } = require('../support/folder.js');
const { userKey } = require('../support/keys.js');
const { collect, start } = require('../support/processes.js');
const { until } = require('../support/waiting.js');

const EXAMPLE = path.join(__dirname, '..', '..', 'examples', 'sshd.mjs');
const withSsh = testOnUnix('ssh');
const user = os.userInfo().username;

/** The example with these lines of authorized_keys: its port as `ssh` of clients.js asks for it. */
async function startExample(lines) {
  const keys = writeFile('example_keys', lines.join('\n'));
  // The folder of the tests is below one that everybody can write.
  const example = start(process.execPath, [EXAMPLE, '--authorized-keys', keys, '--any-folder'], {
    env: { NAPI_RS_NATIVE_LIBRARY_PATH: process.env.NAPI_RS_NATIVE_LIBRARY_PATH },
  });
  const output = collect(example.stdout);
  await until(() => /port \d+/.test(output()), example);
  const port = Number(/port (\d+)/.exec(output())[1]);
  return { server: { getLocalPort: () => port }, output };
}

withSsh('runs commands and shells for who has a key, and nobody else', async () => {
  const { server, output } = await startExample([userKey().line]);
  const command = await ssh(server, 'echo "$USER" $((6 * 7)); echo oh >&2; exit 3', { user });
  expect(command).toMatchObject({ status: 3, stderr: 'oh\n' });
  expect(command.stdout.toString()).toBe(`${user} 42\n`);
  const shell = await ssh(server, null, { user, input: 'echo shell; exit 4\n', flags: ['-T'] });
  expect(shell.status).toBe(4);
  expect(shell.stdout.toString()).toContain('shell\n');
  expect((await ssh(server, 'true', { user: 'someone-else' })).status).toBe(255);
  expect((await ssh(server, 'true', { user, key: userKey('ed25519', '-other') })).status).toBe(255);
  expect(output().toString()).toContain(`${user}: exec echo`);
});

withSsh('keeps to the options of a key', async () => {
  const other = userKey('ed25519', '-other');
  const { server } = await startExample([
    `command="echo forced: $SSH_ORIGINAL_COMMAND" ${userKey().line}`,
    `from="10.0.0.0/8" ${other.line}`,
  ]);
  const { stdout } = await ssh(server, 'rm -rf /', { user });
  expect(stdout.toString()).toBe('forced: rm -rf /\n');
  expect((await ssh(server, 'true', { user, key: other })).status).toBe(255);
});

withSsh('ends what it has started when the client leaves', async () => {
  const { server } = await startExample([userKey().line]);
  const client = startSsh(server, 'echo $$; exec sleep 1000', { user });
  const output = collect(client.stdout);
  await until(() => output().includes('\n'), client);
  const pid = Number(output());
  client.kill('SIGKILL');
  const isGone = () => {
    try {
      process.kill(pid, 0);
      return false;
    } catch (error) {
      return error.code === 'ESRCH';
    }
  };
  await until(isGone);
  expect(isGone()).toBe(true);
});
