'use strict';

// Certificate, SSHChannel, SSHConnection, SSHPrompt, the collections and the store types.

const { e2e, facade, rust, each } = require('./tests.js');

const groups = require('../groups.js');

const fields = facade('certificate_fields');
const certificate_ = facade('certificate');
const chains = facade('certificate_chains');
const channels = e2e('channels');
const fakeTypes = facade('types');
const stores = e2e('stores');
const types = e2e('type_fields');

const itemsOf = (id) => groups.find((group) => group.id === id).items;
const certificateFields = itemsOf('sshCert').map((name) => name.slice('SSHCert.'.length));
const isDefault = (name) => fields(`an empty certificate > ${name} has its documented default`);
const all = certificate_('all that a certificate says');
const stays = (name) =>
  fields(`fields that are set > ${name} keeps what is set until another certificate is selected`);
const searched = fields(
  'fields that are set > Store, StoreB, StoreType and StorePassword are what the subject is looked for in',
);

const OF_FIELDS = {
  Encoded: certificate_('the fields that load > encoded looks for its private key in the store'),
  EncodedB: certificate_('the fields that load > encoded looks for its private key in the store'),
  ExtendedKeyUsage: [...all, ...stays('ExtendedKeyUsage')],
  KeyPassword: fields('fields that are set > KeyPassword is that of the store until it is set'),
  PublicKeyAlgorithm: [...all, ...stays('PublicKeyAlgorithm')],
  Store: searched,
  StoreB: searched,
  StorePassword: searched,
  StoreType: searched,
  Subject: certificate_(
    'the fields that load > subject: exactly, then as a part, "*", and "" for nothing',
  ),
  Usage: [...all, ...stays('Usage')],
  UsageFlags: [...all, ...stays('UsageFlags')],
  PrivateKeyAvailable: certificate_(
    'the fields that load > encoded looks for its private key in the store',
  ),
};

const withBytes = (kind) => fields(`the constructors with a store as bytes > and ${kind}`);

const certificate = {
  ...Object.fromEntries(
    certificateFields.map((name) => [
      `Certificate.${name}`,
      [...(OF_FIELDS[name] ?? all), ...isDefault(name)],
    ]),
  ),
  'Certificate()': certificate_('the constructors > Certificate()'),
  ...each(
    ['Certificate(certificateFile)', 'Certificate(certificateData)'],
    certificate_(
      'the constructors > Certificate(certificateFile) and Certificate(certificateData)',
    ),
  ),
  'Certificate(certStoreType, store, storePassword, subject)': certificate_(
    'the constructors > Certificate(type, store, password, subject), store as a name or as bytes',
  ),
  'Certificate(certStoreType, store, storePassword, subject, configurationString)': certificate_(
    'the constructors > Certificate(type, store, password, subject, configurationString)',
  ),
  'Certificate(certStoreType, store, storePassword, encoded)': certificate_(
    'the constructors > Certificate(type, store, password, encoded)',
  ),
  'Certificate(certStoreType, storeBlob, storePassword, subject)': withBytes('a subject'),
  'Certificate(certStoreType, storeBlob, storePassword, subject, configurationString)':
    withBytes('a configuration'),
  'Certificate(certStoreType, storeBlob, storePassword, encoded)': withBytes('a certificate'),
  'Certificate.load': certificate_(
    'the constructors > Certificate.load does the same, and rejects',
  ),
  'Certificate.issuedBy': chains('issuedBy > is true for the authority that has signed it'),
  'Certificate.verifyChain': [
    ...chains('verifyChain > returns the authority that the chain leads to'),
    ...rust('tests/conformance/x509_path.rs')('paths_are_refused_with_their_reasons'),
  ],
};

const sshCert = Object.fromEntries(
  itemsOf('sshCert').map((item) => {
    const name = item.slice('SSHCert.'.length);
    return [
      item,
      types(`SSHCert > ${name}: set by its store, type and subject, it is that of the certificate`),
    ];
  }),
);

const which = types(
  'SSHChannel > channelId, connectionId and service tell which one it is, also when it is gone',
);
const sent = types(
  'SSHChannel > dataToSend and dataToSendB send, and bytesSent counts the last send',
);
const channel = {
  'SSHChannel.BytesSent': [
    ...sent,
    ...channels(
      'sending > with timeout 0 fails with 135, tells how much was sent, and when there is room',
    ),
  ],
  ...each(['SSHChannel.ChannelId', 'SSHChannel.ConnectionId', 'SSHChannel.Service'], which),
  ...each(['SSHChannel.DataToSend', 'SSHChannel.DataToSendB'], sent),
  'SSHChannel.ReadyToSend': types(
    'SSHChannel > readyToSend is false while the window of the client is full',
  ),
  'SSHChannel.RecordLength': types(
    'SSHChannel > recordLength cuts the data that comes, set as a field too',
  ),
  'SSHChannel()': types('SSHChannel > an empty one has the documented defaults'),
};

const socket = types(
  'SSHConnection > connectionId, localAddress, remoteHost and remotePort are those of the socket',
);
const connection = {
  'SSHConnection.Connected': types('SSHConnection > connected tells, and set to false disconnects'),
  ...each(
    ['ConnectionId', 'LocalAddress', 'RemoteHost', 'RemotePort'].map(
      (name) => `SSHConnection.${name}`,
    ),
    socket,
  ),
  'SSHConnection.Timeout': types(
    'SSHConnection > timeout starts as DefaultTimeout, and 0 has sends fail with 135 from then on',
  ),
  'SSHConnection()': types('SSHConnection > an empty one has the documented defaults'),
};

const shown = types('SSHPrompt > a change to one in use is what the next client is shown');
const made = types('SSHPrompt > its constructors and its fields');
const prompt = {
  'SSHPrompt.Echo': shown,
  'SSHPrompt.Prompt': shown,
  'SSHPrompt()': made,
  'SSHPrompt(prompt, echo)': made,
};

const listed = groups.find((group) => group.id === 'collections').extensions;
const PROMPTS = {
  read: fakeTypes('prompts > the list is a collection'),
  changed: fakeTypes('prompts > changes to the list and to a prompt in it reach the addon at once'),
};
const collections = Object.fromEntries(
  listed.map((name) => {
    if (name.startsWith('SSHChannelMap')) {
      return [name, types('the collections > of channels: every way to read them')];
    }
    if (name.startsWith('SSHConnectionMap')) {
      return [name, types('the collections > of connections: every way to read them')];
    }
    return [name, /\.(add|set|remove|clear)$/.test(name) ? PROMPTS.changed : PROMPTS.read];
  }),
);

const opened = (name) =>
  fields(`store types > ${name} opens its stores, as cstAuto does, and no other ones`);
const SPECIAL = {
  cstUser: fields('store types > cstUser is refused by its name where there is no Windows'),
  cstMachine: fields('store types > cstMachine is refused by its name where there is no Windows'),
  cstPKCS11: stores('a key in a token signs the key exchange'),
  cstAuto: certificate_(
    'every file > ed25519.jwk (private) is read by cstAuto, as a file and as a blob',
  ),
};
const storeTypes = each(itemsOf('storeTypes'), (name) => SPECIAL[name] ?? opened(name));

module.exports = { certificate, sshCert, channel, connection, prompt, collections, storeTypes };
