/**
 * How hash tables grow and shrink beyond one segment: segments are divided and united, directories
 * doubled and halved. hash-table.ts tells why; hash-table-layout.ts draws the bytes.
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import { type Heap, OutOfMemoryError } from '../memory/heap.ts';
import type { HashSegments } from './hash-segments.ts';
import {
  BUCKET_SLOTS,
  BUCKETS_HALF,
  BUCKETS_PER_CHUNK,
  DEPTH_MAX,
  DRAINING,
  ROOT_DEEPEST,
  ROOT_DEPTH,
  ROOT_DIRECTORY,
  SEGMENT_COUNT,
  SEGMENT_SHAPE,
} from './hash-table-layout.ts';

/** See the file's comment. */
export class HashGrowth {
  readonly #heap: Heap;
  readonly #segments: HashSegments;
  readonly #hasher: { hashOf(record: Ptr): number };

  constructor(heap: Heap, segments: HashSegments, hasher: { hashOf(record: Ptr): number }) {
    this.#heap = heap;
    this.#segments = segments;
    this.#hasher = hasher;
  }

  /** Divides a full-size segment by the next bit of the hash. */
  split(root: Ptr, segment: Ptr, hash: number): void {
    const heap = this.#heap;
    const { tags, records } = this.#segments;
    const own = heap.word(segment, SEGMENT_SHAPE) & 255;
    if (own === DEPTH_MAX) throw new Error('too many records have the same hash');
    if (own === heap.word(root, ROOT_DEPTH)) doubleDirectory(heap, root);
    const count = this.#segments.collect(segment);
    this.#touchRecords(count);
    let rightCount = 0;
    for (let i = 0; i < count; i++) rightCount += tags[i]! >>> 15;
    // However the hashes fall, all of them may go to one side.
    const right = this.#segments.divide(segment, count - rightCount, rightCount);
    const leftBuckets = heap.word(segment, SEGMENT_SHAPE) >>> 8;
    const rightBuckets = heap.word(right, SEGMENT_SHAPE) >>> 8;
    for (let i = 0; i < count; i++) {
      const record = records[i]! as Ptr;
      const tag = (this.#hasher.hashOf(record) << (own + 1)) >>> 16;
      if (tags[i]! < 0x8000) this.#segments.place(segment, leftBuckets, tag, record);
      else this.#segments.place(right, rightBuckets, tag, record);
    }
    const depth = heap.word(root, ROOT_DEPTH);
    const span = 2 ** (depth - own - 1);
    const first = own === 0 ? 0 : (hash >>> (32 - own)) * span * 2;
    pointDirectory(heap, root, first + span, span, right);
    if (own + 1 === depth) heap.setWord(root, ROOT_DEEPEST, heap.word(root, ROOT_DEEPEST) + 2);
  }

  /** Loads the records' first words in one go, so that their cache misses overlap. */
  #touchRecords(count: number): number {
    const allWords = this.#heap.words;
    const { records } = this.#segments;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const record = records[i]!;
      sum ^= allWords[record >>> EXTENT_SHIFT]![(record & UNIT_MASK) << 1]!;
    }
    return sum;
  }

  /**
   * One step of shrinking, if a segment holds little: a chunk less, or a merge with its neighbour.
   */
  shrinkIfSparse(root: Ptr, segment: Ptr, hash: number): void {
    const heap = this.#heap;
    const shape = heap.word(segment, SEGMENT_SHAPE);
    const count = heap.word(segment, SEGMENT_COUNT);
    const buckets = shape >>> 8;
    const own = shape & 255;
    const less = buckets > BUCKETS_PER_CHUNK ? buckets - BUCKETS_PER_CHUNK : buckets >>> 1;
    const mayMerge = buckets <= BUCKETS_HALF && own > 0;
    // Both are compared each time: compiled code has then met both.
    const isQuarter = count * 4 <= BUCKETS_HALF * BUCKET_SLOTS;
    const isSparse = count * 20 <= less * BUCKET_SLOTS * 11;
    try {
      if (mayMerge) {
        if (isQuarter) this.#mergeIfSparse(root, segment, own, hash);
      } else if (isSparse && less > 0) {
        this.#segments.resize(segment, less);
      }
    } catch (problem) {
      // Without memory for a smaller block the larger one stays: it is as good.
      if (!(problem instanceof OutOfMemoryError)) throw problem;
    }
  }

  /**
   * Unites a segment with the other half of the one it came from, if half of 64 buckets holds them
   * both.
   */
  #mergeIfSparse(root: Ptr, segment: Ptr, own: number, hash: number): void {
    const heap = this.#heap;
    const { tags, records } = this.#segments;
    const depth = heap.word(root, ROOT_DEPTH);
    const span = 2 ** (depth - own);
    const leftAt = own === 1 ? 0 : (hash >>> (33 - own)) * 2 * span;
    const directory = heap.word(root, ROOT_DIRECTORY) as Ptr;
    const left = heap.word(directory, leftAt) as Ptr;
    const right = heap.word(directory, leftAt + span) as Ptr;
    const buddy = left === segment ? right : left;
    if ((heap.word(buddy, SEGMENT_SHAPE) & 255) !== own) return;
    const total = heap.word(left, SEGMENT_COUNT) + heap.word(right, SEGMENT_COUNT);
    if (total * 2 > BUCKETS_HALF * BUCKET_SLOTS) return;
    const leftCount = this.#segments.collect(left);
    this.#segments.collect(right, leftCount);
    this.#segments.reshape(left, BUCKETS_HALF, own - 1);
    this.#segments.free(right);
    for (let i = 0; i < total; i++) {
      const tag = (tags[i]! >>> 1) | (i < leftCount ? 0 : 0x8000);
      this.#segments.place(left, BUCKETS_HALF, tag, records[i]! as Ptr);
    }
    heap.setWord(left, SEGMENT_COUNT, total);
    pointDirectory(heap, root, leftAt, 2 * span, left);
    if (own !== depth) return;
    const deepest = heap.word(root, ROOT_DEEPEST) - 2;
    heap.setWord(root, ROOT_DEEPEST, deepest);
    if (deepest === 0) halveDirectory(heap, root);
  }
}

/** Makes the directory one level deeper; every segment then has twice as many entries. */
function doubleDirectory(heap: Heap, root: Ptr): void {
  const depth = heap.word(root, ROOT_DEPTH);
  const old = heap.word(root, ROOT_DIRECTORY) as Ptr;
  const fresh = heap.alloc(2 ** (depth + 1) * 4);
  const from = heap.words[old >>> EXTENT_SHIFT]!;
  const to = heap.words[fresh >>> EXTENT_SHIFT]!;
  const fromAt = (old & UNIT_MASK) << 1;
  const toAt = (fresh & UNIT_MASK) << 1;
  for (let i = 0; i < 2 ** (depth + 1); i++) to[toAt + i] = from[fromAt + (i >>> 1)]!;
  heap.free(old);
  heap.setWord(root, ROOT_DIRECTORY, fresh);
  heap.setWord(root, ROOT_DEPTH, depth + 1);
  heap.setWord(root, ROOT_DEEPEST, 0);
}

/** Makes the directory one level less deep. REQUIRES: no segment is as deep as the directory. */
function halveDirectory(heap: Heap, root: Ptr): void {
  const depth = heap.word(root, ROOT_DEPTH) - 1;
  const old = heap.word(root, ROOT_DIRECTORY) as Ptr;
  const fresh = heap.alloc(2 ** depth * 4);
  let deepest = 0;
  let previous = NULL;
  for (let i = 0; i < 2 ** depth; i++) {
    const segment = heap.word(old, i * 2) as Ptr;
    heap.setWord(fresh, i, segment);
    if (segment !== previous && (heap.word(segment, SEGMENT_SHAPE) & 255) === depth) deepest++;
    previous = segment;
  }
  heap.free(old);
  heap.setWord(root, ROOT_DIRECTORY, fresh);
  heap.setWord(root, ROOT_DEPTH, depth);
  heap.setWord(root, ROOT_DEEPEST, deepest);
}

/** Points `span` entries from `first` on at a segment. */
export function pointDirectory(
  heap: Heap,
  root: Ptr,
  first: number,
  span: number,
  segment: Ptr,
): void {
  const directory = heap.word(root, ROOT_DIRECTORY) as Ptr;
  for (let i = first; i < first + span; i++) heap.setWord(directory, i, segment);
}

/**
 * Entries of the directory whose segments are still there: all, unless the table is being taken
 * apart.
 */
export function entriesLeft(heap: Heap, root: Ptr): number {
  const deepest = heap.word(root, ROOT_DEEPEST);
  return deepest >= DRAINING ? deepest - DRAINING : 2 ** heap.word(root, ROOT_DEPTH);
}
