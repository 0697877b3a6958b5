import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FLOODS, PASSWORD, startEcho } from '../floods.mjs';
import { residentMib } from '../processes.mjs';
import { quantile } from '../stats.mjs';

const require = createRequire(import.meta.url);
const { RawSession, channelData } = require('../../../__test__/support/raw_session.js');

const flooder = fileURLToPath(new URL('../flooder.mjs', import.meta.url));
/** Between the return of a byte and the next one. */
const PAUSE_MS = 2;
/** Round trips before anything is measured. */
const WARM_UP = 500;
/** Messages for each second that a flood is to last. */
const MESSAGES_PER_SECOND = 100_000;

/** How long a byte takes there and back on one connection while another one floods the server. */
export default {
  name: 'neighbours',
  title: 'Echo of one byte while another client floods',
  metrics: ['p99_ms', 'p50_ms', 'max_ms', 'flood_per_s', 'grown_mib'],
  peers: ['ours'],
  // A flood must not find the memory of the one before it.
  fresh: true,
  rounds: (rounds) => Math.min(rounds, 3),
  cases: ({ kind, size }) =>
    FLOODS.map(({ name, serverArgs = [], share = 1, messages }) => {
      const usual = kind === 'tiny' ? 20_000 : size.seconds * MESSAGES_PER_SECOND;
      return {
        name,
        args: [name, String(messages ?? Math.ceil(share * usual))],
        serverArgs: { ours: serverArgs },
      };
    }),
  async measure({ server, args }) {
    const probe = new RawSession(server.port, server.user);
    const flood = startFlooder([String(server.port), ...args]);
    try {
      await probe.login(PASSWORD);
      const echo = await probe.open(1);
      await startEcho(probe, echo);
      const roundTrip = async () => {
        const sent = performance.now();
        await probe.send(channelData(echo, 'x'));
        await probe.expect(94);
        return performance.now() - sent;
      };
      await flood.line();
      for (let i = 0; i < WARM_UP; i++) await roundTrip();
      return await beside(flood, roundTrip, server.pid);
    } finally {
      probe.socket.destroy();
      flood.stop();
    }
  },
};

/** Round trips for as long as the flood lasts. */
async function beside(flood, roundTrip, pid) {
  const before = residentMib(pid);
  const samples = [];
  let most = before;
  let over = false;
  flood.go();
  const told = flood.line().finally(() => (over = true));
  told.catch(() => {}); // it is awaited below
  while (!over) {
    samples.push(await roundTrip());
    most = Math.max(most, residentMib(pid));
    await sleep(PAUSE_MS);
  }
  const { messages, seconds } = await told;
  return {
    p50_ms: quantile(samples, 0.5),
    p99_ms: quantile(samples, 0.99),
    max_ms: Math.max(...samples),
    flood_per_s: messages > 0 ? messages / seconds : undefined,
    grown_mib: most - before,
    round_trips: samples.length,
  };
}

/** `line` resolves to what it tells next, and rejects when it ends instead. */
function startFlooder(args) {
  const child = spawn(process.execPath, [flooder, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const stop = () => child.kill('SIGKILL');
  process.once('exit', stop);
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
  child.stdin.on('error', () => {}); // it has ended
  const ended = new Promise((resolve) => child.once('close', resolve));
  void ended.then(() => process.off('exit', stop));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    go: () => child.stdin.write('\n'),
    line: async () => {
      const { value, done } = await lines.next();
      if (!done) return JSON.parse(value);
      await ended;
      throw new Error(`the flood ended early: ${errors.trim()}`);
    },
    stop,
  };
}
