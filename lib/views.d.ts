/** One line the client shows during keyboard-interactive authentication. A change to a prompt in use takes effect at once. */
export class SSHPrompt {
  constructor(prompt?: string, echo?: boolean);

  /** The text to show. Default "". */
  getPrompt(): string;
  /** See getPrompt. */
  setPrompt(prompt: string): void;
  /** See getPrompt. */
  get prompt(): string;
  set prompt(value: string);

  /** Whether what the user types may be shown. Default false. */
  getEcho(): boolean;
  /** The same as getEcho. */
  isEcho(): boolean;
  /** See getEcho. */
  setEcho(echo: boolean): void;
  /** See getEcho. */
  get echo(): boolean;
  set echo(value: boolean);
}

/** Prompts in order, by an index from 0. */
export class SSHPromptList implements Iterable<SSHPrompt> {
  constructor(prompts?: Iterable<SSHPrompt>);
  /** How many prompts there are. */
  size(): number;
  /** The prompt at this index, or undefined. */
  get(index: number): SSHPrompt | undefined;
  /** The same as get. */
  item(index: number): SSHPrompt | undefined;
  /** Whether there is a prompt at this index. */
  has(index: number): boolean;
  /** Adds a prompt at the end. */
  add(prompt: SSHPrompt): this;
  /** Replaces a prompt. Throws a RangeError if there is none at this index. */
  set(index: number, prompt: SSHPrompt): this;
  /** Removes a prompt, by its index or itself, and returns it; undefined if it is not there. */
  remove(which: number | SSHPrompt): SSHPrompt | undefined;
  /** Removes all. */
  clear(): void;
  keys(): IterableIterator<number>;
  values(): IterableIterator<SSHPrompt>;
  entries(): IterableIterator<[number, SSHPrompt]>;
  forEach(
    callback: (prompt: SSHPrompt, index: number, list: SSHPromptList) => void,
    thisArg?: unknown,
  ): void;
  [Symbol.iterator](): IterableIterator<SSHPrompt>;
}

/**
 * A client. Addresses and ids can still be read after it is gone.
 *
 * Fields exist as accessor methods and as plain properties.
 */
export class SSHConnection {
  /** An empty object, which has only its defaults. */
  constructor();

  /** Whether the connection is open. Setting it to false disconnects; setting it to true throws 126 once it is gone. */
  getConnected(): boolean;
  /** The same as getConnected. */
  isConnected(): boolean;
  /** See getConnected. */
  setConnected(connected: boolean): void;
  /** See getConnected. */
  get connected(): boolean;
  set connected(value: boolean);

  /** The id. Default "". */
  getConnectionId(): string;
  /** See getConnectionId. */
  get connectionId(): string;

  /** The server's own address of this connection. Default "". */
  getLocalAddress(): string;
  /** See getLocalAddress. */
  get localAddress(): string;

  /** The address of the client. Default "". */
  getRemoteHost(): string;
  /** See getRemoteHost. */
  get remoteHost(): string;

  /** The port of the client. Default 0. */
  getRemotePort(): number;
  /** See getRemotePort. */
  get remotePort(): number;

  /**
   * Seconds a send waits without progress before it fails with 10060 and its channel is closed; 0: it never waits, and
   * fails with 135 instead. Starts as defaultTimeout, see getDefaultTimeout for more. A change applies to waiting sends
   * too: a shorter time may be over already, and with 0 they fail at once. Setting it throws 126 once the connection
   * is gone.
   */
  getTimeout(): number;
  /** See getTimeout. */
  setTimeout(timeout: number): void;
  /** See getTimeout. */
  get timeout(): number;
  set timeout(value: number);
}

/**
 * An open channel. Ids and service can still be read after it is gone.
 *
 * Fields exist as accessor methods and as plain properties.
 */
export class SSHChannel {
  /** An empty object, which has only its defaults. */
  constructor();

  /** The number of bytes sent by the last send that sent at least one byte or failed. Default 0. */
  getBytesSent(): number;
  /** See getBytesSent. */
  get bytesSent(): number;

  /** The id. Default "". */
  getChannelId(): string;
  /** See getChannelId. */
  get channelId(): string;

  /** Extension: the id of its connection. Default "". */
  getConnectionId(): string;
  /** See getConnectionId. */
  get connectionId(): string;

  /** Write-only: sends the text. Throws an immediate error; a later one fires `Error`. sendText has a promise. */
  setDataToSend(dataToSend: string): void;
  /** See setDataToSend. */
  set dataToSend(value: string);

  /** Write-only: sends the bytes. Otherwise as setDataToSend. sendBytes has a promise. */
  setDataToSendB(dataToSendB: Uint8Array): void;
  /** See setDataToSendB. */
  set dataToSendB(value: Uint8Array);

  /** Whether data can be sent now. Default false. */
  getReadyToSend(): boolean;
  /** The same as getReadyToSend. */
  isReadyToSend(): boolean;
  /** See getReadyToSend. */
  get readyToSend(): boolean;

  /** The length of records of received data, see changeRecordLength. Default 0. Setting it throws 126 for a channel that is gone. */
  getRecordLength(): number;
  /** See getRecordLength. */
  setRecordLength(recordLength: number): void;
  /** See getRecordLength. */
  get recordLength(): number;
  set recordLength(value: number);

  /** The channel type, "session" for one. Default "". */
  getService(): string;
  /** See getService. */
  get service(): string;
}

/** The connected clients by id: a view that is always up to date; an object is made only for what is asked for. */
export class SSHConnectionMap implements Iterable<[string, SSHConnection]> {
  private constructor();
  /** How many entries there are now. */
  size(): number;
  /** The connection with this id, or undefined. Listeners of an event find its connection here even if it has ended. */
  get(id: string): SSHConnection | undefined;
  /** The same as get. */
  item(id: string): SSHConnection | undefined;
  /** Whether get finds one. */
  has(id: string): boolean;
  keys(): IterableIterator<string>;
  values(): IterableIterator<SSHConnection>;
  entries(): IterableIterator<[string, SSHConnection]>;
  forEach(
    callback: (value: SSHConnection, id: string, map: SSHConnectionMap) => void,
    thisArg?: unknown,
  ): void;
  [Symbol.iterator](): IterableIterator<[string, SSHConnection]>;
}

/** The open channels by id: a view that is always up to date; an object is made only for what is asked for. */
export class SSHChannelMap implements Iterable<[string, SSHChannel]> {
  private constructor();
  /** How many entries there are now. */
  size(): number;
  /** The channel with this id, or undefined. Listeners of an event find its channel here even if it has ended. */
  get(id: string): SSHChannel | undefined;
  /** The same as get. */
  item(id: string): SSHChannel | undefined;
  /** Whether get finds one. */
  has(id: string): boolean;
  keys(): IterableIterator<string>;
  values(): IterableIterator<SSHChannel>;
  entries(): IterableIterator<[string, SSHChannel]>;
  forEach(
    callback: (value: SSHChannel, id: string, map: SSHChannelMap) => void,
    thisArg?: unknown,
  ): void;
  [Symbol.iterator](): IterableIterator<[string, SSHChannel]>;
}
