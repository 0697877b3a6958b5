'use strict';

// Violations of the RFCs on one channel: the other channels go on.

const { once } = require('node:events');
const { startRecorded } = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');

describe('a channel', () => {
  const start = async () => {
    const events = ['SSHChannelClosed', 'SSHStatus', 'Disconnected'];
    const { server, recorder } = await startRecorded(undefined, { events });
    const client = await ssh2.connect(server);
    const other = await ssh2.openSession(client, 'cat');
    const stream = await ssh2.openSession(client, 'cat');
    const echoed = async () => {
      other.write('other');
      const [data] = await once(other, 'data');
      return data.toString();
    };
    return { server, recorder, client, other, stream, echoed };
  };

  test('that gets messages when it is over does not take the others with it', async () => {
    const { recorder, client, stream, echoed } = await start();
    const number = stream.outgoing.id;
    client._protocol.channelEOF(number);
    client._protocol.channelEOF(number);
    client._protocol.channelData(number, Buffer.from('late'));
    client._protocol.channelClose(number);
    client._protocol.channelEOF(number);
    client._protocol.channelData(number, Buffer.from('late'));
    client._protocol.windowChange(number, 24, 80, 0, 0);
    client._protocol.channelFailure(number);
    client._protocol.channelWindowAdjust(number, 100);
    client._protocol.channelClose(number);
    expect(await echoed()).toBe('other');
    expect(recorder.all('SSHChannelClosed')).toHaveLength(1);
    expect(recorder.all('Disconnected')).toEqual([]);
  });

  test('whose rules a client breaks is closed, and SSHStatus says why', async () => {
    const { recorder, client, stream, echoed } = await start();
    client._protocol.channelWindowAdjust(stream.outgoing.id, 2 ** 32 - 1);
    await recorder.first('SSHChannelClosed');
    const why = / is closed for the client's fault: channel window beyond 2\^32 - 1$/;
    await recorder.first('SSHStatus', (e) => why.test(e.message));
    expect(await echoed()).toBe('other');
    expect(recorder.all('Disconnected')).toEqual([]);
  });
});
