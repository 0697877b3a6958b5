// Writes the tables of README.md that are made from the source: `node scripts/tables.mjs`, or with
// `--check` only tells whether they are up to date.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root, run } from './common.mjs';

const file = path.join(root, 'README.md');
const kinds = {
  kex: 'Key exchange',
  signature: 'Host keys and client keys',
  cipher: 'Ciphers',
  mac: 'MACs',
  compression: 'Compression',
};

const readme = readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
const table = /(<!-- algorithms: [^\n]* -->\n)[^]*?(<!-- end -->)/;
if (!table.test(readme)) throw new Error('README.md has no place for the table of algorithms');
const made = readme.replace(table, `$1${algorithmTable(await algorithms())}$2`);

if (made === readme) {
  console.log('README.md is up to date');
} else if (process.argv.includes('--check')) {
  console.log('README.md: run node scripts/tables.mjs and commit what it writes');
  process.exitCode = 1;
} else {
  writeFileSync(file, made);
  console.log('README.md written');
}

/** `[kind, name, profile]` of every algorithm, in the order of preference. */
async function algorithms() {
  let output = '';
  const args = ['run', '--quiet', '--no-default-features', '--example', 'algorithms'];
  const status = await run('cargo', args, { echo: false, onText: (text) => (output += text) });
  if (status !== 0) throw new Error('cargo run --example algorithms failed');
  return output
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' '));
}

function algorithmTable(all) {
  const names = (kind, profile) =>
    all
      .filter((row) => row[0] === kind && row[2] === profile)
      .map(([, name]) => `\`${name}\``)
      .join(', ') || '-';
  const rows = Object.entries(kinds).map(([kind, title]) => {
    const cells = ['modern', 'profiles-only', 'intermediate', 'compatible', 'on-request'];
    return `| ${[title, ...cells.map((profile) => names(kind, profile))].join(' | ')} |\n`;
  });
  const heads = [
    'everywhere',
    '`modern` and `intermediate`',
    '`intermediate` and default lists',
    'default lists',
    'in a list that names it',
  ];
  return `| | ${heads.join(' | ')} |\n${'|---'.repeat(heads.length + 1)}|\n${rows.join('')}`;
}
