'use strict';

// A server for one short run of a driver of the interop run, which only has to get in: little data, and
// no new keys.

const { createHash, randomBytes } = require('node:crypto');
const { writeFileSync } = require('node:fs');
const path = require('node:path');
const { serveExchange } = require('./exchange_server.js');
const { folder } = require('./folder.js');
const { Recorder, acceptAll, createServer } = require('./server.js');

const LENGTH = 1000;
/** No client asks for new keys before so many bytes. */
const NEVER = 1 << 30;

function write(name) {
  const bytes = randomBytes(LENGTH);
  const file = path.join(folder, `small-${name}`);
  writeFileSync(file, bytes);
  return { file, bytes, hash: createHash('sha256').update(bytes).digest('hex') };
}

/** Starts the server; `job` has what `run()` of a driver needs, but for keys and algorithms. */
async function startSmallExchange(configure, options = {}) {
  const server = createServer(options);
  acceptAll(server);
  const events = ['Connected', 'SSHUserAuthRequest', 'Disconnected'];
  const recorder = new Recorder(server, events);
  const [upload, download] = [write('upload'), write('download')];
  serveExchange(server, { upload, download, asked: true });
  await configure(server);
  await server.startListening();
  const job = { server, user: 'demo', rekeyBytes: NEVER };
  Object.assign(job, { upload: upload.file, download: download.file });
  return { server, recorder, job };
}

/** How the server saw the end of the run; a client that never came is a mistake of the test's. */
async function endOf(recorder, problem) {
  if (recorder.all('Connected').length === 0) throw new Error(`no connection came: ${problem}`);
  return (await recorder.first('Disconnected')).description;
}

module.exports = { startSmallExchange, endOf };
