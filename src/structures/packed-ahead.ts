/**
 * Looking ahead in packed tables: brings into the cache what finding several members will read, and
 * remembers where they are, so that the searches that follow need not look again.
 *
 * What is remembered holds as long as no table changes: `forget` drops it all. Searches come in the
 * order in which members were named, perhaps not all of them.
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import type { PackedBuckets } from './packed-buckets.ts';
import type { PackedIndex } from './packed-index.ts';
import { COUNT_MASK, SIZE_MASK } from './packed-table-layout.ts';

/** Most hashes that one `fetch` takes. */
export const PACKED_PREFETCH_MAX = 64;

/** A new entry goes right before the last: about so many bytes of it are fetched too. */
const NEW_ENTRY_BYTES = 16;

const NO_SLOT = -1;

/** See the file's comment. Addresses are kept as signed integers: those are never boxed. */
export class PackedAhead {
  /** Where `recall` leads to; slot -1 when no entry of the bucket has the tag. */
  bucket = 0;
  block = 0;
  slot = 0;
  start = 0;
  readonly #heap: Heap;
  readonly #index: PackedIndex;
  readonly #buckets: PackedBuckets;
  #next = 0;
  #count = 0;
  readonly #roots = new Int32Array(PACKED_PREFETCH_MAX);
  readonly #hashes = new Int32Array(PACKED_PREFETCH_MAX);
  readonly #numbers = new Int32Array(PACKED_PREFETCH_MAX);
  readonly #blocks = new Int32Array(PACKED_PREFETCH_MAX);
  readonly #slots = new Int32Array(PACKED_PREFETCH_MAX);
  /** Where an entry begins and ends, or a new one would. */
  readonly #starts = new Int32Array(PACKED_PREFETCH_MAX);
  readonly #ends = new Int32Array(PACKED_PREFETCH_MAX);

  constructor(heap: Heap, index: PackedIndex, buckets: PackedBuckets) {
    this.#heap = heap;
    this.#index = index;
    this.#buckets = buckets;
  }

  /**
   * Fetches the buckets' slots of the first `count` of `hashes`, each in a table of its own, then
   * the first entry with the tag, or the place where a new one would go. Each pass is a loop of
   * independent loads, so that the memory system works on many at once. The value returned only
   * keeps the loads from being optimised away.
   */
  fetch(roots: Uint32Array, hashes: Int32Array, count: number): number {
    const allWords = this.#heap.words;
    const index = this.#index;
    const blocks = this.#blocks;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const root = roots[i]! as Ptr;
      const hash = hashes[i]!;
      const bucket = index.bucketOf(root, hash);
      blocks[i] = index.block(root, bucket);
      this.#numbers[i] = bucket;
      this.#hashes[i] = hash;
      this.#roots[i] = root;
    }
    for (let i = 0; i < count; i++) {
      const block = blocks[i]!;
      if (block !== NULL) sum ^= allWords[block >>> EXTENT_SHIFT]![(block & UNIT_MASK) << 1]!;
    }
    // The places first, then the loads: behind a load that waits, only a few hundred instructions
    // are begun.
    for (let i = 0; i < count; i++) this.#place(i, blocks[i]! as Ptr, hashes[i]! >>> 24);
    for (let i = 0; i < count; i++) {
      const words = allWords[blocks[i]! >>> EXTENT_SHIFT]!;
      sum ^= words[this.#starts[i]! >>> 2]! ^ words[this.#ends[i]! >>> 2]!;
    }
    this.#next = 0;
    this.#count = count;
    return sum;
  }

  /** Whether it is remembered where this member is; the fields then say so. */
  recall(root: Ptr, hash: number): boolean {
    const hashes = this.#hashes;
    for (let i = this.#next; i < this.#count; i++) {
      if (hashes[i] !== hash || this.#roots[i] !== (root | 0)) continue;
      this.#next = i + 1;
      this.bucket = this.#numbers[i]!;
      this.block = this.#blocks[i]!;
      this.slot = this.#slots[i]!;
      this.start = this.#starts[i]!;
      return true;
    }
    return false;
  }

  /** To be called before any table changes, other than a value that keeps its length. */
  forget(): void {
    this.#count = 0;
  }

  /** Notes where the first entry with this tag is in a bucket, or where a new one goes. */
  #place(i: number, block: Ptr, tag: number): void {
    const slot = block === NULL ? NO_SLOT : this.#slotWithTag(block, tag);
    this.#slots[i] = slot;
    if (slot !== NO_SLOT) {
      const buckets = this.#buckets;
      const start = buckets.entryStart(block, slot);
      this.#starts[i] = start;
      this.#ends[i] = start + (buckets.shape(block, slot) & SIZE_MASK) - 1;
    } else {
      const end = block === NULL ? 0 : this.#buckets.firstByte(block);
      this.#starts[i] = Math.max(end - NEW_ENTRY_BYTES, 0);
      this.#ends[i] = end;
    }
  }

  #slotWithTag(block: Ptr, tag: number): number {
    const words = this.#heap.words[block >>> EXTENT_SHIFT]!;
    let at = (block & UNIT_MASK) << 1;
    const count = words[at]! & COUNT_MASK;
    const pattern = (tag << 16) | tag;
    for (let slot = 0; slot < count; slot += 2) {
      const difference = (words[++at]! ^ pattern) & 0x00ff00ff;
      // Subtracting 1 sets the top bit of 16 that are 0, and of 16 that are 1 after a borrow.
      if (((difference - 0x00010001) & 0x80008000) === 0) continue;
      if ((difference & 0xff) === 0) return slot;
      if (difference >>> 16 === 0 && slot + 1 < count) return slot + 1;
    }
    return NO_SLOT;
  }
}
