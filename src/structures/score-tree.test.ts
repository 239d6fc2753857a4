import { describe, expect, it } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { EXTENT_SHIFT, type Ptr, UNIT_MASK } from '../memory/address.ts';
import { Heap, OutOfMemoryError } from '../memory/heap.ts';
import { MemberRecords } from './member-records.ts';
import { ScoreTree } from './score-tree.ts';
import { checkTree } from './score-tree-check.ts';
import {
  ENTRIES_MAX,
  LEAF_NEXT,
  LEAF_PREVIOUS,
  NODE_META,
  NODE_SCORES_BYTES,
  TREE_COUNT,
  TREE_FIRST,
  TREE_LAST,
  TREE_ROOT_BYTES,
  TREE_TOP,
} from './score-tree-node.ts';
import { countLower, countNotHigher } from './score-tree-search.ts';

const seed = chosenSeed();

/** A tree and what it needs. */
class Grove {
  readonly heap = new Heap();
  readonly members = new MemberRecords(this.heap);
  readonly tree = new ScoreTree(this.members);
  readonly root: Ptr = this.heap.alloc(TREE_ROOT_BYTES);
  readonly #bytes = Buffer.alloc(4);
  readonly #view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, 4);

  constructor(count: number, scoreOf: (number: number) => number) {
    this.tree.create(this.root);
    for (let i = 0; i < count; i++) this.tree.insert(this.root, this.record(scoreOf(i), i));
  }

  record(score: number, number: number): Ptr {
    this.#bytes.writeUInt32BE(number);
    return this.members.create(score, this.#bytes, this.#view, 0, 4);
  }

  check(): Ptr[] {
    return checkTree(this.tree, this.members, this.root);
  }

  setScore(node: Ptr, slot: number, score: number): void {
    const at = ((node & UNIT_MASK) << 3) + NODE_SCORES_BYTES + slot * 8;
    this.heap.views[node >>> EXTENT_SHIFT]!.setFloat64(at, score, true);
  }
}

describe('shape', () => {
  it('has three levels for 20,000 records, one for 31', () => {
    const random = new SeededRandom(seed);
    const { tree, heap, root } = new Grove(20_000, () => random.fraction());
    expect(tree.nodes.level(heap.word(root, TREE_TOP) as Ptr)).toBe(2);
    const small = new Grove(ENTRIES_MAX, () => random.fraction());
    expect(small.heap.word(small.root, TREE_TOP)).toBe(small.heap.word(small.root, TREE_FIRST));
  });

  it('is a single leaf again when nearly all records are gone', () => {
    const { tree, heap, root } = new Grove(20_000, (i) => i % 977);
    while (tree.count(root) > 5) tree.remove(root, tree.at(root, tree.count(root) >>> 1));
    expect(tree.nodes.level(heap.word(root, TREE_TOP) as Ptr)).toBe(0);
  });
});

describe('an insertion', () => {
  it.each([1, -1])('at an end leaves the tree sound at every step, direction %i', (direction) => {
    const count = ENTRIES_MAX * ENTRIES_MAX + 1;
    const grove = new Grove(count, (i) => i * direction);
    const { tree, root } = grove;
    for (let i = count; i < count + 2 * ENTRIES_MAX; i++) {
      const record = grove.record(i * direction, i);
      tree.insert(root, record);
      expect(tree.rank(root, record)).toBe(direction > 0 ? i : 0);
      expect(grove.check()).toHaveLength(i + 1);
    }
  });

  it('that needs a node on every level is refused or made as a whole', () => {
    const full = ENTRIES_MAX * ENTRIES_MAX;
    const grove = new Grove(full, (i) => i);
    const { tree, heap, root } = grove;
    const record = grove.record(full, 0);
    const before = heap.usedBytes;
    const { alloc } = heap;
    for (let allowed = 0; allowed < 3; allowed++) {
      let left = allowed;
      heap.alloc = (sizeBytes) => {
        if (left-- === 0) throw new OutOfMemoryError('refused');
        return alloc.call(heap, sizeBytes);
      };
      expect(() => tree.insert(root, record)).toThrow(OutOfMemoryError);
      expect(heap.usedBytes).toBe(before);
      expect(grove.check()).toHaveLength(full);
    }
    heap.alloc = alloc;
    tree.insert(root, record);
    expect(grove.check().at(-1)).toBe(record);
    expect(tree.nodes.level(heap.word(root, TREE_TOP) as Ptr)).toBe(2);
  });
});

describe('move', () => {
  it('keeps an entry in its place as long as its score allows', () => {
    const grove = new Grove(1000, (i) => i * 10);
    const { tree, root, heap } = grove;
    const before = heap.usedBytes;
    for (const rank of [0, 1, 62, 63, 500, 999]) {
      const record = tree.at(root, rank);
      for (const score of [rank * 10 - 9, rank * 10 + 9, rank * 10]) {
        tree.move(root, record, score);
        expect(tree.at(root, rank)).toBe(record);
        expect(tree.rank(root, record)).toBe(rank);
        grove.check();
      }
    }
    expect(heap.usedBytes).toBe(before);
  });

  it('goes by members where scores become equal', () => {
    const grove = new Grove(200, (i) => i);
    const { tree, root } = grove;
    const record = tree.at(root, 100);
    tree.move(root, record, 99);
    expect(tree.rank(root, record)).toBe(100);
    tree.move(root, record, 101);
    expect(tree.rank(root, record)).toBe(100);
    tree.move(root, record, 102);
    expect(tree.rank(root, record)).toBe(101);
    tree.move(root, record, 97);
    expect(tree.rank(root, record)).toBe(98);
    grove.check();
  });
});

describe('what is not in the tree', () => {
  it('is a mistake to remove, to rank and to move', () => {
    const grove = new Grove(500, (i) => i % 5);
    const { tree, root } = grove;
    const stranger = grove.record(3, 1);
    expect(() => tree.remove(root, stranger)).toThrow('not in the tree');
    expect(() => tree.rank(root, stranger)).toThrow('not in the tree');
    expect(() => tree.move(root, stranger, 4)).toThrow('not in the tree');
    expect(grove.check()).toHaveLength(500);
  });
});

describe(`searching a node, SEED=${seed}`, () => {
  it('counts what is lower, or not higher, for any number of scores', () => {
    const random = new SeededRandom(seed);
    const view = new DataView(new ArrayBuffer(8 * 64 + 8));
    const bound = new Float64Array(1);
    for (let count = 0; count <= ENTRIES_MAX; count++) {
      for (let round = 0; round < 40; round++) {
        const scores = Array.from({ length: count }, () => random.integer(-9, 9)).sort(
          (a, b) => a - b,
        );
        // What lies behind the last entry is not to be looked at.
        for (let i = 0; i < 64; i++)
          view.setFloat64(8 + i * 8, scores[i] ?? random.pick([-99, 99]), true);
        bound[0] = random.pick([-10, -9, -1, -0, 0, 0.5, 9, Infinity, -Infinity]);
        const score = bound[0]!;
        expect(countLower(view, 8, count, bound)).toBe(scores.filter((s) => s < score).length);
        expect(countNotHigher(view, 8, count, bound)).toBe(scores.filter((s) => s <= score).length);
      }
    }
  });
});

/** Each breaks one rule, in the second leaf or the top node above it. */
const DAMAGES: Readonly<Record<string, (grove: Grove, leaf: Ptr, top: Ptr) => void>> = {
  'a score of a leaf': (grove, leaf) => grove.setScore(leaf, 5, 60.5),
  'a score of a record': ({ tree, members }, leaf) => {
    members.setScore(tree.nodes.record(leaf, 5), 60.5);
  },
  'the order of two entries': ({ tree, members }, leaf) => {
    const { nodes } = tree;
    const [left, right] = [nodes.record(leaf, 5), nodes.record(leaf, 6)];
    nodes.setRecord(leaf, 5, right);
    nodes.setRecord(leaf, 6, left);
    nodes.setScore(leaf, 5, members.score(right));
    nodes.setScore(leaf, 6, members.score(left));
  },
  'a score above': (grove, _, top) => grove.setScore(top, 1, 0.5),
  'a record above': ({ tree }, leaf, top) => {
    tree.nodes.setRecord(top, 1, tree.nodes.record(leaf, 1));
  },
  'a total': ({ tree }, _, top) => tree.nodes.addToTotal(top, 1, 1),
  'a level': ({ heap }, leaf) => heap.setWord(leaf, NODE_META, heap.word(leaf, NODE_META) + 256),
  'a node that is empty': ({ heap }, leaf) => heap.setWord(leaf, NODE_META, 0),
  'a node that is too full': ({ heap }, leaf) => heap.setWord(leaf, NODE_META, ENTRIES_MAX + 1),
  'a link forward': ({ heap }, leaf) => heap.setWord(leaf, LEAF_NEXT, leaf),
  'a link back': ({ heap }, leaf) => heap.setWord(leaf, LEAF_PREVIOUS, leaf),
  'the first leaf': ({ heap, root }, leaf) => heap.setWord(root, TREE_FIRST, leaf),
  'the last leaf': ({ heap, root }, leaf) => heap.setWord(root, TREE_LAST, leaf),
  'the count': ({ heap, root }) => heap.setWord(root, TREE_COUNT, 999),
};

describe('the checker', () => {
  it.each(Object.entries(DAMAGES))('sees damage to %s', (_, damage) => {
    const grove = new Grove(500, (i) => i);
    const { tree, heap, root } = grove;
    const top = heap.word(root, TREE_TOP) as Ptr;
    expect(grove.check()).toHaveLength(500);
    damage(grove, tree.nodes.child(top, 1), top);
    expect(() => grove.check()).toThrow('score tree: ');
  });
});
