/**
 * One entry of a listpack: a string, or an integer where the text of the element reads as one.
 *
 *   head                          payload       holds
 *   0vvvvvvv                                    an integer of 0..127
 *   10nnnnnn                      n bytes       a string of up to 63 bytes
 *   110vvvvv vvvvvvvv                           an integer of 13 bits, high bits first
 *   1110nnnn nnnnnnnn             n bytes       a string of up to 4,095 bytes, high bits first
 *   11110000, n in 4 bytes        n bytes       a longer string
 *   11110001 .. 11110100          2, 3, 4, 8    an integer of 16, 24, 32, 64 bits
 *   11111111                                    no entry: the end of the listpack
 *
 *   followed by the backlen, which is how many bytes head and payload have, for walking backward:
 *   +----------+----------+     +----------+
 *   | 0xxxxxxx | 1xxxxxxx | ... | 1xxxxxxx |    1 to 5 bytes, 7 bits each, high bits first
 *   +----------+----------+     +----------+
 *
 * Numbers are little-endian where nothing else is said, integers in two's complement. An element is
 * written with the shortest head that holds it, and as an integer whenever its text is what that
 * integer prints as. Entries that come from elsewhere may use a longer head than they need.
 *
 * Positions (`at`, `end`) are byte offsets within `bytes`. Everything here trusts its bytes;
 * listpack-validate.ts is for those that cannot be trusted.
 */
import { copyBytes, equalBytes } from '../memory/bytes.ts';
import { Int64 } from './int64.ts';

/** What stands where an entry would begin at the end of a listpack. */
export const END = 0xff;

const INT13 = 0xc0;
const STRING12 = 0xe0;
const STRING32 = 0xf0;
const INT16 = 0xf1;
const INT24 = 0xf2;
const INT32 = 0xf3;
const INT64 = 0xf4;

/** Scratch for the integer of a text and of an entry. */
const textInteger = new Int64();
const entryInteger = new Int64();

/** Bytes of an entry's backlen when head and payload have `bodyBytes`. */
export function backlenBytes(bodyBytes: number): number {
  // The borders are Redis's: what just fits two to four bytes takes one more.
  if (bodyBytes < 128) return 1;
  if (bodyBytes < 16383) return 2;
  if (bodyBytes < 2097151) return 3;
  return bodyBytes < 268435455 ? 4 : 5;
}

/** Bytes that an element with this text takes as an entry. */
export function entryBytes(text: Buffer, textOffset: number, textLength: number): number {
  const body = textInteger.parse(text, textOffset, textLength)
    ? integerBodyBytes(textInteger)
    : stringBodyBytes(textLength);
  return body + backlenBytes(body);
}

/** Bytes of the entry that begins at `at`. */
export function sizeAt(bytes: Buffer, view: DataView, at: number): number {
  const body = bodyBytesAt(bytes, view, at);
  return body + backlenBytes(body);
}

/** Bytes of the entry that ends right before `end`. */
export function sizeBefore(bytes: Buffer, end: number): number {
  let at = end - 1;
  let byte = bytes[at]!;
  let body = byte & 127;
  for (let shift = 7; byte > 127; shift += 7) {
    byte = bytes[--at]!;
    body |= (byte & 127) << shift;
  }
  return body + end - at;
}

/** Writes an element as an entry and returns the position behind it. */
export function writeEntry(
  bytes: Buffer,
  view: DataView,
  at: number,
  text: Buffer,
  textView: DataView,
  textOffset: number,
  textLength: number,
): number {
  if (textInteger.parse(text, textOffset, textLength)) {
    const body = integerBodyBytes(textInteger);
    writeInteger(bytes, view, at, body, textInteger);
    return writeBacklen(bytes, at + body, body);
  }
  const payload = writeStringHead(bytes, view, at, textLength);
  copyBytes(text, textView, textOffset, bytes, view, payload, textLength);
  const end = payload + textLength;
  return writeBacklen(bytes, end, end - at);
}

/** Bytes that an integer takes as an entry. */
export function integerEntryBytes(integer: Int64): number {
  return integerBodyBytes(integer) + 1;
}

/** Writes an integer as an entry and returns the position behind it. */
export function writeIntegerEntry(
  bytes: Buffer,
  view: DataView,
  at: number,
  integer: Int64,
): number {
  const body = integerBodyBytes(integer);
  writeInteger(bytes, view, at, body, integer);
  bytes[at + body] = body;
  return at + body + 1;
}

/** Whether an entry with this first byte is a string. */
export function isString(head: number): boolean {
  return (head & 0xc0) === 0x80 || (head & 0xf0) === STRING12 || head === STRING32;
}

/** Position of a string's bytes. REQUIRES: the entry is a string. */
export function stringStart(bytes: Buffer, at: number): number {
  const head = bytes[at]!;
  if (head < INT13) return at + 1;
  return head === STRING32 ? at + 5 : at + 2;
}

/** Length of a string. REQUIRES: the entry is a string. */
export function stringLength(bytes: Buffer, view: DataView, at: number): number {
  const head = bytes[at]!;
  if (head < INT13) return head & 63;
  if (head === STRING32) return view.getUint32(at + 1, true);
  return ((head & 15) << 8) | bytes[at + 1]!;
}

/** Reads an integer. REQUIRES: the entry is one. */
export function readInteger(bytes: Buffer, view: DataView, at: number, into: Int64): void {
  const head = bytes[at]!;
  if (head < 0x80) {
    into.setInt32(head);
  } else if (head < STRING12) {
    into.setInt32((((head << 8) | bytes[at + 1]!) << 19) >> 19);
  } else if (head === INT16) {
    into.setInt32(view.getInt16(at + 1, true));
  } else if (head === INT24) {
    into.setInt32(view.getUint16(at + 1, true) | (view.getInt8(at + 3) << 16));
  } else if (head === INT32) {
    into.setInt32(view.getInt32(at + 1, true));
  } else {
    into.set(view.getInt32(at + 1, true), view.getInt32(at + 5, true));
  }
}

/** Whether the element of an entry has this text. */
export function equalsText(
  bytes: Buffer,
  view: DataView,
  at: number,
  text: Buffer,
  textView: DataView,
  textOffset: number,
  textLength: number,
): boolean {
  if (isString(bytes[at]!)) {
    if (stringLength(bytes, view, at) !== textLength) return false;
    const from = stringStart(bytes, at);
    return equalBytes(bytes, view, from, text, textView, textOffset, textLength);
  }
  return (
    textInteger.parse(text, textOffset, textLength) && equalsInteger(bytes, view, at, textInteger)
  );
}

/** Whether an entry is this integer. REQUIRES: the entry is not a string. */
export function equalsInteger(bytes: Buffer, view: DataView, at: number, integer: Int64): boolean {
  readInteger(bytes, view, at, entryInteger);
  return entryInteger.low === integer.low && entryInteger.high === integer.high;
}

/** Bytes of the head and payload of the entry that begins at `at`. */
function bodyBytesAt(bytes: Buffer, view: DataView, at: number): number {
  const head = bytes[at]!;
  if (head < 0x80) return 1;
  if (head < INT13) return 1 + (head & 63);
  if (head < STRING12) return 2;
  if (head < STRING32) return 2 + (((head & 15) << 8) | bytes[at + 1]!);
  if (head === STRING32) return 5 + view.getUint32(at + 1, true);
  if (head <= INT32) return head - INT16 + 3;
  if (head === INT64) return 9;
  throw new Error(`no listpack entry begins with ${head}`);
}

function stringBodyBytes(length: number): number {
  return length + (length < 64 ? 1 : length < 4096 ? 2 : 5);
}

function integerBodyBytes({ low, high }: Int64): number {
  if (high !== low >> 31) return 9;
  if (low >= -4096 && low < 4096) return low >>> 0 < 128 ? 1 : 2;
  if (low >= -0x8000 && low < 0x8000) return 3;
  return low >= -0x800000 && low < 0x800000 ? 4 : 5;
}

function writeInteger(
  bytes: Buffer,
  view: DataView,
  at: number,
  bodyBytes: number,
  { low, high }: Int64,
): void {
  if (bodyBytes === 1) {
    bytes[at] = low;
  } else if (bodyBytes === 2) {
    bytes[at] = INT13 | ((low >> 8) & 31);
    bytes[at + 1] = low;
  } else if (bodyBytes === 3) {
    bytes[at] = INT16;
    view.setInt16(at + 1, low, true);
  } else if (bodyBytes === 4) {
    bytes[at] = INT24;
    view.setInt16(at + 1, low, true);
    bytes[at + 3] = low >> 16;
  } else if (bodyBytes === 5) {
    bytes[at] = INT32;
    view.setInt32(at + 1, low, true);
  } else {
    bytes[at] = INT64;
    view.setInt32(at + 1, low, true);
    view.setInt32(at + 5, high, true);
  }
}

/** Returns the position of the string's bytes. */
function writeStringHead(bytes: Buffer, view: DataView, at: number, length: number): number {
  if (length < 64) {
    bytes[at] = 0x80 | length;
    return at + 1;
  }
  if (length < 4096) {
    bytes[at] = STRING12 | (length >> 8);
    bytes[at + 1] = length;
    return at + 2;
  }
  bytes[at] = STRING32;
  view.setUint32(at + 1, length, true);
  return at + 5;
}

/** Returns the position behind the backlen. */
function writeBacklen(bytes: Buffer, at: number, bodyBytes: number): number {
  if (bodyBytes < 128) {
    bytes[at] = bodyBytes;
    return at + 1;
  }
  const end = at + backlenBytes(bodyBytes);
  let rest = bodyBytes;
  for (let i = end - 1; i > at; i--) {
    bytes[i] = (rest & 127) | 128;
    rest >>>= 7;
  }
  bytes[at] = rest;
  return end;
}
