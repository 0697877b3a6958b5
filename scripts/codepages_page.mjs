// Writes docs/CODEPAGES.md from what the built addon supports: `node scripts/codepages_page.mjs`, or
// with `--check` only tells whether it is up to date.

import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './common.mjs';

const { codePages } = createRequire(import.meta.url)('../native.js');
const file = path.join(root, 'docs/CODEPAGES.md');

/** Why a page is refused. */
const REASONS = new Map([
  [
    709,
    'nobody who used it published a table, none of .NET, ICU, glibc and Unicode has it, and what is told of it ' +
      'differs: either the 7 bits of ASMO 449 alone, or these above US-ASCII with letters of 437 between them',
  ],
  [710, 'nobody published a table, and none of .NET, ICU, glibc and Unicode has it'],
  [
    50936,
    "a number and a name without a table; IBM's page 936 is no EBCDIC, and its table is not published; " +
      "IBM's mixed EBCDIC for simplified Chinese is 50935",
  ],
  [
    65536,
    'the name of macOS for whatever an installation defines: it has no characters of its own',
  ],
]);

const UNICODE_LICENSE = readFileSync(
  path.join(root, 'src/binding/codepage/sets/UNICODE-LICENSE'),
  'utf8',
);
const all = codePages();
const refused = all.filter((page) => !page.isSupported).map(({ id }) => id);
if (refused.join() !== [...REASONS.keys()].join())
  throw new Error(`Refused are ${refused}: REASONS has to say why.`);

const rows = all.map(({ id, name, isSupported }) => {
  const hexadecimal = id > 0x80000000 ? ` (0x${id.toString(16)})` : '';
  return `| ${id}${hexadecimal} | ${name} | ${isSupported ? 'yes' : 'no'} |\n`;
});

const page = `# Code pages

\`config('CodePage=932')\` chooses how text becomes bytes on channels: for \`data\` of
\`SSHChannelDataIn\` and for \`sendText\` and \`dataToSend\`. The default is 65001, UTF-8. Names of users,
commands and everything else in the packets of SSH is UTF-8, whatever the code page is, because the
protocol says so (RFC 4251, section 5).

* A number can be written in hexadecimal (\`0x90000100\`) or with zeros in front (\`037\`).
* A change concerns what is sent and what arrives from then on.
* **Reading** follows each channel: a character that is cut in two by the end of an event comes whole
  at the beginning of the next event's \`data\`, and the shifts of ISO-2022, HZ and UTF-7 stay in force.
  \`dataB\` always has exactly the bytes that came; what is cut off when a channel ends is in \`dataB\` only.
  Extended data is another text than the channel's data. Bytes that mean nothing become U+FFFD. No byte
  order mark is taken away. In records (\`changeRecordLength\`) it is the same.
* **Writing** takes each text for itself, so a text in ISO-2022 or HZ begins and ends in US-ASCII, one of 50930 to
  50939 outside of its double bytes, and one of 57002 to 57011 in the script of its page. A
  character that the code page lacks is sent as its \`?\`. No byte order mark is written.
* The pages of one byte for each character, 1361, 10001 to 10008, 20000 to 20005 and 20261 are those of .NET (from the
  npm package \`codepage\`, Apache-2.0), user-defined characters included; where Apple or glibc mean other characters
  by the same name, Windows is followed. 932, 936,
  949, 950, 20932, 51932 and 54936 are those of the WHATWG Encoding Standard (from the crate
  \`encoding_rs\`): 950 reads the extensions of Hong Kong
  too, and 20932 and 51932 read JIS X 0212, but neither is written. 20936 and 51936 write GB 2312 and
  read GBK, 51949 writes KS X 1001 and reads its extension. 50220 writes half-width katakana full-width,
  50221 with an escape sequence of their own, 50222 with SO and SI; all three read all of these. 1200 and
  1201 have surrogate pairs, so all of Unicode.
* 50930 to 50939 are the mixed EBCDIC of IBM's CCSIDs 930, 931, 933, 935, 937 and 939, 51950 is EUC-TW, and 57002 to
  57011 are ISCII, all as ICU has them (Unicode License). In ISCII some bytes change the one before them, so the last
  character of an event may come with the next event. Assamese and Bengali have the same characters; the Gurmukhi
  tippi is written as a bindi, which is all that ISCII has.
* 50227 and 50229 are ISO-2022-CN (RFC 1922): both read GB 2312 and the planes 1 to 7 of CNS 11643, 50227 writes GB 2312,
  50229 the planes 1 and 2.
* 2 and 6 are Unicode's tables of NEXTSTEP and of Apple's Symbol (as Perl has them, Unicode License). 7 escapes as
  Foundation does: \`\\351\`, \`\\u6f22\`, \`\\\\\`.
* The numbers below 32, from 0x8c000100 on and 65536 are documented for macOS; they work everywhere.
* A page that is not supported is refused by its name: \`Code page 710 (Arabic - Transparent Arabic) is not
  supported.\`

${all.length - refused.length} of ${all.length} are supported. The others have no public definition:

${[...REASONS].map(([id, reason]) => `* ${id}: ${reason}.\n`).join('')}
| number | name | supported |
|---|---|---|
${rows.join('')}
## Where the tables come from

The npm package \`codepage\`, by SheetJS, Apache License 2.0
(http://www.apache.org/licenses/LICENSE-2.0). The tables were put into another form.

ICU and the mapping tables of Unicode, under this licence:

    ${UNICODE_LICENSE.trim().replaceAll('\n', '\n    ').replaceAll(/ +$/gm, '')}
`;

const before = (() => {
  try {
    return readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
  } catch {
    return '';
  }
})();
if (before === page) {
  console.log('docs/CODEPAGES.md is up to date');
} else if (process.argv.includes('--check')) {
  console.log('docs/CODEPAGES.md: run node scripts/codepages_page.mjs and commit what it writes');
  process.exitCode = 1;
} else {
  writeFileSync(file, page);
  console.log('docs/CODEPAGES.md written');
}
