/** An error of the server, of a connection or of a key. */
export class SSHServerError extends Error {
  constructor(code: number, message: string);
  /** The documented number: 104, 126, 1301, 10048 … */
  code: number;
  /** Extension: how many bytes were sent by a send that failed with 135 or 10060. */
  bytesSent?: number;
}

/** The formats a key or certificate can be stored in. At run time a plain object; `CertStoreTypes[6]` is the name. */
export enum CertStoreTypes {
  /** A store of the current user, such as MY (Windows only). */
  cstUser = 0,
  /** A store of the machine, such as MY (Windows only). */
  cstMachine = 1,
  /** A PKCS#12 file. */
  cstPFXFile = 2,
  /** A PKCS#12 store, binary or base64. */
  cstPFXBlob = 3,
  /** A Java key store file. */
  cstJKSFile = 4,
  /** A Java key store, binary or base64. */
  cstJKSBlob = 5,
  /** A PEM file with a private key and perhaps a certificate. */
  cstPEMKeyFile = 6,
  /** The same as content. */
  cstPEMKeyBlob = 7,
  /** A PEM or DER file with a public key certificate. */
  cstPublicKeyFile = 8,
  /** The same as content. */
  cstPublicKeyBlob = 9,
  /** An SSH public key as content. */
  cstSSHPublicKeyBlob = 10,
  /** A PKCS#7 file with certificates. */
  cstP7BFile = 11,
  /** The same as content. */
  cstP7BBlob = 12,
  /** A file with an SSH public key. */
  cstSSHPublicKeyFile = 13,
  /** A PuTTY private key file. */
  cstPPKFile = 14,
  /** The same as content. */
  cstPPKBlob = 15,
  /** A file with a key in XML. */
  cstXMLFile = 16,
  /** The same as content. */
  cstXMLBlob = 17,
  /** A file with a JSON Web Key. */
  cstJWKFile = 18,
  /** The same as content. */
  cstJWKBlob = 19,
  /** A Bouncy Castle FIPS key store file. */
  cstBCFKSFile = 21,
  /** The same, binary or base64. */
  cstBCFKSBlob = 22,
  /**
   * A security token, through its PKCS#11 module. The store is the path of the module or, where there
   * are several tokens or keys, a URI as in RFC 7512:
   * `pkcs11:token=LABEL;object=LABEL?module-path=/path/to/module`. The password is the PIN. The private
   * key stays in the token and signs there, so `privateKey` is empty.
   */
  cstPKCS11 = 23,
  /** Detects the format from the data: a file name or content, public or private. */
  cstAuto = 99,
}

/**
 * A key or a certificate.
 *
 * Fields exist as accessor methods (`getSubject()`, `setSubject('*')`, `isPrivateKeyAvailable()`) and as plain
 * properties: the documented name with a lower-case first letter. `console.log` never shows passwords and private
 * keys.
 *
 * To load one step by step set storeType, store (or storeB) and storePassword, then subject.
 */
export class Certificate {
  /** An empty certificate. */
  constructor();
  /** Opens the file as an X.509 public key. */
  constructor(certificateFile: string);
  /** Reads the bytes as an X.509 public key. */
  constructor(certificateData: Uint8Array);
  /**
   * Opens a store (a file name, or the content as text or bytes, as the type says) and takes the certificate
   * whose subject is or contains `subject`; `"*"` is the first. This blocks: see Certificate.load.
   *
   * Subjects are compared by their fields ("CN=www.server.com, O=Example"). Spaces around commas and `=`, the order
   * of the fields, quotes and the case of letters are ignored; a value with a comma is quoted or has `\,` for it.
   * `ST` is `S` and `emailAddress` is `E`, as RFC 4514 and OpenSSL write them. The certificate with the same fields
   * comes first, then one that has all of them among others, then one whose text contains the subject.
   *
   * `configurationString` holds lines of NAME=VALUE. `Thumbprint` (MD5, SHA-1 or SHA-256, of the certificate or, for a
   * key without one, its fingerprint) selects instead of `subject`; `KeyPassword` (an extension) is the password of the
   * private key where it is not `storePassword`; PersistPFXKey and UseInternalSecurityAPI are accepted and change nothing.
   * @throws SSHServerError when the store cannot be opened or has no such certificate.
   */
  constructor(
    certStoreType: CertStoreTypes,
    store: string | Uint8Array,
    storePassword: string,
    subject: string,
    configurationString?: string,
  );
  /** Opens a store and takes the private key that belongs to the certificate `encoded` (PEM or DER). */
  constructor(
    certStoreType: CertStoreTypes,
    store: string | Uint8Array,
    storePassword: string,
    encoded: Uint8Array,
  );

  /** Extension: what the constructor does, without blocking. Rejects where the constructor throws. */
  static load(certificate: string | Uint8Array): Promise<Certificate>;
  static load(
    certStoreType: CertStoreTypes,
    store: string | Uint8Array,
    storePassword: string,
    subject: string | Uint8Array,
    configurationString?: string,
  ): Promise<Certificate>;

  /**
   * Extension: verifies that X.509 certificates lead to an authority that is trusted (RFC 5280, section 6), and returns
   * that one of `authorities`. For the listener of `SSHUserAuthRequest`, with its `userX509`:
   *
   *     const authority = Certificate.verifyChain(e.userX509, authorities, { crls });
   *     e.accept = e.userX509[0].subjectAltNames === `${e.user}@example.com`;
   *
   * The first certificate of `chain` is the user's; the others may stand in any order, and only those that are needed
   * are used. Checked are, of all on the path: the signatures (RSA of at least 2048 bits, ECDSA and Ed25519, with SHA-2),
   * the dates (of the authority too), that authorities are allowed to sign, how many may follow and for which names, that
   * key usages allow logins, and that every critical extension is understood. Whom a certificate is for is not
   * checked: compare the subject or subjectAltNames with the user.
   *
   * The authority of one's users may be given alone: it does not have to be a root. It blocks for less than a
   * millisecond with a usual chain.
   * @param options.crls Revocation lists in PEM or DER, at most 32 MiB together. With any, every certificate on the
   * path, except the authority's, has to be covered by one that is not out of date. Default: none, and nothing is checked.
   * @param options.time The time for the dates. Default: now.
   * @throws SSHServerError 1300 if the chain does not hold, with the reason, and 10022 if an authority is none or a
   * revocation list cannot be read. A listener that does not catch it has the login refused.
   * @throws TypeError for arguments of another type, and for certificates without an X.509 certificate.
   */
  static verifyChain(
    chain: readonly Certificate[],
    authorities: readonly Certificate[],
    options?: { crls?: readonly (string | Uint8Array)[]; time?: Date },
  ): Certificate;

  /**
   * Extension: whether `authority` is the certificate of an authority (basicConstraints, and keyCertSign if there is a key
   * usage) that this X.509 certificate names as its issuer, and whose key has signed it, with SHA-2 and RSA of at least
   * 2048 bits, ECDSA or Ed25519. Nothing else is checked, not even the dates; see verifyChain.
   * @throws TypeError if either has no X.509 certificate.
   */
  issuedBy(authority: Certificate): boolean;

  /** When the certificate becomes valid, as "23-Jan-2000 15:00:00". Default "". */
  getEffectiveDate(): string;
  /** See getEffectiveDate. */
  get effectiveDate(): string;

  /** The certificate in PEM. Setting it looks for its private key in the store; if there is none, subject becomes "". Default "". */
  getEncoded(): string;
  /** See getEncoded. */
  setEncoded(encoded: string): void;
  /** See getEncoded. */
  get encoded(): string;
  set encoded(value: string);

  /** The same as bytes. */
  getEncodedB(): Uint8Array;
  /** See getEncodedB. */
  setEncodedB(encodedB: Uint8Array): void;
  /** See getEncodedB. */
  get encodedB(): Uint8Array;
  set encodedB(value: Uint8Array);

  /** When the certificate expires. Default "". */
  getExpirationDate(): string;
  /** See getExpirationDate. */
  get expirationDate(): string;

  /** The extended key usage identifiers, separated by commas. Default "". What is set is only read back. */
  getExtendedKeyUsage(): string;
  /** See getExtendedKeyUsage. */
  setExtendedKeyUsage(extendedKeyUsage: string): void;
  /** See getExtendedKeyUsage. */
  get extendedKeyUsage(): string;
  set extendedKeyUsage(value: string);

  /** The MD5 fingerprint, hexadecimal with colons. Default "". */
  getFingerprint(): string;
  /** See getFingerprint. */
  get fingerprint(): string;

  /** The SHA-1 fingerprint, hexadecimal with colons. Default "". */
  getFingerprintSHA1(): string;
  /** See getFingerprintSHA1. */
  get fingerprintSHA1(): string;

  /** The SHA-256 fingerprint, hexadecimal with colons. Default "". */
  getFingerprintSHA256(): string;
  /** See getFingerprintSHA256. */
  get fingerprintSHA256(): string;

  /** The name of the issuer. Default "". */
  getIssuer(): string;
  /** See getIssuer. */
  get issuer(): string;

  /** The password of the private key. Default: the store password. Set it before the subject. */
  getKeyPassword(): string;
  /** See getKeyPassword. */
  setKeyPassword(keyPassword: string): void;
  /** See getKeyPassword. */
  get keyPassword(): string;
  set keyPassword(value: string);

  /** The private key in PEM; "" if there is none or it cannot be exported. */
  getPrivateKey(): string;
  /** See getPrivateKey. */
  get privateKey(): string;

  /** Whether there is a private key, so that a server can use it. Default false. */
  getPrivateKeyAvailable(): boolean;
  /** The same as getPrivateKeyAvailable. */
  isPrivateKeyAvailable(): boolean;
  /** See getPrivateKeyAvailable. */
  get privateKeyAvailable(): boolean;

  /** The name of the key container (Windows only). Default "". */
  getPrivateKeyContainer(): string;
  /** See getPrivateKeyContainer. */
  get privateKeyContainer(): string;

  /** The public key in PEM. Default "". */
  getPublicKey(): string;
  /** See getPublicKey. */
  get publicKey(): string;

  /** The algorithm of the public key. Default "". What is set is only read back. */
  getPublicKeyAlgorithm(): string;
  /** See getPublicKeyAlgorithm. */
  setPublicKeyAlgorithm(publicKeyAlgorithm: string): void;
  /** See getPublicKeyAlgorithm. */
  get publicKeyAlgorithm(): string;
  set publicKeyAlgorithm(value: string);

  /** The length of the public key in bits. Default 0. */
  getPublicKeyLength(): number;
  /** See getPublicKeyLength. */
  get publicKeyLength(): number;

  /** The serial number in hexadecimal. Default "". */
  getSerialNumber(): string;
  /** See getSerialNumber. */
  get serialNumber(): string;

  /** The algorithm the certificate is signed with. Default "". */
  getSignatureAlgorithm(): string;
  /** See getSignatureAlgorithm. */
  get signatureAlgorithm(): string;

  /** The store: a file name or content, as storeType says. Default "MY". Bytes that are no text read as base64. */
  getStore(): string;
  /** See getStore. */
  setStore(store: string): void;
  /** See getStore. */
  get store(): string;
  set store(value: string);

  /** The same as bytes. */
  getStoreB(): Uint8Array;
  /** See getStoreB. */
  setStoreB(storeB: Uint8Array): void;
  /** See getStoreB. */
  get storeB(): Uint8Array;
  set storeB(value: Uint8Array);

  /** The password of the store. Default "". */
  getStorePassword(): string;
  /** See getStorePassword. */
  setStorePassword(storePassword: string): void;
  /** See getStorePassword. */
  get storePassword(): string;
  set storePassword(value: string);

  /** The type of the store. Default 0 (cstUser). */
  getStoreType(): CertStoreTypes;
  /** See getStoreType. */
  setStoreType(storeType: CertStoreTypes): void;
  /** See getStoreType. */
  get storeType(): CertStoreTypes;
  set storeType(value: CertStoreTypes);

  /** The subject. Setting it searches the store (exactly, then as a part, by its fields; "*" is any) and loads what is found; when nothing is found it becomes "". Throws if the store cannot be opened. Default "". */
  getSubject(): string;
  /** See getSubject. */
  setSubject(subject: string): void;
  /** See getSubject. */
  get subject(): string;
  set subject(value: string);

  /** The alternative names, separated by commas. Default "". */
  getSubjectAltNames(): string;
  /** See getSubjectAltNames. */
  get subjectAltNames(): string;

  /** The MD5 hash of the certificate. Default "". */
  getThumbprintMD5(): string;
  /** See getThumbprintMD5. */
  get thumbprintMD5(): string;

  /** The SHA-1 hash of the certificate. Default "". */
  getThumbprintSHA1(): string;
  /** See getThumbprintSHA1. */
  get thumbprintSHA1(): string;

  /** The SHA-256 hash of the certificate. Default "". */
  getThumbprintSHA256(): string;
  /** See getThumbprintSHA256. */
  get thumbprintSHA256(): string;

  /** The text of usageFlags. Default "". What is set is only read back. */
  getUsage(): string;
  /** See getUsage. */
  setUsage(usage: string): void;
  /** See getUsage. */
  get usage(): string;
  set usage(value: string);

  /** What the certificate is for: 0x80 digital signatures, 0x40 key authentication, 0x20 key encryption, 0x10 data encryption, 0x08 key agreement, 0x04 certificate signing, 0x02 key signing. Default 0. What is set is only read back. */
  getUsageFlags(): number;
  /** See getUsageFlags. */
  setUsageFlags(usageFlags: number): void;
  /** See getUsageFlags. */
  get usageFlags(): number;
  set usageFlags(value: number);

  /** "V1", "V2" or "V3". Default "". */
  getVersion(): string;
  /** See getVersion. */
  get version(): string;
}
