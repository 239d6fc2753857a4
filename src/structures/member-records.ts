/**
 * The records of a large sorted set: a member and its score.
 *
 *   record   | score f64 | length, varint | member bytes |
 *   varint   7 bits per byte, low ones first; the top bit says that more follow: 1 byte up to 127
 *
 * A member of 20 bytes takes 29, a block of 32. The block's address is what the table's slot and
 * the tree's leaf hold, so a score changes in place and a record that moves is patched in both.
 *
 * Members are ordered as memcmp does: by unsigned bytes, a prefix first. Rejected: the record of a
 * large hash with the score as its value (a second length, and scores that are not aligned).
 */
import { EXTENT_SHIFT, type Ptr, UNIT_MASK } from '../memory/address.ts';
import { copyBytes, equalBytes } from '../memory/bytes.ts';
import type { Heap } from '../memory/heap.ts';

const SCORE_BYTES = 8;
/** Above this, comparing through the runtime is faster than word by word. */
const WORDWISE_BYTES_MAX = 128;

/** See the file's comment. A range of bytes is (bytes, view, offset, length), wherever it lies. */
export class MemberRecords {
  readonly heap: Heap;
  /** Of the record that was opened last: where its member's bytes begin, and how many they are. */
  openStart = 0;
  openLength = 0;

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** Allocates a record. */
  create(score: number, bytes: Buffer, view: DataView, offset: number, length: number): Ptr {
    const { heap } = this;
    const record = heap.alloc(SCORE_BYTES + lengthBytes(length) + length);
    const extent = record >>> EXTENT_SHIFT;
    const to = heap.bytes[extent]!;
    const toView = heap.views[extent]!;
    const at = (record & UNIT_MASK) << 3;
    toView.setFloat64(at, score, true);
    let start = at + SCORE_BYTES;
    let rest = length;
    for (; rest > 127; rest >>>= 7) to[start++] = (rest & 127) | 128;
    to[start++] = rest;
    copyBytes(bytes, view, offset, to, toView, start, length);
    return record;
  }

  /** Allocates a record that says the same. */
  copy(record: Ptr): Ptr {
    const { bytes, views } = this.heap;
    const extent = record >>> EXTENT_SHIFT;
    const start = this.start(record);
    const score = this.score(record);
    return this.create(score, bytes[extent]!, views[extent]!, start, this.length(record));
  }

  score(record: Ptr): number {
    return this.heap.views[record >>> EXTENT_SHIFT]!.getFloat64((record & UNIT_MASK) << 3, true);
  }

  /** Puts a record's score in `to`: one that is returned might be allocated. */
  readScore(record: Ptr, to: Float64Array): void {
    const view = this.heap.views[record >>> EXTENT_SHIFT]!;
    to[0] = view.getFloat64((record & UNIT_MASK) << 3, true);
  }

  setScore(record: Ptr, score: number): void {
    const view = this.heap.views[record >>> EXTENT_SHIFT]!;
    view.setFloat64((record & UNIT_MASK) << 3, score, true);
  }

  /** Finds start and length of a record's member at once, for `openStart` and `openLength`. */
  open(record: Ptr): void {
    const bytes = this.heap.bytes[record >>> EXTENT_SHIFT]!;
    const at = ((record & UNIT_MASK) << 3) + SCORE_BYTES;
    const first = bytes[at]!;
    if (first < 128) {
      this.openStart = at + 1;
      this.openLength = first;
    } else {
      this.openStart = this.start(record);
      this.openLength = this.length(record);
    }
  }

  /** Length of the member in bytes. */
  length(record: Ptr): number {
    const bytes = this.heap.bytes[record >>> EXTENT_SHIFT]!;
    let at = ((record & UNIT_MASK) << 3) + SCORE_BYTES;
    const first = bytes[at]!;
    if (first < 128) return first;
    let length = first & 127;
    for (let shift = 7; ; shift += 7) {
      const byte = bytes[++at]!;
      length |= (byte & 127) << shift;
      if (byte < 128) return length;
    }
  }

  /** Where the member's bytes begin in the record's extent. */
  start(record: Ptr): number {
    const bytes = this.heap.bytes[record >>> EXTENT_SHIFT]!;
    let at = ((record & UNIT_MASK) << 3) + SCORE_BYTES;
    while (bytes[at]! > 127) at++;
    return at + 1;
  }

  /** The extent that the member's bytes lie in. */
  extent(record: Ptr): number {
    return record >>> EXTENT_SHIFT;
  }

  /** Whether the member is these bytes. */
  isMember(record: Ptr, bytes: Buffer, view: DataView, offset: number, length: number): boolean {
    if (this.length(record) !== length) return false;
    const extent = record >>> EXTENT_SHIFT;
    const own = this.heap.bytes[extent]!;
    const ownView = this.heap.views[extent]!;
    return equalBytes(own, ownView, this.start(record), bytes, view, offset, length);
  }

  /** Less than 0, 0 or more: the order of two members. */
  compare(record: Ptr, other: Ptr): number {
    const { bytes, views } = this.heap;
    const extent = other >>> EXTENT_SHIFT;
    const start = this.start(other);
    return this.compareTo(record, bytes[extent]!, views[extent]!, start, this.length(other));
  }

  /** As `compare`, with a member that is these bytes. */
  compareTo(record: Ptr, bytes: Buffer, view: DataView, offset: number, length: number): number {
    const extent = record >>> EXTENT_SHIFT;
    const own = this.heap.bytes[extent]!;
    const ownView = this.heap.views[extent]!;
    let start = ((record & UNIT_MASK) << 3) + SCORE_BYTES + 1;
    let ownLength = own[start - 1]!;
    if (ownLength > 127) {
      start = this.start(record);
      ownLength = this.length(record);
    }
    const shared = Math.min(ownLength, length);
    if (shared > WORDWISE_BYTES_MAX) {
      const order = own.compare(bytes, offset, offset + shared, start, start + shared);
      return order !== 0 ? order : ownLength - length;
    }
    let i = 0;
    for (; i + 4 <= shared; i += 4) {
      // Read with the first byte as the highest, words are ordered as their bytes are.
      const word = ownView.getUint32(start + i);
      const otherWord = view.getUint32(offset + i);
      if (word !== otherWord) return word < otherWord ? -1 : 1;
    }
    for (; i < shared; i++) {
      const difference = own[start + i]! - bytes[offset + i]!;
      if (difference !== 0) return difference;
    }
    return ownLength - length;
  }
}

function lengthBytes(length: number): number {
  let count = 1;
  for (let rest = length; rest > 127; rest >>>= 7) count++;
  return count;
}
