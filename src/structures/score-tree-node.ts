/**
 * How a score tree lies in the arena. score-tree.ts tells what it is for.
 *
 *   root (16 B)     | top node | first leaf | last leaf | entries |     begins the owner's block
 *   leaf (384 B)    | level 0, count | next | previous | 31 x u32 record | 31 x f64 score |
 *   inner (632 B)   | level, count   |  -   |    -     | 31 x u32 record | 31 x f64 score |
 *                     31 x u32 child | 31 x u32 total |
 *
 * An inner node begins as a leaf does, so one search serves both: its record and score are those of
 * the first entry below the child, its total is the number of entries there. 31 entries fill the
 * slab's classes of 384 and 640 bytes.
 *
 * Invariants: entries ascend by (score, member); an inner entry's record, score and total are
 * exact; all leaves are on level 0; a node with fewer than ENTRIES_MIN entries is the first or the
 * last of its level; the top node is a leaf or has at least two children. Scores lie apart from
 * records, 8 to a cache line: rejected was an array of pairs (half as many lines again to search,
 * and as many moves again to make room).
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';

export const TREE_ROOT_BYTES = 16;
export const TREE_TOP = 0;
export const TREE_FIRST = 1;
export const TREE_LAST = 2;
export const TREE_COUNT = 3;

export const ENTRIES_MAX = 31;
export const ENTRIES_MIN = 14;
/** More than any tree has: with 14 entries per node, 2^32 would need nine. */
export const LEVELS_MAX = 12;

const LINE_WORDS = 16;
const LEAF_BYTES = 384;
const INNER_BYTES = 632;
/** level << 8 | count */
export const NODE_META = 0;
export const LEAF_NEXT = 1;
export const LEAF_PREVIOUS = 2;
export const NODE_RECORDS = 3;
/** In bytes; the others are in words. */
export const NODE_SCORES_BYTES = 136;
export const NODE_CHILDREN = 96;
export const NODE_TOTALS = 127;

/** Of `TreeNodes.entry`. */
export const ENTRY_RECORD = 0;
export const ENTRY_CHILD = 1;
export const ENTRY_TOTAL = 2;

/** Reads and changes single nodes. */
export class TreeNodes {
  readonly heap: Heap;
  /**
   * The entry in hand: what `put` writes. A score that is passed as an argument might be allocated.
   */
  readonly entry: Uint32Array = new Uint32Array(3);
  readonly entryScore: Float64Array = new Float64Array(1);

  constructor(heap: Heap) {
    this.heap = heap;
  }

  createLeaf(): Ptr {
    const leaf = this.heap.alloc(LEAF_BYTES);
    this.heap.setWord(leaf, NODE_META, 0);
    this.heap.setWord(leaf, LEAF_NEXT, NULL);
    this.heap.setWord(leaf, LEAF_PREVIOUS, NULL);
    return leaf;
  }

  createInner(level: number): Ptr {
    const node = this.heap.alloc(INNER_BYTES);
    this.heap.setWord(node, NODE_META, level << 8);
    return node;
  }

  level(node: Ptr): number {
    return this.heap.word(node, NODE_META) >>> 8;
  }

  count(node: Ptr): number {
    return this.heap.word(node, NODE_META) & 255;
  }

  record(node: Ptr, slot: number): Ptr {
    return this.heap.word(node, NODE_RECORDS + slot) as Ptr;
  }

  score(node: Ptr, slot: number): number {
    const at = ((node & UNIT_MASK) << 3) + NODE_SCORES_BYTES + (slot << 3);
    return this.heap.views[node >>> EXTENT_SHIFT]!.getFloat64(at, true);
  }

  setRecord(node: Ptr, slot: number, record: Ptr): void {
    this.heap.setWord(node, NODE_RECORDS + slot, record);
  }

  setScore(node: Ptr, slot: number, score: number): void {
    const at = ((node & UNIT_MASK) << 3) + NODE_SCORES_BYTES + (slot << 3);
    this.heap.views[node >>> EXTENT_SHIFT]!.setFloat64(at, score, true);
  }

  setChild(node: Ptr, slot: number, child: Ptr): void {
    this.heap.setWord(node, NODE_CHILDREN + slot, child);
  }

  child(node: Ptr, slot: number): Ptr {
    return this.heap.word(node, NODE_CHILDREN + slot) as Ptr;
  }

  total(node: Ptr, slot: number): number {
    return this.heap.word(node, NODE_TOTALS + slot);
  }

  addToTotal(node: Ptr, slot: number, delta: number): void {
    const words = this.heap.words[node >>> EXTENT_SHIFT]!;
    words[((node & UNIT_MASK) << 1) + NODE_TOTALS + slot]! += delta;
  }

  /** Entries of the tree that are below a node. */
  sum(node: Ptr): number {
    const words = this.heap.words[node >>> EXTENT_SHIFT]!;
    const at = (node & UNIT_MASK) << 1;
    const meta = words[at]!;
    const count = meta & 255;
    if (meta < 256) return count;
    let sum = 0;
    for (let slot = 0; slot < count; slot++) sum += words[at + NODE_TOTALS + slot]!;
    return sum;
  }

  /**
   * Loads all six lines of a leaf at once, so that their cache misses overlap: searching without
   * branches would wait for one after the other.
   */
  touchLeaf(leaf: Ptr): number {
    const words = this.heap.words[leaf >>> EXTENT_SHIFT]!;
    const at = (leaf & UNIT_MASK) << 1;
    let sum = 0;
    for (let line = at; line < at + LEAF_BYTES / 4; line += LINE_WORDS) sum ^= words[line]!;
    return sum;
  }

  /** Makes a slot's key that of the first entry below a node. */
  copyKey(parent: Ptr, slot: number, node: Ptr): void {
    const { words, views } = this.heap;
    const to = parent >>> EXTENT_SHIFT;
    const from = node >>> EXTENT_SHIFT;
    const at = (parent & UNIT_MASK) << 1;
    const nodeAt = (node & UNIT_MASK) << 1;
    words[to]![at + NODE_RECORDS + slot] = words[from]![nodeAt + NODE_RECORDS]!;
    const score = views[from]!.getFloat64((nodeAt << 2) + NODE_SCORES_BYTES, true);
    views[to]!.setFloat64((at << 2) + NODE_SCORES_BYTES + (slot << 3), score, true);
  }

  /** Makes a slot of an inner node tell of a child. */
  describe(parent: Ptr, slot: number, child: Ptr): void {
    this.copyKey(parent, slot, child);
    this.heap.setWord(parent, NODE_CHILDREN + slot, child);
    this.heap.setWord(parent, NODE_TOTALS + slot, this.sum(child));
  }

  /** Adds an entry that tells of a child behind the last one. REQUIRES: there is room. */
  append(parent: Ptr, child: Ptr): void {
    const slot = this.count(parent);
    this.describe(parent, slot, child);
    this.heap.setWord(parent, NODE_META, this.heap.word(parent, NODE_META) + 1);
  }

  /** Writes the entry in hand before the one in `slot`. REQUIRES: there is room. */
  put(node: Ptr, slot: number): void {
    const words = this.heap.words[node >>> EXTENT_SHIFT]!;
    const view = this.heap.views[node >>> EXTENT_SHIFT]!;
    const at = (node & UNIT_MASK) << 1;
    const meta = words[at]!;
    const count = meta & 255;
    const records = at + NODE_RECORDS;
    for (let i = records + count; i > records + slot; i--) words[i] = words[i - 1]!;
    words[records + slot] = this.entry[ENTRY_RECORD]!;
    const scores = (at << 2) + NODE_SCORES_BYTES;
    const place = scores + (slot << 3);
    for (let i = scores + (count << 3); i > place; i -= 8) {
      view.setFloat64(i, view.getFloat64(i - 8, true), true);
    }
    view.setFloat64(place, this.entryScore[0]!, true);
    words[at] = meta + 1;
    if (meta < 256) return;
    openWord(words, at + NODE_CHILDREN, slot, count, this.entry[ENTRY_CHILD]!);
    openWord(words, at + NODE_TOTALS, slot, count, this.entry[ENTRY_TOTAL]!);
  }

  /** Takes `removed` entries from `slot` on out of a node. */
  close(node: Ptr, slot: number, removed: number): void {
    const words = this.heap.words[node >>> EXTENT_SHIFT]!;
    const view = this.heap.views[node >>> EXTENT_SHIFT]!;
    const at = (node & UNIT_MASK) << 1;
    const meta = words[at]!;
    const left = (meta & 255) - removed;
    closeWords(words, at + NODE_RECORDS, slot, left, removed);
    const scores = (at << 2) + NODE_SCORES_BYTES;
    const end = scores + (left << 3);
    for (let i = scores + (slot << 3); i < end; i += 8) {
      view.setFloat64(i, view.getFloat64(i + (removed << 3), true), true);
    }
    words[at] = meta - removed;
    if (meta < 256) return;
    closeWords(words, at + NODE_CHILDREN, slot, left, removed);
    closeWords(words, at + NODE_TOTALS, slot, left, removed);
  }

  next(leaf: Ptr): Ptr {
    return this.heap.word(leaf, LEAF_NEXT) as Ptr;
  }

  previous(leaf: Ptr): Ptr {
    return this.heap.word(leaf, LEAF_PREVIOUS) as Ptr;
  }

  /** Makes two leaves, or NULL for the end of a tree, follow each other. */
  link(root: Ptr, left: Ptr, right: Ptr): void {
    if (left === NULL) this.heap.setWord(root, TREE_FIRST, right);
    else this.heap.setWord(left, LEAF_NEXT, right);
    if (right === NULL) this.heap.setWord(root, TREE_LAST, left);
    else this.heap.setWord(right, LEAF_PREVIOUS, left);
  }

  linkBehind(root: Ptr, leaf: Ptr, fresh: Ptr): void {
    this.link(root, fresh, this.next(leaf));
    this.link(root, leaf, fresh);
  }

  linkBefore(root: Ptr, leaf: Ptr, fresh: Ptr): void {
    this.link(root, this.previous(leaf), fresh);
    this.link(root, fresh, leaf);
  }

  /** Takes a leaf out of the chain. */
  unlink(root: Ptr, leaf: Ptr): void {
    this.link(root, this.previous(leaf), this.next(leaf));
  }
}

function openWord(words: Uint32Array, at: number, slot: number, count: number, word: number): void {
  for (let i = at + count; i > at + slot; i--) words[i] = words[i - 1]!;
  words[at + slot] = word;
}

function closeWords(
  words: Uint32Array,
  at: number,
  slot: number,
  left: number,
  removed: number,
): void {
  for (let i = at + slot; i < at + left; i++) words[i] = words[i + removed]!;
}
