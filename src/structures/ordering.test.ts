import { describe, expect, it } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { type Comparison, orderAll, orderRange } from './ordering.ts';

const seed = chosenSeed();

/** Compares what the items stand for, and counts how often. */
class ByValue implements Comparison {
  calls = 0;
  readonly #values: readonly number[];

  constructor(values: readonly number[]) {
    this.#values = values;
  }

  compare(a: number, b: number): number {
    this.calls++;
    return this.#values[a]! - this.#values[b]!;
  }
}

function numbered(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => i);
}

function stable(values: readonly number[]): number[] {
  return values.map((_, i) => i).sort((a, b) => values[a]! - values[b]! || a - b);
}

describe(`orderAll, SEED=${seed}`, () => {
  it('sorts any number of items, and leaves equals in their order', () => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < 300; round++) {
      const count = random.integer(0, random.pick([5, 20, 300]));
      const distinct = random.pick([1, 3, 1000]);
      const values = Array.from({ length: count }, () => random.integer(0, distinct));
      const items = numbered(count + 2);
      orderAll(items, count, new ByValue(values));
      expect([...items]).toEqual([...stable(values), count, count + 1]);
    }
  });
});

describe(`orderRange, SEED=${seed}`, () => {
  it('puts what belongs at the places there, and loses nothing', () => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < 500; round++) {
      const count = random.integer(1, random.pick([6, 7, 40, 41, 400]));
      const distinct = random.pick([1, 3, 1000]);
      const values = Array.from({ length: count }, () => random.integer(0, distinct));
      const first = random.integer(0, count - 1);
      const last = random.integer(first, count - 1);
      const items = numbered(count);
      orderRange(items, count, new ByValue(values), first, last);
      const sorted = stable(values).map((i) => values[i]!);
      const placed = [...items].map((i) => values[i]!);
      expect(placed.slice(first, last + 1)).toEqual(sorted.slice(first, last + 1));
      expect([...items].sort((a, b) => a - b)).toEqual([...numbered(count)]);
    }
  });

  it('stays quick where the pivots are as bad as can be', () => {
    const count = 20_000;
    const killer = new PivotKiller(count);
    orderRange(numbered(count), count, killer, 0, count - 1);
    expect(killer.calls).toBeLessThan(100 * count);
  });
});

/** Decides what items stand for as they are compared, so that every pivot is among the least. */
class PivotKiller implements Comparison {
  calls = 0;
  readonly #values: number[];
  #solid = 0;
  #candidate = 0;
  readonly #gas: number;

  constructor(count: number) {
    this.#gas = count;
    this.#values = Array.from({ length: count }, () => this.#gas);
  }

  compare(a: number, b: number): number {
    this.calls++;
    const values = this.#values;
    if (values[a] === this.#gas && values[b] === this.#gas) {
      values[a === this.#candidate ? a : b] = this.#solid++;
    }
    if (values[a] === this.#gas) this.#candidate = a;
    else if (values[b] === this.#gas) this.#candidate = b;
    return values[a]! - values[b]!;
  }
}
