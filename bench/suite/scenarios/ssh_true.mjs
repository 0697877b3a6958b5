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
  ],
  async measure({ server, keys }) {
    const { status, seconds, stderr } = await timedRun('ssh', [
      ...sshArguments(server, keys),
      'true',
    ]);
    if (status !== 0) throw new Error(`ssh: ${stderr}`);
    return { wall_ms: seconds * 1000, stalls: seconds * 1000 >= STALL_MS ? 1 : 0 };
  },
};
