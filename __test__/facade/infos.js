'use strict';

// What the addon tells of connections and channels.

const connectionInfo = (fields) => ({
  localAddress: '127.0.0.1',
  remoteHost: '127.0.0.2',
  remotePort: 4000,
  timeout: 60,
  ...fields,
});

const channelInfo = (fields) => ({
  connection: 1,
  service: 'session',
  bytesSent: 0,
  readyToSend: true,
  ...fields,
});

module.exports = { connectionInfo, channelInfo };
