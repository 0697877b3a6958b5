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
  /** What the lane waits for while it is busy, and the kind of its event. */
  pending = null;
  kind = 0;
  /** The question that this event has put, 0 if none. */
  question = 0;
  /** A listener was waited for in vain: no other one of this lane is. */
  waitsNoMore = false;
  /** The last event has come: what is waited for is waited for so long and no longer (patience.js). */
  ending = false;
  /** How often that has been looked at since anything moved here. */
  looks = 0;

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

  /** How many listeners of SSHChannelRequested are not done: one of them may ask for the stream yet. */
  serving = 0;
  /** Meanwhile the data that nobody else takes waits here, a Records, and is owed to the client's window. */
  parked = null;
  owed = 0;
  /** EOF has come. */
  ended = false;
  /** One SSHChannelReadyToSend waits in the queue: a second one would say nothing more. */
  readyWaits = false;

  /** SSHChannelClosed has been reached: nothing comes after it. */
  closed = false;

  constructor(channel, connection) {
    super();
    this.channel = channel;
    this.connection = connection;
  }

  get disposable() {
    return (
      this.idle &&
      (this.serving === 0 || this.closed) &&
      !this.ended &&
      this.records === null &&
      this.stream === null &&
      this.texts === null
    );
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
