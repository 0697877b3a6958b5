import { closeSync, ftruncateSync, openSync } from 'node:fs';
import path from 'node:path';
import { cpuSeconds } from '../processes.mjs';
import { sshArguments, timedRun } from '../openssh_client.mjs';
import { SUITES, WITHOUT_SUITE, transfers } from '../suites.mjs';

/** Bulk transfer with the second client, OpenSSH's. */
export default {
  name: 'ssh-bulk',
  title: "Bulk transfer with OpenSSH's client (set-up included)",
  metrics: ['server_cpu_s_per_gib', 'mib_per_s'],
  needs: ['ssh'],
  rounds: (rounds) => Math.min(rounds, 3),
  cases: (options) =>
    transfers(options, options.kind === 'full' ? undefined : ['aes128-gcm']).map((transfer) => ({
      ...transfer,
      without: WITHOUT_SUITE[transfer.suite],
    })),
  async measure({ server, keys, one, options }) {
    const bytes = options.size.mib * 2 ** 20;
    const { cipher, mac } = SUITES[one.suite];
    const args = [...sshArguments(server, keys), '-c', cipher, ...(mac ? ['-m', mac] : [])];
    const up = one.direction === 'up';
    const input = up ? zeros(keys.folder, bytes) : 'ignore';
    const before = cpuSeconds(server.pid, server.tree);
    const { status, seconds, stderr, received } = await timedRun(
      'ssh',
      [...args, up ? 'sink' : `source ${bytes}`],
      { input, count: !up },
    );
    const cpu = cpuSeconds(server.pid, server.tree) - before;
    if (up) closeSync(input);
    if (status !== 0) throw new Error(`ssh: ${stderr}`);
    if (!up && received !== bytes) throw new Error(`ssh got ${received} of ${bytes} bytes`);
    return { server_cpu_s_per_gib: cpu / (bytes / 2 ** 30), mib_per_s: bytes / 2 ** 20 / seconds };
  },
};

/** An open file of so many zeros that takes no room on the disk. */
function zeros(folder, bytes) {
  const file = path.join(folder, 'zeros');
  const writing = openSync(file, 'w');
  ftruncateSync(writing, bytes);
  closeSync(writing);
  return openSync(file, 'r');
}
