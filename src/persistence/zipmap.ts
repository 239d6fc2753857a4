/**
 * Zipmaps, in which Redis 2.0 to 2.4 held and stored small hashes. They are only read: each becomes
 * a listpack of fields and values.
 *
 *   | fields u8 | length | field | length | unused u8 | value | unused bytes | ... | 255 |
 *
 *   length   0..253 in one byte, or 254 and u32, little-endian
 *
 * The number of fields is 254 when it does not fit.
 */
import type { ListpackBuilder } from './listpack-builder.ts';

const END = 255;
const LONG = 254;
const FIELDS_UNKNOWN = 254;

/** What the last `readLength` read, and the position behind it. */
let readLengthValue = 0;
let readLengthEnd = 0;

/**
 * Adds the fields and values of a zipmap to a listpack; false when the bytes are none. Reads
 * nothing outside of them, whatever they are.
 */
export function convertZipmap(
  bytes: Buffer,
  view: DataView,
  start: number,
  length: number,
  into: ListpackBuilder,
): boolean {
  if (length < 2 || bytes[start + length - 1] !== END) return false;
  const end = start + length - 1;
  let at = start + 1;
  let fields = 0;
  while (at < end) {
    if (!readLength(bytes, view, at, end)) return false;
    at = addText(bytes, view, readLengthEnd, readLengthValue, end, into);
    if (at < 0 || at >= end || !readLength(bytes, view, at, end)) return false;
    const unusedAt = readLengthEnd;
    if (unusedAt >= end) return false;
    at = addText(bytes, view, unusedAt + 1, readLengthValue, end, into);
    if (at < 0) return false;
    at += bytes[unusedAt]!;
    fields++;
  }
  const counted = bytes[start]!;
  return at === end && (counted === fields || counted >= FIELDS_UNKNOWN);
}

function readLength(bytes: Buffer, view: DataView, at: number, end: number): boolean {
  const first = bytes[at]!;
  if (first < LONG) {
    readLengthValue = first;
    readLengthEnd = at + 1;
    return true;
  }
  if (first !== LONG || at + 5 > end) return false;
  readLengthValue = view.getUint32(at + 1, true);
  readLengthEnd = at + 5;
  return true;
}

/** Adds a text; the position behind it, -1 when it lies beyond the end. */
function addText(
  bytes: Buffer,
  view: DataView,
  at: number,
  length: number,
  end: number,
  into: ListpackBuilder,
): number {
  if (length > end - at || !into.admits(length)) return -1;
  into.add(bytes, view, at, length);
  return at + length;
}
