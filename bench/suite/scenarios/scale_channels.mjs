/** How the cost of a channel grows with how many one connection has. */
export default {
  name: 'scale-channels',
  title: 'Channels of one connection: the cost of each',
  metrics: ['server_cpu_us_per_channel', 'wall_ms'],
  peers: ['ours', 'russh', 'ssh2', 'go'],
  rounds: (rounds) => Math.min(rounds, 3),
  cases: ({ kind }) =>
    (kind === 'tiny' ? [1, 10] : [1, 10, 100, 1000, 10_000]).map((channels) => {
      const args = ['scale-channels', '--channels', String(channels), '--kib', '1'];
      return {
        name: `${channels.toLocaleString('en-US')} channels`,
        args,
        warmUp: channels <= 10 ? args : undefined,
      };
    }),
};
