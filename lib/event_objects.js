'use strict';

// One class for each event. Every documented field is an own enumerable property, so that spreading the object and
// writing it as JSON include it. A field that is expensive to make is made when it is read. The fields that the
// reference calls read-only are so by their types only: freezing objects costs more than it gives here, and answers
// are never read from these fields.

const native = require('./native.js');
const { isBytes } = require('./args.js');
const { Certificate } = require('./certificate.js');

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The text of at most so many bytes is decoded at once: defining a lazy property costs more than decoding. */
const SMALL_TEXT = 256;

const decode = (bytes) => decoder.decode(bytes);

/** The descriptor of a field whose value is made when it is read. */
function lazy(get) {
  return { get, enumerable: true, configurable: true };
}

/** A lazy field: the text of a field of bytes. All events share the getter, so V8 gives their objects one shape. */
function textOf(name) {
  return lazy(function () {
    return decode(this[name]);
  });
}

const DATA = textOf('dataB');
const PARAMETERS = textOf('parametersB');
const PACKET = textOf('packetB');

/** The text of the bytes if they are few enough to be decoded at once, else undefined. */
function smallText(bytes) {
  return bytes.length <= SMALL_TEXT ? decode(bytes) : undefined;
}

/** The id of a connection as text; `""` for none. */
function idText(number) {
  return number === 0 ? '' : String(number);
}

class ConnectedEvent {
  #store = '';

  constructor(connectionId, statusCode, description) {
    this.connectionId = connectionId;
    this.statusCode = statusCode;
    this.description = description;
    this.certStoreType = 0;
    Object.defineProperty(this, 'certStore', {
      get: () => (isBytes(this.#store) ? decode(this.#store) : this.#store),
      set: (store) => {
        this.#store = store;
      },
      enumerable: true,
      configurable: true,
    });
    this.certPassword = '';
    this.certSubject = '';
  }

  /** What certStore was set to, text or bytes. */
  static storeOf(event) {
    return event.#store;
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
  /** `read` makes the text; undefined if the text is `dataB` decoded as UTF-8. */
  constructor(connectionId, channelId, dataB, extendedDataType, read) {
    this.connectionId = connectionId;
    this.channelId = channelId;
    if (dataB.length <= SMALL_TEXT) this.data = read === undefined ? decode(dataB) : read();
    else Object.defineProperty(this, 'data', read === undefined ? DATA : lazy(read));
    this.dataB = dataB;
    this.extendedDataType = extendedDataType;
  }
}

class ChannelOpenRequestEvent {
  constructor(connectionId, channelId, service, parametersB) {
    this.connectionId = connectionId;
    this.channelId = channelId;
    this.service = service;
    const text = smallText(parametersB);
    if (text !== undefined) this.parameters = text;
    else Object.defineProperty(this, 'parameters', PARAMETERS);
    this.parametersB = parametersB;
    this.accept = false;
  }
}

/** SSHChannelRequested: the fields of SSHChannelRequest without the answer. */
class ChannelRequestedEvent {
  /** The text of a packet if it is small enough to be decoded at once, else undefined. */
  static textOf(packetB) {
    return smallText(packetB);
  }

  /** `text` is the result of `textOf` for the packet, which two events share. */
  constructor(connectionId, channelId, requestType, packetB, text) {
    this.connectionId = connectionId;
    this.channelId = channelId;
    this.requestType = requestType;
    if (text !== undefined) this.packet = text;
    else Object.defineProperty(this, 'packet', PACKET);
    this.packetB = packetB;
  }
}

class ChannelRequestEvent extends ChannelRequestedEvent {
  constructor(connectionId, channelId, requestType, packetB, text) {
    super(connectionId, channelId, requestType, packetB, text);
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
  constructor(
    connectionId,
    {
      user,
      service,
      authMethod,
      authParam,
      authParamB,
      availableMethods,
      keyAlgorithm,
      signed,
      userVerified,
      partialSuccesses,
      gssLocalName,
      gssMechanism,
      gssDelegated,
    },
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
    this.signed = signed;
    this.userVerified = userVerified;
    this.partialSuccesses = partialSuccesses ? partialSuccesses.split(',') : [];
    this.gssLocalName = gssLocalName;
    this.gssMechanism = gssMechanism;
    this.gssDelegated = gssDelegated;
    this.userCertificate = null;
    if (authParamB && keyAlgorithm.endsWith('-cert-v01@openssh.com')) {
      let certificate;
      const get = () => (certificate ??= new UserCertificate(native.userCertificate(authParamB)));
      Object.defineProperty(this, 'userCertificate', lazy(get));
    }
    this.userX509 = null;
    if (authParamB && keyAlgorithm.startsWith('x509v3-')) {
      let certificates;
      const get = () => (certificates ??= x509Of(keyAlgorithm, authParamB));
      Object.defineProperty(this, 'userX509', lazy(get));
    }
  }
}

/** The X.509 certificates in a key blob. */
function x509Of(keyAlgorithm, blob) {
  const certificates = native.userX509(keyAlgorithm, blob).map((der) => new Certificate(der));
  return Object.freeze(certificates);
}

/** The options of a certificate by name. */
function options(flat) {
  // A null prototype: an option can have any name, `__proto__` too.
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
