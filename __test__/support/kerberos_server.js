'use strict';

// A server of a Kerberos realm in a process of its own, because the library reads its configuration from the
// environment of the process: node kerberos_server.js JSON. It lets a principal into its own account, and anybody
// with the password "x". It tells its parent its port, then every request to log in and every line of its log.

const { createLoopbackServer } = require('./own_server.js');

const {
  settings = {},
  methods = 'gssapi-keyex,gssapi-with-mic,password',
  factors = 1,
} = JSON.parse(process.argv[2]);

async function main() {
  const server = createLoopbackServer();
  server.setDefaultAuthMethods(methods);
  for (const [name, value] of Object.entries(settings)) await server.config(`${name}=${value}`);
  server.on('Log', ({ message }) => process.send({ log: message }));
  server.on('SSHUserAuthRequest', (e) => {
    const isGss = e.authMethod.startsWith('gssapi-');
    const isGood = isGss
      ? e.gssLocalName === e.user
      : e.authMethod === 'password' && e.authParam === 'x';
    if (e.partialSuccesses.length + 1 < factors) e.partialSuccess = isGood;
    else e.accept = isGood;
    process.send({ auth: { ...e } });
  });
  server.on('SSHChannelOpenRequest', (e) => (e.accept = true));
  server.on('SSHChannelRequest', (e) => (e.success = true));
  server.on('SSHChannelRequested', async ({ channelId, requestType }) => {
    if (requestType !== 'exec') return;
    await server.sendText(channelId, 'in\n');
    await server.sendExitStatus(channelId, 0);
    await server.closeChannel(channelId);
  });
  process.on('message', async (order) => {
    if (order.restart) {
      await server.stopListening();
      await server.startListening();
      process.send({ port: server.getLocalPort() });
    }
  });
  await server.startListening();
  process.send({ port: server.getLocalPort() });
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
