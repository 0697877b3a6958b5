'use strict';

const { CertStoreTypes } = require('../../index.js');
const { ssh, startSsh, testWith } = require('../support/clients.js');
const { hostKeyText } = require('../support/keys.js');
const ssh2 = require('../support/ssh2_client.js');
const { deferred } = require('../support/waiting.js');
const { tcpClient } = require('../support/tcp_client.js');
const { startRecorded } = require('../support/server.js');

describe('ConnectionRequest', () => {
  test('refuses a connection before it has an id', async () => {
    const { server, recorder } = await startRecorded((it) => {
      it.on('ConnectionRequest', (e) => (e.accept = false));
    });
    const socket = await tcpClient(server);
    expect(await socket.everything).toHaveLength(0);
    expect(recorder.all('Connected')).toHaveLength(0);
    expect(recorder.all('Disconnected')).toHaveLength(0);
    expect(server.getConnections().size()).toBe(0);
  });

  test('may take its time without delaying another connection', async () => {
    const gate = deferred();
    let asked = 0;
    const { server, recorder } = await startRecorded((it) => {
      it.on('ConnectionRequest', async () => {
        if (asked++ === 0) await gate.promise;
      });
    });
    const first = ssh2.start(server);
    await recorder.first('ConnectionRequest');
    const second = await ssh2.connect(server);
    expect((await ssh2.exec(second, 'say hello')).stdout.toString()).toBe('hello');
    gate.resolve();
    await first.ready;
  });
});

describe('Connected', () => {
  /** The kind of the host key of a client that takes both. */
  async function hostKeyOf(server) {
    const key = await ssh2.hostKeyOf(server, ['rsa-sha2-512', 'ssh-ed25519']);
    return key.subarray(4, 4 + key.readUInt32BE(0)).toString();
  }

  test('chooses the host key of its connection', async () => {
    let text = hostKeyText('rsa');
    const { server } = await startRecorded((it) => {
      it.on('Connected', (e) => {
        if (text === null) return;
        e.certStoreType = CertStoreTypes.cstPEMKeyBlob;
        e.certStore = text;
        e.certSubject = '*';
        text = null;
      });
    });
    expect(await hostKeyOf(server)).toBe('ssh-rsa');
    expect(await hostKeyOf(server)).toBe('ssh-ed25519');
  });

  test('a host key that cannot be loaded is error 1301, and the connection is closed', async () => {
    const { server, recorder } = await startRecorded((it) => {
      it.on('Connected', (e) => {
        e.certStoreType = CertStoreTypes.cstPEMKeyFile;
        e.certStore = '/there/is/no/such/file';
        e.certSubject = '*';
      });
    });
    const client = ssh2.start(server);
    await expect(client.ready).rejects.toThrow();
    const { connectionId } = await recorder.first('Disconnected');
    expect(recorder.all('Error')).toMatchObject([{ connectionId, errorCode: 1301 }]);
    expect(recorder.all('SSHStatus').filter((e) => /Key exchange/.test(e.message))).toEqual([]);
  });
});

describe('Disconnected', () => {
  /** Connects, makes `end` happen, and expects one Disconnected for the one Connected. */
  async function ended(end, configure) {
    const { server, recorder } = await startRecorded(configure);
    await end(server, recorder);
    await recorder.first('Disconnected');
    await server.shutdown();
    const [connected, disconnected] = ['Connected', 'Disconnected'].map((n) => recorder.all(n));
    expect(connected).toHaveLength(1);
    expect(disconnected).toHaveLength(1);
    expect(disconnected[0].connectionId).toBe(connected[0].connectionId);
    expect(recorder.all('SSHChannelClosed')).toHaveLength(recorder.all('SSHChannelOpened').length);
    const names = recorder.names(['Log']);
    expect(names.at(-1)).toBe('Disconnected');
    expect(server.getConnections().size()).toBe(0);
    expect(server.getChannels().size()).toBe(0);
    return disconnected[0];
  }

  async function openChannel(server, recorder) {
    const client = await ssh2.connect(server);
    await ssh2.openSession(client, 'cat');
    await recorder.first('SSHChannelRequested');
    return client;
  }

  test('once when the client leaves', async () => {
    const { statusCode } = await ended(async (server) => ssh2.end(await ssh2.connect(server)));
    expect(statusCode).toBe(0);
  });

  test('once when the client is gone with open channels', async () => {
    await ended(async (server, recorder) => (await openChannel(server, recorder)).destroy());
  });

  testWith('ssh', 'once when the client is killed', async () => {
    await ended(async (server, recorder) => {
      const client = startSsh(server, 'cat');
      await recorder.first('SSHChannelRequested');
      client.kill('SIGKILL');
      await client.result;
    });
  });

  test('once by disconnect(), which tells the client', async () => {
    await ended(async (server, recorder) => {
      const client = await openChannel(server, recorder);
      const [{ connectionId }] = recorder.all('Connected');
      await server.disconnect(connectionId);
      await client.closed;
      await expect(server.disconnect(connectionId)).rejects.toMatchObject({ code: 126 });
    });
  });

  test('once by the field connected of its connection', async () => {
    await ended(async (server, recorder) => {
      const client = await openChannel(server, recorder);
      const [[, connection]] = [...server.getConnections()];
      expect(connection.isConnected()).toBe(true);
      connection.setConnected(false);
      await client.closed;
      await recorder.first('Disconnected');
      expect(connection.isConnected()).toBe(false);
    });
  });

  test('once by shutdown(), which resolves when it has fired', async () => {
    await ended(async (server, recorder) => {
      const client = await openChannel(server, recorder);
      await server.shutdown();
      expect(recorder.all('Disconnected')).toHaveLength(1);
      await client.closed;
    });
  });

  test('once after a protocol error', async () => {
    const { statusCode } = await ended(async (server) => {
      const socket = await tcpClient(server);
      socket.write(`SSH-2.0-broken\r\n${'\xff'.repeat(100)}`);
      await socket.everything;
    });
    expect(statusCode).not.toBe(0);
  });

  test('once when a client leaves without a word', async () => {
    await ended(async (server, recorder) => {
      const socket = await tcpClient(server);
      await recorder.first('Connected');
      socket.end();
      await socket.gone;
    });
  });

  test('once when it leaves during the question of a listener', async () => {
    const gate = deferred();
    await ended(
      async (server, recorder) => {
        const client = ssh2.start(server);
        await recorder.first('SSHUserAuthRequest');
        client.destroy();
        await client.closed;
        gate.resolve();
      },
      (server) => server.on('SSHUserAuthRequest', () => gate.promise),
    );
  });
});

describe('SSHServiceRequest', () => {
  test.each(['ssh-userauth', 'ssh-connection'])('refuses %s', async (service) => {
    const { server, recorder } = await startRecorded((it) => {
      it.on('SSHServiceRequest', (e) => {
        if (e.service === service) e.accept = false;
      });
    });
    const client = ssh2.start(server);
    await recorder.first('Disconnected');
    await client.closed;
    const asked = recorder.all('SSHServiceRequest').map((e) => e.service);
    expect(asked.at(-1)).toBe(service);
    expect(recorder.all('SSHChannelOpenRequest')).toEqual([]);
    expect(server.getConnections().size()).toBe(0);
  });
});

describe('a client that breaks the protocol', () => {
  const STREAMS = {
    'is no SSH client': Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    'sends an endless first line': Buffer.alloc(100_000, 'a'),
    'sends a packet longer than any may be': Buffer.concat([
      Buffer.from('SSH-2.0-x\r\n'),
      Buffer.from([0xff, 0xff, 0xff, 0xff, 4]),
      Buffer.alloc(1000),
    ]),
    'sends zeros': Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), Buffer.alloc(10_000)]),
    'logs in before the key exchange': Buffer.concat([
      Buffer.from('SSH-2.0-x\r\n'),
      Buffer.from([0, 0, 0, 12, 10, 50]),
      Buffer.alloc(10),
    ]),
  };

  test.each(Object.keys(STREAMS))(
    '%s: loses its connection, and nobody else does',
    async (kind) => {
      const { server, recorder } = await startRecorded();
      const good = await ssh2.connect(server);
      const stream = await ssh2.openSession(good, 'cat');
      const result = ssh2.drain(stream);
      const socket = await tcpClient(server);
      socket.write(STREAMS[kind]);
      const said = await socket.everything;
      expect(said.toString('latin1')).toMatch(/^SSH-2\.0-/);
      const connected = recorder.all('Connected');
      const gone = await recorder.first('Disconnected');
      expect(gone.connectionId).toBe(connected[1].connectionId);
      stream.end('still here');
      expect((await result).stdout.toString()).toBe('still here');
      expect([...server.getConnections().keys()]).toEqual([connected[0].connectionId]);
    },
  );
});

describe('a server', () => {
  test('stopListening keeps its connections, and lets nobody else in', async () => {
    const { server, recorder } = await startRecorded();
    const client = await ssh2.connect(server);
    const port = server.getLocalPort();
    await server.stopListening();
    expect(server.isListening()).toBe(false);
    expect(recorder.all('Disconnected')).toEqual([]);
    await expect(tcpClient(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect((await ssh2.exec(client, 'say still')).stdout.toString()).toBe('still');
    await server.startListening();
    const another = await ssh2.connect(server);
    expect((await ssh2.exec(another, 'say again')).stdout.toString()).toBe('again');
  });

  test('two in one process know nothing of each other', async () => {
    const [a, b] = [await startRecorded(), await startRecorded()];
    const [one, two] = await Promise.all([ssh2.connect(a.server), ssh2.connect(b.server)]);
    await a.server.shutdown();
    await one.closed;
    expect(a.recorder.all('Disconnected')).toHaveLength(1);
    expect(b.recorder.all('Disconnected')).toHaveLength(0);
    expect((await ssh2.exec(two, 'say b')).stdout.toString()).toBe('b');
    const ids = [a, b].map(({ recorder }) => recorder.all('Connected')[0].connectionId);
    expect(ids[0]).not.toBe(ids[1]);
  });

  testWith('ssh', 'can be told to shut down by its own listener', async () => {
    const { server } = await startRecorded((it) => {
      it.on('SSHChannelRequested', () => void it.shutdown());
    });
    const { status } = await ssh(server, 'cat');
    expect(status).toBe(255);
  });

  test('shutdown() twice at once, and again after that', async () => {
    const { server, recorder } = await startRecorded();
    await ssh2.connect(server);
    await Promise.all([server.shutdown(), server.shutdown()]);
    await server.shutdown();
    expect(recorder.all('Disconnected')).toHaveLength(1);
  });
});
