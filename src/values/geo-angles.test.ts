import { describe, expect, it } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { arcsine, cosine, sine } from './geo-angles.ts';

const seed = chosenSeed();
const PLACES = 300n;
const ONE = 1n << PLACES;

/** A double as an integer of 2^-300. */
function exact(value: number): bigint {
  const [mantissa, exponent] = [value * 2 ** 200, PLACES - 200n];
  return BigInt(mantissa) << exponent;
}

function nearest(fraction: bigint): number {
  return Number(fraction >> (PLACES - 200n)) / 2 ** 200;
}

/** Sine, or cosine from the second term of the series on. */
function series(angle: bigint, first: number): bigint {
  let sum = 0n;
  let term = ONE;
  for (let n = 0; term !== 0n; n++) {
    if (n % 2 === first % 2) sum += (n - first) % 4 === 0 ? term : -term;
    term = (term * angle) / ONE / BigInt(n + 1);
  }
  return sum;
}

/** The share of angles for which a function is not the nearest double, and its worst error. */
function errorsOf(
  angles: readonly number[],
  ours: (angle: number) => number,
  truth: (angle: bigint) => bigint,
): { wrong: number; ulps: number } {
  let wrong = 0;
  let ulps = 0;
  for (const angle of angles) {
    const right = nearest(truth(exact(angle)));
    const result = ours(angle);
    if (result !== right) wrong++;
    const ulp = 2 ** (Math.floor(Math.log2(Math.abs(right))) - 52);
    ulps = Math.max(ulps, Math.abs(result - right) / ulp);
  }
  return { wrong: wrong / angles.length, ulps };
}

describe(`Angles, SEED=${seed}`, () => {
  const random = new SeededRandom(seed);
  const angles = Array.from({ length: 3000 }, (_, i) => {
    const angle = (random.fraction() - 0.5) * 2 * Math.PI;
    return i % 3 === 0 ? angle * 2 ** -random.integer(0, 30) : angle;
  });

  it('have the sine that is nearest', () => {
    const { wrong, ulps } = errorsOf(angles, sine, (angle) => series(angle, 1));
    expect(wrong).toBeLessThan(0.002);
    expect(ulps).toBeLessThanOrEqual(1);
  });

  it('have the cosine that is nearest', () => {
    const { wrong, ulps } = errorsOf(angles, cosine, (angle) => series(angle, 0));
    expect(wrong).toBeLessThan(0.002);
    expect(ulps).toBeLessThanOrEqual(1);
  });

  it('are found by their sine', () => {
    for (let i = 0; i < 3000; i++) {
      const value = i % 2 === 0 ? random.fraction() : 1 - random.fraction() * 2 ** -(i % 50);
      const angle = arcsine(value);
      // The sine halfway to the next angle on either side lies beyond the value.
      const half = exact(2 ** (Math.floor(Math.log2(angle)) - 53));
      const tolerance = half + half / 250n;
      const before = series(exact(angle) - tolerance, 1);
      const behind = series(exact(angle) + tolerance, 1);
      const isBetween = before <= exact(value) && exact(value) <= behind;
      expect(isBetween || angle > Math.PI / 2 - 1e-15).toBe(true);
    }
  });

  it('are right where they are special', () => {
    expect([sine(0), cosine(0), arcsine(0)]).toEqual([0, 1, 0]);
    expect(sine(Math.PI)).toBe(1.2246467991473532e-16);
    expect(cosine(Math.PI / 2)).toBe(6.123233995736766e-17);
    expect([sine(Math.PI / 2), cosine(Math.PI), cosine(-Math.PI)]).toEqual([1, -1, -1]);
    expect(arcsine(1)).toBe(Math.PI / 2);
    expect(arcsine(1.0000000000000002)).toBe(Number.NaN);
    expect(sine(-0.5)).toBe(-sine(0.5));
  });
});
