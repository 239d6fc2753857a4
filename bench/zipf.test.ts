import { expect, test } from 'vitest';
import { scatter, seededRandom, ZipfRanks } from './zipf.ts';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));

test('the same seed gives the same numbers, another seed others', () => {
  const take = (from: () => number) => Array.from({ length: 5 }, from);
  expect(take(seededRandom(42))).toEqual(take(seededRandom(42)));
  expect(take(seededRandom(42))).not.toEqual(take(seededRandom(43)));
});

test(`random numbers fill [0, 1) evenly (SEED=${seed})`, () => {
  const random = seededRandom(seed);
  const bins = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i++) bins[Math.floor(random() * 10)]!++;
  for (const count of bins) expect(Math.abs(count - 10_000)).toBeLessThan(600);
});

test(`zipf frequencies follow 1 / rank ** exponent (SEED=${seed})`, () => {
  const [ranks, draws, exponent] = [1000, 400_000, 0.99];
  const zipf = new ZipfRanks(ranks, exponent, seededRandom(seed));
  const counts = new Array<number>(ranks).fill(0);
  for (let i = 0; i < draws; i++) counts[zipf.next()]!++;

  const weights = counts.map((_, rank) => 1 / (rank + 1) ** exponent);
  const total = weights.reduce((a, b) => a + b);
  for (let rank = 0; rank < ranks; rank++) {
    const expected = (draws * weights[rank]!) / total;
    // Six standard deviations of a Poisson count: over 1000 ranks a false alarm is a one in 500,000
    // event.
    expect(Math.abs(counts[rank]! - expected), `rank ${rank}`).toBeLessThan(
      6 * Math.sqrt(expected) + 6,
    );
  }
});

test('zipf of a single rank and of extreme random numbers stays in range', () => {
  expect(new ZipfRanks(1, 0.99, () => 0.7).next()).toBe(0);
  expect(new ZipfRanks(10, 0.99, () => 0).next()).toBe(0);
  expect(new ZipfRanks(10, 0.99, () => 1 - 2 ** -32).next()).toBe(9);
});

test('scatter is one-to-one and separates neighbours', () => {
  for (const count of [1, 2, 10, 64, 99, 1000, 1_000_000]) {
    const to = scatter(count);
    const seen = new Uint8Array(count);
    for (let rank = 0; rank < count; rank++) seen[to(rank)]!++;
    expect(
      seen.every((times) => times === 1),
      `count ${count}`,
    ).toBe(true);
  }
  const to = scatter(1_000_000);
  expect(Math.abs(to(0) - to(1))).toBeGreaterThan(1000);
});
