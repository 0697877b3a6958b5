// Writes sets.txt: of each page of .NET with two bytes for some characters, how many characters it has, and the
// SHA-256 of lines of code and character, in hexadecimal, in the order of the codes:
//
//     npm pack codepage@1.15.0 && tar xf codepage-1.15.0.tgz && node sets.mjs ./package
//
// Bytes of their own that mean nothing, which .NET reads as U+F800 to U+F8FF, are left out.

import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const pages = createRequire(import.meta.url)(path.resolve(process.argv[2], 'cptable.js'));
const ids = [1361, 10001, 10002, 10003, 10008, 20000, 20001, 20002, 20003, 20004, 20005, 20261];

const rows = ids.map((id) => {
  const lines = [];
  for (const [char, code] of Object.entries(pages[id].enc).sort(([, a], [, b]) => a - b)) {
    const number = char.codePointAt(0);
    if (char === '\ufffd' || (code < 256 && number >= 0xf800 && number < 0xf900)) continue;
    lines.push(`${code.toString(16)} ${number.toString(16)}\n`);
  }
  const digest = createHash('sha256').update(lines.join('')).digest('hex');
  return `${id} ${lines.length} ${digest}\n`;
});
writeFileSync(new URL('sets.txt', import.meta.url), rows.join(''));
