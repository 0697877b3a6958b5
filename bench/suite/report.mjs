// The report: what is printed at the end, and docs/BENCHMARKS.md.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../../scripts/common.mjs';
import { figure, summary } from './stats.mjs';
import { caseTable, goalTable, leftOut, table } from './tables.mjs';
import { verdicts } from './verdicts.mjs';

const NOTES = path.join(root, 'bench', 'NOTES.md');
const REPORT = path.join(root, 'docs', 'BENCHMARKS.md');

/** The tables of the goals, the scenarios and the floors. */
export function reportText(run) {
  const { results, floors } = run;
  const parts = ['## Goals', goalSummary(results)];
  for (const [name, { title, metrics, cases }] of Object.entries(results)) {
    parts.push(`## ${title}`, `Scenario \`${name}\`.`);
    for (const one of cases) {
      parts.push(`### ${one.name}`, caseTable(metrics, one) || 'Nothing was measured.');
      const reasons = leftOut(one);
      if (reasons.length > 0) parts.push(`Left out: ${reasons.join('; ')}.`);
    }
  }
  if (floors) parts.push(...floorText(floors, results));
  return parts.filter(Boolean).join('\n\n');
}

function goalSummary(results) {
  const all = verdicts(results);
  const shown = all.filter(({ scenario }) => results[scenario]);
  const count = (wanted) => shown.filter(({ reached }) => reached === wanted).length;
  return [
    goalTable(shown),
    `${count(true)} reached, ${count(false)} not reached, ${count(undefined)} not measured.`,
  ].join('\n\n');
}

/** How far from the cipher and the socket alone each bulk figure of ours is. */
function floorText({ ciphers, tcp }, results) {
  const rows = ciphers.map(({ what, gib_per_s, cpu_s_per_gib }) => [
    `${what} alone (OpenSSL, 32 KiB blocks)`,
    `${figure(gib_per_s)} GiB/s`,
    figure(cpu_s_per_gib),
  ]);
  rows.push(
    [
      'loopback TCP alone, sender',
      `${figure(tcp.mib_per_s / 1024)} GiB/s`,
      figure(tcp.sender_cpu_s_per_gib),
    ],
    ['loopback TCP alone, receiver', '', figure(tcp.receiver_cpu_s_per_gib)],
  );
  const parts = ['## Floors', table(['what', 'speed', 'CPU s/GiB'], rows)];
  const distances = (results.bulk?.cases ?? []).flatMap((one) => distance(one, ciphers, tcp));
  if (distances.length > 0) {
    parts.push(
      'The floor of a transfer is its ciphers alone and its side of a plain TCP transfer, added up.',
      table(['transfer', 'floor, CPU s/GiB', 'ours', 'ours ÷ floor'], distances),
    );
  }
  return parts;
}

/** The primitives behind a suite, as floors.mjs names them. */
const PRIMITIVES = {
  'aes128-gcm': ['AES-128-GCM'],
  'aes256-gcm': ['AES-256-GCM'],
  'chacha20-poly1305': ['ChaCha20-Poly1305'],
  'aes256-ctr+hmac-sha2-256': ['AES-256-CTR', 'SHA-256'],
  'aes256-ctr+hmac-sha2-256-etm': ['AES-256-CTR', 'SHA-256'],
};

function distance({ name, peers }, ciphers, tcp) {
  const [suite, direction] = name.split(' ');
  const parts = PRIMITIVES[suite]?.map((what) => ciphers.find((row) => row.what === what));
  const ours = summary(
    (peers.ours?.rounds ?? []).map((round) => round?.server_cpu_s_per_gib ?? NaN),
  );
  if (!ours || !parts || parts.includes(undefined)) return [];
  const socket = direction === 'up' ? tcp.receiver_cpu_s_per_gib : tcp.sender_cpu_s_per_gib;
  const floor = parts.reduce((sum, { cpu_s_per_gib }) => sum + cpu_s_per_gib, socket);
  return [[name, figure(floor), figure(ours.median), `${figure(ours.median / floor)} ×`]];
}

/** Writes docs/BENCHMARKS.md: what was measured, and bench/NOTES.md, which is written by hand. */
export function writeReport(run) {
  const about = Object.entries({
    ...run.machine,
    servers: serversText(run),
    command: `\`${run.options.command}\``,
  });
  const rounds = `${run.options.size.rounds} rounds`;
  const parts = [
    '# Benchmarks',
    'Written by `npm run bench`; the part in words is `bench/NOTES.md`. Our server is driven from JavaScript through the\n' +
      'documented class, with a listener for every event. The servers take turns in every round, and a ratio is the median\n' +
      `of the ratios round by round. Figures are medians, smallest and largest of ${rounds} in brackets. Server CPU time is the\n` +
      'main figure: it depends least on the client and on what else the machine does.',
    table(['', ''], about),
  ];
  if (run.absent.length > 0) parts.push(`Not measured: ${run.absent.join('; ')}.`);
  if (existsSync(NOTES)) parts.push(readFileSync(NOTES, 'utf8').trim());
  parts.push(reportText(run));
  mkdirSync(path.dirname(REPORT), { recursive: true });
  writeFileSync(REPORT, `${parts.join('\n\n')}\n`);
  return path.relative(root, REPORT);
}

function serversText({ results }) {
  const versions = Object.assign({}, ...Object.values(results).map((result) => result.versions));
  return Object.entries(versions)
    .map(([peer, version]) => `${peer} ${version}`)
    .join(', ');
}
