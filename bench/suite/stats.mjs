// Medians, spreads and ratios of what was measured.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The value that `part` of all (0 to 1) are not above. */
export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * part)];
}

/** Median, smallest and largest, or undefined when there is nothing. */
export function summary(values) {
  const numbers = values.filter(Number.isFinite);
  if (numbers.length === 0) return undefined;
  return { median: median(numbers), min: Math.min(...numbers), max: Math.max(...numbers) };
}

/**
 * The median of the ratios round by round, so that what disturbed a round disturbs both sides of
 * its ratio; undefined without a common round.
 */
export function pairedRatio(ours, theirs) {
  const ratios = ours
    .map((value, round) => value / theirs[round])
    .filter((ratio) => Number.isFinite(ratio) && ratio > 0);
  return ratios.length > 0 ? median(ratios) : undefined;
}

/** A figure with as many digits as it deserves. */
export function figure(value) {
  if (value === undefined) return '';
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en-US');
  if (size >= 10) return value.toFixed(1);
  return value.toFixed(size >= 0.1 || size === 0 ? 2 : 3);
}

/** `median (min–max)`. */
export function spread(values) {
  const about = summary(values);
  if (!about) return '';
  if (values.length === 1) return figure(about.median);
  return `${figure(about.median)} (${figure(about.min)}–${figure(about.max)})`;
}
