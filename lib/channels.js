'use strict';

const { ChannelLane } = require('./lanes.js');
const { ChannelTexts } = require('./text.js');

/** The lanes of the channels of one server. A lane exists only while it has state. */
class Channels {
  #gateway;
  #needs;
  #backlog;
  #lanes = new Map();
  /** The channel of the last event, until that channel closes. */
  currentChannel = 0;
  currentConnection = 0;

  constructor(gateway, needs, backlog) {
    this.#gateway = gateway;
    this.#needs = needs;
    this.#backlog = backlog;
  }

  get size() {
    return this.#lanes.size;
  }

  /** All lanes. */
  values() {
    return this.#lanes.values();
  }

  find(channel) {
    return this.#lanes.get(channel);
  }

  /** The lane of a channel; creates it if there is none. */
  lane(channel, connection) {
    let lane = this.#lanes.get(channel);
    if (lane === undefined) this.#lanes.set(channel, (lane = new ChannelLane(channel, connection)));
    return lane;
  }

  /** Deletes a lane that has no state left. */
  dispose(lane) {
    if (lane.disposable) this.#lanes.delete(lane.channel);
  }

  /** The connection of the channel of the last event, which may not be open yet; 0 for any other channel. */
  connectionOfCurrent(channel) {
    return this.currentChannel === channel ? this.currentConnection : 0;
  }

  /** The state of decoding a channel's text (unfinished characters), which is kept until the channel closes. */
  texts(channel, connection) {
    const lane = this.lane(channel, connection);
    lane.texts ??= new ChannelTexts();
    return lane.texts;
  }

  forgetTexts(lane) {
    lane.texts = null;
    this.dispose(lane);
  }

  /**
   * A listener of SSHChannelRequested serves the channel until `promise` (which never rejects) is done. No event
   * waits for it. Meanwhile data that no listener takes is kept, because this listener may ask for the stream.
   */
  serve(channel, connection, promise, packet) {
    const lane = this.lane(channel, connection);
    lane.serving++;
    // One such listener may run as long as the channel, so it is not counted. Further ones are: a client that makes
    // request after request would pile them up.
    const counted = lane.serving > 1 ? this.#backlog.charge(connection, [packet]) : 0;
    promise.then(() => {
      this.#backlog.remove(connection, counted);
      lane.serving--;
      if (lane.serving > 0) return;
      this.#unpark(lane);
      this.dispose(lane);
    });
  }

  /** Drops the data that was kept for a stream which the program has not asked for. */
  #unpark(lane) {
    this.#gateway.consumed(lane.channel, lane.owed);
    lane.parked = null;
    lane.owed = 0;
    this.#gateway.flushSoon();
  }

  /** A channel was refused: ends its stream and drops the state of its lane. */
  neverOpened(channel) {
    const lane = this.#lanes.get(channel);
    if (lane === undefined) return;
    // The program itself has refused the channel, so the end without EOF is no error.
    lane.stream?.closing();
    lane.stream?.close(false);
    this.gone(lane);
    this.dispose(lane);
  }

  /** SSHChannelClosed is about to fire. */
  gone(lane) {
    lane.closed = true;
    if (lane.records !== null) this.#needs.count('records', -1);
    if (lane.stream !== null) this.#needs.count('streams', -1);
    lane.ended = false;
    lane.records = null;
    lane.stream = null;
    lane.texts = null;
    // The program can no longer ask for the stream of this channel, so the data kept for it counts as consumed.
    this.#gateway.consumed(lane.channel, lane.owed);
    lane.parked = null;
    lane.owed = 0;
  }
}

module.exports = { Channels };
