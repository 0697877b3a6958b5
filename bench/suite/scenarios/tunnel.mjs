import { suiteArguments, transfers } from '../suites.mjs';

/** Much data through a `direct-tcpip` channel to a TCP program on this machine. */
export default {
  name: 'tunnel',
  title: 'Tunnel (`-L`) to a loopback TCP program',
  metrics: ['server_cpu_s_per_gib', 'mib_per_s', 'client_cpu_s_per_gib'],
  refusal: /AdministrativelyProhibited/,
  without: { libssh: 'the test server does not splice' },
  cases: (options) =>
    transfers(options, ['aes128-gcm']).map(({ name, suite, direction }) => {
      const args = (mib) => [
        ...['tunnel', '--direction', direction, '--mib', String(mib)],
        ...suiteArguments(suite),
      ];
      return {
        name,
        args: args(options.size.mib),
        warmUp: args(Math.min(32, options.size.mib)),
      };
    }),
};
