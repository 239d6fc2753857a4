/** Order statistics over plain arrays of numbers. None of these changes its argument. */

/** The middle value, or the mean of the two middle ones. Throws on an empty list. */
export function median(values: readonly number[]): number {
  const sorted = sortedCopy(values);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * The smallest value that at least `fraction` (0 to 1) of the values do not exceed: the
 * nearest-rank definition, which always answers with a value that was really observed. Throws on an
 * empty list.
 */
export function percentile(values: readonly number[], fraction: number): number {
  return percentileOfSorted(sortedCopy(values), fraction);
}

/** Several percentiles of the same values for one sort. */
export function percentiles(values: readonly number[], fractions: readonly number[]): number[] {
  const sorted = sortedCopy(values);
  return fractions.map((fraction) => percentileOfSorted(sorted, fraction));
}

/** Counts of values per bucket; bucket i holds values <= limits[i], one last bucket the rest. */
export function bucketCounts(values: readonly number[], limits: readonly number[]): number[] {
  const counts = new Array<number>(limits.length + 1).fill(0);
  for (const value of values) {
    const index = limits.findIndex((limit) => value <= limit);
    counts[index === -1 ? limits.length : index]!++;
  }
  return counts;
}

function percentileOfSorted(sorted: Float64Array, fraction: number): number {
  // The subtraction keeps 0.07 * 100 = 7.000000000000001 from being rounded up to rank 8.
  const rank = Math.ceil(fraction * sorted.length - 1e-9);
  return sorted[Math.min(Math.max(rank, 1), sorted.length) - 1]!;
}

function sortedCopy(values: readonly number[]): Float64Array {
  if (values.length === 0) throw new Error('no values to take a statistic of');
  return Float64Array.from(values).sort();
}
