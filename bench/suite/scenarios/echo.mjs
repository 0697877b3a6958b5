/** One byte there and back through a listener, one at a time. */
export default {
  name: 'echo',
  title: 'Echo of one byte',
  metrics: ['p50_us', 'p99_us', 'server_cpu_us'],
  rounds: (rounds) => (rounds > 1 ? rounds + 2 : rounds),
  cases: ({ size }) => [
    {
      name: '1 byte',
      args: [
        'echo',
        '--count',
        String(size.echoes),
        '--warmup',
        String(Math.min(2000, size.echoes)),
      ],
    },
  ],
};
