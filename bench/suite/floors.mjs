// Lower bounds for every server on this machine: the cipher alone, and loopback TCP alone.

import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { version } from '../../scripts/common.mjs';

const ALGORITHMS = [
  ['AES-128-GCM', 'aes-128-gcm'],
  ['AES-256-GCM', 'aes-256-gcm'],
  ['ChaCha20-Poly1305', 'chacha20-poly1305'],
  ['AES-256-CTR', 'aes-256-ctr'],
  ['SHA-256', 'sha256'],
];

/** `[{ what, gib_per_s, cpu_s_per_gib }]` of OpenSSL at 32 KiB blocks on one core; empty without it. */
export function cipherFloors(seconds) {
  if (!version('openssl', ['version'])) return [];
  return ALGORITHMS.flatMap(([what, name]) => {
    const args = [
      'speed',
      '-mr',
      '-seconds',
      String(Math.max(1, seconds)),
      '-bytes',
      '32768',
      '-evp',
      name,
    ];
    const { status, stdout } = spawnSync('openssl', args, { encoding: 'utf8' });
    const rate = /^\+F:\d+:[^:]+:([\d.]+)/m.exec(stdout)?.[1];
    if (status !== 0 || rate === undefined) return [];
    const gib = Number(rate) / 2 ** 30;
    return [{ what, gib_per_s: gib, cpu_s_per_gib: 1 / gib }];
  });
}

/** One transfer between two processes over loopback: MiB/s, and the CPU time of each side. */
export async function tcpFloor(mib) {
  const program = fileURLToPath(new URL('./tcp_pair.mjs', import.meta.url));
  const end = (...args) => {
    const stdio = ['ignore', 'pipe', 'inherit'];
    const { stdout } = spawn(process.execPath, [program, ...args], { stdio });
    const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    return async () => JSON.parse((await lines.next()).value);
  };
  const sender = end('send', String(mib));
  const { port } = await sender();
  const receiver = end('receive', String(port));
  const [send, receive] = [await sender(), await receiver()];
  const gib = mib / 1024;
  return {
    mib_per_s: mib / receive.seconds,
    sender_cpu_s_per_gib: send.cpu / gib,
    receiver_cpu_s_per_gib: receive.cpu / gib,
  };
}
