'use strict';

// Written from src/binding/boundary.rs by `SSHSERVER_WRITE_BOUNDARY=1 cargo test --lib boundary`: change that.

/** The kinds of event; those of documented events are their bits in the mask of listeners. */
const KIND = Object.freeze({
  CONNECTED: 0,
  CONNECTION_REQUEST: 1,
  DISCONNECTED: 2,
  ERROR: 3,
  LOG: 4,
  CHANNEL_CLOSED: 5,
  CHANNEL_DATA: 6,
  CHANNEL_EOF: 7,
  CHANNEL_OPENED: 8,
  CHANNEL_OPEN_REQUEST: 9,
  CHANNEL_READY_TO_SEND: 10,
  CHANNEL_REQUEST: 11,
  CHANNEL_REQUESTED: 12,
  SERVICE_REQUEST: 13,
  STATUS: 14,
  TUNNEL_CLOSED: 15,
  TUNNEL_REQUESTED: 16,
  USER_AUTH_REQUEST: 17,
  OP_DONE: 18,
  ACTIVITY: 19,
  CONNECTED_FAILED: 20,
});

/** What the events of a kind wait for: the earlier ones of nothing, their connection or their channel. */
const LANE = Object.freeze({
  NONE: 0,
  CONNECTION: 1,
  CHANNEL: 2,
});

/** Which way a tunnel leads. */
const DIRECTION = Object.freeze({
  FORWARD: 0,
  REVERSE: 1,
});

/** What the decoder of a code page remembers. */
const MEMORY = Object.freeze({
  UTF8: 0,
  NOTHING: 1,
  STATE: 2,
});

/** The documented numbers of errors that the facade makes or knows. */
const CODE = Object.freeze({
  UNKNOWN_ID: 126,
  DATA_NOT_FORWARDED: 1202,
  NOT_AUTHENTICATED: 1300,
  INTERRUPTED: 10004,
  INVALID_ARGUMENT: 10022,
  ABORTED: 10053,
  SHUT_DOWN: 10058,
  TIMED_OUT: 10060,
});

/** By their kinds: the names of the documented events. */
const EVENT_NAMES = Object.freeze([
  'Connected',
  'ConnectionRequest',
  'Disconnected',
  'Error',
  'Log',
  'SSHChannelClosed',
  'SSHChannelDataIn',
  'SSHChannelEOF',
  'SSHChannelOpened',
  'SSHChannelOpenRequest',
  'SSHChannelReadyToSend',
  'SSHChannelRequest',
  'SSHChannelRequested',
  'SSHServiceRequest',
  'SSHStatus',
  'SSHTunnelClosed',
  'SSHTunnelRequested',
  'SSHUserAuthRequest',
]);

/** By kind: what its events wait for. */
const LANE_OF = Uint8Array.of(
  LANE.CONNECTION, // CONNECTED
  LANE.NONE, // CONNECTION_REQUEST
  LANE.CONNECTION, // DISCONNECTED
  LANE.CONNECTION, // ERROR
  LANE.NONE, // LOG
  LANE.CHANNEL, // CHANNEL_CLOSED
  LANE.CHANNEL, // CHANNEL_DATA
  LANE.CHANNEL, // CHANNEL_EOF
  LANE.CHANNEL, // CHANNEL_OPENED
  LANE.CHANNEL, // CHANNEL_OPEN_REQUEST
  LANE.CHANNEL, // CHANNEL_READY_TO_SEND
  LANE.CHANNEL, // CHANNEL_REQUEST
  LANE.NONE, // CHANNEL_REQUESTED
  LANE.CONNECTION, // SERVICE_REQUEST
  LANE.CONNECTION, // STATUS
  LANE.CHANNEL, // TUNNEL_CLOSED
  LANE.CHANNEL, // TUNNEL_REQUESTED
  LANE.CONNECTION, // USER_AUTH_REQUEST
  LANE.NONE, // OP_DONE
  LANE.NONE, // ACTIVITY
  LANE.NONE, // CONNECTED_FAILED
);

/** By kind: how many places of a batch an event takes. */
const LENGTH_OF = Uint8Array.of(
  3, // CONNECTED
  5, // CONNECTION_REQUEST
  4, // DISCONNECTED
  4, // ERROR
  5, // LOG
  4, // CHANNEL_CLOSED
  5, // CHANNEL_DATA
  3, // CHANNEL_EOF
  3, // CHANNEL_OPENED
  6, // CHANNEL_OPEN_REQUEST
  3, // CHANNEL_READY_TO_SEND
  6, // CHANNEL_REQUEST
  1, // CHANNEL_REQUESTED
  5, // SERVICE_REQUEST
  3, // STATUS
  5, // TUNNEL_CLOSED
  7, // TUNNEL_REQUESTED
  16, // USER_AUTH_REQUEST
  5, // OP_DONE
  2, // ACTIVITY
  3, // CONNECTED_FAILED
);

/** By kind: where the connection is in the places of an event; 0 if there is none. */
const CONNECTION_AT = Uint8Array.of(
  2, // CONNECTED
  0, // CONNECTION_REQUEST
  1, // DISCONNECTED
  1, // ERROR
  1, // LOG
  1, // CHANNEL_CLOSED
  1, // CHANNEL_DATA
  1, // CHANNEL_EOF
  1, // CHANNEL_OPENED
  2, // CHANNEL_OPEN_REQUEST
  1, // CHANNEL_READY_TO_SEND
  2, // CHANNEL_REQUEST
  0, // CHANNEL_REQUESTED
  2, // SERVICE_REQUEST
  1, // STATUS
  1, // TUNNEL_CLOSED
  2, // TUNNEL_REQUESTED
  2, // USER_AUTH_REQUEST
  0, // OP_DONE
  0, // ACTIVITY
  0, // CONNECTED_FAILED
);

/** By kind: reads the event that begins at a place of a batch. */
const READ = Object.freeze([
  (batch, at) => ({
    kind: batch[at],
    question: batch[at + 1],
    connection: batch[at + 2],
  }),
  (batch, at) => ({
    kind: batch[at],
    question: batch[at + 1],
    address: batch[at + 2],
    port: batch[at + 3],
    accept: batch[at + 4],
  }),
  (batch, at) => ({
    kind: batch[at],
    connection: batch[at + 1],
    code: batch[at + 2],
    message: batch[at + 3],
  }),
  (batch, at) => ({
    kind: batch[at],
    connection: batch[at + 1],
    code: batch[at + 2],
    message: batch[at + 3],
  }),
  (batch, at) => ({
    kind: batch[at],
    connection: batch[at + 1],
    level: batch[at + 2],
    message: batch[at + 3],
    logType: batch[at + 4],
  }),
  (batch, at) => ({
    kind: batch[at],
    connection: batch[at + 1],
    channel: batch[at + 2],
    connectionOver: batch[at + 3],
  }),
  (batch, at) => ({
    kind: batch[at],
    connection: batch[at + 1],
    channel: batch[at + 2],
    bytes: batch[at + 3],
    dataType: batch[at + 4],
  }),
  (batch, at) => ({
    kind: batch[at],
    connection: batch[at + 1],
    channel: batch[at + 2],
  }),
  (batch, at) => ({
    kind: batch[at],
    connection: batch[at + 1],
    channel: batch[at + 2],
  }),
  (batch, at) => ({
    kind: batch[at],
    question: batch[at + 1],
    connection: batch[at + 2],
    channel: batch[at + 3],
    service: batch[at + 4],
    parameters: batch[at + 5],
  }),
  (batch, at) => ({
    kind: batch[at],
    connection: batch[at + 1],
    channel: batch[at + 2],
  }),
  (batch, at) => ({
    kind: batch[at],
    question: batch[at + 1],
    connection: batch[at + 2],
    channel: batch[at + 3],
    requestType: batch[at + 4],
    packet: batch[at + 5],
  }),
  (batch, at) => ({
    kind: batch[at],
  }),
  (batch, at) => ({
    kind: batch[at],
    question: batch[at + 1],
    connection: batch[at + 2],
    service: batch[at + 3],
    accept: batch[at + 4],
  }),
  (batch, at) => ({
    kind: batch[at],
    connection: batch[at + 1],
    message: batch[at + 2],
  }),
  (batch, at) => ({
    kind: batch[at],
    connection: batch[at + 1],
    channel: batch[at + 2],
    address: batch[at + 3],
    port: batch[at + 4],
  }),
  (batch, at) => ({
    kind: batch[at],
    question: batch[at + 1],
    connection: batch[at + 2],
    channel: batch[at + 3],
    direction: batch[at + 4],
    address: batch[at + 5],
    port: batch[at + 6],
  }),
  (batch, at) => ({
    kind: batch[at],
    question: batch[at + 1],
    connection: batch[at + 2],
    user: batch[at + 3],
    service: batch[at + 4],
    authMethod: batch[at + 5],
    authParam: batch[at + 6],
    authParamB: batch[at + 7],
    availableMethods: batch[at + 8],
    keyAlgorithm: batch[at + 9],
    signed: batch[at + 10],
    userVerified: batch[at + 11],
    partialSuccesses: batch[at + 12],
    gssLocalName: batch[at + 13],
    gssMechanism: batch[at + 14],
    gssDelegated: batch[at + 15],
  }),
  (batch, at) => ({
    kind: batch[at],
    op: batch[at + 1],
    code: batch[at + 2],
    message: batch[at + 3],
    value: batch[at + 4],
  }),
  (batch, at) => ({
    kind: batch[at],
    active: batch[at + 1],
  }),
  (batch, at) => ({
    kind: batch[at],
    code: batch[at + 1],
    message: batch[at + 2],
  }),
]);

/** By kind: the names of the fields, in the order of a batch. */
const FIELDS = Object.freeze([
  // prettier-ignore
  ['question', 'connection'],
  // prettier-ignore
  ['question', 'address', 'port', 'accept'],
  // prettier-ignore
  ['connection', 'code', 'message'],
  // prettier-ignore
  ['connection', 'code', 'message'],
  // prettier-ignore
  ['connection', 'level', 'message', 'logType'],
  // prettier-ignore
  ['connection', 'channel', 'connectionOver'],
  // prettier-ignore
  ['connection', 'channel', 'bytes', 'dataType'],
  // prettier-ignore
  ['connection', 'channel'],
  // prettier-ignore
  ['connection', 'channel'],
  // prettier-ignore
  ['question', 'connection', 'channel', 'service', 'parameters'],
  // prettier-ignore
  ['connection', 'channel'],
  // prettier-ignore
  ['question', 'connection', 'channel', 'requestType', 'packet'],
  // prettier-ignore
  [],
  // prettier-ignore
  ['question', 'connection', 'service', 'accept'],
  // prettier-ignore
  ['connection', 'message'],
  // prettier-ignore
  ['connection', 'channel', 'address', 'port'],
  // prettier-ignore
  ['question', 'connection', 'channel', 'direction', 'address', 'port'],
  // prettier-ignore
  ['question', 'connection', 'user', 'service', 'authMethod', 'authParam', 'authParamB', 'availableMethods', 'keyAlgorithm', 'signed', 'userVerified', 'partialSuccesses', 'gssLocalName', 'gssMechanism', 'gssDelegated'],
  // prettier-ignore
  ['op', 'code', 'message', 'value'],
  // prettier-ignore
  ['active'],
  // prettier-ignore
  ['code', 'message'],
]);

module.exports = {
  KIND,
  LANE,
  DIRECTION,
  MEMORY,
  CODE,
  EVENT_NAMES,
  LANE_OF,
  LENGTH_OF,
  CONNECTION_AT,
  READ,
  FIELDS,
};
