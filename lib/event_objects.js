'use strict';

// One class for each event. Text views of bytes are getters of the prototype: nobody pays for what
// is not read. Fields the reference calls read-only are only so by their types: to freeze objects
// costs more than it gives here, and what is sent back is never read from them.

const native = require('./native.js');

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** `""` for the things that belong to no connection. */
function idText(number) {
  return number === 0 ? '' : String(number);
}

class ConnectedEvent {
  constructor(connectionId, statusCode, description) {
    this.connectionId = connectionId;
    this.statusCode = statusCode;
    this.description = description;
    this.certStoreType = 0;
    this.certStore = '';
    this.certPassword = '';
    this.certSubject = '';
  }
}

class ConnectionRequestEvent {
  constructor(address, port, accept) {
    this.address = address;
    this.port = port;
    this.accept = accept;
  }
}

class DisconnectedEvent {
  constructor(connectionId, statusCode, description) {
    this.connectionId = connectionId;
    this.statusCode = statusCode;
    this.description = description;
  }
}

class ErrorEvent {
  constructor(connectionId, errorCode, description, cause) {
    this.connectionId = connectionId;
    this.errorCode = errorCode;
    this.description = description;
    this.cause = cause;
  }
}

class LogEvent {
  constructor(connectionId, logLevel, message, logType) {
    this.connectionId = connectionId;
    this.logLevel = logLevel;
    this.message = message;
    this.logType = logType;
  }
}

/** SSHChannelOpened, SSHChannelReadyToSend, SSHChannelEOF and SSHChannelClosed. */
class ChannelEvent {
  constructor(connectionId, channelId) {
    this.connectionId = connectionId;
    this.channelId = channelId;
  }
}

class ChannelDataInEvent {
  constructor(connectionId, channelId, dataB, extendedDataType) {
    this.connectionId = connectionId;
    this.channelId = channelId;
    this.dataB = dataB;
    this.extendedDataType = extendedDataType;
  }

  get data() {
    return decoder.decode(this.dataB);
  }
}

class ChannelOpenRequestEvent {
  constructor(connectionId, channelId, service, parametersB) {
    this.connectionId = connectionId;
    this.channelId = channelId;
    this.service = service;
    this.parametersB = parametersB;
    this.accept = false;
  }

  get parameters() {
    return decoder.decode(this.parametersB);
  }
}

/** SSHChannelRequested: what SSHChannelRequest told, without the answer. */
class ChannelRequestedEvent {
  constructor(connectionId, channelId, requestType, packetB) {
    this.connectionId = connectionId;
    this.channelId = channelId;
    this.requestType = requestType;
    this.packetB = packetB;
  }

  get packet() {
    return decoder.decode(this.packetB);
  }
}

class ChannelRequestEvent extends ChannelRequestedEvent {
  constructor(connectionId, channelId, requestType, packetB) {
    super(connectionId, channelId, requestType, packetB);
    this.success = false;
  }
}

class ServiceRequestEvent {
  constructor(connectionId, service, accept) {
    this.connectionId = connectionId;
    this.service = service;
    this.accept = accept;
  }
}

class StatusEvent {
  constructor(connectionId, message) {
    this.connectionId = connectionId;
    this.message = message;
  }
}

class TunnelClosedEvent {
  constructor(connectionId, address, port) {
    this.connectionId = connectionId;
    this.address = address;
    this.port = port;
  }
}

class TunnelRequestedEvent {
  constructor(connectionId, direction, address, port) {
    this.connectionId = connectionId;
    this.direction = direction;
    this.address = address;
    this.port = port;
    this.accept = false;
  }
}

class UserAuthRequestEvent {
  // What is only sometimes looked at is made when it is.
  #blob;
  #certificate;
  #partialSuccesses;

  constructor(
    connectionId,
    [
      user,
      service,
      authMethod,
      authParam,
      authParamB,
      availableMethods,
      keyAlgorithm,
      partialSuccesses,
    ],
  ) {
    this.connectionId = connectionId;
    this.user = user;
    this.service = service;
    this.authMethod = authMethod;
    this.authParam = authParam;
    this.authParamB = authParamB;
    this.accept = false;
    this.partialSuccess = false;
    this.availableMethods = availableMethods;
    this.keyAlgorithm = keyAlgorithm;
    this.#blob = authParamB;
    this.#partialSuccesses = partialSuccesses;
  }

  get partialSuccesses() {
    const list = this.#partialSuccesses;
    return list === '' ? [] : list.split(',');
  }

  get userCertificate() {
    if (this.#blob === null || !this.keyAlgorithm.endsWith('-cert-v01@openssh.com')) return null;
    this.#certificate ??= new UserCertificate(native.userCertificate(this.#blob));
    return this.#certificate;
  }
}

/** The options of a certificate by name. */
function options(flat) {
  // A name can be anything, `__proto__` too.
  const result = Object.create(null);
  for (let i = 0; i < flat.length; i += 2) result[flat[i]] = flat[i + 1];
  return Object.freeze(result);
}

/** A user's OpenSSH certificate. */
class UserCertificate {
  constructor(fields) {
    this.type = fields.type;
    this.keyId = fields.keyId;
    this.serial = fields.serial;
    this.principals = Object.freeze(fields.principals);
    this.validAfter = fields.validAfter;
    this.validBefore = fields.validBefore;
    this.criticalOptions = options(fields.criticalOptions);
    this.extensions = options(fields.extensions);
    this.publicKey = fields.publicKey;
    this.publicKeyFingerprint = fields.publicKeyFingerprint;
    this.signatureKey = fields.signatureKey;
    this.signatureKeyFingerprint = fields.signatureKeyFingerprint;
    Object.freeze(this);
  }
}

module.exports = {
  idText,
  ConnectedEvent,
  ConnectionRequestEvent,
  DisconnectedEvent,
  ErrorEvent,
  LogEvent,
  ChannelEvent,
  ChannelDataInEvent,
  ChannelOpenRequestEvent,
  ChannelRequestedEvent,
  ChannelRequestEvent,
  ServiceRequestEvent,
  StatusEvent,
  TunnelClosedEvent,
  TunnelRequestedEvent,
  UserAuthRequestEvent,
};
