'use strict';

const { NativeCertificate } = require('./native.js');
const { CertStoreTypes } = require('./cert_store_types.js');
const { SSHServerError, toServerError } = require('./errors.js');
const { checkInteger, checkString, invalidType, isBytes } = require('./args.js');
const { defineField, lowerFirst } = require('./accessors.js');
const { Watchers } = require('./watchers.js');

const ANY_SUBJECT = '*';
const { cstPEMKeyFile, cstPEMKeyBlob, cstPPKFile, cstPPKBlob } = CertStoreTypes;
const { cstPublicKeyFile, cstPublicKeyBlob, cstAuto } = CertStoreTypes;
/** Stores that are one key: there is only one password, whichever name it was given under. */
const KEY_FILES = new Set([cstPEMKeyFile, cstPEMKeyBlob, cstPPKFile, cstPPKBlob]);

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
/** Fields the reference lets a program set, though nothing but reading them back comes of it. */
const WRITABLE_TEXT = ['ExtendedKeyUsage', 'PublicKeyAlgorithm', 'Usage'];
const DEFAULTS = { PublicKeyLength: 0, UsageFlags: 0, PrivateKeyAvailable: false };

let nativeOf;
let watchersOf;

/** Sorts the overloads of the constructor (and of load) into one description of what to load. */
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
  const description = { storeType: first, store, storePassword, thumbprint: settings.thumbprint };
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

/** Lines of NAME=VALUE. The other two documented names choose between Windows' libraries, which are not used. */
function readConfiguration(text) {
  checkString(text, 'configurationString');
  const settings = {};
  for (const line of text.split(/\r?\n/)) {
    const at = line.indexOf('=');
    if (at >= 0) settings[line.slice(0, at).trim().toLowerCase()] = line.slice(at + 1).trim();
  }
  return settings;
}

function sameThumbprint(native, wanted) {
  const plain = (text) => text.replace(/[\s:]/g, '').toLowerCase();
  const names = ['ThumbprintMD5', 'ThumbprintSHA1', 'ThumbprintSHA256'];
  return names.some((name) => plain(native.field(name)) === plain(wanted));
}

function notFound(what) {
  return new SSHServerError(
    1301,
    `No server certificate was specified or no private key found. ${what}`,
  );
}

/** The steps of loading, with `load` either at once or on a worker thread; yields what `load` gives. */
function* loadSteps({ storeType, store, storePassword, subject, encoded, thumbprint }) {
  let wanted = subject;
  let expected = thumbprint;
  if (encoded !== undefined) {
    const certificate = yield [cstAuto, encoded, '', ANY_SUBJECT];
    wanted = certificate.field('Subject') || ANY_SUBJECT;
    expected = certificate.field('ThumbprintSHA256');
  }
  const native = yield [storeType, store, storePassword, wanted];
  if (expected && !sameThumbprint(native, expected)) {
    throw notFound('The store has no such certificate.');
  }
  return native;
}

function loadNow(description) {
  const steps = loadSteps(description);
  let step = steps.next();
  while (!step.done) {
    let native;
    try {
      native = NativeCertificate.load(...step.value);
    } catch (error) {
      throw toServerError(error);
    }
    step = steps.next(native);
  }
  return step.value;
}

async function loadLater(description) {
  const steps = loadSteps(description);
  let step = steps.next();
  while (!step.done) {
    let native;
    try {
      native = await NativeCertificate.loadAsync(...step.value);
    } catch (error) {
      throw toServerError(error);
    }
    step = steps.next(native);
  }
  return step.value;
}

/** The text of a store given as bytes; what is no text comes as base64, which every blob type takes too. */
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

/** A key or certificate, empty or loaded. */
class Certificate {
  #native = null;
  #storeType = CertStoreTypes.cstUser;
  #store = 'MY';
  #storePassword = '';
  #keyPassword = null;
  #subject = '';
  #overrides = new Map();
  #watchers = new Watchers();

  constructor(...args) {
    if (args.length === 0) return;
    const description = readArguments(args);
    this.#adopt(description, loadNow(description));
  }

  /** The constructor on a worker thread: key files may be slow to open on purpose. */
  static async load(...args) {
    const description = readArguments(args);
    const certificate = new Certificate();
    certificate.#adopt(description, await loadLater(description));
    return certificate;
  }

  #adopt({ storeType, store, storePassword }, native) {
    this.#storeType = storeType;
    this.#store = store;
    this.#storePassword = storePassword;
    this.#select(native, native.field('Subject'));
  }

  #select(native, subject) {
    this.#native = native;
    this.#subject = subject;
    this.#overrides.clear();
    this.#watchers.notify(this);
  }

  #field(name) {
    if (this.#overrides.has(name)) return this.#overrides.get(name);
    return this.#native === null ? (DEFAULTS[name] ?? '') : this.#native.field(name);
  }

  #description(subject) {
    const forKey = this.#keyPassword !== null && KEY_FILES.has(this.#storeType);
    const storePassword = forKey ? this.#keyPassword : this.#storePassword;
    return { storeType: this.#storeType, store: this.#store, storePassword, subject };
  }

  /** Documented: a subject that is not in the store selects nothing. A store that cannot be opened is an error. */
  #search(subject) {
    let native = null;
    try {
      if (subject !== '') native = this.#find(subject);
    } finally {
      this.#select(native, native === null ? '' : native.field('Subject'));
    }
  }

  #find(subject) {
    try {
      return loadNow(this.#description(subject));
    } catch (error) {
      if (subject === ANY_SUBJECT) throw error;
      // Whether the store can be opened at all: if not, that is the error to tell.
      loadNow(this.#description(ANY_SUBJECT));
      return null;
    }
  }

  /** Documented: the store is searched for the private key of the certificate that is set. */
  #setEncoded(encoded) {
    let native = null;
    let subject = '';
    try {
      if (encoded.length > 0) [native, subject] = this.#findKeyOf(encoded);
    } finally {
      this.#select(native, subject);
    }
  }

  #findKeyOf(encoded) {
    const password = this.#keyPassword ?? this.#storePassword;
    const given = loadNow({
      storeType: cstAuto,
      store: encoded,
      storePassword: password,
      subject: ANY_SUBJECT,
    });
    if (given.field('PrivateKeyAvailable')) return [given, given.field('Subject')];
    try {
      const { storeType, store, storePassword } = this.#description('');
      const found = loadNow({ storeType, store, storePassword, encoded: bytesOf(encoded) });
      return [found, found.field('Subject')];
    } catch {
      return [given, ''];
    }
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
        if (!isBytes(encoded)) throw invalidType('encodedB', 'an instance of Uint8Array', encoded);
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
        if (!isBytes(store)) throw invalidType('storeB', 'an instance of Uint8Array', store);
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
