/**
 * The hash table of the keyspace and of every large hash, set and sorted set. It lives in the arena and maps the
 * hash of a key to the address of a record that holds the key.
 *
 *   root (24 B)      | count | directory | depth | segments at that depth | - | - |
 *   directory        2^depth x u32 segment; indexed by the top `depth` bits of the hash
 *   segment (40 B)   | buckets << 8 | own depth | count | chunk 0 | ... | chunk 7 |
 *   chunk (1 KiB)    16 buckets; a segment has 1, 2, 4, 8 (part of a chunk), 16, 32, 48 ... 128 buckets
 *   bucket (64 B)    | meta | 10 x u16 tag | 10 x u32 record |
 *   meta             | version 8 | - 8 | overflow 12 | count 4 |
 *
 *   hash (32 bits)   | own depth bits: segment | next 16 bits: tag | rest |
 *
 * A record's home is bucket `tag * buckets >> 16`: order of buckets is order of hashes, whatever the size. A full
 * bucket passes records on to the next one (cyclically within the segment) and counts in `overflow` how many
 * passed it, so that a search knows when to stop and nothing is ever marked as deleted.
 *
 * A segment grows by one chunk at 7/8 full, which moves tags only; at 128 buckets it splits in two, which hashes
 * its at most 1,120 keys again. Shrinking mirrors this. So a step touches at most 8 KiB of table plus those keys,
 * and average fill stays near 80 %: 8.2 index bytes per record. Rejected: linear probing over one flat table (13
 * to 17 bytes; doubling 10M keys stops the world for 134 ms) and chaining (32 to 40 bytes).
 *
 * Invariants: the slots of a bucket are filled from 0; overflow counts are exact; segment counts add up to the
 * root's count; every directory entry of a segment's prefix points at it.
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';

const ROOT_BYTES = 24;
const ROOT_COUNT = 0;
const ROOT_DIRECTORY = 1;
const ROOT_DEPTH = 2;
const ROOT_DEEPEST = 3;

const SEGMENT_BYTES = 40;
const SEGMENT_SHAPE = 0;
const SEGMENT_COUNT = 1;
const SEGMENT_CHUNKS = 2;

export const BUCKET_SLOTS = 10;
const BUCKET_TAGS = 1;
const BUCKET_RECORDS = 6;
const BUCKETS_PER_CHUNK = 16;
const BUCKETS_MAX = 128;
const RECORDS_MAX = BUCKETS_MAX * BUCKET_SLOTS;
const OVERFLOW_ONE = 16;
const OVERFLOW_MASK = 0xfff0;

/** Where the last search ended; see `found`. */
const FOUND_SEGMENT = 0;
const FOUND_HOME = 1;
const FOUND_BUCKET = 2;
const FOUND_SLOT = 3;

/** Most hashes that one `prefetch` takes. */
export const PREFETCH_MAX = 64;
const LINE_WORDS = 16;
const EXTENT_WORD_MASK = UNIT_MASK * 2 + 1;

/** Full positions: a scan has seen everything when it reaches this. */
const POSITION_END = 2 ** 32;

/** A segment's records while it is rebuilt. Shared by all tables: rebuilding never nests. */
const tags = new Uint16Array(RECORDS_MAX);
const records = new Uint32Array(RECORDS_MAX);

/**
 * Operations on tables whose records have one layout; a subclass says how a record holds its key. The table itself
 * is just its root address.
 */
export abstract class HashTable {
  readonly heap: Heap;
  /** Records that the last `scanBucket` or `drainSegment` returned. */
  readonly batch: Uint32Array = new Uint32Array(RECORDS_MAX);
  /** Position after the last `scanBucket`. */
  nextPosition = 0;
  readonly #found = new Uint32Array(4);
  readonly #prefetchPlaces = new Int32Array(PREFETCH_MAX);
  readonly #prefetchExtents = new Int32Array(PREFETCH_MAX);

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** Whether the record's key is these bytes. */
  protected abstract matches(
    record: Ptr,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): boolean;

  /** The hash of the record's key. */
  abstract hashOf(record: Ptr): number;

  /** Makes an empty table. */
  create(): Ptr {
    const root = this.heap.alloc(ROOT_BYTES);
    const directory = this.heap.alloc(8);
    const segment = this.#newSegment(1, 0);
    this.#setWord(root, ROOT_COUNT, 0);
    this.#setWord(root, ROOT_DIRECTORY, directory);
    this.#setWord(root, ROOT_DEPTH, 0);
    this.#setWord(root, ROOT_DEEPEST, 1);
    this.#setWord(directory, 0, segment);
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
    const segment = this.#segmentOf(root, hash);
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
            this.#remember(segment, home, bucket, slot);
            return record;
          }
        }
        if (difference >>> 16 === 0 && slot + 1 < count) {
          const record = cells[cell + BUCKET_RECORDS + slot + 1]! as Ptr;
          if (this.matches(record, bytes, view, offset, length)) {
            this.#remember(segment, home, bucket, slot + 1);
            return record;
          }
        }
      }
      if ((meta & OVERFLOW_MASK) === 0) return NULL;
      bucket = bucket + 1 === buckets ? 0 : bucket + 1;
    }
    return NULL;
  }

  /** Finds the slot of a record by its address, for `replace` and `remove`. Whether it is in the table. */
  locate(root: Ptr, hash: number, record: Ptr): boolean {
    const segment = this.#segmentOf(root, hash);
    const shape = this.#word(segment, SEGMENT_SHAPE);
    const buckets = shape >>> 8;
    const home = (((hash << (shape & 255)) >>> 16) * buckets) >>> 16;
    let bucket = home;
    for (let steps = 0; steps < buckets; steps++) {
      const cells = this.#cellsOf(segment, bucket);
      const cell = this.#cellOf(segment, bucket);
      const count = cells[cell]! & 15;
      for (let slot = 0; slot < count; slot++) {
        if (cells[cell + BUCKET_RECORDS + slot] === record) {
          this.#remember(segment, home, bucket, slot);
          return true;
        }
      }
      if ((cells[cell]! & OVERFLOW_MASK) === 0) return false;
      bucket = bucket + 1 === buckets ? 0 : bucket + 1;
    }
    return false;
  }

  /** Adds a record whose key is not in the table. */
  insert(root: Ptr, hash: number, record: Ptr): void {
    let segment = this.#segmentOf(root, hash);
    for (;;) {
      const buckets = this.#word(segment, SEGMENT_SHAPE) >>> 8;
      const count = this.#word(segment, SEGMENT_COUNT);
      if ((count + 1) * 8 <= buckets * BUCKET_SLOTS * 7) break;
      if (buckets < BUCKETS_MAX) {
        this.#resize(segment, buckets < BUCKETS_PER_CHUNK ? buckets * 2 : buckets + 16);
      } else {
        this.#split(root, segment, hash);
        segment = this.#segmentOf(root, hash);
      }
    }
    const shape = this.#word(segment, SEGMENT_SHAPE);
    this.#place(segment, shape >>> 8, (hash << (shape & 255)) >>> 16, record);
    this.#addToWord(segment, SEGMENT_COUNT, 1);
    this.#addToWord(root, ROOT_COUNT, 1);
  }

  /** Puts a moved record in the slot that the last search found. */
  replace(record: Ptr): void {
    const found = this.#found;
    const segment = found[FOUND_SEGMENT]! as Ptr;
    const bucket = found[FOUND_BUCKET]!;
    const cells = this.#cellsOf(segment, bucket);
    cells[this.#cellOf(segment, bucket) + BUCKET_RECORDS + found[FOUND_SLOT]!] = record;
  }

  /** Takes the record that the last search found out of the table. Does not free it. */
  remove(root: Ptr): void {
    const found = this.#found;
    const segment = found[FOUND_SEGMENT]! as Ptr;
    const bucket = found[FOUND_BUCKET]!;
    const slot = found[FOUND_SLOT]!;
    const cells = this.#cellsOf(segment, bucket);
    const cell = this.#cellOf(segment, bucket);
    const last = (cells[cell]! & 15) - 1;
    cells[cell + BUCKET_RECORDS + slot] = cells[cell + BUCKET_RECORDS + last]!;
    setTag(cells, cell, slot, tagAt(cells, cell, last));
    cells[cell]! -= 1;
    const shape = this.#word(segment, SEGMENT_SHAPE);
    const buckets = shape >>> 8;
    for (let b = found[FOUND_HOME]!; b !== bucket; b = b + 1 === buckets ? 0 : b + 1) {
      this.#cellsOf(segment, b)[this.#cellOf(segment, b)]! -= OVERFLOW_ONE;
    }
    this.#addToWord(segment, SEGMENT_COUNT, -1);
    this.#addToWord(root, ROOT_COUNT, -1);
    this.#shrinkIfSparse(root, segment, shape & 255, buckets);
  }

  /**
   * Brings into the cache what finding the first `count` of `hashes` will read: their home buckets, then the first
   * two lines of the record behind each matching tag. Each pass is a loop of independent loads, so that the memory
   * system works on many at once. The value returned only keeps the loads from being optimised away.
   */
  prefetch(root: Ptr, hashes: Int32Array, count: number): number {
    const allWords = this.heap.words;
    const places = this.#prefetchPlaces;
    const extents = this.#prefetchExtents;
    for (let i = 0; i < count; i++) {
      const hash = hashes[i]!;
      const segment = this.#segmentOf(root, hash);
      const words = allWords[segment >>> EXTENT_SHIFT]!;
      const at = (segment & UNIT_MASK) << 1;
      const shape = words[at]!;
      const tag = (hash << (shape & 255)) >>> 16;
      const bucket = (tag * (shape >>> 8)) >>> 16;
      const chunk = words[at + SEGMENT_CHUNKS + (bucket >>> 4)]!;
      extents[i] = chunk >>> EXTENT_SHIFT;
      places[i] = ((chunk & UNIT_MASK) << 1) + ((bucket & 15) << 4);
      hashes[i] = tag;
    }
    let sum = 0;
    for (let i = 0; i < count; i++) sum ^= allWords[extents[i]!]![places[i]!]!;
    let records = 0;
    for (let i = 0; i < count; i++) {
      const cells = allWords[extents[i]!]!;
      const record = recordWithTag(cells, places[i]!, hashes[i]!);
      if (record === 0) continue;
      extents[records] = record >>> EXTENT_SHIFT;
      places[records++] = (record & UNIT_MASK) << 1;
    }
    for (let i = 0; i < records; i++) {
      const words = allWords[extents[i]!]!;
      const at = places[i]!;
      sum ^= words[at]! ^ words[(at + LINE_WORDS) & EXTENT_WORD_MASK]!;
    }
    return sum;
  }

  /**
   * Collects into `batch` the records of one home bucket, the first at or after `position` (0 to 2^32 - 1, a
   * place in hash order), and sets `nextPosition` (0 when the table is done). Every record present from the first
   * call to the last is returned, however the table grows or shrinks between calls.
   */
  scanBucket(root: Ptr, position: number): number {
    const depth = this.#word(root, ROOT_DEPTH);
    const directory = this.#word(root, ROOT_DIRECTORY) as Ptr;
    const segment = this.#word(directory, Math.floor(position / 2 ** (32 - depth))) as Ptr;
    const shape = this.#word(segment, SEGMENT_SHAPE);
    const own = shape & 255;
    const buckets = shape >>> 8;
    const firstTag = (position << own) >>> 16;
    const home = (firstTag * buckets) >>> 16;
    const found = this.#collectHome(segment, buckets, home, firstTag);
    const span = 2 ** (32 - own);
    const start = Math.floor(position / span) * span;
    const nextTag = Math.ceil(((home + 1) * 65536) / buckets);
    const next = nextTag >= 65536 ? start + span : start + Math.floor((nextTag * span) / 65536);
    this.nextPosition = next >= POSITION_END ? 0 : next;
    return found;
  }

  /** A record chosen with equal chances, or NULL when the table is empty. `random()` is in [0, 1). */
  randomRecord(root: Ptr, random: () => number): Ptr {
    if (this.count(root) === 0) return NULL;
    const depth = this.#word(root, ROOT_DEPTH);
    const directory = this.#word(root, ROOT_DIRECTORY) as Ptr;
    for (;;) {
      const segment = this.#word(directory, Math.floor(random() * 2 ** depth)) as Ptr;
      const shape = this.#word(segment, SEGMENT_SHAPE);
      const buckets = shape >>> 8;
      // Weighs segments by buckets and by the share of the directory that led here.
      const accept = this.#largestWeight(depth, shape & 255, buckets);
      if (accept < 1 && random() >= accept) continue;
      const bucket = Math.floor(random() * buckets);
      const slot = Math.floor(random() * BUCKET_SLOTS);
      const cells = this.#cellsOf(segment, bucket);
      const cell = this.#cellOf(segment, bucket);
      if (slot < (cells[cell]! & 15)) return cells[cell + BUCKET_RECORDS + slot]! as Ptr;
    }
  }

  /**
   * Takes the last segment apart: its records go to `batch`, its memory is freed. Returns their number, or -1 once
   * the table itself is gone. REQUIRES: after the first call only further calls, until -1.
   */
  drainSegment(root: Ptr): number {
    const directory = this.#word(root, ROOT_DIRECTORY) as Ptr;
    // While draining, ROOT_DEEPEST holds how many directory entries are left, plus one.
    let left = this.#word(root, ROOT_DEEPEST) - DRAINING;
    if (left < 0) left = 2 ** this.#word(root, ROOT_DEPTH);
    if (left === 0) {
      this.heap.free(directory);
      this.heap.free(root);
      return -1;
    }
    const segment = this.#word(directory, left - 1) as Ptr;
    while (left > 0 && this.#word(directory, left - 1) === segment) left--;
    this.#setWord(root, ROOT_DEEPEST, left + DRAINING);
    const count = this.#collect(segment);
    this.batch.set(records.subarray(0, count));
    this.#freeSegment(segment);
    return count;
  }

  /** Calls back with the address of every block of the table but its records, for the heap checker. */
  visitBlocks(root: Ptr, visit: (block: Ptr) => void): void {
    visit(root);
    const directory = this.#word(root, ROOT_DIRECTORY) as Ptr;
    visit(directory);
    let previous = NULL;
    for (let i = 0; i < 2 ** this.#word(root, ROOT_DEPTH); i++) {
      const segment = this.#word(directory, i) as Ptr;
      if (segment === previous) continue;
      previous = segment;
      visit(segment);
      const chunks = chunkCount(this.#word(segment, SEGMENT_SHAPE) >>> 8);
      for (let c = 0; c < chunks; c++) visit(this.#word(segment, SEGMENT_CHUNKS + c) as Ptr);
    }
  }

  #collectHome(segment: Ptr, buckets: number, home: number, firstTag: number): number {
    let found = 0;
    let bucket = home;
    for (let steps = 0; steps < buckets; steps++) {
      const cells = this.#cellsOf(segment, bucket);
      const cell = this.#cellOf(segment, bucket);
      const count = cells[cell]! & 15;
      for (let slot = 0; slot < count; slot++) {
        const tag = tagAt(cells, cell, slot);
        if (tag >= firstTag && (tag * buckets) >>> 16 === home) {
          this.batch[found++] = cells[cell + BUCKET_RECORDS + slot]!;
        }
      }
      if ((cells[cell]! & OVERFLOW_MASK) === 0) break;
      bucket = bucket + 1 === buckets ? 0 : bucket + 1;
    }
    return found;
  }

  #largestWeight(depth: number, own: number, buckets: number): number {
    return (buckets / BUCKETS_MAX) * 2 ** (own - depth);
  }

  #remember(segment: Ptr, home: number, bucket: number, slot: number): void {
    const found = this.#found;
    found[FOUND_SEGMENT] = segment;
    found[FOUND_HOME] = home;
    found[FOUND_BUCKET] = bucket;
    found[FOUND_SLOT] = slot;
  }

  #segmentOf(root: Ptr, hash: number): Ptr {
    const allWords = this.heap.words;
    const words = allWords[root >>> EXTENT_SHIFT]!;
    const at = (root & UNIT_MASK) << 1;
    const directory = words[at + ROOT_DIRECTORY]!;
    const depth = words[at + ROOT_DEPTH]!;
    const index = depth === 0 ? 0 : hash >>> (32 - depth);
    return allWords[directory >>> EXTENT_SHIFT]![((directory & UNIT_MASK) << 1) + index]! as Ptr;
  }

  #place(segment: Ptr, buckets: number, tag: number, record: Ptr): void {
    let bucket = (tag * buckets) >>> 16;
    for (;;) {
      const cells = this.#cellsOf(segment, bucket);
      const cell = this.#cellOf(segment, bucket);
      const count = cells[cell]! & 15;
      if (count < BUCKET_SLOTS) {
        cells[cell + BUCKET_RECORDS + count] = record;
        setTag(cells, cell, count, tag);
        cells[cell]! += 1;
        return;
      }
      cells[cell]! += OVERFLOW_ONE;
      bucket = bucket + 1 === buckets ? 0 : bucket + 1;
    }
  }

  #newSegment(buckets: number, depth: number): Ptr {
    const segment = this.heap.alloc(SEGMENT_BYTES);
    this.#setWord(segment, SEGMENT_SHAPE, (buckets << 8) | depth);
    this.#setWord(segment, SEGMENT_COUNT, 0);
    this.#addChunks(segment, 0, buckets);
    return segment;
  }

  /** Allocates and clears the chunks that take a segment from `have` to `want` buckets. */
  #addChunks(segment: Ptr, have: number, want: number): void {
    for (let c = chunkCount(have); c < chunkCount(want); c++) {
      const chunk = this.heap.alloc(Math.min(want, BUCKETS_PER_CHUNK) * 64);
      this.#setWord(segment, SEGMENT_CHUNKS + c, chunk);
      this.#clearChunk(chunk, Math.min(want, BUCKETS_PER_CHUNK));
    }
  }

  #clearChunk(chunk: Ptr, buckets: number): void {
    const at = (chunk & UNIT_MASK) << 1;
    this.heap.words[chunk >>> EXTENT_SHIFT]!.fill(0, at, at + buckets * 16);
  }

  #freeSegment(segment: Ptr): void {
    const chunks = chunkCount(this.#word(segment, SEGMENT_SHAPE) >>> 8);
    for (let c = 0; c < chunks; c++) this.heap.free(this.#word(segment, SEGMENT_CHUNKS + c) as Ptr);
    this.heap.free(segment);
  }

  /** Copies a segment's tags and records to the scratch arrays, from index `from`; returns the end. */
  #collect(segment: Ptr, from = 0): number {
    const buckets = this.#word(segment, SEGMENT_SHAPE) >>> 8;
    let found = from;
    for (let bucket = 0; bucket < buckets; bucket++) {
      const cells = this.#cellsOf(segment, bucket);
      const cell = this.#cellOf(segment, bucket);
      const count = cells[cell]! & 15;
      for (let slot = 0; slot < count; slot++) {
        tags[found] = tagAt(cells, cell, slot);
        records[found++] = cells[cell + BUCKET_RECORDS + slot]!;
      }
    }
    return found;
  }

  /** Gives an emptied segment exactly `want` buckets, all clear. */
  #reshape(segment: Ptr, want: number, depth: number): void {
    const have = this.#word(segment, SEGMENT_SHAPE) >>> 8;
    const partial = Math.min(have, want) < BUCKETS_PER_CHUNK;
    const kept = partial ? 0 : Math.min(chunkCount(have), chunkCount(want));
    for (let c = kept; c < chunkCount(have); c++) {
      this.heap.free(this.#word(segment, SEGMENT_CHUNKS + c) as Ptr);
    }
    for (let c = 0; c < kept; c++) {
      this.#clearChunk(this.#word(segment, SEGMENT_CHUNKS + c) as Ptr, BUCKETS_PER_CHUNK);
    }
    this.#addChunks(segment, kept * BUCKETS_PER_CHUNK, want);
    this.#setWord(segment, SEGMENT_SHAPE, (want << 8) | depth);
  }

  #resize(segment: Ptr, want: number): void {
    const count = this.#collect(segment);
    this.#reshape(segment, want, this.#word(segment, SEGMENT_SHAPE) & 255);
    for (let i = 0; i < count; i++) this.#place(segment, want, tags[i]!, records[i]! as Ptr);
  }

  /** Divides a full-size segment by the next bit of the hash. */
  #split(root: Ptr, segment: Ptr, hash: number): void {
    const own = this.#word(segment, SEGMENT_SHAPE) & 255;
    if (own === this.#word(root, ROOT_DEPTH)) this.#doubleDirectory(root);
    const count = this.#collect(segment);
    this.#touchRecords(count);
    const half = BUCKETS_MAX / 2;
    const right = this.heap.alloc(SEGMENT_BYTES);
    for (let c = 0; c < half / BUCKETS_PER_CHUNK; c++) {
      const chunk = this.#word(segment, SEGMENT_CHUNKS + half / BUCKETS_PER_CHUNK + c) as Ptr;
      this.#setWord(right, SEGMENT_CHUNKS + c, chunk);
      this.#clearChunk(chunk, BUCKETS_PER_CHUNK);
      this.#clearChunk(this.#word(segment, SEGMENT_CHUNKS + c) as Ptr, BUCKETS_PER_CHUNK);
    }
    this.#setWord(segment, SEGMENT_SHAPE, (half << 8) | (own + 1));
    this.#setWord(right, SEGMENT_SHAPE, (half << 8) | (own + 1));
    let rightCount = 0;
    for (let i = 0; i < count; i++) {
      const goesRight = tags[i]! >>> 15;
      const tag = (this.hashOf(records[i]! as Ptr) << (own + 1)) >>> 16;
      this.#place(goesRight === 1 ? right : segment, half, tag, records[i]! as Ptr);
      rightCount += goesRight;
    }
    this.#setWord(right, SEGMENT_COUNT, rightCount);
    this.#setWord(segment, SEGMENT_COUNT, count - rightCount);
    const depth = this.#word(root, ROOT_DEPTH);
    const span = 2 ** (depth - own - 1);
    const first = own === 0 ? 0 : (hash >>> (32 - own)) * span * 2;
    this.#pointDirectory(root, first + span, span, right);
    if (own + 1 === depth) this.#addToWord(root, ROOT_DEEPEST, 2);
  }

  /** Loads the records' first words in one go, so that their cache misses overlap. */
  #touchRecords(count: number): number {
    const allWords = this.heap.words;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const record = records[i]!;
      sum ^= allWords[record >>> EXTENT_SHIFT]![(record & UNIT_MASK) << 1]!;
    }
    return sum;
  }

  #doubleDirectory(root: Ptr): void {
    const depth = this.#word(root, ROOT_DEPTH);
    const old = this.#word(root, ROOT_DIRECTORY) as Ptr;
    const fresh = this.heap.alloc(Math.max(8, 2 ** (depth + 1) * 4));
    const from = this.heap.words[old >>> EXTENT_SHIFT]!;
    const to = this.heap.words[fresh >>> EXTENT_SHIFT]!;
    const fromAt = (old & UNIT_MASK) << 1;
    const toAt = (fresh & UNIT_MASK) << 1;
    for (let i = 0; i < 2 ** (depth + 1); i++) to[toAt + i] = from[fromAt + (i >>> 1)]!;
    this.heap.free(old);
    this.#setWord(root, ROOT_DIRECTORY, fresh);
    this.#setWord(root, ROOT_DEPTH, depth + 1);
    this.#setWord(root, ROOT_DEEPEST, 0);
  }

  #halveDirectory(root: Ptr): void {
    const depth = this.#word(root, ROOT_DEPTH) - 1;
    const old = this.#word(root, ROOT_DIRECTORY) as Ptr;
    const fresh = this.heap.alloc(Math.max(8, 2 ** depth * 4));
    let deepest = 0;
    let previous = NULL;
    for (let i = 0; i < 2 ** depth; i++) {
      const segment = this.#word(old, i * 2) as Ptr;
      this.#setWord(fresh, i, segment);
      if (segment !== previous && (this.#word(segment, SEGMENT_SHAPE) & 255) === depth) deepest++;
      previous = segment;
    }
    this.heap.free(old);
    this.#setWord(root, ROOT_DIRECTORY, fresh);
    this.#setWord(root, ROOT_DEPTH, depth);
    this.#setWord(root, ROOT_DEEPEST, deepest);
  }

  #pointDirectory(root: Ptr, first: number, span: number, segment: Ptr): void {
    const directory = this.#word(root, ROOT_DIRECTORY) as Ptr;
    for (let i = first; i < first + span; i++) this.#setWord(directory, i, segment);
  }

  /** One step of shrinking: a chunk less, or a merge with the neighbour, or nothing. */
  #shrinkIfSparse(root: Ptr, segment: Ptr, own: number, buckets: number): void {
    const count = this.#word(segment, SEGMENT_COUNT);
    const less = buckets > BUCKETS_PER_CHUNK ? buckets - 16 : buckets >>> 1;
    if (own > 0 && buckets <= BUCKETS_MAX / 2) {
      this.#mergeIfSparse(root, segment, own, count);
    } else if (less > 0 && count * 20 <= less * BUCKET_SLOTS * 11) {
      this.#resize(segment, less);
    }
  }

  #mergeIfSparse(root: Ptr, segment: Ptr, own: number, count: number): void {
    const half = BUCKETS_MAX / 2;
    if (count * 4 > half * BUCKET_SLOTS) return;
    const depth = this.#word(root, ROOT_DEPTH);
    const span = 2 ** (depth - own);
    const at = this.#directoryIndex(root, segment, depth, own);
    const leftAt = at - (at % (2 * span));
    const directory = this.#word(root, ROOT_DIRECTORY) as Ptr;
    const left = this.#word(directory, leftAt) as Ptr;
    const right = this.#word(directory, leftAt + span) as Ptr;
    const buddy = left === segment ? right : left;
    if ((this.#word(buddy, SEGMENT_SHAPE) & 255) !== own) return;
    const total = count + this.#word(buddy, SEGMENT_COUNT);
    if (total * 2 > half * BUCKET_SLOTS) return;
    const leftCount = this.#collect(left);
    this.#collect(right, leftCount);
    this.#reshape(left, half, own - 1);
    this.#freeSegment(right);
    for (let i = 0; i < total; i++) {
      const tag = (tags[i]! >>> 1) | (i < leftCount ? 0 : 0x8000);
      this.#place(left, half, tag, records[i]! as Ptr);
    }
    this.#setWord(left, SEGMENT_COUNT, total);
    this.#pointDirectory(root, leftAt, 2 * span, left);
    if (own !== depth) return;
    this.#addToWord(root, ROOT_DEEPEST, -2);
    if (this.#word(root, ROOT_DEEPEST) === 0) this.#halveDirectory(root);
  }

  /** First directory entry of a segment, found through any of its records or, when empty, by looking. */
  #directoryIndex(root: Ptr, segment: Ptr, depth: number, own: number): number {
    const directory = this.#word(root, ROOT_DIRECTORY) as Ptr;
    const buckets = this.#word(segment, SEGMENT_SHAPE) >>> 8;
    for (let bucket = 0; bucket < buckets; bucket++) {
      const cells = this.#cellsOf(segment, bucket);
      const cell = this.#cellOf(segment, bucket);
      if ((cells[cell]! & 15) === 0) continue;
      const hash = this.hashOf(cells[cell + BUCKET_RECORDS]! as Ptr);
      return (hash >>> (32 - own)) * 2 ** (depth - own);
    }
    let index = 0;
    while (this.#word(directory, index) !== segment) index++;
    return index;
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

  #setWord(block: Ptr, index: number, value: number): void {
    this.heap.words[block >>> EXTENT_SHIFT]![((block & UNIT_MASK) << 1) + index] = value;
  }

  #addToWord(block: Ptr, index: number, delta: number): void {
    this.heap.words[block >>> EXTENT_SHIFT]![((block & UNIT_MASK) << 1) + index]! += delta;
  }
}

/** Added to the directory entries left while a table is drained; larger than any segment count. */
const DRAINING = 2 ** 30;

function chunkCount(buckets: number): number {
  return (buckets + BUCKETS_PER_CHUNK - 1) >>> 4;
}

/** The first record of a bucket whose tag this is, 0 for none. */
function recordWithTag(cells: Uint32Array, cell: number, tag: number): number {
  const count = cells[cell]! & 15;
  const pattern = (tag << 16) | tag;
  for (let slot = 0; slot < count; slot += 2) {
    const difference = cells[cell + BUCKET_TAGS + (slot >>> 1)]! ^ pattern;
    if ((difference & 0xffff) === 0) return cells[cell + BUCKET_RECORDS + slot]!;
    if (difference >>> 16 === 0 && slot + 1 < count)
      return cells[cell + BUCKET_RECORDS + slot + 1]!;
  }
  return 0;
}

function tagAt(cells: Uint32Array, cell: number, slot: number): number {
  return (cells[cell + BUCKET_TAGS + (slot >>> 1)]! >>> ((slot & 1) << 4)) & 0xffff;
}

function setTag(cells: Uint32Array, cell: number, slot: number, tag: number): void {
  const at = cell + BUCKET_TAGS + (slot >>> 1);
  const shift = (slot & 1) << 4;
  cells[at] = (cells[at]! & ~(0xffff << shift)) | (tag << shift);
}
