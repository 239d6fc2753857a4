/**
 * Far parts of packed tables: members and values too long for a bucket, each in a block of its own.
 * In the entry are the block's address, the length and, of a member, the hash: so growing the table
 * reads no long member, and finding one reads it only if hash and length agree.
 */
import { EXTENT_SHIFT, type Ptr, UNIT_MASK } from '../memory/address.ts';
import { copyBytes, equalBytes } from '../memory/bytes.ts';
import type { Heap } from '../memory/heap.ts';
import type { PackedBuckets } from './packed-buckets.ts';
import {
  FAR,
  FAR_HASH,
  FAR_LENGTH,
  FAR_MEMBER_BYTES,
  FAR_VALUE_BYTES,
  KIND_HASH,
  SIZE_MASK,
} from './packed-table-layout.ts';

/** See the file's comment. */
export class PackedFarParts {
  /** The last far member and value that were stored, as an entry holds them. */
  readonly bytes: Buffer = Buffer.alloc(FAR_MEMBER_BYTES + FAR_VALUE_BYTES);
  readonly view: DataView = new DataView(this.bytes.buffer, this.bytes.byteOffset);
  /** Where the value is in `bytes`; the member is at 0. */
  readonly valueAt: number = FAR_MEMBER_BYTES;
  readonly #heap: Heap;
  readonly #buckets: PackedBuckets;

  constructor(heap: Heap, buckets: PackedBuckets) {
    this.#heap = heap;
    this.#buckets = buckets;
  }

  /** Copies a member to a block of its own and describes it in `bytes`. Throws OutOfMemoryError. */
  storeMember(hash: number, bytes: Buffer, view: DataView, offset: number, length: number): Ptr {
    const block = this.#store(bytes, view, offset, length);
    this.view.setUint32(0, block, true);
    this.view.setUint32(FAR_LENGTH, length, true);
    this.view.setInt32(FAR_HASH, hash, true);
    return block;
  }

  /** Copies a value to a block of its own and describes it in `bytes`. Throws OutOfMemoryError. */
  storeValue(bytes: Buffer, view: DataView, offset: number, length: number): Ptr {
    const block = this.#store(bytes, view, offset, length);
    this.view.setUint32(this.valueAt, block, true);
    this.view.setUint32(this.valueAt + FAR_LENGTH, length, true);
    return block;
  }

  /** Whether the far member that an entry describes at `at` of an extent is these bytes. */
  isMember(
    extent: number,
    at: number,
    hash: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): boolean {
    const own = this.#heap.views[extent]!;
    if (own.getUint32(at + FAR_LENGTH, true) !== length) return false;
    if (own.getInt32(at + FAR_HASH, true) !== (hash | 0)) return false;
    const block = own.getUint32(at, true);
    const farBytes = this.#heap.bytes[block >>> EXTENT_SHIFT]!;
    const farView = this.#heap.views[block >>> EXTENT_SHIFT]!;
    const start = (block & UNIT_MASK) << 3;
    return equalBytes(farBytes, farView, start, bytes, view, offset, length);
  }

  /**
   * Calls back with every place, in the view of the block's extent, where the address of a far
   * part is.
   */
  each(kind: number, block: Ptr, visit: (view: DataView, at: number) => void): void {
    const buckets = this.#buckets;
    const bytes = this.#heap.bytes[block >>> EXTENT_SHIFT]!;
    const view = this.#heap.views[block >>> EXTENT_SHIFT]!;
    let start = buckets.firstByte(block);
    for (let slot = buckets.count(block) - 1; slot >= 0; slot--) {
      const shape = buckets.shape(block, slot);
      const size = shape & SIZE_MASK;
      if ((shape & FAR) !== 0) visit(view, kind === KIND_HASH ? start + 1 : start);
      if (kind === KIND_HASH && (bytes[start]! & FAR) !== 0) {
        visit(view, start + size - FAR_VALUE_BYTES);
      }
      start += size;
    }
  }

  /** Frees the far parts of one entry. */
  free(kind: number, block: Ptr, shape: number, start: number): void {
    const bytes = this.#heap.bytes[block >>> EXTENT_SHIFT]!;
    const view = this.#heap.views[block >>> EXTENT_SHIFT]!;
    const isHash = kind === KIND_HASH;
    // Both addresses are read first: freeing what has an extent of its own ends its views.
    const member = (shape & FAR) !== 0 ? view.getUint32(isHash ? start + 1 : start, true) : 0;
    const hasFarValue = isHash && (bytes[start]! & FAR) !== 0;
    const valueAt = start + (shape & SIZE_MASK) - FAR_VALUE_BYTES;
    const value = hasFarValue ? view.getUint32(valueAt, true) : 0;
    if (member !== 0) this.#heap.free(member as Ptr);
    if (value !== 0) this.#heap.free(value as Ptr);
  }

  #store(bytes: Buffer, view: DataView, offset: number, length: number): Ptr {
    const block = this.#heap.alloc(length);
    const extent = block >>> EXTENT_SHIFT;
    const start = (block & UNIT_MASK) << 3;
    const heap = this.#heap;
    copyBytes(bytes, view, offset, heap.bytes[extent]!, heap.views[extent]!, start, length);
    return block;
  }
}
