/**
 * Which keys were evicted lately, without the keys: fingerprints in a block of the arena.
 *
 *   bucket (32 B)   16 fingerprints of 16 bits, the newest first; 0 is none
 *   hash (32 bits)  | top bits: bucket | ... | low 16 bits: fingerprint |
 *
 * A bucket forgets its oldest fingerprint for a new one, so the whole remembers about as many keys
 * as it has room for. It is made anew, empty, when the number of keys has outgrown it: for as long
 * as that takes to fill, keys that come back are taken for new ones. A key is mistaken for another
 * one time in 4,096. Rejected: an exact queue of hashes with an index (three times the memory).
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';

const BUCKET_WORDS = 8;
const BUCKET_KEYS = 16;
const DEPTH_MIN = 4;
/** 2 million keys in 4 MiB. */
const DEPTH_MAX = 17;

/** See the file's comment. */
export class GhostKeys {
  readonly #heap: Heap;
  #block: Ptr = NULL;
  /** Bits of a hash that choose the bucket. */
  #depth = DEPTH_MIN;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** Makes room for so many keys. Throws OutOfMemoryError, with nothing changed. */
  fit(keys: number): void {
    let depth = this.#depth;
    while (depth < DEPTH_MAX && BUCKET_KEYS * 2 ** depth < keys) depth++;
    if (this.#block !== NULL && depth === this.#depth) return;
    const block = this.#heap.alloc(BUCKET_WORDS * 4 * 2 ** depth);
    this.release();
    this.#block = block;
    this.#depth = depth;
    const at = (block & UNIT_MASK) << 1;
    this.#words().fill(0, at, at + BUCKET_WORDS * 2 ** depth);
  }

  /** Notes that the key with this hash is gone. REQUIRES: `fit` was called. */
  add(hash: number): void {
    const words = this.#words();
    const at = this.#bucketOf(hash);
    let carried = fingerprintOf(hash);
    for (let i = at; i < at + BUCKET_WORDS; i++) {
      const word = words[i]!;
      words[i] = (word << 16) | carried;
      carried = word >>> 16;
    }
  }

  has(hash: number): boolean {
    if (this.#block === NULL) return false;
    const words = this.#words();
    const at = this.#bucketOf(hash);
    const fingerprint = fingerprintOf(hash);
    for (let i = at; i < at + BUCKET_WORDS; i++) {
      const word = words[i]!;
      if ((word & 0xffff) === fingerprint || word >>> 16 === fingerprint) return true;
    }
    return false;
  }

  /**
   * Reads what `add` and `has` will read for the first `count` of these hashes, so that the cache
   * misses overlap. The sum returned only keeps the reads from being optimised away.
   */
  touch(hashes: Int32Array, count: number): number {
    if (this.#block === NULL) return 0;
    const words = this.#words();
    const base = (this.#block & UNIT_MASK) << 1;
    const shift = 32 - this.#depth;
    let sum = 0;
    for (let i = 0; i < count; i++) sum ^= words[base + (hashes[i]! >>> shift) * BUCKET_WORDS]!;
    return sum;
  }

  /** Forgets everything. */
  release(): void {
    if (this.#block !== NULL) this.#heap.free(this.#block);
    this.#block = NULL;
    this.#depth = DEPTH_MIN;
  }

  /** Moves the block if it lies where nothing should stay. */
  relocate(): void {
    if (this.#block === NULL || !this.#heap.isEvacuating(this.#block)) return;
    this.#block = this.#heap.relocate(this.#block);
  }

  visitBlocks(visit: (block: Ptr) => void): void {
    if (this.#block !== NULL) visit(this.#block);
  }

  #words(): Uint32Array {
    return this.#heap.words[this.#block >>> EXTENT_SHIFT]!;
  }

  #bucketOf(hash: number): number {
    return ((this.#block & UNIT_MASK) << 1) + (hash >>> (32 - this.#depth)) * BUCKET_WORDS;
  }
}

/** Never 0. */
function fingerprintOf(hash: number): number {
  return hash & 0xffff || 1;
}
