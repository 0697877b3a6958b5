'use strict';

// A folder of the spec's own, readable by its user alone, removed when the spec is done. It is also
// the home of the clients: nothing of the user who runs the tests is read or written.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sshserver-test-'));
fs.chmodSync(folder, 0o700);
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

let count = 0;

/** Writes a file that only this user can read. */
function writeFile(name, content, mode = 0o600) {
  const file = path.join(folder, `${count++}-${name}`);
  fs.writeFileSync(file, content, { mode });
  return file;
}

module.exports = { folder, writeFile };
