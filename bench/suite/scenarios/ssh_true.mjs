import { sshArguments, timedRun } from '../openssh_client.mjs';

/** From this long on a run has had a stall of Nagle's algorithm against a delayed ACK. */
const STALL_MS = 40;

/** What a person sees of `ssh host true`: OpenSSH's client with its default settings. */
export default {
  name: 'ssh-true',
  title: "The whole of `ssh host true` (OpenSSH's client, default settings, key login)",
  metrics: ['wall_ms', 'stalls'],
  needs: ['ssh'],
  rounds: (_rounds, _case, { size }) => size.starts,
  cases: () => [
    { name: 'ssh host true', warmUp: [], serverArgs: { ours: ['--tcp-no-delay', 'False'] } },
    // OpenSSH's client takes tens of milliseconds for the post-quantum key exchange that it prefers and
    // that not every server offers.
    {
      name: 'ssh host true, curve25519-sha256',
      warmUp: [],
      serverArgs: { ours: ['--tcp-no-delay', 'False'] },
      kex: 'curve25519-sha256',
    },
  ],
  async measure({ server, keys, one }) {
    const options = one.kex ? ['-o', `KexAlgorithms=${one.kex}`] : [];
    const { status, seconds, stderr } = await timedRun('ssh', [
      ...options,
      ...sshArguments(server, keys),
      'true',
    ]);
    if (status !== 0) throw new Error(`ssh: ${stderr}`);
    return { wall_ms: seconds * 1000, stalls: seconds * 1000 >= STALL_MS ? 1 : 0 };
  },
};
