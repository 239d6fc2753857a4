/**
 * The segments of hash tables: makes, fills, rebuilds and divides them. What a segment is for, and
 * how its bytes lie, is told in hash-table.ts and hash-table-layout.ts.
 *
 * Whatever needs memory takes it before the first change, so that a refusal leaves the table as it
 * was.
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import {
  BUCKET_BYTES,
  BUCKET_RECORDS,
  BUCKET_SLOTS,
  BUCKETS_HALF,
  BUCKETS_MAX,
  BUCKETS_PER_CHUNK,
  COUNT_MASK,
  chunkCount,
  isTooFull,
  OVERFLOW_MASK,
  OVERFLOW_ONE,
  RECORDS_MAX,
  SEGMENT_BYTES,
  SEGMENT_CHUNKS,
  SEGMENT_COUNT,
  SEGMENT_SHAPE,
  setTag,
  tagAt,
} from './hash-table-layout.ts';

const CHUNKS_MAX = BUCKETS_MAX / BUCKETS_PER_CHUNK;
const CHUNK_BYTES = BUCKETS_PER_CHUNK * BUCKET_BYTES;

/** See the file's comment. */
export class HashSegments {
  /** Tags and records that `collect` found. */
  readonly tags: Uint16Array = new Uint16Array(RECORDS_MAX);
  readonly records: Uint32Array = new Uint32Array(RECORDS_MAX);
  readonly #heap: Heap;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** Makes an empty segment of one bucket and depth 0. */
  create(): Ptr {
    const chunk = this.#heap.alloc(BUCKET_BYTES);
    let segment = NULL;
    try {
      segment = this.#heap.alloc(SEGMENT_BYTES);
    } catch (refusal) {
      this.#heap.free(chunk);
      throw refusal;
    }
    this.#heap.setWord(segment, SEGMENT_SHAPE, 1 << 8);
    this.#heap.setWord(segment, SEGMENT_COUNT, 0);
    this.#heap.setWord(segment, SEGMENT_CHUNKS, chunk);
    this.#clear(segment);
    return segment;
  }

  free(segment: Ptr): void {
    const chunks = chunkCount(this.#heap.word(segment, SEGMENT_SHAPE) >>> 8);
    for (let c = 0; c < chunks; c++) this.#heap.free(this.#chunk(segment, c));
    this.#heap.free(segment);
  }

  /**
   * Puts a record with this tag in its home bucket or the first with room behind it. REQUIRES:
   * there is room.
   */
  place(segment: Ptr, buckets: number, tag: number, record: Ptr): void {
    const allWords = this.#heap.words;
    const words = allWords[segment >>> EXTENT_SHIFT]!;
    const chunks = ((segment & UNIT_MASK) << 1) + SEGMENT_CHUNKS;
    let bucket = (tag * buckets) >>> 16;
    for (;;) {
      const chunk = words[chunks + (bucket >>> 4)]!;
      const cells = allWords[chunk >>> EXTENT_SHIFT]!;
      const cell = ((chunk & UNIT_MASK) << 1) + ((bucket & 15) << 4);
      const meta = cells[cell]!;
      const count = meta & COUNT_MASK;
      if (count < BUCKET_SLOTS) {
        cells[cell + BUCKET_RECORDS + count] = record;
        setTag(cells, cell, count, tag);
        cells[cell] = meta + 1;
        return;
      }
      cells[cell] = meta + OVERFLOW_ONE;
      bucket = bucket + 1 === buckets ? 0 : bucket + 1;
    }
  }

  /**
   * Gives the free slot of a bucket to a record that has passed it, the slot that this leaves to
   * another, and so on. REQUIRES: the bucket has a free slot.
   */
  takeBack(segment: Ptr, buckets: number, bucket: number): void {
    let free = bucket;
    while ((this.#meta(segment, free) & OVERFLOW_MASK) !== 0) {
      // As many as have passed lie behind it.
      let steps = 1;
      let from = free + 1 === buckets ? 0 : free + 1;
      let slot = this.#slotOfPassed(segment, buckets, from, steps);
      while (slot < 0) {
        steps++;
        from = from + 1 === buckets ? 0 : from + 1;
        slot = this.#slotOfPassed(segment, buckets, from, steps);
      }
      this.#moveRecord(segment, from, slot, free);
      for (let b = free; b !== from; b = b + 1 === buckets ? 0 : b + 1) {
        this.#addToMeta(segment, b, -OVERFLOW_ONE);
      }
      free = from;
    }
  }

  /** A slot of a bucket with a record that has passed so many buckets before it or more, or -1. */
  #slotOfPassed(segment: Ptr, buckets: number, bucket: number, steps: number): number {
    const chunk = this.#chunk(segment, bucket >>> 4);
    const cells = this.#heap.words[chunk >>> EXTENT_SHIFT]!;
    const cell = ((chunk & UNIT_MASK) << 1) + ((bucket & 15) << 4);
    const count = cells[cell]! & COUNT_MASK;
    for (let slot = 0; slot < count; slot++) {
      const passed = bucket - ((tagAt(cells, cell, slot) * buckets) >>> 16);
      if ((passed < 0 ? passed + buckets : passed) >= steps) return slot;
    }
    return -1;
  }

  /** Moves a record from a slot to another bucket, whose slots before that are in use. */
  #moveRecord(segment: Ptr, from: number, slot: number, to: number): void {
    const source = this.#chunk(segment, from >>> 4);
    const sources = this.#heap.words[source >>> EXTENT_SHIFT]!;
    const cell = ((source & UNIT_MASK) << 1) + ((from & 15) << 4);
    const target = this.#chunk(segment, to >>> 4);
    const targets = this.#heap.words[target >>> EXTENT_SHIFT]!;
    const place = ((target & UNIT_MASK) << 1) + ((to & 15) << 4);
    const last = (sources[cell]! & COUNT_MASK) - 1;
    const end = targets[place]! & COUNT_MASK;
    targets[place + BUCKET_RECORDS + end] = sources[cell + BUCKET_RECORDS + slot]!;
    setTag(targets, place, end, tagAt(sources, cell, slot));
    sources[cell + BUCKET_RECORDS + slot] = sources[cell + BUCKET_RECORDS + last]!;
    setTag(sources, cell, slot, tagAt(sources, cell, last));
    targets[place]! += 1;
    sources[cell]! -= 1;
  }

  #meta(segment: Ptr, bucket: number): number {
    return this.#heap.word(this.#chunk(segment, bucket >>> 4), (bucket & 15) << 4);
  }

  #addToMeta(segment: Ptr, bucket: number, delta: number): void {
    const chunk = this.#chunk(segment, bucket >>> 4);
    const cells = this.#heap.words[chunk >>> EXTENT_SHIFT]!;
    cells[((chunk & UNIT_MASK) << 1) + ((bucket & 15) << 4)]! += delta;
  }

  /**
   * Copies a segment's tags and records to `tags` and `records`, from index `from`; returns the
   * end.
   */
  collect(segment: Ptr, from = 0): number {
    const { tags, records } = this;
    const chunks = chunkCount(this.#heap.word(segment, SEGMENT_SHAPE) >>> 8);
    let left = this.#heap.word(segment, SEGMENT_SHAPE) >>> 8;
    let found = from;
    for (let c = 0; c < chunks; c++) {
      const chunk = this.#chunk(segment, c);
      const cells = this.#heap.words[chunk >>> EXTENT_SHIFT]!;
      let cell = (chunk & UNIT_MASK) << 1;
      for (let b = 0; b < BUCKETS_PER_CHUNK && left > 0; b++, left--) {
        const count = cells[cell]! & COUNT_MASK;
        for (let slot = 0; slot < count; slot++) {
          tags[found] = tagAt(cells, cell, slot);
          records[found++] = cells[cell + BUCKET_RECORDS + slot]!;
        }
        cell += BUCKET_BYTES / 4;
      }
    }
    return found;
  }

  /** Gives a segment another number of buckets: the next or the previous of those there can be. */
  resize(segment: Ptr, buckets: number): void {
    const { tags, records } = this;
    const count = this.collect(segment);
    this.reshape(segment, buckets, this.#heap.word(segment, SEGMENT_SHAPE) & 255);
    for (let i = 0; i < count; i++) this.place(segment, buckets, tags[i]!, records[i]! as Ptr);
  }

  /**
   * Makes all buckets empty and gives the segment so many, at most 16 more than it has, and a
   * depth.
   */
  reshape(segment: Ptr, buckets: number, depth: number): void {
    const have = this.#heap.word(segment, SEGMENT_SHAPE) >>> 8;
    if (Math.min(have, buckets) < BUCKETS_PER_CHUNK) {
      const chunk = this.#heap.alloc(buckets * BUCKET_BYTES);
      this.#heap.free(this.#chunk(segment, 0));
      this.#heap.setWord(segment, SEGMENT_CHUNKS, chunk);
    } else {
      const chunks = chunkCount(buckets);
      for (let c = chunkCount(have); c < chunks; c++) {
        this.#heap.setWord(segment, SEGMENT_CHUNKS + c, this.#heap.alloc(CHUNK_BYTES));
      }
      for (let c = chunks; c < chunkCount(have); c++) this.#heap.free(this.#chunk(segment, c));
    }
    this.#heap.setWord(segment, SEGMENT_SHAPE, (buckets << 8) | depth);
    this.#clear(segment);
  }

  /**
   * Makes a segment of 128 buckets into two empty ones, one level deeper, that have room for so
   * many records; returns the new one.
   */
  divide(segment: Ptr, leftCount: number, rightCount: number): Ptr {
    const left = bucketsFor(leftCount);
    const right = bucketsFor(rightCount);
    const added = this.#newSegment(chunkCount(left), chunkCount(right));
    for (let c = chunkCount(left); c < CHUNKS_MAX; c++) {
      const chunk = this.#chunk(segment, c);
      this.#heap.setWord(added, SEGMENT_CHUNKS + c - chunkCount(left), chunk);
    }
    const depth = (this.#heap.word(segment, SEGMENT_SHAPE) & 255) + 1;
    this.#heap.setWord(segment, SEGMENT_SHAPE, (left << 8) | depth);
    this.#heap.setWord(segment, SEGMENT_COUNT, leftCount);
    this.#heap.setWord(added, SEGMENT_SHAPE, (right << 8) | depth);
    this.#heap.setWord(added, SEGMENT_COUNT, rightCount);
    this.#clear(segment);
    this.#clear(added);
    return added;
  }

  /**
   * A segment that lacks the first of its chunks: those that its neighbour does not keep of a full
   * segment's.
   */
  #newSegment(neighbourChunks: number, chunks: number): Ptr {
    const segment = this.#heap.alloc(SEGMENT_BYTES);
    const inherited = CHUNKS_MAX - neighbourChunks;
    let c = inherited;
    try {
      for (; c < chunks; c++) {
        this.#heap.setWord(segment, SEGMENT_CHUNKS + c, this.#heap.alloc(CHUNK_BYTES));
      }
    } catch (problem) {
      while (--c >= inherited) this.#heap.free(this.#chunk(segment, c));
      this.#heap.free(segment);
      throw problem;
    }
    return segment;
  }

  #clear(segment: Ptr): void {
    const buckets = this.#heap.word(segment, SEGMENT_SHAPE) >>> 8;
    const words = (Math.min(buckets, BUCKETS_PER_CHUNK) * BUCKET_BYTES) / 4;
    for (let c = 0; c < chunkCount(buckets); c++) {
      const chunk = this.#chunk(segment, c);
      const at = (chunk & UNIT_MASK) << 1;
      this.#heap.words[chunk >>> EXTENT_SHIFT]!.fill(0, at, at + words);
    }
  }

  #chunk(segment: Ptr, index: number): Ptr {
    return this.#heap.word(segment, SEGMENT_CHUNKS + index) as Ptr;
  }
}

/** Buckets of a segment below depth 0 that has room for so many records. */
function bucketsFor(count: number): number {
  let buckets = BUCKETS_HALF;
  while (isTooFull(count, buckets)) buckets += BUCKETS_PER_CHUNK;
  return buckets;
}
