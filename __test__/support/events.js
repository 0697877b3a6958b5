'use strict';

// The names of all events. Needs neither the addon nor jest.

const EVENTS = [
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
];

module.exports = { EVENTS };
