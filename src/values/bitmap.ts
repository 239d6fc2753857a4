/**
 * Strings as rows of bits, as Redis counts them: bit 0 is the highest of the first byte, and what
 * lies behind the last byte is zero. Positions go up to 2^33, so they are doubles, not 32-bit
 * integers. Counting, searching and combining go by 32-bit words.
 */

const ALL_ONES = -1;
const WORD_BYTES = 4;

/** The bit at this position of the `length` bytes at `start`: 0 or 1. */
export function getBit(bytes: Uint8Array, start: number, length: number, bit: number): number {
  const byte = Math.floor(bit / 8);
  return byte < length ? (bytes[start + byte]! >>> (7 - (bit % 8))) & 1 : 0;
}

/** Sets a bit to 0 or 1 and answers what it was. REQUIRES: its byte is there. */
export function setBit(bytes: Uint8Array, start: number, bit: number, value: number): number {
  const at = start + Math.floor(bit / 8);
  const shift = 7 - (bit % 8);
  const byte = bytes[at]!;
  bytes[at] = (byte & ~(1 << shift)) | (value << shift);
  return (byte >>> shift) & 1;
}

// --- Counting and searching

/** How many bits are set from position `first` to `last`, both included. */
export function countBits(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  first: number,
  last: number,
): number {
  if (first > last) return 0;
  const firstByte = start + Math.floor(first / 8);
  const lastByte = start + Math.floor(last / 8);
  const before = bytes[firstByte]! & ~(0xff >>> (first % 8));
  const behind = bytes[lastByte]! & ((1 << (7 - (last % 8))) - 1);
  return countOnes(bytes, view, firstByte, lastByte + 1) - ones(before) - ones(behind);
}

/**
 * Position of the first bit that is `value` from position `first` to `last`, both included; -1 if
 * there is none.
 */
export function findBit(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  first: number,
  last: number,
  value: number,
): number {
  if (first > last) return -1;
  const flip = value === 1 ? 0 : 0xff;
  const boring = value === 1 ? 0 : ALL_ONES;
  const end = start + Math.floor(last / 8) + 1;
  let at = start + Math.floor(first / 8);
  let wanted = (bytes[at]! ^ flip) & (0xff >>> (first % 8));
  while (wanted === 0) {
    at++;
    while (at + WORD_BYTES <= end && view.getInt32(at, true) === boring) at += WORD_BYTES;
    if (at >= end) return -1;
    wanted = bytes[at]! ^ flip;
  }
  const found = (at - start) * 8 + Math.clz32(wanted) - 24;
  return found <= last ? found : -1;
}

/** Bits that are set in bytes[start..end). */
function countOnes(bytes: Uint8Array, view: DataView, start: number, end: number): number {
  let count = 0;
  let at = start;
  // Three words together keep their sums of four bits below 16, and share the rest of the work.
  for (; at + 3 * WORD_BYTES <= end; at += 3 * WORD_BYTES) {
    const sums =
      onesOfNibbles(view.getInt32(at, true)) +
      onesOfNibbles(view.getInt32(at + WORD_BYTES, true)) +
      onesOfNibbles(view.getInt32(at + 2 * WORD_BYTES, true));
    const sumsOfBytes = (sums & 0x0f0f0f0f) + ((sums >>> 4) & 0x0f0f0f0f);
    count += Math.imul(sumsOfBytes, 0x01010101) >>> 24;
  }
  for (; at < end; at++) count += ones(bytes[at]!);
  return count;
}

/** Bits that are set in a 32-bit word. */
function ones(word: number): number {
  const sums = onesOfNibbles(word);
  return Math.imul((sums + (sums >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** In each four bits of the result, how many of the word's are set there. */
function onesOfNibbles(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  return (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
}

// --- Combining

/**
 * What becomes of two words: (a & b & both) ^ ((a ^ b) & either). One loop serves all, and the
 * masks cost it next to nothing beside memory.
 */
export interface BitOperation {
  readonly both: number;
  readonly either: number;
}

export const AND: BitOperation = { both: ALL_ONES, either: 0 };
export const OR: BitOperation = { both: ALL_ONES, either: ALL_ONES };
export const XOR: BitOperation = { both: 0, either: ALL_ONES };

/** Combines `length` bytes of `to` with those of `from`; the ranges may be the same. */
export function combineBits(
  { both, either }: BitOperation,
  from: Uint8Array,
  fromView: DataView,
  fromStart: number,
  to: Uint8Array,
  toView: DataView,
  toStart: number,
  length: number,
): void {
  let i = 0;
  for (; i + WORD_BYTES <= length; i += WORD_BYTES) {
    const a = toView.getInt32(toStart + i, true);
    const b = fromView.getInt32(fromStart + i, true);
    toView.setInt32(toStart + i, (a & b & both) ^ ((a ^ b) & either), true);
  }
  for (; i < length; i++) {
    const a = to[toStart + i]!;
    const b = from[fromStart + i]!;
    to[toStart + i] = (a & b & both) ^ ((a ^ b) & either);
  }
}

/** Turns every bit of bytes[start..start + length). */
export function invertBits(bytes: Uint8Array, view: DataView, start: number, length: number): void {
  let i = 0;
  for (; i + WORD_BYTES <= length; i += WORD_BYTES) {
    view.setInt32(start + i, ~view.getInt32(start + i, true), true);
  }
  for (; i < length; i++) bytes[start + i] = ~bytes[start + i]!;
}
