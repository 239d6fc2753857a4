/**
 * Proves that a hash table is sound, for tests and debugging: every count, every tag, every
 * overflow counter and every entry of the directory is computed anew and compared.
 */
import { EXTENT_SHIFT, type Ptr, UNIT_MASK } from '../memory/address.ts';
import { entriesLeft } from './hash-growth.ts';
import type { HashTable } from './hash-table.ts';
import {
  BUCKET_BYTES,
  BUCKET_RECORDS,
  BUCKET_SLOTS,
  BUCKETS_HALF,
  BUCKETS_MAX,
  BUCKETS_PER_CHUNK,
  COUNT_MASK,
  DEPTH_MAX,
  DRAINING,
  isTooFull,
  OVERFLOW_MASK,
  OVERFLOW_SHIFT,
  ROOT_COUNT,
  ROOT_DEEPEST,
  ROOT_DEPTH,
  ROOT_DIRECTORY,
  SEGMENT_CHUNKS,
  SEGMENT_COUNT,
  SEGMENT_SHAPE,
  tagAt,
} from './hash-table-layout.ts';

/** Buckets that a segment of depth 0 may have beside those of any segment. */
const SMALL_SIZES: readonly number[] = [1, 2, 4, 8, 16, 32, 48];

/**
 * Throws unless the table is sound; returns its records. One that is being taken apart may be
 * checked too.
 */
export function checkTable(table: HashTable, root: Ptr): Ptr[] {
  const { heap } = table;
  const depth = heap.word(root, ROOT_DEPTH);
  if (depth > DEPTH_MAX) fail(`depth ${depth}`);
  const directory = heap.word(root, ROOT_DIRECTORY) as Ptr;
  const isDraining = heap.word(root, ROOT_DEEPEST) >= DRAINING;
  const records: Ptr[] = [];
  const seen = new Set<number>();
  let deepest = 0;
  const end = entriesLeft(heap, root);
  for (let first = 0; first < end; ) {
    const segment = heap.word(directory, first) as Ptr;
    if (seen.has(segment)) fail(`segment ${segment} has entries apart from each other`);
    seen.add(segment);
    const own = heap.word(segment, SEGMENT_SHAPE) & 255;
    if (own > depth) fail(`segment ${segment} is deeper than the directory`);
    if (own === depth) deepest++;
    const span = 2 ** (depth - own);
    if (first % span !== 0) fail(`segment ${segment} begins at entry ${first}, not at its prefix`);
    for (let i = first; i < first + span; i++) {
      if (heap.word(directory, i) !== segment) fail(`entry ${i} is not of segment ${segment}`);
    }
    for (const record of checkSegment(table, segment, first / span)) records.push(record);
    first += span;
  }
  const count = heap.word(root, ROOT_COUNT);
  if (isDraining) return records;
  if (records.length !== count)
    fail(`the root counts ${count} records, there are ${records.length}`);
  const counted = heap.word(root, ROOT_DEEPEST);
  if (counted !== deepest) fail(`the root counts ${counted} deepest segments, not ${deepest}`);
  if (new Set(records).size !== count) fail('a record is in two slots');
  return records;
}

/** Returns the records of a segment whose prefix of the hash is this. */
function checkSegment(table: HashTable, segment: Ptr, prefix: number): Ptr[] {
  const { heap } = table;
  const shape = heap.word(segment, SEGMENT_SHAPE);
  const buckets = shape >>> 8;
  const own = shape & 255;
  const isFull = buckets >= BUCKETS_HALF && buckets <= BUCKETS_MAX && buckets % 16 === 0;
  if (!isFull && !(own === 0 && SMALL_SIZES.includes(buckets))) {
    fail(`segment ${segment} of depth ${own} has ${buckets} buckets`);
  }
  const records: Ptr[] = [];
  const passed = new Array<number>(buckets).fill(0);
  const claimed: number[] = [];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const chunk = heap.word(
      segment,
      SEGMENT_CHUNKS + Math.floor(bucket / BUCKETS_PER_CHUNK),
    ) as Ptr;
    const cells = heap.words[chunk >>> EXTENT_SHIFT]!;
    const cell = ((chunk & UNIT_MASK) << 1) + (bucket % BUCKETS_PER_CHUNK) * (BUCKET_BYTES / 4);
    const meta = cells[cell]!;
    const count = meta & COUNT_MASK;
    if (count > BUCKET_SLOTS) fail(`bucket ${bucket} of segment ${segment} counts ${count}`);
    claimed.push((meta & OVERFLOW_MASK) >>> OVERFLOW_SHIFT);
    if (count < BUCKET_SLOTS && claimed[bucket]! > 0) {
      fail(`records have passed bucket ${bucket} of segment ${segment}, which has room`);
    }
    for (let slot = 0; slot < count; slot++) {
      const record = cells[cell + BUCKET_RECORDS + slot]! as Ptr;
      const hash = table.hashOf(record) >>> 0;
      if (Math.floor(hash / 2 ** (32 - own)) !== prefix) {
        fail(`record ${record} is in segment ${segment}, where it does not belong`);
      }
      const tag = (hash << own) >>> 16;
      const found = tagAt(cells, cell, slot);
      if (found !== tag) fail(`record ${record} has tag ${found}, its hash says ${tag}`);
      const home = (tag * buckets) >>> 16;
      for (let b = home; b !== bucket; b = (b + 1) % buckets) passed[b]!++;
      records.push(record);
    }
  }
  for (const [bucket, overflow] of claimed.entries()) {
    if (overflow !== passed[bucket]) {
      fail(
        `${overflow} records passed bucket ${bucket} of segment ${segment}, not ${passed[bucket]}`,
      );
    }
  }
  const count = heap.word(segment, SEGMENT_COUNT);
  if (count !== records.length) {
    fail(`segment ${segment} counts ${count} records, there are ${records.length}`);
  }
  if (isTooFull(count, buckets)) fail(`segment ${segment} is too full: ${count}`);
  return records;
}

function fail(problem: string): never {
  throw new Error(`hash table: ${problem}`);
}
