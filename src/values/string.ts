/**
 * What the bytes of a string mean. A string's value always is its bytes; its encoding only tells
 * how Redis would hold them, which is what OBJECT ENCODING answers.
 */
import { isInteger64, parseInt64, parseSafeInteger } from '../protocol/numbers.ts';

/** Encodings: 3 bits of the record. */
export const STRING_RAW = 0;
export const STRING_INT = 1;
export const STRING_EMBSTR = 2;

/** The longest string that Redis puts into one block with its object, in bytes. */
const EMBSTR_BYTES_MAX = 44;

/** Room that a growing string is given beyond its length, up to which it is doubled. */
const DOUBLED_BYTES_MAX = 1024 * 1024;
/** The part of a longer string that is added to it as room. */
const SLACK_DIVISOR = 8;

/** The encoding of a string that was written as a whole. */
export function stringEncoding(bytes: Uint8Array, start: number, length: number): number {
  if (isInteger64(bytes, start, start + length)) return STRING_INT;
  return textEncoding(length);
}

/** The encoding of a string of so many bytes that is no integer, or not taken for one. */
export function textEncoding(length: number): number {
  return length <= EMBSTR_BYTES_MAX ? STRING_EMBSTR : STRING_RAW;
}

/**
 * Bytes of room to ask for behind a string that grows to `length`, so that growing it piece by
 * piece copies each byte a bounded number of times: twice on average, and eight times the long ones
 * of which much room would be much waste.
 */
export function growthSlack(length: number): number {
  return Math.min(length, Math.max(DOUBLED_BYTES_MAX, Math.floor(length / SLACK_DIVISOR)));
}

// --- Integers

/**
 * The string read as an integer, plus `delta`, a safe integer. NaN when the string is no integer
 * and when it or the sum is not a safe integer: then ask `readInt64` and `addInt64`.
 */
export function addToString(
  bytes: Uint8Array,
  start: number,
  length: number,
  delta: number,
): number {
  const sum = parseSafeInteger(bytes, start, start + length) + delta;
  return Number.isSafeInteger(sum) ? sum : Number.NaN;
}

/** The string read as a 64-bit integer; undefined if it is none. */
export function readInt64(bytes: Uint8Array, start: number, length: number): bigint | undefined {
  return parseInt64(bytes, start, start + length);
}

/** The sum, or undefined when 64 bits do not hold it. */
export function addInt64(value: bigint, delta: bigint): bigint | undefined {
  const sum = value + delta;
  return BigInt.asIntN(64, sum) === sum ? sum : undefined;
}

// --- Ranges

/**
 * Where the range that GETRANGE means begins. An index below 0 counts from the end, and stands for
 * the first byte when it reaches beyond that.
 */
export function rangeStart(first: number, length: number): number {
  return Math.max(0, first < 0 ? length + first : first);
}

/**
 * Length of the range from index `first` to index `last`, which it includes. A `last` beyond the
 * first byte still includes it, unless `first` is said to come later: Redis has it so.
 */
export function rangeLength(first: number, last: number, length: number): number {
  if (first < 0 && last < 0 && first > last) return 0;
  const end = Math.min(length, Math.max(0, last < 0 ? length + last : last) + 1);
  return Math.max(0, end - rangeStart(first, length));
}
