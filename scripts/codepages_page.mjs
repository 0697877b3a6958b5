// Writes docs/CODEPAGES.md from what the built addon supports: `node scripts/codepages_page.mjs`, or
// with `--check` only tells whether it is up to date.

import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './common.mjs';

const { codePages } = createRequire(import.meta.url)('../native.js');
const file = path.join(root, 'docs/CODEPAGES.md');

const rows = codePages().map(([id, name, supported]) => {
  const hexadecimal = id > 0x80000000 ? ` (0x${Number(id).toString(16)})` : '';
  return `| ${id}${hexadecimal} | ${name} | ${supported} |\n`;
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
* **Writing** takes each text for itself, so a text in ISO-2022 or HZ begins and ends in US-ASCII. A
  character that the code page lacks is sent as its \`?\`. No byte order mark is written.
* The pages of one byte for each character are those of .NET (from the npm package \`codepage\`). 932, 936,
  949, 950, 20932, 51932 and 54936 are those of the WHATWG Encoding Standard (from the crate
  \`encoding_rs\`): 950 reads the extensions of Hong Kong
  too, and 20932 and 51932 read JIS X 0212, but neither is written. 20936 and 51936 write GB 2312 and
  read GBK, 51949 writes KS X 1001 and reads its extension. 50220 writes half-width katakana full-width,
  50221 with an escape sequence of their own, 50222 with SO and SI; all three read all of these. 1200 and
  1201 have surrogate pairs, so all of Unicode.
* The numbers below 32, from 0x8c000100 on and 65536 are documented for macOS; they work everywhere.
* A page that is not supported is refused by its name: \`Code page 57002 (ISCII Devanagari) is not
  supported.\`

${rows.filter((row) => row.includes('| yes |')).length} of ${rows.length} are supported.

| number | name | supported |
|---|---|---|
${rows.join('')}`;

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
