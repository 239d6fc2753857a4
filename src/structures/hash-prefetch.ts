/**
 * Looking ahead in a hash table: brings into the cache what finding several keys will read. Each
 * pass is a loop of independent loads, so that the memory system works on many at once.
 */
import { EXTENT_SHIFT, type Ptr, UNIT_MASK } from '../memory/address.ts';
import {
  BUCKET_RECORDS,
  BUCKET_TAGS,
  COUNT_MASK,
  OVERFLOW_MASK,
  SEGMENT_CHUNKS,
  segmentOf,
} from './hash-table-layout.ts';

/** Most hashes that one `prefetch` takes. */
export const PREFETCH_MAX = 64;
const LINE_WORDS = 16;
const EXTENT_WORD_MASK = UNIT_MASK * 2 + 1;

const tags = new Int32Array(PREFETCH_MAX);
const places = new Int32Array(PREFETCH_MAX);
const extents = new Int32Array(PREFETCH_MAX);

/**
 * Reads the buckets of the first `count` of `hashes`, then the first two lines of the record behind
 * each matching tag. Overwrites `hashes` as `findTagged` does, whose records these are. The
 * value returned only keeps the loads from being optimised away.
 */
export function prefetch(
  allWords: readonly Uint32Array[],
  root: Ptr,
  hashes: Int32Array,
  count: number,
): number {
  let sum = findTagged(allWords, root, hashes, count);
  for (let i = 0; i < count; i++) {
    const record = hashes[i]!;
    if (record === 0) continue;
    const words = allWords[record >>> EXTENT_SHIFT]!;
    const at = (record & UNIT_MASK) << 1;
    sum ^= words[at]! ^ words[(at + LINE_WORDS) & EXTENT_WORD_MASK]!;
  }
  return sum;
}

/**
 * Reads the buckets of the first `count` of `hashes`, PREFETCH_MAX at most, and overwrites these
 * with the addresses of the first records whose tags match, as signed integers, and 0 where there
 * is none; that one tag agrees does not make it the right record.
 */
export function findTagged(
  allWords: readonly Uint32Array[],
  root: Ptr,
  hashes: Int32Array,
  count: number,
): number {
  for (let i = 0; i < count; i++) {
    const hash = hashes[i]!;
    const segment = segmentOf(allWords, root, hash);
    const words = allWords[segment >>> EXTENT_SHIFT]!;
    const at = (segment & UNIT_MASK) << 1;
    const shape = words[at]!;
    const tag = (hash << (shape & 255)) >>> 16;
    const bucket = (tag * (shape >>> 8)) >>> 16;
    const chunk = words[at + SEGMENT_CHUNKS + (bucket >>> 4)]!;
    extents[i] = chunk >>> EXTENT_SHIFT;
    places[i] = ((chunk & UNIT_MASK) << 1) + ((bucket & 15) << 4);
    tags[i] = tag;
  }
  let sum = 0;
  for (let i = 0; i < count; i++) sum ^= allWords[extents[i]!]![places[i]!]!;
  for (let i = 0; i < count; i++) {
    const cells = allWords[extents[i]!]!;
    const cell = places[i]!;
    const record = recordWithTag(cells, cell, tags[i]!);
    const isHome = record !== 0 || (cells[cell]! & OVERFLOW_MASK) === 0;
    hashes[i] = isHome ? record : passedOn(allWords, root, hashes[i]!);
  }
  return sum;
}

/**
 * The first record with the tag of a hash that its home bucket has passed on, 0 for none. These are
 * few, but one of them may be what all commands work on.
 */
function passedOn(allWords: readonly Uint32Array[], root: Ptr, hash: number): number {
  const segment = segmentOf(allWords, root, hash);
  const words = allWords[segment >>> EXTENT_SHIFT]!;
  const at = (segment & UNIT_MASK) << 1;
  const shape = words[at]!;
  const buckets = shape >>> 8;
  const tag = (hash << (shape & 255)) >>> 16;
  let bucket = (tag * buckets) >>> 16;
  for (let steps = 1; steps < buckets; steps++) {
    bucket = bucket + 1 === buckets ? 0 : bucket + 1;
    const chunk = words[at + SEGMENT_CHUNKS + (bucket >>> 4)]!;
    const cells = allWords[chunk >>> EXTENT_SHIFT]!;
    const cell = ((chunk & UNIT_MASK) << 1) + ((bucket & 15) << 4);
    const record = recordWithTag(cells, cell, tag);
    if (record !== 0 || (cells[cell]! & OVERFLOW_MASK) === 0) return record;
  }
  return 0;
}

/** The first record of a bucket whose tag this is, 0 for none. */
function recordWithTag(cells: Uint32Array, cell: number, tag: number): number {
  const count = cells[cell]! & COUNT_MASK;
  const pattern = (tag << 16) | tag;
  for (let slot = 0; slot < count; slot += 2) {
    const difference = cells[cell + BUCKET_TAGS + (slot >>> 1)]! ^ pattern;
    if ((difference & 0xffff) === 0) return cells[cell + BUCKET_RECORDS + slot]!;
    if (difference >>> 16 === 0 && slot + 1 < count)
      return cells[cell + BUCKET_RECORDS + slot + 1]!;
  }
  return 0;
}
