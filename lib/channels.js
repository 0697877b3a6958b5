'use strict';

const { ChannelLane } = require('./lanes.js');
const { ChannelTexts } = require('./text.js');

/** What is remembered of the channels of one server, for as long as there is something to remember. */
class Channels {
  #gateway;
  #needs;
  #backlog;
  #lanes = new Map();
  /** The channel of the event that came last, as long as it is not closed. */
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

  /** All lanes that there are. */
  values() {
    return this.#lanes.values();
  }

  find(channel) {
    return this.#lanes.get(channel);
  }

  /** The lane of a channel, which is made if there is none. */
  lane(channel, connection) {
    let lane = this.#lanes.get(channel);
    if (lane === undefined) this.#lanes.set(channel, (lane = new ChannelLane(channel, connection)));
    return lane;
  }

  /** Forgets a lane that has nothing left to remember. */
  dispose(lane) {
    if (lane.disposable) this.#lanes.delete(lane.channel);
  }

  /** The connection of the channel whose event came last, which may not be open yet; 0 for any other. */
  connectionOfCurrent(channel) {
    return this.currentChannel === channel ? this.currentConnection : 0;
  }

  /** What the text of a channel has left over, which is kept until the channel closes. */
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
   * A listener of SSHChannelRequested serves the channel until `promise` (which never rejects) is done.
   * Nothing waits for it. Only data that no listener takes is kept meanwhile: it may ask for the stream.
   */
  serve(channel, connection, promise, packet) {
    const lane = this.lane(channel, connection);
    lane.serving++;
    // One may run as long as the channel; a client that goes on to make requests piles them up.
    const counted = lane.serving > 1 ? this.#backlog.charge(connection, [packet]) : 0;
    promise.then(() => {
      this.#backlog.remove(connection, counted);
      lane.serving--;
      if (lane.serving > 0) return;
      this.#unpark(lane);
      this.dispose(lane);
    });
  }

  /** Nobody has asked for the stream that data was kept for. */
  #unpark(lane) {
    this.#gateway.consumed(lane.channel, lane.owed);
    lane.parked = null;
    lane.owed = 0;
    this.#gateway.flushSoon();
  }

  /** A channel was refused: whatever was asked for it is over. */
  neverOpened(channel) {
    const lane = this.#lanes.get(channel);
    if (lane === undefined) return;
    // Nobody has cut it off but the program.
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
    // Nobody can ask for the stream of a channel that is gone.
    this.#gateway.consumed(lane.channel, lane.owed);
    lane.parked = null;
    lane.owed = 0;
  }
}

module.exports = { Channels };
