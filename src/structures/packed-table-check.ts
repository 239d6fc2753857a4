/**
 * Proves that a packed table is sound, for tests and debugging: every sum, every tag, every size
 * and every member's place is computed anew and compared.
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import { PackedBuckets } from './packed-buckets.ts';
import { PackedIndex } from './packed-index.ts';
import {
  ENTRY_BYTES_MAX,
  FAR,
  FAR_HASH,
  FAR_LENGTH,
  FAR_MEMBER_BYTES,
  FAR_VALUE_BYTES,
  HEADER_BYTES,
  isFarValue,
  KIND_HASH,
  MEMBER_NEAR_MAX,
  ROOT_BUCKETS,
  ROOT_COUNT,
  ROOT_DATA_OFFSET,
  ROOT_FULLEST,
  ROOT_KIND,
  ROOT_MASK,
  ROOT_USED_OFFSET,
  rootSum,
  SIZE_MASK,
  SLOT_BYTES,
  weightShift,
} from './packed-table-layout.ts';
import { hashBytes } from './siphash.ts';

/** Throws unless the table is sound; returns its blocks. */
export function checkPackedTable(heap: Heap, root: Ptr): Ptr[] {
  return new PackedTableCheck(heap, root).run();
}

class PackedTableCheck {
  readonly #heap: Heap;
  readonly #root: Ptr;
  readonly #index: PackedIndex;
  readonly #buckets: PackedBuckets;
  readonly #isHash: boolean;
  readonly #blocks: Ptr[] = [];
  #count = 0;
  #dataBytes = 0;

  constructor(heap: Heap, root: Ptr) {
    this.#heap = heap;
    this.#root = root;
    this.#index = new PackedIndex(heap);
    this.#buckets = new PackedBuckets(heap);
    this.#isHash = heap.word(root, ROOT_KIND) === KIND_HASH;
  }

  run(): Ptr[] {
    const heap = this.#heap;
    const root = this.#root;
    const buckets = heap.word(root, ROOT_BUCKETS);
    const mask = heap.word(root, ROOT_MASK);
    const level = buckets === 1 ? 1 : 2 ** Math.ceil(Math.log2(buckets));
    if (mask + 1 !== level) fail(`mask ${mask} with ${buckets} buckets`);
    this.#blocks.push(root);
    this.#index.visitBlocks(root, (block) => this.#blocks.push(block));
    for (let bucket = 0; bucket < buckets; bucket++) {
      const block = this.#index.block(root, bucket);
      if (block === NULL) continue;
      this.#blocks.push(block);
      this.#checkBucket(bucket, block);
      const weight = this.#buckets.count(block) << weightShift(bucket, buckets, mask);
      if (weight > heap.word(root, ROOT_FULLEST)) fail(`bucket ${bucket} weighs ${weight}`);
    }
    const used = this.#blocks.reduce((sum, block) => sum + heap.capacity(block), 0);
    this.#checkSum('entries', heap.word(root, ROOT_COUNT), this.#count);
    this.#checkSum('bytes of entries', rootSum(heap, root, ROOT_DATA_OFFSET), this.#dataBytes);
    this.#checkSum('bytes used', rootSum(heap, root, ROOT_USED_OFFSET), used);
    return this.#blocks;
  }

  #checkBucket(bucket: number, block: Ptr): void {
    const buckets = this.#buckets;
    const count = buckets.count(block);
    if (count === 0) fail(`bucket ${bucket} has a block and no entries`);
    const base = (block & UNIT_MASK) << 3;
    const slots = base + HEADER_BYTES;
    let start = buckets.firstByte(block);
    if (start < slots + count * SLOT_BYTES) fail(`slots and entries of bucket ${bucket} overlap`);
    for (let slot = count - 1; slot >= 0; slot--) {
      if (buckets.entryStart(block, slot) !== start) fail(`slot ${slot} of ${bucket} is misplaced`);
      const tag = this.#heap.bytes[block >>> EXTENT_SHIFT]![slots + slot * SLOT_BYTES]!;
      const shape = buckets.shape(block, slot);
      this.#checkEntry(bucket, block, shape, start, tag);
      start += shape & SIZE_MASK;
      this.#count++;
      this.#dataBytes += shape & SIZE_MASK;
    }
    const end = base + this.#heap.capacity(block);
    if (start !== end) fail(`the entries of bucket ${bucket} end at ${start}, its block at ${end}`);
  }

  #checkEntry(bucket: number, block: Ptr, shape: number, start: number, tag: number): void {
    const bytes = this.#heap.bytes[block >>> EXTENT_SHIFT]!;
    const view = this.#heap.views[block >>> EXTENT_SHIFT]!;
    const first = this.#isHash ? bytes[start]! : 0;
    const prefix = this.#isHash ? 1 : 0;
    const size = (shape & SIZE_MASK) - prefix - (first & SIZE_MASK);
    const at = start + prefix;
    let hash: number;
    if ((shape & FAR) === 0) {
      if (size < 0 || size > MEMBER_NEAR_MAX) fail(`a near member of ${size} bytes`);
      hash = hashBytes(view, at, size);
    } else {
      if (size !== FAR_MEMBER_BYTES) fail(`a far member takes ${size} bytes of its entry`);
      const far = this.#farBlock(view, at, MEMBER_NEAR_MAX);
      const length = view.getUint32(at + FAR_LENGTH, true);
      hash = hashBytes(this.#heap.views[far >>> EXTENT_SHIFT]!, (far & UNIT_MASK) << 3, length);
      if (view.getInt32(at + FAR_HASH, true) !== hash) fail('the hash of a far member is wrong');
    }
    if (hash >>> 24 !== tag) fail(`a member of bucket ${bucket} has tag ${tag}`);
    const home = this.#index.bucketOf(this.#root, hash);
    if (home !== bucket) fail(`a member of bucket ${home} is in bucket ${bucket}`);
    if ((first & FAR) === 0) return;
    if ((first & SIZE_MASK) !== FAR_VALUE_BYTES) fail(`a far value takes ${first & SIZE_MASK}`);
    if (!isFarValue(size, ENTRY_BYTES_MAX - size)) fail(`no value is far beside ${size} bytes`);
    this.#farBlock(view, at + size, ENTRY_BYTES_MAX - 1 - size);
  }

  /** The block of a far part, which must be longer than it would have to be to be near. */
  #farBlock(view: DataView, at: number, nearMax: number): Ptr {
    const far = view.getUint32(at, true) as Ptr;
    const length = view.getUint32(at + FAR_LENGTH, true);
    if (length <= nearMax) fail(`a far part of ${length} bytes, which could be near`);
    if (length > this.#heap.capacity(far)) fail(`a far part of ${length} bytes in a small block`);
    this.#blocks.push(far);
    return far;
  }

  #checkSum(what: string, said: number, counted: number): void {
    if (said !== counted) fail(`${what}: the root says ${said}, counted ${counted}`);
  }
}

function fail(problem: string): never {
  throw new Error(`packed table: ${problem}`);
}
