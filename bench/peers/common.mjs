// What the servers written for Node share: their arguments, their first line, their end.

import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

export const USER = 'bench';
export const PASSWORD = 'bench';
/** The bytes of one send of `source`. */
export const CHUNK = 256 * 1024;

/** A chunk of bytes that differ. */
export function filledChunk() {
  const chunk = Buffer.allocUnsafe(CHUNK);
  for (let i = 0; i < CHUNK; i++) chunk[i] = i % 251;
  return chunk;
}

/** The options that every server takes, and some of its own. */
export function arguments_(own = {}) {
  return parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      'host-key': { type: 'string' },
      threads: { type: 'string' },
      ...own,
    },
  }).values;
}

/** Answers lines of the standard input; the process ends with it, or with SIGTERM. */
export function commandLines(commands = {}) {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const command = commands[line.trim()];
    if (command) process.stdout.write(`${JSON.stringify(command())}\n`);
  });
  lines.on('close', () => process.exit(0));
  process.on('SIGTERM', () => process.exit(0));
}

/** Tells that the server listens. */
export function ready(about) {
  process.stdout.write(`${JSON.stringify({ ready: true, ...about })}\n`);
}
