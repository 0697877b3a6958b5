// The client that floods, in a process of its own: `flooder.mjs PORT FLOOD MESSAGES`. Tells when it is ready,
// floods when a line comes, and tells how long the server took to work through it.
//
// What is sent is encrypted beforehand, so that the flood itself costs next to nothing: the server has the
// processors.

import { once } from 'node:events';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { FLOODS, PASSWORD, compressed } from './floods.mjs';

const require = createRequire(import.meta.url);
const { RawSession } = require('../../__test__/support/raw_session.js');

/** Messages that are written at once. */
const BATCH = 2000;
/** After so long without progress the server is considered to have stopped reading. */
const QUIET_MS = 500;
/** Connections that exchange keys, each of which waits for the server's part. */
const EXCHANGING = 8;

const [port, name, messages] = process.argv.slice(2);
const flood = FLOODS.find((one) => one.name === name);
const kind = flood.pauses ? pause : flood.exchanges ? exchanges : sealed;
const start = await kind(flood, Number(port), Number(messages));
print({ ready: true });
await once(process.stdin, 'data');
const started = process.hrtime.bigint();
const sent = await start();
print({ messages: sent, seconds: Number(process.hrtime.bigint() - started) / 1e9 });
process.exit(0);

/** Each of these resolves to a function that floods, and that resolves to how many messages that were. */
async function sealed({ begin, last, compresses }, to, count) {
  const session = new RawSession(to, 'bench');
  const block = await begin(session);
  const payloads = Array.from({ length: count }, (_, index) => block[index % block.length]);
  if (last) payloads.push(last.payload);
  const ready = compresses ? compressed(payloads) : payloads;
  const batches = [];
  for (let i = 0; i < ready.length; i += BATCH) {
    batches.push(session.seal(ready.slice(i, i + BATCH)));
    // The flood does not wait for the server's replies.
    await sleep(0);
  }
  if (!last) return () => untilStuck(session, batches);
  return async () => {
    for (const batch of batches) void session.write(batch);
    await session.expect(last.answer);
    return count;
  };
}

/** Writes until the server reads no more. What it sends is read and forgotten. */
async function untilStuck(session, batches) {
  session.readOn();
  let count = 0;
  for (const batch of batches) {
    const waits = new AbortController();
    const quiet = sleep(QUIET_MS, false, waits).catch(() => false);
    const taken = await Promise.race([session.write(batch).then(() => true), quiet]);
    waits.abort();
    if (session.socket.destroyed) throw new Error('the server has closed the connection');
    if (!taken) return count;
    count += BATCH;
  }
  throw new Error(`the server took all of ${count} messages`);
}

async function pause(_flood, _to, milliseconds) {
  return () => sleep(milliseconds, 0);
}

/** A message between two exchanges shows the server that they are worth it. */
async function exchanges(_flood, to, count) {
  const sessions = Array.from({ length: EXCHANGING }, () => new RawSession(to, 'bench'));
  for (const session of sessions) await session.login(PASSWORD);
  const each = Math.ceil(count / EXCHANGING);
  return async () => {
    const all = sessions.map(async (session) => {
      for (let i = 0; i < each; i++) {
        await session.exchangeKeys();
        await session.ask();
      }
    });
    await Promise.all(all);
    return each * EXCHANGING;
  };
}

function print(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
