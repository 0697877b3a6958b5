// Writes src/binding/codepage/tables.rs, the code pages of one byte for each character, and sets/ beside it, the
// sets of characters with several bytes. Most are from the npm package `codepage` (SheetJS, Apache-2.0), whose
// tables are those of .NET; scripts/codepage_sets.mjs says where the others come from:
//
//     npm pack codepage@1.15.0 && tar xf codepage-1.15.0.tgz
//     node scripts/codepages.mjs ./package

import { createRequire } from 'node:module';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { furtherTables, scripts, writeSets } from './codepage_sets.mjs';
import { root } from './common.mjs';

const IDS = [
  37, 437, 500, 708, 720, 737, 775, 850, 852, 855, 857, 858, 860, 861, 862, 863, 864, 865, 866, 869,
  870, 874, 875, 1026, 1047, 1140, 1141, 1142, 1143, 1144, 1145, 1146, 1147, 1148, 1149, 1250, 1251,
  1252, 1253, 1254, 1255, 1256, 1257, 1258, 10000, 10004, 10005, 10006, 10007, 10010, 10017, 10021,
  10029, 10079, 10081, 10082, 20105, 20106, 20107, 20108, 20269, 20273, 20277, 20278, 20280, 20284,
  20285, 20290, 20297, 20420, 20423, 20424, 20833, 20838, 20866, 20871, 20880, 20905, 20924, 21025,
  21027, 21866, 28591, 28592, 28593, 28594, 28595, 28596, 28597, 28598, 28599, 28605, 29001, 38598,
];
const UNDEFINED = '\ufffd';

if (process.argv.length !== 3) throw new Error('node scripts/codepages.mjs FOLDER_OF_THE_PACKAGE');
const require = createRequire(import.meta.url);
const published = require(path.resolve(process.argv[2], 'cptable.js'));

const tables = new Map(IDS.map((id) => [id, table(id)]));
const others = furtherTables();
writeSets(published);
const ascii = Array.from({ length: 128 }, (_, byte) => String.fromCodePoint(byte)).join('');
const controls = tables.get(37).slice(0, 64).join('');

const rows = [...tables].map(([id, chars]) => tableRow(id, chars));

writeFileSync(
  path.join(root, 'src/binding/codepage/tables.rs'),
  `//! The code pages of one byte for each character: written by scripts/codepages.mjs from those of .NET in
//! the npm package \`codepage\` (SheetJS, Apache-2.0). U+FFFD stands for a byte that means nothing.

/// How a page is written down.
pub(super) enum Table {
    /// The upper half; the lower one is US-ASCII.
    Ascii(&'static str),
    /// What follows on the 64 control characters of EBCDIC.
    Ebcdic(&'static str),
    Whole(&'static str),
}

/// What the bytes 0 to 63 mean in most EBCDIC pages.
pub(super) static EBCDIC_CONTROLS: &str = ${literal([...controls])};

/// By code page.
#[rustfmt::skip]
pub(super) static TABLES: &[(u32, Table)] = &[
${rows.join('')}];
`,
);

writeFileSync(
  path.join(root, 'src/binding/codepage/other_tables.rs'),
  `//! What .NET lacks, written by scripts/codepages.mjs: 290, 833, 836, 1027, 28709 and the scripts of ISCII as
//! ICU has them, 2 and 6 from Unicode's mapping tables as Perl has them (both Unicode License). U+FFFD stands for
//! a byte that means nothing.

use super::tables::Table;

/// By code page.
#[rustfmt::skip]
pub(super) static OTHER_TABLES: &[(u32, Table)] = &[
${[...others].map(([id, chars]) => tableRow(id, chars)).join('')}];

/// A script of ISCII: what the bytes 0xA1 to 0xFA mean, by themselves and with a nukta behind them.
pub(super) struct Script {
    pub(super) plain: &'static str,
    pub(super) nukta: &'static str,
}

/// From page 57002 on.
#[rustfmt::skip]
pub(super) static SCRIPTS: [Script; 10] = [
${scripts()
  .map(({ plain, nukta }) => `    Script { plain: ${literal(plain)}, nukta: ${literal(nukta)} },\n`)
  .join('')}];
`,
);

function table(id) {
  const { dec } = published[id];
  return Array.from({ length: 256 }, (_, byte) => {
    // The package says of some pages that these two bytes are the character of another.
    const char = byte < 2 ? String.fromCodePoint(byte) : (dec[byte] ?? UNDEFINED);
    if ([...char].length !== 1) throw new Error(`${id}: byte ${byte} is no single character`);
    return char;
  });
}

function tableRow(id, chars) {
  const text = chars.join('');
  if (text.startsWith(ascii)) return row(id, 'Ascii', chars.slice(128));
  if (text.startsWith(controls)) return row(id, 'Ebcdic', chars.slice(64));
  return row(id, 'Whole', chars);
}

function row(id, kind, chars) {
  return `    (${id}, Table::${kind}(${literal(chars)})),\n`;
}

/** As a Rust literal: what is no plain visible character from left to right is escaped. */
function literal(chars) {
  const lines = [];
  for (let at = 0; at < chars.length; at += 32)
    lines.push(
      chars
        .slice(at, at + 32)
        .map(escape)
        .join(''),
    );
  return `"\\\n        ${lines.join('\\\n        ')}"`;
}

function escape(char) {
  const plain = /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(char) && !/^[\p{Lm}\p{Sk}]$/u.test(char);
  const rightToLeft = /^[\p{Script=Hebrew}\p{Script=Arabic}\u0600-\u06ff]$/u.test(char);
  if (char === '"' || char === '\\') return `\\${char}`;
  if (plain && !rightToLeft && char !== UNDEFINED) return char;
  return `\\u{${char.codePointAt(0).toString(16)}}`;
}
