// What a sorted set of a million members costs. Run: npx tsx src/structures/sorted-set.bench.ts

import { SeededRandom } from '../../test/support/seeded-random.ts';
import { measure } from '../../test/support/stopwatch.ts';
import { NULL, type Ptr } from '../memory/address.ts';
import { Heap } from '../memory/heap.ts';
import { ScoreCursor } from './score-tree-cursor.ts';
import { hashBytes } from './siphash.ts';
import { SortedSet } from './sorted-set.ts';

const MEMBERS = 1_000_000;
const LENGTH = 20;
const random = new SeededRandom(1);
const bytes = Buffer.from('element:000000000000');
const view = new DataView(bytes.buffer, bytes.byteOffset, LENGTH);
const heap = new Heap();
const set = new SortedSet(heap);
const { tree } = set;
const cursor = new ScoreCursor(heap);

/**
 * Writes the member of a number and returns its hash: some 40 ns that are part of what is measured.
 */
function name(number: number): number {
  for (let at = LENGTH - 1, rest = number; at >= 8; at--) {
    const tenth = Math.trunc(rest / 10);
    bytes[at] = 48 + rest - tenth * 10;
    rest = tenth;
  }
  return hashBytes(view, 0, LENGTH);
}

function draw(): number {
  return random.integer(0, MEMBERS - 1);
}

function add(root: Ptr, number: number, score: number): Ptr {
  return set.add(root, name(number), score, bytes, view, 0, LENGTH);
}

const bound = new Float64Array(1);

/** A random score. */
function drawBound(): Float64Array {
  bound[0] = draw();
  return bound;
}

function find(root: Ptr, number: number): Ptr {
  return set.find(root, name(number), bytes, view, 0, LENGTH);
}

/** Random scores; ascending ones come as from a file. */
function build(ascends: boolean): Ptr {
  const root = set.create();
  for (let i = 0; i < MEMBERS; i++) {
    if (ascends) set.load(root, name(i), i, bytes, view, 0, LENGTH);
    else add(root, i, draw());
  }
  const each = (set.usedBytes(root) / MEMBERS).toFixed(1);
  console.log(`${ascends ? 'ascending' : 'random'} scores: ${each} bytes per member`);
  return root;
}

const ascending = build(true);
while (!set.release(ascending, 1000));
const root = build(false);

measure('nothing but the name of a member', (times) => {
  let sum = 0;
  for (let i = 0; i < times; i++) sum ^= name(draw());
  return sum;
});
measure('find', (times) => {
  for (let i = 0; i < times; i++) if (find(root, draw()) === NULL) throw new Error('lost');
});
measure('find and remove, add again', (times) => {
  for (let i = 0; i < times; i++) {
    const number = draw();
    set.removeFound(root, find(root, number));
    add(root, number, draw());
  }
});
measure('find and update to any score', (times) => {
  for (let i = 0; i < times; i++) set.update(root, find(root, draw()), draw());
});
measure('find and add one to the score', (times) => {
  for (let i = 0; i < times; i++) {
    const record = find(root, draw());
    set.update(root, record, set.members.score(record) + 1);
  }
});
measure('find and rank', (times) => {
  let sum = 0;
  for (let i = 0; i < times; i++) sum ^= tree.rank(root, find(root, draw()));
  return sum;
});
measure('record of a rank', (times) => {
  let sum = 0;
  for (let i = 0; i < times; i++) sum ^= tree.at(root, draw());
  return sum;
});
measure('count between two scores', (times) => {
  let sum = 0;
  for (let i = 0; i < times; i++) {
    sum += tree.rankOfScore(root, drawBound(), true) - tree.rankOfScore(root, drawBound(), false);
  }
  return sum;
});
measure('ten records from a score on', (times) => {
  let sum = 0;
  for (let i = 0; i < times; i++) {
    let isOn = tree.seekScore(root, cursor, drawBound(), false);
    for (let left = 10; left > 0 && isOn; left--, isOn = cursor.next()) sum ^= cursor.record;
  }
  return sum;
});
measure('a random member', (times) => {
  let sum = 0;
  for (let i = 0; i < times; i++) sum ^= set.random(root, Math.random);
  return sum;
});
