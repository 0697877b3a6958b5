'use strict';

const { Fifo } = require('./fifo.js');

/**
 * What has to stay in order: the events of one channel, or those of one connection that belong to no
 * channel. While the listeners of one event are not done, the later ones wait here. Lanes exist only
 * while there is something to remember; nearly all events of synchronous listeners pass without one.
 */
class Lane {
  busy = false;
  queue = new Fifo();

  get idle() {
    return !this.busy && this.queue.length === 0;
  }
}

class ChannelLane extends Lane {
  /** The Records of a channel whose record length was changed. */
  records = null;
  /** The stream that has taken over the data of the channel. */
  stream = null;

  /** The ChannelTexts of a channel whose data was cut inside of a character, or has a state. */
  texts = null;

  /** SSHChannelClosed has been reached: nothing comes after it. */
  closed = false;

  constructor(channel, connection) {
    super();
    this.channel = channel;
    this.connection = connection;
  }

  get disposable() {
    return this.idle && this.records === null && this.stream === null && this.texts === null;
  }
}

class ConnectionLane extends Lane {
  /** How many lanes of its channels are busy: Disconnected is the last event, it waits for all. */
  busyChannels = 0;

  constructor(connection) {
    super();
    this.connection = connection;
  }

  get disposable() {
    return this.idle && this.busyChannels === 0;
  }
}

module.exports = { ChannelLane, ConnectionLane };
