// The two halves of reading a float that double and long double share: the grammar of C's strtod,
// and exact rounding to a binary format. Nothing here is on the hot path: `parseDouble` comes here
// only for texts it cannot settle itself.
//
// Grammar (the text must be read to its end):
//
//   [+-] digits [. digits] [e [+-] digits]          at least one digit in the mantissa
//   [+-] 0x hex-digits [. hex-digits] [p [+-] digits]
//   [+-] inf | [+-] infinity                         any case
//
// `nan` is part of C's grammar but every caller refuses it, so it is refused here.

/** A float as written, before any rounding. */
export interface FloatText {
  readonly negative: boolean;
  readonly infinite: boolean;
  readonly base: 10 | 16;
  /** The mantissa, digits and at most one point, is bytes[digitsStart..digitsEnd). */
  readonly digitsStart: number;
  readonly digitsEnd: number;
  /** Digits behind the point. */
  readonly fractionDigits: number;
  /** The written exponent: of ten in base 10, of two in base 16. Saturates beyond every format. */
  readonly exponent: number;
}

/** mantissa x 2^exponent; the exponent Infinity stands for an infinite value. */
interface BinaryFloat {
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** A binary floating-point format: bits of the mantissa, bounds of the last bit's exponent. */
interface BinaryFormat {
  readonly precision: number;
  readonly exponentMin: number;
  readonly exponentMax: number;
}

/** IEEE 754 binary64. */
export const BINARY64: BinaryFormat = { precision: 53, exponentMin: -1074, exponentMax: 971 };

/** The 80-bit extended format of the x87. */
export const EXTENDED80: BinaryFormat = { precision: 64, exponentMin: -16445, exponentMax: 16320 };

const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const LOWER_E = 0x65;
const LOWER_P = 0x70;
const LOWER_X = 0x78;

const LOG10_OF_2 = Math.log10(2);
const EXPONENT_SATURATION = 1e14;
/** 128 bits: more than any precision. Of what follows it matters only whether all of it is zero. */
const HEX_DIGITS_KEPT = 32;

/** Reads bytes[start..end) as a whole by the grammar above; undefined when it does not fit. */
export function readFloatText(
  bytes: Uint8Array,
  start: number,
  end: number,
): FloatText | undefined {
  let at = start;
  const negative = bytes[at] === MINUS;
  if (at < end && (negative || bytes[at] === PLUS)) at++;
  if (at >= end) return undefined;
  if (isWord(bytes, at, end, 'inf') || isWord(bytes, at, end, 'infinity')) {
    const none = { digitsStart: at, digitsEnd: at, fractionDigits: 0, exponent: 0 };
    return { negative, infinite: true, base: 10, ...none };
  }
  const hex = end - at > 2 && bytes[at] === ZERO && (bytes[at + 1]! | 0x20) === LOWER_X;
  if (hex) at += 2;
  const digitsStart = at;
  let digits = 0;
  let pointAt = -1;
  for (; at < end; at++) {
    const byte = bytes[at]!;
    if (digitValue(byte) < (hex ? 16 : 10)) digits++;
    else if (byte === POINT && pointAt < 0) pointAt = at;
    else break;
  }
  if (digits === 0) return undefined;
  const fractionDigits = pointAt < 0 ? 0 : at - pointAt - 1;
  const exponent = readExponent(bytes, at, end, hex ? LOWER_P : LOWER_E);
  if (exponent === undefined) return undefined;
  const base = hex ? 16 : 10;
  return { negative, infinite: false, base, digitsStart, digitsEnd: at, fractionDigits, exponent };
}

/**
 * The first digits of the mantissa without leading zeros, at most `digitsMax`, and the power of the
 * base that they are multiples of, apart from the written exponent. If what was cut off is not
 * zero, a 1 stands for it at the end.
 */
export function leadingDigits(
  bytes: Uint8Array,
  text: FloatText,
  digitsMax: number,
): { digits: string; exponent: number } {
  const written = text.digitsEnd - text.digitsStart;
  const kept = Buffer.allocUnsafe(Math.min(written, digitsMax) + 1);
  let length = 0;
  let cut = 0;
  let cutNonZero = false;
  for (let at = text.digitsStart; at < text.digitsEnd; at++) {
    const byte = bytes[at]!;
    if (byte === POINT || (byte === ZERO && length === 0)) continue;
    if (length < digitsMax) {
      kept[length++] = byte;
    } else {
      cut++;
      if (byte !== ZERO) cutNonZero = true;
    }
  }
  if (cutNonZero) {
    kept[length++] = ZERO + 1;
    cut--;
  }
  return { digits: kept.toString('latin1', 0, length), exponent: cut - text.fractionDigits };
}

/** Whether any digit of the mantissa is not zero. */
export function isNonZero(bytes: Uint8Array, text: FloatText): boolean {
  return leadingDigits(bytes, text, 1).digits !== '';
}

/**
 * The magnitude of the text, rounded once, to nearest and ties to even. Exact for any decimal, at a
 * cost that grows faster than its length: callers bound that.
 */
export function roundFloatText(
  bytes: Uint8Array,
  text: FloatText,
  format: BinaryFormat,
): BinaryFloat {
  if (text.infinite) return INFINITE;
  return text.base === 16 ? roundHex(bytes, text, format) : roundDecimal(bytes, text, format);
}

/**
 * mantissa x 2^exponent rounded to the format, to nearest and ties to even. The mantissa is not
 * negative.
 */
export function roundBinary(mantissa: bigint, exponent: number, format: BinaryFormat): BinaryFloat {
  const bits = bitLength(mantissa);
  if (bits === 0) return NOTHING;
  const drop = Math.max(bits - format.precision, format.exponentMin - exponent);
  if (drop > bits) return NOTHING;
  let kept = mantissa;
  if (drop > 0) {
    kept = shiftRightToEven(mantissa, drop);
    exponent += drop;
  }
  const overflows = exponent + bitLength(kept) > format.exponentMax + format.precision;
  return overflows ? INFINITE : { mantissa: kept, exponent };
}

/** mantissa / 2^count for a count above 0, rounded to the nearest integer and ties to even. */
export function shiftRightToEven(mantissa: bigint, count: number): bigint {
  const shift = BigInt(count);
  const kept = mantissa >> shift;
  const rest = mantissa - (kept << shift);
  const half = 1n << (shift - 1n);
  const up = rest > half || (rest === half && (kept & 1n) === 1n);
  return up ? kept + 1n : kept;
}

const INFINITE: BinaryFloat = { mantissa: 1n, exponent: Infinity };
const NOTHING: BinaryFloat = { mantissa: 0n, exponent: 0 };

function roundHex(bytes: Uint8Array, text: FloatText, format: BinaryFormat): BinaryFloat {
  const { digits, exponent } = leadingDigits(bytes, text, HEX_DIGITS_KEPT);
  if (digits === '') return NOTHING;
  return roundBinary(BigInt(`0x${digits}`), text.exponent + 4 * exponent, format);
}

function roundDecimal(bytes: Uint8Array, text: FloatText, format: BinaryFormat): BinaryFloat {
  const leading = leadingDigits(bytes, text, text.digitsEnd - text.digitsStart);
  if (leading.digits === '') return NOTHING;
  const exponent = text.exponent + leading.exponent;
  // Bounds the powers of ten below, and with them the time an argument can cost.
  const firstDigitExponent = exponent + leading.digits.length - 1;
  if (firstDigitExponent > (format.exponentMax + format.precision) * LOG10_OF_2) return INFINITE;
  if (firstDigitExponent < (format.exponentMin - 2) * LOG10_OF_2 - 1) return NOTHING;
  const digits = BigInt(leading.digits);
  if (exponent >= 0) return roundBinary(digits * 10n ** BigInt(exponent), 0, format);
  const divisor = 10n ** BigInt(-exponent);
  const shift = Math.max(0, format.precision + 2 + bitLength(divisor) - bitLength(digits));
  const scaled = digits << BigInt(shift);
  const quotient = scaled / divisor;
  // One more bit says whether anything was left over: all that rounding needs to know of it.
  const sticky = quotient * divisor === scaled ? 0n : 1n;
  return roundBinary((quotient << 1n) | sticky, -shift - 1, format);
}

function readExponent(
  bytes: Uint8Array,
  at: number,
  end: number,
  mark: number,
): number | undefined {
  if (at === end) return 0;
  if ((bytes[at]! | 0x20) !== mark) return undefined;
  at++;
  const negative = bytes[at] === MINUS;
  if (at < end && (negative || bytes[at] === PLUS)) at++;
  if (at === end) return undefined;
  let value = 0;
  for (; at < end; at++) {
    const byte = bytes[at]!;
    if (byte < ZERO || byte > NINE) return undefined;
    if (value < EXPONENT_SATURATION) value = value * 10 + (byte - ZERO);
  }
  return negative ? -value : value;
}

function isWord(bytes: Uint8Array, start: number, end: number, word: string): boolean {
  if (end - start !== word.length) return false;
  for (let i = 0; i < word.length; i++) {
    if ((bytes[start + i]! | 0x20) !== word.charCodeAt(i)) return false;
  }
  return true;
}

/** The value of a decimal or hexadecimal digit; 16 for every other byte. */
function digitValue(byte: number): number {
  if (byte >= ZERO && byte <= NINE) return byte - ZERO;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : 16;
}

function bitLength(value: bigint): number {
  if (value === 0n) return 0;
  const hex = value.toString(16);
  return hex.length * 4 - (Math.clz32(Number.parseInt(hex[0]!, 16)) - 28);
}
