/**
 * Listpacks that come from others: RESTORE and files. Whatever passes here can be walked, read and
 * changed by listpack.ts without leaving its bytes.
 */
import { BYTES_MAX } from './listpack.ts';
import { backlenBytes, END } from './listpack-entry.ts';

const HEADER_BYTES = 6;
const COUNT_UNKNOWN = 0xffff;

/** Bytes before the payload and of an integer's payload, by the heads from 0xf1 to 0xf4. */
const INTEGER_BYTES = Uint8Array.of(3, 4, 5, 9);

/**
 * Whether `length` bytes are one whole listpack: total, end, every head, length and backlen, and
 * the count. Reads nothing outside of them, whatever they are.
 */
export function isValidListpack(
  bytes: Buffer,
  view: DataView,
  start: number,
  length: number,
): boolean {
  if (length <= HEADER_BYTES || length > BYTES_MAX || start + length > bytes.length) return false;
  const end = start + length - 1;
  if (view.getUint32(start, true) !== length || bytes[end] !== END) return false;
  let at = start + HEADER_BYTES;
  let entries = 0;
  for (; at < end; entries++) {
    const body = bodyBytesWithin(bytes, view, at, end);
    if (body === 0) return false;
    const behind = at + body + backlenBytes(body);
    if (behind > end || !isBacklen(bytes, at + body, behind, body)) return false;
    at = behind;
  }
  const count = view.getUint16(start + 4, true);
  return count === entries || count === COUNT_UNKNOWN;
}

/** Bytes of head and payload at `at`, 0 when it is none or its length lies beyond `end`. */
function bodyBytesWithin(bytes: Buffer, view: DataView, at: number, end: number): number {
  const head = bytes[at]!;
  if (head < 0x80) return 1;
  if (head < 0xc0) return 1 + (head & 63);
  if (head < 0xe0) return 2;
  if (head < 0xf0) return at + 1 < end ? 2 + (((head & 15) << 8) | bytes[at + 1]!) : 0;
  if (head === 0xf0) return at + 4 < end ? 5 + view.getUint32(at + 1, true) : 0;
  return head <= 0xf4 ? INTEGER_BYTES[head - 0xf1]! : 0;
}

/** Whether the bytes up to `end` are the backlen that `bodyBytes` is written as. */
function isBacklen(bytes: Buffer, at: number, end: number, bodyBytes: number): boolean {
  let rest = bodyBytes;
  for (let i = end - 1; i > at; i--) {
    if (bytes[i] !== ((rest & 127) | 128)) return false;
    rest >>>= 7;
  }
  return bytes[at] === rest;
}
