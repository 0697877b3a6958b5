'use strict';

/** The events by their number at the native boundary; the number is also the bit in the listener mask. */
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

const KIND = Object.freeze({
  CONNECTED: 0,
  CONNECTION_REQUEST: 1,
  DISCONNECTED: 2,
  ERROR: 3,
  LOG: 4,
  CHANNEL_CLOSED: 5,
  CHANNEL_DATA_IN: 6,
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
  OP_DONE: 32,
  ACTIVITY: 33,
  CONNECTED_FAILED: 34,
});

/** How many fields follow each kind in the flat array of `drain()`. */
const FIELD_COUNT = (() => {
  const counts = new Uint8Array(35);
  const table = {
    0: 2,
    1: 4,
    2: 3,
    3: 3,
    4: 4,
    5: 3,
    6: 4,
    7: 2,
    8: 2,
    9: 5,
    10: 2,
    11: 5,
    13: 4,
    14: 2,
    15: 4,
    16: 6,
    17: 11,
    32: 4,
    33: 1,
    34: 2,
  };
  for (const [kind, count] of Object.entries(table)) counts[kind] = count;
  return counts;
})();

/** Which of these fields, counted from 1, is the connection; 0 if there is none. */
const CONNECTION_FIELD = Uint8Array.from(FIELD_COUNT, (count, kind) => {
  switch (kind) {
    case KIND.CONNECTED:
    case KIND.CHANNEL_OPEN_REQUEST:
    case KIND.CHANNEL_REQUEST:
    case KIND.SERVICE_REQUEST:
    case KIND.TUNNEL_REQUESTED:
    case KIND.USER_AUTH_REQUEST:
      return 2;
    case KIND.CONNECTION_REQUEST:
    case KIND.OP_DONE:
    case KIND.ACTIVITY:
    case KIND.CONNECTED_FAILED:
      return 0;
    default:
      return count === 0 ? 0 : 1;
  }
});

const KIND_OF_NAME = new Map(EVENT_NAMES.map((name, kind) => [name, kind]));

module.exports = { EVENT_NAMES, KIND, FIELD_COUNT, CONNECTION_FIELD, KIND_OF_NAME };
