'use strict';

// stopListening, shutdown and reset in every state of a server, and starting again after each; how every
// promise settles; and shutdown and reset from inside every listener.

const { once } = require('node:events');
const { hostCertificate } = require('../support/keys.js');
const { acceptAll, createServer, Recorder, runCommands } = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');
const { echo, freePort } = require('../support/tunnels.js');
const { tcpClient } = require('../support/tcp_client.js');

/** A server for a state: lets everybody in, carries tunnels, and is recorded. */
function create() {
  const server = createServer();
  server.setDefaultTimeout(600);
  acceptAll(server);
  runCommands(server);
  server.on('SSHTunnelRequested', (e) => (e.accept = true));
  return { server, recorder: new Recorder(server) };
}

/** A listener of `name` that never settles. */
function never(server, name) {
  server.on(name, () => new Promise(() => {}));
}

async function session({ server, recorder }) {
  const client = await ssh2.connect(server);
  const stream = await ssh2.openSession(client, 'cat');
  const { connectionId, channelId } = await recorder.first('SSHChannelRequested');
  return { client, stream, connectionId, channelId };
}

const LARGE = 16 * 1024 * 1024;

/** The name of each state, and what brings a new server into it; what it returns are promises under way. */
const STATES = {
  'never started': async () => [],

  starting: async ({ server }) => [server.startListening()],

  'starting on a name': async ({ server }) => {
    server.setLocalHost('localhost');
    return [server.startListening()];
  },

  'failing to start': async ({ server }) => {
    server.setLocalHost('no.such.name.invalid');
    return [server.startListening()];
  },

  listening: async ({ server }) => {
    await server.startListening();
    return [];
  },

  'stopped, with a connection': async ({ server, recorder }) => {
    await server.startListening();
    await session({ server, recorder });
    await server.stopListening();
    return [];
  },

  'with connections that were not accepted yet': async ({ server, recorder }) => {
    never(server, 'ConnectionRequest');
    await server.startListening();
    for (let i = 0; i < 5; i++) await tcpClient(server);
    await recorder.count('ConnectionRequest', 5);
    return [];
  },

  'with connections that are just coming in': async ({ server }) => {
    await server.startListening();
    // Some of them come too late.
    for (let i = 0; i < 20; i++) await tcpClient(server, { says: 'SSH-2.0-test\r\n' });
    return [];
  },

  'with a connection whose host key is being chosen': async ({ server, recorder }) => {
    never(server, 'Connected');
    await server.startListening();
    await tcpClient(server);
    const { connectionId } = await recorder.first('Connected');
    return [server.disconnect(connectionId), server.exchangeKeys(connectionId)];
  },

  'with a connection that says nothing': async ({ server, recorder }) => {
    await server.startListening();
    await (
      await tcpClient(server)
    ).said;
    await recorder.first('Connected');
    return [];
  },

  'with a connection in the middle of its key exchange': async ({ server, recorder }) => {
    await server.startListening();
    await tcpClient(server, { says: 'SSH-2.0-test\r\n' });
    await recorder.first('SSHStatus');
    const { connectionId } = await recorder.first('Connected');
    return [server.openChannel(connectionId, 'session'), server.exchangeKeys(connectionId)];
  },

  'with a listener that decides about a service': async ({ server, recorder }) => {
    never(server, 'SSHServiceRequest');
    await server.startListening();
    ssh2.start(server);
    await recorder.first('SSHServiceRequest');
    return [];
  },

  'with a listener that decides about a login': async ({ server, recorder }) => {
    never(server, 'SSHUserAuthRequest');
    await server.startListening();
    ssh2.start(server);
    const { connectionId } = await recorder.first('SSHUserAuthRequest');
    return [server.exchangeKeys(connectionId)];
  },

  'with a listener that decides about a channel': async ({ server, recorder }) => {
    never(server, 'SSHChannelOpenRequest');
    await server.startListening();
    const client = await ssh2.connect(server);
    client.exec('x', () => {});
    await recorder.first('SSHChannelOpenRequest');
    return [];
  },

  'with a listener that decides about a request': async ({ server, recorder }) => {
    never(server, 'SSHChannelRequest');
    await server.startListening();
    const client = await ssh2.connect(server);
    client.exec('x', () => {});
    await recorder.first('SSHChannelRequest');
    return [];
  },

  'with a listener that decides about a tunnel': async ({ server, recorder }) => {
    never(server, 'SSHTunnelRequested');
    await server.startListening();
    const client = await ssh2.connect(server);
    client.forwardOut('127.0.0.1', 1, '127.0.0.1', await freePort(), () => {});
    client.forwardIn('127.0.0.1', 0, () => {});
    await recorder.count('SSHTunnelRequested', 2);
    return [];
  },

  'with channels that have nothing to say': async ({ server, recorder }) => {
    await server.startListening();
    for (let i = 0; i < 3; i++) await session({ server, recorder });
    return [];
  },

  'with data on its way in, and a listener that is not done with it': async (it) => {
    never(it.server, 'SSHChannelDataIn');
    await it.server.startListening();
    const { stream } = await session(it);
    stream.on('error', () => {});
    stream.write(Buffer.alloc(LARGE));
    await it.recorder.first('SSHChannelDataIn');
    return [];
  },

  'with data on its way out that the client does not take': async (it) => {
    await it.server.startListening();
    const { connectionId, channelId } = await session(it);
    return [
      it.server.sendBytes(channelId, Buffer.alloc(LARGE)),
      it.server.sendText(channelId, 'more'),
      it.server.sendExtendedData(channelId, Buffer.alloc(1)),
      it.server.sendEOF(channelId),
      it.server.exchangeKeys(connectionId),
      it.server.openChannel(connectionId, 'nothing@example.org'),
      it.server.closeChannel(channelId),
      it.server.disconnect(connectionId),
    ];
  },

  'with a stream that is written to': async (it) => {
    await it.server.startListening();
    const { channelId } = await session(it);
    const stream = it.server.getChannelStream(channelId);
    stream.on('error', () => {});
    const written = new Promise((resolve) => stream.write(Buffer.alloc(LARGE), resolve));
    const closed = new Promise((resolve) => stream.once('close', resolve));
    return [written, closed];
  },

  'with tunnels both ways': async (it) => {
    await it.server.startListening();
    const target = await echo();
    const client = await ssh2.connect(it.server);
    const place = ['127.0.0.1', target.port];
    const stream = await ssh2.call(client, 'forwardOut', '127.0.0.1', 1, ...place);
    stream.on('error', () => {});
    stream.write(Buffer.alloc(LARGE));
    await once(stream, 'readable');
    client.on('tcp connection', (_, accept) => accept().on('error', () => {}));
    const port = await ssh2.call(client, 'forwardIn', '127.0.0.1', 0);
    await tcpClient(port, { says: Buffer.alloc(1024) });
    return [];
  },

  'with a tunnel that is being opened': async (it) => {
    await it.server.startListening();
    const client = await ssh2.connect(it.server);
    // RFC 5737: an address without a host
    client.forwardOut('127.0.0.1', 1, '192.0.2.1', 80, () => {});
    await it.recorder.first('SSHTunnelRequested');
    return [];
  },
};

/** What ends a server, and whether its connections end with it. */
const ENDS = {
  stopListening: async (server) => server.stopListening(),
  shutdown: (server) => server.shutdown(),
  'shutdown, twice at once': (server) => Promise.all([server.shutdown(), server.shutdown()]),
  'stopListening and shutdown at once': (server) =>
    Promise.all([server.stopListening(), server.shutdown()]),
  reset: (server) => server.reset(),
};

/** Starts the server anew and has a client use it. */
async function useAgain(server) {
  server.setSSHCert(hostCertificate('ed25519'));
  server.setLocalHost('127.0.0.1');
  server.setLocalPort(0);
  for (const name of server.eventNames()) server.removeAllListeners(name);
  acceptAll(server);
  runCommands(server);
  await server.startListening();
  const client = await ssh2.connect(server);
  expect((await ssh2.exec(client, 'say again')).stdout.toString()).toBe('again');
  await server.shutdown();
  await client.closed;
}

describe.each(Object.keys(ENDS))('%s', (end) => {
  test.each(Object.keys(STATES))(
    '%s: everything settles, and it can start again',
    async (state) => {
      const it = create();
      const { server, recorder } = it;
      const promises = await STATES[state](it);
      const settled = Promise.allSettled(promises);
      await ENDS[end](server);
      expect(server.isListening()).toBe(false);
      if (end === 'stopListening') {
        // Connections stay; the shutdown that follows ends them.
        await server.shutdown();
      }
      expect(server.getConnections().size()).toBe(0);
      expect(server.getChannels().size()).toBe(0);
      for (const { status, reason } of await settled) {
        if (status === 'rejected') expect(reason).toMatchObject({ name: 'SSHServerError' });
      }
      // The last event comes even if a listener never settles.
      const connected = recorder.all('Connected').length;
      await recorder.count('Disconnected', connected);
      await useAgain(server);
      expect(recorder.all('Connected')).toHaveLength(connected);
      expect(recorder.all('Disconnected')).toHaveLength(connected);
    },
  );
});
