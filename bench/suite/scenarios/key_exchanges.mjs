/** What a key exchange method is measured with: its name in the table, its name, bits of its modulus. */
const GROUP18 = ['group18', 'diffie-hellman-group18-sha512', 8192];
const GROUP14 = ['group14', 'diffie-hellman-group14-sha256', 2048];

/** How long a byte takes on a connection while many others make the server do its longest arithmetic. */
export default {
  name: 'key-exchanges',
  title: 'Echo of one byte while others exchange keys without a pause',
  metrics: ['p99_ms', 'p50_ms', 'max_ms', 'per_s', 'server_cpu_ms'],
  peers: ['ours'],
  cases: ({ kind, size }) =>
    [
      [0, GROUP18],
      [50, GROUP18],
      [50, GROUP14],
    ].map(([clients, [name, method, bits]]) => ({
      name: clients === 0 ? 'nobody else' : `${clients} clients, ${name}`,
      args: [
        ...['key-exchanges', '--clients', String(kind === 'tiny' ? clients / 10 : clients)],
        ...['--method', method, '--bits', String(bits), '--seconds', String(size.seconds)],
      ],
    })),
};
