'use strict';

// Everything the class documents has a proof: the table is complete, and is what docs/REFERENCE.md shows.
// Whether the tests that it names are there and pass is known when they have run: scripts/proofs.mjs.

const groups = require('./groups.js');
const { never, proofs } = require('./proofs/index.js');
const { namesOf, render } = require('./render.js');
const {
  MODULES,
  declarationOf,
  membersOf,
  readFile,
  settingNames,
} = require('../support/public_surface.js');

const names = (id) => {
  const group = groups.find((each) => each.id === id);
  return namesOf(group).map(([name]) => name);
};

describe.each(groups.map((group) => [group.id, group]))('%s', (id, group) => {
  const all = namesOf(group).map(([name]) => name);
  const proven = proofs[id] ?? {};
  const excused = never[id] ?? {};

  test('names everything once', () => {
    expect(all.length).toBeGreaterThan(0);
    expect(all.filter((name, i) => all.indexOf(name) !== i)).toEqual([]);
  });

  test('everything has a proof, or a reason why it cannot arise', () => {
    const without = all.filter((name) => !proven[name]?.length && excused[name] === undefined);
    expect(without).toEqual([]);
  });

  test('nothing else is proven or excused, and nothing twice', () => {
    const given = [...Object.keys(proven), ...Object.keys(excused)];
    expect(given.filter((name) => !all.includes(name))).toEqual([]);
    expect(given.filter((name, i) => given.indexOf(name) !== i)).toEqual([]);
  });
});

test('no table is for a group that is not there', () => {
  const ids = groups.map((group) => group.id);
  const used = [proofs, never].flatMap((table) => Object.keys(table));
  expect(used.filter((id) => !ids.includes(id))).toEqual([]);
});

test('docs/REFERENCE.md is up to date (node scripts/reference.mjs writes it)', () => {
  expect(readFile('docs/REFERENCE.md')).toBe(render());
});

describe('what is public is in the table:', () => {
  const members = (node) => [
    ...new Set(node.members.filter((member) => member.name).map((member) => member.name.getText())),
  ];

  /** The names under which a field is there: `getX`, `setX`, `isX` and the plain property. */
  const accessors = (stem) => [
    ...['get', 'set', 'is'].map((word) => word + stem),
    stem.startsWith('SSH') ? `ssh${stem.slice(3)}` : stem[0].toLowerCase() + stem.slice(1),
  ];

  test('the members of the class', () => {
    const ofEventEmitter = [
      ...['on', 'addListener', 'prependListener', 'once', 'prependOnceListener'],
      ...['off', 'removeListener', 'removeAllListeners'],
    ];
    const known = [...names('properties').flatMap(accessors), ...names('methods')];
    expect(
      members(declarationOf('sshserver')).filter(
        (name) => ![...known, ...ofEventEmitter].includes(name),
      ),
    ).toEqual([]);
    const { prototype } = require('../../index.js').sshserver;
    expect(names('methods').filter((name) => typeof prototype[name] !== 'function')).toEqual([]);
    const readable = (stem) => [`get${stem}`, `is${stem}`].some((name) => name in prototype);
    expect(names('properties').filter((stem) => !readable(stem))).toEqual([]);
  });

  test.each([
    ['Certificate', 'certificate'],
    ['SSHChannel', 'channel'],
    ['SSHConnection', 'connection'],
    ['SSHPrompt', 'prompt'],
  ])('the members of %s', (type, id) => {
    const fields = names(id)
      .filter((name) => name.startsWith(`${type}.`))
      .map((name) => name.slice(type.length + 1));
    const known = [...fields, ...fields.flatMap(accessors)];
    expect(members(declarationOf(type)).filter((name) => !known.includes(name))).toEqual([]);
  });

  test.each(['SSHChannelMap', 'SSHConnectionMap', 'SSHPromptList'])('the members of %s', (type) => {
    const listed = names('collections').filter((name) => name.startsWith(`${type}.`));
    expect(
      members(declarationOf(type))
        .map((name) => `${type}.${name}`)
        .sort(),
    ).toEqual(listed.sort());
  });

  test('the events and their fields', () => {
    const fieldsOf = (node) => [
      ...members(node),
      ...(node.heritageClauses ?? []).flatMap(({ types }) =>
        types.flatMap(({ expression }) => fieldsOf(declarationOf(expression.text))),
      ),
    ];
    const events = declarationOf('SSHServerEvents').members;
    expect(events.map((event) => event.name.text).sort()).toEqual(names('events').sort());
    const declared = events.flatMap(({ name, type }) =>
      fieldsOf(declarationOf(type.typeName.text)).map((field) => `${name.text}.${field}`),
    );
    expect(declared.sort()).toEqual(names('eventFields').sort());
  });

  test.each([
    ['SSHUserCertificate', 'userCertificate'],
    ['SSHServerError', 'module'],
  ])('the fields of %s', (type, id) => {
    const listed = names(id).filter((name) => name.startsWith(`${type}.`));
    // Every Error has a name and a message, and these have a code.
    const declared = members(declarationOf(type)).filter((name) => name !== 'code');
    expect(declared.map((name) => `${type}.${name}`).sort()).toEqual(listed.sort());
  });

  test.each(MODULES)('what sshserver/%s declares', (module) => {
    expect(membersOf(module).sort()).toEqual(names(module).sort());
  });

  test('the store types', () => {
    const declared = declarationOf('CertStoreTypes').members.map((member) => member.name.text);
    expect(declared.sort()).toEqual(names('storeTypes').sort());
  });

  test('the settings', () => {
    expect(settingNames.length).toBeGreaterThan(10);
    const listed = names('settings').map((name) => name.split('[')[0]);
    expect(settingNames.filter((name) => !listed.includes(name))).toEqual([]);
  });

  test('the algorithms', () => {
    const lists = {
      kex: 'SSHKeyExchangeAlgorithms',
      cipher: 'SSHEncryptionAlgorithms',
      mac: 'SSHMacAlgorithms',
      compression: 'SSHCompressionAlgorithms',
      signature: 'SSHPubKeyAuthSigAlgorithms',
    };
    const rows = require('../../native.js').algorithms();
    expect(new Set(rows.map(({ kind }) => kind))).toEqual(new Set(Object.keys(lists)));
    expect(rows.filter(({ kind, name }) => !names(lists[kind]).includes(name))).toEqual([]);
  });

  test('the numbers of code pages', () => {
    const listed = names('codePages').map(Number);
    const rows = [...readFile('docs/CODEPAGES.md').matchAll(/^\| (\d+) /gm)];
    expect(rows.map(([, number]) => Number(number)).sort()).toEqual(listed.sort());
  });

  test('the error codes', () => {
    const numbers = [
      ...readFile('src/driver/os_error.rs').matchAll(/^ {4}row\((\d+),/gm),
      ...readFile('src/binding/errors.rs').matchAll(/^ {4}\((\d+), "/gm),
    ].map(([, number]) => number);
    expect(numbers.length).toBeGreaterThan(50);
    expect(numbers.filter((number) => !names('errors').includes(number))).toEqual([]);
  });

  test('the fields and types of packets', () => {
    const layout = readFile('src/binding/ssh_param/layout.rs');
    const fields = [...layout.matchAll(/\("(\w+)", (?:Text|Flag|Int32|Hex|Byte|Int64|Mpint)\)/g)];
    const common = ['ChannelId', 'RequestType', 'WantsReply'];
    const found = [...new Set([...common, ...fields.map(([, name]) => name)])];
    expect(found.sort()).toEqual(names('packetFields').sort());
    const types = [...layout.matchAll(/^ +"(\w+)" => Self::/gm)].map(([, name]) => name);
    expect(types.sort()).toEqual(names('packetTypes').sort());
  });
});
