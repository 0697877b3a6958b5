/** Many channels of one connection at once, each with an echo. */
export default {
  name: 'channels',
  title: '100 channels × 64 KiB echo on one connection',
  metrics: ['wall_ms', 'server_cpu_ms'],
  rounds: (rounds) => (rounds > 1 ? rounds + 4 : rounds),
  cases: ({ kind }) => {
    const channels = kind === 'tiny' ? 10 : 100;
    const args = ['channels', '--channels', String(channels), '--kib', '64'];
    return [{ name: `${channels} channels`, args, warmUp: args }];
  },
};
