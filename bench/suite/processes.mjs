// The CPU time and the memory of processes, as /proc tells them.

import { readFileSync, readdirSync } from 'node:fs';

/** What /proc counts in: a hundredth of a second on Linux. */
const TICKS = 100;

/** User and system time of a process; with `tree` of all its descendants, those that ended too. */
export function cpuSeconds(pid, tree = false) {
  if (!tree) return times(pid).own;
  const parents = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const { parent } = times(name);
    if (parent !== undefined) parents.set(Number(name), parent);
  }
  let sum = 0;
  const family = [pid];
  for (const member of family) {
    const { own, waitedFor } = times(member);
    sum += own + waitedFor;
    for (const [child, parent] of parents) if (parent === member) family.push(child);
  }
  return sum;
}

/** Memory in use (VmRSS), in MiB. */
export function residentMib(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) / 1024;
}

function times(pid) {
  let stat;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return { own: 0, waitedFor: 0 };
  }
  // The name of the program may hold spaces and brackets: the fields start after the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system, childUser, childSystem] = fields.slice(11, 15).map(Number);
  return {
    parent: Number(fields[1]),
    own: (user + system) / TICKS,
    waitedFor: (childUser + childSystem) / TICKS,
  };
}
