/**
 * A 64-bit integer as two 32-bit words.
 *
 *   value = high * 2^32 + (low as unsigned)
 *
 * Both words are kept signed, so that V8 holds them without a box: reading and comparing allocate
 * nothing, and printing no more than a double does. Rejected: BigInt (each operation allocates) and
 * doubles (not exact beyond 2^53).
 */
import { integerLength, writeInteger } from '../protocol/numbers.ts';

/** The most characters that an integer has as text. */
export const INT64_TEXT_MAX = 20;

const MINUS = 0x2d;
const ZERO = 0x30;
const DIGITS_MAX = 19;
const BILLION = 1e9;
const TWO_TO_32 = 2 ** 32;
/** Magnitudes with a high word below this are exact as doubles. */
const SAFE_HIGH = 2 ** 21;

/** One integer; made once and filled again and again. */
export class Int64 {
  /** The low 32 bits, as a signed integer. */
  low = 0;
  /** The high 32 bits, as a signed integer. */
  high = 0;

  /** Sets the two words, each within -2^31..2^31-1. */
  set(low: number, high: number): void {
    this.low = low;
    this.high = high;
  }

  /** Sets an integer of 32 bits. */
  setInt32(value: number): void {
    this.low = value;
    this.high = value >> 31;
  }

  /** Sets a safe integer. */
  setNumber(value: number): void {
    this.low = value | 0;
    this.high = Math.floor(value / TWO_TO_32);
  }

  /**
   * Reads a strict decimal integer of 64 bits: an optional `-`, no leading zeros, no `-0`. Answers
   * whether the text is one; if not, the value stays as it was.
   */
  parse(bytes: Buffer, start: number, length: number): boolean {
    if (length === 0 || length > INT64_TEXT_MAX) return false;
    const end = start + length;
    const negative = bytes[start] === MINUS;
    let at = negative ? start + 1 : start;
    const digits = end - at;
    const first = bytes[at]! - ZERO;
    if (digits === 0 || digits > DIGITS_MAX || first < 0 || first > 9) return false;
    if (first === 0 && (negative || digits > 1)) return false;
    // In two parts, each exact: all but the last nine digits, and those.
    const split = digits > 9 ? end - 9 : at;
    let head = 0;
    for (; at < split; at++) {
      const digit = bytes[at]! - ZERO;
      if (digit < 0 || digit > 9) return false;
      head = head * 10 + digit;
    }
    let tail = 0;
    for (; at < end; at++) {
      const digit = bytes[at]! - ZERO;
      if (digit < 0 || digit > 9) return false;
      tail = (tail * 10 + digit) | 0;
    }
    if (head !== 0) return this.#setParts(head, tail, negative);
    this.setInt32(negative ? -tail : tail);
    return true;
  }

  /** Whether `toNumber` is exact and a safe integer. */
  isSafe(): boolean {
    const { high } = this;
    return high < SAFE_HIGH && (high > -SAFE_HIGH || (high === -SAFE_HIGH && this.low !== 0));
  }

  /** The nearest double. */
  toNumber(): number {
    return this.high * TWO_TO_32 + (this.low >>> 0);
  }

  /** Negative, 0 or positive as this is less than, equal to or greater than these two words. */
  compareTo(low: number, high: number): number {
    if (this.high !== high) return this.high < high ? -1 : 1;
    if (this.low === low) return 0;
    return this.low >>> 0 < low >>> 0 ? -1 : 1;
  }

  /** Characters of its decimal text. */
  textLength(): number {
    if (this.isSafe()) return integerLength(this.toNumber());
    return (this.high < 0 ? 1 : 0) + integerLength(this.#billions()) + 9;
  }

  /** Writes its decimal text at out[at..] and returns the position behind it. */
  write(out: Uint8Array, at: number): number {
    if (this.isSafe()) return writeInteger(out, at, this.toNumber());
    if (this.high < 0) out[at++] = MINUS;
    const billions = this.#billions();
    const middle = writeInteger(out, at, billions);
    // The magnitude modulo 2^32 is enough to find what is left below a billion.
    const magnitude = this.high < 0 ? -this.low : this.low;
    let rest = (magnitude - Math.imul(billions, BILLION)) | 0;
    for (let i = middle + 8; i >= middle; i--) {
      const quotient = (rest / 10) | 0;
      out[i] = ZERO + rest - quotient * 10;
      rest = quotient;
    }
    return middle + 9;
  }

  /** The whole billions of the magnitude, by long division in steps that doubles hold exactly. */
  #billions(): number {
    const negative = this.high < 0;
    const low = (negative ? -this.low : this.low) >>> 0;
    const high = (negative ? ~this.high + (low === 0 ? 1 : 0) : this.high) >>> 0;
    const first = Math.floor(high / BILLION);
    const upper = (high - first * BILLION) * 65536 + (low >>> 16);
    const second = Math.floor(upper / BILLION);
    const lower = (upper - second * BILLION) * 65536 + (low & 0xffff);
    return first * TWO_TO_32 + second * 65536 + Math.floor(lower / BILLION);
  }

  /** Sets head * 10^9 + tail, or its negative; false and unchanged if that exceeds 64 bits. */
  #setParts(head: number, tail: number, negative: boolean): boolean {
    const headHigh = Math.floor(head / 65536);
    const lower = (head - headHigh * 65536) * BILLION + tail;
    const lowerHigh = Math.floor(lower / 65536);
    const upper = headHigh * BILLION + lowerHigh;
    const low = ((upper & 0xffff) << 16) | (lower - lowerHigh * 65536);
    const high = Math.floor(upper / 65536);
    const isMin = negative && high === TWO_TO_32 / 2 && low === 0;
    if (high >= TWO_TO_32 / 2 && !isMin) return false;
    this.low = negative ? -low | 0 : low;
    this.high = (negative ? ~high + (low === 0 ? 1 : 0) : high) | 0;
    return true;
  }
}
