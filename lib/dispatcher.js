'use strict';

const { KIND, LANE, LANE_OF, LENGTH_OF, CONNECTION_AT, READ } = require('./boundary.js');
const { ChannelLane, ConnectionLane } = require('./lanes.js');
const { ChannelHandlers } = require('./channel_handlers.js');
const { ConnectionHandlers } = require('./connection_handlers.js');
const { Patience } = require('./patience.js');

/** Not an event: an entry in a lane's queue that makes the lane wait for a promise. */
const HOLD = -1;
const HELD = Object.freeze({ kind: HOLD });

/** Stands for the event when a lane waits for listeners of data. */
const DATA = Object.freeze({ kind: KIND.CHANNEL_DATA });

/** The kinds of event after which a channel has no more data. */
const ENDS = new Set([KIND.CHANNEL_EOF, KIND.CHANNEL_CLOSED]);

/** The last kind of event of a channel, and of a connection. */
const LAST = new Set([KIND.CHANNEL_CLOSED, KIND.DISCONNECTED]);

/** The connection of the event that begins at this index of a batch; 0 for none. */
function connectionOf(batch, at) {
  const place = CONNECTION_AT[batch[at]];
  return place === 0 ? 0 : batch[at + place];
}

/**
 * Takes the batches apart into events and keeps the order of events: an event goes to its handler at once when its
 * lane is free, else into the queue of the lane. A handler returns undefined when it is done, else a promise.
 */
class Dispatcher {
  #gateway;
  #lifetime;
  #operations;
  #contexts;
  #backlog;
  #listeners;
  #ends;
  #channelHandlers;
  #connectionHandlers;
  #channels;
  #connections = new Map();
  #patience;
  /** How many events of the current batch have been handled. */
  #handled = 0;
  /** How many last events (see LAST) wait in their lanes. */
  #lastWaiting = 0;

  /** `parts`: the parts of the server that the handling of events uses. */
  constructor(parts) {
    this.#gateway = parts.gateway;
    this.#lifetime = parts.lifetime;
    this.#operations = parts.operations;
    this.#contexts = parts.contexts;
    this.#backlog = parts.backlog;
    this.#listeners = parts.listeners;
    this.#channels = parts.channels;
    this.#ends = parts.ends;
    this.#channelHandlers = new ChannelHandlers(parts);
    this.#connectionHandlers = new ConnectionHandlers(parts);
    this.#patience = new Patience(
      () => this.#endingLanes(),
      (lane) => this.#goOn(lane),
    );
  }

  /** Runs one batch of the addon's events; returns how many it held. */
  run(batch) {
    this.#handled = 0;
    for (let at = 0; at < batch.length;) {
      const connection = connectionOf(batch, at);
      at =
        connection === 0
          ? this.#next(batch, at)
          : this.#contexts.enter(connection, false, this.#run, this, batch, at, connection);
    }
    return this.#handled;
  }

  /** Runs consecutive events of one connection; returns the index at which the next event begins. */
  #run(batch, at, connection) {
    do at = this.#next(batch, at);
    while (at < batch.length && connectionOf(batch, at) === connection);
    return at;
  }

  /** Runs one event; returns the index at which the next one begins. */
  #next(batch, at) {
    this.#handled++;
    const kind = batch[at];
    const event = READ[kind](batch, at);
    if (kind === KIND.CHANNEL_DATA) this.#data(event);
    else this.#route(event);
    return at + LENGTH_OF[kind];
  }

  /** Holds the further events of a channel back until `promise` (which never rejects) is done. */
  hold(channel, connection, promise) {
    const lane = this.#channels.lane(channel, connection);
    if (lane.busy) lane.queue.push({ event: { kind: HOLD, promise }, counted: 0 });
    else this.#block(lane, promise, HELD);
  }

  /** The Disconnected event of a connection if it waits in its lane. */
  endOf(connection) {
    for (const { event } of this.#connections.get(connection)?.queue ?? []) {
      if (event.kind === KIND.DISCONNECTED) return event;
    }
    return undefined;
  }

  /** Holds the further events of a connection back until `promise` (which never rejects) is done. */
  holdConnection(connection, promise) {
    const lane = this.#connectionLane(connection);
    if (lane.idle) this.#block(lane, promise, HELD);
    else lane.queue.push({ event: { kind: HOLD, promise }, counted: 0 });
  }

  /** Gives a new stream the data that came before it and has not been delivered. */
  handOver(lane) {
    const { stream, records, parked, owed, queue } = lane;
    lane.parked = null;
    lane.owed = 0;
    const rest = records === null ? null : records.rest();
    if (rest !== null) {
      // The stored bytes of an incomplete record were reported as consumed already, so `toReport` leaves them out.
      this.#feed(lane, rest.bytes, rest.toReport);
    }
    const kept = parked?.rest() ?? null;
    if (kept !== null) this.#feed(lane, kept.bytes, owed);
    const isData = ({ event }) => event.kind === KIND.CHANNEL_DATA && event.dataType === 0;
    for (const { event } of queue.extract(isData))
      this.#feed(lane, event.bytes, event.bytes.length);
    if (lane.ended) stream.endReading();
    for (const { event } of queue) {
      if (event.kind === KIND.CHANNEL_CLOSED) stream.close(event.connectionOver);
    }
  }

  /** Feeds a stream with code of the program on the call stack; its readers run in the connection's context. */
  #feed(lane, bytes, toReport) {
    const { stream, connection } = lane;
    this.#contexts.enter(connection, true, stream.feed, stream, bytes, toReport);
  }

  /** Deletes a lane that has no state left. */
  #dispose(lane) {
    if (lane instanceof ChannelLane) this.#channels.dispose(lane);
    else if (lane.disposable) this.#connections.delete(lane.connection);
  }

  /** The record length has changed: waiting bytes may be a record now. Fires no event before the caller returns. */
  async resumeRecords(lane) {
    await undefined;
    if (lane.busy || lane.records === null) return;
    const pending = this.#channelHandlers.deliverRecords(lane);
    if (pending !== undefined) this.#block(lane, pending, DATA);
    this.#gateway.flushSoon();
  }

  #route(event) {
    const { kind } = event;
    switch (LANE_OF[kind]) {
      case LANE.CHANNEL:
        this.#channelEvent(event);
        break;
      case LANE.CONNECTION:
        if (kind === KIND.DISCONNECTED) this.#ends.ended(event);
        this.#connectionEvent(event);
        break;
      default:
        if (kind === KIND.OP_DONE) this.#operations.done(event);
        else if (kind === KIND.ACTIVITY) this.#lifetime.set('active', event.active);
        // These events belong to no connection yet, or (Log) must never wait; the backlog bounds their number.
        else this.#connectionHandlers.run(event);
    }
  }

  #data(event) {
    const { connection, channel, bytes, dataType } = event;
    const lane = this.#channels.size === 0 ? undefined : this.#channels.find(channel);
    if (lane !== undefined) {
      const { stream } = lane;
      if (dataType === 0 && stream !== null) {
        this.#contexts.stay(connection, true, stream.feed, stream, bytes, bytes.length);
        return;
      }
      if (lane.busy) {
        lane.queue.push({ event, counted: 0 });
        return;
      }
    }
    const pending = this.#channelHandlers.data(lane, event);
    if (pending !== undefined) this.#block(this.#channels.lane(channel, connection), pending, DATA);
  }

  #channelEvent(event) {
    const { kind, connection, channel } = event;
    let lane = this.#channels.find(channel);
    if (kind === KIND.CHANNEL_EOF) {
      // Remembered for a stream that the program asks for later.
      lane ??= this.#channels.lane(channel, connection);
      lane.ended = true;
    }
    // The stream is told at once and not in the order of the lane: a listener for which the lane waits may itself be
    // waiting for the stream.
    if (lane !== undefined && lane.stream !== null) {
      const { stream } = lane;
      if (kind === KIND.CHANNEL_EOF)
        this.#contexts.stay(connection, true, stream.endReading, stream);
      else if (kind === KIND.CHANNEL_CLOSED)
        this.#contexts.stay(connection, true, stream.close, stream, event.connectionOver);
    }
    if (lane !== undefined && lane.busy) {
      this.#push(lane, event);
      return;
    }
    // The lane shows the listeners of the last event that the channel has ended.
    if (kind === KIND.CHANNEL_CLOSED) lane ??= this.#channels.lane(channel, connection);
    if (ENDS.has(kind) && lane !== undefined && lane.records !== null) {
      // The remaining bytes, which are less than a record, are delivered first, and their listeners are waited for.
      this.#push(lane, event);
      this.#occupy(lane);
      this.#runChannelQueue(lane);
      return;
    }
    const pending = this.#channelHandlers.run(lane, event);
    if (pending !== undefined) {
      this.#block(lane ?? this.#channels.lane(channel, connection), pending, event);
    } else if (lane !== undefined) {
      this.#done(lane, kind);
      this.#dispose(lane);
    }
  }

  #connectionEvent(event) {
    const { kind, connection } = event;
    const lane = this.#connections.get(connection);
    const waits = kind === KIND.DISCONNECTED && lane !== undefined && lane.busyChannels > 0;
    if (lane !== undefined && (waits || !lane.idle)) {
      this.#push(lane, event);
      return;
    }
    const pending = this.#connectionHandlers.run(event);
    // Errors of the server as a whole have no connection, and so no lane that could wait.
    if (pending !== undefined && connection !== 0)
      this.#block(this.#connectionLane(connection), pending, event);
    else if (kind === KIND.DISCONNECTED) this.#ends.over(connection);
  }

  #connectionLane(connection) {
    let lane = this.#connections.get(connection);
    if (lane === undefined)
      this.#connections.set(connection, (lane = new ConnectionLane(connection)));
    return lane;
  }

  /** The last event of a lane waits in the queue, or its listeners have not settled: starts the time limit. */
  #end(lane) {
    lane.ending = true;
    lane.looks = 0;
    this.#patience.begin();
  }

  #push(lane, event) {
    const { kind } = event;
    if (kind === KIND.CHANNEL_READY_TO_SEND) {
      if (lane.readyWaits) return;
      lane.readyWaits = true;
    }
    const counted = this.#backlog.add(kind, lane.connection, event);
    lane.queue.push({ event, counted });
    if (!LAST.has(kind)) return;
    this.#end(lane);
    if (++this.#lastWaiting === 1) this.#lifetime.set('lastEvents', this.#lastWaiting > 0);
  }

  #shift(lane) {
    const { event, counted } = lane.queue.shift();
    if (event.kind === KIND.CHANNEL_READY_TO_SEND) lane.readyWaits = false;
    if (counted > 0) this.#backlog.remove(lane.connection, counted);
    if (LAST.has(event.kind) && --this.#lastWaiting === 0)
      this.#lifetime.set('lastEvents', this.#lastWaiting > 0);
    return event;
  }

  /** The busy lanes whose channel or connection has ended. */
  *#endingLanes() {
    for (const lane of this.#channels.values())
      if (lane.busy && (lane.ending || this.#connections.get(lane.connection).ending)) yield lane;
    for (const lane of this.#connections.values()) if (lane.busy && lane.ending) yield lane;
  }

  #block(lane, pending, event) {
    this.#occupy(lane);
    this.#wait(lane, pending, event);
  }

  #occupy(lane) {
    lane.busy = true;
    if (lane instanceof ChannelLane) this.#connectionLane(lane.connection).busyChannels++;
  }

  #wait(lane, pending, event) {
    lane.pending = pending;
    lane.kind = event.kind;
    lane.question = event.question ?? 0;
    if (LAST.has(event.kind)) this.#end(lane);
    pending.then(() => {
      // Another promise or null: the lane has stopped waiting for this one.
      if (lane.pending === pending) this.#resume(lane);
    });
  }

  /** An event of a lane has been handled. */
  #done(lane, kind) {
    if (kind === KIND.CHANNEL_CLOSED) this.#gateway.releaseChannel(lane.channel);
    else if (kind === KIND.DISCONNECTED) this.#ends.over(lane.connection);
  }

  #resume(lane) {
    this.#done(lane, lane.kind);
    lane.looks = 0;
    if (lane instanceof ChannelLane) this.#runChannelQueue(lane);
    else this.#runConnectionQueue(lane);
    this.#gateway.flushSoon();
  }

  /** Stops waiting for a listener that does not settle, and runs the remaining events of the lane. */
  #goOn(lane) {
    // The end of another lane may have let this one finish already.
    if (!lane.busy) return;
    this.#listeners.unsettled(lane.kind, lane.connection);
    if (lane.question !== 0) this.#gateway.answer(lane.question, false);
    if (lane.kind === KIND.CHANNEL_OPEN_REQUEST) this.#channels.neverOpened(lane.channel);
    lane.pending = null;
    lane.waitsNoMore = true;
    this.#resume(lane);
  }

  /** Runs the queue until a listener's promise has to be waited for. */
  #runChannelQueue(lane) {
    // First the remaining records of the data already delivered, then the events after it.
    if (this.#delaysRecords(lane)) return;
    while (lane.queue.length > 0) {
      if (ENDS.has(lane.queue.peek().event.kind)) {
        const rest = this.#channelHandlers.deliverRest(lane);
        if (this.#waits(lane, rest, DATA)) return;
      }
      const event = this.#shift(lane);
      if (this.#waits(lane, this.#runOfChannel(lane, event), event)) return;
      if (event.kind === KIND.CHANNEL_DATA && this.#delaysRecords(lane)) return;
    }
    lane.busy = false;
    this.#dispose(lane);
    this.#channelDone(lane.connection);
  }

  /** Fires an event for each complete record; returns whether the lane has to wait for one of them. */
  #delaysRecords(lane) {
    while (lane.records !== null) {
      const pending = this.#channelHandlers.deliverRecords(lane);
      if (this.#waits(lane, pending, DATA)) return true;
      if (pending === undefined) break;
    }
    return false;
  }

  #runOfChannel(lane, event) {
    if (event.kind === HOLD) return event.promise;
    if (event.kind === KIND.CHANNEL_DATA) return this.#channelHandlers.data(lane, event);
    return this.#channelHandlers.run(lane, event);
  }

  #runConnectionQueue(lane) {
    while (lane.queue.length > 0) {
      if (lane.queue.peek().event.kind === KIND.DISCONNECTED && lane.busyChannels > 0) break;
      const event = this.#shift(lane);
      const pending = event.kind === HOLD ? event.promise : this.#connectionHandlers.run(event);
      if (this.#waits(lane, pending, event)) return;
    }
    lane.busy = false;
    this.#dispose(lane);
  }

  /** Whether the lane has to wait for an event that was just handed to the listeners. */
  #waits(lane, pending, event) {
    if (pending !== undefined && !lane.waitsNoMore) {
      this.#wait(lane, pending, event);
      return true;
    }
    if (pending !== undefined && event.question !== undefined)
      this.#gateway.answer(event.question, false);
    this.#done(lane, event.kind);
    return false;
  }

  #channelDone(connection) {
    const lane = this.#connections.get(connection);
    lane.busyChannels--;
    if (lane.busyChannels > 0 || lane.busy) return;
    lane.busy = true;
    this.#runConnectionQueue(lane);
  }
}

module.exports = { Dispatcher };
