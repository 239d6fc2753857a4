import { describe, expect, it } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { orderAll, orderRange, type TieBreaker } from './ordering.ts';

const seed = chosenSeed();

/** Compares by a second value. */
class ByValue implements TieBreaker {
  readonly #values: readonly number[];

  constructor(values: readonly number[]) {
    this.#values = values;
  }

  compare(a: number, b: number): number {
    return this.#values[a]! - this.#values[b]!;
  }
}

function numbered(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => i);
}

/** Random keys with equals among them, and values that decide then, if wanted. */
function randomInput(random: SeededRandom, count: number) {
  const distinct = random.pick([1, 3, 1000]);
  const keys = Float64Array.from({ length: count }, () => random.integer(-distinct, distinct) / 2);
  const values = Array.from({ length: count }, () => random.integer(0, 4));
  const ties = random.fraction() < 0.5 ? new ByValue(values) : null;
  const compare = (a: number, b: number): number =>
    keys[a]! - keys[b]! || (ties === null ? 0 : values[a]! - values[b]!);
  return {
    keys,
    ties,
    compare,
    sorted: [...numbered(count)].sort((a, b) => compare(a, b) || a - b),
  };
}

describe(`orderAll, SEED=${seed}`, () => {
  it('sorts any number of items with their keys, and leaves equals in their order', () => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < 400; round++) {
      const count = random.integer(0, random.pick([5, 20, 300]));
      const { keys, ties, sorted } = randomInput(random, count);
      const items = numbered(count + 2);
      const moved = Float64Array.from([...keys, -1, -2]);
      orderAll(items, moved, count, ties);
      expect([...items]).toEqual([...sorted, count, count + 1]);
      expect([...moved]).toEqual([...sorted.map((i) => keys[i]!), -1, -2]);
    }
  });
});

describe(`orderAll of many, SEED=${seed}`, () => {
  const infinities = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const kinds: [string, (random: SeededRandom) => number][] = [
    ['integers', (random) => random.integer(-1e6, 1e6)],
    ['few different ones', (random) => random.integer(-2, 2)],
    ['zeros of both signs', (random) => random.pick([0, -0, 5e-324, -5e-324])],
    ['doubles', (random) => (random.fraction() - 0.5) * 10 ** random.integer(-300, 300)],
    ['infinities', (random) => random.pick([...infinities, 1, -1])],
    ['one value', () => 7],
  ];

  it.each(kinds)('sorts %s, whatever else decides', (_, make) => {
    const random = new SeededRandom(seed);
    const count = 20_000;
    const keys = Float64Array.from({ length: count }, () => make(random));
    const values = Array.from({ length: count }, () => random.integer(0, 9));
    for (const ties of [null, new ByValue(values)]) {
      const compare = (a: number, b: number): number => {
        if (keys[a] !== keys[b]) return keys[a]! < keys[b]! ? -1 : 1;
        return ties === null ? 0 : values[a]! - values[b]!;
      };
      const items = numbered(count);
      const moved = keys.slice();
      orderAll(items, moved, count, ties);
      expect(items).toEqual(numbered(count).sort((a, b) => compare(a, b) || a - b));
      expect(moved).toEqual(Float64Array.from(items, (i) => keys[i]!));
    }
  });
});

describe(`orderRange, SEED=${seed}`, () => {
  it('puts what belongs at the places there, and loses nothing', () => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < 600; round++) {
      const count = random.integer(1, random.pick([6, 7, 40, 41, 400]));
      const { keys, ties, compare, sorted } = randomInput(random, count);
      const first = random.integer(0, count - 1);
      const last = random.integer(first, count - 1);
      const items = numbered(count);
      const moved = keys.slice();
      orderRange(items, moved, count, ties, first, last);
      for (let i = first; i <= last; i++) expect(compare(items[i]!, sorted[i]!)).toBe(0);
      expect([...moved]).toEqual([...items].map((i) => keys[i]!));
      expect([...items].sort((a, b) => a - b)).toEqual([...numbered(count)]);
    }
  });

  it('stays quick where the pivots are as bad as can be', () => {
    const count = 20_000;
    const killer = new PivotKiller(count);
    orderRange(numbered(count), new Float64Array(count), count, killer, 0, count - 1);
    expect(killer.calls).toBeLessThan(100 * count);
  });
});

/** Decides what items stand for as they are compared, so that every pivot is among the least. */
class PivotKiller implements TieBreaker {
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
