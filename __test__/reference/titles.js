'use strict';

// The names of the tests in a file, read from its source: a name in the table of proofs that no test
// has is found without running anything.

const fs = require('node:fs');
const path = require('node:path');
const ts = require('typescript');

const ROOT = path.join(__dirname, '../..');
const SEPARATOR = ' > ';
/** A value that only the running test knows. */
const UNKNOWN = Symbol('unknown');
/** Whatever stands in a title for such a value. */
const ANYTHING = '\u0000';

const cache = new Map();

/**
 * Whether a file has a test of this name: `describe > test` for JavaScript, where `test.each` stands
 * for every title it makes, and the name of the function for Rust.
 */
function hasTest(file, name) {
  if (!cache.has(file)) cache.set(file, read(file));
  return cache.get(file).some((pattern) => pattern.test(name));
}

function read(file) {
  const text = fs.readFileSync(path.join(ROOT, file), 'utf8');
  return file.endsWith('.rs') ? rustTests(text) : javaScriptTests(file, text);
}

function rustTests(text) {
  const names = text.matchAll(
    /#\[(?:tokio::)?test\b[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*(?:async )?fn (\w+)/g,
  );
  return [...names].map(([, name]) => exactly(name));
}

function javaScriptTests(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const constants = new Map();
  const found = [];
  collectConstants(source, constants);
  visit(source, [''], { found, constants, isSuite: true });
  return found.map(exactly);
}

function exactly(title) {
  const escaped = title.split(ANYTHING).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${escaped.join('[^]+')}$`);
}

/** Constants of every scope; of a name that is there twice nothing is known. */
function collectConstants(node, constants) {
  if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer) {
    const { text } = node.name;
    constants.set(text, constants.has(text) ? null : node.initializer);
  }
  ts.forEachChild(node, (child) => collectConstants(child, constants));
}

/** Goes through the calls; `prefixes` are the titles of the describes around them. */
function visit(node, prefixes, context) {
  const call = ts.isCallExpression(node) ? testCall(node, context) : undefined;
  if (call === undefined) {
    const inner = { ...context, isSuite: context.isSuite && !ts.isFunctionLike(node) };
    ts.forEachChild(node, (child) => visit(child, prefixes, inner));
    return;
  }
  const titles = prefixes.flatMap((prefix) => call.titles.map((title) => prefix + title));
  if (call.kind === 'test') context.found.push(...titles);
  else {
    const inside = titles.map((title) => title + SEPARATOR);
    ts.forEachChild(call.body, (child) => visit(child, inside, context));
  }
}

/**
 * What kind of call this is, and the titles it makes; nothing for one that is always skipped. What is
 * called directly in a file or a describe with a text and a function is a test under whatever name
 * (`onUnix('...', () => {})`); inside of other functions the name has to say so.
 */
function testCall(node, { constants, isSuite }) {
  const { words, each } = calleeOf(node.expression, constants);
  const isDescribe = words.some((word) => /describe/i.test(word));
  const isTest = words.some((word) => ['test', 'testWith'].includes(word));
  if (!isDescribe && !isTest && !(isSuite && ts.isExpressionStatement(node.parent))) {
    return undefined;
  }
  if (words.join('.') === 'test.skip' || words.includes('todo')) return undefined;
  const at = bodyOf(node.arguments);
  if (at < 1) return undefined;
  const template = textOf(node.arguments[at - 1], constants);
  if (template === undefined) return undefined;
  const all = each ? expand(template, evaluate(each, constants)) : [template];
  // A test of which nothing is known would be any test.
  const titles = isDescribe ? all : all.filter((title) => title !== ANYTHING);
  return { kind: isDescribe ? 'describe' : 'test', titles, body: node.arguments[at] };
}

const isFunction = (node) => ts.isArrowFunction(node) || ts.isFunctionExpression(node);

/** Which argument is the body of a test: a function, or else the name of one after the title. */
function bodyOf(args) {
  const written = args.findIndex(isFunction);
  return written >= 0 ? written : args.findIndex((each, i) => i > 0 && ts.isIdentifier(each));
}

/** The identifiers a callee is made of (`test`, `each`), and the table of `each`. */
function calleeOf(expression, constants, depth = 0) {
  const words = [];
  let each;
  const walk = (node) => {
    if (ts.isCallExpression(node)) {
      walk(node.expression);
      if (words.at(-1) === 'each') [each] = node.arguments;
      return;
    }
    if (ts.isIdentifier(node)) words.push(node.text);
    ts.forEachChild(node, walk);
  };
  walk(expression);
  // `const withAskpass = ... testWith.bind(null, 'ssh')`, and the like.
  const alias = ts.isIdentifier(expression) ? constants.get(expression.text) : undefined;
  if (alias && depth < 3 && !isFunction(alias)) return calleeOf(alias, constants, depth + 1);
  return { words, each };
}

/** The text of a title, with ANYTHING for what is put into it; undefined for what is no text. */
function textOf(node, constants) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    const parts = node.templateSpans.map(({ expression, literal }) => {
      const value = evaluate(expression, constants);
      return (isPlain(value) ? String(value) : ANYTHING) + literal.text;
    });
    return node.head.text + parts.join('');
  }
  if (!ts.isIdentifier(node)) return undefined;
  const value = evaluate(node, constants);
  return typeof value === 'string' ? value : ANYTHING;
}

const isPlain = (value) => ['string', 'number', 'boolean'].includes(typeof value);

/** The value of an expression that is written out in the source. */
function evaluate(node, constants, depth = 0) {
  const inner = (child) => (depth < 20 ? evaluate(child, constants, depth + 1) : UNKNOWN);
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (node.kind === ts.SyntaxKind.FalseKeyword) return false;
  if (node.kind === ts.SyntaxKind.NullKeyword) return null;
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken) {
    const value = inner(node.operand);
    return typeof value === 'number' ? -value : UNKNOWN;
  }
  if (ts.isIdentifier(node)) {
    const initializer = constants.get(node.text);
    return initializer ? inner(initializer) : UNKNOWN;
  }
  if (ts.isArrayLiteralExpression(node)) {
    if (node.elements.some(ts.isSpreadElement)) return UNKNOWN;
    return node.elements.map(inner);
  }
  if (ts.isObjectLiteralExpression(node)) return objectOf(node, inner);
  if (ts.isCallExpression(node)) return callOf(node, inner);
  return UNKNOWN;
}

function objectOf(node, inner) {
  const result = {};
  for (const property of node.properties) {
    const { name } = property;
    if (!name || ts.isComputedPropertyName(name)) return UNKNOWN;
    result[name.text] = ts.isPropertyAssignment(property) ? inner(property.initializer) : UNKNOWN;
  }
  return result;
}

/** `Object.keys(x)` and `Object.entries(x)`. */
function callOf(node, inner) {
  const name = node.expression.getText();
  if (name !== 'Object.keys' && name !== 'Object.entries') return UNKNOWN;
  const value = inner(node.arguments[0]);
  if (typeof value !== 'object' || value === null) return UNKNOWN;
  return name === 'Object.keys' ? Object.keys(value) : Object.entries(value);
}

/** The titles of `each`: one for every row, as far as the rows are known. */
function expand(template, rows) {
  if (!Array.isArray(rows)) return [fill(template, () => ANYTHING)];
  return rows.map((row) => {
    const values = Array.isArray(row) ? [...row] : [row];
    return fill(template, (directive) => {
      const value = values.length > 0 ? values.shift() : UNKNOWN;
      if (directive === '%s' || directive === '%i' || directive === '%d') {
        return isPlain(value) ? String(value) : ANYTHING;
      }
      if (directive === '%j') return isPlain(value) ? JSON.stringify(value) : ANYTHING;
      return ANYTHING;
    });
  });
}

function fill(template, value) {
  return template.replace(/%[sijdpfo#%]/g, (directive) =>
    directive === '%%' ? '%' : value(directive),
  );
}

module.exports = { hasTest };
