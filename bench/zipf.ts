/** Seeded random numbers and a zipf distribution over keys. */

/**
 * A seeded generator of floats in [0, 1): mulberry32, 32 bits of state, the same sequence
 * everywhere.
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Draws ranks from 0 (the hottest) to count - 1 with probability proportional to 1 / (rank + 1) **
 * exponent. Exact: a search in the cumulative sums rather than the usual approximation of YCSB,
 * because requests are built before anything is measured and 8 bytes per rank are cheap here.
 */
export class ZipfRanks {
  readonly #cumulative: Float64Array;
  readonly #random: () => number;

  constructor(count: number, exponent: number, random: () => number) {
    this.#random = random;
    this.#cumulative = new Float64Array(count);
    let sum = 0;
    for (let rank = 0; rank < count; rank++) {
      sum += 1 / (rank + 1) ** exponent;
      this.#cumulative[rank] = sum;
    }
  }

  next(): number {
    const cumulative = this.#cumulative;
    const wanted = this.#random() * cumulative[cumulative.length - 1]!;
    let low = 0;
    let high = cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulative[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/**
 * A one-to-one map of 0..count-1 onto itself that scatters neighbours, so that the hottest ranks do
 * not become keys that were loaded one after the other and lie side by side in memory.
 */
export function scatter(count: number): (rank: number) => number {
  let step = Math.floor(count * 0.6180339887) | 1;
  while (greatestCommonDivisor(step, count) !== 1) step += 2;
  return (rank) => (rank * step) % count;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
