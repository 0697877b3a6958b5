// Holds the results against the goals.

import { GOALS } from './goals.mjs';
import { METRICS } from './metrics.mjs';
import { figure, pairedRatio, summary } from './stats.mjs';

/**
 * One verdict for each goal and case that was measured: `{ scenario, case, goal, reached, measured }`;
 * a goal of which nothing was measured has no `reached`.
 */
export function verdicts(results) {
  return GOALS.flatMap((goal) => {
    const cases = (results[goal.scenario]?.cases ?? []).filter(({ name }) => goal.cases.test(name));
    const found = cases.map((one) => verdict(goal, one, results[goal.scenario].cases));
    if (found.length === 0) {
      return [{ scenario: goal.scenario, case: '', goal: wording(goal), measured: 'not measured' }];
    }
    return goal.bestCase ? [best(goal, found)] : found;
  });
}

function verdict(goal, one, all) {
  const about = { scenario: goal.scenario, case: one.name, goal: wording(goal) };
  const value = measured(goal, one, all);
  if (value === undefined) return { ...about, measured: 'not measured' };
  const reached = goal.atMost === undefined ? value >= goal.atLeast : value <= goal.atMost;
  return { ...about, value, reached, measured: `${figure(value)}${isRatio(goal) ? ' ×' : ''}` };
}

function measured(goal, one, all) {
  const values = (peer, of = one) => of.peers[peer]?.rounds.map((round) => round?.[goal.metric]);
  const ours = values('ours');
  const own = ours && summary(ours);
  if (!own) return undefined;
  if (goal.to) return ratioTo(ours, values(goal.to));
  if (goal.toBetterOf) {
    const theirs = goal.toBetterOf.map((peer) => ratioTo(ours, values(peer)));
    if (theirs.some((ratio) => ratio === undefined)) return undefined;
    return goal.atMost === undefined ? Math.min(...theirs) : Math.max(...theirs);
  }
  if (goal.toOwnBest) {
    const medians = all.map((other) => summary(values('ours', other) ?? [])?.median);
    return own.median / Math.min(...medians.filter((median) => median > 0));
  }
  return own.median;
}

function ratioTo(ours, theirs) {
  return theirs && pairedRatio(ours, theirs);
}

/** The verdict of the case that came out best. */
function best(goal, found) {
  const sign = goal.atMost === undefined ? 1 : -1;
  return found.reduce((a, b) =>
    sign * (b.value ?? -sign / 0) > sign * (a.value ?? -sign / 0) ? b : a,
  );
}

function isRatio(goal) {
  return Boolean(goal.to ?? goal.toBetterOf ?? goal.toOwnBest);
}

function wording(goal) {
  const limit =
    goal.atMost === undefined ? `≥ ${figureOf(goal.atLeast)}` : `≤ ${figureOf(goal.atMost)}`;
  const { label } = METRICS[goal.metric];
  if (goal.to) return `${label} ${limit} × ${goal.to}`;
  if (goal.toBetterOf) return `${label} ${limit} × the better of ${goal.toBetterOf.join(' and ')}`;
  if (goal.toOwnBest) return `${label} ${limit} × the best case`;
  return `${label} ${limit}`;
}

function figureOf(number) {
  return number.toLocaleString('en-US');
}
