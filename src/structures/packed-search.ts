/**
 * Finding and scanning in packed tables. packed-table.ts tells what they are.
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import { equalBytes } from '../memory/bytes.ts';
import type { Heap } from '../memory/heap.ts';
import { PACKED_PREFETCH_MAX, PackedAhead } from './packed-ahead.ts';
import { PackedBuckets } from './packed-buckets.ts';
import { PackedEntry } from './packed-entry.ts';
import { PackedFarParts } from './packed-far.ts';
import { PackedIndex } from './packed-index.ts';
import {
  BUCKET_ENTRIES_MAX,
  bitsOf,
  COUNT_MASK,
  FAR,
  KIND_HASH,
  KIND_SET,
  ROOT_BUCKETS,
  ROOT_KIND,
  ROOT_MASK,
  reverseBits,
  SIZE_MASK,
} from './packed-table-layout.ts';

/** Full positions: a scan has seen everything when it reaches this. */
export const POSITION_END = 2 ** 32;

/** See the file's comment. */
export abstract class PackedSearch extends PackedEntry {
  /** Position after the last `scanBucket` or `relocate`. */
  nextPosition = 0;
  protected readonly index: PackedIndex;
  protected readonly buckets: PackedBuckets;
  protected readonly farParts: PackedFarParts;
  protected readonly ahead: PackedAhead;

  /** Where the last search ended. The block is a signed integer: those are never boxed. */
  protected foundBucket = 0;
  protected foundBlock = 0;
  protected foundSlot = 0;
  protected foundStart = 0;

  /** What the last `scanBucket` returned. */
  #batchKind = KIND_SET;
  #batchBucket = 0;
  #batchBlock = 0;
  readonly #batchSlots = new Uint16Array(BUCKET_ENTRIES_MAX);
  readonly #batchStarts = new Uint32Array(BUCKET_ENTRIES_MAX);
  readonly #prefetchRoots = new Uint32Array(PACKED_PREFETCH_MAX);

  constructor(heap: Heap) {
    super(heap);
    this.index = new PackedIndex(heap);
    this.buckets = new PackedBuckets(heap);
    this.farParts = new PackedFarParts(heap, this.buckets);
    this.ahead = new PackedAhead(heap, this.index, this.buckets);
  }

  /** Whether the member is there. In a hash, `value...` is then its value. */
  find(
    root: Ptr,
    hash: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): boolean {
    const kind = this.heap.word(root, ROOT_KIND);
    if (!this.search(root, kind, hash, bytes, view, offset, length)) return false;
    if (kind === KIND_HASH) {
      const block = unsigned(this.foundBlock);
      this.openValue(block, this.buckets.shape(block, this.foundSlot) & SIZE_MASK, this.foundStart);
    }
    return true;
  }

  /**
   * Collects the entries of one bucket, those at or after `position` (0 to 2^32 - 1, a place in
   * the order of reversed hashes), for `entry`; returns their number and sets `nextPosition`, 0
   * when the table is done. Every entry that is there from the first call to the last is returned
   * once, however the table grows or shrinks between calls; any change of it ends this batch.
   */
  scanBucket(root: Ptr, position: number): number {
    const bucket = this.bucketAt(root, position);
    // Only after shrinking is a position within a bucket.
    const isWhole = position === this.advance(root, bucket);
    return this.#collect(root, bucket, isWhole ? 0 : position);
  }

  /** Number of buckets, for `openBucket`. */
  bucketCount(root: Ptr): number {
    return this.heap.word(root, ROOT_BUCKETS);
  }

  /**
   * As `scanBucket`, but all entries of the bucket of this number, and no position. A table that is
   * filled in the order of another's buckets has its own filled evenly, in the order of scanning
   * one after the other.
   */
  openBucket(root: Ptr, bucket: number): number {
    return this.#collect(root, bucket, 0);
  }

  /** Points `member...` and `value...` at entry number `i` of the last `scanBucket`. */
  entry(i: number): void {
    this.foundBucket = this.#batchBucket;
    this.foundBlock = this.#batchBlock;
    this.foundSlot = this.#batchSlots[i]!;
    this.foundStart = this.#batchStarts[i]!;
    this.openFound(this.#batchKind);
  }

  /** Points `member...` and `value...` at the entry that was found. */
  protected openFound(kind: number): void {
    const block = unsigned(this.foundBlock);
    this.openEntry(kind, block, this.buckets.shape(block, this.foundSlot), this.foundStart);
  }

  /**
   * Brings into the cache what finding the first `count` of `hashes` will read; see
   * `prefetchMembers`.
   */
  prefetch(root: Ptr, hashes: Int32Array, count: number): number {
    return this.prefetchMembers(this.#prefetchRoots.fill(root, 0, count), hashes, count);
  }

  /**
   * As `prefetch`, each of the hashes in a table of its own. Finding them then is quicker, in this
   * order and as long as no table changes.
   */
  prefetchMembers(roots: Uint32Array, hashes: Int32Array, count: number): number {
    return this.ahead.fetch(roots, hashes, count);
  }

  /** Collects the entries of a bucket at or after a position for `entry`. */
  #collect(root: Ptr, bucket: number, position: number): number {
    const { buckets } = this;
    const block = this.index.block(root, bucket);
    const kind = this.heap.word(root, ROOT_KIND);
    this.#batchKind = kind;
    this.#batchBucket = bucket;
    this.#batchBlock = block | 0;
    let found = 0;
    if (block === NULL) return 0;
    let at = buckets.firstByte(block);
    for (let slot = buckets.count(block) - 1; slot >= 0; slot--) {
      if (position === 0 || reverseBits(buckets.hashAt(kind, block, slot, at)) >= position) {
        this.#batchSlots[found] = slot;
        this.#batchStarts[found++] = at;
      }
      at += buckets.shape(block, slot) & SIZE_MASK;
    }
    return found;
  }

  /** The bucket that a position is in. */
  protected bucketAt(root: Ptr, position: number): number {
    return this.index.bucketOf(root, reverseBits(position));
  }

  /** Sets `nextPosition` behind a bucket and returns the position where it begins. */
  protected advance(root: Ptr, bucket: number): number {
    const { heap } = this;
    const start = reverseBits(bucket);
    const bits = bitsOf(bucket, heap.word(root, ROOT_BUCKETS), heap.word(root, ROOT_MASK));
    const next = start + 2 ** (32 - bits);
    this.nextPosition = next >= POSITION_END ? 0 : next;
    return start;
  }

  /** Remembers where the member is, or that it is not in its bucket. */
  protected search(
    root: Ptr,
    kind: number,
    hash: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): boolean {
    const { ahead } = this;
    if (ahead.recall(root, hash)) {
      const { slot, start } = ahead;
      this.foundBucket = ahead.bucket;
      this.foundBlock = ahead.block;
      if (slot < 0) return false;
      const found = unsigned(ahead.block);
      if (this.#isAt(kind, found, slot, start, hash, bytes, view, offset, length)) return true;
    }
    const bucket = this.index.bucketOf(root, hash);
    const block = this.index.block(root, bucket);
    this.foundBucket = bucket;
    this.foundBlock = block | 0;
    if (block === NULL) return false;
    const words = this.heap.words[block >>> EXTENT_SHIFT]!;
    let at = (block & UNIT_MASK) << 1;
    const count = words[at]! & COUNT_MASK;
    const tag = hash >>> 24;
    const pattern = (tag << 16) | tag;
    for (let slot = 0; slot < count; slot += 2) {
      const difference = (words[++at]! ^ pattern) & 0x00ff00ff;
      // Subtracting 1 sets the top bit of 16 that are 0, and of 16 that are 1 after a borrow.
      if (((difference - 0x00010001) & 0x80008000) === 0) continue;
      if ((difference & 0xff) === 0) {
        if (this.#matches(kind, block, slot, hash, bytes, view, offset, length)) return true;
      }
      if (difference >>> 16 === 0 && slot + 1 < count) {
        if (this.#matches(kind, block, slot + 1, hash, bytes, view, offset, length)) return true;
      }
    }
    return false;
  }

  #matches(
    kind: number,
    block: Ptr,
    slot: number,
    hash: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): boolean {
    const start = this.buckets.entryStart(block, slot);
    return this.#isAt(kind, block, slot, start, hash, bytes, view, offset, length);
  }

  /** Whether the entry of a slot, which begins at `start`, has the member; remembers it then. */
  #isAt(
    kind: number,
    block: Ptr,
    slot: number,
    start: number,
    hash: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): boolean {
    const extent = block >>> EXTENT_SHIFT;
    const own = this.heap.bytes[extent]!;
    const shape = this.buckets.shape(block, slot);
    const member = kind === KIND_HASH ? start + 1 : start;
    if ((shape & FAR) !== 0) {
      if (!this.farParts.isMember(extent, member, hash, bytes, view, offset, length)) return false;
    } else {
      const size = kind === KIND_HASH ? shape - 1 - (own[start]! & SIZE_MASK) : shape;
      if (size !== length) return false;
      const ownView = this.heap.views[extent]!;
      if (!equalBytes(own, ownView, member, bytes, view, offset, length)) return false;
    }
    this.foundSlot = slot;
    this.foundStart = start;
    return true;
  }
}

/** The address that was kept as a signed integer. */
export function unsigned(block: number): Ptr {
  return (block >>> 0) as Ptr;
}
