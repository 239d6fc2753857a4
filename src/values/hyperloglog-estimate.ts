/**
 * How many distinct elements a HyperLogLog has seen, by Otmar Ertl's improved raw estimator ("New
 * cardinality estimation algorithms for HyperLogLog sketches", 2017, algorithm 6), with the same
 * operations on doubles in the same order as Redis, so that both give the same integers.
 */
import { RANK_MAX, REGISTER_COUNT } from './hyperloglog-registers.ts';

/** 1 / (2 ln 2) */
const ALPHA = 0.7213475204444817;

/** The estimate from how many registers have each value; values above RANK_MAX do not count. */
export function estimateCount(histogram: Int32Array): number {
  const m = REGISTER_COUNT;
  let z = m * tau((m - histogram[RANK_MAX]!) / m);
  for (let value = RANK_MAX - 1; value >= 1; value--) {
    z += histogram[value]!;
    z *= 0.5;
  }
  z += m * sigma(histogram[0]! / m);
  return Math.round((ALPHA * m * m) / z);
}

/** x + x^2 + 2 x^4 + 4 x^8 ...: the part of the registers that are still 0. */
function sigma(x: number): number {
  if (x === 1) return Number.POSITIVE_INFINITY;
  let power = x;
  let factor = 1;
  let sum = x;
  let before: number;
  do {
    before = sum;
    power *= power;
    sum += power * factor;
    factor += factor;
  } while (sum !== before);
  return sum;
}

/** A third of 1 - x - (1 - x^(1/2))^2 / 2 - (1 - x^(1/4))^2 / 4 ...: the part that are full. */
function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let root = x;
  let factor = 1;
  let sum = 1 - x;
  let before: number;
  do {
    before = sum;
    root = Math.sqrt(root);
    factor *= 0.5;
    sum -= (1 - root) * (1 - root) * factor;
  } while (sum !== before);
  return sum / 3;
}
