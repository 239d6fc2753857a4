/**
 * How packed tables grow and shrink: by one bucket at a time (linear hashing). packed-table.ts
 * tells why; packed-table-layout.ts draws the bytes.
 *
 * A step touches the one or two buckets concerned and a word of the index. It may be put off:
 * without memory for it the buckets become longer, and the next change tries again.
 *
 * Members that are added in the order in which a larger table was scanned have the low bits of
 * their hashes in common, and all go to one bucket of a table that is sized for their number. So a
 * crowded bucket makes the table grow too; the buckets that then stay empty are a word each.
 */
import { NULL, type Ptr } from '../memory/address.ts';
import { type Heap, OutOfMemoryError } from '../memory/heap.ts';
import type { PackedBuckets } from './packed-buckets.ts';
import type { PackedIndex } from './packed-index.ts';
import {
  BUCKET_ENTRIES_MAX,
  BUCKETS_MAX,
  CROWDED_ENTRIES,
  ROOT_BUCKETS,
  ROOT_FULLEST,
  ROOT_KIND,
  ROOT_MASK,
  weightShift,
} from './packed-table-layout.ts';

/** Buckets added for each entry too many. */
const RELIEF_STEPS = 4;

/** Tables of up to so many buckets have all of them weighed when they lose a level. */
const WEIGHED_BUCKETS_MAX = 1024;

/** See the file's comment. */
export class PackedGrowth {
  readonly #heap: Heap;
  readonly #index: PackedIndex;
  readonly #buckets: PackedBuckets;

  constructor(heap: Heap, index: PackedIndex, buckets: PackedBuckets) {
    this.#heap = heap;
    this.#index = index;
    this.#buckets = buckets;
  }

  /** Adds a bucket, with its part of the one that its members were in; not without memory. */
  grow(root: Ptr): void {
    try {
      this.#addBucket(root);
    } catch (problem) {
      if (!(problem instanceof OutOfMemoryError)) throw problem;
    }
  }

  /**
   * Adds buckets because one has `count` entries, too many: the more they are the more at a time,
   * so that it is divided in time however many bits its members have in common.
   */
  relieve(root: Ptr, bucket: number, count: number): void {
    const blockBefore = this.#index.block(root, bucket);
    for (let steps = (count - CROWDED_ENTRIES) * RELIEF_STEPS; steps > 0; steps--) {
      this.grow(root);
      if (this.#index.block(root, bucket) !== blockBefore) return;
    }
  }

  /**
   * Takes the last bucket away and gives its members to the one they came from; not without
   * memory.
   */
  shrink(root: Ptr): void {
    try {
      this.#dropBucket(root);
    } catch (problem) {
      if (!(problem instanceof OutOfMemoryError)) throw problem;
    }
  }

  /** Sees to it that `fullest` is no less than what a bucket with so many entries weighs. */
  noteCount(root: Ptr, bucket: number, count: number): void {
    const heap = this.#heap;
    const buckets = heap.word(root, ROOT_BUCKETS);
    const weight = count << weightShift(bucket, buckets, heap.word(root, ROOT_MASK));
    if (weight > heap.word(root, ROOT_FULLEST)) heap.setWord(root, ROOT_FULLEST, weight);
  }

  #addBucket(root: Ptr): void {
    const heap = this.#heap;
    const index = this.#index;
    const added = heap.word(root, ROOT_BUCKETS);
    if (added === BUCKETS_MAX) return;
    let mask = heap.word(root, ROOT_MASK);
    const isLevelFull = added > mask;
    if (isLevelFull) mask = mask * 2 + 1;
    const bit = (mask + 1) >>> 1;
    const divided = added - bit;
    const block = index.block(root, divided);
    this.#divide(root, block, bit);
    try {
      index.extend(root, added);
    } catch (problem) {
      this.#undoDivide(block);
      throw problem;
    }
    const { left, right } = this.#buckets;
    if (left !== block && right !== block) heap.free(block);
    index.setBlock(root, divided, left);
    index.setBlock(root, added, right);
    heap.setWord(root, ROOT_BUCKETS, added + 1);
    if (isLevelFull) {
      heap.setWord(root, ROOT_MASK, mask);
      // What took all bits of the mask takes a bit less of the new one, and weighs half as much.
      heap.setWord(root, ROOT_FULLEST, (heap.word(root, ROOT_FULLEST) + 1) >>> 1);
    }
    this.noteCount(root, divided, this.#buckets.count(left));
    this.noteCount(root, added, this.#buckets.count(right));
  }

  #divide(root: Ptr, block: Ptr, bit: number): void {
    const buckets = this.#buckets;
    if (block !== NULL) {
      buckets.divide(this.#heap.word(root, ROOT_KIND), block, bit);
      return;
    }
    buckets.left = NULL;
    buckets.right = NULL;
  }

  #undoDivide(block: Ptr): void {
    const { left, right } = this.#buckets;
    if (left === block || right === block) return;
    this.#heap.free(left);
    this.#heap.free(right);
  }

  #dropBucket(root: Ptr): void {
    const heap = this.#heap;
    const index = this.#index;
    const dropped = heap.word(root, ROOT_BUCKETS) - 1;
    if (dropped === 0) return;
    const mask = heap.word(root, ROOT_MASK);
    const target = dropped & (mask >>> 1);
    const block = index.block(root, target);
    const other = index.block(root, dropped);
    const count = this.#buckets.count(block) + this.#buckets.count(other);
    if (count > CROWDED_ENTRIES) return;
    const united = this.#buckets.united(block, other);
    index.setBlock(root, target, united);
    heap.setWord(root, ROOT_BUCKETS, dropped);
    if (dropped - 1 <= mask >>> 1) {
      heap.setWord(root, ROOT_MASK, mask >>> 1);
      heap.setWord(root, ROOT_FULLEST, this.#fullestAtLevel(root, dropped));
    }
    this.noteCount(root, target, count);
    index.trim(root, dropped);
  }

  /**
   * What no bucket weighs more than, once a table has lost a level. Doubled level by level it would
   * be far too much in the end, and choosing an entry at random would take as many draws.
   */
  #fullestAtLevel(root: Ptr, buckets: number): number {
    if (buckets > WEIGHED_BUCKETS_MAX) {
      return Math.min(this.#heap.word(root, ROOT_FULLEST), BUCKET_ENTRIES_MAX) * 2;
    }
    let entriesMax = 0;
    for (let bucket = 0; bucket < buckets; bucket++) {
      entriesMax = Math.max(entriesMax, this.#buckets.count(this.#index.block(root, bucket)));
    }
    return entriesMax * 2;
  }
}
