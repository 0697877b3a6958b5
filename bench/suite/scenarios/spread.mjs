import { SUITES } from '../suites.mjs';

/** A fixed amount of data, shared by ever more connections. */
export default {
  name: 'spread',
  title: 'A fixed total of traffic over ever more connections',
  metrics: ['server_cpu_s_per_gib', 'mib_per_s'],
  peers: ['ours', 'russh', 'ssh2', 'go'],
  rounds: (rounds) => Math.min(rounds, 3),
  cases: ({ kind, size }) =>
    (kind === 'tiny' ? [1, 10] : [1, 10, 100, 1000, 10_000]).map((connections) => ({
      name: `${connections.toLocaleString('en-US')} connections`,
      connections,
      args: [
        ...['spread', '--connections', String(connections), '--mib', String(size.mib)],
        ...['--cipher', SUITES['aes128-gcm'].cipher],
      ],
      seconds: 60 + connections / 50,
    })),
};
