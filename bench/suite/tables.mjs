// The results as tables of Markdown, which read well enough in a terminal too.

import { METRICS } from './metrics.mjs';
import { figure, pairedRatio, spread, summary } from './stats.mjs';

export function table(head, rows) {
  const cells = [head, head.map(() => '---'), ...rows];
  return cells.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** One case: a row for each server, the ratio of ours to it beside the main figure. */
export function caseTable(metrics, { peers }) {
  const valuesOf = (peer, metric) => peers[peer].rounds.map((round) => round?.[metric] ?? NaN);
  const shown = metrics.filter((metric) =>
    Object.keys(peers).some((peer) => summary(valuesOf(peer, metric))),
  );
  const [main] = metrics;
  const compares = Object.keys(peers).length > 1 && peers.ours?.rounds.length > 0;
  const rows = [];
  for (const [peer, { rounds }] of Object.entries(peers)) {
    if (!summary(valuesOf(peer, main))) continue;
    const cells = shown.map((metric) => {
      const values = valuesOf(peer, metric);
      if (!METRICS[metric].share) return spread(values);
      return `${values.reduce((sum, value) => sum + value, 0)} of ${rounds.length}`;
    });
    const ratio =
      peer === 'ours' ? 1 : compares && pairedRatio(valuesOf('ours', main), valuesOf(peer, main));
    if (compares) cells.splice(1, 0, ratio === undefined ? '' : `${figure(ratio)} ×`);
    rows.push([peer, ...cells]);
  }
  const head = ['server', ...shown.map((metric) => METRICS[metric].label)];
  if (compares) head.splice(2, 0, 'ours ÷ it');
  return rows.length > 0 ? table(head, rows) : '';
}

/** Why servers are not in the table of a case. */
export function leftOut({ peers }) {
  const reasons = [];
  for (const [peer, { without, errors }] of Object.entries(peers)) {
    if (without) reasons.push(`${peer}: ${without}`);
    else if (errors.length > 0) reasons.push(`${peer} failed: ${errors.at(-1).split('\n', 1)[0]}`);
  }
  return reasons;
}

export function goalTable(verdicts) {
  const rows = verdicts.map(({ scenario, case: name, goal, measured, reached }) => [
    scenario,
    name,
    goal,
    measured,
    reached === undefined ? '-' : reached ? 'reached' : '**not reached**',
  ]);
  return table(['scenario', 'case', 'goal', 'measured', ''], rows);
}
