// The machine and the software of a run.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { root, version } from '../../scripts/common.mjs';

/** Lines of `name: value` about the machine. */
export function machine() {
  const [cpu] = os.cpus();
  const flags = cpuFlags().filter((flag) => NOTABLE.has(flag));
  return {
    date: `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    processor: `${cpu?.model.trim() ?? 'unknown'}, ${os.cpus().length} processors${flags.length > 0 ? ` (${flags.join(' ')})` : ''}`,
    memory: `${(os.totalmem() / 2 ** 30).toFixed(0)} GiB`,
    system: `${systemName()}, ${os.type()} ${os.release().split('-')[0]} ${os.arch()}`,
    node: `${process.version} (OpenSSL ${process.versions.openssl})`,
    rust: version('rustc') ?? 'none',
    'our source': commit(),
    'load average at the start': os.loadavg()[0].toFixed(1),
  };
}

/** The commit that is measured, and whether files differ from it. */
function commit() {
  const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim();
  const head = git('rev-parse', '--short=10', 'HEAD');
  if (!head) return 'not under version control';
  return git('status', '--porcelain', '--untracked-files=no') ? `${head} with changes` : head;
}

const NOTABLE = new Set(['aes', 'vaes', 'vpclmulqdq', 'sha_ni', 'avx2', 'avx512f', 'avx512ifma']);

function cpuFlags() {
  const line = /^flags\s*:(.*)$/m.exec(read('/proc/cpuinfo'));
  return line ? line[1].trim().split(/\s+/) : [];
}

function systemName() {
  return /^PRETTY_NAME="(.*)"$/m.exec(read('/etc/os-release'))?.[1] ?? os.platform();
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
