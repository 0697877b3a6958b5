/// <reference types="node" />

import { EventEmitter } from 'node:events';
import { Duplex } from 'node:stream';
import { SSHServerEvents, SSHServerListener } from './lib/events.js';
import { Certificate } from './lib/certificate.js';
import { SSHChannelMap, SSHConnectionMap, SSHPromptList } from './lib/views.js';

export * from './lib/events.js';
export * from './lib/certificate.js';
export * from './lib/views.js';

/** Node's error-first callback. */
export type SSHServerCallback<T> = (error: Error | null, value: T) => void;

/**
 * An SSH server: any number of connections on one port, each with any number of channels.
 *
 * - **Ids** of connections and channels are decimal strings that are never used twice in a process.
 *   Channel ids are unique across all connections.
 * - **Methods** return promises, and take a node callback as the last argument, which is called as well.
 *   getSSHParam and setSSHParam return their result directly.
 * - **Awaiting is optional.** The promise of a method never becomes an unhandled rejection. If you await it, you get
 *   its error. An error that neither a promise nor a callback delivers fires the `Error` event, once, with its number
 *   and, where it is known, its connection. A promise that you derive from it, by then() or in an async function,
 *   is an ordinary promise.
 * - **Errors** are SSHServerError with the documented number in `code`. An argument of the wrong type is a
 *   TypeError with code `ERR_INVALID_ARG_TYPE`, an argument out of range a RangeError with `ERR_OUT_OF_RANGE`.
 *   Asynchronous methods reject with these errors; setters and synchronous methods throw them.
 * - **Properties** exist as documented (`getLocalPort()`, `setLocalPort(22)`, `isListening()`) and as plain
 *   properties (`server.localPort`): the documented name with a lower-case first letter, a leading `SSH` as `ssh`.
 * - **Lifetime**: a listening server or an open connection keeps the process alive, as does a method
 *   that has not settled; see ref() and unref().
 *
 * Node's special `'error'` event is never emitted.
 */
export class sshserver extends EventEmitter {
  /** A server with every property at its default; it does not listen yet. */
  constructor();

  // --- properties ---

  /**
   * The open channels of all connections, a live view by channel id. A closed channel is not listed, but get() finds
   * it by its id until the listeners of its `SSHChannelClosed` are done.
   */
  getChannels(): SSHChannelMap;
  /** See getChannels. */
  get channels(): SSHChannelMap;

  /**
   * How many connections the system queues before they are accepted (0 to 65535; systems have bounds of their
   * own). Default 5; until it is set the system is asked for 511, so that a burst of a few connections is not lost.
   * A change takes effect with the next startListening.
   */
  getConnectionBacklog(): number;
  /** Sets connectionBacklog, see getConnectionBacklog. */
  setConnectionBacklog(connectionBacklog: number): void;
  /** See getConnectionBacklog. */
  get connectionBacklog(): number;
  set connectionBacklog(value: number);

  /**
   * The connected clients, a live view by connection id. A client that is gone is not listed, but get() finds it by
   * its id until the listeners of its `Disconnected` are done; its `connected` is false then.
   */
  getConnections(): SSHConnectionMap;
  /** See getConnections. */
  get connections(): SSHConnectionMap;

  /**
   * The authentication methods that are offered to clients, separated by commas. Default `"password,publickey"`;
   * `none`, `keyboard-interactive`, `gssapi-with-mic` and `gssapi-keyex` are the other possible ones. Those of GSSAPI
   * are told, and taken, only where the list names them and there is a key for them (GSSKeytab).
   */
  getDefaultAuthMethods(): string;
  /** Sets defaultAuthMethods, see getDefaultAuthMethods. */
  setDefaultAuthMethods(defaultAuthMethods: string): void;
  /** See getDefaultAuthMethods. */
  get defaultAuthMethods(): string;
  set defaultAuthMethods(value: string);

  /**
   * Seconds after which an idle connection is ended: Disconnected tells 10060. Default 0: never.
   *
   * Data on a channel in either direction, tunnels included, and the opening, requests, EOF and closing of channels
   * restart the time. Keepalive requests of either side and their replies do not, nor do key exchanges, nor data that
   * waits because the client's window is full. The time starts with the login; before it LoginGraceTime applies.
   * A change applies to new connections.
   */
  getDefaultIdleTimeout(): number;
  /** Sets defaultIdleTimeout, see getDefaultIdleTimeout. */
  setDefaultIdleTimeout(defaultIdleTimeout: number): void;
  /** See getDefaultIdleTimeout. */
  get defaultIdleTimeout(): number;
  set defaultIdleTimeout(value: number);

  /**
   * The timeout, in seconds, that new connections start with (see SSHConnection.timeout). Default 60.
   * A send that waits so long for a client that takes nothing has failed: it rejects with 10060, its channel is
   * closed after what was sent (without EOF and exit status, because data is missing), and `Error` fires, whether or
   * not the send is awaited. Streams (getChannelStream) have no timeout: they wait as long as it takes.
   * 0: sends never wait. When there is no room they fail with 135, and the channel stays open.
   */
  getDefaultTimeout(): number;
  /** Sets defaultTimeout, see getDefaultTimeout. */
  setDefaultTimeout(defaultTimeout: number): void;
  /** See getDefaultTimeout. */
  get defaultTimeout(): number;
  set defaultTimeout(value: number);

  /**
   * The instruction shown to clients during keyboard-interactive authentication, 15 KiB of UTF-8 at most.
   * Default `""`. Without prompts it is shown alone, and one event asks whether to accept the login. Without
   * instruction and prompts the method is refused, as it would prove nothing.
   */
  getKeyboardInteractiveMessage(): string;
  /** Sets keyboardInteractiveMessage, see getKeyboardInteractiveMessage. */
  setKeyboardInteractiveMessage(keyboardInteractiveMessage: string): void;
  /** See getKeyboardInteractiveMessage. */
  get keyboardInteractiveMessage(): string;
  set keyboardInteractiveMessage(value: string);

  /**
   * The prompts of keyboard-interactive authentication. Starts empty. Changes to the list, or to a
   * prompt in it, take effect at once. More than 32 prompts, more than 15 KiB of UTF-8 in all, or a prompt with a
   * NUL character throw SSHServerError 10022, and change nothing.
   */
  getKeyboardInteractivePrompts(): SSHPromptList;
  /** Sets keyboardInteractivePrompts, see getKeyboardInteractivePrompts. */
  setKeyboardInteractivePrompts(keyboardInteractivePrompts: SSHPromptList): void;
  /** See getKeyboardInteractivePrompts. */
  get keyboardInteractivePrompts(): SSHPromptList;
  set keyboardInteractivePrompts(value: SSHPromptList);

  /** Whether the server accepts connections. Read-only: use startListening and stopListening. Default false. */
  isListening(): boolean;
  /** The same as isListening. */
  getListening(): boolean;
  /** See isListening. */
  get listening(): boolean;

  /**
   * The name or address of the interface to listen on. Default `""`: all. The UseIPv6 setting says which of its
   * addresses: one IPv4 address, one IPv6 address, or one of each. `localhost` is 127.0.0.1 and ::1.
   * @throws SSHServerError 107 while listening; 10022 for what is neither an address nor a host name.
   */
  getLocalHost(): string;
  /** Sets localHost, see getLocalHost. */
  setLocalHost(localHost: string): void;
  /** See getLocalHost. */
  get localHost(): string;
  set localHost(value: string);

  /**
   * The port to listen on. Default 22. With 0 the system chooses, and while listening this is the port it chose.
   * @throws SSHServerError 106 while listening.
   */
  getLocalPort(): number;
  /** Sets localPort, see getLocalPort. */
  setLocalPort(localPort: number): void;
  /** See getLocalPort. */
  get localPort(): number;
  set localPort(value: number);

  /**
   * The host key. Starts as an empty certificate; startListening fails with 1301 until there is one with a
   * private key. A change in the certificate (by its subject or encoded) takes effect for new connections.
   */
  getSSHCert(): Certificate;
  /** Sets sshCert, see getSSHCert. */
  setSSHCert(sshCert: Certificate): void;
  /** See getSSHCert. */
  get sshCert(): Certificate;
  set sshCert(value: Certificate);

  /**
   * The compression algorithms, separated by commas; the client's order decides. Default `"none,zlib"`.
   * @throws SSHServerError for an unknown name.
   */
  getSSHCompressionAlgorithms(): string;
  /** Sets sshCompressionAlgorithms, see getSSHCompressionAlgorithms. */
  setSSHCompressionAlgorithms(sshCompressionAlgorithms: string): void;
  /** See getSSHCompressionAlgorithms. */
  get sshCompressionAlgorithms(): string;
  set sshCompressionAlgorithms(value: string);

  /**
   * The encryption algorithms, separated by commas; the client's order decides. Default: the documented
   * list with the modern ones first; `config('SecurityProfile=modern')` leaves only those.
   * @throws SSHServerError for an unknown name.
   */
  getSSHEncryptionAlgorithms(): string;
  /** Sets sshEncryptionAlgorithms, see getSSHEncryptionAlgorithms. */
  setSSHEncryptionAlgorithms(sshEncryptionAlgorithms: string): void;
  /** See getSSHEncryptionAlgorithms. */
  get sshEncryptionAlgorithms(): string;
  set sshEncryptionAlgorithms(value: string);

  // --- methods ---

  /**
   * Has the data of a channel arrive in records of exactly `recordLength` bytes (0, the default: as it comes). The
   * remaining bytes, if they are fewer, are delivered before SSHChannelEOF or SSHChannelClosed. A change in a listener
   * of SSHChannelDataIn applies to the very next bytes. Takes effect before it returns. Extended data and streams are
   * not cut into records.
   *
   * Rejects with 126 for an unknown channel.
   */
  changeRecordLength(channelId: string, recordLength: number): Promise<void>;
  changeRecordLength(
    channelId: string,
    recordLength: number,
    callback: SSHServerCallback<void>,
  ): Promise<void>;

  /**
   * Sends the queued data, then EOF and CLOSE. Resolves when these were handed to the transport, or when the channel
   * ends meanwhile. Rejects with 126 for an unknown channel.
   */
  closeChannel(channelId: string): Promise<void>;
  closeChannel(channelId: string, callback: SSHServerCallback<void>): Promise<void>;

  /**
   * Reads (`"NAME"`) or sets (`"NAME=VALUE"`) a setting; names are case-insensitive. Resolves to the value, or to
   * `""` after a set. Takes effect before it returns. Booleans are True or False, which can be written 1 or 0 and
   * yes or no too.
   *
   * Rejects for an unknown name or a bad value, and with 108 for MaxConnections while listening. A bad value
   * is SSHServerError 10022 with the name of the setting in its text, and changes nothing. A value has no control
   * characters, except that certificates and their stores, banners and prompts have lines; it has at most 1 MiB
   * (stores 2 MiB, banners and prompts 15 KiB). A setting of the server is that of connections that come after it,
   * if nothing else is said; one with `[ConnectionId]` is of that connection. docs/SETTINGS.md is the same as a page.
   *
   * <!-- settings: written by scripts/settings.mjs -->
   *
   * **Logging in**
   *
   * - `FireAuthRequestAfterSig` (boolean; default `False`): Whether a further SSHUserAuthRequest tells whether a
   *   signature was right. It has authMethod `"sigstatus"` and tells of each wrong signature (authParam `"0"`), and
   *   of each right one by a key that was called good (`"1"`). It asks nothing.
   * - `GSSKeytab` (a path, or a name of the library like `FILE:/etc/sshd.keytab`; or nothing; default empty; the next
   *   startListening; extension): The key table with the server's Kerberos key (`host/NAME`); nothing: that of the
   *   system. It is looked into when the server begins to listen: if there is no key for GSSAPI, or no library,
   *   GSSAPI is not offered, and a line of the log says why. docs/KERBEROS.md shows how to set it up. Heimdal's
   *   library has one key table for the whole process.
   * - `GSSLibrary` (a file name; or nothing; default empty; the next startListening; extension): The GSSAPI library;
   *   nothing: that of MIT, else that of Heimdal, whichever is installed. For example `libgssapi.so.3` for Heimdal's
   *   where both are. It is loaded when the server begins to listen, and stays in the process.
   * - `KeyboardInteractivePrompts[ConnectionId]` (`First prompt,echo=false;Second prompt,echo=true`, or nothing; that
   *   connection): Prompts for one connection, in place of the property. At most 32, and 15 KiB in all.
   * - `LoginGraceTime` (seconds, 0 to 4294967295; default `120`; extension): The time to log in; 0: no limit. A
   *   connection that is not logged in by then is ended (statusCode 10060), whatever it does meanwhile and whatever a
   *   listener waits for. Counts from the answer to `Connected`.
   * - `MaxAuthAttempts` (failures, 0 to 4294967295; default `6`): The failure past that many ends the connection
   *   (statusCode 1300); 0: no limit. 1000 requests of any kind end it in any case. `none` does not count.
   * - `MaxUnauthenticated` (connections, 0 to 100000; default `100`; extension): The most connections at a time that
   *   have not logged in; 0: no limit. With as many a new one is closed at once and logged, without an event, so that
   *   strangers cannot take the places of MaxConnections away from users. Under both limits the oldest client that
   *   has not sent its identification string makes room first (statusCode 10060); it has 15 seconds for it in any
   *   case.
   * - `UserAuthBanner[ConnectionId]` (text of 15 KiB at most; that connection): A text for the user; set in
   *   SSHUserAuthRequest it is sent before the reply, once.
   * - `UserCertCriticalOptions` (names, separated by commas; default empty; extension): The critical options of
   *   users' certificates that your listeners keep to. For example `force-command,source-address`. A certificate with
   *   another one is refused without an event, as its authority wants it. `verify-required` need not be named: the
   *   server sees to it.
   *
   * **Connections**
   *
   * - `MaxConnections` (connections, 1 to 100000; default `1000`; 108 while listening): The most connections at a
   *   time. Who comes when there are as many is disconnected at once, and the log says so.
   * - `DefaultConnectionTimeout` (seconds, 0 to 4294967295; default `0`): How long a client may be silent before it
   *   is logged in; 0: no limit. One that has to say something and says nothing for so long is disconnected;
   *   `Disconnected` has statusCode 10060. The time that listeners take does not count.
   * - `SSHKeepAliveInterval` (seconds, 0 to 2147483647; default `0`): A client from or to which nothing went for so
   *   long is asked whether it is there; 0: none is. It gets a `keepalive@openssh.com` request, which every client
   *   answers. From the login on.
   * - `SSHKeepAliveCountMax` (requests, 0 to 2147483647; default `5`): After so many of these requests without a sign
   *   of the client it is taken for gone; 0: no limit. `Disconnected` tells 10060.
   * - `SSHVersionPattern` (patterns, separated by commas; default `*SSH-1.99-*,*SSH-2.0-*`): The version strings that
   *   clients may have. One of the patterns has to match the whole string. Upper and lower case are told apart; `*`
   *   stands for any text, `?` for any character. Other clients are disconnected (reason 8), and `Disconnected` tells
   *   10053. Clients of protocol 1 (`SSH-1.5-`) are, whatever the patterns.
   * - `ServerSSHVersionString` (`SSH-2.0-` and at most 245 printable characters; default
   *   `SSH-2.0-sshserver_VERSION`): What clients are told of the server.
   * - `ClientSSHVersionString[ConnectionId]` (text; to be read): What a client has told of itself; `""` before it
   *   has.
   *
   * **Who may connect.** A client that is not in AllowedClients, or is in BlockedClients, starts `ConnectionRequest`
   * with `accept` false; a listener can still let it in. Without a listener it is disconnected before it gets a byte,
   * and the log says why. A change concerns who connects from then on; who is connected stays. Entries are addresses
   * (`10.0.0.1`, `fd00::1`), prefixes (`10.0.0.0/8`, `fd00::/8`), IPv4 wildcards (`10.0.*`), `*` for everybody, host
   * names, and wildcards of host names (`*.example.com`); up to 10000 of them, of which 1000 have a `*` and 64 are
   * host names. An IPv4 client that comes over IPv6 (`::ffff:10.0.0.1`) is an IPv4 client. A host name stands for all
   * of its addresses, which are looked up when a client connects and then believed for a minute. A wildcard of names
   * is compared with the name of the client's address, if that name leads back to the address: a client without such
   * a name matches none, so prefer addresses to block somebody. Only the connection waits for look-ups, 10 seconds at
   * most; a name that is not found matches nobody. While its name servers are out of order, a host name stands for
   * the addresses that were last found.
   *
   * - `AllowedClients` (clients, separated by commas; default `*`): Who may connect; empty: nobody.
   * - `BlockedClients` (clients, separated by commas; default empty): Who may not connect.
   *
   * **Where the server listens**
   *
   * - `UseIPv6` (0 to 2; default `0`; the next startListening): 0 IPv4 only, 1 IPv6 only, 2 both on the same port.
   *   With 2 on a system without IPv6, IPv4 only. A LocalHost that has no such address makes startListening fail with
   *   10047.
   * - `BindExclusively` (boolean; default `True`; the next startListening): Whether nobody else may listen on the
   *   port. startListening fails with 10048 if somebody does. False: it is shared with whoever asks for sharing too
   *   (SO_REUSEADDR and, on Unix, SO_REUSEPORT), so that several processes can serve one port.
   *
   * **Sockets of connections.** A number out of the bounds of a size or a time is taken as the nearest within.
   *
   * - `InBufferSize` (bytes, 0 to 1073741824; default `0`): How much the system holds of what a client has sent
   *   (SO_RCVBUF); 0: as the system has it. What the system does not have, it brings to what it has. A size that is
   *   set keeps the system from adapting it to the path; leave it alone for speed.
   * - `OutBufferSize` (bytes, 0 to 1073741824; default `0`): How much the system holds of what a client has not taken
   *   (SO_SNDBUF); 0: as the system has it. What the system does not have, it brings to what it has. A size that is
   *   set keeps the system from adapting it to the path; leave it alone for speed.
   * - `KeepAliveTime` (milliseconds, 0 to 32767000; default `0`): The time without traffic after which the system
   *   asks whether the client is there; 0: as the system has it. Rounded up to seconds, which is what systems count
   *   in. TCP keep-alive itself is always on.
   * - `KeepAliveInterval` (milliseconds, 0 to 32767000; default `0`): The time between two such questions; 0: as the
   *   system has it. Rounded up to seconds, which is what systems count in. TCP keep-alive itself is always on.
   * - `TcpNoDelay` (boolean; default `False`): True: every write leaves as a packet of its own, from the first
   *   channel on; False: the system may join small ones (Nagle's algorithm). The end of what the server has to send
   *   leaves at once in either case: no reply waits for the client's acknowledgement. Before the first channel it is
   *   always on.
   *
   * **Algorithms.** A listener of `Connected` cannot set these (10022): they are those of all connections that come
   * after, and it would be chance which. Names stand in any order: the client's decides (RFC 4253, section 7.1). An
   * unknown name is refused; names of GSSAPI with other mechanisms than Kerberos are taken and not offered, those
   * with Kerberos only where there is a key (GSSKeytab). Ciphers and compression are the properties
   * SSHEncryptionAlgorithms and SSHCompressionAlgorithms.
   *
   * - `SecurityProfile` (`modern`, `intermediate` or `compatible`; default `compatible`; extension): Sets every list
   *   of algorithms, those of the properties included. `modern`: what ssh-audit has nothing against, for clients with
   *   a post-quantum key exchange; `intermediate`: what a current OpenSSH accepts, without SHA-1 and short tags;
   *   `compatible`: the documented defaults. The first two refuse RSA keys of less than 2048 bits. Lists that are set
   *   afterwards count. docs/SSH-AUDIT.md has the reasons.
   * - `SSHKeyExchangeAlgorithms` (names, separated by commas): The methods of key exchange.
   * - `SSHMacAlgorithms` (names, separated by commas): The MACs.
   * - `SSHPublicKeyAlgorithms` (names, separated by commas): The signature algorithms that the server proves itself
   *   with. Offered are those that one of its keys fits (`x509v3-…`: and that there are X.509 certificates for);
   *   without any, startListening rejects with 1301.
   * - `SSHPubKeyAuthSigAlgorithms` (names, separated by commas): The signature algorithms that clients may log in
   *   with. They are told to clients (`server-sig-algs`). One that is not listed is refused without an event and
   *   counts as a failed attempt; the client may go on with another key.
   * - `UseStrictKeyExchange` (0 to 3; default `1`): The answer to the Terrapin attack: 0 off, 1 with each client that
   *   can, 2 required for the ciphers and MACs that the attack is about, 3 required of every client.
   * - `NegotiatedStrictKex[ConnectionId]` (boolean; to be read): Whether a connection has strict key exchange.
   * - `KeyRenegotiationThreshold` (bytes, 1 to 18446744073709551615; default `1073741824`): New keys after so many
   *   bytes in one direction. Not before the client has logged in. Ciphers with small blocks get new keys earlier.
   * - `KeyRenegotiationInterval` (seconds, 0 to 4294967295; default `3600`; extension): New keys after this time; 0:
   *   by volume only. Not before the client has logged in. This or KeyRenegotiationThreshold, whichever comes first.
   *
   * **Host keys.** The AltSSHCert settings are further keys, for clients that do not take the algorithms of SSHCert.
   * Indices begin with 0.
   *
   * - `AltSSHCertCount` (0 to 256; default `0`): How many further host keys there are. More of them are empty ones,
   *   fewer drop the last.
   * - `AltSSHCertStoreType[i]` (a store type, 0 to 99): The type of a further key's store, as for Certificate.
   * - `AltSSHCertStore[i]` (text): The store of a further key, as for Certificate. A store of text has its lines.
   * - `AltSSHCertStorePassword[i]` (text): The password of that store.
   * - `AltSSHCertSubject[i]` (text): Which certificate of that store has the key, as for Certificate; `*` is the
   *   first. `""` takes the key away. To be set last: it has the certificate loaded, on another thread. Resolves when
   *   that is done and startListening waits for it; rejects with 1301 if it cannot be loaded or has no private key,
   *   and keeps the key of before.
   * - `SSHHostCertificates` (lines of `…-cert.pub` files; default empty; extension): The OpenSSH certificates of the
   *   host keys. As in the files of `ssh-keygen -h -s`, one a line. Each is served beside the key it is for, be that
   *   key SSHCert, an AltSSHCert or that of one connection; one for no key of the server is not used. A line that is
   *   no certificate of a host with a signature that holds is an error with its number. Setting it again replaces
   *   all; dates are the clients' to check.
   *
   * **Data, logs and the rest**
   *
   * - `CodePage` (the number of a code page; default `65001`; everything, at once): The encoding of `data`, of
   *   sendText and of dataToSend; 65001 is UTF-8. docs/CODEPAGES.md lists them. A character that the code page lacks
   *   is sent as `?`. Rejects with 10022 for a page that is not supported, by its name.
   * - `LogLevel` (0 to 3; default `1`; everything, at once): What `Log` tells: 0 nothing, 1 milestones, 2 a line for
   *   each packet, 3 the bytes of each packet too. Level 3 includes what is typed in a session.
   * - `MaskSensitive` (boolean; default `True`; everything, at once): Whether passwords and the responses of
   *   keyboard-interactive are left out of the log. False shows them at level 3, as bytes. Keys and shared secrets
   *   are never logged.
   * - `BuildInfo` (text; to be read): Name, version and platform of the addon.
   * - `LicenseInfo` (text; to be read): The licence. The lines are the documented ones; there is no key, as the
   *   licence is an open one.
   * - `UseInternalSecurityAPI` (boolean; default `False`; everything, at once): Without effect; it is kept and read
   *   back. The addon has all its cryptography in itself, on every system.
   *
   * <!-- end -->
   */
  config(configurationString: string): Promise<string>;
  config(configurationString: string, callback: SSHServerCallback<string>): Promise<string>;

  /** Ends a connection. Rejects with 126 for an unknown one. */
  disconnect(connectionId: string): Promise<void>;
  disconnect(connectionId: string, callback: SSHServerCallback<void>): Promise<void>;

  /**
   * Lets events run: yields to the event loop and, when nothing happens, waits up to 100 ms. Events fire without
   * it too; the loop `while (true) await server.doEvents()` neither starves the program nor busy-waits.
   */
  doEvents(): Promise<void>;
  doEvents(callback: SSHServerCallback<void>): Promise<void>;

  /**
   * Exchanges new session keys; resolves when they are in use in both directions. Rejects with 126 for an unknown
   * connection. Before the login is complete the exchange is postponed until then, because many clients do not accept
   * one earlier: a listener that decides on the login must not await it.
   */
  exchangeKeys(connectionId: string): Promise<void>;
  exchangeKeys(connectionId: string, callback: SSHServerCallback<void>): Promise<void>;

  /**
   * Reads a field of a packet's payload by its documented name (case-insensitive), or by a list of types as
   * in `"%s,f"`. Takes a whole packet (SSHChannelRequest) and bare type-specific data alike. `ChannelId` of a packet
   * is the id that the other methods take. Numbers of any
   * size (`m`) up to 8 KiB are read as decimal digits, longer ones only with getSSHParamBytes.
   * @throws SSHServerError when there is no such field.
   */
  getSSHParam(payload: Uint8Array, field: string): string;

  /** The same as getSSHParam, as bytes and with a promise. */
  getSSHParamBytes(payload: Uint8Array, field: string): Promise<Uint8Array>;
  getSSHParamBytes(
    payload: Uint8Array,
    field: string,
    callback: SSHServerCallback<Uint8Array>,
  ): Promise<Uint8Array>;

  /**
   * Opens a channel to the client and resolves to its id. The channel's events wait until the code after the
   * `await` has run, so that it can ask for the stream. Clients take `auth-agent@openssh.com` after a request
   * for it (`ssh -A`), `x11` after an x11-req, and `forwarded-tcpip` for a reverse tunnel of theirs.
   *
   * Extension: `parameters` is the data of the channel type, built with setSSHParam, of at most 32640 bytes: none for
   * an agent; originator's address (s) and port (i) for x11; for forwarded-tcpip the address and port that
   * the client asked for, before those of the originator.
   *
   * Rejects with 126 for an unknown connection, with 10057 for one that has not logged in, with 10022 for a
   * type that is none (1 to 64 printable characters of US-ASCII, no space or comma), and with 10061 when
   * the client refuses.
   */
  openChannel(connectionId: string, channelType: string, parameters?: Uint8Array): Promise<string>;
  openChannel(
    connectionId: string,
    channelType: string,
    callback: SSHServerCallback<string>,
  ): Promise<string>;
  openChannel(
    connectionId: string,
    channelType: string,
    parameters: Uint8Array,
    callback: SSHServerCallback<string>,
  ): Promise<string>;

  /** Shuts down as shutdown() does, then gives every property and setting its default. Listeners stay. */
  reset(): Promise<void>;
  reset(callback: SSHServerCallback<void>): Promise<void>;

  /**
   * Sends data. The bytes are copied before this returns. Resolves when all was handed to the transport within the
   * client's window. Calls on one channel keep their order, awaited or not.
   *
   * With a connection timeout > 0 it waits for room. After that many seconds without progress it fails with 10060,
   * and the channel is closed, see getDefaultTimeout; what was queued behind it fails with 10058.
   * With 0 it rejects with 135 at once when not everything could be sent. The remaining bytes are dropped, and
   * SSHChannelReadyToSend fires when there is room. In both cases SSHChannel.bytesSent tells how much was sent. With 0,
   * at most a megabyte of a channel waits for the socket, and counts as sent. Rejects with 126 for an unknown channel:
   * a client can be gone at any moment.
   */
  sendBytes(channelId: string, data: Uint8Array): Promise<void>;
  sendBytes(channelId: string, data: Uint8Array, callback: SSHServerCallback<void>): Promise<void>;

  /** The same as sendBytes. */
  sendChannelData(channelId: string, data: Uint8Array): Promise<void>;
  sendChannelData(
    channelId: string,
    data: Uint8Array,
    callback: SSHServerCallback<void>,
  ): Promise<void>;

  /**
   * Sends a message of this number: the number, for 91-100 the channel number of the client, then `payload` (see
   * setSSHParam). 94 and 95 obey the window as sendBytes does. Rejects for numbers that would break the transport
   * (0-49 except IGNORE and DEBUG, and 50-79), for those that open channels (90-92), for a packet of more than 32768
   * bytes that is not data, for fields that are not those of 93-97, and with 126 for an unknown channel.
   */
  sendSSHPacket(channelId: string, packetType: number, payload: Uint8Array): Promise<void>;
  sendSSHPacket(
    channelId: string,
    packetType: number,
    payload: Uint8Array,
    callback: SSHServerCallback<void>,
  ): Promise<void>;

  /**
   * Sends text in the encoding of the CodePage setting (UTF-8); a character that it lacks is sent as `?`.
   * Otherwise as sendBytes.
   */
  sendText(channelId: string, text: string): Promise<void>;
  sendText(channelId: string, text: string, callback: SSHServerCallback<void>): Promise<void>;

  /**
   * Appends a field to a payload (null or undefined: an empty payload) and returns the new payload; the old one is
   * not changed. Types: s text, sb hexadecimal bytes, m big integer, i 32 bits, l 64 bits, b byte, f boolean.
   * @throws SSHServerError for an unknown type or a value that does not fit it.
   */
  setSSHParam(
    payload: Uint8Array | null | undefined,
    fieldType: string,
    fieldValue: string,
  ): Uint8Array;

  /**
   * Stops listening, disconnects all clients (reason 11) and resolves when they are gone. The process can then end by
   * itself. Operations that were under way fail with 10053. It does not wait for listeners that are not done with
   * their event, so a listener may call it and await it.
   */
  shutdown(): Promise<void>;
  shutdown(callback: SSHServerCallback<void>): Promise<void>;

  /**
   * Listens on localHost and localPort; resolves when clients can connect. Called while stopListening, shutdown
   * or reset is under way, it begins after that. Rejects with 104 when it already listens, with 1301 without
   * a host key, with 10004 when it is stopped before it has begun, and with the code of the system (10048: the
   * address is in use; 11001: no such LocalHost; 10047: it has no address that UseIPv6 allows). docs/ERRORS.md has
   * every code.
   */
  startListening(): Promise<void>;
  startListening(callback: SSHServerCallback<void>): Promise<void>;

  /** Accepts no further connections; open connections stay. */
  stopListening(): Promise<void>;
  stopListening(callback: SSHServerCallback<void>): Promise<void>;

  // --- extensions ---

  /**
   * Extension: tells the client that no more data follows; the channel stays open the other way. Resolves also if
   * the channel ends meanwhile.
   */
  sendEOF(channelId: string): Promise<void>;
  sendEOF(channelId: string, callback: SSHServerCallback<void>): Promise<void>;

  /** Extension: sends extended data of this type (default 1, stderr). Otherwise as sendBytes. */
  sendExtendedData(channelId: string, data: Uint8Array, type?: number): Promise<void>;
  sendExtendedData(
    channelId: string,
    data: Uint8Array,
    callback: SSHServerCallback<void>,
  ): Promise<void>;
  sendExtendedData(
    channelId: string,
    data: Uint8Array,
    type: number,
    callback: SSHServerCallback<void>,
  ): Promise<void>;

  /** Extension: tells the client the exit status (0 to 2^32 - 1) of its command; send it before closeChannel. */
  sendExitStatus(channelId: string, status: number): Promise<void>;
  sendExitStatus(
    channelId: string,
    status: number,
    callback: SSHServerCallback<void>,
  ): Promise<void>;

  /**
   * Extension: the channel as a stream, the same one at each call; available from SSHChannelOpened on.
   *
   * From then on the channel's data goes to the stream and not to SSHChannelDataIn (extended data still
   * does); SSHChannelEOF ends it. Its reading side re-opens the channel's window as the bytes are taken; its
   * writing side waits for the client's window as long as it takes, whatever the connection's timeout. `write()`
   * returns false from 64 KiB on, or from 256 pieces, that wait for it.
   *
   * Only EOF ends the data. A channel that ends without EOF has truncated it: its client is gone or has closed the
   * channel, or the connection was disconnected. After the bytes that came, the stream is then destroyed with an error
   * whose code is `ERR_STREAM_PREMATURE_CLOSE` and whose `cause` has the number that the connection has ended with
   * (10054: reset; 10053: no fault), or 10058 for a channel that the client has closed. `pipeline`, `finished` and
   * `for await` reject with it. After your own closeChannel they do so too, but there is no `'error'` event.
   * An error of a stream without a listener of `'error'` does not end the process: `Error` tells it.
   *
   * The stream never closes the channel by itself: `end()` sends EOF; call closeChannel after the exit status. Many
   * clients close a channel when both sides have sent EOF, so pipe into it with `{ end: false }` where a status
   * or extended data is to follow, and let closeChannel end it.
   * `destroy()` closes the channel, without EOF if not everything that was written has been sent. A write to a channel
   * that is gone ends the stream with an error.
   * @throws SSHServerError 126 for an unknown channel.
   */
  getChannelStream(channelId: string): Duplex;

  /** Extension: the listening server and its connections keep the process alive (the default). */
  ref(): this;

  /** Extension: lets the process end even though the server listens or has connections. */
  unref(): this;

  // --- events ---

  on<K extends keyof SSHServerEvents>(
    event: K,
    listener: SSHServerListener<SSHServerEvents[K]>,
  ): this;
  addListener<K extends keyof SSHServerEvents>(
    event: K,
    listener: SSHServerListener<SSHServerEvents[K]>,
  ): this;
  prependListener<K extends keyof SSHServerEvents>(
    event: K,
    listener: SSHServerListener<SSHServerEvents[K]>,
  ): this;
  once<K extends keyof SSHServerEvents>(
    event: K,
    listener: SSHServerListener<SSHServerEvents[K]>,
  ): this;
  prependOnceListener<K extends keyof SSHServerEvents>(
    event: K,
    listener: SSHServerListener<SSHServerEvents[K]>,
  ): this;
  off<K extends keyof SSHServerEvents>(
    event: K,
    listener: SSHServerListener<SSHServerEvents[K]>,
  ): this;
  removeListener<K extends keyof SSHServerEvents>(
    event: K,
    listener: SSHServerListener<SSHServerEvents[K]>,
  ): this;
  removeAllListeners(event?: keyof SSHServerEvents): this;
}

/** The same class under a name of the usual form. */
export { sshserver as SSHServer };
