'use strict';

const { KIND } = require('./boundary.js');
const { checkBoolean, checkInteger } = require('./args.js');
const { Records } = require('./records.js');
const {
  ChannelEvent,
  ChannelOpenRequestEvent,
  ChannelRequestEvent,
  ChannelRequestedEvent,
  TunnelClosedEvent,
  TunnelRequestedEvent,
} = require('./event_objects.js');

/** Keeps data until the program asks for the stream. It is not consumed, so it fills the client's window. */
function park(lane, bytes, toReport) {
  lane.parked ??= new Records();
  lane.parked.push(bytes);
  lane.parked.absorb();
  lane.owed += toReport;
}

/** The events of channels: makes the event object, fires the event, answers or reports the bytes as consumed. */
class ChannelHandlers {
  #gateway;
  #listeners;
  #channels;
  #text;

  constructor({ gateway, listeners, channels, text }) {
    this.#gateway = gateway;
    this.#listeners = listeners;
    this.#channels = channels;
    this.#text = text;
  }

  run(lane, told) {
    const { kind } = told;
    if (kind === KIND.TUNNEL_REQUESTED) return this.#tunnelRequested(told);
    if (kind === KIND.TUNNEL_CLOSED) return this.#tunnelClosed(told);
    this.#channels.currentConnection = told.connection;
    this.#channels.currentChannel = told.channel;
    switch (kind) {
      case KIND.CHANNEL_OPEN_REQUEST:
        return this.#openRequest(told);
      case KIND.CHANNEL_REQUEST:
        return this.#request(told);
      case KIND.CHANNEL_CLOSED:
        this.#channels.currentChannel = 0;
        this.#channels.gone(lane);
        return this.#notice(told);
      default:
        return this.#notice(told);
    }
  }

  data(lane, { connection, channel, bytes, dataType: extendedType }) {
    if (lane !== undefined && extendedType === 0) {
      if (lane.records !== null) {
        lane.records.push(bytes);
        return this.deliverRecords(lane);
      }
    }
    return this.#deliver(lane, connection, channel, bytes, extendedType, bytes.length);
  }

  /** Fires an event for each complete record; reads the record length anew for each. */
  deliverRecords(lane) {
    const { records, connection, channel } = lane;
    for (;;) {
      const record = records.next();
      if (record === null) break;
      const pending = this.#deliver(lane, connection, channel, record.bytes, 0, record.toReport);
      // The dispatcher calls this again for the lane when these listeners are done.
      if (pending !== undefined) return pending;
    }
    const bytes = records.absorb();
    if (bytes > 0) this.#gateway.consumed(channel, bytes);
    return undefined;
  }

  #deliver(lane, connection, channel, bytes, extendedType, toReport) {
    if (!this.#listeners.has(KIND.CHANNEL_DATA)) {
      // A kept beginning of a character is dropped: a listener that is added later must not get bytes of an event
      // that no listener saw.
      if (lane !== undefined && lane.texts !== null) this.#channels.forgetTexts(lane);
      if (lane !== undefined && lane.serving > 0 && extendedType === 0) park(lane, bytes, toReport);
      else this.#gateway.consumed(channel, toReport);
      return undefined;
    }
    this.#channels.currentConnection = connection;
    this.#channels.currentChannel = channel;
    const event = this.#dataEvent(lane, connection, channel, bytes, extendedType);
    const result = this.#listeners.fire(KIND.CHANNEL_DATA, event, connection);
    if (typeof result === 'boolean') {
      this.#gateway.consumed(channel, toReport);
      return undefined;
    }
    return this.#consumedLater(result, channel, toReport);
  }

  #dataEvent(lane, connection, channel, bytes, extendedType) {
    const text = this.#text;
    const connectionId = String(connection);
    const channelId = String(channel);
    if ((lane === undefined || lane.texts === null) && text.isWhole(bytes))
      return text.wholeEvent(connectionId, channelId, bytes, extendedType);
    const texts = this.#channels.texts(channel, connection);
    return text.event(texts, connectionId, channelId, bytes, extendedType);
  }

  // A method of its own, so that the closure is only made when there is a promise.
  #consumedLater(result, channel, bytes) {
    return result.then(() => this.#gateway.consumed(channel, bytes));
  }

  #notice({ kind, connection, channel }) {
    const event = new ChannelEvent(String(connection), String(channel));
    const result = this.#listeners.fire(kind, event, connection);
    return typeof result === 'boolean' ? undefined : result;
  }

  /** The data has ended: fires an event for the remaining bytes, which are less than a record. */
  deliverRest(lane) {
    const rest = lane.records === null ? null : lane.records.rest();
    if (rest === null) return undefined;
    const { connection, channel } = lane;
    return this.#deliver(lane, connection, channel, rest.bytes, 0, rest.toReport);
  }

  #openRequest({ question, connection, channel, service, parameters }) {
    const event = new ChannelOpenRequestEvent(
      String(connection),
      String(channel),
      service,
      parameters,
    );
    const result = this.#listeners.fire(KIND.CHANNEL_OPEN_REQUEST, event, connection);
    if (typeof result !== 'boolean')
      return result.then((ok) => this.#answerOpen(ok, question, connection, channel, event));
    this.#answerOpen(result, question, connection, channel, event);
    return undefined;
  }

  #answerOpen(ok, question, connection, channel, event) {
    const accept =
      ok && this.#boolean(KIND.CHANNEL_OPEN_REQUEST, connection, event.accept, 'accept');
    this.#gateway.answer(question, accept);
    // Ends what the listener has already asked of the channel, such as its stream: a refused channel has no event
    // that would do so.
    if (!accept) {
      if (this.#channels.currentChannel === channel) this.#channels.currentChannel = 0;
      this.#channels.neverOpened(channel);
    }
    this.#gateway.flushSoon();
  }

  #request(told) {
    const { connection, channel, requestType, packet } = told;
    const text = ChannelRequestedEvent.textOf(packet);
    const event = new ChannelRequestEvent(
      String(connection),
      String(channel),
      requestType,
      packet,
      text,
    );
    const result = this.#listeners.fire(KIND.CHANNEL_REQUEST, event, connection);
    if (typeof result === 'boolean') {
      this.#answerRequest(result, told, event, text);
      return undefined;
    }
    return this.#answerRequestLater(result, told, event, text);
  }

  // A method of its own, so that the closure is only made when there is a promise.
  #answerRequestLater(result, told, event, text) {
    return result.then((ok) => {
      const { question, channel } = told;
      // False: the channel has ended meanwhile, and its end no longer waited for the answer.
      if (this.#channels.find(channel)?.question === question)
        this.#answerRequest(ok, told, event, text);
    });
  }

  /** `text` is the text of the packet; SSHChannelRequest and SSHChannelRequested share it. */
  #answerRequest(ok, { question, connection, channel }, event, text) {
    const success = ok && this.#boolean(KIND.CHANNEL_REQUEST, connection, event.success, 'success');
    this.#gateway.answer(question, success);
    // The client gets the reply before anything that the listeners of SSHChannelRequested send: each of their calls
    // flushes the answers first.
    this.#gateway.flushOutsideOfBatch();
    if (!success || !this.#listeners.has(KIND.CHANNEL_REQUESTED)) return;
    const { connectionId, channelId, requestType, packetB } = event;
    const requested = new ChannelRequestedEvent(
      connectionId,
      channelId,
      requestType,
      packetB,
      text,
    );
    const result = this.#listeners.fire(KIND.CHANNEL_REQUESTED, requested, connection);
    // A notice: its listener may last as long as the command it serves.
    if (typeof result !== 'boolean') this.#channels.serve(channel, connection, result, packetB);
  }

  #tunnelRequested({ question, connection, direction, address, port }) {
    const event = new TunnelRequestedEvent(String(connection), direction, address, port);
    const result = this.#listeners.fire(KIND.TUNNEL_REQUESTED, event, connection);
    if (typeof result !== 'boolean')
      return result.then((ok) => this.#answerTunnel(ok, question, connection, event));
    this.#answerTunnel(result, question, connection, event);
    return undefined;
  }

  #answerTunnel(ok, question, connection, { accept, port }) {
    try {
      checkBoolean(accept, 'accept');
      checkInteger(port, 'port', 0, 65535);
    } catch (error) {
      this.#listeners.failed(KIND.TUNNEL_REQUESTED, connection, error);
      ok = false;
    }
    this.#gateway.answerTunnel(question, ok && accept, ok ? port : 0);
  }

  #tunnelClosed({ connection, address, port }) {
    const event = new TunnelClosedEvent(String(connection), address, port);
    const result = this.#listeners.fire(KIND.TUNNEL_CLOSED, event, connection);
    return typeof result === 'boolean' ? undefined : result;
  }

  /** Anything but true or false is a mistake of the program (a promise that was not awaited, say) and means no. */
  #boolean(kind, connection, value, name) {
    try {
      checkBoolean(value, name);
      return value;
    } catch (error) {
      this.#listeners.failed(kind, connection, error);
      return false;
    }
  }
}

module.exports = { ChannelHandlers };
