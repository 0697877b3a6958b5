'use strict';

// A file system that hangs holds up its own session, and nothing else.

const fs = require('node:fs');
const path = require('node:path');
const { once } = require('node:events');
const { folder } = require('../support/folder.js');
const { mountHung, withHungDisk } = require('../support/hung_disk.js');
const { connect, openOther, openSftp, startServed } = require('../support/served.js');
const { sftp } = require('../../lib/sftp/index.js');
const { until } = require('../support/waiting.js');

/** The number of FUSE_LOOKUP. */
const LOOKUP = 1;
let count = 0;

async function start(rootOf = (root) => root) {
  const root = path.join(folder, `root-${count++}`);
  const disk = await mountHung(path.join(root, 'hung'));
  fs.writeFileSync(path.join(root, 'f'), 'text');
  const it = await startServed({
    sftp: sftp({ root: rootOf(root) }),
    async exec({ stream }) {
      for await (const chunk of stream) stream.write(chunk);
      return 0;
    },
  });
  return { ...it, disk };
}

/** Asks for something that never comes; resolves when the disk has the request. */
async function hang(ssh2, disk, name) {
  const { call } = await openSftp(ssh2);
  const state = { isOver: false };
  const over = () => (state.isOver = true);
  call('stat', `hung/${name}`).then(over, over);
  expect(await disk.request()).toBe(LOOKUP);
  return state;
}

async function echo(ssh2, times) {
  const stream = await openOther(ssh2, 'exec', 'echo');
  for (let n = 0; n < times; n++) {
    stream.write(`${n}`);
    const [said] = await once(stream, 'data');
    expect(String(said)).toBe(`${n}`);
  }
  stream.end();
}

withHungDisk('all others go on, and so do the other channels of the connection', async () => {
  const it = await start();
  const ssh2 = await connect(it);
  const state = await hang(ssh2, it.disk, 'a');
  // More connections than there are threads for them.
  const others = await Promise.all(Array.from({ length: 8 }, () => connect(it)));
  await Promise.all([ssh2, ...others].map((each) => echo(each, 30)));
  const texts = others.map(async (each) => {
    const { call } = await openSftp(each);
    return String(await call('readFile', 'f'));
  });
  expect(await Promise.all(texts)).toEqual(others.map(() => 'text'));
  expect(state.isOver).toBe(false);
});

withHungDisk(
  'the client can leave, and the server end, while a request is unanswered',
  async () => {
    const it = await start();
    const ssh2 = await connect(it);
    await hang(ssh2, it.disk, 'a');
    const staying = await connect(it);
    await hang(staying, it.disk, 'b');
    expect(it.service.sessions.size).toBe(2);
    ssh2.end();
    await until(() => it.service.sessions.size === 1);
    expect(it.recorder.all('Disconnected').length).toBe(1);
    await it.server.shutdown();
    await until(() => it.recorder.all('Disconnected').length === 2);
  },
);

withHungDisk('a session whose root hangs is not answered, and others are', async () => {
  const it = await start((root) => path.join(root, 'hung', 'user'));
  const ssh2 = await connect(it);
  let isOver = false;
  openOther(ssh2, 'subsys', 'sftp').catch(() => (isOver = true));
  expect(await it.disk.request()).toBe(LOOKUP);
  await echo(ssh2, 30);
  await echo(await connect(it), 30);
  expect(isOver).toBe(false);
});
