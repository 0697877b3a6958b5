import { Certificate } from './certificate.js';

/**
 * The event objects. One object is made for each event and shown to all its listeners in order;
 * fields that are not `readonly` are answers, read after all listeners returned and the promises
 * they returned settled.
 */

/** `Connected`: a TCP connection was accepted (statusCode 0), or failed before it was usable. */
export interface SSHServerConnectedEvent {
  /** The id of the new connection; `""` when it failed. */
  readonly connectionId: string;
  /** 0, or the error code of the system (see the list of error codes). */
  readonly statusCode: number;
  /** `"OK"`, or the text of the error. */
  readonly description: string;
  /**
   * With one of the four cert fields set, this connection gets its own host key; a certificate that
   * cannot be loaded ends the connection (an `Error` event with 1301 tells). Starts as 0 (cstUser).
   */
  certStoreType: number;
  /** The store: a file name, or its content as text or bytes; reads as text. Starts as `""`. */
  get certStore(): string;
  set certStore(store: string | Uint8Array);
  /** The password of the store. Starts as `""`. */
  certPassword: string;
  /** Which certificate of the store, as for Certificate; `"*"` is the first. Starts as `""`. */
  certSubject: string;
}

/** `ConnectionRequest`: a client has connected to the port. */
export interface SSHServerConnectionRequestEvent {
  /** The address of the client. */
  readonly address: string;
  /** The port of the client. */
  readonly port: number;
  /** Whether to accept the connection. Starts as true, or false when AllowedClients or BlockedClients say so. */
  accept: boolean;
}

/** `Disconnected`: a connection is gone. Fires once for each `Connected` with statusCode 0, after all its other events. */
export interface SSHServerDisconnectedEvent {
  readonly connectionId: string;
  /** 0 for an orderly end, else the error code. */
  readonly statusCode: number;
  /** `"OK"`, or the text of the error. */
  readonly description: string;
}

/**
 * `Error`: something went wrong that no promise, callback or stream has reported. This is not Node's special
 * `'error'` event, which is never emitted: without a listener the process goes on.
 *
 * It tells errors outside of any method call, and, once each, the errors of calls whose promise is not awaited and of
 * streams without a listener of `'error'`. The number of a call with an argument of a wrong type or out of range is
 * 10022. A send that timed out (10060) is told here in any case, because its channel is closed too.
 *
 * If a client and the server have no algorithm in common, this event tells so (10053) before Disconnected does.
 *
 * A listener of another event that throws or rejects is told here too: with 1300 for SSHServiceRequest
 * and SSHUserAuthRequest, with 1202 for all others. If `Error` has no listener, such a failure is a
 * process warning (`SSHServerWarning`), once for each event, and once for calls and streams.
 */
export interface SSHServerErrorEvent {
  /** `""` if it concerns no connection. */
  readonly connectionId: string;
  readonly errorCode: number;
  readonly description: string;
  /** Extension: what a listener threw, or the error of the call or stream; undefined for everything else. */
  readonly cause: unknown;
}

/** `Log`: one line of the log, as detailed as the LogLevel setting says. */
export interface SSHServerLogEvent {
  /** `""` if it concerns no connection. */
  readonly connectionId: string;
  /**
   * 1 milestones, 2 one line for each packet (direction, name, number, sequence, length), 3 packets in
   * hexadecimal too. Passwords and responses are masked unless MaskSensitive is False.
   */
  readonly logLevel: number;
  readonly message: string;
  /** Reserved; `""`. */
  readonly logType: string;
}

/** `SSHChannelOpened`, `SSHChannelReadyToSend`, `SSHChannelEOF` and `SSHChannelClosed`. */
export interface SSHServerChannelEvent {
  readonly connectionId: string;
  readonly channelId: string;
}

/** `SSHChannelDataIn`: data of a channel, in order. */
export interface SSHServerChannelDataInEvent extends SSHServerChannelEvent {
  /**
   * The data as text, in the encoding of the CodePage setting (UTF-8). A character cut in two by the end of the
   * event comes whole with the next event of the channel: the texts joined together are the text that was sent.
   * Bytes that are invalid in the encoding show as U+FFFD. See docs/CODEPAGES.md.
   */
  readonly data: string;
  /** The data, exactly as it came; the program may keep it. */
  readonly dataB: Uint8Array;
  /** Extension: 0 for data, else the type of extended data (1 = stderr). */
  readonly extendedDataType: number;
}

/** `SSHChannelOpenRequest`: the client wants to open a channel. */
export interface SSHServerChannelOpenRequestEvent extends SSHServerChannelEvent {
  /** The channel type: `"session"`, `"direct-tcpip"` or anything else the client names. */
  readonly service: string;
  /** `parametersB` as text. */
  readonly parameters: string;
  /** The type-specific data; read it with getSSHParam. */
  readonly parametersB: Uint8Array;
  /** Whether to open it. Starts as false. */
  accept: boolean;
}

/**
 * `SSHChannelRequested`: a channel request was answered with success; its listeners do what was requested. It is a
 * notice: its listeners are called before the events that follow it, and nothing waits for their promises, so a
 * listener may last as long as the command (a rejection is told by `Error`). While such a listener runs, data that
 * no listener of SSHChannelDataIn takes is kept for getChannelStream.
 */
export interface SSHServerChannelRequestedEvent extends SSHServerChannelEvent {
  /** `"shell"`, `"exec"`, `"pty-req"`, `"env"`, `"subsystem"` or anything else the client names. */
  readonly requestType: string;
  /** `packetB` as text. */
  readonly packet: string;
  /** The whole payload of the request, in which the channel is the number of `channelId`; read it with getSSHParam. */
  readonly packetB: Uint8Array;
}

/**
 * `SSHChannelRequest`: the client makes a channel request of any name. The one exception is `keepalive@openssh.com`,
 * which asks for nothing but a reply: it is answered with failure, without an event.
 */
export interface SSHServerChannelRequestEvent extends SSHServerChannelRequestedEvent {
  /** Whether to answer with success. Starts as false. */
  success: boolean;
}

/** `SSHServiceRequest`: the client wants a service. */
export interface SSHServerServiceRequestEvent {
  readonly connectionId: string;
  readonly service: string;
  /** Starts as true for `ssh-userauth` and `ssh-connection`, else false. */
  accept: boolean;
}

/** `SSHStatus`: the progress of a connection as text for people. */
export interface SSHServerStatusEvent {
  readonly connectionId: string;
  readonly message: string;
}

/**
 * `SSHTunnelClosed`: an established tunnel was closed: by the client, because both ends had nothing more to
 * send, because it broke, or with its connection. Fires before `Disconnected`.
 */
export interface SSHServerTunnelClosedEvent {
  readonly connectionId: string;
  /** The address or path of SSHTunnelRequested. */
  readonly address: string;
  /** The port that was connected to or listened on; 0 for a Unix domain socket. */
  readonly port: number;
}

/**
 * `SSHTunnelRequested`: the client wants a tunnel. If it is accepted, the server itself connects or listens and
 * carries the data, with half-close and backpressure, and without any event for the tunnel's channels.
 * If the server cannot connect or listen, it tells the client, and an `Error` event with 1201 tells you; 1202 tells
 * that a tunnel broke. A forward tunnel that is not accepted becomes an SSHChannelOpenRequest (`direct-tcpip`), so
 * that the program can carry the data itself. Tunnels end with their connection.
 */
export interface SSHServerTunnelRequestedEvent {
  readonly connectionId: string;
  /**
   * 0 for a forward tunnel: to a target that the server connects to (`ssh -L`, `-D`, `-W`, `-J`). 1 for a reverse
   * tunnel: from a port that the server listens on to the client (`ssh -R`).
   */
  readonly direction: number;
  /**
   * Forward: the host to connect to, a name or an address. Reverse: where to listen: `""` on all
   * addresses, `"0.0.0.0"` on all of IPv4, `"::"` on all of IPv6, `"localhost"` on the loopback
   * addresses, else on this address. For a Unix domain socket its path.
   */
  readonly address: string;
  /**
   * The port; 0 for a Unix domain socket. A reverse tunnel with port 0 leaves the choice to the
   * server: set a port, or the system chooses one. If you set another port than the client's, the server
   * connects to it or listens on it; the client does not learn of it unless it asked for port 0.
   */
  port: number;
  /** Whether to establish it. Starts as false. */
  accept: boolean;
}

/**
 * Extension: an OpenSSH certificate of a user, see SSHServerUserAuthRequestEvent.userCertificate.
 * Nothing in it can be changed.
 */
export interface SSHUserCertificate {
  /** The kind of certificate, such as `"ssh-ed25519-cert-v01@openssh.com"`. */
  readonly type: string;
  /** The authority's name for it (`ssh-keygen -I`), for logs. */
  readonly keyId: string;
  /** The number that the authority gave it (`-z`), in decimal: it can be as large as 2^64 - 1. */
  readonly serial: string;
  /** The accounts it is for (`-n`). Empty means any account: treat such a certificate with distrust. */
  readonly principals: readonly string[];
  /** The start of its validity, in seconds since 1970; 0 for always. */
  readonly validAfter: number;
  /** The time from which it is no longer valid, in seconds since 1970; Infinity for never. */
  readonly validBefore: number;
  /**
   * The critical options (`-O`) by name, which a server that accepts the certificate must enforce:
   * `"force-command"`, `"source-address"`. Only the options that the setting UserCertCriticalOptions names, and
   * `"verify-required"`, which the server enforces itself, can be here. The value is the text of the option, `""`
   * for an option without a value; a value that is not text is in base64.
   */
  readonly criticalOptions: Readonly<Record<string, string>>;
  /** What it permits, by name (`"permit-pty"`, `"permit-port-forwarding"`); values as in criticalOptions. */
  readonly extensions: Readonly<Record<string, string>>;
  /** The certified key, as authParam would be for the key without its certificate: a blob in base64. */
  readonly publicKey: string;
  /** Its fingerprint, `"SHA256:…"` as `ssh-keygen -l` shows it. */
  readonly publicKeyFingerprint: string;
  /** The key of the authority that signed it: a blob in base64. The listener has to decide whether it trusts it. */
  readonly signatureKey: string;
  /** Its fingerprint, `"SHA256:…"`. */
  readonly signatureKeyFingerprint: string;
}

/** `SSHUserAuthRequest`: the client wants to log in. */
export interface SSHServerUserAuthRequestEvent {
  readonly connectionId: string;
  readonly user: string;
  /** The service wanted after the login, `"ssh-connection"`. */
  readonly service: string;
  /**
   * `"none"`, `"password"`, `"publickey"`, `"keyboard-interactive-1"` … and then
   * `"keyboard-interactive"`, `"gssapi-with-mic"`, `"gssapi-keyex"`, and `"sigstatus"` with the setting
   * FireAuthRequestAfterSig.
   *
   * A public key is asked about twice: when the client asks whether a signature with this key would be accepted, and
   * when the signature has come (`signed` is true). A signature is verified before the listener is asked: a wrong
   * one is refused without an event. `"sigstatus"` follows a signature that the listener has called good,
   * with `"1"`, and every wrong one, with `"0"`; it asks nothing, so neither its fields nor an exception
   * there change the login.
   *
   * A login by GSSAPI (RFC 4462; Kerberos) is asked about when the client has proven that it has the ticket: who it
   * is, authParam and gssLocalName say. Whether it may use the account `user` the listener decides, for
   * any principal can ask for any account: `e.accept = e.gssLocalName === e.user`.
   */
  readonly authMethod: string;
  /**
   * The password, the response, `"0"`/`"1"` for sigstatus, the public key blob in base64, or with GSSAPI the
   * principal (`"bob@EXAMPLE.COM"`). In a password that is
   * not UTF-8 the invalid bytes are U+FFFD here; authParamB has the exact bytes.
   */
  readonly authParam: string;
  /** Extension: the password, the response or the public key blob as bytes; null for everything else. */
  readonly authParamB: Uint8Array | null;
  /**
   * Whether this is good. Starts as false. Anything but a boolean is refused and reported: a forgotten
   * `await` must not let anyone in.
   *
   * True counts as partialSuccess as long as something still has to be proven. The client is told by which methods
   * it can do so (the Log says so too). That is:
   *
   * - the signature of each key that a listener has called good (accept or partialSuccess) when the client only
   *   asked about it. A client that asks about a key and does not sign with it gets in with no other method on
   *   this connection; it gets in with another key if the first one was accepted and no partialSuccess came before.
   * - a keyboard-interactive dialog of which a listener has called some answers good, but not all, after a
   *   partialSuccess.
   * - the methods that were proven for another user or service on this connection (RFC 4252 section 5).
   *
   * So a listener that counts factors itself may count a factor when it calls it good.
   */
  accept: boolean;
  /** With accept false: this was good, but a further method of `availableMethods` is needed. Starts as false. */
  partialSuccess: boolean;
  /**
   * The methods that can continue, separated by commas. Starts as the property defaultAuthMethods. Text that is
   * not a list of method names (at most 64 printable characters of US-ASCII each) is refused and reported.
   */
  availableMethods: string;
  /** The signature algorithm of a public key (of `"sigstatus"` too), else `""`. */
  readonly keyAlgorithm: string;
  /**
   * Extension: whether a public key comes with a signature, which is verified then. False for the query, which
   * anybody who knows the public key can make, and for all other methods.
   */
  readonly signed: boolean;
  /**
   * Extension: whether that signature is of a key in a FIDO device which says that it has verified its user, by a PIN
   * or a fingerprint. A touch alone is asked of every device.
   */
  readonly userVerified: boolean;
  /**
   * Extension: the methods that partialSuccess was set for, each once and in order, for this user and service. A key
   * counts only with its signature. Empty at first, and again when the client comes with another user name. With
   * two factors:
   * `e.accept = good && e.partialSuccesses.includes('publickey')`.
   */
  readonly partialSuccesses: readonly string[];
  /**
   * Extension: the content of the OpenSSH certificate if authParam is one, else null. The server has verified the
   * authority's signature, that the certificate is for users, that it is valid now, and that every critical option
   * in it is enforced; a certificate that fails in this is refused without an event. The listener decides whether
   * it trusts the authority (signatureKey) and whether the user is among the principals. The certificate is parsed
   * when this field is first read.
   */
  readonly userCertificate: SSHUserCertificate | null;
  /**
   * Extension: with GSSAPI the account that the rules of the Kerberos library give the principal (gss_localname;
   * `auth_to_local` in krb5.conf): `"bob"` for `bob` of the default realm. `""` if they give it none, as for other
   * realms, and with all other methods. So `e.gssLocalName === e.user` lets a principal into its own account alone.
   */
  readonly gssLocalName: string;
  /** Extension: with GSSAPI the mechanism's object identifier, `"1.2.840.113554.1.2.2"` (Kerberos 5), else `""`. */
  readonly gssMechanism: string;
  /**
   * Extension: with GSSAPI whether the client has delegated its credential. The server drops it at once; some
   * clients always send one.
   */
  readonly gssDelegated: boolean;
  /**
   * Extension: the X.509 certificates if authParam has some (keyAlgorithm begins with `x509v3-`), else null. The user's
   * own is the first; the others are those of authorities that the client has sent, trusted or not. They are parsed
   * when this field is first read; the array cannot be changed.
   *
   * The server has verified that the user's certificate is valid now, that its key usage, if it has one, has
   * digitalSignature, and its extended key usage clientAuth or secureShellClient, that every critical extension in it is
   * understood, that no RSA key in the chain is shorter than the server allows, and that nothing is signed with MD5; a
   * certificate that fails in this is refused without an event, with the reason in the log. The listener decides whether
   * it trusts the issuer (Certificate.verifyChain, `issuedBy`, or a thumbprint) and whether the certificate is one of
   * this user.
   */
  readonly userX509: readonly [Certificate, ...Certificate[]] | null;
}

/** Every event with the object its listeners get. */
export interface SSHServerEvents {
  Connected: SSHServerConnectedEvent;
  ConnectionRequest: SSHServerConnectionRequestEvent;
  Disconnected: SSHServerDisconnectedEvent;
  Error: SSHServerErrorEvent;
  Log: SSHServerLogEvent;
  SSHChannelClosed: SSHServerChannelEvent;
  SSHChannelDataIn: SSHServerChannelDataInEvent;
  SSHChannelEOF: SSHServerChannelEvent;
  SSHChannelOpened: SSHServerChannelEvent;
  SSHChannelOpenRequest: SSHServerChannelOpenRequestEvent;
  SSHChannelReadyToSend: SSHServerChannelEvent;
  SSHChannelRequest: SSHServerChannelRequestEvent;
  SSHChannelRequested: SSHServerChannelRequestedEvent;
  SSHServiceRequest: SSHServerServiceRequestEvent;
  SSHStatus: SSHServerStatusEvent;
  SSHTunnelClosed: SSHServerTunnelClosedEvent;
  SSHTunnelRequested: SSHServerTunnelRequestedEvent;
  SSHUserAuthRequest: SSHServerUserAuthRequestEvent;
}

/**
 * A listener may return a promise. Then only the subject of the event waits for it: the channel, or the
 * connection until it is authenticated. Later events of the same channel come after it, and `Disconnected` comes
 * after all other events of its connection. `Log` never waits, and nothing waits for `SSHChannelRequested`. Any
 * other returned value is ignored.
 *
 * When a channel or its connection has ended, and then none of its listeners settles for two seconds, they are
 * no longer waited for: an `Error` event (1202) names the event, its question counts as refused, and the remaining
 * events come without waiting for any promise. So there is one `SSHChannelClosed` for each `SSHChannelOpened`
 * and one `Disconnected` for each `Connected`, whatever listeners do.
 *
 * Listeners run in an async context that belongs to the connection: a store that one of them enters
 * (`AsyncLocalStorage.enterWith`) is visible to the later events of that connection, and to no others. The context
 * starts as that of `new sshserver()`.
 */
export type SSHServerListener<E> = (event: E) => unknown;
