// The 80-bit long double that Redis computes INCRBYFLOAT and HINCRBYFLOAT in, emulated exactly.
//
// A value is sign x mantissa x 2^exponent with a mantissa of at most 64 bits: what the x87 holds,
// without its encoding. Reading and adding are done on exact integers and rounded once, to nearest
// and ties to even, as the processor does. Doubles were rejected: 0.1 + 0.2 would be
// 0.30000000000000004 where Redis says 0.3, and integers above 2^53 would lose their last digits.
// The cost is bounded: a text has at most 5,119 bytes, a value at most 4,933 digits.

import {
  EXTENDED80,
  isNonZero,
  readFloatText,
  roundBinary,
  roundFloatText,
  shiftRightToEven,
} from './float-text.ts';

/** (-1)^negative x mantissa x 2^exponent. An infinite value has the exponent Infinity. */
export interface LongDouble {
  readonly negative: boolean;
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** The longest text Redis reads as a long double, in bytes. */
const TEXT_LENGTH_MAX = 5119;

const FRACTION_DIGITS = 17;
const FRACTION_SCALE = 10n ** BigInt(FRACTION_DIGITS);

/**
 * Reads bytes[start..end) as Redis reads a long double argument; undefined stands for "value is not
 * a valid float": bad syntax, nan, or a number too large or too small for the format. A written
 * `inf` is valid.
 */
export function parseLongDouble(
  bytes: Uint8Array,
  start: number,
  end: number,
): LongDouble | undefined {
  if (end - start > TEXT_LENGTH_MAX) return undefined;
  const text = readFloatText(bytes, start, end);
  if (text === undefined) return undefined;
  const { mantissa, exponent } = roundFloatText(bytes, text, EXTENDED80);
  const overflowed = exponent === Infinity && !text.infinite;
  const underflowed = mantissa === 0n && isNonZero(bytes, text);
  if (overflowed || underflowed) return undefined;
  return { negative: text.negative, mantissa, exponent };
}

/**
 * The sum, rounded to the format; undefined when it is infinite or not a number, which Redis
 * refuses to store.
 */
export function addLongDoubles(left: LongDouble, right: LongDouble): LongDouble | undefined {
  if (!isFiniteLongDouble(left) || !isFiniteLongDouble(right)) return undefined;
  const exponent = Math.min(left.exponent, right.exponent);
  const sum = signedMantissa(left, exponent) + signedMantissa(right, exponent);
  const negative = sum < 0n;
  const rounded = roundBinary(negative ? -sum : sum, exponent, EXTENDED80);
  return rounded.exponent === Infinity ? undefined : { negative, ...rounded };
}

/** Whether the value is neither inf nor -inf. */
export function isFiniteLongDouble(value: LongDouble): boolean {
  return value.exponent !== Infinity;
}

/**
 * Redis's human-friendly form: 17 digits behind the point, trailing zeros cut, never `-0`, never an
 * exponent.
 */
export function formatLongDouble(value: LongDouble): string {
  const { negative, mantissa, exponent } = value;
  if (exponent === Infinity) return negative ? '-inf' : 'inf';
  const scaled = mantissa * FRACTION_SCALE;
  const units = exponent >= 0 ? scaled << BigInt(exponent) : shiftRightToEven(scaled, -exponent);
  if (units === 0n) return '0';
  const digits = units.toString().padStart(FRACTION_DIGITS + 1, '0');
  const whole = digits.slice(0, -FRACTION_DIGITS);
  const fraction = digits.slice(-FRACTION_DIGITS).replace(/0+$/, '');
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

function signedMantissa(value: LongDouble, exponent: number): bigint {
  const aligned = value.mantissa << BigInt(value.exponent - exponent);
  return value.negative ? -aligned : aligned;
}
