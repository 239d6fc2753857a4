import { describe, expect, it } from 'vitest';
import { filled, memberOf, plain } from '../../test/support/packed-model.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import type { Ptr } from '../memory/address.ts';
import type { PackedTable } from './packed-table.ts';
import { setHashKey } from './siphash.ts';

const seed = chosenSeed();
setHashKey(seed, ~seed);

/**
 * How far from equal chances `draws` choices among as many places as there are counts are, in
 * sigmas.
 */
function unevenness(counts: readonly number[], draws: number): number {
  const expected = draws / counts.length;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  const freedom = counts.length - 1;
  return (chiSquare - freedom) / Math.sqrt(2 * freedom);
}

/** How many times a random choice draws a bucket and a place in it, on average. */
function drawsPerChoice({ table, root }: { table: PackedTable; root: Ptr }): number {
  const random = new SeededRandom(seed);
  const choices = 1000;
  let numbers = 0;
  for (let i = 0; i < choices; i++) {
    table.random(root, () => {
      numbers++;
      return random.fraction();
    });
  }
  return numbers / 2 / choices;
}

describe(`random choices, SEED=${seed}`, () => {
  it('have equal chances, in a small table, a half divided one, and a shrunken one', () => {
    const random = new SeededRandom(seed);
    for (const [count, grown] of [
      [3, 3],
      [200, 200],
      [1500, 1500],
      [1500, 9000],
    ] as const) {
      const model = filled(grown);
      for (let key = count; key < grown; key++) model.remove(memberOf(key));
      const counts = new Map([...model.entries.keys()].map((member) => [member, 0]));
      const total = model.entries.size;
      for (let i = 0; i < total * 30; i++) {
        expect(model.table.random(model.root, () => random.fraction())).toBe(true);
        const member = model.current();
        counts.set(member, counts.get(member)! + 1);
      }
      const sigmas = unevenness([...counts.values()], total * 30);
      expect(Math.abs(sigmas), `${count} members, ${sigmas} sigmas`).toBeLessThan(6);
    }
  });

  it('of many have equal chances, few or most of them', () => {
    const random = new SeededRandom(seed);
    const model = filled(1000);
    const total = model.entries.size;
    for (const [count, rounds] of [
      [10, 3000],
      [600, 200],
    ] as const) {
      const counts = new Map([...model.entries.keys()].map((member) => [member, 0]));
      for (let i = 0; i < rounds; i++) {
        const chosen = model.sample(count, () => random.fraction());
        for (const member of chosen) counts.set(member, counts.get(member)! + 1);
      }
      // Without repetition counts vary less than the square root of the share that is not chosen.
      const spread = unevenness([...counts.values()], count * rounds) * Math.sqrt(2 / total) + 1;
      const sigmas = (spread / (1 - count / total) - 1) / Math.sqrt(2 / total);
      expect(Math.abs(sigmas), `${count} of ${total}, ${sigmas} sigmas`).toBeLessThan(6);
    }
    expect(model.sample(5000, () => random.fraction()).size).toBe(total);
    expect(model.sample(0, () => random.fraction()).size).toBe(0);
  });

  it('take a few draws', () => {
    for (let count = 1000; count < 2200; count += 150) {
      expect(drawsPerChoice(plain(count))).toBeLessThan(5);
    }
  });

  it('take no more draws in a table that was far larger', () => {
    const model = filled(60_000);
    for (let left = 30_000; left >= 60; left /= 2) {
      for (let key = Math.floor(left); key < left * 2; key++) {
        if (model.entries.has(memberOf(key))) model.remove(memberOf(key));
      }
      expect(drawsPerChoice(model), `${left} members`).toBeLessThan(left > 10_000 ? 20 : 6);
    }
  });

  it('find nothing in an empty table', () => {
    const model = filled(100);
    for (let key = 0; key < 100; key++) model.remove(memberOf(key));
    expect(model.table.random(model.root, Math.random)).toBe(false);
    expect(model.sample(3, Math.random).size).toBe(0);
  });
});
