import { expect, it } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import type { Ptr } from '../memory/address.ts';
import { Heap } from '../memory/heap.ts';
import { MemberRecords } from './member-records.ts';
import { SCORES_AHEAD_MAX } from './score-ahead.ts';
import { ScoreTree } from './score-tree.ts';
import { ScoreCursor } from './score-tree-cursor.ts';
import { TREE_ROOT_BYTES } from './score-tree-node.ts';

const seed = chosenSeed();
const heap = new Heap();
const members = new MemberRecords(heap);
const tree = new ScoreTree(members);
const bytes = Buffer.alloc(4);
const view = new DataView(bytes.buffer, bytes.byteOffset, 4);
/** Trees of none to three levels of inner nodes; scores are even, some of them equal. */
const SIZES = [0, 1, 63, 64, 3000, 20_000];
const roots = SIZES.map(plant);

function plant(size: number): Ptr {
  const root = heap.alloc(TREE_ROOT_BYTES);
  tree.create(root);
  for (let i = 0; i < size; i++) tree.insert(root, record(i, i & ~3));
  return root;
}

function record(number: number, score: number): Ptr {
  bytes.writeUInt32BE(number);
  return members.create(score, bytes, view, 0, 4);
}

/** Looks ahead at so many random scores of random trees. */
function lookAhead(random: SeededRandom, count: number) {
  const treeRoots = new Uint32Array(SCORES_AHEAD_MAX);
  const scores = new Float64Array(SCORES_AHEAD_MAX);
  const walks = Array.from({ length: count }, (_, i) => {
    const tree = random.integer(0, SIZES.length - 1);
    const score = random.pick([-Infinity, Infinity, -1, random.integer(0, SIZES[tree]! + 2)]);
    treeRoots[i] = roots[tree]!;
    scores[i] = score;
    return { root: roots[tree]!, bound: Float64Array.of(score) };
  });
  tree.ahead.fetch(treeRoots, scores, count);
  return walks;
}

/** Where a cursor stands that sought a score the usual way. */
function sought(root: Ptr, bound: Float64Array): readonly [boolean, number, number] {
  const cursor = new ScoreCursor(heap);
  const isThere = tree.seekScore(root, cursor, bound, false);
  return [isThere, cursor.leaf, cursor.slot];
}

it('remembers where a seek would go', () => {
  const random = new SeededRandom(seed);
  const cursor = new ScoreCursor(heap);
  for (let round = 0; round < 500; round++) {
    const walks = lookAhead(random, random.integer(1, SCORES_AHEAD_MAX));
    for (const { root, bound } of walks) {
      // Some commands that named a score may not seek it.
      if (random.fraction() < 0.2) continue;
      expect(tree.ahead.recall(root, bound)).toBe(true);
      const isThere = cursor.place(tree.ahead.leaf as Ptr, tree.ahead.place);
      expect([isThere, cursor.leaf, cursor.slot]).toEqual(sought(root, bound));
    }
  }
});

it('knows nothing of other scores and other trees', () => {
  lookAhead(new SeededRandom(seed), SCORES_AHEAD_MAX);
  expect(tree.ahead.recall(roots[5]!, Float64Array.of(0.5))).toBe(false);
  expect(tree.ahead.recall(heap.alloc(TREE_ROOT_BYTES), Float64Array.of(-1))).toBe(false);
});

it('forgets when a tree changes', () => {
  const random = new SeededRandom(seed);
  const root = roots[4]!;
  const fresh = record(4_000_000, 9);
  const changes: (() => void)[] = [
    () => tree.insert(root, fresh),
    () => tree.move(root, fresh, 10),
    () => tree.remove(root, fresh),
    () => tree.insertSorted(root, fresh),
    () => tree.removeSlice(root, tree.rank(root, fresh), 1),
    () => tree.relocateNodes(root, 0),
    () => tree.relocateRecord(root, tree.at(root, 0)),
    () => plant(0),
    () => tree.drainLeaf(root),
  ];
  for (const change of changes) {
    const [{ root: walked, bound }] = lookAhead(random, 2) as [{ root: Ptr; bound: Float64Array }];
    change();
    expect(tree.ahead.recall(walked, bound)).toBe(false);
  }
});
