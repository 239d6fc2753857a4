/**
 * The way from a score tree's top to a place in a leaf. Whoever changes a tree walks it first, and
 * on the way back corrects the totals and keys that it passed.
 *
 * On level 0 `slots` holds the place: the number of the leaf's entries before it. Above it holds
 * the child taken, the last one whose first entry is before the place. So a place between two
 * leaves is the end of the left one.
 */
import { EXTENT_SHIFT, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import type { MemberRecords } from './member-records.ts';
import {
  LEVELS_MAX,
  NODE_CHILDREN,
  NODE_RECORDS,
  NODE_SCORES_BYTES,
  NODE_TOTALS,
  TREE_TOP,
  type TreeNodes,
} from './score-tree-node.ts';
import { countLower, countNotHigher } from './score-tree-search.ts';

/** Entries of equal score that are looked through for a record before members are compared. */
const EQUALS_MAX = 8;

/** Steps of a binary search whose records are fetched together: eight places need three. */
const STEPS_AHEAD = 3;

/** See the file's comment. */
export class TreePath {
  /** Node and place of each level, leaf first. */
  readonly nodes: Uint32Array = new Uint32Array(LEVELS_MAX);
  readonly slots: Uint32Array = new Uint32Array(LEVELS_MAX);
  /** Level of the top node. */
  top = 0;
  /** What `touchLeaf` returned: kept, lest the loads be optimised away. */
  touched = 0;
  readonly #heap: Heap;
  readonly #members: MemberRecords;
  readonly #nodes: TreeNodes;
  readonly #score: Float64Array;

  constructor(nodes: TreeNodes, members: MemberRecords) {
    this.#heap = nodes.heap;
    this.#nodes = nodes;
    this.#members = members;
    this.#score = nodes.entryScore;
  }

  /** To behind all entries that are not after (`nodes.entryScore`, the record's member). */
  toRecord(root: Ptr, record: Ptr): void {
    this.toLeafOf(root, record);
    this.touched = this.#nodes.touchLeaf(this.nodes[0]! as Ptr);
    this.searchLeaf(record);
  }

  /** The first part of `toRecord`: to the leaf, which is not even looked at. */
  toLeafOf(root: Ptr, record: Ptr): void {
    let node = this.#start(root);
    for (let level = this.top; level > 0; level--) {
      node = this.#down(level, node, this.#countNotAfter(node, record));
    }
    this.nodes[0] = node;
  }

  /** The second part of `toRecord`, for the same score. */
  searchLeaf(record: Ptr): void {
    const leaf = this.nodes[0]! as Ptr;
    this.#end(leaf, this.#countNotAfter(leaf, record));
  }

  /** Fetches the leaves of two paths together, so that their cache misses overlap. */
  touchLeaves(other: TreePath): void {
    const leaf = this.nodes[0]! as Ptr;
    const otherLeaf = other.nodes[0]! as Ptr;
    this.touched = this.#nodes.touchLeaf(leaf);
    if (leaf !== otherLeaf) this.touched ^= this.#nodes.touchLeaf(otherLeaf);
  }

  /**
   * To behind all entries with a lower score than `nodes.entryScore`, or with one that is not
   * higher.
   */
  toScore(root: Ptr, orEqual: boolean): void {
    let node = this.#start(root);
    for (let level = this.top; level > 0; level--) {
      node = this.#down(level, node, this.#countBefore(node, orEqual));
    }
    this.touched = this.#nodes.touchLeaf(node);
    this.#end(node, this.#countBefore(node, orEqual));
  }

  /**
   * To behind all entries whose members are before these bytes, or not after them, whatever their
   * scores. If those differ the place is any.
   */
  toMember(
    root: Ptr,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
    orEqual: boolean,
  ): void {
    const bound = orEqual ? 1 : 0;
    let node = this.#start(root);
    for (let level = this.top; ; level--) {
      let low = 0;
      let high = this.#nodes.count(node);
      while (low < high) {
        const middle = (low + high) >>> 1;
        const record = this.#nodes.record(node, middle);
        if (this.#members.compareTo(record, bytes, view, offset, length) < bound) low = middle + 1;
        else high = middle;
      }
      if (level === 0) {
        this.#end(node, low);
        return;
      }
      node = this.#down(level, node, low);
    }
  }

  /** To before the entry of a rank, or behind the last. REQUIRES: 0 <= rank <= the tree's count. */
  toRank(root: Ptr, rank: number): void {
    let left = rank;
    let node = this.#start(root);
    for (let level = this.top; level > 0; level--) {
      const words = this.#heap.words[node >>> EXTENT_SHIFT]!;
      const at = (node & UNIT_MASK) << 1;
      const last = (words[at]! & 255) - 1;
      let slot = 0;
      for (; slot < last; slot++) {
        const total = words[at + NODE_TOTALS + slot]! | 0;
        if (left < total) break;
        left = (left - total) | 0;
      }
      node = this.#down(level, node, slot + 1);
    }
    this.#end(node, left);
  }

  /** To before the first entry. */
  toFirst(root: Ptr): void {
    let node = this.#start(root);
    for (let level = this.top; level > 0; level--) node = this.#down(level, node, 0);
    this.#end(node, 0);
  }

  /** To behind the last entry. */
  toLast(root: Ptr): void {
    let node = this.#start(root);
    for (let level = this.top; level > 0; level--) {
      node = this.#down(level, node, this.#nodes.count(node));
    }
    this.#end(node, this.#nodes.count(node));
  }

  /** Entries of the tree before the place. */
  rank(): number {
    let rank = this.slots[0]!;
    for (let level = this.top; level > 0; level--) {
      const node = this.nodes[level]!;
      const words = this.#heap.words[node >>> EXTENT_SHIFT]!;
      const totals = ((node & UNIT_MASK) << 1) + NODE_TOTALS;
      const end = totals + this.slots[level]!;
      for (let i = totals; i < end; i++) rank = (rank + words[i]!) | 0;
    }
    return rank;
  }

  /** Says on all levels from `level` up that there are so many more entries below. */
  addToTotals(level: number, delta: number): void {
    for (let i = level; i <= this.top; i++) {
      this.#nodes.addToTotal(this.nodes[i]! as Ptr, this.slots[i]!, delta);
    }
  }

  /** Corrects the keys from `level` up after the first entry of the node below changed. */
  refreshKeys(level: number): void {
    for (let i = level; i <= this.top; i++) {
      const slot = this.slots[i]!;
      this.#nodes.copyKey(this.nodes[i]! as Ptr, slot, this.nodes[i - 1]! as Ptr);
      if (slot > 0) return;
    }
  }

  /** Puts a node on top of the path, and the tree, that tells of the one that was there. */
  raise(root: Ptr, top: Ptr): void {
    const below = this.nodes[this.top]! as Ptr;
    this.top++;
    this.nodes[this.top] = top;
    this.slots[this.top] = 0;
    this.#heap.setWord(root, TREE_TOP, top);
    this.#nodes.append(top, below);
  }

  #countBefore(node: Ptr, orEqual: boolean): number {
    const words = this.#heap.words[node >>> EXTENT_SHIFT]!;
    const view = this.#heap.views[node >>> EXTENT_SHIFT]!;
    const at = (node & UNIT_MASK) << 1;
    const scores = (at << 2) + NODE_SCORES_BYTES;
    const count = words[at]! & 255;
    return orEqual
      ? countNotHigher(view, scores, count, this.#score)
      : countLower(view, scores, count, this.#score);
  }

  #countNotAfter(node: Ptr, record: Ptr): number {
    const words = this.#heap.words[node >>> EXTENT_SHIFT]!;
    const view = this.#heap.views[node >>> EXTENT_SHIFT]!;
    const at = (node & UNIT_MASK) << 1;
    const scores = (at << 2) + NODE_SCORES_BYTES;
    const count = words[at]! & 255;
    const low = countLower(view, scores, count, this.#score);
    const score = this.#score[0]!;
    // The record itself is found without looking at others of the same score, if they are few.
    const end = Math.min(low + EQUALS_MAX, count);
    let slot = low;
    while (slot < end && view.getFloat64(scores + (slot << 3), true) === score) {
      if (words[at + NODE_RECORDS + slot] === record) return slot + 1;
      slot++;
    }
    if (slot === low) return low;
    const high = slot < end ? slot : countNotHigher(view, scores, count, this.#score);
    return this.#countAmongEqual(node, low, high, record);
  }

  /**
   * Passes those of the entries from `low` to before `high` whose members are not after a record's.
   */
  #countAmongEqual(node: Ptr, low: number, high: number, record: Ptr): number {
    const members = this.#members;
    members.open(record);
    const { openStart, openLength } = members;
    const extent = record >>> EXTENT_SHIFT;
    const bytes = this.#heap.bytes[extent]!;
    const view = this.#heap.views[extent]!;
    for (let step = 0; low < high; step++) {
      if (step % STEPS_AHEAD === 0) this.touched = this.#touchSteps(node, low, high);
      const middle = (low + high) >>> 1;
      const other = this.#nodes.record(node, middle);
      if (members.compareTo(other, bytes, view, openStart, openLength) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Fetches the records that the next steps of a binary search may compare with, so that the cache
   * misses overlap.
   */
  #touchSteps(node: Ptr, low: number, high: number): number {
    const allWords = this.#heap.words;
    const words = allWords[node >>> EXTENT_SHIFT]!;
    const records = ((node & UNIT_MASK) << 1) + NODE_RECORDS;
    const eighth = (high - low) / 8;
    let sum = 0;
    for (let i = 1; i < 8; i++) {
      const record = words[records + low + ((i * eighth) | 0)]!;
      sum ^= allWords[record >>> EXTENT_SHIFT]![(record & UNIT_MASK) << 1]!;
    }
    return sum;
  }

  #start(root: Ptr): Ptr {
    const node = this.#heap.word(root, TREE_TOP) as Ptr;
    this.top = this.#nodes.level(node);
    return node;
  }

  /**
   * Records the child with the last of the `before` entries that are before the place; returns it.
   */
  #down(level: number, node: Ptr, before: number): Ptr {
    const slot = before === 0 ? 0 : before - 1;
    this.nodes[level] = node;
    this.slots[level] = slot;
    const words = this.#heap.words[node >>> EXTENT_SHIFT]!;
    return words[((node & UNIT_MASK) << 1) + NODE_CHILDREN + slot]! as Ptr;
  }

  #end(leaf: Ptr, place: number): void {
    this.nodes[0] = leaf;
    this.slots[0] = place;
  }
}
