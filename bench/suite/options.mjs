// The command line of `npm run bench`, and the sizes that go with it.

import { parseArgs } from 'node:util';

const usage = `npm run bench -- [options]

  --quick            ten to twenty minutes: fewer rounds, 256 MiB, idle connections up to 10,000
  --tiny             seconds: only to see that every part of the suite works
  --only a,b         only these scenarios
  --peers a,b        only these servers
  --ciphers a,b      bulk and tunnels: only these cipher suites
  --directions a,b   bulk and tunnels: up, down
  --cases a,b        only the cases whose name contains one of these texts
  --rounds N         measured rounds of each case
  --mib N            MiB of each bulk transfer
  --write            write docs/BENCHMARKS.md (a complete run does so by itself)
  --list             the scenarios and the servers`;

/** What the three kinds of run differ in. */
const SIZES = {
  full: { rounds: 5, mib: 1024, connects: 2000, echoes: 10_000, starts: 40, seconds: 5 },
  quick: { rounds: 3, mib: 256, connects: 1500, echoes: 10_000, starts: 30, seconds: 1 },
  tiny: { rounds: 1, mib: 8, connects: 20, echoes: 100, starts: 2, seconds: 1 },
};

/** The options as given, or undefined after printing the help. */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      tiny: { type: 'boolean', default: false },
      only: { type: 'string' },
      peers: { type: 'string' },
      ciphers: { type: 'string' },
      directions: { type: 'string' },
      cases: { type: 'string' },
      rounds: { type: 'string' },
      mib: { type: 'string' },
      write: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return undefined;
  }
  const kind = values.tiny ? 'tiny' : values.quick ? 'quick' : 'full';
  const list = (text) => text?.split(',').map((part) => part.trim());
  const size = { ...SIZES[kind] };
  if (values.rounds) size.rounds = whole('--rounds', values.rounds);
  if (values.mib) size.mib = whole('--mib', values.mib);
  const only = list(values.only);
  if (values.rounds && only) size.starts = size.rounds;
  const peers = list(values.peers) ?? (kind === 'tiny' ? ['ours', 'ssh2', 'russh'] : undefined);
  const narrowed = [
    only,
    values.peers,
    values.ciphers,
    values.directions,
    values.cases,
    values.mib,
  ];
  return {
    kind,
    size,
    only,
    peers,
    ciphers: list(values.ciphers),
    directions: list(values.directions),
    cases: list(values.cases),
    list: values.list,
    write: values.write || (kind !== 'tiny' && narrowed.every((value) => value === undefined)),
    command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
  };
}

function whole(name, text) {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`${name} takes a number`);
  return number;
}
