/**
 * Sine, cosine and arcsine, rounded as exactly as those of the C library that Redis computes
 * distances with: nearly always to the nearest double. JavaScript's own are off by one in the last
 * place now and then, which shows in distances that are stored, and in the order of places that are
 * equally far away.
 *
 *   sin(n/128 + d) = sin(n/128) cos(d) + cos(n/128) sin(d)     n an integer, |d| <= 1/256
 *
 * The values for n/128 are in a table, as the sum of two doubles; those for d are series of a few
 * terms. What is added up is kept as such a sum, too.
 */

/** Steps of the table per 1. */
const STEPS = 128;
/** Behind the last step that is needed: an eighth of the circle. */
const TABLE_LENGTH = 102;
/** Binary places with which the table is computed. */
const PLACES = 120n;

/** A right angle, as the sum of three doubles. */
const RIGHT = Math.PI / 2;
const RIGHT_LOW = 6.123233995736766e-17;
const RIGHT_LOWEST = -1.4973849048591833e-33;

/** Splits a double into two of half the digits each. */
const SPLITTER = 2 ** 27 + 1;

/** Sines, then cosines, each as two doubles; made when first needed. */
let table: Float64Array | null = null;

/** The result of the functions that return two doubles. */
let high = 0;
let low = 0;

/** The sine of an angle of at most half a circle either way. */
export function sine(angle: number): number {
  turn(angle, 0);
  return high + low;
}

/** The cosine of an angle of at most half a circle either way. */
export function cosine(angle: number): number {
  turn(angle, 1);
  return high + low;
}

/** The angle, of at most a right one, with a sine from 0 to 1. NaN if the sine is greater. */
export function arcsine(value: number): number {
  if (!(value <= 1)) return Number.NaN;
  if (value <= 0.5) {
    refineArcsine(value, 0);
    return high + low;
  }
  // What is left to a right angle is twice the arcsine of this root, which can be told exactly.
  const square = (1 - value) / 2;
  const root = Math.sqrt(square);
  if (root === 0) return RIGHT;
  const rest = -productRest(root, root, root * root) + (square - root * root);
  refineArcsine(root, rest / (2 * root));
  const left = RIGHT - 2 * high;
  return left + (RIGHT - left - 2 * high + (RIGHT_LOW - 2 * low));
}

/** Improves on JavaScript's arcsine of `value + valueLow`, at most 1/2: by one step of Newton. */
function refineArcsine(value: number, valueLow: number): void {
  const angle = Math.asin(value);
  turn(angle, 0);
  const error = value - high + (valueLow - low);
  low = error / Math.cos(angle);
  high = angle;
}

/** The sine of an angle that is turned by so many right angles. */
function turn(angle: number, rightAngles: number): void {
  if (rightAngles === 0 && Math.abs(angle) < RIGHT / 2) {
    sineNear(angle, 0);
    return;
  }
  const turns = Math.round(angle / RIGHT);
  const far = angle - turns * RIGHT;
  const near = far - turns * RIGHT_LOW;
  const rest = far - near - turns * RIGHT_LOW - turns * RIGHT_LOWEST;
  const quarter = (turns + rightAngles) & 3;
  if ((quarter & 1) === 0) sineNear(near, rest);
  else cosineNear(near, rest);
  if (quarter >= 2) {
    high = -high;
    low = -low;
  }
}

/** The sine of `angle + rest`, at most an eighth of the circle. */
function sineNear(angle: number, rest: number): void {
  const isNegative = angle < 0;
  const steps = Math.round(Math.abs(angle) * STEPS);
  const d = Math.abs(angle) - steps / STEPS;
  const dRest = isNegative ? -rest : rest;
  table ??= makeTable();
  const sin = table[steps * 4]!;
  const cos = table[steps * 4 + 2]!;
  const product = cos * d;
  high = sin + product;
  low =
    product -
    (high - sin) +
    (productRest(cos, d, product) + table[steps * 4 + 1]! + table[steps * 4 + 3]! * d) +
    (cos * (dRest + sineTail(d)) + sin * cosineTail(d, dRest));
  if (!isNegative) return;
  high = -high;
  low = -low;
}

/** The cosine of `angle + rest`, at most an eighth of the circle. */
function cosineNear(angle: number, rest: number): void {
  const steps = Math.round(Math.abs(angle) * STEPS);
  const d = Math.abs(angle) - steps / STEPS;
  const dRest = angle < 0 ? -rest : rest;
  table ??= makeTable();
  const sin = table[steps * 4]!;
  const cos = table[steps * 4 + 2]!;
  const product = sin * d;
  high = cos - product;
  low =
    cos -
    high -
    product -
    (productRest(sin, d, product) - table[steps * 4 + 3]! + table[steps * 4 + 1]! * d) -
    (sin * (dRest + sineTail(d)) - cos * cosineTail(d, dRest));
}

/** sin(d) - d */
function sineTail(d: number): number {
  const square = d * d;
  return d * square * (-1 / 6 + square * (1 / 120 - square / 5040));
}

/** cos(d + rest) - 1 */
function cosineTail(d: number, rest: number): number {
  const square = d * d;
  return square * (-1 / 2 + square * (1 / 24 - square / 720)) - d * rest;
}

/** What rounding has taken from a product. */
function productRest(a: number, b: number, product: number): number {
  const aSplit = a * SPLITTER;
  const aHigh = aSplit - (aSplit - a);
  const aLow = a - aHigh;
  const bSplit = b * SPLITTER;
  const bHigh = bSplit - (bSplit - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/** Computes sines and cosines by their series, in integers. */
function makeTable(): Float64Array {
  const made = new Float64Array(TABLE_LENGTH * 4);
  const one = 1n << PLACES;
  for (let step = 0; step < TABLE_LENGTH; step++) {
    const angle = (BigInt(step) << PLACES) / BigInt(STEPS);
    let sin = 0n;
    let cos = 0n;
    let term = one;
    for (let n = 0n; term !== 0n; n++) {
      const signed = (n & 2n) === 0n ? term : -term;
      if ((n & 1n) === 0n) cos += signed;
      else sin += signed;
      term = ((term * angle) >> PLACES) / (n + 1n);
    }
    writePair(made, step * 4, sin);
    writePair(made, step * 4 + 2, cos);
  }
  return made;
}

/** Writes a fraction as two doubles. */
function writePair(into: Float64Array, at: number, fraction: bigint): void {
  const one = 2 ** Number(PLACES);
  const nearest = Number(fraction) / one;
  into[at] = nearest;
  into[at + 1] = Number(fraction - BigInt(nearest * one)) / one;
}
