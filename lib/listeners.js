'use strict';

const { EventEmitter } = require('node:events');
const { CODE, EVENT_NAMES, KIND } = require('./boundary.js');
const { DONE } = require('./calls.js');
const { describeThrown } = require('./errors.js');
const { ErrorEvent, idText } = require('./event_objects.js');

const KIND_OF_NAME = new Map(EVENT_NAMES.map((name, kind) => [name, kind]));
const NONE = Object.freeze([]);

function isThenable(value) {
  return value !== null && typeof value === 'object' && typeof value.then === 'function';
}

/** The documented number of an error: its own code, that of its cause, or the one for Node's argument errors. */
function codeOf(error) {
  if (typeof error?.code === 'number') return error.code;
  if (typeof error?.cause?.code === 'number') return error.cause.code;
  return /^ERR_(INVALID_ARG|OUT_OF_RANGE)/.test(error?.code)
    ? CODE.INVALID_ARGUMENT
    : CODE.DATA_NOT_FORWARDED;
}

/**
 * Runs the listeners of one server's events. Node's emit() ignores what a listener returns and stops at the first
 * listener that throws; here a returned promise is waited for, and an exception does not stop the other listeners.
 */
class Listeners {
  #emitter;
  #errorText;
  #contexts;
  #backlog;
  /** By kind: a snapshot of the listeners, replaced at each change, never altered: a running event keeps its own. */
  #lists = EVENT_NAMES.map(() => NONE);
  #warned = new Set();

  /** Whether a listener of Connected is being called. */
  inConnected = false;

  constructor(emitter, errorText, contexts, backlog) {
    this.#emitter = emitter;
    this.#errorText = errorText;
    this.#contexts = contexts;
    this.#backlog = backlog;
  }

  has(kind) {
    return this.#lists[kind].length > 0;
  }

  /** Takes a new snapshot of the listeners of this event; of all events without a name. */
  refresh(name) {
    if (name === undefined) {
      for (const each of EVENT_NAMES) this.refresh(each);
      return;
    }
    const kind = KIND_OF_NAME.get(name);
    if (kind === undefined) return;
    const list = EventEmitter.prototype.rawListeners.call(this.#emitter, name);
    this.#lists[kind] = list.length === 0 ? NONE : list;
  }

  mask() {
    let mask = 0;
    for (let kind = 0; kind < this.#lists.length; kind++) {
      if (this.#lists[kind].length > 0) mask |= 1 << kind;
    }
    return mask;
  }

  /**
   * Calls every listener with the same event object. Returns true if all returned, false if one threw (which has been
   * reported), else a promise of the same that settles when the promises of all listeners have settled.
   */
  fire(kind, event, connection) {
    const list = this.#lists[kind];
    if (list.length === 0) return true;
    if (kind === KIND.CONNECTED) return this.#chooseHostKey(list, event, connection);
    // What a listener of data enters in the context is not kept: data is frequent, and programs enter a context at the
    // beginning of something.
    const keeps = kind !== KIND.CHANNEL_DATA;
    return this.#contexts.stay(connection, keeps, this.#call, this, list, kind, event, connection);
  }

  /** Calls the listeners of Connected, whose settings are for this connection and not for the server. */
  #chooseHostKey(list, event, connection) {
    const outer = this.inConnected;
    this.inConnected = true;
    try {
      const kind = KIND.CONNECTED;
      return this.#contexts.stay(connection, true, this.#call, this, list, kind, event, connection);
    } finally {
      this.inConnected = outer;
    }
  }

  #call(list, kind, event, connection) {
    let ok = true;
    let pending = null;
    for (let i = 0; i < list.length; i++) {
      try {
        const result = list[i].call(this.#emitter, event);
        // DONE is tested first: most listeners that return a promise return that of a send.
        if (result !== undefined && result !== DONE && isThenable(result))
          (pending ??= []).push(result);
      } catch (error) {
        ok = false;
        this.failed(kind, connection, error);
      }
    }
    if (pending === null) return ok;
    const settled = this.#settled(pending, ok, kind, connection);
    this.#backlog.hold(kind, connection, event, settled);
    return settled;
  }

  /** A listener threw or rejected: tells the listeners of Error, and never ends the process. */
  failed(kind, connection, error) {
    const authentication = kind === KIND.SERVICE_REQUEST || kind === KIND.USER_AUTH_REQUEST;
    const code = authentication ? CODE.NOT_AUTHENTICATED : CODE.DATA_NOT_FORWARDED;
    const detail = `A listener of ${EVENT_NAMES[kind]} failed: ${describeThrown(error)}`;
    if (kind === KIND.ERROR || !this.has(KIND.ERROR)) {
      this.#warn(kind, detail);
    } else {
      this.error(connection, code, `${this.#errorText(code)} ${detail}`, error);
    }
  }

  /** A listener has not settled within the time limit, and its event is no longer waited for: reports it. */
  unsettled(kind, connection) {
    const detail =
      `A listener of ${EVENT_NAMES[kind]} has not settled its promise. What it was about has ended, ` +
      'and what comes after it waits no longer.';
    if (kind === KIND.ERROR || !this.has(KIND.ERROR)) this.#warn(kind, detail);
    else
      this.error(
        connection,
        CODE.DATA_NOT_FORWARDED,
        `${this.#errorText(CODE.DATA_NOT_FORWARDED)} ${detail}`,
      );
  }

  error(connection, code, description, cause) {
    return this.fire(
      KIND.ERROR,
      new ErrorEvent(idText(connection), code, description, cause),
      connection,
    );
  }

  /** Reports a failure that no promise, callback or listener of a stream has reported. */
  unheard(connection, error) {
    const detail = describeThrown(error);
    if (this.has(KIND.ERROR)) this.error(connection, codeOf(error), detail, error);
    else this.#warn('unheard', `A call or a stream failed, and nobody listens: ${detail}`);
  }

  #settled(pending, ok, kind, connection) {
    const rejected = (reason) => {
      this.failed(kind, connection, reason);
      return false;
    };
    // The common case is one promise, for which allSettled() would cost more than the listener itself.
    if (pending.length === 1) return Promise.resolve(pending[0]).then(() => ok, rejected);
    return Promise.allSettled(pending).then((results) => {
      for (const { status, reason } of results) if (status === 'rejected') ok = rejected(reason);
      return ok;
    });
  }

  // Without a listener of Error a broken listener would go unnoticed, so there is a process warning. There is only one
  // for each event: a client that can make the listener fail again and again must not fill the terminal.
  #warn(kind, detail) {
    if (this.#warned.has(kind)) return;
    this.#warned.add(kind);
    process.emitWarning(detail, 'SSHServerWarning');
  }
}

module.exports = { Listeners };
