/** Whole connections: TCP, curve25519, login, a channel, exec, its status, close. */
export default {
  name: 'connect',
  title: 'Whole connections (curve25519, login, exec, close)',
  metrics: ['per_s', 'server_cpu_ms', 'p50_ms', 'p99_ms'],
  cases: (options, keys) => {
    const cases = [];
    for (const auth of ['password', 'publickey']) {
      for (const concurrency of [16, 1]) {
        const args = (count) => [
          ...['connect', '--count', String(count), '--concurrency', String(concurrency)],
          ...['--auth', auth, '--kex', 'curve25519-sha256'],
          ...(auth === 'publickey' ? ['--key', keys.userKey] : []),
        ];
        cases.push({
          name: `${auth}, ${concurrency === 1 ? 'one at a time' : `${concurrency} at a time`}`,
          args: args(options.size.connects),
          // OpenSSH's server is slow enough to be measured with fewer.
          argsOf: { openssh: args(Math.ceil(options.size.connects / 5)) },
          warmUp: args(Math.min(50, options.size.connects)),
          auth,
        });
      }
    }
    return cases;
  },
};
