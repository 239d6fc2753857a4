import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DOUBLE_LENGTH_MAX,
  formatDouble,
  formatDouble17,
  INTEGER_LENGTH_MAX,
  integerLength,
  isInteger64,
  parseCursor,
  parseDouble,
  parseInt64,
  parseSafeInteger,
  parseScoreBound,
  parseUint64,
  writeDouble,
  writeInt64,
  writeInteger,
} from './numbers.ts';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const settings = { seed, numRuns: 2_000 };

type Reader<T> = (bytes: Uint8Array, start: number, end: number) => T;

/** Reads a text that lies between digits, so that a reader going beyond its range would show. */
function read<T>(reader: Reader<T>, text: string): T {
  const bytes = Buffer.from(`1${text}1`, 'latin1');
  return reader(bytes, 1, bytes.length - 1);
}

function written(write: (out: Uint8Array, at: number) => number): string {
  const out = new Uint8Array(40).fill(0x23);
  const end = write(out, 3);
  const text = Buffer.from(out).toString('latin1');
  expect(text.slice(0, 3) + text.slice(end)).toMatch(/^#+$/);
  return text.slice(3, end);
}

const strictInteger = /^(0|-?[1-9][0-9]*)$/;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const BORDERS = [10n ** 9n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 10n ** 16n, 2n ** 63n, 2n ** 64n];

const anInteger = fc.oneof(
  fc.bigInt(INT64_MIN, 2n ** 64n),
  fc.integer().map(BigInt),
  fc.maxSafeInteger().map(BigInt),
  fc
    .tuple(fc.constantFrom(...BORDERS), fc.integer({ min: -2, max: 2 }))
    .map(([b, d]) => b + BigInt(d)),
  fc
    .tuple(fc.constantFrom(...BORDERS), fc.integer({ min: -2, max: 2 }))
    .map(([b, d]) => -b + BigInt(d)),
);
const integerLikeText = fc.oneof(
  anInteger.map(String),
  anInteger.map((value) => `0${value}`),
  fc.string({ unit: fc.constantFrom(...'0123456789-+ e/:'), maxLength: 22 }),
);

describe(`reading integers (SEED=${seed})`, () => {
  it('agrees with the grammar and the 64-bit range', () => {
    fc.assert(
      fc.property(integerLikeText, (text) => {
        const strict = strictInteger.test(text) ? BigInt(text) : undefined;
        const fits = strict !== undefined && strict >= INT64_MIN && strict <= INT64_MAX;
        expect(read(isInteger64, text)).toBe(fits);
        expect(read(parseInt64, text)).toBe(fits ? strict : undefined);
        const safe = fits && Number.isSafeInteger(Number(strict));
        expect(read(parseSafeInteger, text)).toBe(safe ? Number(strict) : Number.NaN);
      }),
      settings,
    );
  });

  it.each(['', '-', '-0', '+1', '00', '01', '-01', ' 1', '1 ', '1.0', '1e1', '0x1', '1\0', 'a'])(
    'refuses %j',
    (text) => {
      expect(read(parseSafeInteger, text)).toBeNaN();
      expect(read(parseInt64, text)).toBeUndefined();
      expect(read(isInteger64, text)).toBe(false);
    },
  );

  it('is exact at the borders', () => {
    expect(read(parseInt64, '9223372036854775807')).toBe(INT64_MAX);
    expect(read(parseInt64, '-9223372036854775808')).toBe(INT64_MIN);
    expect(read(parseInt64, '9223372036854775808')).toBeUndefined();
    expect(read(parseInt64, '-9223372036854775809')).toBeUndefined();
    expect(read(parseSafeInteger, '9007199254740991')).toBe(Number.MAX_SAFE_INTEGER);
    expect(read(parseSafeInteger, '-9007199254740991')).toBe(Number.MIN_SAFE_INTEGER);
    expect(read(parseSafeInteger, '9007199254740992')).toBeNaN();
    expect(read(parseSafeInteger, '9007199254740993')).toBeNaN();
  });
});

describe('reading unsigned integers', () => {
  it.each([
    ['0', 0n],
    ['18446744073709551615', 2n ** 64n - 1n],
    ['9223372036854775808', 2n ** 63n],
    ['+3', 3n],
    ['007', 7n],
    ['0000000000000000000000000000007', 7n],
    [' 3', 3n],
    ['\t\v\n 3', 3n],
    ['-0', 0n],
    ['-01', 2n ** 64n - 1n],
    [' -1', 2n ** 64n - 1n],
    ['-018446744073709551615', 1n],
  ])('reads %j of a stream id', (text, value) => {
    expect(read(parseUint64, text)).toBe(value);
  });

  it.each(['', ' ', '-', '+', '-1', '3 ', '--1', '+-1', '18446744073709551616', '1e3', '0x1'])(
    'refuses %j in a stream id',
    (text) => expect(read(parseUint64, text)).toBeUndefined(),
  );

  it.each([
    ['', 0n],
    ['0', 0n],
    ['00', 0n],
    ['+5', 5n],
    ['-1', 2n ** 64n - 1n],
    ['-18446744073709551615', 1n],
    ['18446744073709551615', 2n ** 64n - 1n],
  ])('reads the cursor %j', (text, value) => {
    expect(read(parseCursor, text)).toBe(value);
  });

  it.each([' 1', '1 ', '1x', '+', '+-1', '18446744073709551616', '-18446744073709551616'])(
    'refuses the cursor %j',
    (text) => expect(read(parseCursor, text)).toBeUndefined(),
  );
});

describe(`writing integers (SEED=${seed})`, () => {
  it('writes every kind of integer as JavaScript does', () => {
    fc.assert(
      fc.property(anInteger, (value) => {
        const text = value.toString();
        expect(written((out, at) => writeInt64(out, at, value))).toBe(text);
        if (!Number.isSafeInteger(Number(value))) return;
        expect(written((out, at) => writeInteger(out, at, Number(value)))).toBe(text);
        expect(integerLength(Number(value))).toBe(text.length);
      }),
      settings,
    );
  });

  it('writes both sides of every power of ten', () => {
    for (let power = 1; power < 1e16; power *= 10) {
      for (const value of [power - 1, power, power + 1, -power, 5 * power - 1]) {
        if (!Number.isSafeInteger(value)) continue;
        expect(written((out, at) => writeInteger(out, at, value))).toBe(String(value));
        expect(integerLength(value)).toBe(String(value).length);
      }
    }
  });

  it('writes both sides of every billion it divides by', () => {
    const billions = fc.integer({ min: 1, max: 9_007_198 });
    fc.assert(
      fc.property(billions, fc.integer({ min: -1, max: 1 }), (count, step) => {
        const value = count * 1e9 + step;
        expect(written((out, at) => writeInteger(out, at, value))).toBe(String(value));
      }),
      settings,
    );
  });

  it('keeps to its longest length', () => {
    expect(written((out, at) => writeInt64(out, at, INT64_MIN))).toHaveLength(INTEGER_LENGTH_MAX);
    expect(written((out, at) => writeInteger(out, at, -0))).toBe('0');
  });
});

const anyDouble = fc.oneof(
  fc.double({ noNaN: true }),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.tuple(fc.integer(), fc.integer({ min: -25, max: 25 })).map(([m, e]) => m * 10 ** e),
);
const decimalText = fc
  .tuple(
    fc.constantFrom('', '-', '+'),
    fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 25 }),
    fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 25 }),
    fc.option(fc.integer({ min: -330, max: 310 })),
  )
  .map(([sign, whole, fraction, exponent]) => {
    return `${sign}${whole}.${fraction}${exponent === null ? '' : `e${exponent}`}`;
  });

describe(`reading doubles (SEED=${seed})`, () => {
  it('rounds decimals as JavaScript does, and refuses what a double cannot hold', () => {
    fc.assert(
      fc.property(decimalText, (text) => {
        const value = Number(text);
        const tooSmall = value === 0 && /[1-9]/.test(text.split('e')[0]!);
        const held = Number.isFinite(value) && !tooSmall;
        expect(read(parseDouble, text)).toBe(held ? value : Number.NaN);
        expect(read(parseScoreBound, text)).toBe(value);
      }),
      settings,
    );
  });

  it('reads back whatever was printed', () => {
    fc.assert(
      fc.property(anyDouble, (value) => {
        expect(read(parseDouble, formatDouble(value))).toBe(value);
        expect(read(parseDouble, formatDouble17(value))).toBe(value);
      }),
      settings,
    );
  });

  it.each([
    ['inf', Infinity],
    ['+inf', Infinity],
    ['-INF', -Infinity],
    ['Infinity', Infinity],
    ['-infINITY', -Infinity],
    ['.5', 0.5],
    ['5.', 5],
    ['+5', 5],
    ['-.5e1', -5],
    ['1E5', 100000],
    ['-0', -0],
    ['0e-99999999999999999999', 0],
    ['0x10', 16],
    ['0X1P3', 8],
    ['0x.8', 0.5],
    ['-0x1.8p-1', -0.75],
    ['0x1.00000000000008p0', 1],
    ['0x1.00000000000018p0', 1.0000000000000004],
    ['0x1.000000000000080000000000000000000000000000000001p0', 1.0000000000000002],
    ['0x1.1p-1075', 5e-324],
    ['0x1.fffffffffffffp1023', Number.MAX_VALUE],
    ['0x0p99999999999', 0],
    [`0x0.${'0'.repeat(500)}1p2004`, 1],
    [`0x1${'0'.repeat(500)}p-2000`, 1],
    ['2.5e-324', 5e-324],
    ['0.9007199254740993', 0.9007199254740993],
    ['9007199254740993', 2 ** 53],
    [`1${'0'.repeat(900)}e-900`, 1],
    [`0.${'0'.repeat(900)}1e901`, 1],
    // Exactly between 1 and its successor, then a hair above, 900 digits behind the point.
    ['1.00000000000000011102230246251565404236316680908203125', 1],
    [
      `1.00000000000000011102230246251565404236316680908203125${'0'.repeat(850)}1`,
      1.0000000000000002,
    ],
  ])('reads %.60j', (text, value) => {
    expect(read(parseDouble, text)).toBe(value);
  });

  it.each([
    ...['', '.', '+', '-', ' 1', '1 ', '\t1', '1\n', '++5', '+-5', '- 5', 'e5', '.e5', '1e', '1e+'],
    ...['1d5', '1_0', '0b1', '1,5', '1\0', 'nan', '-NaN', 'nan(1)', 'infinit', 'infinityx', 'in'],
    ...['0x', '0x.', '0x1p', '0x1p+', '0xg', 'x1', '1.2.3', '0x1.2.3'],
    ...['1e400', '-1e400', '1e99999999999999999999', '1e-400', '2e-324', '0x1p1024', '0x1p-1075'],
  ])('refuses %j', (text) => {
    expect(read(parseDouble, text)).toBeNaN();
  });

  it.each([
    ['', 0],
    [' 1', 1],
    ['\v\t-2', -2],
    ['1e400', Infinity],
    ['-1e400', -Infinity],
    ['1e-400', 0],
    ['0x1p-2000', 0],
    ['-0x1p2000', -Infinity],
    ['-inf', -Infinity],
  ])('reads the score bound %j', (text, value) => {
    expect(read(parseScoreBound, text)).toBe(value);
  });

  it.each([' ', 'nan', '1 ', '1(', '(1', '+'])('refuses the score bound %j', (text) => {
    expect(read(parseScoreBound, text)).toBeNaN();
  });
});

describe(`printing doubles (SEED=${seed})`, () => {
  it.each([
    [0, '0'],
    [-0, '-0'],
    [Infinity, 'inf'],
    [-Infinity, '-inf'],
    [Number.NaN, 'nan'],
    [3, '3'],
    [-1.5, '-1.5'],
    [0.1 + 0.2, '0.30000000000000004'],
    [100000000, '100000000'],
    [1e17, '100000000000000000'],
    [2 ** 60, '1152921504606846976'],
    [-(2 ** 62), '-4611686018427387904'],
    [2 ** 63, '9223372036854776000'],
    [1e19, '1e+19'],
    [1e21, '1e+21'],
    [-1.5e300, '-1.5e+300'],
    [1.2345678901234567e23, '123456789012345670000000'],
    [1.2345678901234568e24, '1.2345678901234568e+24'],
    [12345.5, '12345.5'],
    [1234.5678901, '1234.5678901'],
    [12345.678901234, '1.2345678901234e+4'],
    [0.000001, '0.000001'],
    [1e-7, '1e-7'],
    [0.0012345678, '0.0012345678'],
    [0.00012345678, '1.2345678e-4'],
    [5e-324, '5e-324'],
    [Number.MAX_VALUE, '1.7976931348623157e+308'],
  ])('prints %d as %s', (value, text) => {
    expect(formatDouble(value)).toBe(text);
    expect(written((out, at) => writeDouble(out, at, value))).toBe(text);
  });

  it.each([
    [0, '0'],
    [-0, '-0'],
    [Infinity, 'inf'],
    [-Infinity, '-inf'],
    [Number.NaN, 'nan'],
    [0.1, '0.10000000000000001'],
    [3, '3'],
    [1e16, '10000000000000000'],
    [1e17, '1e+17'],
    [123456789012345680, '1.2345678901234568e+17'],
    [0.0001, '0.0001'],
    [0.00001, '1.0000000000000001e-05'],
    [2 ** -20, '9.5367431640625e-07'],
    [5e-324, '4.9406564584124654e-324'],
    [-1e100, '-1e+100'],
    // Exact ties go to the even digit.
    [2 ** 50 + 0.25, '1125899906842624.2'],
    [2 ** 50 + 0.75, '1125899906842624.8'],
    [-(2 ** 50) - 1.25, '-1125899906842625.2'],
  ])('prints %d in %%.17g as %s', (value, text) => {
    expect(formatDouble17(value)).toBe(text);
  });

  it('keeps to its longest length and to printable bytes', () => {
    fc.assert(
      fc.property(anyDouble, (value) => {
        const text = written((out, at) => writeDouble(out, at, value));
        expect(text).toBe(formatDouble(value));
        expect(text.length).toBeLessThanOrEqual(DOUBLE_LENGTH_MAX);
        expect(text).toMatch(/^-?(inf|\d+(\.\d+)?|\d(\.\d+)?e[+-]\d+)$/);
        expect(formatDouble17(value)).toMatch(/^-?(inf|\d+(\.\d+)?|\d(\.\d+)?e[+-]\d\d+)$/);
      }),
      settings,
    );
    expect(formatDouble(-1.2345678901234567e23)).toHaveLength(DOUBLE_LENGTH_MAX);
  });
});
