/// <reference types="node" />

import { EventEmitter } from 'node:events';
import { Duplex } from 'node:stream';
import { SSHServerEvents, SSHServerListener } from './lib/events.js';
import { Certificate } from './lib/certificate.js';
import { SSHChannelMap, SSHConnectionMap, SSHPromptList } from './lib/views.js';

export * from './lib/events.js';
export * from './lib/certificate.js';
export * from './lib/views.js';

/** What Node calls an error-first callback. */
export type SSHServerCallback<T> = (error: Error | null, value: T) => void;

/**
 * An SSH server: any number of connections on one port, each with any number of channels.
 *
 * - **Ids** of connections and channels are decimal strings that are never used twice in a process.
 *   Channel ids are unique across all connections.
 * - **Methods** return promises; with a node callback as the last argument they return nothing and call
 *   it instead. getSSHParam and setSSHParam return their result directly.
 * - **Errors** are SSHServerError with the documented number in `code`. An argument of the wrong type is a
 *   TypeError with code `ERR_INVALID_ARG_TYPE`, a number outside of what is possible a RangeError with
 *   `ERR_OUT_OF_RANGE`. Asynchronous methods reject with them; setters and the others throw them.
 * - **Properties** exist as documented (`getLocalPort()`, `setLocalPort(22)`, `isListening()`) and as plain
 *   ones (`server.localPort`): the documented name with a small first letter, `SSH` at its front as `ssh`.
 * - **Lifetime**: a listening server or an open connection keeps the process alive, as does a method
 *   that has not settled; see ref() and unref().
 *
 * Node's special `'error'` event is never emitted.
 */
export class sshserver extends EventEmitter {
  /** A server with every property at its default; it does not listen yet. */
  constructor();

  // --- properties ---

  /** The open channels of all connections, a live view by channel id. */
  getChannels(): SSHChannelMap;
  /** See getChannels. */
  get channels(): SSHChannelMap;

  /**
   * How many connections the system queues before they are accepted. Default 5.
   * A change takes effect with the next startListening.
   */
  getConnectionBacklog(): number;
  /** Sets connectionBacklog, see getConnectionBacklog. */
  setConnectionBacklog(connectionBacklog: number): void;
  /** See getConnectionBacklog. */
  get connectionBacklog(): number;
  set connectionBacklog(value: number);

  /** The connected clients, a live view by connection id. */
  getConnections(): SSHConnectionMap;
  /** See getConnections. */
  get connections(): SSHConnectionMap;

  /**
   * The authentication methods told to clients, separated by commas. Default `"password,publickey"`;
   * `none` and `keyboard-interactive` are the others.
   */
  getDefaultAuthMethods(): string;
  /** Sets defaultAuthMethods, see getDefaultAuthMethods. */
  setDefaultAuthMethods(defaultAuthMethods: string): void;
  /** See getDefaultAuthMethods. */
  get defaultAuthMethods(): string;
  set defaultAuthMethods(value: string);

  /** Seconds after which a connection without any data is ended. Default 0: never. */
  getDefaultIdleTimeout(): number;
  /** Sets defaultIdleTimeout, see getDefaultIdleTimeout. */
  setDefaultIdleTimeout(defaultIdleTimeout: number): void;
  /** See getDefaultIdleTimeout. */
  get defaultIdleTimeout(): number;
  set defaultIdleTimeout(value: number);

  /**
   * The timeout, in seconds, that new connections start with (see SSHConnection.timeout). Default 60.
   * 0: sends never wait, they fail with 135 instead.
   */
  getDefaultTimeout(): number;
  /** Sets defaultTimeout, see getDefaultTimeout. */
  setDefaultTimeout(defaultTimeout: number): void;
  /** See getDefaultTimeout. */
  get defaultTimeout(): number;
  set defaultTimeout(value: number);

  /** The instruction shown to clients during keyboard-interactive authentication. Default `""`. */
  getKeyboardInteractiveMessage(): string;
  /** Sets keyboardInteractiveMessage, see getKeyboardInteractiveMessage. */
  setKeyboardInteractiveMessage(keyboardInteractiveMessage: string): void;
  /** See getKeyboardInteractiveMessage. */
  get keyboardInteractiveMessage(): string;
  set keyboardInteractiveMessage(value: string);

  /**
   * The prompts of keyboard-interactive authentication. Starts empty. Changes to the list, or to a
   * prompt in it, take effect at once.
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
   * The name or address of the interface to listen on. Default `""`: all.
   * @throws SSHServerError 107 while listening.
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
   * Has the data of a channel arrive in records of exactly `recordLength` bytes (0, the default: as it comes).
   * A shorter rest is delivered before SSHChannelEOF or SSHChannelClosed. Inside SSHChannelDataIn the change
   * concerns the very next bytes. Takes effect before it returns. Extended data and streams are not cut.
   *
   * Rejects with 126 for an unknown channel.
   */
  changeRecordLength(channelId: string, recordLength: number): Promise<void>;
  changeRecordLength(
    channelId: string,
    recordLength: number,
    callback: SSHServerCallback<void>,
  ): void;

  /** Sends what is queued, then EOF and CLOSE. Rejects with 126 for an unknown channel. */
  closeChannel(channelId: string): Promise<void>;
  closeChannel(channelId: string, callback: SSHServerCallback<void>): void;

  /**
   * Reads (`"NAME"`) or sets (`"NAME=VALUE"`) a setting; names are case-insensitive. Resolves to the value, or to
   * `""` after a set. Takes effect before it returns. Booleans read as `True`/`False`.
   *
   * Rejects for an unknown name or a bad value, and with 108 for MaxConnections while listening.
   */
  config(configurationString: string): Promise<string>;
  config(configurationString: string, callback: SSHServerCallback<string>): void;

  /** Ends a connection. Rejects with 126 for an unknown one. */
  disconnect(connectionId: string): Promise<void>;
  disconnect(connectionId: string, callback: SSHServerCallback<void>): void;

  /**
   * Lets events run: yields to the event loop and, when nothing happens, waits up to 100 ms. Events fire without
   * it too; `while (true) await server.doEvents()` neither starves the program nor spins.
   */
  doEvents(): Promise<void>;
  doEvents(callback: SSHServerCallback<void>): void;

  /**
   * Exchanges new session keys; resolves when they are in use in both directions. Rejects with 126 for an unknown
   * connection.
   */
  exchangeKeys(connectionId: string): Promise<void>;
  exchangeKeys(connectionId: string, callback: SSHServerCallback<void>): void;

  /**
   * Reads a field of a packet's payload by its documented name (case-insensitive), or by a list of types as
   * in `"%s,f"`. Takes a whole packet (SSHChannelRequest) and bare type-specific data alike.
   * @throws SSHServerError when there is no such field.
   */
  getSSHParam(payload: Uint8Array, field: string): string;

  /** The same as getSSHParam, as bytes and with a promise. */
  getSSHParamBytes(payload: Uint8Array, field: string): Promise<Uint8Array>;
  getSSHParamBytes(
    payload: Uint8Array,
    field: string,
    callback: SSHServerCallback<Uint8Array>,
  ): void;

  /**
   * Opens a channel to the client and resolves to its id. The channel's events wait until the code after the
   * `await` has run, so that it can ask for the stream.
   *
   * Rejects with 126 for an unknown connection, and when the client refuses.
   */
  openChannel(connectionId: string, channelType: string): Promise<string>;
  openChannel(connectionId: string, channelType: string, callback: SSHServerCallback<string>): void;

  /** Shuts down as shutdown() does, then gives every property and setting its default. Listeners stay. */
  reset(): Promise<void>;
  reset(callback: SSHServerCallback<void>): void;

  /**
   * Sends data. The bytes are copied before this returns. Resolves when all was handed to the transport within the
   * client's window. Calls on one channel keep their order, awaited or not.
   *
   * With a connection timeout > 0 it waits for room and fails after that many seconds without progress; with 0
   * it rejects with 135 at once when not all could be sent: SSHChannel.bytesSent tells how much was, and
   * SSHChannelReadyToSend fires when there is room. Rejects with 126 for an unknown channel: as a client can
   * be gone at any moment, handle the rejection.
   */
  sendBytes(channelId: string, data: Uint8Array): Promise<void>;
  sendBytes(channelId: string, data: Uint8Array, callback: SSHServerCallback<void>): void;

  /** The same as sendBytes. */
  sendChannelData(channelId: string, data: Uint8Array): Promise<void>;
  sendChannelData(channelId: string, data: Uint8Array, callback: SSHServerCallback<void>): void;

  /**
   * Sends a message of this number: the number, for 91-100 the channel number of the client, then `payload` (see
   * setSSHParam). 94 and 95 obey the window as sendBytes does. Rejects for numbers that would break the transport
   * (0-49 except IGNORE and DEBUG, and 50-79), and with 126 for an unknown channel.
   */
  sendSSHPacket(channelId: string, packetType: number, payload: Uint8Array): Promise<void>;
  sendSSHPacket(
    channelId: string,
    packetType: number,
    payload: Uint8Array,
    callback: SSHServerCallback<void>,
  ): void;

  /** Sends text in the encoding of the CodePage setting (UTF-8). Otherwise as sendBytes. */
  sendText(channelId: string, text: string): Promise<void>;
  sendText(channelId: string, text: string, callback: SSHServerCallback<void>): void;

  /**
   * Adds a field to the end of a payload (null or undefined: an empty one) and returns the new payload; the old
   * one stays as it is. Types: s text, sb hexadecimal bytes, m big integer, i 32 bits, l 64 bits, b byte, f boolean.
   * @throws SSHServerError for an unknown type or a value that does not fit it.
   */
  setSSHParam(
    payload: Uint8Array | null | undefined,
    fieldType: string,
    fieldValue: string,
  ): Uint8Array;

  /**
   * Stops listening, disconnects all clients (reason 11) and resolves when they are gone. The process can then
   * end by itself. What was under way fails with 10053; a listener that is not done with its event is not
   * waited for, so listeners may call this and wait for it.
   */
  shutdown(): Promise<void>;
  shutdown(callback: SSHServerCallback<void>): void;

  /**
   * Listens on localHost and localPort; resolves when clients can connect. Called while stopListening, shutdown
   * or reset is under way, it begins after that. Rejects with 104 when it already listens, with 1301 without
   * a host key, with 10004 when it is stopped before it has begun, and with the code of the system (10048: the
   * address is in use). docs/ERRORS.md has every code.
   */
  startListening(): Promise<void>;
  startListening(callback: SSHServerCallback<void>): void;

  /** Accepts no further connections; those that are there stay. */
  stopListening(): Promise<void>;
  stopListening(callback: SSHServerCallback<void>): void;

  // --- extensions ---

  /** Extension: tells the client that no more data follows; the channel stays open the other way. */
  sendEOF(channelId: string): Promise<void>;
  sendEOF(channelId: string, callback: SSHServerCallback<void>): void;

  /** Extension: sends extended data of this type (default 1, stderr). Otherwise as sendBytes. */
  sendExtendedData(channelId: string, data: Uint8Array, type?: number): Promise<void>;
  sendExtendedData(channelId: string, data: Uint8Array, callback: SSHServerCallback<void>): void;
  sendExtendedData(
    channelId: string,
    data: Uint8Array,
    type: number,
    callback: SSHServerCallback<void>,
  ): void;

  /** Extension: tells the client the exit status (0 to 2^32 - 1) of its command; send it before closeChannel. */
  sendExitStatus(channelId: string, status: number): Promise<void>;
  sendExitStatus(channelId: string, status: number, callback: SSHServerCallback<void>): void;

  /**
   * Extension: the channel as a stream, the same one at each call; available from SSHChannelOpened on.
   *
   * From then on the channel's data goes to the stream and not to SSHChannelDataIn (extended data still
   * does); SSHChannelEOF ends it. Its reading side re-opens the channel's window as the bytes are taken; its
   * writing side waits for the client's window as long as it takes, whatever the connection's timeout.
   * The stream never closes the channel by itself: `end()` sends EOF; call closeChannel after the exit status.
   * `destroy()` closes the channel. A write to a channel that is gone ends the stream with an error.
   * @throws SSHServerError 126 for an unknown channel.
   */
  getChannelStream(channelId: string): Duplex;

  /** Extension: has the listening server and its connections keep the process alive (the default). */
  ref(): this;

  /** Extension: lets the process end though the server listens or has connections. */
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
