/** How many times fewer connections are as good for servers that take that much longer. */
const SLOWNESS = { openssh: 15, ssh2: 5, asyncssh: 5 };

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
          argsOf: slowly(args, options.size.connects),
          // V8 compiles what runs for a connection only after hundreds of them.
          warmUp: 'as measured',
          auth,
        });
      }
    }
    return cases;
  },
};

function slowly(args, count) {
  const fewer = Object.entries(SLOWNESS).map(([name, times]) => [
    name,
    args(Math.ceil(count / times)),
  ]);
  return Object.fromEntries(fewer);
}
