import { WITHOUT_SUITE, suiteArguments, transfers } from '../suites.mjs';

/** Much data through one channel, up to `sink` and down from `source`. */
export default {
  name: 'bulk',
  title: 'Bulk transfer through one channel',
  metrics: ['server_cpu_s_per_gib', 'mib_per_s', 'client_cpu_s_per_gib'],
  cases: (options) =>
    transfers(options).map(({ name, suite, direction }) => {
      const args = (mib) => [
        ...['bulk', '--direction', direction, '--mib', String(mib)],
        ...suiteArguments(suite),
      ];
      return {
        name,
        args: args(options.size.mib),
        // V8 compiles what runs for data only after a few thousand pieces.
        warmUp: args(Math.min(128, options.size.mib)),
        without: WITHOUT_SUITE[suite],
      };
    }),
};
