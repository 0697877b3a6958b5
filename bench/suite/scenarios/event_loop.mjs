import { load } from '../load.mjs';
import { SUITES } from '../suites.mjs';

/** How late timers of the program are while tunnels run at full speed. */
export default {
  name: 'event-loop',
  title: "Delay of the program's event loop while tunnels run at full speed",
  metrics: ['p50_ms', 'p99_ms', 'max_ms', 'mib_per_s'],
  peers: ['ours'],
  refusal: /AdministrativelyProhibited/,
  cases: ({ size }) =>
    ['up', 'down'].map((direction) => ({
      name: `tunnel ${direction}`,
      args: [
        ...['tunnel', '--direction', direction, '--mib', String(size.mib * 2)],
        ...['--cipher', SUITES['aes128-gcm'].cipher],
      ],
    })),
  async measure({ server, keys, args }) {
    await server.ask('delay start');
    const { mib_per_s } = await load(server, keys, args).catch(async (error) => {
      await server.ask('delay stop');
      throw error;
    });
    return { ...(await server.ask('delay stop')), mib_per_s };
  },
};
