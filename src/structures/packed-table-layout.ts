/**
 * How a packed table lies in the arena.
 *
 *   root (40 B)      | count | buckets | mask | directory | kind | fullest | f64 data | f64 used |
 *   directory        u32 chunk, one per 256 buckets
 *   chunk (1 KiB)    256 x u32 bucket, 0 for an empty one; the first chunk begins with 2, doubling
 *   bucket           | header | slot 0 | slot 1 | ... free ... | entry 1 | entry 0 |
 *   header (4 B)     | where the last entry begins 22 | count 10 |
 *   slot (2 B)       | far member 1 | bytes of the entry 7 | tag 8 |
 *   entry            set: | member |     hash: | far value 1, bytes of value 7 | member | value |
 *   member           its bytes, or, when far: | u32 block | u32 length | u32 hash |
 *   value            its bytes, or, when far: | u32 block | u32 length |
 *
 *   hash (32 bits)   | tag 8 | ... | bucket: as many bits as `mask` |
 *
 * Slots grow from the front of a bucket, entries from its end: entry i + 1 ends where entry i
 * begins. So finding a tag reads one or two cache lines, a new entry moves nothing, and an entry
 * lies behind the last by the sum of the sizes between them.
 *
 * Invariants: `mask + 1` is the power of two at or above `buckets`; a member's bucket is
 * `hash & mask`, or, where that one does not exist yet, `hash & mask >>> 1`; a bucket without
 * entries has no block; `data` is the sum of the bytes of entries, `used` that of the capacities of
 * all blocks; no bucket weighs more than `fullest` (see `weightShift`).
 */
import { EXTENT_SHIFT, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';

export const ROOT_BYTES = 40;
export const ROOT_COUNT = 0;
export const ROOT_BUCKETS = 1;
export const ROOT_MASK = 2;
export const ROOT_DIRECTORY = 3;
export const ROOT_KIND = 4;
export const ROOT_FULLEST = 5;
/** Of the sums, in bytes from the root's start. */
export const ROOT_DATA_OFFSET = 24;
export const ROOT_USED_OFFSET = 32;

export const KIND_SET = 0;
export const KIND_HASH = 1;

export const CHUNK_BUCKETS = 256;
export const CHUNK_SHIFT = 8;
export const CHUNK_BYTES: number = CHUNK_BUCKETS * 4;
/** More would need more members than the arena has room for. */
export const BUCKETS_MAX: number = 2 ** 30;

export const HEADER_BYTES = 4;
export const SLOT_BYTES = 2;
/** `header >>> COUNT_BITS` is where the last entry begins, in bytes from the block's start. */
export const COUNT_BITS = 10;
export const COUNT_MASK: number = (1 << COUNT_BITS) - 1;
/** Entries that a bucket can hold. On average there are some 14 of them. */
export const BUCKET_ENTRIES_MAX: number = COUNT_MASK;
/** More entries than chance brings together where buckets are as full as they may be. */
export const CROWDED_ENTRIES = 160;

/** Of the second byte of a slot and of the first byte of a hash's entry. */
export const FAR = 0x80;
export const SIZE_MASK = 0x7f;
export const ENTRY_BYTES_MAX = 127;
/** Longer members are far: they have a block of their own. */
export const MEMBER_NEAR_MAX = 112;
export const FAR_MEMBER_BYTES = 12;
export const FAR_VALUE_BYTES = 8;
/** Where in a far part the length and the hash are. */
export const FAR_LENGTH = 4;
export const FAR_HASH = 8;

/** Told what of a table is about to change, while somebody wants to know; may only read. */
export interface TableWitness {
  /** Of the table at `root`, what has its place, its reversed hash, in [start, end). */
  placesChanging(root: Ptr, start: number, end: number): void;
}

/** Puts the bits of a 32-bit integer in the opposite order; the result is not negative. */
export function reverseBits(x: number): number {
  x = ((x >>> 1) & 0x55555555) | ((x & 0x55555555) << 1);
  x = ((x >>> 2) & 0x33333333) | ((x & 0x33333333) << 2);
  x = ((x >>> 4) & 0x0f0f0f0f) | ((x & 0x0f0f0f0f) << 4);
  x = ((x >>> 8) & 0x00ff00ff) | ((x & 0x00ff00ff) << 8);
  return ((x >>> 16) | (x << 16)) >>> 0;
}

/**
 * 1 for a bucket that takes all bits of the mask, 0 for one that is not divided yet and takes a bit
 * less. A bucket weighs its entries << this, so that weights are densities.
 */
export function weightShift(bucket: number, buckets: number, mask: number): number {
  const half = (mask + 1) >>> 1;
  return bucket >= half || bucket + half < buckets ? 1 : 0;
}

/** The bucket that a place, a reversed hash, is in when there are so many. */
export function bucketOfPlace(place: number, buckets: number): number {
  const mask = buckets === 1 ? 0 : 0xffffffff >>> Math.clz32(buckets - 1);
  const hash = reverseBits(place);
  const bucket = hash & mask;
  return bucket < buckets ? bucket : hash & (mask >>> 1);
}

/** Whether a value does not fit in an entry beside a member that takes so many bytes of it. */
export function isFarValue(memberSize: number, valueLength: number): boolean {
  return 1 + memberSize + valueLength > ENTRY_BYTES_MAX;
}

/** Bits of their hashes that the members of a bucket have in common. */
export function bitsOf(bucket: number, buckets: number, mask: number): number {
  return 31 - Math.clz32(mask + 1) - 1 + weightShift(bucket, buckets, mask);
}

/** Writes the root of a table without entries that has one bucket. */
export function initializeRoot(heap: Heap, root: Ptr, kind: number, directory: Ptr): void {
  heap.setWord(root, ROOT_COUNT, 0);
  heap.setWord(root, ROOT_BUCKETS, 1);
  heap.setWord(root, ROOT_MASK, 0);
  heap.setWord(root, ROOT_DIRECTORY, directory);
  heap.setWord(root, ROOT_KIND, kind);
  heap.setWord(root, ROOT_FULLEST, 0);
  setRootSum(heap, root, ROOT_DATA_OFFSET, 0);
  setRootSum(heap, root, ROOT_USED_OFFSET, 0);
}

/** A sum of bytes in the root: they may be more than 32 bits hold. */
export function rootSum(heap: Heap, root: Ptr, offset: number): number {
  return heap.views[root >>> EXTENT_SHIFT]!.getFloat64(((root & UNIT_MASK) << 3) + offset, true);
}

/** Sets a sum of bytes in the root. */
export function setRootSum(heap: Heap, root: Ptr, offset: number, sum: number): void {
  heap.views[root >>> EXTENT_SHIFT]!.setFloat64(((root & UNIT_MASK) << 3) + offset, sum, true);
}
