/**
 * Choosing entries of a packed table at random, all with equal chances.
 *
 * A random hash leads to a bucket, a random slot below `fullest` to an entry of it, or to none, and
 * then both are drawn anew. Buckets that are not divided yet are met twice as often and have their
 * entries counted once; the others count twice. Some two or three draws find one.
 */
import { NULL, type Ptr } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import type { PackedBuckets } from './packed-buckets.ts';
import type { PackedIndex } from './packed-index.ts';
import {
  ROOT_BUCKETS,
  ROOT_COUNT,
  ROOT_FULLEST,
  ROOT_MASK,
  weightShift,
} from './packed-table-layout.ts';

/** See the file's comment. */
export class PackedSampling {
  /** Where the entry is that was chosen. */
  bucket = 0;
  slot = 0;
  readonly #heap: Heap;
  readonly #index: PackedIndex;
  readonly #buckets: PackedBuckets;

  constructor(heap: Heap, index: PackedIndex, buckets: PackedBuckets) {
    this.#heap = heap;
    this.#index = index;
    this.#buckets = buckets;
  }

  /** Chooses an entry; its block, or NULL when there is none. `random()` is in [0, 1). */
  choose(root: Ptr, random: () => number): Ptr {
    const heap = this.#heap;
    if (heap.word(root, ROOT_COUNT) === 0) return NULL;
    const fullest = heap.word(root, ROOT_FULLEST);
    const buckets = heap.word(root, ROOT_BUCKETS);
    const mask = heap.word(root, ROOT_MASK);
    for (;;) {
      const bucket = this.#index.bucketOf(root, (random() * 2 ** 32) | 0);
      const block = this.#index.block(root, bucket);
      const weight = (random() * fullest) | 0;
      const slot = weight >>> weightShift(bucket, buckets, mask);
      if (slot >= this.#buckets.count(block)) continue;
      this.bucket = bucket;
      this.slot = slot;
      return block;
    }
  }
}
