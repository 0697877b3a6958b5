'use strict';

const { MessageChannel } = require('node:worker_threads');

// A referenced message port holds the event loop open without ever waking it up, which is what a
// listening server needs: the addon's own wake-up function is weak. One is enough for all servers
// of a thread.
let channel = null;
const holders = new Set();

// Servers with something going on are reachable from here, whatever the program has forgotten.
const active = new Set();

function hold(holder, wanted) {
  if (wanted) holders.add(holder);
  else holders.delete(holder);
  if (holders.size > 0 && channel === null) {
    channel = new MessageChannel();
    channel.port1.ref();
  } else if (holders.size === 0 && channel !== null) {
    channel.port1.close();
    channel = null;
  }
}

function keep(server, wanted) {
  if (wanted) active.add(server);
  else active.delete(server);
}

module.exports = { hold, keep };
