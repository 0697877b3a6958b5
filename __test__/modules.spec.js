'use strict';

// The files of lib/: what they import of one another, and what they know of the addon.

const fs = require('node:fs');
const path = require('node:path');
const ts = require('typescript');

const ROOT = path.join(__dirname, '..');
/** Written from the table in src/binding/boundary.rs. */
const BOUNDARY = 'lib/boundary.js';

const filesIn = (folder) =>
  fs
    .readdirSync(path.join(ROOT, folder), { recursive: true })
    .filter((name) => name.endsWith('.js'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`);

const parse = (file, text = fs.readFileSync(path.join(ROOT, file), 'utf8')) =>
  ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);

function* nodesOf(node) {
  yield node;
  const children = [];
  ts.forEachChild(node, (child) => void children.push(child));
  for (const child of children) yield* nodesOf(child);
}

/** What a file requires of lib/. */
function importsOf(file, source) {
  const imports = [];
  for (const node of nodesOf(source)) {
    if (!ts.isCallExpression(node) || node.expression.getText() !== 'require') continue;
    const [from] = node.arguments;
    if (/^\.\.?\//.test(from.text)) imports.push(path.posix.join(path.dirname(file), from.text));
  }
  return imports;
}

/** The files of a map of imports that reach themselves. */
function circleOf(imports) {
  const reach = (from, seen = new Set()) => {
    for (const to of imports.get(from) ?? []) {
      if (seen.has(to)) continue;
      seen.add(to);
      reach(to, seen);
    }
    return seen;
  };
  return [...imports.keys()].filter((file) => reach(file).has(file));
}

test('no files of lib/ import one another in a circle', () => {
  const imports = new Map(filesIn('lib').map((file) => [file, importsOf(file, parse(file))]));
  expect(imports.get('lib/core.js')).toContain('lib/dispatcher.js');
  expect(imports.get('lib/sessions/router.js')).toContain('lib/server.js');
  expect(circleOf(imports)).toEqual([]);
});

test('nothing that Core is made of holds Core', () => {
  const reached = new Set(['lib/core.js']);
  for (const file of reached)
    for (const other of importsOf(file, parse(file)))
      if (other !== 'lib/native.js') reached.add(other);
  expect([...reached]).toEqual(
    expect.arrayContaining(['lib/dispatcher.js', 'lib/channel_handlers.js', 'lib/lanes.js']),
  );
  const holders = [...reached].filter((file) =>
    [...nodesOf(parse(file))].some((node) => /^#?core$/.test(node.name?.text ?? '')),
  );
  expect(holders).toEqual([]);
});

test('a circle is found', () => {
  const imports = [
    ['a', ['b']],
    ['b', ['c', 'd']],
    ['c', ['a']],
    ['d', []],
  ];
  expect(circleOf(new Map(imports))).toEqual(['a', 'b', 'c']);
});

/** Whether a node is a number of the boundary, or an index of a batch, that was written by hand. */
function isByHand(node) {
  const isNumber = (it) => it !== undefined && ts.isNumericLiteral(it);
  if (ts.isElementAccessExpression(node) && /\bbatch$/.test(node.expression.getText()))
    return [...nodesOf(node.argumentExpression)].some(isNumber);
  if (ts.isBinaryExpression(node)) {
    const { left, right } = node;
    return /^(\w+\.)*kind$/.test(left.getText()) && isNumber(right);
  }
  if (!ts.isCallExpression(node)) return false;
  const callee = node.expression.getText();
  if (/\blistensTo$/.test(callee)) return isNumber(node.arguments[0]);
  const isRow = (it) => ts.isArrayLiteralExpression(it) && isNumber(it.elements[0]);
  return /\.events$/.test(callee) && node.arguments.some(isRow);
}

test('numbers and places of the boundary are taken from its table', () => {
  const files = [...filesIn('lib'), ...filesIn('__test__')].filter((file) => file !== BOUNDARY);
  const found = files.flatMap((file) =>
    [...nodesOf(parse(file))].filter(isByHand).map((node) => `${file}: ${node.getText()}`),
  );
  expect(found).toEqual([]);
});

test.each([
  'batch[at + 1]',
  'this.batch[3]',
  'kind === 11',
  'event.kind === 6',
  'native.events([14, 1, ""])',
  'native.listensTo(15)',
])('%s is found', (text) => {
  expect([...nodesOf(parse('it.js', text))].some(isByHand)).toBe(true);
});

test('what the addon returns has names: no tuple crosses the boundary', () => {
  const tuples = (text) => text.match(/(: |\| |<)\[\w+, [^\]]*\]/g) ?? [];
  expect(tuples('info(id: number): [string, number] | null')).toHaveLength(1);
  expect(tuples(fs.readFileSync(path.join(ROOT, 'native.d.ts'), 'utf8'))).toEqual([]);
});
