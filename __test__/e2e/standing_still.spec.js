'use strict';

// A listener that computes for seconds blocks the event loop, but no client: everything that needs no listener
// goes on meanwhile.

const { ssh, testWith } = require('../support/clients.js');
const { startServer } = require('../support/sessions.js');

/** Longer than the client below waits for answers to its keep-alive messages. */
const COMPUTES = 5000;

function compute(milliseconds) {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

testWith(
  'ssh',
  'ssh gets answers to its keep-alive messages while a listener computes',
  async () => {
    const { server } = await startServer();
    server.on('SSHChannelRequested', async (e) => {
      if (e.requestType !== 'exec') return;
      compute(COMPUTES);
      await server.sendText(e.channelId, 'computed');
      await server.sendExitStatus(e.channelId, 0);
      await server.closeChannel(e.channelId);
    });
    const options = ['ServerAliveInterval=1', 'ServerAliveCountMax=2'];
    const { status, stdout, stderr } = await ssh(server, 'compute', { options });
    expect(stderr).toBe('');
    expect(stdout.toString()).toBe('computed');
    expect(status).toBe(0);
  },
);
