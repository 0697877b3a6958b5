'use strict';

const { Fifo } = require('./fifo.js');

/**
 * Keeps events in order: those of one channel, or those of one connection that belong to no channel. While the
 * listeners of one event are not done, the later events wait here. A lane exists only while it has state; nearly all
 * events of synchronous listeners need none.
 */
class Lane {
  busy = false;
  queue = new Fifo();
  /** The promise that the lane waits for while it is busy, and the kind of event that it is about. */
  pending = null;
  kind = 0;
  /** The question of that event; 0 if it is none. */
  question = 0;
  /** A listener did not settle within the time limit: the lane waits for no further listener. */
  waitsNoMore = false;
  /** The last event has come: a time limit applies to the wait for listeners (patience.js). */
  ending = false;
  /** How many checks of the time limit have passed since this lane last made progress. */
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

  /** The ChannelTexts of a channel whose data was cut inside of a character, or whose encoding has a state. */
  texts = null;

  /** How many listeners of SSHChannelRequested are not done; one of them may still ask for the stream. */
  serving = 0;
  /** Data kept for that stream (a Records), and how many of its bytes are not reported as consumed yet. */
  parked = null;
  owed = 0;
  /** EOF has come. */
  ended = false;
  /** One SSHChannelReadyToSend waits in the queue; a second one would be redundant. */
  readyWaits = false;

  /** SSHChannelClosed has been handled; no event of the channel follows. */
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
  /** How many lanes of its channels are busy. Disconnected is the last event, so it waits for all of them. */
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
