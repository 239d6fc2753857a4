/**
 * Intsets: sorted integers packed into one range of bytes, the way Redis holds small sets of
 * integers and stores them in its files.
 *
 *   +----------------+-------+-------+-------+-----+
 *   | bytes of each: | count | least | next  | ... |     all little-endian, in two's complement
 *   | 2, 4 or 8, u32 | u32   |       |       |     |
 *   +----------------+-------+-------+-------+-----+
 *   0                4       8
 *
 * An intset has no object: it is (bytes, view, start), wherever that lies. Whoever owns the bytes
 * sees to their room: before `add` there must be `bytesWith` the integer in all.
 *
 *   import * as intset from '../structures/intset.ts';
 *
 * Invariants: strictly ascending; the width is at least what the widest member needs. It grows when
 * a wider integer comes and never shrinks, as in Redis.
 *
 * Rejected: BigInt64Array for the widest, since each read would allocate.
 */
import { moveBytes } from '../memory/move-bytes.ts';
import { Int64 } from './int64.ts';

/** Bytes of an intset without members. */
export const EMPTY_BYTES = 8;
const HEADER_BYTES = 8;
const COUNT_OFFSET = 4;
/** An intset has at most 2^30 bytes, so that positions are small integers everywhere. */
const MEMBERS_MAX = 2 ** 27;

/** Scratch for widening and validating. */
const member = new Int64();

/** Writes an intset without members. */
export function writeEmpty(view: DataView, start: number): void {
  view.setUint32(start, 2, true);
  view.setUint32(start + COUNT_OFFSET, 0, true);
}

/** Number of members. */
export function count(view: DataView, start: number): number {
  return view.getUint32(start + COUNT_OFFSET, true);
}

/** Bytes of the whole intset. */
export function totalBytes(view: DataView, start: number): number {
  return HEADER_BYTES + count(view, start) * view.getUint32(start, true);
}

/** Bytes of the whole intset with one more integer in it. */
export function bytesWith(view: DataView, start: number, integer: Int64): number {
  const width = Math.max(view.getUint32(start, true), widthOf(integer));
  return HEADER_BYTES + (count(view, start) + 1) * width;
}

/** Reads the member at an index, from the least on. REQUIRES: 0 <= index < count. */
export function read(view: DataView, start: number, index: number, into: Int64): void {
  readMember(view, start, view.getUint32(start, true), index, into);
}

/** Reads a member chosen with equal chances. `random()` is in [0, 1). REQUIRES: there is one. */
export function readRandom(view: DataView, start: number, random: () => number, into: Int64): void {
  read(view, start, Math.floor(random() * count(view, start)), into);
}

/** Index of an integer if it is a member, else ~(the index that it would get). */
export function find(view: DataView, start: number, integer: Int64): number {
  const width = view.getUint32(start, true);
  const members = count(view, start);
  if (widthOf(integer) > width) return integer.high < 0 ? ~0 : ~members;
  if (width === 8) return find64(view, start + HEADER_BYTES, members, integer);
  return find32(view, start + HEADER_BYTES, members, width, integer.low);
}

/** Adds an integer unless it is there; answers whether it did. REQUIRES: room for `bytesWith`. */
export function add(bytes: Buffer, view: DataView, start: number, integer: Int64): boolean {
  const width = view.getUint32(start, true);
  const members = count(view, start);
  const needed = widthOf(integer);
  if (needed > width) {
    widen(view, start, width, needed, members, integer);
    return true;
  }
  const index = ~find(view, start, integer);
  if (index < 0) return false;
  const at = start + HEADER_BYTES + index * width;
  if (index < members) moveBytes(bytes, view, at + width, at, (members - index) * width);
  writeMember(view, start, width, index, integer);
  view.setUint32(start + COUNT_OFFSET, members + 1, true);
  return true;
}

/** Removes an integer if it is there; answers whether it did. */
export function remove(bytes: Buffer, view: DataView, start: number, integer: Int64): boolean {
  const index = find(view, start, integer);
  if (index < 0) return false;
  removeAt(bytes, view, start, index);
  return true;
}

/** Removes the member at an index. REQUIRES: 0 <= index < count. */
export function removeAt(bytes: Buffer, view: DataView, start: number, index: number): void {
  const width = view.getUint32(start, true);
  const left = count(view, start) - 1;
  const at = start + HEADER_BYTES + index * width;
  moveBytes(bytes, view, at, at + width, (left - index) * width);
  view.setUint32(start + COUNT_OFFSET, left, true);
}

/** Removes the members whose flags, by their indexes, are 1. */
export function removeFlagged(
  bytes: Buffer,
  view: DataView,
  start: number,
  flags: Uint8Array,
): void {
  const width = view.getUint32(start, true);
  const end = start + totalBytes(view, start);
  let to = start + HEADER_BYTES;
  for (let index = 0, from = to; from < end; index++, from += width) {
    if (flags[index] === 1) continue;
    if (to !== from) bytes.copyWithin(to, from, from + width);
    to += width;
  }
  view.setUint32(start + COUNT_OFFSET, (to - start - HEADER_BYTES) / width, true);
}

/**
 * Whether `length` bytes are one whole intset with at least one member, for bytes that come from
 * others. Reads nothing outside of them, whatever they are.
 */
export function isValidIntset(
  bytes: Buffer,
  view: DataView,
  start: number,
  length: number,
): boolean {
  if (length <= HEADER_BYTES || start + length > bytes.length) return false;
  const width = view.getUint32(start, true);
  const members = count(view, start);
  if ((width !== 2 && width !== 4 && width !== 8) || members > MEMBERS_MAX) return false;
  if (length !== HEADER_BYTES + members * width) return false;
  read(view, start, 0, member);
  for (let index = 1; index < members; index++) {
    const { low, high } = member;
    read(view, start, index, member);
    if (member.compareTo(low, high) <= 0) return false;
  }
  return true;
}

/** Bytes that a member needs at least. */
function widthOf({ low, high }: Int64): number {
  if (high !== low >> 31) return 8;
  return low >= -0x8000 && low < 0x8000 ? 2 : 4;
}

function readMember(
  view: DataView,
  start: number,
  width: number,
  index: number,
  into: Int64,
): void {
  const at = start + HEADER_BYTES + index * width;
  if (width === 2) into.setInt32(view.getInt16(at, true));
  else if (width === 4) into.setInt32(view.getInt32(at, true));
  else into.set(view.getInt32(at, true), view.getInt32(at + 4, true));
}

function writeMember(
  view: DataView,
  start: number,
  width: number,
  index: number,
  { low, high }: Int64,
): void {
  const at = start + HEADER_BYTES + index * width;
  if (width === 2) {
    view.setInt16(at, low, true);
  } else {
    view.setInt32(at, low, true);
    if (width === 8) view.setInt32(at + 4, high, true);
  }
}

/** As `find`, among members of 2 or 4 bytes. */
function find32(
  view: DataView,
  members: number,
  count: number,
  width: number,
  integer: number,
): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = members + middle * width;
    const found = width === 2 ? view.getInt16(at, true) : view.getInt32(at, true);
    if (found === integer) return middle;
    if (found < integer) low = middle + 1;
    else high = middle;
  }
  return ~low;
}

/** As `find`, among members of 8 bytes. */
function find64(view: DataView, members: number, count: number, integer: Int64): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = members + middle * 8;
    const order = integer.compareTo(view.getInt32(at, true), view.getInt32(at + 4, true));
    if (order === 0) return middle;
    if (order > 0) low = middle + 1;
    else high = middle;
  }
  return ~low;
}

/** Gives every member more bytes and adds the integer that needs them, as the least or greatest. */
function widen(
  view: DataView,
  start: number,
  width: number,
  wider: number,
  members: number,
  integer: Int64,
): void {
  const shift = integer.high < 0 ? 1 : 0;
  // From the end, so that nothing is overwritten before it is read.
  for (let index = members - 1; index >= 0; index--) {
    readMember(view, start, width, index, member);
    writeMember(view, start, wider, index + shift, member);
  }
  writeMember(view, start, wider, shift === 1 ? 0 : members, integer);
  view.setUint32(start, wider, true);
  view.setUint32(start + COUNT_OFFSET, members + 1, true);
}
