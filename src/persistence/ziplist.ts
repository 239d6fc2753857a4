/**
 * Ziplists, in which Redis held and stored small collections before it had listpacks. They are only
 * read: each becomes a listpack.
 *
 *   | bytes u32 | offset of the last entry u32 | count u16 | entry | ... | 255 |
 *
 *   entry    | bytes of the entry before: u8, or 254 and u32 | head | payload |
 *   head     00nnnnnn                   a string of up to 63 bytes
 *            01nnnnnn nnnnnnnn          of up to 16383 bytes, high bits first
 *            10------ and u32           a longer one, high byte first
 *            11000000 11010000 11100000 an integer of 16, 32, 64 bits
 *            11110000 11111110          of 24, 8 bits
 *            1111nnnn                   the integer n - 1, n from 1 to 13
 *
 * Numbers are little-endian where nothing else is said. The count is 65535 when it does not fit.
 */
import { Int64 } from '../structures/int64.ts';
import type { ListpackBuilder } from './listpack-builder.ts';

const HEADER_BYTES = 10;
const END = 255;
const LONG_BEFORE = 254;
const COUNT_UNKNOWN = 0xffff;
const SMALL_INTEGER_MIN = 0xf1;
const SMALL_INTEGER_MAX = 0xfd;

const integer = new Int64();

/**
 * Adds the elements of a ziplist to a listpack; false when the bytes are none. Reads nothing
 * outside of them, whatever they are.
 */
export function convertZiplist(
  bytes: Buffer,
  view: DataView,
  start: number,
  length: number,
  into: ListpackBuilder,
): boolean {
  if (length <= HEADER_BYTES || view.getUint32(start, true) !== length) return false;
  const end = start + length - 1;
  if (bytes[end] !== END) return false;
  let at = start + HEADER_BYTES;
  let before = 0;
  let last = at;
  let count = 0;
  while (at < end) {
    const head = headAt(bytes, view, at, end, before);
    if (head < 0) return false;
    const behind = addEntry(bytes, view, head, end, into);
    if (behind < 0) return false;
    last = at;
    before = behind - at;
    at = behind;
    count++;
  }
  const counted = view.getUint16(start + 8, true);
  if (counted !== count && counted !== COUNT_UNKNOWN) return false;
  return view.getUint32(start + 4, true) === last - start;
}

/** Position of an entry's head, -1 when what is before it is not what it says. */
function headAt(bytes: Buffer, view: DataView, at: number, end: number, before: number): number {
  const first = bytes[at]!;
  if (first < LONG_BEFORE) return first === before && at + 1 < end ? at + 1 : -1;
  if (first !== LONG_BEFORE || at + 5 >= end) return -1;
  return view.getUint32(at + 1, true) === before ? at + 5 : -1;
}

/** Adds the entry of a head; the position behind it, -1 when it is none. */
function addEntry(
  bytes: Buffer,
  view: DataView,
  at: number,
  end: number,
  into: ListpackBuilder,
): number {
  const head = bytes[at]!;
  if (head < 0xc0) return addString(bytes, view, at, end, into);
  if (head >= SMALL_INTEGER_MIN && head <= SMALL_INTEGER_MAX) {
    integer.setInt32(head - SMALL_INTEGER_MIN);
    into.addInteger(integer);
    return at + 1;
  }
  const size = integerBytes(head);
  const payload = at + 1;
  if (size === 0 || payload + size > end) return -1;
  if (size === 1) integer.setInt32(view.getInt8(payload));
  else if (size === 2) integer.setInt32(view.getInt16(payload, true));
  else if (size === 3)
    integer.setInt32((view.getInt8(payload + 2) << 16) | view.getUint16(payload, true));
  else if (size === 4) integer.setInt32(view.getInt32(payload, true));
  else integer.set(view.getInt32(payload, true), view.getInt32(payload + 4, true));
  into.addInteger(integer);
  return payload + size;
}

function addString(
  bytes: Buffer,
  view: DataView,
  at: number,
  end: number,
  into: ListpackBuilder,
): number {
  const head = bytes[at]!;
  let from = at + 1;
  let length = head & 63;
  if (head >= 0x80) {
    if (at + 5 > end) return -1;
    length = view.getUint32(at + 1);
    from = at + 5;
  } else if (head >= 0x40) {
    if (at + 2 > end) return -1;
    length = ((head & 63) << 8) | bytes[at + 1]!;
    from = at + 2;
  }
  if (length > end - from || !into.admits(length)) return -1;
  into.add(bytes, view, from, length);
  return from + length;
}

/** Bytes of an integer's payload, 0 for a head that is none. */
function integerBytes(head: number): number {
  switch (head) {
    case 0xc0:
      return 2;
    case 0xd0:
      return 4;
    case 0xe0:
      return 8;
    case 0xf0:
      return 3;
    case 0xfe:
      return 1;
    default:
      return 0;
  }
}
