import { describe, expect, it } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { SortedSetModel } from '../../test/support/sorted-set-model.ts';
import { runSortedSetRound } from '../../test/support/sorted-set-round.ts';
import { NULL, type Ptr } from '../memory/address.ts';
import { Heap } from '../memory/heap.ts';
import { checkHeap } from '../memory/heap-check.ts';
import { checkTree } from './score-tree-check.ts';
import { hashBytes } from './siphash.ts';
import { SortedSet } from './sorted-set.ts';

const seed = chosenSeed();
const MILLION = 1_000_000;
/** The root of an empty set, four blocks of its table, one of its tree. */
const EMPTY_BLOCKS = 6;
/** Members as redis-benchmark makes them: 20 bytes. */
const TEXT = Buffer.from('element:000000000000');
const VIEW = new DataView(TEXT.buffer, TEXT.byteOffset, TEXT.length);

function add(set: SortedSet, root: Ptr, number: number, score: number, isLoading = false): Ptr {
  TEXT.write(String(number).padStart(12, '0'), 8, 'latin1');
  const hash = hashBytes(VIEW, 0, TEXT.length);
  if (isLoading) return set.load(root, hash, score, TEXT, VIEW, 0, TEXT.length);
  return set.add(root, hash, score, TEXT, VIEW, 0, TEXT.length);
}

function filled(count: number, scoreOf: (number: number) => number): SortedSetModel {
  const model = new SortedSetModel();
  for (let i = 0; i < count; i++) model.put(Buffer.from(`member:${i}`), scoreOf(i));
  return model;
}

function blocksOf(set: SortedSet, root: Ptr): Ptr[] {
  const blocks: Ptr[] = [];
  set.visitBlocks(root, (block) => blocks.push(block));
  return blocks;
}

describe(`against a sorted array, SEED=${seed}`, () => {
  for (let round = 0; round < 12; round++) {
    it(`holds what was put into it, in order, round ${round}`, () => {
      runSortedSetRound(new SeededRandom(seed + round), 2500);
    });
  }
});

describe('memory', () => {
  it('takes at most 56 bytes for a member of 20 bytes in a set of a million', () => {
    const random = new SeededRandom(seed);
    const heap = new Heap();
    const set = new SortedSet(heap);
    const root = set.create();
    for (let i = 0; i < MILLION; i++) add(set, root, i, random.integer(0, MILLION));
    expect(set.count(root)).toBe(MILLION);
    expect(set.usedBytes(root)).toBe(heap.usedBytes);
    expect(heap.usedBytes / MILLION).toBeLessThan(55.5);
    expect(heap.heldBytes / MILLION).toBeLessThan(56);
  });

  it('keeps sets compact whose members keep changing their scores', () => {
    const random = new SeededRandom(seed);
    const set = new SortedSet(new Heap());
    const root = set.create();
    const count = 100_000;
    const records = Array.from({ length: count }, (_, i) => add(set, root, i, random.fraction()));
    for (let i = 0; i < 3 * count; i++) set.update(root, random.pick(records), random.fraction());
    expect(bytesOfTree(set, root) / count).toBeLessThan(16.5);
    for (let i = 0; i < count; i += 2) set.remove(root, records[i]!);
    expect(bytesOfTree(set, root) / set.count(root)).toBeLessThan(18.5);
  });

  it.each([
    ['ascend', 1, false],
    ['descend', -1, false],
    ['ascend in a file', 1, true],
    ['descend in a file', -1, true],
  ])('fills nodes when scores %s', (_, step, isLoading) => {
    const set = new SortedSet(new Heap());
    const root = set.create();
    const count = 50_000;
    for (let i = 0; i < count; i++) add(set, root, i, i * step, isLoading);
    expect(bytesOfTree(set, root) / count).toBeLessThan(13.2);
    expect(checkTree(set.tree, set.members, root)).toHaveLength(count);
  });
});

function bytesOfTree(set: SortedSet, root: Ptr): number {
  let bytes = 0;
  set.tree.visitNodes(root, (node) => {
    bytes += set.heap.capacity(node);
  });
  return bytes;
}

describe('scores', () => {
  it('orders infinities, and takes -0 for 0', () => {
    const model = new SortedSetModel();
    const { set } = model;
    const inOrder: [string, number][] = [
      ['low', Number.NEGATIVE_INFINITY],
      ['a', -0],
      ['b', 0],
      ['c', -0],
      ['high', Number.POSITIVE_INFINITY],
    ];
    for (const [member, score] of inOrder.toReversed()) model.put(Buffer.from(member), score);
    const members = inOrder.map((_, rank) => model.memberOf(set.tree.at(model.root, rank)));
    expect(members).toEqual(inOrder.map(([member]) => member));
    expect(set.tree.rankOfScore(model.root, Float64Array.of(0), false)).toBe(1);
    expect(set.tree.rankOfScore(model.root, Float64Array.of(-0), true)).toBe(4);
    expect(set.members.score(model.find(Buffer.from('a')))).toBe(-0);
    model.put(Buffer.from('b'), -0);
    expect(set.members.score(model.find(Buffer.from('b')))).toBe(-0);
    model.check();
  });

  it('refuses what is not a number', () => {
    const model = filled(3, () => 1);
    const record = model.find(Buffer.from('member:1'));
    expect(() => model.put(Buffer.from('other'), Number.NaN)).toThrow('not a number');
    expect(() => model.set.update(model.root, record, Number.NaN)).toThrow('not a number');
    model.check();
  });

  it('answers NaN for the score of a member that is not there', () => {
    const { set, root } = filled(3, () => 1);
    TEXT.write('absent', 0, 'latin1');
    expect(set.score(root, hashBytes(VIEW, 0, 6), TEXT, VIEW, 0, 6)).toBeNaN();
    TEXT.write('elemen', 0, 'latin1');
  });
});

describe('members', () => {
  it('are ordered by unsigned bytes, a prefix first', () => {
    const texts = ['', '\0', '\0\0', '\0\xff', 'a', 'a\0', 'ab', 'abcd', 'abcd\0', 'abce', '\xff'];
    const model = new SortedSetModel();
    for (const text of texts.toReversed()) model.put(Buffer.from(text, 'latin1'), 5);
    expect(texts.map((_, rank) => model.memberOf(model.set.tree.at(model.root, rank)))).toEqual(
      texts,
    );
    for (const text of texts) {
      model.expectAroundMember(Buffer.from(text, 'latin1'), false);
      model.expectAroundMember(Buffer.from(`${text}\0`, 'latin1'), true);
    }
  });

  it.each([127, 128, 16_383, 16_384, 2 ** 21 - 1, 2 ** 21, 2 ** 28])(
    'may have %i bytes',
    (length) => {
      const heap = new Heap();
      const set = new SortedSet(heap);
      const root = set.create();
      const member = Buffer.alloc(length, 'x');
      const view = new DataView(member.buffer, member.byteOffset, length);
      const first = set.add(root, 1, 7, member, view, 0, length);
      expect(set.members.length(first)).toBe(length);
      expect(set.find(root, 1, member, view, 0, length)).toBe(first);
      member[length - 1] = 1;
      expect(set.find(root, 1, member, view, 0, length)).toBe(NULL);
      const second = set.add(root, 1, 7, member, view, 0, length);
      expect(set.tree.at(root, 0)).toBe(second);
      expect(set.members.compare(second, first)).toBeLessThan(0);
      set.removeSlice(root, 1, 1);
      expect(set.tree.at(root, 0)).toBe(second);
      expect(set.release(root, Number.POSITIVE_INFINITY)).toBe(true);
      checkHeap(heap, []);
    },
  );
});

describe('a copy', () => {
  it('that is refused memory leaves nothing behind', () => {
    const model = filled(300, (i) => i % 7);
    const { set, root } = model;
    for (const allowed of [0, EMPTY_BLOCKS - 1]) {
      expect(model.withoutMemory(allowed, () => set.create())).toBe(false);
      model.check();
    }
    for (let allowed = EMPTY_BLOCKS; ; allowed++) {
      const made: Ptr[] = [];
      const isMade = model.withoutMemory(allowed, () => made.push(set.copy(root)));
      model.check(
        root,
        made.flatMap((copy) => blocksOf(set, copy)),
      );
      if (!isMade) continue;
      model.check(made[0], blocksOf(set, root));
      expect(allowed).toBeGreaterThan(300);
      return;
    }
  });
});

describe('slices', () => {
  it('remove at most a leaf at a time', () => {
    const model = filled(3000, (i) => i % 100);
    const { set, root } = model;
    let slices = 0;
    for (let left = 2000; left > 0; slices++) {
      const removed = set.removeSlice(root, 500, left);
      expect(removed).toBeGreaterThan(0);
      expect(removed).toBeLessThanOrEqual(63);
      left -= removed;
    }
    expect(slices).toBeLessThan(100);
    expect(set.count(root)).toBe(1000);
    expect(set.removeSlice(root, 1000, 5)).toBe(0);
  });

  it('release about as many blocks as they may, and all in the end', () => {
    for (const blocksMax of [1, 100, 1000]) {
      const { set, heap, root } = filled(3000, (i) => i);
      let left = blocksOf(set, root).length;
      while (!set.release(root, blocksMax)) {
        const blocks = blocksOf(set, root);
        checkHeap(heap, blocks);
        expect(set.usedBytes(root)).toBe(heap.usedBytes);
        expect(left - blocks.length).toBeLessThanOrEqual(blocksMax + 75);
        expect(left - blocks.length).toBeGreaterThan(0);
        left = blocks.length;
      }
      checkHeap(heap, []);
      expect(left).toBeLessThanOrEqual(blocksMax + 75);
    }
  });
});

describe('a cursor', () => {
  it('goes from end to end, and comes back from beyond either', () => {
    const { set, root, cursor } = filled(1000, (i) => i % 10);
    let count = 0;
    for (let isOn = set.tree.seekRank(root, cursor, 0); isOn; isOn = cursor.next()) count++;
    expect(count).toBe(1000);
    expect(cursor.next()).toBe(false);
    while (cursor.previous()) count--;
    expect(count).toBe(0);
    expect(cursor.previous()).toBe(false);
    expect(cursor.next()).toBe(true);
    expect(cursor.record).toBe(set.tree.at(root, 0));
  });

  it('finds nothing in an empty set', () => {
    const { set, root, cursor } = new SortedSetModel();
    expect(set.tree.seekRank(root, cursor, 0)).toBe(false);
    expect(set.tree.seekScore(root, cursor, Float64Array.of(0), false)).toBe(false);
    expect(cursor.previous()).toBe(false);
    expect(cursor.next()).toBe(false);
    expect(set.random(root, Math.random)).toBe(NULL);
  });
});

describe('evacuation', () => {
  it('leaves nothing of a sparse set on the pages that were marked', () => {
    const model = filled(20_000, (i) => (i * 7919) % 20_000);
    for (let i = 0; i < 20_000; i++) if (i % 4 !== 0) model.remove(Buffer.from(`member:${i}`));
    const { pages } = model.heap;
    const marked = [...pages.pagesInUse()];
    for (const page of marked) pages.evacuate(page);
    const heldBytes = model.heap.heldBytes;
    model.relocate(() => undefined);
    for (const page of marked) expect(pages.flags[page]! & 1).toBe(0);
    expect(model.heap.heldBytes).toBeLessThan(heldBytes * 0.6);
    model.check();
  });
});
