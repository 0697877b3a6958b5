// Writes docs/REFERENCE.md out of the tables of __test__/reference: `node scripts/reference.mjs`, or
// with `--check` only tells whether it is up to date.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from './common.mjs';

const { render } = createRequire(import.meta.url)('../__test__/reference/render.js');
const file = path.join(root, 'docs', 'REFERENCE.md');

const made = render();
const present = existsSync(file) ? readFileSync(file, 'utf8').replaceAll('\r\n', '\n') : '';

if (made === present) {
  console.log('docs/REFERENCE.md is up to date');
} else if (process.argv.includes('--check')) {
  console.log('docs/REFERENCE.md: run node scripts/reference.mjs and commit what it writes');
  process.exitCode = 1;
} else {
  writeFileSync(file, made);
  console.log('docs/REFERENCE.md written');
}
