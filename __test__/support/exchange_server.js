'use strict';

// The server's part of the interop run. On `exchange` it takes a file and sends another: new keys are
// exchanged while the first comes (asked for by the client, or by the server when half of it is
// there), then the second starts to go, at once and both ways, and half way through it the server asks
// for new keys. The exit status tells the client whether what it sent was right.

const { createHash } = require('node:crypto');

const BLOCK = 256 * 1024;

/**
 * Answers `exchange` on every session of a server. `asked`: the client asks for keys by itself. The
 * result tells how far it has come.
 */
function serveExchange(server, { upload, download, asked }) {
  const progress = { received: 0, downloaded: 0, exchanges: 0, uploaded: '', error: undefined };
  const hash = createHash('sha256');
  let sending;

  function startSending(connectionId, channelId) {
    sending ??= send(connectionId, channelId).catch((error) => {
      progress.error = error.message;
    });
  }

  async function send(connectionId, channelId) {
    const { bytes } = download;
    let keys = asked ? undefined : server.exchangeKeys(connectionId);
    for (let at = 0; at < bytes.length; at += BLOCK) {
      if (at === bytes.length / 2) {
        await keys;
        keys = server.exchangeKeys(connectionId);
      }
      const block = bytes.subarray(at, at + BLOCK);
      await server.sendBytes(channelId, block);
      progress.downloaded += block.length;
    }
    await keys;
  }

  server.on('SSHStatus', (e) => {
    if (e.message === 'New keys are in use') progress.exchanges += 1;
  });
  server.on('SSHChannelRequest', (e) => (e.success = e.requestType === 'exec'));
  server.on('SSHChannelDataIn', ({ connectionId, channelId, dataB }) => {
    hash.update(dataB);
    progress.received += dataB.length;
    const isTime = asked ? progress.exchanges > 1 : progress.received >= upload.bytes.length / 2;
    if (isTime) startSending(connectionId, channelId);
  });
  server.on('SSHChannelEOF', async ({ connectionId, channelId }) => {
    progress.uploaded = hash.digest('hex');
    // A client that does not ask for keys, though it is said to: the number of exchanges shows it.
    startSending(connectionId, channelId);
    await sending;
    await server.sendExitStatus(channelId, progress.uploaded === upload.hash ? 0 : 1);
    await server.closeChannel(channelId);
  });
  return progress;
}

module.exports = { serveExchange };
