/**
 * The addresses of a packed table's buckets: chunks of 256 behind a directory, so that growing by
 * a bucket never copies more than the directory (4 KiB per million small members).
 * packed-table-layout.ts draws the bytes.
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import {
  CHUNK_BUCKETS,
  CHUNK_BYTES,
  CHUNK_SHIFT,
  ROOT_BUCKETS,
  ROOT_DIRECTORY,
  ROOT_MASK,
} from './packed-table-layout.ts';

const SMALLEST_BYTES = 8;
const CHUNK_MASK = CHUNK_BUCKETS - 1;

/** See the file's comment. */
export class PackedIndex {
  readonly #heap: Heap;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** A directory for one bucket, which has no entries. Throws OutOfMemoryError, leaving nothing. */
  create(): Ptr {
    const heap = this.#heap;
    const chunk = heap.alloc(SMALLEST_BYTES);
    heap.setWord(chunk, 0, NULL);
    try {
      const directory = heap.alloc(SMALLEST_BYTES);
      heap.setWord(directory, 0, chunk);
      return directory;
    } catch (problem) {
      heap.free(chunk);
      throw problem;
    }
  }

  /** The bucket that members with this hash are in. */
  bucketOf(root: Ptr, hash: number): number {
    const words = this.#heap.words[root >>> EXTENT_SHIFT]!;
    const at = (root & UNIT_MASK) << 1;
    const mask = words[at + ROOT_MASK]!;
    const bucket = hash & mask;
    return bucket < words[at + ROOT_BUCKETS]! ? bucket : bucket & (mask >>> 1);
  }

  /** The block of a bucket, NULL when it has no entries. */
  block(root: Ptr, bucket: number): Ptr {
    const allWords = this.#heap.words;
    const directory = allWords[root >>> EXTENT_SHIFT]![((root & UNIT_MASK) << 1) + ROOT_DIRECTORY]!;
    const at = ((directory & UNIT_MASK) << 1) + (bucket >>> CHUNK_SHIFT);
    const chunk = allWords[directory >>> EXTENT_SHIFT]![at]!;
    const cell = ((chunk & UNIT_MASK) << 1) + (bucket & CHUNK_MASK);
    return allWords[chunk >>> EXTENT_SHIFT]![cell]! as Ptr;
  }

  setBlock(root: Ptr, bucket: number, block: Ptr): void {
    this.#heap.setWord(this.chunk(root, bucket >>> CHUNK_SHIFT), bucket & CHUNK_MASK, block);
  }

  chunk(root: Ptr, index: number): Ptr {
    return this.#heap.word(this.directory(root), index) as Ptr;
  }

  setChunk(root: Ptr, index: number, chunk: Ptr): void {
    this.#heap.setWord(this.directory(root), index, chunk);
  }

  /**
   * Makes room for the address of bucket number `bucket`, the one behind the last. Throws
   * OutOfMemoryError.
   */
  extend(root: Ptr, bucket: number): void {
    const heap = this.#heap;
    const index = bucket >>> CHUNK_SHIFT;
    if (index === 0) {
      const chunk = this.chunk(root, 0);
      const capacity = heap.capacity(chunk);
      if (bucket * 4 < capacity) return;
      this.setChunk(root, 0, this.#resized(chunk, bucket, capacity * 2));
      return;
    }
    const directory = this.directory(root);
    if (index * 4 >= heap.capacity(directory)) {
      const resized = this.#resized(directory, index, index * 6);
      heap.setWord(root, ROOT_DIRECTORY, resized);
    }
    if ((bucket & CHUNK_MASK) === 0) this.setChunk(root, index, heap.alloc(CHUNK_BYTES));
  }

  /**
   * Gives back what a table of `buckets` buckets no longer needs, one fewer than it had. Throws
   * OutOfMemoryError.
   */
  trim(root: Ptr, buckets: number): void {
    const heap = this.#heap;
    if (buckets < CHUNK_BUCKETS) {
      const chunk = this.chunk(root, 0);
      const capacity = heap.capacity(chunk);
      if (capacity > SMALLEST_BYTES && buckets * 16 <= capacity) {
        this.setChunk(root, 0, this.#resized(chunk, buckets, capacity / 2));
      }
      return;
    }
    if ((buckets & CHUNK_MASK) !== 0) return;
    const chunks = buckets >>> CHUNK_SHIFT;
    heap.free(this.chunk(root, chunks));
    const directory = this.directory(root);
    if (heap.capacity(directory) > chunks * 16) {
      heap.setWord(root, ROOT_DIRECTORY, this.#resized(directory, chunks, chunks * 6));
    }
  }

  /** Calls back with the address of each of its blocks. */
  visitBlocks(root: Ptr, visit: (block: Ptr) => void): void {
    visit(this.directory(root));
    const chunks = Math.ceil(this.#heap.word(root, ROOT_BUCKETS) / CHUNK_BUCKETS);
    for (let index = 0; index < chunks; index++) visit(this.chunk(root, index));
  }

  directory(root: Ptr): Ptr {
    return this.#heap.word(root, ROOT_DIRECTORY) as Ptr;
  }

  /** A block of `sizeBytes` in the place of this one, with its first `wordCount` words. */
  #resized(block: Ptr, wordCount: number, sizeBytes: number): Ptr {
    const heap = this.#heap;
    const fresh = heap.alloc(sizeBytes);
    const from = heap.words[block >>> EXTENT_SHIFT]!;
    const to = heap.words[fresh >>> EXTENT_SHIFT]!;
    const fromAt = (block & UNIT_MASK) << 1;
    const toAt = (fresh & UNIT_MASK) << 1;
    for (let i = 0; i < wordCount; i++) to[toAt + i] = from[fromAt + i]!;
    heap.free(block);
    return fresh;
  }
}
