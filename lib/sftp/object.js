'use strict';

// SFTP sessions over a file system object of the program: takes the calls of a session a batch at a time, has them
// done in an order in which no result can be wrong, and answers all of them at once.

const { serveObject } = require('../server.js');
const { Calls } = require('./calls.js');

/** Methods of the object, and the extensions that nobody is told of without them. */
const NEEDED = {
  rename: ['posix-rename@openssh.com'],
  statfs: ['statvfs@openssh.com', 'fstatvfs@openssh.com'],
  link: ['hardlink@openssh.com'],
  lutimes: ['lsetstat@openssh.com'],
};

/** Calls that only look at paths. */
const LOOKS = new Set(['stat', 'lstat', 'realpath', 'readlink', 'statvfs']);
/** Calls of one handle alone. */
const OF_HANDLES = new Set(['read', 'write', 'fstat', 'readdir', 'fsync', 'close', 'fstatvfs']);
const NUMBERS = ['offset', 'toOffset', 'len'];

function lacking(fs) {
  const missing = Object.keys(NEEDED).filter((method) => typeof fs[method] !== 'function');
  return missing.flatMap((method) => NEEDED[method]);
}

/** The calls of one batch, and what each of them waits for. */
class Order {
  #all = [];
  #barrier = Promise.resolve();
  #handles = new Map();

  /** Does `work` when it is its turn; `call` says which that is. */
  add({ method, handle }, work) {
    const done = this.#before(method, handle).then(work);
    this.#all.push(done);
    if (OF_HANDLES.has(method)) this.#follow(method, handle, done);
    else if (!LOOKS.has(method)) this.#barrier = Promise.all(this.#all);
    return done;
  }

  /** READs of a file that follow each other need not wait for each other; everything else keeps its order. */
  #before(method, handle) {
    if (LOOKS.has(method)) return this.#barrier;
    if (!OF_HANDLES.has(method)) return Promise.all(this.#all);
    const { last, reads } = this.#handles.get(handle) ?? { reads: [] };
    const before = method === 'read' ? [last] : [last, ...reads];
    return Promise.all([this.#barrier, ...before]);
  }

  #follow(method, handle, done) {
    const of = this.#handles.get(handle) ?? { reads: [] };
    if (method === 'read') of.reads.push(done);
    else Object.assign(of, { last: done, reads: [] });
    this.#handles.set(handle, of);
  }
}

/** One session. */
class ObjectSession {
  #channel;
  #calls;
  /** For the READs of a batch. It is used again, as no two batches are at work at the same time. */
  #buffer = Buffer.alloc(0);

  constructor(channel, calls) {
    this.#channel = channel;
    this.#calls = calls;
  }

  /** Resolves when the channel is gone. */
  async run() {
    for (;;) {
      const calls = await this.#channel.next();
      if (calls.length === 0) return;
      const answers = await this.#batch(calls);
      this.#channel.answer(answers, this.#buffer);
    }
  }

  #batch(calls) {
    const lengths = calls.map(({ method, len }) => (method === 'read' ? len : 0));
    const length = lengths.reduce((sum, each) => sum + each, 0);
    // Of zeros: what an object says that it has read and has not written goes to the client.
    if (this.#buffer.length < length) this.#buffer = Buffer.alloc(length);
    const order = new Order();
    let end = 0;
    return Promise.all(
      calls.map((call, index) => {
        const start = end;
        end += lengths[index];
        const room = this.#buffer.subarray(start, end);
        return order.add(call, () => this.#answer(call, room, start));
      }),
    );
  }

  async #answer(call, room, start) {
    try {
      if (!NUMBERS.every((name) => Number.isSafeInteger(call[name]))) return { error: 'EINVAL' };
      return await this.#calls[call.method](call, room, start);
    } catch (error) {
      return { error: typeof error?.code === 'string' ? error.code : 'EIO' };
    }
  }
}

/** Serves a session over the object; resolves when that has begun. */
async function serveFileSystem({ server, channelId, signal }, { fs, root, options }) {
  const channel = await serveObject(server, channelId, options, lacking(fs));
  const calls = new Calls(fs, root);
  const end = () => calls.end();
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  // It fails when the channel is gone. Should it fail otherwise, the client must not wait for its answers.
  new ObjectSession(channel, calls)
    .run()
    .catch(() => server.closeChannel(channelId).catch(() => {}))
    .finally(end);
}

module.exports = { serveFileSystem };
