/**
 * Looking ahead in score trees: walks to several scores together, step by step, so that the cache
 * misses overlap, and remembers where each walk ended, so that the seeks that follow need not walk
 * again. The records from there on are fetched too.
 *
 * What is remembered holds as long as no tree changes: `forget` drops it all. Seeks come in the
 * order in which scores were named, perhaps not all of them.
 *
 * Each pass is a loop of independent loads, one walk after the other, and short: behind a load that
 * waits, only a few hundred instructions are begun. So before it is searched a leaf has only the
 * lines loaded that a search begins with. Rejected: all twelve; and searching all leaves in step,
 * which takes more instructions than it saves misses.
 */
import { EXTENT_SHIFT, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import { NODE_CHILDREN, NODE_RECORDS, NODE_SCORES_BYTES, TREE_TOP } from './score-tree-node.ts';
import { countLower } from './score-tree-search.ts';

/** Most scores that one `fetch` takes. */
export const SCORES_AHEAD_MAX = 16;

/** Records fetched for each walk: a page of what was asked for. */
const RECORDS_AHEAD = 10;

// Of each walk. Constants of the module take fewer instructions than fields.
const roots = new Int32Array(SCORES_AHEAD_MAX);
const bounds = new Float64Array(SCORES_AHEAD_MAX);
const nodes = new Int32Array(SCORES_AHEAD_MAX);
const places = new Int32Array(SCORES_AHEAD_MAX);
const bound = new Float64Array(1);

/** The first score that a search in a node compares with; in words. */
const MIDDLE_SCORE = NODE_SCORES_BYTES / 4 + 2 * 31;

/** See the file's comment. Addresses are kept as signed integers: those are never boxed. */
export class ScoreAhead {
  /** Where `recall` leads to: so many entries of a leaf are before the score. */
  leaf = 0;
  place = 0;
  readonly #heap: Heap;
  #next = 0;
  #count = 0;
  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /**
   * Walks to behind the entries of the tree at `roots[i]` with a lower score than `bounds[i]`, for
   * the first `count`. The value returned only keeps the loads from being optimised away.
   */
  fetch(treeRoots: Uint32Array, scores: Float64Array, count: number): number {
    const { words, views } = this.#heap;
    let levels = 0;
    for (let i = 0; i < count; i++) {
      const root = treeRoots[i]! as Ptr;
      const top = words[root >>> EXTENT_SHIFT]![((root & UNIT_MASK) << 1) + TREE_TOP]!;
      roots[i] = root;
      bounds[i] = scores[i]!;
      nodes[i] = top;
      levels = Math.max(levels, words[top >>> EXTENT_SHIFT]![(top & UNIT_MASK) << 1]! >>> 8);
    }
    for (; levels > 0; levels--) descend(words, views, count);
    let sum = touchLeaves(words, count);
    for (let i = 0; i < count; i++) places[i] = placeIn(words, views, nodes[i]! as Ptr, i);
    for (let i = 0; i < count; i++) sum ^= touchRecords(words, nodes[i]! as Ptr, places[i]!);
    this.#next = 0;
    this.#count = count;
    return sum;
  }

  /** Whether it is remembered where this score is; the fields then say so. */
  recall(root: Ptr, score: Float64Array): boolean {
    for (let i = this.#next; i < this.#count; i++) {
      if (bounds[i] !== score[0] || roots[i] !== (root | 0)) continue;
      this.#next = i + 1;
      this.leaf = nodes[i]!;
      this.place = places[i]!;
      return true;
    }
    return false;
  }

  /** To be called before any tree changes. */
  forget(): void {
    this.#count = 0;
  }
}

/** Goes down one level, where there is one. */
function descend(
  allWords: readonly Uint32Array[],
  views: readonly DataView[],
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    const node = nodes[i]! as Ptr;
    const words = allWords[node >>> EXTENT_SHIFT]!;
    const at = (node & UNIT_MASK) << 1;
    if (words[at]! < 256) continue;
    const place = placeIn(allWords, views, node, i);
    nodes[i] = words[at + NODE_CHILDREN + place - Number(place > 0)]!;
  }
}

/** How many entries of a node are before the score of a walk. */
function placeIn(
  allWords: readonly Uint32Array[],
  views: readonly DataView[],
  node: Ptr,
  walk: number,
): number {
  const at = (node & UNIT_MASK) << 1;
  const count = allWords[node >>> EXTENT_SHIFT]![at]! & 255;
  bound[0] = bounds[walk]!;
  return countLower(views[node >>> EXTENT_SHIFT]!, (at << 2) + NODE_SCORES_BYTES, count, bound);
}

/** Loads of each leaf the line that a search reads first, and that of the number of entries. */
function touchLeaves(allWords: readonly Uint32Array[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const leaf = nodes[i]!;
    const words = allWords[leaf >>> EXTENT_SHIFT]!;
    const at = (leaf & UNIT_MASK) << 1;
    sum ^= words[at]! ^ words[at + MIDDLE_SCORE]!;
  }
  return sum;
}

/** Loads the first line of each of the records behind a place of a leaf. */
function touchRecords(allWords: readonly Uint32Array[], leaf: Ptr, place: number): number {
  const words = allWords[leaf >>> EXTENT_SHIFT]!;
  const at = (leaf & UNIT_MASK) << 1;
  const end = at + NODE_RECORDS + Math.min(place + RECORDS_AHEAD, words[at]!);
  let sum = 0;
  for (let entry = at + NODE_RECORDS + place; entry < end; entry++) {
    const record = words[entry]!;
    sum ^= allWords[record >>> EXTENT_SHIFT]![(record & UNIT_MASK) << 1]!;
  }
  return sum;
}
