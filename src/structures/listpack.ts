/**
 * Listpacks: lists of strings packed into one range of bytes, the way Redis holds small collections
 * and stores them in its files. An entry is drawn in listpack-entry.ts.
 *
 *   +-------------+-----------+---------+---------+-----+-------+------+
 *   | total bytes | count     | entry 0 | entry 1 | ... | entry | 0xff |
 *   | u32         | u16       |         |         |     |       |      |
 *   +-------------+-----------+---------+---------+-----+-------+------+
 *   0             4           6
 *
 * A listpack has no object: it is (bytes, view, start), wherever that lies. An entry is named by
 * its offset from `start`, which stays true when the listpack is moved; 0, which is in the header,
 * is none. Whoever owns the bytes sees to their room: before `insert`, `append` and `prepend` there
 * must be `entryBytes` of the element more, before `replace` what that exceeds `entryBytesAt` by.
 *
 *   import * as listpack from '../structures/listpack.ts';
 *
 * Invariants: the total includes header and end and is at most BYTES_MAX; the count is exact, or
 * 65535 when it may not fit. Elements are texts: an integer compares as the text it prints as.
 *
 * Rejected: a format of our own with lengths of fixed size. It would walk no faster (most heads are
 * one byte), and every save, load, DUMP and RESTORE would have to convert.
 */
import { copyBytes, equalBytes } from '../memory/bytes.ts';
import { moveBytes } from '../memory/move-bytes.ts';
import { INT64_TEXT_MAX, Int64 } from './int64.ts';
import {
  END,
  entryBytes,
  equalsInteger,
  equalsText,
  isString,
  readInteger,
  sizeAt,
  sizeBefore,
  stringLength,
  stringStart,
  writeEntry,
} from './listpack-entry.ts';

export { entryBytes };

/** Most bytes that a listpack may have, as in Redis: offsets then are small integers everywhere. */
export const BYTES_MAX: number = 2 ** 30;
/** Bytes of a listpack without entries. */
export const EMPTY_BYTES = 7;
/** Offset of the first entry, if there is one. */
const HEADER_BYTES = 6;
const COUNT_OFFSET = 4;
const COUNT_UNKNOWN = 0xffff;

/** Scratch for searching and comparing. */
const textInteger = new Int64();
const entryInteger = new Int64();
const digits = Buffer.alloc(INT64_TEXT_MAX);

/** Writes a listpack without entries. */
export function writeEmpty(bytes: Buffer, view: DataView, start: number): void {
  view.setUint32(start, EMPTY_BYTES, true);
  view.setUint16(start + COUNT_OFFSET, 0, true);
  bytes[start + HEADER_BYTES] = END;
}

/** Bytes of the whole listpack. */
export function totalBytes(view: DataView, start: number): number {
  return view.getUint32(start, true);
}

/** Number of entries. If the header does not know it, walks, and notes it there once it fits. */
export function count(bytes: Buffer, view: DataView, start: number): number {
  const known = view.getUint16(start + COUNT_OFFSET, true);
  if (known !== COUNT_UNKNOWN) return known;
  let counted = 0;
  for (let at = start + HEADER_BYTES; bytes[at] !== END; at += sizeAt(bytes, view, at)) counted++;
  if (counted < COUNT_UNKNOWN) view.setUint16(start + COUNT_OFFSET, counted, true);
  return counted;
}

// --- Walking

/** Offset of the first entry, 0 if there is none. */
export function first(bytes: Buffer, start: number): number {
  return bytes[start + HEADER_BYTES] === END ? 0 : HEADER_BYTES;
}

/** Offset of the last entry, 0 if there is none. */
export function last(bytes: Buffer, view: DataView, start: number): number {
  return previous(bytes, start, end(view, start));
}

/** Offset of the entry behind one, 0 if it is the last. */
export function next(bytes: Buffer, view: DataView, start: number, offset: number): number {
  const following = behind(bytes, view, start, offset);
  return bytes[start + following] === END ? 0 : following;
}

/** Offset of the entry before one (or before the end), 0 if there is none. */
export function previous(bytes: Buffer, start: number, offset: number): number {
  return offset === HEADER_BYTES ? 0 : offset - sizeBefore(bytes, start + offset);
}

/** Offset of what follows an entry, be it the end: where `insert` puts an element behind it. */
export function behind(bytes: Buffer, view: DataView, start: number, offset: number): number {
  return offset + sizeAt(bytes, view, start + offset);
}

/** Offset of the end: where `insert` appends. */
export function end(view: DataView, start: number): number {
  return view.getUint32(start, true) - 1;
}

/** Offset of the entry at an index, from the end if negative (-1 is the last); 0 if none. */
export function atIndex(bytes: Buffer, view: DataView, start: number, index: number): number {
  const known = view.getUint16(start + COUNT_OFFSET, true);
  if (known !== COUNT_UNKNOWN) {
    if (index >= known || index < -known) return 0;
    // From the nearer end.
    if (index >= 0 && index > known >>> 1) index -= known;
    else if (index < 0 && -index > known >>> 1) index += known;
  }
  if (index >= 0) {
    let offset = first(bytes, start);
    while (offset !== 0 && index-- > 0) offset = next(bytes, view, start, offset);
    return offset;
  }
  let offset = last(bytes, view, start);
  while (offset !== 0 && ++index < 0) offset = previous(bytes, start, offset);
  return offset;
}

// --- Comparing

/**
 * Offset of the first entry with this text among `from` and every `stride`th entry behind it, 0 if
 * there is none or `from` is 0. A stride of 2 looks at the fields of a hash.
 */
export function find(
  bytes: Buffer,
  view: DataView,
  start: number,
  from: number,
  stride: number,
  text: Buffer,
  textView: DataView,
  textOffset: number,
  textLength: number,
): number {
  if (from === 0) return 0;
  const isInteger = textInteger.parse(text, textOffset, textLength);
  // The head of an entry that holds the text as an integer of one byte.
  const small = isInteger && textInteger.high === 0 ? textInteger.low : -1;
  // Fields are often alike but for their ends, so these are compared first.
  const isWord = textLength >= 4;
  const lastWord = isWord ? textView.getInt32(textOffset + textLength - 4, true) : 0;
  for (let at = start + from; ; ) {
    const head = bytes[at]!;
    if (head < 0x80) {
      if (head === small) return at - start;
      at += 2;
    } else if (head < 0xc0) {
      const length = head & 63;
      if (
        length === textLength &&
        !(isWord && view.getInt32(at + length - 3, true) !== lastWord) &&
        equalBytes(bytes, view, at + 1, text, textView, textOffset, length)
      ) {
        return at - start;
      }
      at += length + 2;
    } else {
      if (head === END) return 0;
      const isEqual = isString(head)
        ? equalsText(bytes, view, at, text, textView, textOffset, textLength)
        : isInteger && equalsInteger(bytes, view, at, textInteger);
      if (isEqual) return at - start;
      at += sizeAt(bytes, view, at);
    }
    for (let skipped = 1; skipped < stride; skipped++) {
      const head = bytes[at]!;
      if (head < 0x80) at += 2;
      else if (head < 0xc0) at += (head & 63) + 2;
      else if (head === END) return 0;
      else at += sizeAt(bytes, view, at);
    }
  }
}

/** Whether an entry has this text. */
export function equals(
  bytes: Buffer,
  view: DataView,
  start: number,
  offset: number,
  text: Buffer,
  textView: DataView,
  textOffset: number,
  textLength: number,
): boolean {
  return equalsText(bytes, view, start + offset, text, textView, textOffset, textLength);
}

/** Negative, 0 or positive as the entry's text, byte by byte, comes before, with or after this. */
export function compare(
  bytes: Buffer,
  view: DataView,
  start: number,
  offset: number,
  text: Buffer,
  textOffset: number,
  textLength: number,
): number {
  const at = start + offset;
  if (isString(bytes[at]!)) {
    const from = stringStart(bytes, at);
    const length = stringLength(bytes, view, at);
    return compareTexts(bytes, from, length, text, textOffset, textLength);
  }
  readInteger(bytes, view, at, entryInteger);
  const length = entryInteger.write(digits, 0);
  return compareTexts(digits, 0, length, text, textOffset, textLength);
}

function compareTexts(
  a: Buffer,
  aOffset: number,
  aLength: number,
  b: Buffer,
  bOffset: number,
  bLength: number,
): number {
  const shared = Math.min(aLength, bLength);
  for (let i = 0; i < shared; i++) {
    const difference = a[aOffset + i]! - b[bOffset + i]!;
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

// --- Changing

/** Bytes that the entry at an offset takes. */
export function entryBytesAt(bytes: Buffer, view: DataView, start: number, offset: number): number {
  return sizeAt(bytes, view, start + offset);
}

/**
 * Inserts an element before an entry or, at the `end`, behind the last; it then is at `offset`.
 * REQUIRES: room for `entryBytes` more; the text lies outside the listpack.
 */
export function insert(
  bytes: Buffer,
  view: DataView,
  start: number,
  offset: number,
  text: Buffer,
  textView: DataView,
  textOffset: number,
  textLength: number,
): void {
  open(bytes, view, start, offset, entryBytes(text, textOffset, textLength), 1);
  writeEntry(bytes, view, start + offset, text, textView, textOffset, textLength);
}

/** Adds an element behind the last entry. REQUIRES: what `insert` does. */
export function append(
  bytes: Buffer,
  view: DataView,
  start: number,
  text: Buffer,
  textView: DataView,
  textOffset: number,
  textLength: number,
): void {
  const total = view.getUint32(start, true);
  const at = start + total - 1;
  const behindIt = writeEntry(bytes, view, at, text, textView, textOffset, textLength);
  bytes[behindIt] = END;
  setSize(view, start, total + behindIt - at, 1);
}

/** Adds an element before the first entry. REQUIRES: what `insert` does. */
export function prepend(
  bytes: Buffer,
  view: DataView,
  start: number,
  text: Buffer,
  textView: DataView,
  textOffset: number,
  textLength: number,
): void {
  insert(bytes, view, start, HEADER_BYTES, text, textView, textOffset, textLength);
}

/**
 * Gives an entry another text; its offset stays. REQUIRES: room for the difference between
 * `entryBytes` and `entryBytesAt`; the text lies outside the listpack.
 */
export function replace(
  bytes: Buffer,
  view: DataView,
  start: number,
  offset: number,
  text: Buffer,
  textView: DataView,
  textOffset: number,
  textLength: number,
): void {
  const total = view.getUint32(start, true);
  const at = start + offset;
  const before = sizeAt(bytes, view, at);
  const after = entryBytes(text, textOffset, textLength);
  if (before !== after) {
    moveBytes(bytes, view, at + after, at + before, total - offset - before);
    view.setUint32(start, total + after - before, true);
  }
  writeEntry(bytes, view, at, text, textView, textOffset, textLength);
}

/**
 * Removes up to `entries` entries from one on. Returns the offset of the entry that then is there,
 * 0 if that is the end.
 */
export function remove(
  bytes: Buffer,
  view: DataView,
  start: number,
  offset: number,
  entries = 1,
): number {
  const total = view.getUint32(start, true);
  const at = start + offset;
  let kept = at;
  let removed = 0;
  for (; removed < entries && bytes[kept] !== END; removed++) kept += sizeAt(bytes, view, kept);
  moveBytes(bytes, view, at, kept, start + total - kept);
  setSize(view, start, total - (kept - at), -removed);
  return bytes[at] === END ? 0 : offset;
}

/**
 * Inserts entries of another listpack as they are: `byteLength` bytes of `source` at `sourceStart`,
 * which are `entries` whole entries. REQUIRES: room for them; the source lies elsewhere.
 */
export function insertEntries(
  bytes: Buffer,
  view: DataView,
  start: number,
  offset: number,
  source: Buffer,
  sourceView: DataView,
  sourceStart: number,
  byteLength: number,
  entries: number,
): void {
  open(bytes, view, start, offset, byteLength, entries);
  copyBytes(source, sourceView, sourceStart, bytes, view, start + offset, byteLength);
}

/** Makes a gap for entries that the caller then writes. */
function open(
  bytes: Buffer,
  view: DataView,
  start: number,
  offset: number,
  byteLength: number,
  entries: number,
): void {
  const total = view.getUint32(start, true);
  const at = start + offset;
  moveBytes(bytes, view, at + byteLength, at, total - offset);
  setSize(view, start, total + byteLength, entries);
}

/** Sets the total and adds to the count, which then may be too large to be known. */
function setSize(view: DataView, start: number, total: number, added: number): void {
  view.setUint32(start, total, true);
  const known = view.getUint16(start + COUNT_OFFSET, true);
  if (known === COUNT_UNKNOWN) return;
  view.setUint16(start + COUNT_OFFSET, Math.min(known + added, COUNT_UNKNOWN), true);
}
