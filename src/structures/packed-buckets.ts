/**
 * The buckets of packed tables: makes room in them, appends and removes entries, divides and unites
 * them. What they are for, and how their bytes lie, is told in packed-table.ts and
 * packed-table-layout.ts.
 *
 * Whatever needs memory takes it before the first change, so that a refusal leaves all as it was.
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import { copyBytes } from '../memory/bytes.ts';
import { type Heap, OutOfMemoryError } from '../memory/heap.ts';
import {
  BUCKET_ENTRIES_MAX,
  COUNT_BITS,
  COUNT_MASK,
  FAR,
  FAR_HASH,
  HEADER_BYTES,
  KIND_HASH,
  SIZE_MASK,
  SLOT_BYTES,
} from './packed-table-layout.ts';
import { hashBytes } from './siphash.ts';

const SMALL_BYTES = 64;
const MEDIUM_BYTES = 256;

/** See the file's comment. */
export class PackedBuckets {
  /** Blocks that `divide` made, NULL for a half without entries. */
  left: Ptr = NULL;
  right: Ptr = NULL;
  readonly #heap: Heap;
  readonly #hashes = new Int32Array(BUCKET_ENTRIES_MAX);
  #rightCount = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** Entries in a block; NULL has none. */
  count(block: Ptr): number {
    return block === NULL ? 0 : this.#heap.word(block, 0) & COUNT_MASK;
  }

  /** Bytes of the entries in a block. */
  dataBytes(block: Ptr): number {
    return this.#heap.capacity(block) - (this.#heap.word(block, 0) >>> COUNT_BITS);
  }

  /** Where the last entry begins, and all of them: an offset in the extent. */
  firstByte(block: Ptr): number {
    return ((block & UNIT_MASK) << 3) + (this.#heap.word(block, 0) >>> COUNT_BITS);
  }

  /** The second byte of a slot: whether the member is far, and the bytes of its entry. */
  shape(block: Ptr, slot: number): number {
    return this.#heap.bytes[block >>> EXTENT_SHIFT]![slotOffset(block, slot) + 1]!;
  }

  /** Where the entry of a slot begins: an offset in the extent. */
  entryStart(block: Ptr, slot: number): number {
    const words = this.#heap.words[block >>> EXTENT_SHIFT]!;
    const at = (block & UNIT_MASK) << 1;
    const header = words[at]!;
    const first = (at << 2) + (header >>> COUNT_BITS);
    const count = header & COUNT_MASK;
    const behind = slot + 1;
    if (behind === count) return first;
    let word = at + 1 + (behind >>> 1);
    const last = at + 1 + (count >>> 1);
    // The sums of the even and of the odd slots, 16 bits each: 512 times 127 do not overflow them.
    let sums = 0;
    if ((behind & 1) !== 0) sums = (words[word++]! >>> 8) & 0x007f0000;
    for (; word < last; word++) sums += (words[word]! >>> 8) & 0x007f007f;
    if ((count & 1) !== 0) sums += (words[last]! >>> 8) & 0x7f;
    return first + (sums & 0xffff) + (sums >>> 16);
  }

  /**
   * A block with room for so many more entries of so many bytes together: this one, or a new one
   * that holds the same. NULL stands for a bucket without entries. Throws OutOfMemoryError.
   */
  withRoom(block: Ptr, entriesMore: number, bytesMore: number): Ptr {
    if (block === NULL) return this.#create(entriesMore, bytesMore);
    const header = this.#heap.word(block, 0);
    const entries = (header & COUNT_MASK) + entriesMore;
    if (entries > BUCKET_ENTRIES_MAX) throw new Error('too many members have the same hash');
    const need = HEADER_BYTES + entries * SLOT_BYTES + bytesMore;
    if (need <= header >>> COUNT_BITS) return block;
    return this.#moveTo(this.#alloc(need + this.dataBytes(block)), block);
  }

  /** Adds a slot and returns where its entry begins. REQUIRES: there is room. */
  append(block: Ptr, tag: number, shape: number): number {
    const words = this.#heap.words[block >>> EXTENT_SHIFT]!;
    const bytes = this.#heap.bytes[block >>> EXTENT_SHIFT]!;
    const at = (block & UNIT_MASK) << 1;
    const size = shape & SIZE_MASK;
    const header = words[at]! - (size << COUNT_BITS);
    const slot = (at << 2) + HEADER_BYTES + (header & COUNT_MASK) * SLOT_BYTES;
    bytes[slot] = tag;
    bytes[slot + 1] = shape;
    words[at] = header + 1;
    return (at << 2) + (header >>> COUNT_BITS);
  }

  /** Takes a slot and its entry, which begins at `start`, out of a block. */
  remove(block: Ptr, slot: number, start: number): void {
    const bytes = this.#heap.bytes[block >>> EXTENT_SHIFT]!;
    const header = this.#heap.word(block, 0);
    const at = slotOffset(block, slot);
    const size = bytes[at + 1]! & SIZE_MASK;
    const first = ((block & UNIT_MASK) << 3) + (header >>> COUNT_BITS);
    if (start > first) bytes.copyWithin(first + size, first, start);
    const end = slotOffset(block, header & COUNT_MASK);
    if (at + SLOT_BYTES < end) bytes.copyWithin(at, at + SLOT_BYTES, end);
    this.#heap.setWord(block, 0, header + (size << COUNT_BITS) - 1);
  }

  /**
   * Gives an entry that begins at `start` so many more bytes, or fewer, behind its first
   * `keptBytes` and returns where it then begins. REQUIRES: there is room, and its new size fits
   * in a slot.
   */
  resizeEntry(block: Ptr, slot: number, start: number, keptBytes: number, delta: number): number {
    const bytes = this.#heap.bytes[block >>> EXTENT_SHIFT]!;
    const first = this.firstByte(block);
    bytes.copyWithin(first - delta, first, start + keptBytes);
    bytes[slotOffset(block, slot) + 1]! += delta;
    this.#heap.setWord(block, 0, this.#heap.word(block, 0) - delta * (1 << COUNT_BITS));
    return start - delta;
  }

  /** A smaller block for a bucket that fills little of its own; NULL for one that is empty. */
  shrunk(block: Ptr): Ptr {
    const heap = this.#heap;
    const count = this.count(block);
    if (count === 0) {
      heap.free(block);
      return NULL;
    }
    const need = HEADER_BYTES + count * SLOT_BYTES + this.dataBytes(block);
    if (need + (need >>> 1) + 8 >= heap.capacity(block)) return block;
    try {
      return this.#moveTo(this.#alloc(need), block);
    } catch (problem) {
      if (!(problem instanceof OutOfMemoryError)) throw problem;
      return block;
    }
  }

  /**
   * Copies the entries of a block to `left` and `right`, by a bit of their members' hashes. If all
   * go to the same side, the block itself is that side. Throws OutOfMemoryError.
   */
  divide(kind: number, block: Ptr, bit: number): void {
    const count = this.count(block);
    const rightBytes = this.#hashAll(kind, block, bit);
    const rightCount = this.#rightCount;
    this.left = rightCount === 0 ? block : NULL;
    this.right = rightCount === count ? block : NULL;
    if (rightCount === 0 || rightCount === count) return;
    const left = this.#create(count - rightCount, this.dataBytes(block) - rightBytes);
    try {
      this.right = this.#create(rightCount, rightBytes);
    } catch (problem) {
      this.#heap.free(left);
      throw problem;
    }
    this.left = left;
    this.#distribute(block, bit);
  }

  /**
   * A block with the entries of both, which are freed or are that block; either may be NULL. Throws
   * OutOfMemoryError. REQUIRES: they are no more than a bucket can hold.
   */
  united(block: Ptr, other: Ptr): Ptr {
    if (other === NULL) return block;
    if (block === NULL) return other;
    const heap = this.#heap;
    const count = this.count(other);
    const size = this.dataBytes(other);
    const target = this.withRoom(block, count, size);
    const from = other >>> EXTENT_SHIFT;
    const to = target >>> EXTENT_SHIFT;
    const header = heap.word(target, 0);
    const slots = slotOffset(target, header & COUNT_MASK);
    this.#copy(from, slotOffset(other, 0), to, slots, count * SLOT_BYTES);
    this.#copy(from, this.firstByte(other), to, this.firstByte(target) - size, size);
    heap.setWord(target, 0, header - (size << COUNT_BITS) + count);
    heap.free(other);
    return target;
  }

  /** The hash of the member of the entry that begins at `start`. */
  hashAt(kind: number, block: Ptr, slot: number, start: number): number {
    const bytes = this.#heap.bytes[block >>> EXTENT_SHIFT]!;
    const view = this.#heap.views[block >>> EXTENT_SHIFT]!;
    const shape = bytes[slotOffset(block, slot) + 1]!;
    const member = kind === KIND_HASH ? start + 1 : start;
    if ((shape & FAR) !== 0) return view.getInt32(member + FAR_HASH, true);
    const behind = kind === KIND_HASH ? 1 + (bytes[start]! & SIZE_MASK) : 0;
    return hashBytes(view, member, shape - behind);
  }

  /** Hashes all members of a block, and counts and measures the entries that have the bit. */
  #hashAll(kind: number, block: Ptr, bit: number): number {
    const extent = block >>> EXTENT_SHIFT;
    const bytes = this.#heap.bytes[extent]!;
    const view = this.#heap.views[extent]!;
    const hashes = this.#hashes;
    const prefix = kind === KIND_HASH ? 1 : 0;
    let slot = this.count(block);
    let shapeAt = slotOffset(block, slot) + 1;
    let start = this.firstByte(block);
    let rightCount = 0;
    let rightBytes = 0;
    while (--slot >= 0) {
      shapeAt -= SLOT_BYTES;
      const shape = bytes[shapeAt]!;
      const size = shape & SIZE_MASK;
      const behind = prefix === 0 ? 0 : prefix + (bytes[start]! & SIZE_MASK);
      const hash =
        shape !== size
          ? view.getInt32(start + prefix + FAR_HASH, true)
          : hashBytes(view, start + prefix, size - behind);
      hashes[slot] = hash;
      start += size;
      if ((hash & bit) === 0) continue;
      rightCount++;
      rightBytes += size;
    }
    this.#rightCount = rightCount;
    return rightBytes;
  }

  /** Copies all entries of a block to `left` or `right`, which are empty and have room for them. */
  #distribute(block: Ptr, bit: number): void {
    const heap = this.#heap;
    const hashes = this.#hashes;
    const from = block >>> EXTENT_SHIFT;
    const bytes = heap.bytes[from]!;
    const view = heap.views[from]!;
    let slot = this.count(block);
    let slotAt = slotOffset(block, slot);
    let start = this.firstByte(block);
    const { left, right } = this;
    const leftBytes = heap.bytes[left >>> EXTENT_SHIFT]!;
    const leftView = heap.views[left >>> EXTENT_SHIFT]!;
    const rightBytes = heap.bytes[right >>> EXTENT_SHIFT]!;
    const rightView = heap.views[right >>> EXTENT_SHIFT]!;
    let leftSlot = slotOffset(left, 0);
    let rightSlot = slotOffset(right, 0);
    let leftStart = this.firstByte(left);
    let rightStart = this.firstByte(right);
    while (--slot >= 0) {
      slotAt -= SLOT_BYTES;
      const shape = bytes[slotAt + 1]!;
      const size = shape & SIZE_MASK;
      if ((hashes[slot]! & bit) === 0) {
        leftBytes[leftSlot] = bytes[slotAt]!;
        leftBytes[leftSlot + 1] = shape;
        leftSlot += SLOT_BYTES;
        leftStart -= size;
        copyBytes(bytes, view, start, leftBytes, leftView, leftStart, size);
      } else {
        rightBytes[rightSlot] = bytes[slotAt]!;
        rightBytes[rightSlot + 1] = shape;
        rightSlot += SLOT_BYTES;
        rightStart -= size;
        copyBytes(bytes, view, start, rightBytes, rightView, rightStart, size);
      }
      start += size;
    }
    const leftCount = (leftSlot - slotOffset(left, 0)) / 2;
    const rightCount = (rightSlot - slotOffset(right, 0)) / 2;
    heap.setWord(left, 0, ((leftStart - ((left & UNIT_MASK) << 3)) << COUNT_BITS) + leftCount);
    heap.setWord(right, 0, ((rightStart - ((right & UNIT_MASK) << 3)) << COUNT_BITS) + rightCount);
  }

  /** A block for so many entries, none of them there yet. */
  #create(count: number, dataBytes: number): Ptr {
    const block = this.#alloc(HEADER_BYTES + count * SLOT_BYTES + dataBytes);
    this.#heap.setWord(block, 0, this.#heap.capacity(block) << COUNT_BITS);
    return block;
  }

  /** A block with a little more room, so that not every entry that comes moves its bucket. */
  #alloc(needBytes: number): Ptr {
    return this.#heap.alloc(steppedBytes(needBytes));
  }

  /** Moves a bucket to a fresh block, which is large enough, and frees its own. */
  #moveTo(fresh: Ptr, block: Ptr): Ptr {
    const heap = this.#heap;
    const from = block >>> EXTENT_SHIFT;
    const to = fresh >>> EXTENT_SHIFT;
    const fromWords = heap.words[from]!;
    const toWords = heap.words[to]!;
    const fromAt = (block & UNIT_MASK) << 1;
    const toAt = (fresh & UNIT_MASK) << 1;
    const header = fromWords[fromAt]!;
    const count = header & COUNT_MASK;
    const size = heap.capacity(block) - (header >>> COUNT_BITS);
    const first = heap.capacity(fresh) - size;
    toWords[toAt] = (first << COUNT_BITS) + count;
    // The last word may hold half a slot too many, where then the entries come.
    for (let i = (count + 1) >>> 1; i > 0; i--) toWords[toAt + i] = fromWords[fromAt + i]!;
    this.#copy(from, (fromAt << 2) + (header >>> COUNT_BITS), to, (toAt << 2) + first, size);
    heap.free(block);
    return fresh;
  }

  /** Copies bytes from one extent to another: 20 ns within one, else 50 ns. */
  #copy(from: number, fromOffset: number, to: number, toOffset: number, length: number): void {
    const bytes = this.#heap.bytes[from]!;
    if (from === to) bytes.copyWithin(toOffset, fromOffset, fromOffset + length);
    else bytes.copy(this.#heap.bytes[to]!, toOffset, fromOffset, fromOffset + length);
  }
}

/**
 * What to ask for to hold so much. Steps of a few entries: a bucket of 14 moves for every fifth
 * entry that comes, and an eighth of it is empty on average. Blocks of multiples of 64 bytes also
 * have their slots in one cache line.
 */
function steppedBytes(needBytes: number): number {
  const step = needBytes > MEDIUM_BYTES ? 128 : needBytes > SMALL_BYTES ? 64 : 16;
  return (needBytes + step - 1) & -step;
}

/** Where a slot is: an offset in the extent. */
function slotOffset(block: Ptr, slot: number): number {
  return ((block & UNIT_MASK) << 3) + HEADER_BYTES + slot * SLOT_BYTES;
}
