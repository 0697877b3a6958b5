'use strict';

const addon = require('./native.js');
const { CODE } = require('./boundary.js');
const { CertStoreTypes } = require('./cert_store_types.js');
const { SSHServerError, toServerError } = require('./errors.js');
const {
  checkBytes,
  checkInstance,
  checkInteger,
  checkString,
  invalidType,
  invalidValue,
  isBytes,
} = require('./args.js');
const { defineField, lowerFirst } = require('./accessors.js');
const { Watchers } = require('./watchers.js');

const ANY_SUBJECT = '*';
const { cstUser, cstPEMKeyBlob, cstPublicKeyFile, cstPublicKeyBlob, cstAuto } = CertStoreTypes;
const DEFAULT_STORE = 'MY';
/** Names in a configurationString, in lower case; null: accepted and ignored, as it is for Windows' libraries. */
const CONFIGURATION = new Map([
  ['thumbprint', 'thumbprint'],
  ['keypassword', 'keyPassword'],
  ['persistpfxkey', null],
  ['useinternalsecurityapi', null],
]);

const READ_ONLY = [
  'EffectiveDate',
  'ExpirationDate',
  'Fingerprint',
  'FingerprintSHA1',
  'FingerprintSHA256',
  'Issuer',
  'PrivateKey',
  'PrivateKeyContainer',
  'PublicKey',
  'SerialNumber',
  'SignatureAlgorithm',
  'SubjectAltNames',
  'ThumbprintMD5',
  'ThumbprintSHA1',
  'ThumbprintSHA256',
  'Version',
];
/** Fields that the reference lets a program set, and that have no effect other than being read back. */
const WRITABLE_TEXT = ['ExtendedKeyUsage', 'PublicKeyAlgorithm', 'Usage'];
const DEFAULTS = { PublicKeyLength: 0, UsageFlags: 0, PrivateKeyAvailable: false };

let nativeOf;
let watchersOf;

/** Turns the arguments of any overload of the constructor (and of load) into one description of what to load. */
function readArguments(args) {
  const [first, store, storePassword, subject, configuration] = args;
  if (args.length <= 1 && typeof first === 'string') return publicKey(cstPublicKeyFile, first);
  if (args.length <= 1 && isBytes(first)) return publicKey(cstPublicKeyBlob, first);
  if (args.length <= 1)
    throw invalidType('certificate', 'of type string or an instance of Uint8Array', first);
  checkInteger(first, 'certStoreType', 0, cstAuto);
  checkStore(store);
  checkString(storePassword, 'storePassword');
  if (typeof subject !== 'string' && !isBytes(subject)) {
    throw invalidType('subject', 'of type string or an instance of Uint8Array', subject);
  }
  const settings = configuration === undefined ? {} : readConfiguration(configuration);
  const description = { storeType: first, store, storePassword, ...settings };
  if (isBytes(subject)) return { ...description, encoded: subject };
  return { ...description, subject };
}

function publicKey(storeType, store) {
  return { storeType, store, storePassword: '', subject: ANY_SUBJECT };
}

function checkStore(store) {
  if (typeof store !== 'string' && !isBytes(store)) {
    throw invalidType('store', 'of type string or an instance of Uint8Array', store);
  }
}

/** Parses lines of NAME=VALUE. */
function readConfiguration(text) {
  checkString(text, 'configurationString');
  const settings = {};
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '') continue;
    const at = line.indexOf('=');
    const field = CONFIGURATION.get(line.slice(0, Math.max(at, 0)).trim().toLowerCase());
    // The message repeats nothing of the line, which may be a password.
    if (field === undefined) {
      const known = 'Thumbprint, KeyPassword, PersistPFXKey and UseInternalSecurityAPI';
      throw new SSHServerError(
        CODE.INVALID_ARGUMENT,
        `[${CODE.INVALID_ARGUMENT}] Invalid argument. The lines of configurationString are NAME=VALUE, with the names ${known}.`,
      );
    }
    // The value is not trimmed: a password may begin or end with a space.
    if (field !== null) settings[field] = line.slice(at + 1);
  }
  return settings;
}

/** One call into the addon; its errors are converted to the documented ones. */
function native(method, description) {
  try {
    return addon.NativeCertificate[method](description);
  } catch (error) {
    throw toServerError(error);
  }
}

async function loadLater(description) {
  try {
    return await addon.NativeCertificate.loadAsync(description);
  } catch (error) {
    throw toServerError(error);
  }
}

/** A store given as bytes, as text. Bytes that are not UTF-8 become base64, which every blob type accepts too. */
function textOf(store) {
  if (typeof store === 'string') return store;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(store);
  } catch {
    return Buffer.from(store.buffer, store.byteOffset, store.length).toString('base64');
  }
}

function bytesOf(text) {
  return typeof text === 'string' ? new TextEncoder().encode(text) : text;
}

/** The X.509 certificate of a Certificate, in DER. */
function derOf(certificate, name) {
  checkInstance(certificate, Certificate, name);
  const der = nativeOf(certificate)?.der() ?? null;
  if (der === null) throw invalidValue(name, 'a Certificate with an X.509 certificate');
  return der;
}

function dersOf(certificates, name) {
  checkArray(certificates, name);
  if (certificates.length === 0) throw invalidValue(name, 'an array that is not empty');
  return certificates.map((certificate, i) => derOf(certificate, `${name}[${i}]`));
}

function checkArray(value, name) {
  if (!Array.isArray(value)) throw invalidType(name, 'an instance of Array', value);
}

/** Revocation lists, as bytes. */
function readLists(crls) {
  checkArray(crls, 'options.crls');
  return crls.map((crl, i) => {
    if (typeof crl !== 'string' && !isBytes(crl)) {
      throw invalidType(`options.crls[${i}]`, 'of type string or an instance of Uint8Array', crl);
    }
    return bytesOf(crl);
  });
}

function readTime(time) {
  if (!(time instanceof Date) || !(time.getTime() >= 0)) {
    throw invalidValue('options.time', 'a valid Date from 1970 on');
  }
  return time.getTime() / 1000;
}

/** A key or certificate, empty or loaded. */
class Certificate {
  #native = null;
  #storeType = cstUser;
  #store = DEFAULT_STORE;
  #storePassword = '';
  #keyPassword = null;
  #subject = '';
  #overrides = new Map();
  #watchers = new Watchers();

  constructor(...args) {
    if (args.length === 0) return;
    const description = readArguments(args);
    this.#adopt(description, native('load', description));
  }

  /** Does what the constructor does on a worker thread: key files may be slow to open by design (key derivation). */
  static async load(...args) {
    const description = readArguments(args);
    const certificate = new Certificate();
    certificate.#adopt(description, await loadLater(description));
    return certificate;
  }

  /** Whether `authority` is one whose key has signed this certificate. */
  issuedBy(authority) {
    const own = derOf(this, 'this');
    try {
      return addon.isCertificateIssuedBy(own, derOf(authority, 'authority'));
    } catch (error) {
      throw toServerError(error);
    }
  }

  /** Verifies that the certificates lead to one of the authorities, and returns that one; throws if not. */
  static verifyChain(chain, authorities, options = {}) {
    const ders = dersOf(chain, 'chain');
    if (options === null || typeof options !== 'object') {
      throw invalidType('options', 'of type object', options);
    }
    const trust = {
      authorities: dersOf(authorities, 'authorities'),
      crls: readLists(options.crls ?? []),
      unixTime: readTime(options.time ?? new Date()),
    };
    try {
      return authorities[addon.verifyCertificateChain(ders, trust)];
    } catch (error) {
      throw toServerError(error);
    }
  }

  #adopt({ storeType, store, storePassword, keyPassword }, loaded) {
    this.#storeType = storeType;
    this.#store = store;
    this.#storePassword = storePassword;
    this.#keyPassword = keyPassword ?? null;
    this.#select(loaded, loaded.field('Subject'));
  }

  #select(loaded, subject) {
    this.#native = loaded;
    this.#subject = subject;
    this.#overrides.clear();
    this.#watchers.notify(this);
  }

  #field(name) {
    if (this.#overrides.has(name)) return this.#overrides.get(name);
    return this.#native === null ? (DEFAULTS[name] ?? '') : this.#native.field(name);
  }

  #request(wanted) {
    return {
      storeType: this.#storeType,
      store: this.#store,
      storePassword: this.#storePassword,
      keyPassword: this.#keyPassword ?? undefined,
      ...wanted,
    };
  }

  /** Documented: a subject that is not in the store selects nothing. A store that cannot be opened is an error. */
  #search(subject) {
    let found = null;
    try {
      if (subject !== '') found = native('find', this.#request({ subject }));
    } finally {
      this.#select(found, found === null ? '' : found.field('Subject'));
    }
  }

  /** Documented: the store is searched for the private key of the certificate that is set. */
  #setEncoded(encoded) {
    let found = null;
    let subject = '';
    try {
      if (encoded.length > 0) [found, subject] = this.#findKeyOf(encoded);
    } finally {
      this.#select(found, subject);
    }
  }

  #findKeyOf(encoded) {
    const given = native('load', {
      storeType: cstPEMKeyBlob,
      store: encoded,
      storePassword: this.#keyPassword ?? this.#storePassword,
      subject: ANY_SUBJECT,
    });
    if (given.field('PrivateKeyAvailable')) return [given, given.field('Subject')];
    // No store was set, so there is none to search.
    if (this.#storeType === cstUser && this.#store === DEFAULT_STORE) return [given, ''];
    const found = native('find', this.#request({ encoded: bytesOf(encoded) }));
    return found === null ? [given, ''] : [found, found.field('Subject')];
  }

  static {
    nativeOf = (certificate) => certificate.#native;
    watchersOf = (certificate) => certificate.#watchers;
    const field = (stem, get, set, boolean) =>
      defineField(Certificate, { stem, get, set, boolean });
    for (const stem of READ_ONLY) {
      field(stem, function () {
        return this.#field(stem);
      });
    }
    for (const stem of WRITABLE_TEXT) {
      field(
        stem,
        function () {
          return this.#field(stem);
        },
        function (text) {
          checkString(text, lowerFirst(stem));
          this.#overrides.set(stem, text);
        },
      );
    }
    field('PublicKeyLength', function () {
      return this.#field('PublicKeyLength');
    });
    field(
      'PrivateKeyAvailable',
      function () {
        return this.#field('PrivateKeyAvailable');
      },
      undefined,
      true,
    );
  }

  static {
    const field = (stem, get, set) => defineField(Certificate, { stem, get, set });
    field(
      'UsageFlags',
      function () {
        return this.#field('UsageFlags');
      },
      function (flags) {
        checkInteger(flags, 'usageFlags', 0, 0xffff);
        this.#overrides.set('UsageFlags', flags);
      },
    );
    field(
      'Encoded',
      function () {
        return this.#field('Encoded');
      },
      function (encoded) {
        checkString(encoded, 'encoded');
        this.#setEncoded(encoded);
      },
    );
    field(
      'EncodedB',
      function () {
        return bytesOf(this.#field('Encoded'));
      },
      function (encoded) {
        checkBytes(encoded, 'encodedB');
        this.#setEncoded(encoded);
      },
    );
    field(
      'Store',
      function () {
        return textOf(this.#store);
      },
      function (store) {
        checkString(store, 'store');
        this.#store = store;
      },
    );
    field(
      'StoreB',
      function () {
        return bytesOf(this.#store);
      },
      function (store) {
        checkBytes(store, 'storeB');
        this.#store = store;
      },
    );
    field(
      'StorePassword',
      function () {
        return this.#storePassword;
      },
      function (password) {
        checkString(password, 'storePassword');
        this.#storePassword = password;
      },
    );
    field(
      'KeyPassword',
      function () {
        return this.#keyPassword ?? this.#storePassword;
      },
      function (password) {
        checkString(password, 'keyPassword');
        this.#keyPassword = password;
      },
    );
    field(
      'StoreType',
      function () {
        return this.#storeType;
      },
      function (storeType) {
        checkInteger(storeType, 'storeType', 0, cstAuto);
        this.#storeType = storeType;
      },
    );
    field(
      'Subject',
      function () {
        return this.#subject;
      },
      function (subject) {
        checkString(subject, 'subject');
        this.#search(subject);
      },
    );
  }
}

module.exports = {
  Certificate,
  nativeCertificate: (certificate) => nativeOf(certificate),
  watchersOfCertificate: (certificate) => watchersOf(certificate),
};
