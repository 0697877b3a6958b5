'use strict';

// Every listener may end its connection or its server, at once or while the event waits for it; what
// it asks for comes true, and the server can start again.

const { hostCertificate } = require('../support/keys.js');
const { createServer, acceptAll, EVENTS, runCommands } = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');
const { echo, freePort } = require('../support/tunnels.js');

let target;
let nobody;

/** Does what makes every event fire, as far as the server lets it. */
function visit(server) {
  const client = ssh2.start(server);
  const ignore = (stream) => stream?.on('error', () => {});
  client.once('ready', () => {
    client.exec('cat', (error, stream) => {
      ignore(stream);
      stream?.end('x');
      stream?.resume();
    });
    client.forwardOut('127.0.0.1', 1, '127.0.0.1', nobody, () => {});
    client.forwardOut('127.0.0.1', 1, '127.0.0.1', target, (error, stream) => {
      ignore(stream);
      stream?.end('x');
      stream?.resume();
    });
  });
  return client;
}

beforeEach(async () => {
  target = (await echo()).port;
  nobody = await freePort();
});

const ENDS = {
  shutdown: (server) => server.shutdown(),
  stopListening: (server) => server.stopListening(),
  reset: (server) => server.reset(),
  disconnect: (server, { connectionId }) => server.disconnect(connectionId),
};

const CASES = EVENTS.flatMap((name) =>
  Object.keys(ENDS)
    // A ConnectionRequest has no id yet.
    .filter((end) => end !== 'disconnect' || name !== 'ConnectionRequest')
    .flatMap((end) => ['at once', 'and waits for it'].map((when) => [name, end, when])),
);

test.each(CASES)('a listener of %s calls %s %s', async (name, end, when) => {
  const server = createServer();
  await server.config('LogLevel=2');
  acceptAll(server);
  runCommands(server);
  server.on('SSHTunnelRequested', (e) => (e.accept = true));
  // The commands ignore the errors of sends that fail because of that.
  server.on('Error', () => {});
  const asked = new Promise((resolve) => {
    let first = true;
    server.on(name, (e) => {
      // The log tells of the server too, the errors as well.
      if (!first || (end === 'disconnect' && e.connectionId === '')) return undefined;
      first = false;
      const ended = ENDS[end](server, e);
      resolve(
        ended.then(
          () => 'ended',
          (error) => error.code,
        ),
      );
      return when === 'at once' ? undefined : ended;
    });
  });
  await server.startListening();
  const client = visit(server);
  if (name === 'Disconnected') client.once('ready', () => client.end());
  // A connection that is gone already cannot be disconnected.
  const gone = end === 'disconnect' && name === 'Disconnected';
  expect(await asked).toBe(gone ? 126 : 'ended');
  if (end === 'disconnect') expect(server.isListening()).toBe(true);
  await server.shutdown();
  expect(server.getConnections().size()).toBe(0);
  expect(server.getChannels().size()).toBe(0);
  for (const each of server.eventNames()) server.removeAllListeners(each);
  acceptAll(server);
  runCommands(server);
  // reset() has taken these away.
  server.setSSHCert(hostCertificate('ed25519'));
  server.setLocalHost('127.0.0.1');
  server.setLocalPort(0);
  await server.startListening();
  const another = await ssh2.connect(server);
  expect((await ssh2.exec(another, 'say again')).stdout.toString()).toBe('again');
});
