/** A place between the entries of a score tree that goes on from one to the next, either way. */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import {
  LEAF_NEXT,
  LEAF_PREVIOUS,
  NODE_META,
  NODE_RECORDS,
  NODE_SCORES_BYTES,
} from './score-tree-node.ts';

/**
 * Stands on an entry, or behind the last or before the first. To be used again and again; valid
 * until the next change of the tree.
 */
export class ScoreCursor {
  leaf: Ptr = NULL;
  slot = 0;
  /** So many records from here on are in the cache already. */
  ready = 0;
  readonly #heap: Heap;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** The entry's record. REQUIRES, as `score`: the cursor stands on one. */
  get record(): Ptr {
    const words = this.#heap.words[this.leaf >>> EXTENT_SHIFT]!;
    return words[((this.leaf & UNIT_MASK) << 1) + NODE_RECORDS + this.slot]! as Ptr;
  }

  get score(): number {
    const at = ((this.leaf & UNIT_MASK) << 3) + NODE_SCORES_BYTES + (this.slot << 3);
    return this.#heap.views[this.leaf >>> EXTENT_SHIFT]!.getFloat64(at, true);
  }

  /** Puts the entry's score in `to`: one that is returned might be allocated. */
  readScore(to: Float64Array): void {
    const at = ((this.leaf & UNIT_MASK) << 3) + NODE_SCORES_BYTES + (this.slot << 3);
    to[0] = this.#heap.views[this.leaf >>> EXTENT_SHIFT]!.getFloat64(at, true);
  }

  /**
   * Brings into the cache the first line of the records of up to `entries` entries of this leaf,
   * from here on or back: all at once, so that the cache misses overlap. The value returned only
   * keeps the loads from being optimised away.
   */
  touchRecords(entries: number, isBackward: boolean): number {
    const allWords = this.#heap.words;
    const words = allWords[this.leaf >>> EXTENT_SHIFT]!;
    const at = (this.leaf & UNIT_MASK) << 1;
    const records = at + NODE_RECORDS;
    const slot = this.slot;
    const from = records + (isBackward ? Math.max(slot - entries + 1, 0) : slot);
    const end = records + (isBackward ? slot + 1 : Math.min(slot + entries, words[at]!));
    let sum = 0;
    for (let i = from; i < end; i++) {
      const record = words[i]!;
      sum ^= allWords[record >>> EXTENT_SHIFT]![(record & UNIT_MASK) << 1]!;
    }
    return sum;
  }

  /** Entries of this leaf from here on, or back, the one that the cursor stands on included. */
  leafRest(isBackward: boolean): number {
    if (isBackward) return this.slot + 1;
    return this.#heap.word(this.leaf, NODE_META) - this.slot;
  }

  /** The record so many entries on, or back if negative. REQUIRES: it is in this leaf. */
  recordBeside(entries: number): Ptr {
    const words = this.#heap.words[this.leaf >>> EXTENT_SHIFT]!;
    return words[((this.leaf & UNIT_MASK) << 1) + NODE_RECORDS + this.slot + entries]! as Ptr;
  }

  /**
   * As so many calls of `next`, or of `previous`; whether an entry is there. REQUIRES: they lead no
   * farther than just out of this leaf.
   */
  pass(entries: number, isBackward: boolean): boolean {
    if (isBackward) {
      this.slot -= entries - 1;
      return this.previous();
    }
    this.slot += entries - 1;
    return this.next();
  }

  /**
   * How many entries, up to `most`, there are from here on with lower scores than `bound[0]`, or
   * with those that are not higher. REQUIRES: the cursor stands on an entry.
   */
  countFrom(bound: Float64Array, orEqual: boolean, most: number): number {
    const { views, words } = this.#heap;
    const score = bound[0]!;
    let leaf: Ptr = this.leaf;
    let slot = this.slot;
    let count = 0;
    while (leaf !== NULL) {
      const view = views[leaf >>> EXTENT_SHIFT]!;
      const at = (leaf & UNIT_MASK) << 1;
      const scores = (at << 2) + NODE_SCORES_BYTES;
      const node = words[leaf >>> EXTENT_SHIFT]!;
      const end = node[at + NODE_META]!;
      // Most ranges end behind what is wanted: then the last one tells of all.
      const last = Math.min(end, slot + most - count) - 1;
      const highest = view.getFloat64(scores + (last << 3), true);
      if (last >= slot && (highest < score || (orEqual && highest === score))) {
        count += last + 1 - slot;
        slot = last + 1;
      }
      for (; slot < end; slot++) {
        const other = view.getFloat64(scores + (slot << 3), true);
        if (other > score || (other === score && !orEqual) || count === most) return count;
        count++;
      }
      leaf = node[at + LEAF_NEXT]! as Ptr;
      slot = 0;
    }
    return count;
  }

  /** Puts the cursor before a slot of a leaf; whether an entry is there, or in the next leaf. */
  place(leaf: Ptr, slot: number): boolean {
    this.leaf = leaf;
    this.slot = slot - 1;
    this.ready = 0;
    return this.next();
  }

  /** Goes on to the next entry; false, and the cursor is behind the last, if there is none. */
  next(): boolean {
    const count = this.#heap.word(this.leaf, NODE_META);
    if (this.slot + 1 < count) {
      this.slot++;
      return true;
    }
    const next = this.#heap.word(this.leaf, LEAF_NEXT) as Ptr;
    if (next === NULL) {
      this.slot = count;
      return false;
    }
    this.leaf = next;
    this.slot = 0;
    return true;
  }

  /** Goes back to the entry before; false, and the cursor is before the first, if there is none. */
  previous(): boolean {
    if (this.slot > 0) {
      this.slot--;
      return true;
    }
    const previous = this.#heap.word(this.leaf, LEAF_PREVIOUS) as Ptr;
    if (previous === NULL) {
      this.slot = -1;
      return false;
    }
    this.leaf = previous;
    this.slot = this.#heap.word(previous, NODE_META) - 1;
    return true;
  }
}
