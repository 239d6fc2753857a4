/**
 * Looking ahead in score trees: walks to several scores together, level by level, so that the cache
 * misses overlap, and remembers the ways, so that the operations that follow need not walk again.
 * A range begins where its lowest score is; a member that gets another score leaves one place for
 * another. What is read and written there is fetched too.
 *
 * A way that is remembered is a guess: before it is taken, `leads` goes through its links, and who
 * takes it looks whether its place is still the right one. Scores come in the order in which they
 * were named, perhaps not all of them.
 *
 * Each pass is a loop of independent loads, one walk after the other, and short: behind a load that
 * waits, only a few hundred instructions are begun. Lines are touched before they are searched: one
 * takes 7 ns when it is loaded together with others, and 150 when a search waits for it.
 */
import { EXTENT_SHIFT, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import {
  LEAF_NEXT,
  LEVELS_MAX,
  NODE_CHILDREN,
  NODE_RECORDS,
  NODE_SCORES_BYTES,
  NODE_TOTALS,
  TREE_TOP,
} from './score-tree-node.ts';
import type { TreePath } from './score-tree-path.ts';
import { countLower } from './score-tree-search.ts';

/** Most scores that one `fetch` takes. */
export const SCORES_AHEAD_MAX = 16;

/** In place of the record that will have a score: a range begins there. */
export const RANGE_BEGINS = -1;

/** Records fetched for a range: a page of what was asked for. */
export const RECORDS_AHEAD = 10;

/** Scores that commands name, before those run. */
export class NamedScores {
  count = 0;
  /** Of each its tree, itself, and the record that will have it: 0 for a new one. */
  readonly roots: Uint32Array = new Uint32Array(SCORES_AHEAD_MAX);
  readonly scores: Float64Array = new Float64Array(SCORES_AHEAD_MAX);
  readonly records: Int32Array = new Int32Array(SCORES_AHEAD_MAX);
}

/** A record that gets a score has another. */
const WALKS_MAX = 2 * SCORES_AHEAD_MAX;

const LINE_WORDS = 16;

// Of each walk. Constants of the module take fewer instructions than fields; the engines of a
// process share them, which costs them a guess now and then, since `leads` asks the tree itself.
// Addresses are kept as signed integers: those are never boxed.
const roots = new Int32Array(WALKS_MAX);
const bounds = new Float64Array(WALKS_MAX);
/** Records to fetch. */
const pages = new Int32Array(WALKS_MAX);
const tops = new Int32Array(WALKS_MAX);
const nodes = new Int32Array(WALKS_MAX);
const places = new Int32Array(WALKS_MAX);
/** By level and walk. */
const pathNodes = new Int32Array(LEVELS_MAX * WALKS_MAX);
const pathSlots = new Int32Array(LEVELS_MAX * WALKS_MAX);
const bound = new Float64Array(1);

/** See the file's comment. */
export class ScoreAhead {
  readonly #heap: Heap;
  #next = 0;
  #count = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /**
   * Walks to behind the entries with lower scores than those named; where a record will have one,
   * also with lower scores than its own. The value returned only keeps the loads from being
   * optimised away.
   */
  fetch(named: NamedScores): number {
    const { words, views } = this.#heap;
    const levels = this.#begin(named);
    const count = this.#count;
    let sum = 0;
    for (let level = levels; level > 0; level--) sum ^= descend(words, views, level, count);
    sum ^= touchLeaves(words, count);
    for (let i = 0; i < count; i++) places[i] = placeIn(words, views, nodes[i]!, i);
    sum ^= touchNextLeaves(words, count);
    for (let i = 0; i < count; i++) {
      if (pages[i]! > 0) sum ^= touchRecords(words, nodes[i]!, places[i]!, pages[i]!);
    }
    return sum;
  }

  /** The walk to this score, -1 if it is not known. */
  recall(root: Ptr, score: Float64Array): number {
    for (let i = this.#next; i < this.#count; i++) {
      if (bounds[i] !== score[0] || roots[i] !== (root | 0)) continue;
      this.#next = i + 1;
      return i;
    }
    return -1;
  }

  /** Whether a walk's way still leads from the top of its tree to its leaf. */
  leads(walk: number): boolean {
    const allWords = this.#heap.words;
    const root = roots[walk]!;
    let node = allWords[root >>> EXTENT_SHIFT]![((root & UNIT_MASK) << 1) + TREE_TOP]! | 0;
    for (let level = tops[walk]!; level > 0; level--) {
      const at = level * WALKS_MAX + walk;
      const slot = pathSlots[at]!;
      const words = allWords[node >>> EXTENT_SHIFT]!;
      const meta = words[(node & UNIT_MASK) << 1]!;
      if (node !== pathNodes[at] || meta >>> 8 !== level || slot >= (meta & 255)) return false;
      node = words[((node & UNIT_MASK) << 1) + NODE_CHILDREN + slot]! | 0;
    }
    if (node !== nodes[walk]) return false;
    return allWords[node >>> EXTENT_SHIFT]![(node & UNIT_MASK) << 1]! < 256;
  }

  /** The leaf where a walk ended. */
  leaf(walk: number): Ptr {
    return (nodes[walk]! >>> 0) as Ptr;
  }

  /** How many entries of its leaf had lower scores. */
  place(walk: number): number {
    return places[walk]!;
  }

  /** Makes a path that of a walk, but for its place. REQUIRES: it leads to its leaf. */
  follow(walk: number, path: TreePath): void {
    const top = tops[walk]!;
    path.top = top;
    path.nodes[0] = nodes[walk]!;
    for (let level = 1; level <= top; level++) {
      const at = level * WALKS_MAX + walk;
      path.nodes[level] = pathNodes[at]!;
      path.slots[level] = pathSlots[at]!;
    }
  }

  /** Says that an entry has gone from where a walk ended to where another did. */
  shift(departure: number, arrival: number): void {
    const allWords = this.#heap.words;
    for (let level = 1; level <= tops[arrival]!; level++) {
      const from = level * WALKS_MAX + departure;
      const to = level * WALKS_MAX + arrival;
      // From here on up both are the same way.
      if (pathNodes[from] === pathNodes[to] && pathSlots[from] === pathSlots[to]) return;
      addToTotal(allWords, pathNodes[from]!, pathSlots[from]!, -1);
      addToTotal(allWords, pathNodes[to]!, pathSlots[to]!, 1);
    }
  }

  /** Takes down what walks there will be; returns the highest level that one begins on. */
  #begin(named: NamedScores): number {
    const { words, views } = this.#heap;
    let levels = 0;
    let count = 0;
    for (let i = 0; i < named.count; i++) {
      const root = named.roots[i]! | 0;
      const top = words[root >>> EXTENT_SHIFT]![((root & UNIT_MASK) << 1) + TREE_TOP]! | 0;
      const level = words[top >>> EXTENT_SHIFT]![(top & UNIT_MASK) << 1]! >>> 8;
      if (level > levels) levels = level;
      const record = named.records[i]!;
      if (record !== 0 && record !== RANGE_BEGINS) {
        const view = views[record >>> EXTENT_SHIFT]!;
        bounds[count] = view.getFloat64((record & UNIT_MASK) << 3, true);
        pages[count] = 0;
        roots[count] = root;
        nodes[count] = top;
        tops[count++] = level;
      }
      bounds[count] = named.scores[i]!;
      // Where a record comes to, there may be one with the same score.
      pages[count] = record === RANGE_BEGINS ? RECORDS_AHEAD : 1;
      roots[count] = root;
      nodes[count] = top;
      tops[count++] = level;
    }
    this.#next = 0;
    this.#count = count;
    return levels;
  }
}

/** Goes down from a level, those walks that have come to it. */
function descend(
  allWords: readonly Uint32Array[],
  views: readonly DataView[],
  level: number,
  count: number,
): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const node = nodes[i]!;
    const words = allWords[node >>> EXTENT_SHIFT]!;
    const at = (node & UNIT_MASK) << 1;
    sum ^= words[at]! ^ words[at + 3 * LINE_WORDS]! ^ words[at + 4 * LINE_WORDS]!;
    sum ^= words[at + 5 * LINE_WORDS]!;
  }
  for (let i = 0; i < count; i++) {
    if (tops[i]! < level) continue;
    const node = nodes[i]!;
    const place = placeIn(allWords, views, node, i);
    const slot = place - Number(place > 0);
    const words = allWords[node >>> EXTENT_SHIFT]!;
    const at = (node & UNIT_MASK) << 1;
    pathNodes[level * WALKS_MAX + i] = node;
    pathSlots[level * WALKS_MAX + i] = slot;
    nodes[i] = words[at + NODE_CHILDREN + slot]!;
    sum ^= words[at + NODE_TOTALS + slot]!;
  }
  return sum;
}

/** How many entries of a node are before the score of a walk. */
function placeIn(
  allWords: readonly Uint32Array[],
  views: readonly DataView[],
  node: number,
  walk: number,
): number {
  const at = (node & UNIT_MASK) << 1;
  const count = allWords[node >>> EXTENT_SHIFT]![at]! & 255;
  bound[0] = bounds[walk]!;
  return countLower(views[node >>> EXTENT_SHIFT]!, (at << 2) + NODE_SCORES_BYTES, count, bound);
}

/** Loads all lines of the leaves. */
function touchLeaves(allWords: readonly Uint32Array[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const leaf = nodes[i]!;
    const words = allWords[leaf >>> EXTENT_SHIFT]!;
    const at = (leaf & UNIT_MASK) << 1;
    sum ^= words[at]! ^ words[at + LINE_WORDS]! ^ words[at + 2 * LINE_WORDS]!;
    sum ^= words[at + 3 * LINE_WORDS]! ^ words[at + 4 * LINE_WORDS]! ^ words[at + 5 * LINE_WORDS]!;
  }
  return sum;
}

/** Loads the first line of the next leaf where a range goes on there. */
function touchNextLeaves(allWords: readonly Uint32Array[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const leaf = nodes[i]!;
    const words = allWords[leaf >>> EXTENT_SHIFT]!;
    const at = (leaf & UNIT_MASK) << 1;
    if (places[i]! + pages[i]! <= words[at]!) continue;
    const next = words[at + LEAF_NEXT]!;
    if (next !== 0) sum ^= allWords[next >>> EXTENT_SHIFT]![(next & UNIT_MASK) << 1]!;
  }
  return sum;
}

/** Loads the first line of each of up to so many records behind a place of a leaf. */
function touchRecords(
  allWords: readonly Uint32Array[],
  leaf: number,
  place: number,
  records: number,
): number {
  const words = allWords[leaf >>> EXTENT_SHIFT]!;
  const at = (leaf & UNIT_MASK) << 1;
  const end = at + NODE_RECORDS + Math.min(place + records, words[at]!);
  let sum = 0;
  for (let entry = at + NODE_RECORDS + place; entry < end; entry++) {
    const record = words[entry]!;
    sum ^= allWords[record >>> EXTENT_SHIFT]![(record & UNIT_MASK) << 1]!;
  }
  return sum;
}

function addToTotal(
  allWords: readonly Uint32Array[],
  node: number,
  slot: number,
  delta: number,
): void {
  const words = allWords[node >>> EXTENT_SHIFT]!;
  words[((node & UNIT_MASK) << 1) + NODE_TOTALS + slot]! += delta;
}
