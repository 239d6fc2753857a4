// Integers and doubles exactly as Redis reads them from arguments and prints them in replies.
//
// Readers take a byte range and answer NaN or undefined for text that Redis refuses. The writers
// and `parseSafeInteger`, `isInteger64` and `parseDouble` (for ordinary texts) allocate nothing. No
// reader stops at a NUL byte, as C would: an argument is all of its bytes.

import {
  BINARY64,
  type FloatText,
  isNonZero,
  leadingDigits,
  readFloatText,
  roundFloatText,
} from './float-text.ts';

/** The most bytes `writeInteger` and `writeInt64` produce. */
export const INTEGER_LENGTH_MAX = 20;

/** The most bytes `writeDouble` produces. */
export const DOUBLE_LENGTH_MAX = 25;

const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

const SAFE_DIGITS_MAX = 16;
const INT64_DIGITS_MAX = 19;
const INT64_MAX_DIGITS = Buffer.from('9223372036854775807', 'latin1');
const UINT64_MAX = 2n ** 64n - 1n;
const TEN_TO_12 = 10n ** 12n;

// --- Reading integers

/**
 * Reads bytes[start..end) as a strict decimal integer: an optional `-`, no `+`, no leading zeros,
 * no `-0`. NaN when it is not one or lies outside Number.MIN_SAFE_INTEGER..MAX_SAFE_INTEGER.
 */
export function parseSafeInteger(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const negative = at < end && bytes[at] === MINUS;
  if (negative) at++;
  const digits = end - at;
  if (digits < 1 || digits > SAFE_DIGITS_MAX) return Number.NaN;
  const first = bytes[at]! - ZERO;
  if (first === 0) return digits === 1 && !negative ? 0 : Number.NaN;
  // The first nine digits fit 32-bit arithmetic; the rest needs doubles.
  const int32End = digits > 9 ? at + 9 : end;
  let head = 0;
  for (; at < int32End; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    head = (head * 10 + digit) | 0;
  }
  let value = head;
  for (; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  if (value > Number.MAX_SAFE_INTEGER) return Number.NaN;
  return negative ? -value : value;
}

/**
 * Whether bytes[start..end) is a strict decimal integer within 64 bits: what Redis stores with the
 * `int` encoding.
 */
export function isInteger64(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  const negative = at < end && bytes[at] === MINUS;
  if (negative) at++;
  const digits = end - at;
  if (digits < 1 || digits > INT64_DIGITS_MAX) return false;
  if (bytes[at] === ZERO) return digits === 1 && !negative;
  for (let i = at; i < end; i++) {
    const digit = bytes[i]! - ZERO;
    if (digit < 0 || digit > 9) return false;
  }
  if (digits < INT64_DIGITS_MAX) return true;
  for (let i = 0; i < INT64_DIGITS_MAX - 1; i++) {
    const difference = bytes[at + i]! - INT64_MAX_DIGITS[i]!;
    if (difference !== 0) return difference < 0;
  }
  return bytes[end - 1]! - ZERO <= (negative ? 8 : 7);
}

/** Reads a strict decimal integer of the whole signed 64-bit range; undefined if it is not one. */
export function parseInt64(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  if (!isInteger64(bytes, start, end)) return undefined;
  const negative = bytes[start] === MINUS;
  const magnitude = digitsToBigInt(bytes, negative ? start + 1 : start, end);
  return negative ? -magnitude : magnitude;
}

/**
 * Reads an unsigned 64-bit integer as Redis reads the parts of a stream id: a strict integer that
 * is not negative, or else what strtoull takes, so leading blanks, `+` and leading zeros pass and a
 * non-strict negative (`-01`) wraps.
 */
export function parseUint64(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  if (isInteger64(bytes, start, end)) {
    return bytes[start] === MINUS ? undefined : digitsToBigInt(bytes, start, end);
  }
  return parseWrappingUint64(bytes, skipBlanks(bytes, start, end), end);
}

/**
 * Reads a SCAN cursor as strtoul does: an optional sign (a negative wraps), any leading zeros, and
 * nothing at all is cursor 0. Leading blanks are refused.
 */
export function parseCursor(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  return start === end ? 0n : parseWrappingUint64(bytes, start, end);
}

function parseWrappingUint64(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  let at = start;
  const negative = at < end && bytes[at] === MINUS;
  if (at < end && (negative || bytes[at] === PLUS)) at++;
  if (at === end) return undefined;
  while (at < end - 1 && bytes[at] === ZERO) at++;
  if (end - at > 20) return undefined;
  for (let i = at; i < end; i++) {
    const digit = bytes[i]! - ZERO;
    if (digit < 0 || digit > 9) return undefined;
  }
  const magnitude = digitsToBigInt(bytes, at, end);
  if (magnitude > UINT64_MAX) return undefined;
  return negative ? BigInt.asUintN(64, -magnitude) : magnitude;
}

/** The value of up to 30 digits, known to be digits. */
function digitsToBigInt(bytes: Uint8Array, start: number, end: number): bigint {
  const split = Math.max(start, end - 15);
  const low = BigInt(digitsToNumber(bytes, split, end));
  if (split === start) return low;
  return BigInt(digitsToNumber(bytes, start, split)) * 10n ** 15n + low;
}

function digitsToNumber(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 10 + (bytes[at]! - ZERO);
  return value;
}

function skipBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === 0x20 || (bytes[at]! >= 0x09 && bytes[at]! <= 0x0d))) at++;
  return at;
}

// --- Writing integers

/** The two digits of 0..99, one after the other. */
const DIGIT_PAIRS = new Uint8Array(200);
for (let i = 0; i < 100; i++) {
  DIGIT_PAIRS[i * 2] = ZERO + Math.floor(i / 10);
  DIGIT_PAIRS[i * 2 + 1] = ZERO + (i % 10);
}

/** Bytes that `writeInteger` needs for a safe integer. */
export function integerLength(value: number): number {
  if (value < 0) return 1 + integerLength(-value);
  if (value < 1e9) return int32Length(value);
  return 9 + int32Length(Math.floor(value / 1e9));
}

/** Writes a safe integer in decimal at out[at..] and returns the position behind it. */
export function writeInteger(out: Uint8Array, at: number, value: number): number {
  if (value < 0) {
    out[at++] = MINUS;
    value = -value;
  }
  if (value < 1e9) {
    const end = at + int32Length(value);
    writeDigits(out, at, end, value);
    return end;
  }
  const high = Math.floor(value / 1e9);
  const middle = at + int32Length(high);
  writeDigits(out, at, middle, high);
  writeDigits(out, middle, middle + 9, value - high * 1e9);
  return middle + 9;
}

/** Writes an integer of -2^63..2^64-1 in decimal at out[at..], returns the position behind it. */
export function writeInt64(out: Uint8Array, at: number, value: bigint): number {
  if (value < 0n) {
    out[at++] = MINUS;
    value = -value;
  }
  if (value <= Number.MAX_SAFE_INTEGER) return writeInteger(out, at, Number(value));
  const middle = writeInteger(out, at, Number(value / TEN_TO_12));
  const low = Number(value % TEN_TO_12);
  const lowHigh = Math.floor(low / 1e6);
  writeDigits(out, middle, middle + 6, lowHigh);
  writeDigits(out, middle + 6, middle + 12, low - lowHigh * 1e6);
  return middle + 12;
}

/** Decimal digits of an integer in 0..999,999,999. */
function int32Length(value: number): number {
  if (value < 10000) return value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4;
  if (value < 1000000) return value < 100000 ? 5 : 6;
  return value < 100000000 ? (value < 10000000 ? 7 : 8) : 9;
}

/** Fills out[start..end) with the last digits of an integer below 2^31, with leading zeros. */
function writeDigits(out: Uint8Array, start: number, end: number, value: number): void {
  let rest = value | 0;
  let at = end;
  while (at - start >= 2) {
    const quotient = (rest / 100) | 0;
    const pair = (rest - quotient * 100) << 1;
    out[--at] = DIGIT_PAIRS[pair + 1]!;
    out[--at] = DIGIT_PAIRS[pair]!;
    rest = quotient;
  }
  if (at > start) out[start] = ZERO + rest;
}

// --- Reading doubles

/** The powers of ten that a double holds exactly. */
const EXACT_POWERS = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
/** A double halfway between two others has at most 767 digits: more cannot change the rounding. */
const DOUBLE_DIGITS_KEPT = 800;

/**
 * Reads bytes[start..end) as Redis reads a double argument; NaN stands for "value is not a valid
 * float": bad syntax, nan, leading blanks, or a number too large or too small for a double. A
 * written `inf` is valid, and so is hex.
 */
export function parseDouble(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const negative = at < end && bytes[at] === MINUS;
  if (negative) at++;
  let mantissa = 0;
  let digits = 0;
  let scale = 0;
  for (; at < end; at++, digits++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) break;
    mantissa = mantissa * 10 + digit;
  }
  if (at < end && bytes[at] === POINT) {
    at++;
    for (; at < end; at++, digits++, scale++) {
      const digit = bytes[at]! - ZERO;
      if (digit < 0 || digit > 9) break;
      mantissa = mantissa * 10 + digit;
    }
  }
  // With both operands exact only the division rounds, and the processor does that right.
  if (
    at === end &&
    digits > 0 &&
    mantissa <= Number.MAX_SAFE_INTEGER &&
    scale < EXACT_POWERS.length
  ) {
    const value = scale === 0 ? mantissa : mantissa / EXACT_POWERS[scale]!;
    return negative ? -value : value;
  }
  return parseUnusualDouble(bytes, start, end);
}

/**
 * Reads the number of a score range bound (behind its `(`), where Redis is more lenient than for
 * other arguments: leading blanks pass, no text at all is 0, too large is infinite and too small is
 * 0. NaN when it is not a float.
 */
export function parseScoreBound(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return 0;
  const value = parseDouble(bytes, start, end);
  if (!Number.isNaN(value)) return value;
  const text = readFloatText(bytes, skipBlanks(bytes, start, end), end);
  return text === undefined ? Number.NaN : toDouble(bytes, text);
}

function parseUnusualDouble(bytes: Uint8Array, start: number, end: number): number {
  if (isInf(bytes, end - 3, end)) {
    const length = end - start;
    if (length === 3 || (length === 4 && bytes[start] === PLUS)) return Infinity;
    if (length === 4 && bytes[start] === MINUS) return -Infinity;
  }
  const text = readFloatText(bytes, start, end);
  if (text === undefined) return Number.NaN;
  const value = toDouble(bytes, text);
  const overflowed = !Number.isFinite(value) && !text.infinite;
  const underflowed = value === 0 && isNonZero(bytes, text);
  return overflowed || underflowed ? Number.NaN : value;
}

/** Whether bytes[at..end), three of them, are `inf`, whatever their case. */
function isInf(bytes: Uint8Array, at: number, end: number): boolean {
  return (
    (bytes[at]! | 0x20) === 0x69 &&
    (bytes[at + 1]! | 0x20) === 0x6e &&
    (bytes[end - 1]! | 0x20) === 0x66
  );
}

/** What strtod returns: rounded once, infinite when too large, zero when too small. */
function toDouble(bytes: Uint8Array, text: FloatText): number {
  const magnitude = text.base === 10 ? decimalToDouble(bytes, text) : hexToDouble(bytes, text);
  return text.negative ? -magnitude : magnitude;
}

function decimalToDouble(bytes: Uint8Array, text: FloatText): number {
  if (text.infinite) return Infinity;
  const { digits, exponent } = leadingDigits(bytes, text, DOUBLE_DIGITS_KEPT);
  return digits === '' ? 0 : Number(`${digits}e${text.exponent + exponent}`);
}

function hexToDouble(bytes: Uint8Array, text: FloatText): number {
  const { mantissa, exponent } = roundFloatText(bytes, text, BINARY64);
  if (exponent === Infinity) return Infinity;
  // In two steps, because 2^exponent alone may be below the smallest double.
  const half = Math.trunc(exponent / 2);
  return Number(mantissa) * 2 ** half * 2 ** (exponent - half);
}

// --- Writing doubles

const EXACT_PRINT_MAX = 2 ** 62;

/**
 * The text of a double as Redis 7.2 prints it: integers up to 2^62 in full, everything else with
 * the fewest digits that read back as the same double (Redis's algorithm misses the shortest form
 * about once in a thousand). `inf`, `-inf`, `nan` and `-0` are spelled so.
 */
export function formatDouble(value: number): string {
  if (!Number.isFinite(value)) return formatNonFinite(value);
  if (Object.is(value, -0)) return '-0';
  if (Number.isSafeInteger(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) <= EXACT_PRINT_MAX)
    return BigInt(value).toString();
  return formatShortest(value);
}

/**
 * As `formatDouble`, but integers are no exception: a million is `1000000` and a billion `1e+9`.
 */
export function formatShortest(value: number): string {
  if (!Number.isFinite(value)) return formatNonFinite(value);
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const sign = value < 0 ? '-' : '';
  const { digits, exponent } = parts(Math.abs(value).toExponential());
  return sign + layOutShortest(digits, exponent);
}

/** Writes a double as `formatDouble` prints it and returns the position behind it. */
export function writeDouble(out: Uint8Array, at: number, value: number): number {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return writeInteger(out, at, value);
  const text = formatDouble(value);
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i);
  return at + text.length;
}

/**
 * The text of a double in C's `%.17g`, which Redis 7.0 prints and 7.2 still does for ZSCAN of a
 * large sorted set.
 */
export function formatDouble17(value: number): string {
  if (!Number.isFinite(value)) return formatNonFinite(value);
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const sign = value < 0 ? '-' : '';
  const { digits, exponent } = seventeenDigits(Math.abs(value));
  const trimmed = digits.replace(/0+$/, '');
  if (exponent >= -4 && exponent < 17) return sign + layOutPlain(trimmed, exponent);
  return sign + layOutScientific(trimmed, exponent, 2);
}

/**
 * The text of a double as Redis prints long doubles: 17 decimal places, without the zeros at the
 * end.
 */
export function formatPlaces(value: number): string {
  if (!Number.isFinite(value)) return formatNonFinite(value);
  if (Number.isInteger(value)) return BigInt(value).toString();
  return value
    .toFixed(17)
    .replace(/\.?0+$/, '')
    .replace(/^-0$/, '0');
}

/** d.ddd x 10^exponent, with the digits written without their point. */
interface DecimalParts {
  readonly digits: string;
  readonly exponent: number;
}

/** Takes the text of toExponential apart. */
function parts(text: string): DecimalParts {
  const mark = text.indexOf('e');
  return { digits: text.slice(0, mark).replace('.', ''), exponent: Number(text.slice(mark + 1)) };
}

function formatNonFinite(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  return value < 0 ? '-inf' : 'inf';
}

/**
 * The fpconv library's choice between plain and scientific form. It depends on the last digit's
 * place, not only on the first one's: 12345.5 is plain and 1.2345678901234e+4 is not.
 */
function layOutShortest(digits: string, exponent: number): string {
  const lastDigitExponent = exponent - digits.length + 1;
  const plain =
    lastDigitExponent >= 0
      ? lastDigitExponent < 8
      : lastDigitExponent > -7 || Math.abs(exponent) < 4;
  return plain ? layOutPlain(digits, exponent) : layOutScientific(digits, exponent, 1);
}

/** d.ddd x 10^exponent without an exponent. */
function layOutPlain(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

function layOutScientific(digits: string, exponent: number, exponentDigitsMin: number): string {
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  const magnitude = String(Math.abs(exponent)).padStart(exponentDigitsMin, '0');
  return `${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${magnitude}`;
}

/**
 * The first 17 significant digits, rounded as printf does. JavaScript rounds the same way but for
 * exact ties, which it rounds up and printf to even. A tie is a number of 18 digits, the last of
 * them 5, and a mantissa of 53 bits allows that between 1e-8 and 1e17 only. There a double has at
 * most 80 binary places, so 60 digits show for certain whether it is one.
 */
function seventeenDigits(magnitude: number): DecimalParts {
  const rounded = parts(magnitude.toExponential(16));
  if (magnitude < 1e-8 || magnitude > 1e17) return rounded;
  const { digits, exponent } = parts(magnitude.toExponential(60));
  const isTie = digits[17] === '5' && /^0+$/.test(digits.slice(18));
  const seventeenthIsEven = Number(digits[16]) % 2 === 0;
  return isTie && seventeenthIsEven ? { digits: digits.slice(0, 17), exponent } : rounded;
}
