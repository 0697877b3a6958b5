// `npm run algorithms [-- kind...]`: what the built addon has, like `ssh -Q`. One line each: the name,
// and which lists have it: `modern` (the defaults and both profiles), `profiles-only`, `intermediate`
// (the defaults and SecurityProfile=intermediate), `compatible` (the defaults only) or `on-request`
// (only a list that names it). A cipher or MAC that runs on this project's own code for vector
// instructions has its folder of src/crypto/ behind that; SSHSERVER_PORTABLE_CRYPTO=1 shows none.

import { createRequire } from 'node:module';
import process from 'node:process';

const native = createRequire(import.meta.url)('../native.js');
const rows = native.algorithms();
const folders = new Map(
  native.onVectorCode().map(({ kind, name, folder }) => [kind + name, folder]),
);
const kinds = [...new Set(rows.map(({ kind }) => kind))];
const wanted = process.argv.slice(2);
const unknown = wanted.filter((kind) => !kinds.includes(kind));
if (unknown.length > 0) {
  console.error(`${unknown.join(', ')}: there is ${kinds.join(', ')}`);
  process.exit(2);
}
const width = Math.max(...rows.map(({ name }) => name.length));
for (const kind of kinds) {
  if (wanted.length > 0 && !wanted.includes(kind)) continue;
  console.log(kind);
  for (const { kind: of, name, lists } of rows) {
    const folder = folders.get(of + name);
    const line = `  ${name.padEnd(width)}  ${lists}`;
    if (of === kind) console.log(folder ? `${line}, ${folder}` : line);
  }
}
