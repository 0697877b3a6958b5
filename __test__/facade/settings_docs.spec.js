'use strict';

// docs/SETTINGS.md, README.md and index.d.ts against a fresh server: each default that they tell is what is
// read there. That they are what scripts/settings.mjs writes is a step of `npm test`.

const { sshserver } = require('../../index.js');
const { version } = require('../../package.json');
const { documentedSettings } = require('../../native.js');
const { declarationOf, readFile, settingNames } = require('../support/public_surface.js');
const ts = require('typescript');

const [properties, ...subjects] = documentedSettings();
const settings = subjects.flatMap(({ rows }) => rows);

/** Name and default of each setting of docs/SETTINGS.md; the default is undefined where none is told. */
const told = [...readFile('docs/SETTINGS.md').matchAll(/^### (\S+)\n\n\*(.*)\*$/gm)].map(
  ([, name, facts]) => [name, defaultOf(facts)],
);

function defaultOf(text) {
  const found = /(?:^|; )default (?:`([^`]*)`|(empty))/.exec(text);
  if (found === null) return undefined;
  return found[2] ? '' : found[1].replace('sshserver_VERSION', `sshserver_${version}`);
}

const property = (name) =>
  name.startsWith('SSH') ? `ssh${name.slice(3)}` : name[0].toLowerCase() + name.slice(1);

const isIndexed = (name) => name.endsWith(']');
const isProperty = (name) => properties.rows.some((row) => row.name === name);
const READ_ONLY = ['BuildInfo', 'LicenseInfo'];
const LONG = 'SSHEncryptionAlgorithms';

test('docs/SETTINGS.md has every setting and every property, once', () => {
  const names = told.map(([name]) => name);
  expect(names).toEqual([...properties.rows, ...settings].map(({ name }) => name));
  const plain = names.filter((name) => !isProperty(name)).map((name) => name.replace(/\[.*/, ''));
  expect(plain.sort()).toEqual([...settingNames].sort());
});

test('everything that has a default has it told', () => {
  const without = told.filter(([, initial]) => initial === undefined).map(([name]) => name);
  expect(without.filter((name) => !isIndexed(name))).toEqual(READ_ONLY);
});

test.each(told.filter(([, initial]) => initial !== undefined))(
  '%s is %j on a fresh server',
  async (name, initial) => {
    const server = new sshserver();
    const value = isProperty(name) ? server[property(name)] : await server.config(name);
    expect(String(value)).toBe(initial);
  },
);

test('the table of README.md tells the same defaults', () => {
  const table = /<!-- settings: [^]*?<!-- end -->/.exec(readFile('README.md'))[0];
  const rows = [...table.matchAll(/^\| `(\S+)` \| (?:`([^`]*)`|(empty)?) \|/gm)];
  const settable = settings.filter(({ applies }) => applies !== 'to be read');
  expect(rows.map(([, name]) => name)).toEqual(settable.map(({ name }) => name));
  const initial = Object.fromEntries(told);
  const differing = rows.filter(([, name, value, empty]) => {
    if (value === undefined && !empty) return false; // it is indexed, or too long for a table
    return initial[name] !== (empty ? '' : value.replace('VERSION', version));
  });
  expect(differing.map(([, name]) => name)).toEqual([]);
});

test.each(properties.rows.map(({ name, initial }) => [name, initial]))(
  'the comment of %s in index.d.ts tells its default',
  (name, initial) => {
    const getter = declarationOf('sshserver').members.find(
      (node) => ts.isMethodDeclaration(node) && node.name.text === `get${name}`,
    );
    const comment = ts.getTextOfJSDocComment(getter.jsDoc.at(-1).comment);
    const [, text, number, list] = /Default:? (?:`"([^`]*)"`|(\d+)|(the documented\s+list))/.exec(
      comment,
    );
    // that of the ciphers is too long for a comment
    expect(list ? 'list' : (text ?? number)).toBe(name === LONG ? 'list' : initial);
  },
);
