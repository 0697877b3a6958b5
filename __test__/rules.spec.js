'use strict';

// Tests that pass whatever the code does have a few well-known shapes, which are forbidden here.
// (support/assertions.js checks that each test asserts something when it runs.)

const fs = require('node:fs');
const path = require('node:path');
const ts = require('typescript');

const ROOT = path.join(__dirname, '..');
/** What skips a test says why, and is counted: only these do. */
const SKIPPING = ['__test__/support/conditions.js', '__test__/support/matrix.js'];

function filesIn(folder, end) {
  return fs
    .readdirSync(path.join(ROOT, folder), { recursive: true })
    .filter((name) => name.endsWith(end))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`);
}

const read = (file) => fs.readFileSync(path.join(ROOT, file), 'utf8');

function* nodesOf(node) {
  yield node;
  const children = [];
  ts.forEachChild(node, (child) => void children.push(child));
  for (const child of children) yield* nodesOf(child);
}

const isCall = (node) => ts.isCallExpression(node);
const calleeOf = (node) => node.expression.getText();

/** `{ subject, matcher }` of `expect(subject).matcher(...)`. */
function assertionOf(node) {
  if (!isCall(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined;
  for (let inner = node.expression.expression; ; inner = inner.expression) {
    if (isCall(inner)) {
      const [subject] = inner.arguments;
      return calleeOf(inner) === 'expect' && subject ? { subject, expected: node } : undefined;
    }
    if (!ts.isPropertyAccessExpression(inner)) return undefined;
  }
}

const isLiteral = (node) =>
  ts.isLiteralExpression(node) ||
  [ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword, ts.SyntaxKind.NullKeyword].includes(
    node.kind,
  );

/** Whether a node is in a function that an emitter calls, so that an exception does not reach the test. */
function isInListener(node) {
  for (let at = node; at.parent; at = at.parent) {
    const { parent } = at;
    const isArgument = isCall(parent) && parent.arguments.includes(at);
    if (ts.isFunctionLike(at) && isArgument && /\.(on|once|\w*Listener)$/.test(calleeOf(parent))) {
      return true;
    }
  }
  return false;
}

const RULES = {
  'no test is skipped, left for later or preferred by itself': (node, file) =>
    !SKIPPING.includes(file) &&
    ts.isPropertyAccessExpression(node) &&
    /^(test|it|describe)(\.\w+)*\.(skip|only|todo|failing)$/.test(node.getText()),
  'nothing is compared with itself': (node) => {
    const assertion = assertionOf(node);
    const [first] = assertion?.expected.arguments ?? [];
    return first !== undefined && first.getText() === assertion.subject.getText();
  },
  'nothing is expected of a constant': (node) => {
    const subject = assertionOf(node)?.subject;
    return subject !== undefined && isLiteral(subject);
  },
  'what is expected of a promise is waited for': (node) =>
    /^expect\b[^]*\.(rejects|resolves)\.[^.]*$/.test(isCall(node) ? calleeOf(node) : '') &&
    ts.isExpressionStatement(node.parent),
  'nothing is expected in a listener': (node) =>
    assertionOf(node) !== undefined && isInListener(node),
  'no error is dropped': (node, file) =>
    file.endsWith('.spec.js') && ts.isCatchClause(node) && node.block.statements.length === 0,
};

const sources = filesIn('__test__', '.js').map((file) => {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true);
  return { file, source, nodes: [...nodesOf(source)] };
});

/** Where a rule is broken. */
function broken(rule, { file, source, nodes }) {
  return nodes
    .filter((node) => rule(node, file))
    .map((node) => {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      return `${file}:${line + 1} ${node.getText().split('\n', 1)[0]}`;
    });
}

test.each(Object.keys(RULES))('%s', (name) => {
  expect(sources.length).toBeGreaterThan(100);
  expect(sources.flatMap((source) => broken(RULES[name], source))).toEqual([]);
});

test.each([
  ["test.skip('x', () => {});", 'no test is skipped, left for later or preferred by itself'],
  ["describe.only('x', () => {});", 'no test is skipped, left for later or preferred by itself'],
  [
    "test.each.skip([])('x', () => {});",
    'no test is skipped, left for later or preferred by itself',
  ],
  ['expect(a.length).toBe(a.length);', 'nothing is compared with itself'],
  ['expect(a.b()).not.toEqual(a.b());', 'nothing is compared with itself'],
  ['expect(true).toBe(done);', 'nothing is expected of a constant'],
  ['expect(sent).rejects.toThrow();', 'what is expected of a promise is waited for'],
  ["server.on('Log', (e) => expect(e.message).toBe(x));", 'nothing is expected in a listener'],
  ['try { f(); } catch {}', 'no error is dropped'],
])('the rules find %s', (text, rule) => {
  const source = ts.createSourceFile('a.spec.js', text, ts.ScriptTarget.Latest, true);
  const example = { file: 'a.spec.js', source, nodes: [...nodesOf(source)] };
  const found = Object.keys(RULES).filter((name) => broken(RULES[name], example).length > 0);
  expect(found).toEqual([rule]);
});

test('no Rust test is empty', () => {
  const empty =
    /#\[(?:tokio::)?test\b[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*(?:async )?fn (\w+)[^{]*\{\s*\}/g;
  const files = ['src', 'tests', 'fuzz/src'].flatMap((folder) => filesIn(folder, '.rs'));
  const found = files.flatMap((file) =>
    [...read(file).matchAll(empty)].map(([, name]) => `${file} ${name}`),
  );
  expect(found).toEqual([]);
});
