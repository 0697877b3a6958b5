'use strict';

// New keys again and again while data goes in both directions.

const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const { startSsh, testWith } = require('../support/clients.js');
const { collect } = require('../support/processes.js');
const ssh2 = require('../support/ssh2_client.js');
const { turn } = require('../support/waiting.js');
const { tcpClient } = require('../support/tcp_client.js');
const { keyExchanges, startRecorded } = require('../support/server.js');

// Much of this waits for seconds to pass, or for clients to start: a busy machine gets more time.
jest.setTimeout(120_000);

const events = ['Connected', 'SSHStatus', 'Disconnected', 'SSHChannelRequested'];
const start = () => startRecorded(undefined, { events });

describe('exchangeKeys', () => {
  test('twenty times, with data in both directions all the time', async () => {
    const { server, recorder } = await start();
    const client = await ssh2.connect(server);
    const [{ connectionId }] = recorder.all('Connected');
    const stream = await ssh2.openSession(client, 'cat');
    const sent = [];
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    let on = true;
    const writing = (async () => {
      while (on) {
        const chunk = randomBytes(100_000);
        sent.push(chunk);
        if (!stream.write(chunk)) await once(stream, 'drain');
        await turn();
      }
      stream.end();
    })();
    for (let count = 1; count <= 20; count++) {
      const before = chunks.length;
      await server.exchangeKeys(connectionId);
      expect(keyExchanges(recorder)).toBe(count + 1);
      // Each with data before and after it.
      while (chunks.length === before) await once(stream, 'data');
    }
    on = false;
    const closed = once(stream, 'close');
    await writing;
    await closed;
    expect(Buffer.concat(chunks).equals(Buffer.concat(sent))).toBe(true);
  });

  test('many at once are one, and each is told', async () => {
    const { server, recorder } = await start();
    await ssh2.connect(server);
    const [{ connectionId }] = recorder.all('Connected');
    await Promise.all(Array.from({ length: 10 }, () => server.exchangeKeys(connectionId)));
    expect(keyExchanges(recorder)).toBe(2);
    await server.exchangeKeys(connectionId);
    expect(keyExchanges(recorder)).toBe(3);
  });

  testWith('ssh', 'while ssh exchanges keys by itself, each 100 KiB', async () => {
    const { server, recorder } = await start();
    const client = startSsh(server, 'cat', { options: ['RekeyLimit=100K'] });
    const stdout = collect(client.stdout);
    const { connectionId } = await recorder.first('SSHChannelRequested');
    const data = randomBytes(3_000_000);
    client.stdin.end(data);
    for (let count = 0; count < 5; count++) {
      // It may have come to its end meanwhile, which is no failure.
      await server.exchangeKeys(connectionId).catch((error) => {
        expect([126, 10053, 10057]).toContain(error.code);
      });
    }
    expect(await client.result).toMatchObject({ status: 0 });
    expect(stdout().equals(data)).toBe(true);
    // Its own alone are dozens.
    expect(keyExchanges(recorder)).toBeGreaterThan(10);
  });

  testWith('ssh', 'while ssh logs in waits until it is in', async () => {
    const { server, recorder } = await start();
    const told = [];
    server.on('SSHUserAuthRequest', ({ connectionId }) => {
      // Not awaited: it is done after the login that this listener decides on.
      told.push(server.exchangeKeys(connectionId));
    });
    const client = startSsh(server, 'say in');
    const stdout = collect(client.stdout);
    expect(await client.result).toMatchObject({ status: 0 });
    expect(stdout().toString()).toBe('in');
    expect(told.length).toBeGreaterThan(0);
    await Promise.allSettled(told);
    expect(keyExchanges(recorder)).toBe(2);
  });

  test('on a connection that ends meanwhile fails', async () => {
    const { server, recorder } = await start();
    const client = await ssh2.connect(server);
    const [{ connectionId }] = recorder.all('Connected');
    client.destroy();
    await expect(server.exchangeKeys(connectionId)).rejects.toMatchObject({
      name: 'SSHServerError',
    });
    await recorder.first('Disconnected');
    await expect(server.exchangeKeys(connectionId)).rejects.toMatchObject({ code: 126 });
  });

  test('before the first keys fails with 10057', async () => {
    const { server, recorder } = await start();
    const socket = await tcpClient(server);
    const { connectionId } = await recorder.first('Connected');
    await socket.said;
    await expect(server.exchangeKeys(connectionId)).rejects.toMatchObject({ code: 10057 });
    socket.destroy();
    await recorder.first('Disconnected');
  });
});
