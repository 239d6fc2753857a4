/**
 * Integers of any width inside a string: `bits` bits from position `offset` on, the highest first,
 * two's complement where they are signed.
 *
 * Widths up to 52 bits are worked on as doubles, which hold them and most sums exactly; the others,
 * and sums that are no safe integers, as BigInt.
 */

/** The widest field that doubles serve. */
export const NARROW_BITS_MAX = 52;

const HALF_BITS = 32;
const INT64_MAX = 2n ** 63n - 1n;

/** What happens to a value that a field cannot hold. */
export const OVERFLOW_WRAP = 0;
export const OVERFLOW_SATURATE = 1;
export const OVERFLOW_FAIL = 2;

/** Reads a field of at most NARROW_BITS_MAX bits; what lies behind the string is zero. */
export function readField(
  bytes: Uint8Array,
  start: number,
  length: number,
  offset: number,
  bits: number,
  signed: boolean,
): number {
  const value = readBits(bytes, start, length, offset, bits);
  return signed && value >= 2 ** (bits - 1) ? value - 2 ** bits : value;
}

/** As `readField`, for a field of up to 64 bits. */
export function readWideField(
  bytes: Uint8Array,
  start: number,
  length: number,
  offset: number,
  bits: number,
  signed: boolean,
): bigint {
  const lowBits = Math.min(bits, HALF_BITS);
  const highBits = bits - lowBits;
  const high = BigInt(readBits(bytes, start, length, offset, highBits));
  const low = BigInt(readBits(bytes, start, length, offset + highBits, lowBits));
  const value = (high << BigInt(lowBits)) | low;
  return signed ? BigInt.asIntN(bits, value) : value;
}

/** Writes a value that the field can hold. REQUIRES: as `readField`, and its bytes are there. */
export function writeField(
  bytes: Uint8Array,
  start: number,
  offset: number,
  bits: number,
  value: number,
): void {
  writeBits(bytes, start, offset, bits, value < 0 ? value + 2 ** bits : value);
}

/** As `writeField`, for a field of up to 64 bits. */
export function writeWideField(
  bytes: Uint8Array,
  start: number,
  offset: number,
  bits: number,
  value: bigint,
): void {
  const lowBits = Math.min(bits, HALF_BITS);
  const highBits = bits - lowBits;
  const unsigned = BigInt.asUintN(bits, value);
  writeBits(bytes, start, offset, highBits, Number(unsigned >> BigInt(lowBits)));
  writeBits(bytes, start, offset + highBits, lowBits, Number(BigInt.asUintN(lowBits, unsigned)));
}

/**
 * What a field of at most NARROW_BITS_MAX bits holds when it is given a safe integer; NaN when it
 * refuses it.
 */
export function fitField(value: number, bits: number, signed: boolean, overflow: number): number {
  const span = 2 ** bits;
  const min = signed ? -span / 2 : 0;
  const max = min + span - 1;
  if (value >= min && value <= max) return value;
  if (overflow === OVERFLOW_FAIL) return Number.NaN;
  if (overflow === OVERFLOW_SATURATE) return value > max ? max : min;
  const wrapped = value - Math.floor(value / span) * span;
  return wrapped > max ? wrapped - span : wrapped;
}

/** As `fitField`, for a field of up to 64 bits and any value; undefined when it refuses it. */
export function fitWideField(
  value: bigint,
  bits: number,
  signed: boolean,
  overflow: number,
): bigint | undefined {
  const wrapped = signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  if (wrapped === value || overflow === OVERFLOW_WRAP) return wrapped;
  if (overflow === OVERFLOW_FAIL) return undefined;
  const min = signed ? -(1n << BigInt(bits - 1)) : 0n;
  const max = min + (1n << BigInt(bits)) - 1n;
  return value > max ? max : min;
}

/**
 * A 64-bit integer as SET takes it for a field, where Redis differs from mere arithmetic. It is
 * unsigned for an unsigned field, so that -1 is too high for it, not too low. And for a signed one
 * of less than 64 bits Redis finds out how far it is below the highest value with a subtraction
 * that wraps: from 2^63 on it is taken for too high, which shows when the field saturates.
 */
export function operandOfSet(value: bigint, bits: number, signed: boolean): bigint {
  if (!signed) return BigInt.asUintN(64, value);
  if (bits === 64) return value;
  const max = (1n << BigInt(bits - 1)) - 1n;
  return max - value > INT64_MAX ? value + 2n ** 64n : value;
}

// --- Bits

/** Up to 53 bits as an unsigned integer. */
function readBits(
  bytes: Uint8Array,
  start: number,
  length: number,
  offset: number,
  bits: number,
): number {
  let value = 0;
  let left = bits;
  let byte = Math.floor(offset / 8);
  let room = 8 - (offset % 8);
  while (left > 0) {
    const taken = Math.min(left, room);
    const whole = byte < length ? bytes[start + byte]! : 0;
    value = value * (1 << taken) + ((whole >>> (room - taken)) & ((1 << taken) - 1));
    left -= taken;
    byte++;
    room = 8;
  }
  return value;
}

/** Writes an unsigned integer of up to 53 bits. */
function writeBits(
  bytes: Uint8Array,
  start: number,
  offset: number,
  bits: number,
  value: number,
): void {
  let left = bits;
  let rest = value;
  let at = start + Math.floor(offset / 8);
  let room = 8 - (offset % 8);
  while (left > 0) {
    const taken = Math.min(left, room);
    left -= taken;
    const scale = 2 ** left;
    const part = Math.floor(rest / scale);
    rest -= part * scale;
    const shift = room - taken;
    const mask = ((1 << taken) - 1) << shift;
    bytes[at] = (bytes[at]! & ~mask) | (part << shift);
    at++;
    room = 8;
  }
}
