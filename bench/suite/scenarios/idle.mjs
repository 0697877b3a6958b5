const COUNTS = { full: [1000, 4000, 10_000, 100_000], quick: [1000, 4000, 10_000], tiny: [50] };

/** The most connections that each server is asked to hold; ours has to hold them all. */
const MOST = {
  russh: [10_000, 'measured up to 10,000 connections'],
  ssh2: [10_000, 'measured up to 10,000 connections'],
  asyncssh: [4000, 'measured up to 4,000 connections'],
  go: [4000, 'measured up to 4,000 connections'],
  openssh: [200, 'a process or two and 15 MiB for each connection'],
  libssh: [4000, 'a thread for each connection'],
};

/** Connections that are logged in, have a channel open and do nothing. */
export default {
  name: 'idle',
  title: 'Idle connections, each logged in with one open channel',
  metrics: [
    'kib_per_connection',
    'probe_p99_ms',
    'probe_max_ms',
    'close_s',
    'kept_kib_per_connection',
  ],
  // What a server keeps from earlier work would hide what it needs.
  fresh: true,
  rounds: (rounds, { connections }) => (rounds < 5 || connections >= 10_000 ? 1 : 3),
  cases: ({ kind }) =>
    COUNTS[kind].map((connections) => ({
      name: connections.toLocaleString('en-US'),
      connections,
      args: ['idle', '--connections', String(connections), '--batch', '64'],
      seconds: 60 + connections / 100,
      without: withoutAt(connections),
    })),
};

function withoutAt(connections) {
  const without = {};
  for (const [peer, [most, reason]] of Object.entries(MOST)) {
    if (connections > most) without[peer] = reason;
  }
  return without;
}
