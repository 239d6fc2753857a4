/**
 * The hash table of the keyspace and of every large hash, set and sorted set. It lives in the arena
 * and maps the hash of a key to the address of a record that holds the key. hash-table-layout.ts
 * draws its bytes.
 *
 * The top bits of a hash choose a segment through the directory, the 16 bits behind them are its
 * tag. A record's home is bucket `tag * buckets >> 16` of the segment: order of buckets is order of
 * hashes, whatever the size. A full bucket passes records on to the next one (cyclically within the
 * segment) and counts in `overflow` how many passed it, so that a search knows when to stop and
 * nothing is ever marked as deleted. A slot that becomes free takes one of them back, or records
 * that come and go would make searches ever longer.
 *
 * A segment grows by one chunk at 7/8 full, which moves tags only; at 128 buckets it splits in two,
 * which hashes its at most 1,120 keys again. Shrinking mirrors this. So a step touches at most 8
 * KiB of table plus those keys, and average fill stays near 80 %: 8.2 index bytes per record.
 * Rejected: linear probing over one flat table (13 to 17 bytes; doubling 10M keys stops the world
 * for 134 ms) and chaining (32 to 40 bytes).
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import { FoundRecord } from './hash-found.ts';
import { entriesLeft, HashGrowth, pointDirectory } from './hash-growth.ts';
import { prefetch } from './hash-prefetch.ts';
import { HashSegments } from './hash-segments.ts';
import {
  BUCKET_RECORDS,
  BUCKET_SLOTS,
  BUCKET_TAGS,
  BUCKETS_MAX,
  BUCKETS_PER_CHUNK,
  chunkCount,
  DRAINING,
  isTooFull,
  lastTagBefore,
  OVERFLOW_MASK,
  OVERFLOW_ONE,
  POSITION_END,
  positionBehind,
  RECORDS_MAX,
  ROOT_BYTES,
  ROOT_COUNT,
  ROOT_DEEPEST,
  ROOT_DEPTH,
  ROOT_DIRECTORY,
  SEGMENT_CHUNKS,
  SEGMENT_COUNT,
  SEGMENT_SHAPE,
  segmentOf,
  setTag,
  tagAt,
} from './hash-table-layout.ts';

export { PREFETCH_MAX } from './hash-prefetch.ts';

/** Moves records; see `relocateBucket`. */
export interface RecordMover {
  /**
   * Moves the record if it is to be moved, and what it owns; returns its address. Changes no table.
   */
  moveRecord(record: Ptr): Ptr;
}

/**
 * Operations on tables whose records have one layout; a subclass says how a record holds its key.
 * The table itself is just its root address.
 */
export abstract class HashTable {
  readonly heap: Heap;
  /** Records that the last `scanBucket` or `drainSegment` returned. */
  readonly batch: Uint32Array = new Uint32Array(RECORDS_MAX);
  /** Position after the last `scanBucket`. */
  nextPosition = 0;
  /** Counts what may take a record from its address: while it stays the same, none has gone. */
  moves = 0;
  readonly #found = new FoundRecord();
  readonly #segments: HashSegments;
  readonly #growth: HashGrowth;

  constructor(heap: Heap) {
    this.heap = heap;
    this.#segments = new HashSegments(heap);
    this.#growth = new HashGrowth(heap, this.#segments, this);
  }

  /** Whether the record's key is these bytes. */
  protected abstract matches(
    record: Ptr,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): boolean;

  abstract hashOf(record: Ptr): number;

  /** Makes an empty table. Throws OutOfMemoryError, leaving nothing. */
  create(): Ptr {
    const { heap } = this;
    const segment = this.#segments.create();
    let root = NULL;
    let directory = NULL;
    try {
      root = heap.alloc(ROOT_BYTES);
      directory = heap.alloc(8);
    } catch (refusal) {
      this.#segments.free(segment);
      if (root !== NULL) heap.free(root);
      throw refusal;
    }
    heap.setWord(root, ROOT_COUNT, 0);
    heap.setWord(root, ROOT_DIRECTORY, directory);
    heap.setWord(root, ROOT_DEPTH, 0);
    heap.setWord(root, ROOT_DEEPEST, 1);
    heap.setWord(directory, 0, segment);
    return root;
  }

  count(root: Ptr): number {
    return this.#word(root, ROOT_COUNT);
  }

  /** The record with this key, or NULL. A hit is remembered for `replace` and `remove`. */
  find(
    root: Ptr,
    hash: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): Ptr {
    const allWords = this.heap.words;
    const segment = segmentOf(allWords, root, hash);
    const words = allWords[segment >>> EXTENT_SHIFT]!;
    const at = (segment & UNIT_MASK) << 1;
    const shape = words[at]!;
    const buckets = shape >>> 8;
    const tag = (hash << (shape & 255)) >>> 16;
    const home = (tag * buckets) >>> 16;
    const pattern = (tag << 16) | tag;
    let bucket = home;
    for (let steps = 0; steps < buckets; steps++) {
      const chunk = words[at + SEGMENT_CHUNKS + (bucket >>> 4)]!;
      const cells = allWords[chunk >>> EXTENT_SHIFT]!;
      const cell = ((chunk & UNIT_MASK) << 1) + ((bucket & 15) << 4);
      const meta = cells[cell]!;
      const count = meta & 15;
      for (let slot = 0; slot < count; slot += 2) {
        const difference = cells[cell + BUCKET_TAGS + (slot >>> 1)]! ^ pattern;
        if ((difference & 0xffff) === 0) {
          const record = cells[cell + BUCKET_RECORDS + slot]! as Ptr;
          if (this.matches(record, bytes, view, offset, length)) {
            this.#found.setPlace(segment, home, bucket, slot, hash);
            return record;
          }
        }
        if (difference >>> 16 === 0 && slot + 1 < count) {
          const record = cells[cell + BUCKET_RECORDS + slot + 1]! as Ptr;
          if (this.matches(record, bytes, view, offset, length)) {
            this.#found.setPlace(segment, home, bucket, slot + 1, hash);
            return record;
          }
        }
      }
      if ((meta & OVERFLOW_MASK) === 0) return NULL;
      bucket = bucket + 1 === buckets ? 0 : bucket + 1;
    }
    return NULL;
  }

  /**
   * Whether a record of the table has this key: then it counts as found. REQUIRES: `prefetch` has
   * come upon it in this table, and `moves` is what it was then.
   */
  isFound(
    root: Ptr,
    hash: number,
    record: Ptr,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): boolean {
    if (!this.matches(record, bytes, view, offset, length)) return false;
    this.#found.setRecord(root, hash, record);
    return true;
  }

  /**
   * Finds the slot of a record by its address, for `replace` and `remove`, from the hash of its key
   * (whether it is in the table) or a position in a bucket (whether it is there or behind).
   */
  locate(root: Ptr, hash: number, record: Ptr): boolean {
    const segment = segmentOf(this.heap.words, root, hash);
    const shape = this.#word(segment, SEGMENT_SHAPE);
    const buckets = shape >>> 8;
    let bucket = (((hash << (shape & 255)) >>> 16) * buckets) >>> 16;
    for (let steps = 0; steps < buckets; steps++) {
      const cells = this.#cellsOf(segment, bucket);
      const cell = this.#cellOf(segment, bucket);
      const count = cells[cell]! & 15;
      for (let slot = 0; slot < count; slot++) {
        if (cells[cell + BUCKET_RECORDS + slot] === record) {
          const home = (tagAt(cells, cell, slot) * buckets) >>> 16;
          this.#found.setPlace(segment, home, bucket, slot, hash);
          return true;
        }
      }
      if ((cells[cell]! & OVERFLOW_MASK) === 0) return false;
      bucket = bucket + 1 === buckets ? 0 : bucket + 1;
    }
    return false;
  }

  /**
   * Adds a record whose key is not in the table. Without memory to grow it throws and nothing has
   * changed.
   */
  insert(root: Ptr, hash: number, record: Ptr): void {
    const segment = this.#roomFor(root, hash);
    const shape = this.#word(segment, SEGMENT_SHAPE);
    this.#segments.place(segment, shape >>> 8, (hash << (shape & 255)) >>> 16, record);
    this.#addToWord(segment, SEGMENT_COUNT, 1);
    this.#addToWord(root, ROOT_COUNT, 1);
  }

  /**
   * Makes sure that a record with this hash can be inserted without memory, also after others were
   * removed. Throws OutOfMemoryError, with nothing changed.
   */
  reserve(root: Ptr, hash: number): void {
    this.#roomFor(root, hash);
  }

  /** Puts a moved record in the slot that the last search found. */
  replace(record: Ptr): void {
    const { segment, bucket, slot } = this.#place();
    this.moves = (this.moves + 1) | 0;
    this.#cellsOf(segment, bucket)[this.#cellOf(segment, bucket) + BUCKET_RECORDS + slot] = record;
  }

  /** Takes the record that the last search found out of the table. Frees and moves no record. */
  remove(root: Ptr): void {
    const found = this.#place();
    this.moves = (this.moves + 1) | 0;
    const { segment, bucket, slot } = found;
    const cells = this.#cellsOf(segment, bucket);
    const cell = this.#cellOf(segment, bucket);
    const last = (cells[cell]! & 15) - 1;
    cells[cell + BUCKET_RECORDS + slot] = cells[cell + BUCKET_RECORDS + last]!;
    setTag(cells, cell, slot, tagAt(cells, cell, last));
    cells[cell]! -= 1;
    const buckets = this.#word(segment, SEGMENT_SHAPE) >>> 8;
    for (let b = found.home; b !== bucket; b = b + 1 === buckets ? 0 : b + 1) {
      this.#cellsOf(segment, b)[this.#cellOf(segment, b)]! -= OVERFLOW_ONE;
    }
    if ((cells[cell]! & OVERFLOW_MASK) !== 0) this.#segments.takeBack(segment, buckets, bucket);
    this.#addToWord(segment, SEGMENT_COUNT, -1);
    this.#addToWord(root, ROOT_COUNT, -1);
    this.#growth.shrinkIfSparse(root, segment, found.hash);
  }

  /**
   * Brings into the cache what finding the first `count` of `hashes` will read; see
   * hash-prefetch.ts.
   */
  prefetch(root: Ptr, hashes: Int32Array, count: number): number {
    return prefetch(this.heap.words, root, hashes, count);
  }

  /**
   * Collects into `batch` the records of one home bucket, the first at or after `position` (0 to
   * 2^32 - 1, a place in hash order), and sets `nextPosition` (0 when the table is done). Every
   * record present from the first call to the last is returned, however the table grows or shrinks
   * between calls. Records whose tag alone puts them at or behind `end` are left out.
   */
  scanBucket(root: Ptr, position: number, end = POSITION_END): number {
    const segment = segmentOf(this.heap.words, root, position | 0);
    const shape = this.#word(segment, SEGMENT_SHAPE);
    const own = shape & 255;
    const firstTag = (position << own) >>> 16;
    const home = (firstTag * (shape >>> 8)) >>> 16;
    this.nextPosition = positionBehind(position, own, shape >>> 8, home);
    const lastTag = end === POSITION_END ? 0xffff : lastTagBefore(end, position, own);
    return this.#collectHome(segment, shape >>> 8, home, firstTag, lastTag);
  }

  /**
   * Copies to `into`, from index `at` on, the records that lie in one bucket, the first at or after
   * `position`, whatever their homes; how many. Sets `nextPosition`. A sweep of a table at rest so
   * meets every record once, for less than with `scanBucket`.
   */
  takeBucket(root: Ptr, position: number, into: Uint32Array, at: number): number {
    const segment = segmentOf(this.heap.words, root, position | 0);
    const shape = this.#word(segment, SEGMENT_SHAPE);
    const own = shape & 255;
    const buckets = shape >>> 8;
    const bucket = (((position << own) >>> 16) * buckets) >>> 16;
    this.nextPosition = positionBehind(position, own, buckets, bucket);
    const cells = this.#cellsOf(segment, bucket);
    const cell = this.#cellOf(segment, bucket);
    const count = cells[cell]! & 15;
    for (let slot = 0; slot < count; slot++) into[at + slot] = cells[cell + BUCKET_RECORDS + slot]!;
    return count;
  }

  /**
   * Collects into `batch` the records that may have this hash: those of its home bucket whose tag
   * agrees. Returns their number.
   */
  collectTagged(root: Ptr, hash: number): number {
    const segment = segmentOf(this.heap.words, root, hash);
    const shape = this.#word(segment, SEGMENT_SHAPE);
    const tag = (hash << (shape & 255)) >>> 16;
    return this.#collectHome(segment, shape >>> 8, (tag * (shape >>> 8)) >>> 16, tag, tag);
  }

  /**
   * Moves what lies on evacuated pages of one home bucket, as `scanBucket` goes through them: its
   * segment and chunk, and those of its records that the mover moves. Sets `nextPosition`.
   */
  relocateBucket(root: Ptr, position: number, mover: RecordMover): void {
    this.moves = (this.moves + 1) | 0;
    const segment = this.#relocateSegment(root, position);
    const shape = this.#word(segment, SEGMENT_SHAPE);
    const buckets = shape >>> 8;
    const firstTag = (position << (shape & 255)) >>> 16;
    const home = (firstTag * buckets) >>> 16;
    this.nextPosition = positionBehind(position, shape & 255, buckets, home);
    const chunk = this.#word(segment, SEGMENT_CHUNKS + (home >>> 4)) as Ptr;
    if (this.heap.isEvacuating(chunk)) {
      this.heap.setWord(segment, SEGMENT_CHUNKS + (home >>> 4), this.heap.relocate(chunk));
    }
    let bucket = home;
    for (let steps = 0; steps < buckets; steps++) {
      const cells = this.#cellsOf(segment, bucket);
      const cell = this.#cellOf(segment, bucket);
      const count = cells[cell]! & 15;
      for (let slot = 0; slot < count; slot++) {
        if ((tagAt(cells, cell, slot) * buckets) >>> 16 !== home) continue;
        const at = cell + BUCKET_RECORDS + slot;
        cells[at] = mover.moveRecord(cells[at]! as Ptr);
      }
      if ((cells[cell]! & OVERFLOW_MASK) === 0) break;
      bucket = bucket + 1 === buckets ? 0 : bucket + 1;
    }
  }

  /**
   * Moves the root and the directory if they lie on evacuated pages; returns the root's address.
   */
  relocateRoot(root: Ptr): Ptr {
    const directory = this.#word(root, ROOT_DIRECTORY) as Ptr;
    if (this.heap.isEvacuating(directory)) {
      this.heap.setWord(root, ROOT_DIRECTORY, this.heap.relocate(directory));
    }
    return this.heap.isEvacuating(root) ? this.heap.relocate(root) : root;
  }

  /**
   * A record chosen with equal chances, or NULL when the table is empty. `random()` is in [0, 1).
   */
  randomRecord(root: Ptr, random: () => number): Ptr {
    if (this.count(root) === 0) return NULL;
    const depth = this.#word(root, ROOT_DEPTH);
    const directory = this.#word(root, ROOT_DIRECTORY) as Ptr;
    for (;;) {
      const segment = this.#word(directory, Math.floor(random() * 2 ** depth)) as Ptr;
      const shape = this.#word(segment, SEGMENT_SHAPE);
      const buckets = shape >>> 8;
      // Weighs segments by their buckets against the share of the directory that led here.
      const weight = depth === 0 ? 1 : (buckets / BUCKETS_MAX) * 2 ** ((shape & 255) - depth);
      if (weight < 1 && random() >= weight) continue;
      const bucket = Math.floor(random() * buckets);
      const slot = Math.floor(random() * BUCKET_SLOTS);
      const cells = this.#cellsOf(segment, bucket);
      const cell = this.#cellOf(segment, bucket);
      if (slot < (cells[cell]! & 15)) return cells[cell + BUCKET_RECORDS + slot]! as Ptr;
    }
  }

  /**
   * Takes the last segment apart: its records go to `batch`, its memory is freed. Returns their
   * number, or -1 once the table itself is gone. REQUIRES: after the first call only further calls,
   * until -1.
   */
  drainSegment(root: Ptr): number {
    const directory = this.#word(root, ROOT_DIRECTORY) as Ptr;
    let left = entriesLeft(this.heap, root);
    this.moves = (this.moves + 1) | 0;
    if (left === 0) {
      this.heap.free(directory);
      this.heap.free(root);
      return -1;
    }
    const segment = this.#word(directory, left - 1) as Ptr;
    while (left > 0 && this.#word(directory, left - 1) === segment) left--;
    this.heap.setWord(root, ROOT_DEEPEST, left + DRAINING);
    const count = this.#segments.collect(segment);
    this.batch.set(this.#segments.records.subarray(0, count));
    this.#segments.free(segment);
    return count;
  }

  /**
   * Calls back with the address of every block of the table but its records, for the heap checker.
   */
  visitBlocks(root: Ptr, visit: (block: Ptr) => void): void {
    visit(root);
    const directory = this.#word(root, ROOT_DIRECTORY) as Ptr;
    visit(directory);
    let previous = NULL;
    const entries = entriesLeft(this.heap, root);
    for (let i = 0; i < entries; i++) {
      const segment = this.#word(directory, i) as Ptr;
      if (segment === previous) continue;
      previous = segment;
      visit(segment);
      const chunks = chunkCount(this.#word(segment, SEGMENT_SHAPE) >>> 8);
      for (let c = 0; c < chunks; c++) visit(this.#word(segment, SEGMENT_CHUNKS + c) as Ptr);
    }
  }

  #collectHome(
    segment: Ptr,
    buckets: number,
    home: number,
    firstTag: number,
    lastTag: number,
  ): number {
    let found = 0;
    let bucket = home;
    for (let steps = 0; steps < buckets; steps++) {
      const cells = this.#cellsOf(segment, bucket);
      const cell = this.#cellOf(segment, bucket);
      const count = cells[cell]! & 15;
      for (let slot = 0; slot < count; slot++) {
        const tag = tagAt(cells, cell, slot);
        if (tag >= firstTag && tag <= lastTag && (tag * buckets) >>> 16 === home) {
          this.batch[found++] = cells[cell + BUCKET_RECORDS + slot]!;
        }
      }
      if ((cells[cell]! & OVERFLOW_MASK) === 0) break;
      bucket = bucket + 1 === buckets ? 0 : bucket + 1;
    }
    return found;
  }

  /** The segment of a hash, after it has grown if it was full. */
  #roomFor(root: Ptr, hash: number): Ptr {
    let segment = segmentOf(this.heap.words, root, hash);
    for (;;) {
      const buckets = this.#word(segment, SEGMENT_SHAPE) >>> 8;
      if (!isTooFull(this.#word(segment, SEGMENT_COUNT) + 1, buckets)) return segment;
      if (buckets < BUCKETS_MAX) {
        this.#segments.resize(segment, buckets < BUCKETS_PER_CHUNK ? buckets * 2 : buckets + 16);
      } else {
        this.#growth.split(root, segment, hash);
        segment = segmentOf(this.heap.words, root, hash);
      }
    }
  }

  /** What the last search found, with its place. */
  #place(): FoundRecord {
    const found = this.#found;
    if (!found.hasPlace && !this.locate(found.root, found.hash, found.record)) {
      throw new Error(`record ${found.record} is not in its table`);
    }
    return found;
  }

  #relocateSegment(root: Ptr, position: number): Ptr {
    const segment = segmentOf(this.heap.words, root, position | 0);
    if (!this.heap.isEvacuating(segment)) return segment;
    const moved = this.heap.relocate(segment);
    const own = this.#word(moved, SEGMENT_SHAPE) & 255;
    const span = 2 ** (this.#word(root, ROOT_DEPTH) - own);
    const first = Math.floor(position / 2 ** (32 - own)) * span;
    pointDirectory(this.heap, root, first, span, moved);
    return moved;
  }

  #cellsOf(segment: Ptr, bucket: number): Uint32Array {
    const chunk = this.#word(segment, SEGMENT_CHUNKS + (bucket >>> 4));
    return this.heap.words[chunk >>> EXTENT_SHIFT]!;
  }

  #cellOf(segment: Ptr, bucket: number): number {
    const chunk = this.#word(segment, SEGMENT_CHUNKS + (bucket >>> 4));
    return ((chunk & UNIT_MASK) << 1) + ((bucket & 15) << 4);
  }

  #word(block: Ptr, index: number): number {
    return this.heap.words[block >>> EXTENT_SHIFT]![((block & UNIT_MASK) << 1) + index]!;
  }

  #addToWord(block: Ptr, index: number, delta: number): void {
    this.heap.words[block >>> EXTENT_SHIFT]![((block & UNIT_MASK) << 1) + index]! += delta;
  }
}
