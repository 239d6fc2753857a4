import { describe, expect, it } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { argsOf, SetModel, setsOn, textsOf } from '../../test/support/set-model.ts';
import { Heap, OutOfMemoryError } from '../memory/heap.ts';
import { checkHeap } from '../memory/heap-check.ts';
import { SET_HASHTABLE, SET_INTSET, SET_LISTPACK } from './set-encoding.ts';

const seed = chosenSeed();

const INTEGERS = ['0', '-1', '32768', '-2147483649', '9223372036854775807'];

function numbers(count: number, first = 0): string[] {
  return Array.from({ length: count }, (_, i) => `${first + i}`);
}

function words(count: number): string[] {
  return numbers(count).map((number) => `word ${number}`);
}

/** From few of them, so that many are there already. */
function randomText(random: SeededRandom): string {
  const draw = random.integer(0, 9);
  if (draw < 5) return `${random.integer(-40, 40)}`;
  if (draw < 6) return random.pick(INTEGERS);
  if (draw < 9) return random.text('ab\0\xff', 0, 3);
  return 'x'.repeat(random.pick([9, 10, 11, 63, 64, 65, 112, 113, 4096]));
}

describe(`against a Set, SEED=${seed}`, () => {
  for (let round = 0; round < 20; round++) {
    it(`does what a Set does, round ${round}`, () => {
      const random = new SeededRandom(seed + round);
      const sets = setsOn();
      sets.limits.intsetMembers = random.pick([0, 1, 5, 30, 512]);
      sets.limits.listpackMembers = random.pick([0, 1, 5, 30, 128]);
      sets.limits.listpackMemberBytes = random.pick([0, 3, 10, 64, 5000]);
      const areIntegers = random.fraction() < 0.3;
      const text = () => (areIntegers ? `${random.integer(-30, 30)}` : randomText(random));
      const some = () => Array.from({ length: random.integer(1, 5) }, text);
      let model = new SetModel(some(), sets);
      for (let i = 0; i < 300; i++) {
        if (model.texts.size === 0) {
          model.dispose();
          model = new SetModel(some(), sets);
        }
        if (random.fraction() < 0.55) model.add(some());
        else model.remove(text());
        model.expectAnswers(text());
        if (i % 30 === 0) model.check();
      }
      model.check();
    });
  }
});

describe('encodings', () => {
  it.each([
    [['1', '2', '3'], SET_INTSET],
    [['1', 'x'], SET_LISTPACK],
    [['x', '1'], SET_LISTPACK],
    [['x'.repeat(64)], SET_LISTPACK],
    [['x'.repeat(65)], SET_HASHTABLE],
    [['1', 'x'.repeat(65)], SET_HASHTABLE],
    [numbers(512), SET_INTSET],
    [numbers(513), SET_HASHTABLE],
    // The number of arguments counts, not that of members.
    [[...numbers(512), '0'], SET_HASHTABLE],
    [words(128), SET_LISTPACK],
    [words(129), SET_HASHTABLE],
    [Array.from({ length: 129 }, () => 'the same'), SET_HASHTABLE],
    [['x', ...numbers(127)], SET_LISTPACK],
    [['x', ...numbers(128)], SET_HASHTABLE],
    [[...numbers(127), 'x'], SET_LISTPACK],
    [[...numbers(128), 'x'], SET_HASHTABLE],
    [['9223372036854775808'], SET_LISTPACK],
    [['01', '-0', '+1', ' 1', ''], SET_LISTPACK],
  ])('of a new set are those of 7.2: %#', (texts, encoding) => {
    const model = new SetModel(texts);
    expect(model.encoding).toBe(encoding);
    model.check();
  });

  it('change at the borders, member by member', () => {
    const integers = new SetModel(['0']);
    for (const text of numbers(511, 1)) integers.add([text]);
    expect(integers.encoding).toBe(SET_INTSET);
    integers.add(['511']);
    integers.add(['512']);
    expect(integers.encoding).toBe(SET_HASHTABLE);
    integers.check();

    const texts = new SetModel(['x']);
    for (const text of words(127)) texts.add([text]);
    expect(texts.encoding).toBe(SET_LISTPACK);
    texts.add(['x']);
    texts.add(['y']);
    expect(texts.encoding).toBe(SET_HASHTABLE);
    texts.check();
  });

  it('stay when members go', () => {
    const model = new SetModel(words(200));
    for (const text of words(199)) model.remove(text);
    expect(model.encoding).toBe(SET_HASHTABLE);
    expect(textsOf(model.sets, model.cell)).toEqual(['word 199']);
    model.check();
  });

  it('take the longest text of an intset into account', () => {
    for (const integer of ['1234567', '-123456']) {
      for (const bytes of [6, 7]) {
        const model = new SetModel([integer]);
        model.sets.limits.listpackMemberBytes = bytes;
        model.add(['x']);
        expect(model.encoding).toBe(bytes === 6 ? SET_HASHTABLE : SET_LISTPACK);
        model.check();
      }
    }
  });

  it('of one member are known before there is room for it', () => {
    const sets = setsOn();
    for (const [text, bytes] of [
      ['1', 10],
      ['-70000', 12],
      ['9223372036854775807', 16],
      ['x', 10],
      ['x'.repeat(64), 74],
      ['x'.repeat(65), 0],
    ] as const) {
      expect(sets.smallBytes(argsOf([text]), 0)).toBe(bytes);
    }
    sets.limits.listpackMembers = 0;
    expect(sets.smallBytes(argsOf(['x']), 0)).toBe(0);
  });
});

describe('without memory', () => {
  const start: readonly (readonly string[])[] = [
    ['1', '2'],
    ['a', 'b'],
    numbers(512),
    words(128),
    words(300),
  ];
  const additions = [
    ['3'],
    ['x'],
    ['x'.repeat(100)],
    ['70000', 'x', 'x'.repeat(200), 'y'],
    ['x'.repeat(5000), '4', 'x'.repeat(5001)],
  ];

  it('no set changes', () => {
    const sets = setsOn();
    let refusals = 0;
    const { heap } = sets;
    for (const first of start) {
      for (const texts of additions) {
        for (let allowed = 0; allowed < 12; allowed++) {
          const model = new SetModel(first, sets);
          allow(heap, allowed);
          try {
            model.sets.add(model.cell, argsOf(texts), 0);
            for (const text of texts) model.texts.add(text);
          } catch (problem) {
            expect(problem).toBeInstanceOf(OutOfMemoryError);
            refusals++;
          }
          allow(heap, Number.POSITIVE_INFINITY);
          model.check();
          model.dispose();
        }
      }
    }
    expect(refusals).toBeGreaterThan(0);
  });

  it('no set comes into being', () => {
    const sets = setsOn();
    let refusals = 0;
    for (const texts of [...start, ...additions]) {
      for (let allowed = 0; allowed < 8; allowed++) {
        allow(sets.heap, allowed);
        try {
          sets.dispose(sets.build(argsOf(texts), 0));
        } catch (problem) {
          expect(problem).toBeInstanceOf(OutOfMemoryError);
          refusals++;
        }
        allow(sets.heap, Number.POSITIVE_INFINITY);
        checkHeap(sets.heap, []);
      }
    }
    expect(refusals).toBeGreaterThan(0);
  });

  it('no set is copied', () => {
    const sets = setsOn();
    let refusals = 0;
    for (const texts of start) {
      for (let allowed = 0; allowed < 8; allowed++) {
        const model = new SetModel(texts, sets);
        allow(sets.heap, allowed);
        try {
          const copy = sets.copyOf(model.cell);
          expect(textsOf(sets, copy)).toEqual(textsOf(sets, model.cell));
          sets.dispose(copy);
        } catch (problem) {
          expect(problem).toBeInstanceOf(OutOfMemoryError);
          refusals++;
        }
        allow(sets.heap, Number.POSITIVE_INFINITY);
        model.check();
        model.dispose();
      }
    }
    expect(refusals).toBeGreaterThan(0);
  });

  it('members go all the same', () => {
    for (const first of start) {
      const model = new SetModel(first);
      allow(model.sets.heap, 0);
      for (const text of first.slice(1)) model.remove(text);
      allow(model.sets.heap, Number.POSITIVE_INFINITY);
      expect(textsOf(model.sets, model.cell)).toEqual([first[0]]);
    }
  });
});

/** Has the heap refuse all allocations but so many. */
function allow(heap: Heap, allocations: number): void {
  let left = allocations;
  heap.alloc = (bytes) => {
    if (left-- <= 0) throw new OutOfMemoryError('refused');
    return Heap.prototype.alloc.call(heap, bytes);
  };
}
