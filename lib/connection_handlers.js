'use strict';

const { KIND } = require('./boundary.js');
const { SSHServerError } = require('./errors.js');
const { isBytes, invalidValue, checkString, checkBoolean, checkInteger } = require('./args.js');
const {
  idText,
  ConnectedEvent,
  ConnectionRequestEvent,
  DisconnectedEvent,
  LogEvent,
  ServiceRequestEvent,
  StatusEvent,
  UserAuthRequestEvent,
} = require('./event_objects.js');

const MAX_METHODS_LENGTH = 4096;

/** Checks names of methods for a client, which would see no method, and give up, if one of them was invalid. */
function checkMethods(list) {
  checkString(list, 'availableMethods');
  const good = (name) => /^[!-~]{0,64}$/.test(name.trim());
  if (list.length > MAX_METHODS_LENGTH || !list.split(',').every(good)) {
    throw invalidValue('availableMethods', 'names of methods, separated by commas');
  }
}

/** The events of the server and of connections: makes the event object, fires the event, answers. */
class ConnectionHandlers {
  #gateway;
  #listeners;

  constructor({ gateway, listeners }) {
    this.#gateway = gateway;
    this.#listeners = listeners;
  }

  run(told) {
    const { kind, connection } = told;
    switch (kind) {
      case KIND.CONNECTED:
        return this.#connected(told);
      case KIND.CONNECTED_FAILED:
        return this.#notice(KIND.CONNECTED, new ConnectedEvent('', told.code, told.message), 0);
      case KIND.CONNECTION_REQUEST:
        return this.#connectionRequest(told);
      case KIND.DISCONNECTED:
        return this.#notice(
          kind,
          new DisconnectedEvent(idText(connection), told.code, told.message),
          connection,
        );
      case KIND.ERROR:
        return this.#pending(this.#listeners.error(connection, told.code, told.message, undefined));
      case KIND.LOG:
        return this.#notice(
          kind,
          new LogEvent(idText(connection), told.level, told.message, told.logType),
          connection,
        );
      case KIND.SERVICE_REQUEST:
        return this.#serviceRequest(told);
      case KIND.STATUS:
        return this.#notice(kind, new StatusEvent(idText(connection), told.message), connection);
      case KIND.USER_AUTH_REQUEST:
        return this.#userAuthRequest(told);
      default:
        throw new Error(`unknown event kind ${kind}`);
    }
  }

  #pending(result) {
    return typeof result === 'boolean' ? undefined : result;
  }

  #notice(kind, event, connection) {
    return this.#pending(this.#listeners.fire(kind, event, connection));
  }

  /** Waits for the listeners and has `finish()` answer; if a listener failed or `finish` throws, calls `refuse()`. */
  #question(kind, event, connection, finish, refuse) {
    const result = this.#listeners.fire(kind, event, connection);
    if (typeof result === 'boolean') {
      this.#answer(result, kind, connection, finish, refuse);
      return undefined;
    }
    return result.then((ok) => {
      this.#answer(ok, kind, connection, finish, refuse);
      this.#gateway.flushSoon();
    });
  }

  #answer(ok, kind, connection, finish, refuse) {
    if (ok) {
      try {
        finish();
        return;
      } catch (error) {
        // An error of the addon (a certificate that cannot be loaded) has its own documented number.
        if (error instanceof SSHServerError) {
          this.#listeners.error(connection, error.code, error.message, error);
        } else {
          this.#listeners.failed(kind, connection, error);
        }
      }
    }
    refuse();
  }

  #connected({ question, connection }) {
    const event = new ConnectedEvent(idText(connection), 0, 'OK');
    const accept = () => {
      const { certStoreType, certPassword, certSubject } = event;
      const certStore = ConnectedEvent.storeOf(event);
      checkInteger(certStoreType, 'certStoreType', 0, 99);
      if (!isBytes(certStore)) checkString(certStore, 'certStore');
      checkString(certPassword, 'certPassword');
      checkString(certSubject, 'certSubject');
      if (
        certStoreType === 0 &&
        certStore.length === 0 &&
        certPassword === '' &&
        certSubject === ''
      ) {
        this.#gateway.answer(question, true);
      } else {
        this.#gateway.answerConnected(
          question,
          certStoreType,
          certStore,
          certPassword,
          certSubject,
        );
      }
    };
    return this.#question(KIND.CONNECTED, event, connection, accept, () =>
      this.#gateway.answer(question, false),
    );
  }

  #connectionRequest({ question, address, port, accept }) {
    const event = new ConnectionRequestEvent(address, port, Boolean(accept));
    return this.#acceptQuestion(KIND.CONNECTION_REQUEST, event, 0, question);
  }

  #serviceRequest({ question, connection, service, accept }) {
    const event = new ServiceRequestEvent(idText(connection), service, Boolean(accept));
    return this.#acceptQuestion(KIND.SERVICE_REQUEST, event, connection, question);
  }

  #acceptQuestion(kind, event, connection, question) {
    const finish = () => {
      // Not by truthiness: a promise is truthy, so `e.accept = isAllowed()` without its await would let everyone in.
      checkBoolean(event.accept, 'accept');
      this.#gateway.answer(question, event.accept);
    };
    return this.#question(kind, event, connection, finish, () =>
      this.#gateway.answer(question, false),
    );
  }

  #userAuthRequest(told) {
    const { question, connection } = told;
    const event = new UserAuthRequestEvent(idText(connection), told);
    const offered = event.availableMethods;
    const finish = () => {
      const { accept, partialSuccess, availableMethods } = event;
      checkBoolean(accept, 'accept');
      checkBoolean(partialSuccess, 'partialSuccess');
      checkMethods(availableMethods);
      this.#gateway.answerAuth(question, accept, partialSuccess, availableMethods);
    };
    const refuse = () => this.#gateway.answerAuth(question, false, false, offered);
    return this.#question(KIND.USER_AUTH_REQUEST, event, connection, finish, refuse);
  }
}

module.exports = { ConnectionHandlers };
