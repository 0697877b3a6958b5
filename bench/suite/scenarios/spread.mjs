import { SUITES } from '../suites.mjs';

/** They need minutes to log so many in. */
const TOO_SLOW = {
  ssh2: 'measured up to 1,000 connections',
  go: 'measured up to 1,000 connections',
};

/** A fixed amount of data, shared by ever more connections. */
export default {
  name: 'spread',
  title: 'A fixed total of traffic over ever more connections',
  metrics: ['server_cpu_s_per_gib', 'mib_per_s'],
  peers: ['ours', 'russh', 'ssh2', 'go'],
  rounds: (rounds, { connections }) =>
    rounds < 5 && connections >= 1000 ? 1 : Math.min(rounds, 3),
  cases: ({ kind, size }) =>
    (kind === 'tiny' ? [1, 10] : [1, 10, 100, 1000, 10_000]).map((connections) => {
      const args = (mib) => [
        ...['spread', '--connections', String(connections), '--mib', String(mib)],
        ...['--cipher', SUITES['aes128-gcm'].cipher],
      ];
      return {
        name: `${connections.toLocaleString('en-US')} connections`,
        connections,
        // Less would measure the opening and closing of channels.
        args: args(kind === 'tiny' ? size.mib : Math.max(size.mib, 1024)),
        warmUp: connections === 1 ? args(Math.min(32, size.mib)) : undefined,
        without: connections > 1000 ? TOO_SLOW : undefined,
        seconds: 60 + connections / 50,
      };
    }),
};
