import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fitField,
  fitWideField,
  NARROW_BITS_MAX,
  OVERFLOW_FAIL,
  OVERFLOW_SATURATE,
  OVERFLOW_WRAP,
  operandOfSet,
  readField,
  readWideField,
  writeField,
  writeWideField,
} from './bitfield.ts';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const settings = { seed, numRuns: 2_000 };

const MARGIN = 3;
const LENGTH = 20;

/** A field within LENGTH bytes, and what it holds. */
const field = fc
  .record({
    signed: fc.boolean(),
    bits: fc.integer({ min: 1, max: 64 }),
    offset: fc.integer({ min: 0, max: LENGTH * 8 - 64 }),
    raw: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  })
  .filter(({ signed, bits }) => signed || bits < 64);
const content = fc.uint8Array({ minLength: LENGTH, maxLength: LENGTH });
const overflow = fc.constantFrom(OVERFLOW_WRAP, OVERFLOW_SATURATE, OVERFLOW_FAIL);
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

/** The content, between other bytes, as one long binary number. */
function bitsOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
}

function limits(bits: number, signed: boolean): [min: bigint, max: bigint] {
  const span = 1n << BigInt(bits);
  return signed ? [-span / 2n, span / 2n - 1n] : [0n, span - 1n];
}

/** The dumbest correct model: into the range, a span at a time at most twice, or by the rest. */
function fitModel(value: bigint, bits: number, signed: boolean, mode: number): bigint | undefined {
  const [min, max] = limits(bits, signed);
  if (value >= min && value <= max) return value;
  if (mode === OVERFLOW_FAIL) return undefined;
  if (mode === OVERFLOW_SATURATE) return value > max ? max : min;
  const span = max - min + 1n;
  return ((((value - min) % span) + span) % span) + min;
}

describe(`a field (SEED=${seed})`, () => {
  it('is read and written like a piece of a long binary number', () => {
    fc.assert(
      fc.property(content, field, (bytes, { signed, bits, offset, raw }) => {
        const value = signed ? BigInt.asIntN(bits, raw) : BigInt.asUintN(bits, raw);
        const buffer = Buffer.concat([Buffer.alloc(MARGIN, 1), bytes, Buffer.alloc(MARGIN, 1)]);
        const before = bitsOf(buffer);
        const at = MARGIN * 8 + offset;
        const digits = BigInt(`0b${before.slice(at, at + bits)}`);
        const old = signed ? BigInt.asIntN(bits, digits) : digits;
        expect(readWideField(buffer, MARGIN, LENGTH, offset, bits, signed)).toBe(old);
        if (bits <= NARROW_BITS_MAX) {
          expect(readField(buffer, MARGIN, LENGTH, offset, bits, signed)).toBe(Number(old));
          writeField(buffer, MARGIN, offset, bits, Number(value));
        } else {
          writeWideField(buffer, MARGIN, offset, bits, value);
        }
        const written = BigInt.asUintN(bits, value).toString(2).padStart(bits, '0');
        expect(bitsOf(buffer)).toBe(before.slice(0, at) + written + before.slice(at + bits));
      }),
      settings,
    );
  });

  it('has the same value whichever way it is written', () => {
    fc.assert(
      fc.property(field, ({ signed, bits, offset, raw }) => {
        const width = Math.min(bits, NARROW_BITS_MAX);
        const value = signed ? BigInt.asIntN(width, raw) : BigInt.asUintN(width, raw);
        const [narrow, wide] = [Buffer.alloc(LENGTH, 0x5a), Buffer.alloc(LENGTH, 0x5a)];
        writeField(narrow, 0, offset, width, Number(value));
        writeWideField(wide, 0, offset, width, value);
        expect(narrow).toEqual(wide);
      }),
      settings,
    );
  });

  it('continues with zeros behind the end of its string', () => {
    const bytes = Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    expect(readField(bytes, 2, 2, 12, 8, false)).toBe(0xf0);
    expect(readField(bytes, 2, 2, 16, 8, false)).toBe(0);
    expect(readField(bytes, 2, 2, 2 ** 32 - 1, 32, true)).toBe(0);
    expect(readWideField(bytes, 2, 2, 0, 64, true)).toBe(-(2n ** 48n));
    expect(readWideField(bytes, 2, 0, 0, 64, true)).toBe(0n);
  });
});

describe(`a value too large or too small (SEED=${seed})`, () => {
  it('wraps, saturates or is refused', () => {
    fc.assert(
      fc.property(field, int64, int64, overflow, ({ signed, bits }, a, b, mode) => {
        const sum = a + b;
        expect(fitWideField(sum, bits, signed, mode)).toBe(fitModel(sum, bits, signed, mode));
      }),
      settings,
    );
  });

  it('does so as a double as well', () => {
    fc.assert(
      fc.property(field, fc.maxSafeInteger(), fc.nat(), overflow, (given, large, small, mode) => {
        const { signed } = given;
        const bits = Math.min(given.bits, NARROW_BITS_MAX);
        for (const value of [large, small, -small]) {
          const expected = fitModel(BigInt(value), bits, signed, mode);
          const actual = fitField(value, bits, signed, mode);
          expect(Number.isNaN(actual) ? undefined : BigInt(actual)).toBe(expected);
        }
      }),
      settings,
    );
  });

  it('is unsigned in SET of an unsigned field', () => {
    expect(operandOfSet(-1n, 8, false)).toBe(2n ** 64n - 1n);
    expect(operandOfSet(-1n, 8, true)).toBe(-1n);
    expect(operandOfSet(7n, 63, false)).toBe(7n);
  });

  it('counts as too large in SET of a signed field when it is 2^63 below the largest', () => {
    const lowest = 127n - (2n ** 63n - 1n);
    expect(operandOfSet(lowest, 8, true)).toBe(lowest);
    expect(operandOfSet(lowest - 1n, 8, true)).toBeGreaterThan(127n);
    expect(BigInt.asIntN(8, operandOfSet(lowest - 1n, 8, true))).toBe(
      BigInt.asIntN(8, lowest - 1n),
    );
    expect(operandOfSet(-(2n ** 63n), 64, true)).toBe(-(2n ** 63n));
  });
});
