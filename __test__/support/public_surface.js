'use strict';

// What the package declares to have, read from its sources: the statements of its type declarations, and
// the rows of the table of settings.

const fs = require('node:fs');
const path = require('node:path');
const ts = require('typescript');

const ROOT = path.join(__dirname, '../..');
const DECLARATIONS = ['index.d.ts', 'lib/events.d.ts', 'lib/certificate.d.ts', 'lib/views.d.ts'];
/** The modules beside the class, by the folder of lib/ that they are. */
const MODULES = ['keys', 'sessions', 'sftp', 'shell'];
const SETTINGS = 'src/binding/config_strings';

const readFile = (name) => fs.readFileSync(path.join(ROOT, name), 'utf8').replaceAll('\r\n', '\n');

/** A source file as TypeScript sees it. */
const parse = (name) => ts.createSourceFile(name, readFile(name), ts.ScriptTarget.Latest, true);

const statements = DECLARATIONS.flatMap((name) => [...parse(name).statements]);

/** The declaration of a class, an interface or an enumeration. */
const declarationOf = (name) => statements.find((node) => node.name?.text === name);

/** What a module declares: its functions, and the members of its interfaces. */
function membersOf(module) {
  const names = parse(`lib/${module}/index.d.ts`).statements.flatMap((node) => {
    if (ts.isFunctionDeclaration(node)) return [node.name.text];
    if (!ts.isInterfaceDeclaration(node)) return [];
    return node.members.map((member) => `${node.name.text}.${member.name.getText()}`);
  });
  return [...new Set(names)];
}

const settingNames = fs
  .readdirSync(path.join(ROOT, SETTINGS))
  .filter((name) => name.endsWith('.rs') && name !== 'tests.rs')
  .flatMap((name) => [...readFile(`${SETTINGS}/${name}`).matchAll(/\brow\(\s*"(\w+)"/g)])
  .map(([, name]) => name);

module.exports = { MODULES, ROOT, declarationOf, membersOf, readFile, settingNames, statements };
