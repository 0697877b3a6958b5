'use strict';

const { MessageChannel } = require('node:worker_threads');

// A referenced message port keeps the event loop alive without ever waking it up. A listening server needs this
// because the addon's own wake-up function is weak. One port is enough for all servers of a thread.
let channel = null;
const holders = new Set();

// Keeps active servers from being garbage-collected, even if the program holds no reference to them.
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
