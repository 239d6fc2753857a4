/**
 * How a hash table lies in the arena.
 *
 *   root (24 B)      | count | directory | depth | segments at that depth | - | - |
 *   directory        2^depth x u32 segment; indexed by the top `depth` bits of the hash
 *   segment (40 B)   | buckets << 8 | own depth | count | chunk 0 | ... | chunk 7 |
 *   chunk (1 KiB)    16 buckets; a segment has 1, 2, 4, 8 (part of a chunk), 16, 32, 48 ... 128
 *   bucket (64 B)    | meta | 10 x u16 tag | 10 x u32 record |
 *   meta             | version 8 | - 8 | overflow 12 | count 4 |
 *
 *   hash (32 bits)   | own depth bits: segment | next 16 bits: tag | rest |
 *
 * Invariants: the slots of a bucket are filled from 0; overflow counts are exact; segment counts
 * add up to the root's count; every directory entry of a segment's prefix points at it; only the
 * one segment of a table of depth 0 has fewer than 64 buckets.
 */

import { EXTENT_SHIFT, type Ptr, UNIT_MASK } from '../memory/address.ts';

export const ROOT_BYTES = 24;
export const ROOT_COUNT = 0;
export const ROOT_DIRECTORY = 1;
export const ROOT_DEPTH = 2;
/** Segments at the root's depth; `DRAINING` and more while the table is taken apart. */
export const ROOT_DEEPEST = 3;
/**
 * Added to the directory entries left while a table is taken apart; more than any number of
 * segments.
 */
export const DRAINING: number = 2 ** 30;

/** Deeper only a broken hash function leads: 2^22 segments hold more records than the arena. */
export const DEPTH_MAX = 22;

export const SEGMENT_BYTES = 40;
export const SEGMENT_SHAPE = 0;
export const SEGMENT_COUNT = 1;
export const SEGMENT_CHUNKS = 2;

export const BUCKET_SLOTS = 10;
export const BUCKET_BYTES = 64;
export const BUCKET_TAGS = 1;
export const BUCKET_RECORDS = 6;
export const BUCKETS_PER_CHUNK = 16;
export const BUCKETS_MAX = 128;
/** Fewest buckets of a segment below depth 0. */
export const BUCKETS_HALF = 64;
export const RECORDS_MAX: number = BUCKETS_MAX * BUCKET_SLOTS;

/** Full positions: a scan has seen everything when it reaches this. */
export const POSITION_END: number = 2 ** 32;
/** Positions of a segment, by its own depth: a power takes longer than all else in a step. */
const SPANS: Float64Array = Float64Array.from({ length: DEPTH_MAX + 1 }, (_, own) => {
  return 2 ** (32 - own);
});

/** Of a bucket's meta word. */
export const COUNT_MASK = 15;
export const OVERFLOW_ONE = 16;
export const OVERFLOW_MASK = 0xfff0;
export const OVERFLOW_SHIFT = 4;

/** Chunks of a segment of so many buckets. */
export function chunkCount(buckets: number): number {
  return (buckets + BUCKETS_PER_CHUNK - 1) >>> 4;
}

/** Whether so many records are more than 7/8 of the slots of a segment, from where on it grows. */
export function isTooFull(count: number, buckets: number): boolean {
  return count * 8 > buckets * BUCKET_SLOTS * 7;
}

/**
 * The segment that a hash belongs to. Two shifts, where one would need a branch for depth 0: a
 * branch that only large tables take would, with the first of them, throw away the compiled code of
 * nearly every command. So would a first hash that is no signed integer.
 */
export function segmentOf(allWords: readonly Uint32Array[], root: Ptr, hash: number): Ptr {
  const words = allWords[root >>> EXTENT_SHIFT]!;
  const at = (root & UNIT_MASK) << 1;
  const directory = words[at + ROOT_DIRECTORY]!;
  const depth = words[at + ROOT_DEPTH]!;
  const index = (hash >>> 1) >>> (31 - depth);
  return allWords[directory >>> EXTENT_SHIFT]![((directory & UNIT_MASK) << 1) + index]! as Ptr;
}

/** The tag in a slot of the bucket at `cell`. */
export function tagAt(cells: Uint32Array, cell: number, slot: number): number {
  return (cells[cell + BUCKET_TAGS + (slot >>> 1)]! >>> ((slot & 1) << 4)) & 0xffff;
}

/** Puts a tag in a slot of the bucket at `cell`. */
export function setTag(cells: Uint32Array, cell: number, slot: number, tag: number): void {
  const at = cell + BUCKET_TAGS + (slot >>> 1);
  const shift = (slot & 1) << 4;
  cells[at] = (cells[at]! & ~(0xffff << shift)) | (tag << shift);
}

/** The last tag before position `end` in the segment at `position`, whose own depth is given. */
export function lastTagBefore(end: number, position: number, own: number): number {
  const span = SPANS[own]!;
  const isWithin = Math.floor(position / span) === Math.floor((end - 1) / span);
  return isWithin ? ((end - 1) << own) >>> 16 : 0xffff;
}

/**
 * The first position behind a home bucket of the segment at `position`, 0 at the end of the table.
 */
export function positionBehind(
  position: number,
  own: number,
  buckets: number,
  home: number,
): number {
  const span = SPANS[own]!;
  const start = ((position >>> 1) >>> (31 - own)) * span;
  const nextTag = Math.ceil(((home + 1) * 65536) / buckets);
  // Rounded up: below 2^16 positions a segment, rounding down would come back to the same bucket
  // for ever.
  const next = nextTag >= 65536 ? start + span : start + Math.ceil((nextTag * span) / 65536);
  return next >= POSITION_END ? 0 : next;
}
