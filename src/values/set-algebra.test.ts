import { describe, expect, it } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { SetModel, setsOn, textsOf } from '../../test/support/set-model.ts';
import { Heap, OutOfMemoryError } from '../memory/heap.ts';
import { checkHeap } from '../memory/heap-check.ts';
import type { LooseCell } from './loose-cell.ts';
import type { Sets } from './set.ts';
import { difference, intersection, type Members, union } from './set-algebra.ts';
import { SET_HASHTABLE, SET_INTSET, SET_LISTPACK } from './set-encoding.ts';
import { storedDifference, storedIntersection, storedUnion } from './set-store.ts';

const seed = chosenSeed();

function numbers(count: number, first = 0, prefix = ''): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${first + i}`);
}

/** What is found, each member once. */
function found(members: Members): string[] {
  const texts: string[] = [];
  const { member } = members;
  try {
    while (members.next()) {
      member.spell();
      texts.push(member.bytes.toString('latin1', member.start, member.start + member.length));
    }
  } finally {
    members.close();
  }
  expect(new Set(texts).size).toBe(texts.length);
  return texts.sort();
}

/** The members of a set of its own, which is freed. */
function taken(sets: Sets, cell: LooseCell): string[] {
  const texts = textsOf(sets, cell);
  sets.dispose(cell);
  return texts.sort();
}

/** Checks every operation on these sets against JavaScript's. */
function checkAll(models: readonly SetModel[]): void {
  const { sets } = models[0]!;
  const cells = models.map(({ cell }) => cell);
  const all = models.map(({ texts }) => texts);
  const everywhere = [...all[0]!].filter((text) => all.every((texts) => texts.has(text))).sort();
  const anywhere = [...new Set(all.flatMap((texts) => [...texts]))].sort();
  const others = all.slice(1);
  const first = [...all[0]!].filter((text) => !others.some((texts) => texts.has(text))).sort();
  expect(found(intersection(sets, cells))).toEqual(everywhere);
  expect(taken(sets, storedIntersection(sets, cells))).toEqual(everywhere);
  expect(found(union(sets, cells))).toEqual(anywhere);
  expect(taken(sets, storedUnion(sets, cells))).toEqual(anywhere);
  for (const subtracts of [false, true]) {
    expect(found(difference(sets, cells, subtracts))).toEqual(first);
    expect(taken(sets, storedDifference(sets, cells, subtracts))).toEqual(first);
  }
  checkHeap(
    sets.heap,
    models.flatMap((model) => model.blocks()),
  );
}

describe(`against a Set, SEED=${seed}`, () => {
  for (let round = 0; round < 12; round++) {
    it(`finds what a Set finds, round ${round}`, () => {
      const random = new SeededRandom(seed + round);
      const sets = setsOn();
      const models = Array.from({ length: random.pick([1, 2, 3, 4, 5, 7, 12]) }, () => {
        const prefix = random.pick(['', '', 'm', 'x'.repeat(113)]);
        const count = random.pick([1, 20, 100, 600, 2000]);
        return new SetModel(numbers(count, random.integer(0, 300), prefix), sets);
      });
      for (const model of models) model.add(['shared', '17']);
      checkAll(models);
    });
  }

  it('finds what large tables have in common, and what not', () => {
    const sets = setsOn();
    checkAll([
      new SetModel(numbers(20_000, 0, 'member:'), sets),
      new SetModel(numbers(20_000, 10_000, 'member:'), sets),
    ]);
  });
});

describe('members of many sets', () => {
  it('come once, also those of the second set that a later one has too', () => {
    const sets = setsOn();
    const models = numbers(6).map((text) => new SetModel([text, `${Number(text) + 1}`], sets));
    expect(
      found(
        union(
          sets,
          models.map(({ cell }) => cell),
        ),
      ),
    ).toEqual(numbers(7));
  });

  it('need no memory where the sets are few, or have little beside the largest', () => {
    const sets = setsOn();
    const large = new SetModel(numbers(5000, 0, 'm'), sets);
    const small = numbers(8).map((i) => new SetModel(numbers(600, Number(i) * 600, 'm'), sets));
    const before = sets.heap.usedBytes;
    const members = union(sets, [small[0]!.cell, large.cell, small[1]!.cell]);
    while (members.next()) expect(sets.heap.usedBytes).toBe(before);
    members.close();
    const more = union(
      sets,
      [large, ...small].map(({ cell }) => cell),
    );
    while (more.next()) expect(sets.heap.usedBytes).toBeLessThan(before + 1000);
    more.close();
    expect(sets.heap.usedBytes).toBe(before);
  });
});

describe('encodings of stored sets', () => {
  const integers = numbers(40);
  const texts = numbers(40, 0, 'm');
  const long = ['x'.repeat(65), ...integers];

  it.each([
    [SET_INTSET, 'integers', integers, integers],
    [SET_INTSET, 'integers of a table', long, integers],
    [SET_LISTPACK, 'texts', texts, texts],
    [SET_LISTPACK, 'integers and texts', [...texts, ...integers], [...integers, ...texts]],
    [SET_HASHTABLE, 'what was long', long, long],
  ])('that are intersections: %i for %s', (encoding, _what, one, other) => {
    const sets = setsOn();
    const models = [new SetModel(one, sets), new SetModel(other, sets)];
    const stored = storedIntersection(
      sets,
      models.map(({ cell }) => cell),
    );
    expect(stored.encoding).toBe(encoding);
  });

  it.each([
    [SET_INTSET, 'integers', integers, numbers(40, 20)],
    [SET_LISTPACK, 'integers and texts', integers, texts],
    [SET_HASHTABLE, 'many texts', numbers(100, 0, 'm'), numbers(100, 50, 'm')],
    [SET_HASHTABLE, 'a table of many and a few', numbers(1000, 0, 'm'), integers],
  ])('that are unions: %i for %s', (encoding, _what, one, other) => {
    const sets = setsOn();
    const models = [new SetModel(one, sets), new SetModel(other, sets)];
    const stored = storedUnion(
      sets,
      models.map(({ cell }) => cell),
    );
    expect(stored.encoding).toBe(encoding);
  });

  it('that are differences depend on how they are found', () => {
    const sets = setsOn();
    const models = [new SetModel([...integers, 'x'], sets), new SetModel(['x'], sets)];
    const cells = models.map(({ cell }) => cell);
    expect(storedDifference(sets, cells, false).encoding).toBe(SET_INTSET);
    expect(storedDifference(sets, cells, true).encoding).toBe(SET_LISTPACK);
  });

  it('of nothing are empty sets', () => {
    const sets = setsOn();
    for (const stored of [
      storedIntersection(sets, []),
      storedUnion(sets, []),
      storedDifference(sets, [], false),
    ]) {
      expect(taken(sets, stored)).toEqual([]);
    }
    checkHeap(sets.heap, []);
  });
});

describe('without memory', () => {
  it('nothing is left behind', () => {
    const sets = setsOn();
    const models = [
      new SetModel(numbers(700, 0, 'm'), sets),
      new SetModel(numbers(20), sets),
      new SetModel(['x', ...numbers(20, 10)], sets),
      new SetModel(numbers(700, 300, 'm'), sets),
      new SetModel(numbers(300, 900, 'm'), sets),
    ];
    const cells = models.map(({ cell }) => cell);
    const blocks = models.flatMap((model) => model.blocks());
    const attempts = [
      () => found(union(sets, cells)),
      () => found(difference(sets, cells, true)),
      () => taken(sets, storedUnion(sets, cells)),
      () => taken(sets, storedUnion(sets, cells.slice(1, 3))),
      () => taken(sets, storedIntersection(sets, [cells[0]!, cells[3]!])),
      () => taken(sets, storedDifference(sets, cells, true)),
      () => taken(sets, storedDifference(sets, cells, false)),
    ];
    for (const attempt of attempts) {
      let refused = 0;
      for (const allowed of [0, 1, 2, 3, 5, 8, 13, 21, 55, 144, 5000]) {
        let left = allowed;
        sets.heap.alloc = (bytes) => {
          if (left-- > 0) return Heap.prototype.alloc.call(sets.heap, bytes);
          throw new OutOfMemoryError('refused');
        };
        try {
          attempt();
        } catch (problem) {
          expect(problem).toBeInstanceOf(OutOfMemoryError);
          refused++;
        }
        checkHeap(sets.heap, blocks);
      }
      expect(refused).toBeGreaterThan(0);
    }
  });
});
