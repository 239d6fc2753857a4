/**
 * Choosing entries of a packed table at random, all with equal chances.
 *
 * A random hash leads to a bucket, a random slot below `fullest` to an entry of it, or to none, and
 * then both are drawn anew. Buckets that are not divided yet are met twice as often and have their
 * entries counted once; the others count twice. Some two or three draws find one.
 *
 * In a large table each draw misses the cache. Whoever chooses often draws the random numbers of
 * several choices ahead and has `fetch` bring what they lead to into the cache together.
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
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

/** Most draws that `fetch` takes. */
export const DRAWS_AHEAD_MAX = 32;

/** See the file's comment. */
export class PackedSampling {
  /** Where the entry is that was chosen. */
  bucket = 0;
  slot = 0;
  readonly #heap: Heap;
  readonly #index: PackedIndex;
  readonly #buckets: PackedBuckets;
  readonly #aheadBuckets = new Uint32Array(DRAWS_AHEAD_MAX);
  readonly #aheadBlocks = new Uint32Array(DRAWS_AHEAD_MAX);
  readonly #aheadPlaces = new Uint32Array(DRAWS_AHEAD_MAX);

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

  /**
   * Brings into the cache what `choose` reads when it is given these numbers, two for each draw,
   * and the entries that it then chooses. Each pass is a loop of independent loads. The value
   * returned only keeps them from being optimised away.
   */
  fetch(root: Ptr, numbers: Float64Array, draws: number): number {
    const heap = this.#heap;
    const allWords = heap.words;
    const inBuckets = this.#aheadBuckets;
    const blocks = this.#aheadBlocks;
    const places = this.#aheadPlaces;
    let sum = 0;
    for (let i = 0; i < draws; i++) {
      const bucket = this.#index.bucketOf(root, (numbers[2 * i]! * 2 ** 32) | 0);
      inBuckets[i] = bucket;
      blocks[i] = this.#index.block(root, bucket);
    }
    for (let i = 0; i < draws; i++) {
      const block = blocks[i]!;
      if (block !== NULL) sum ^= allWords[block >>> EXTENT_SHIFT]![(block & UNIT_MASK) << 1]!;
    }
    const fullest = heap.word(root, ROOT_FULLEST);
    const buckets = heap.word(root, ROOT_BUCKETS);
    const mask = heap.word(root, ROOT_MASK);
    let chosen = 0;
    for (let i = 0; i < draws; i++) {
      const block = blocks[i]! as Ptr;
      const weight = (numbers[2 * i + 1]! * fullest) | 0;
      const slot = weight >>> weightShift(inBuckets[i]!, buckets, mask);
      if (slot >= this.#buckets.count(block)) continue;
      blocks[chosen] = block;
      places[chosen++] = this.#buckets.entryStart(block, slot);
    }
    for (let i = 0; i < chosen; i++) {
      sum ^= allWords[blocks[i]! >>> EXTENT_SHIFT]![places[i]! >>> 2]!;
    }
    return sum;
  }
}
