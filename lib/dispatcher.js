'use strict';

const { KIND, FIELD_COUNT } = require('./kinds.js');
const { ChannelLane, ConnectionLane } = require('./lanes.js');
const { ChannelHandlers } = require('./channel_handlers.js');
const { ConnectionHandlers } = require('./connection_handlers.js');

/** Not an event: the place in a lane where it has to wait for something else. */
const HOLD = -1;

/**
 * Takes the batches of events apart and sees to their order: an event goes to its handler at once
 * when its lane is free, else into the lane. A handler returns undefined when it is done, else a promise.
 */
class Dispatcher {
  #core;
  #channelHandlers;
  #connectionHandlers;
  #channels = new Map();
  #connections = new Map();

  constructor(core) {
    this.#core = core;
    this.#channelHandlers = new ChannelHandlers(core);
    this.#connectionHandlers = new ConnectionHandlers(core);
  }

  /** Runs one batch of the addon's; returns how many events it held. */
  run(batch) {
    let count = 0;
    for (let at = 0; at < batch.length; count++) {
      const kind = batch[at];
      if (kind === KIND.CHANNEL_DATA_IN) {
        this.#data(batch[at + 1], batch[at + 2], batch[at + 3], batch[at + 4]);
        at += 5;
      } else {
        const end = at + 1 + FIELD_COUNT[kind];
        this.#route(kind, batch.slice(at + 1, end));
        at = end;
      }
    }
    return count;
  }

  channelLane(channel, connection) {
    let lane = this.#channels.get(channel);
    if (lane === undefined)
      this.#channels.set(channel, (lane = new ChannelLane(channel, connection)));
    return lane;
  }

  findChannelLane(channel) {
    return this.#channels.get(channel);
  }

  /** Forgets a lane that has nothing left to remember. */
  dispose(lane) {
    if (!lane.disposable) return;
    if (lane instanceof ChannelLane) this.#channels.delete(lane.channel);
    else this.#connections.delete(lane.connection);
  }

  /**
   * The connection of a channel that events are still to come for, 0 if there is none. The addon may
   * have seen the end of a channel whose first events are only now running here.
   */
  connectionOf(channel) {
    const lane = this.#channels.get(channel);
    if (lane !== undefined) return lane.closed ? 0 : lane.connection;
    return this.#channelHandlers.currentChannel === channel
      ? this.#channelHandlers.currentConnection
      : 0;
  }

  /** Holds the further events of a channel back until `promise` (which never rejects) is done. */
  hold(channel, connection, promise) {
    const lane = this.channelLane(channel, connection);
    if (lane.busy) lane.queue.push({ kind: HOLD, fields: [promise] });
    else this.#block(lane, promise);
  }

  /** The stream of a lane is new: what came before it and has not been delivered is the stream's. */
  handOver(lane) {
    const { stream, records, queue } = lane;
    const rest = records === null ? null : records.rest();
    if (rest !== null) {
      // Bytes that waited for the rest of their record have been reported; the stream reports what it is fed.
      stream.feed(rest.bytes, rest.toReport);
    }
    const isData = ({ kind, fields }) => kind === KIND.CHANNEL_DATA_IN && fields[3] === 0;
    for (const { fields } of queue.extract(isData)) stream.feed(fields[2], fields[2].length);
    for (const { kind } of queue) stream.notice(kind);
  }

  /** The record length has changed: what waits may be a record now. Events never fire inside a method. */
  async resumeRecords(lane) {
    await undefined;
    if (lane.busy || lane.records === null) return;
    const pending = this.#channelHandlers.deliverRecords(lane);
    if (pending !== undefined) this.#block(lane, pending);
    this.#core.flushSoon();
  }

  #route(kind, fields) {
    switch (kind) {
      case KIND.OP_DONE:
        this.#core.opDone(fields);
        break;
      case KIND.ACTIVITY:
        this.#core.setActive(fields[0] === 1);
        break;
      case KIND.CHANNEL_CLOSED:
      case KIND.CHANNEL_EOF:
      case KIND.CHANNEL_OPENED:
      case KIND.CHANNEL_READY_TO_SEND:
      case KIND.TUNNEL_CLOSED:
        this.#channelEvent(kind, fields[0], fields[1], fields);
        break;
      case KIND.CHANNEL_OPEN_REQUEST:
      case KIND.CHANNEL_REQUEST:
      case KIND.TUNNEL_REQUESTED:
        // A tunnel has a number like a channel: its events keep their order, and hold up no others.
        this.#channelEvent(kind, fields[1], fields[2], fields);
        break;
      case KIND.CONNECTED:
      case KIND.SERVICE_REQUEST:
      case KIND.USER_AUTH_REQUEST:
        this.#connectionEvent(kind, fields[1], fields);
        break;
      case KIND.DISCONNECTED:
      case KIND.STATUS:
      case KIND.ERROR:
        this.#connectionEvent(kind, fields[0], fields);
        break;
      default:
        // These belong to no connection yet, or (Log) must never wait: nothing bounds their number.
        this.#connectionHandlers.run(kind, fields);
    }
  }

  #data(connection, channel, bytes, extendedType) {
    const lane = this.#channels.size === 0 ? undefined : this.#channels.get(channel);
    if (lane !== undefined) {
      if (extendedType === 0 && lane.stream !== null) {
        lane.stream.feed(bytes, bytes.length);
        return;
      }
      if (lane.busy) {
        lane.queue.push({
          kind: KIND.CHANNEL_DATA_IN,
          fields: [connection, channel, bytes, extendedType],
        });
        return;
      }
    }
    const pending = this.#channelHandlers.data(lane, connection, channel, bytes, extendedType);
    if (pending !== undefined) this.#blockChannel(connection, channel, pending);
  }

  #channelEvent(kind, connection, channel, fields) {
    const lane = this.#channels.get(channel);
    // A listener may wait for the stream, so the stream must not wait for the listener.
    if (lane !== undefined && lane.stream !== null) lane.stream.notice(kind);
    if (lane !== undefined && lane.busy) {
      lane.queue.push({ kind, fields });
      return;
    }
    const pending = this.#channelHandlers.run(lane, kind, fields);
    if (pending !== undefined) this.#blockChannel(connection, channel, pending);
    else if (lane !== undefined) this.dispose(lane);
  }

  #connectionEvent(kind, connection, fields) {
    const lane = this.#connections.get(connection);
    const waits = kind === KIND.DISCONNECTED && lane !== undefined && lane.busyChannels > 0;
    if (lane !== undefined && (waits || !lane.idle)) {
      lane.queue.push({ kind, fields });
      return;
    }
    const pending = this.#connectionHandlers.run(kind, fields);
    // Errors of the server as a whole have no connection to wait for.
    if (pending !== undefined && connection !== 0)
      this.#block(this.#connectionLane(connection), pending);
  }

  #connectionLane(connection) {
    let lane = this.#connections.get(connection);
    if (lane === undefined)
      this.#connections.set(connection, (lane = new ConnectionLane(connection)));
    return lane;
  }

  #blockChannel(connection, channel, pending) {
    this.#block(this.channelLane(channel, connection), pending);
  }

  #block(lane, pending) {
    lane.busy = true;
    if (lane instanceof ChannelLane) this.#connectionLane(lane.connection).busyChannels++;
    this.#wait(lane, pending);
  }

  #wait(lane, pending) {
    pending.then(() => this.#resume(lane));
  }

  #resume(lane) {
    const pending =
      lane instanceof ChannelLane ? this.#runChannelQueue(lane) : this.#runConnectionQueue(lane);
    this.#core.flushSoon();
    if (pending !== undefined) {
      this.#wait(lane, pending);
      return;
    }
    lane.busy = false;
    if (lane instanceof ChannelLane) this.#channelDone(lane.connection);
    this.dispose(lane);
  }

  #runChannelQueue(lane) {
    // First the rest of the data at hand, then what came after it.
    let pending = lane.records === null ? undefined : this.#channelHandlers.deliverRecords(lane);
    while (pending === undefined && lane.queue.length > 0) {
      const { kind, fields } = lane.queue.shift();
      if (kind === HOLD) pending = fields[0];
      else if (kind === KIND.CHANNEL_DATA_IN) pending = this.#channelHandlers.data(lane, ...fields);
      else pending = this.#channelHandlers.run(lane, kind, fields);
    }
    return pending;
  }

  #runConnectionQueue(lane) {
    while (lane.queue.length > 0) {
      if (lane.queue.peek().kind === KIND.DISCONNECTED && lane.busyChannels > 0) return undefined;
      const { kind, fields } = lane.queue.shift();
      const pending = this.#connectionHandlers.run(kind, fields);
      if (pending !== undefined) return pending;
    }
    return undefined;
  }

  #channelDone(connection) {
    const lane = this.#connections.get(connection);
    lane.busyChannels--;
    if (lane.busyChannels > 0 || lane.busy) return;
    const pending = this.#runConnectionQueue(lane);
    if (pending !== undefined) this.#block(lane, pending);
    else this.dispose(lane);
  }
}

module.exports = { Dispatcher };
