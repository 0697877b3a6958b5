'use strict';

// The fields that getSSHParam reads by name, and the types that setSSHParam writes.

const { e2e, rust, each } = require('./tests.js');

const group = 'a packet that is built with setSSHParam and read with getSSHParam';
const built = (title) => e2e('members')(`${group} > ${title}`);
const written = (title) => [
  ...built(`has a field of type ${title}`),
  ...rust('src/binding/ssh_param/tests.rs')(
    'each_type_is_encoded_as_rfc4251_says',
    'values_come_back_as_they_were_written',
    'bad_values_and_types_are_refused',
  ),
];
const OF_REQUESTS = [
  ...['ChannelId', 'RequestType', 'WantsReply', 'TerminalType', 'TerminalWidthCharacters'],
  ...['TerminalHeightRows', 'TerminalWidthPixels', 'TerminalHeightPixels', 'SingleConnection'],
  ...['X11AuthProtocol', 'X11AuthCookie', 'X11ScreenNumber', 'VariableName', 'VariableValue'],
  ...['Command', 'Subsystem', 'ClientCanDo', 'SignalName', 'ExitStatus', 'CoreDumped'],
  ...['ErrorMessage', 'LanguageTag', 'BreakLength'],
];
const OF_OPENS = [
  ...['HostToConnect', 'PortToConnect', 'ConnectedAddress', 'ConnectedPort'],
  ...['OriginatorAddress', 'OriginatorPort'],
];

const packetFields = {
  ...each(OF_REQUESTS, (name) => built(`has ${name}`)),
  TerminalModes: built('has TerminalModes, as they are encoded'),
  ...each(OF_OPENS, (name) => built(`has ${name} of a channel that is opened`)),
};

const packetTypes = {
  s: written('s: testing is 0000000774657374696e67'),
  sb: written('sb: A1B23C is 00000003a1b23c'),
  m: written('m: 0x9a378f9b2e332a7 is 0000000809a378f9b2e332a7'),
  i: written('i: 699921578 is 29b7f4aa'),
  l: written('l: 1234 is 00000000000004d2'),
  b: written('b: 123 is 7b'),
  f: written('f: true is 01'),
};

module.exports = { packetFields, packetTypes };
