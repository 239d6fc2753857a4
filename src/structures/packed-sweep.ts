/**
 * Packed tables as wholes: making, copying and freeing them, moving what lies on evacuated pages,
 * naming every block.
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import { copyBytes } from '../memory/bytes.ts';
import type { Heap } from '../memory/heap.ts';
import type { PackedFarParts } from './packed-far.ts';
import type { PackedIndex } from './packed-index.ts';
import {
  CHUNK_BUCKETS,
  CHUNK_SHIFT,
  FAR_LENGTH,
  initializeRoot,
  ROOT_BUCKETS,
  ROOT_BYTES,
  ROOT_DIRECTORY,
  ROOT_KIND,
  ROOT_USED_OFFSET,
  setRootSum,
} from './packed-table-layout.ts';

/** See the file's comment. */
export class PackedSweep {
  readonly #heap: Heap;
  readonly #index: PackedIndex;
  readonly #farParts: PackedFarParts;

  constructor(heap: Heap, index: PackedIndex, farParts: PackedFarParts) {
    this.#heap = heap;
    this.#index = index;
    this.#farParts = farParts;
  }

  /**
   * Frees blocks from the end of the table, about `blocksMax` of them; true once nothing is left of
   * it. After the first call only `visitBlocks` and further calls are allowed.
   */
  release(root: Ptr, blocksMax: number): boolean {
    const heap = this.#heap;
    const index = this.#index;
    const kind = heap.word(root, ROOT_KIND);
    let left = blocksMax;
    for (let bucket = heap.word(root, ROOT_BUCKETS) - 1; bucket >= 0; bucket--) {
      if (left <= 0) return false;
      left -= 1 + this.#freeBucket(kind, index.block(root, bucket));
      heap.setWord(root, ROOT_BUCKETS, bucket);
      if (bucket % CHUNK_BUCKETS === 0) heap.free(index.chunk(root, bucket >>> CHUNK_SHIFT));
    }
    heap.free(index.directory(root));
    heap.free(root);
    return true;
  }

  /** A table of the same entries that shares nothing. Throws OutOfMemoryError, leaving nothing. */
  copy(root: Ptr): Ptr {
    const heap = this.#heap;
    const before = heap.usedBytes;
    const kind = heap.word(root, ROOT_KIND);
    const buckets = heap.word(root, ROOT_BUCKETS);
    const fresh = this.create(kind);
    try {
      for (let bucket = 0; bucket < buckets; bucket++) {
        if (bucket > 0) this.#index.extend(fresh, bucket);
        this.#index.setBlock(fresh, bucket, NULL);
        heap.setWord(fresh, ROOT_BUCKETS, bucket + 1);
        const block = this.#copyBucket(kind, this.#index.block(root, bucket));
        this.#index.setBlock(fresh, bucket, block);
      }
    } catch (problem) {
      this.release(fresh, Number.POSITIVE_INFINITY);
      throw problem;
    }
    for (let word = 0; word < ROOT_BYTES / 4; word++) {
      if (word !== ROOT_DIRECTORY) heap.setWord(fresh, word, heap.word(root, word));
    }
    setRootSum(heap, fresh, ROOT_USED_OFFSET, heap.usedBytes - before);
    return fresh;
  }

  /** Makes a table without entries. Throws OutOfMemoryError. */
  create(kind: number): Ptr {
    const heap = this.#heap;
    const before = heap.usedBytes;
    const directory = this.#index.create();
    let root = NULL;
    try {
      root = heap.alloc(ROOT_BYTES);
    } catch (problem) {
      heap.free(heap.word(directory, 0) as Ptr);
      heap.free(directory);
      throw problem;
    }
    initializeRoot(heap, root, kind, directory);
    setRootSum(heap, root, ROOT_USED_OFFSET, heap.usedBytes - before);
    return root;
  }

  /** Calls back with the address of every block. */
  visitBlocks(root: Ptr, visit: (block: Ptr) => void): void {
    const kind = this.#heap.word(root, ROOT_KIND);
    const buckets = this.#heap.word(root, ROOT_BUCKETS);
    visit(root);
    this.#index.visitBlocks(root, visit);
    for (let bucket = 0; bucket < buckets; bucket++) {
      const block = this.#index.block(root, bucket);
      if (block === NULL) continue;
      visit(block);
      this.#farParts.each(kind, block, (view, at) => visit(view.getUint32(at, true) as Ptr));
    }
  }

  /**
   * Moves the root and the directory if they lie on evacuated pages; returns the root's address.
   */
  relocateRoot(root: Ptr): Ptr {
    const heap = this.#heap;
    const directory = this.#index.directory(root);
    if (heap.isEvacuating(directory)) {
      heap.setWord(root, ROOT_DIRECTORY, heap.relocate(directory));
    }
    return heap.isEvacuating(root) ? heap.relocate(root) : root;
  }

  /**
   * Moves what lies on evacuated pages of a bucket: its chunk of the index, its block, its far
   * parts.
   */
  relocateBucket(root: Ptr, bucket: number): void {
    const heap = this.#heap;
    const index = this.#index;
    const chunk = index.chunk(root, bucket >>> CHUNK_SHIFT);
    if (heap.isEvacuating(chunk)) {
      index.setChunk(root, bucket >>> CHUNK_SHIFT, heap.relocate(chunk));
    }
    let block = index.block(root, bucket);
    if (block === NULL) return;
    if (heap.isEvacuating(block)) {
      block = heap.relocate(block);
      index.setBlock(root, bucket, block);
    }
    this.#farParts.each(heap.word(root, ROOT_KIND), block, (view, at) => {
      const far = view.getUint32(at, true) as Ptr;
      if (heap.isEvacuating(far)) view.setUint32(at, heap.relocate(far), true);
    });
  }

  /** Returns the number of far parts that were freed too. */
  #freeBucket(kind: number, block: Ptr): number {
    if (block === NULL) return 0;
    let count = 0;
    this.#farParts.each(kind, block, (view, at) => {
      this.#heap.free(view.getUint32(at, true) as Ptr);
      count++;
    });
    this.#heap.free(block);
    return count;
  }

  #copyBucket(kind: number, block: Ptr): Ptr {
    if (block === NULL) return NULL;
    const heap = this.#heap;
    const fresh = this.#copyBlock(block, heap.capacity(block));
    let copied = 0;
    try {
      this.#farParts.each(kind, fresh, (view, at) => {
        const length = view.getUint32(at + FAR_LENGTH, true);
        view.setUint32(at, this.#copyBlock(view.getUint32(at, true) as Ptr, length), true);
        copied++;
      });
    } catch (problem) {
      this.#farParts.each(kind, fresh, (view, at) => {
        if (copied-- > 0) heap.free(view.getUint32(at, true) as Ptr);
      });
      heap.free(fresh);
      throw problem;
    }
    return fresh;
  }

  #copyBlock(block: Ptr, length: number): Ptr {
    const heap = this.#heap;
    const fresh = heap.alloc(length);
    const from = block >>> EXTENT_SHIFT;
    const to = fresh >>> EXTENT_SHIFT;
    copyBytes(
      heap.bytes[from]!,
      heap.views[from]!,
      (block & UNIT_MASK) << 3,
      heap.bytes[to]!,
      heap.views[to]!,
      (fresh & UNIT_MASK) << 3,
      length,
    );
    return fresh;
  }
}
