// Writes what is documented of the settings, from the rows of the built addon: docs/SETTINGS.md, the table
// of README.md, the part of index.d.ts at `config()`, and their names in __test__/reference/items.json.
// `node scripts/settings.mjs`, or with `--check` only tells whether they are up to date.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { root } from './common.mjs';

const require = createRequire(import.meta.url);
const { documentedSettings } = require('../native.js');
const { version } = require('../package.json');

/** Longer defaults are not shown in a table. */
const LONG = 60;
/** The longest line of index.d.ts. */
const WIDTH = 118;

const [properties, ...subjects] = documentedSettings();

const made = {
  'docs/SETTINGS.md': page,
  'README.md': (text) =>
    replaced(text, /(<!-- settings: [^\n]* -->\n)[^]*?(<!-- end -->)/, overview()),
  'index.d.ts': (text) =>
    replaced(text, /( {3}\* <!-- settings: [^\n]* -->\n)[^]*?( {3}\* <!-- end -->)/, comment()),
  '__test__/reference/items.json': names,
};

for (const [name, make] of Object.entries(made)) {
  const file = path.join(root, name);
  const present = existsSync(file) ? readFileSync(file, 'utf8').replaceAll('\r\n', '\n') : '';
  const text = await make(present);
  // of these, prettier looks at JSON only
  const options = { ...(await resolveConfig(file)), filepath: file };
  const wanted = name.endsWith('.json') ? await format(text, options) : text;
  if (wanted === present) {
    console.log(`${name} is up to date`);
  } else if (process.argv.includes('--check')) {
    console.log(`${name}: run node scripts/settings.mjs and commit what it writes`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, wanted);
    console.log(`${name} written`);
  }
}

function replaced(text, place, content) {
  if (!place.test(text)) throw new Error(`there is no ${place}`);
  return text.replace(place, (_, start, end) => start + content + end);
}

// --- the parts ---

function page() {
  const sections = [properties, ...subjects].map(({ title, intro, rows }) => {
    const settings = rows.map(
      (row) => `### ${row.name}\n\n*${facts(row, true)}*\n\n${meaning(row)}\n`,
    );
    return [`## ${title}`, '', ...(intro ? [intro, ''] : []), ...settings].join('\n');
  });
  return `# Settings

\`await server.config('Name=value')\` sets a setting, \`await server.config('Name')\` reads it. Names may be
written in upper or lower case. A change takes effect before \`config()\` returns, for those that it concerns.
Those with \`[ConnectionId]\` are of one connection, those with \`[i]\` of one record. A boolean is True or
False, which can be written 1 or 0 and yes or no too.

An unknown name or a bad value rejects with 10022 and changes nothing. A value has no control characters,
except that certificates and their stores, banners and prompts have lines; it has at most 1 MiB (stores 2 MiB,
banners and prompts 15 KiB).

\`reset()\` restores every default. *Extensions* are this server's own.

Written by \`node scripts/settings.mjs\` from the rows in \`src/binding/config_strings/\` and
\`src/binding/properties.rs\`.

${sections.join('\n')}`;
}

function overview() {
  const rows = subjects
    .flatMap((subject) => subject.rows)
    .filter((row) => row.applies !== 'to be read');
  const lines = rows.map((row) => {
    const initial = shownDefault(row, false);
    return `| \`${row.name}\` | ${initial} | ${row.brief.replaceAll('|', '\\|')} |\n`;
  });
  return `| setting | default | |\n|---|---|---|\n${lines.join('')}`;
}

function comment() {
  const lines = [];
  for (const { title, intro, rows } of subjects) {
    lines.push('');
    lines.push(...wrapped(`**${title}.** ${intro}`.trim().replace(/\.\*\*$/, '**'), '', ''));
    lines.push('');
    for (const row of rows) {
      lines.push(...wrapped(`\`${row.name}\` (${facts(row, false)}): ${meaning(row)}`, '- ', '  '));
    }
  }
  return `${lines.map((line) => `   * ${line}`.trimEnd()).join('\n')}\n   *\n`;
}

async function names(text) {
  const groups = JSON.parse(text);
  const group = groups.find(({ id }) => id === 'settings');
  const rows = subjects.flatMap((subject) => subject.rows);
  const of = (isExtension) =>
    rows.filter((row) => row.isExtension === isExtension).map(({ name }) => name);
  Object.assign(group, { items: of(false), extensions: of(true) });
  return JSON.stringify(groups);
}

// --- one setting ---

/** The values that a setting takes, its default, and to which connections it applies. */
function facts(row, isWhole) {
  const initial = shownDefault(row, isWhole);
  return [
    row.form,
    ...(row.initial === undefined || row.applies === 'to be read' || initial === ''
      ? []
      : [`default ${initial}`]),
    ...(isWhole && row.applies !== 'to be read' ? [`concerns ${row.applies}`] : []),
    ...(!isWhole && row.applies !== 'new connections' ? [row.applies] : []),
    ...(row.whileActive === undefined ? [] : [`${row.whileActive} while listening`]),
    ...(row.isExtension ? ['extension'] : []),
  ].join('; ');
}

/** The default as Markdown; nothing for one that is too long for a table. */
function shownDefault({ initial }, isWhole) {
  if (initial === undefined) return '';
  if (initial === '') return 'empty';
  if (!isWhole && initial.length > LONG) return '';
  return `\`${initial.replace(`sshserver_${version}`, 'sshserver_VERSION')}\``;
}

function meaning({ brief, more }) {
  const sentence = /^[`0-9]/.test(brief) ? brief : brief[0].toUpperCase() + brief.slice(1);
  return more ? `${sentence}. ${more}` : `${sentence}.`;
}

/** Text in lines that fit into a comment of index.d.ts. */
function wrapped(text, first, rest) {
  const lines = [];
  let line = first;
  for (const word of text.split(' ')) {
    const isEmpty = line === first || line === rest;
    if (!isEmpty && `   * ${line} ${word}`.length > WIDTH) {
      lines.push(line);
      line = rest + word;
    } else {
      line = isEmpty ? line + word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
