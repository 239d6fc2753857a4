import { expect, it } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import type { Ptr } from '../memory/address.ts';
import { Heap } from '../memory/heap.ts';
import { MemberRecords } from './member-records.ts';
import { NamedScores, RANGE_BEGINS, SCORES_AHEAD_MAX } from './score-ahead.ts';
import { ScoreTree } from './score-tree.ts';
import { checkTree } from './score-tree-check.ts';
import { ScoreCursor } from './score-tree-cursor.ts';
import { TREE_ROOT_BYTES } from './score-tree-node.ts';
import { TreePath } from './score-tree-path.ts';

const seed = chosenSeed();
const heap = new Heap();
const members = new MemberRecords(heap);
const tree = new ScoreTree(members);
const bytes = Buffer.alloc(4);
const view = new DataView(bytes.buffer, bytes.byteOffset, 4);
/** Trees of none to three levels of inner nodes; scores are even, some of them equal. */
const SIZES = [0, 1, 31, 32, 3000, 20_000];
const named = new NamedScores();
let numbers = 0;

interface Planted {
  readonly root: Ptr;
  readonly records: Ptr[];
}

function plant(size: number): Planted {
  const root = heap.alloc(TREE_ROOT_BYTES);
  tree.create(root);
  const records = Array.from({ length: size }, (_, i) => record(i & ~3));
  for (const each of records) tree.insert(root, each);
  return { root, records };
}

function record(score: number): Ptr {
  bytes.writeUInt32BE(numbers++);
  return members.create(score, bytes, view, 0, 4);
}

/** Looks ahead at so many random scores of random trees. */
function lookAhead(random: SeededRandom, planted: readonly Planted[], count: number) {
  const walks = Array.from({ length: count }, (_, i) => {
    const { root, records } = random.pick(planted);
    const score = random.pick([-Infinity, Infinity, -1, random.integer(0, records.length + 2)]);
    named.roots[i] = root;
    named.scores[i] = score;
    named.records[i] = RANGE_BEGINS;
    return { root, bound: Float64Array.of(score) };
  });
  named.count = count;
  tree.ahead.fetch(named);
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
  const planted = SIZES.map(plant);
  const cursor = new ScoreCursor(heap);
  const { ahead } = tree;
  for (let round = 0; round < 500; round++) {
    for (const { root, bound } of lookAhead(random, planted, random.integer(1, 16))) {
      // Some commands that named a score may not seek it.
      if (random.fraction() < 0.2) continue;
      const walk = ahead.recall(root, bound);
      expect(ahead.leads(walk)).toBe(true);
      const isThere = cursor.place(ahead.leaf(walk), ahead.place(walk));
      expect([isThere, cursor.leaf, cursor.slot]).toEqual(sought(root, bound));
    }
  }
});

it('goes the way that a path would go', () => {
  const random = new SeededRandom(seed);
  const planted = SIZES.slice(1).map(plant);
  const path = new TreePath(tree.nodes, members);
  const usual = new TreePath(tree.nodes, members);
  for (let round = 0; round < 200; round++) {
    for (const { root, bound } of lookAhead(random, planted, SCORES_AHEAD_MAX)) {
      tree.ahead.follow(tree.ahead.recall(root, bound), path);
      tree.nodes.entryScore[0] = bound[0]!;
      usual.toScore(root, false);
      const levels = usual.top + 1;
      expect(path.nodes.slice(0, levels)).toEqual(usual.nodes.slice(0, levels));
      expect(path.slots.slice(1, levels)).toEqual(usual.slots.slice(1, levels));
    }
  }
});

it('knows nothing of other scores and other trees', () => {
  const planted = [plant(3000)];
  lookAhead(new SeededRandom(seed), planted, SCORES_AHEAD_MAX);
  expect(tree.ahead.recall(planted[0]!.root, Float64Array.of(0.5))).toBe(-1);
  expect(tree.ahead.recall(heap.alloc(TREE_ROOT_BYTES), Float64Array.of(-1))).toBe(-1);
});

it('sees that nodes on the way have come, gone or moved', () => {
  const { root, records } = plant(20_000);
  const middle = Float64Array.of(10_001);
  const changes: (() => void)[] = [
    // A leaf becomes two.
    () => {
      for (let i = 0; i < 200; i++) tree.insert(root, record(10_000));
    },
    () => {
      const rank = tree.rankOfScore(root, Float64Array.of(9900), false);
      for (let i = 0; i < 200; ) i += tree.removeSlice(root, rank, 200 - i);
    },
    () => {
      while (tree.drainLeaf(root) >= 0);
      tree.create(root);
      for (const each of records) tree.insert(root, each);
    },
  ];
  for (const change of changes) {
    named.roots[0] = root;
    named.scores[0] = middle[0]!;
    named.records[0] = RANGE_BEGINS;
    named.count = 1;
    tree.ahead.fetch(named);
    change();
    const cursor = new ScoreCursor(heap);
    const isThere = tree.enterScore(root, cursor, middle, false);
    expect([isThere, cursor.leaf, cursor.slot]).toEqual(sought(root, middle));
  }
});

it('changes trees as without looking ahead, in any order and however many name the same', () => {
  const random = new SeededRandom(seed);
  for (const size of [1, 20, 40, 300, 5000]) {
    const { root, records } = plant(size);
    for (let round = 0; round < 300; round++) {
      const moves = Array.from({ length: random.integer(1, SCORES_AHEAD_MAX) }, (_, i) => {
        const isNew = random.fraction() < 0.1;
        const moved = isNew ? record(0) : random.pick(records);
        const score = random.integer(0, size);
        named.roots[i] = root;
        named.scores[i] = score;
        named.records[i] = isNew ? 0 : moved;
        if (isNew) members.setScore(moved, score);
        return { isNew, moved, score };
      });
      named.count = moves.length;
      tree.ahead.fetch(named);
      for (const { isNew, moved, score } of moves) {
        if (random.fraction() < 0.1) continue;
        if (!isNew) tree.move(root, moved, score);
        else if (records.push(moved) > 0) tree.insert(root, moved);
      }
      if (round % 20 === 0) checkTree(tree, members, root);
    }
    checkTree(tree, members, root);
    expect(tree.count(root)).toBe(records.length);
    for (const each of records) expect(tree.at(root, tree.rank(root, each))).toBe(each);
  }
});
