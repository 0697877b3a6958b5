/** Channel requests with replies, as fast as they come back: each is a question to a listener. */
export default {
  name: 'requests',
  title: 'Event round trips (`env` requests with a reply)',
  metrics: ['per_s', 'server_cpu_us'],
  without: {
    asyncssh: 'it takes minutes to answer what is in flight',
    openssh: 'sshd ends a session after 100 or so variables',
  },
  cases: ({ kind, size }) =>
    (kind === 'tiny'
      ? [[4, 8]]
      : [
          [16, 16],
          [64, 64],
          [256, 16],
        ]
    ).map(([connections, inflight]) => ({
      name: `${connections} connections × ${inflight} in flight`,
      args: [
        ...['requests', '--connections', String(connections), '--inflight', String(inflight)],
        ...['--seconds', String(size.seconds)],
      ],
      seconds: 30,
    })),
};
