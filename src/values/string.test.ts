import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addInt64,
  addToString,
  growthSlack,
  rangeLength,
  rangeStart,
  readInt64,
  STRING_EMBSTR,
  STRING_INT,
  STRING_RAW,
  stringEncoding,
  textEncoding,
} from './string.ts';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

/** The text somewhere within other bytes, as values and arguments lie. */
function within(text: string): [bytes: Buffer, start: number, length: number] {
  return [Buffer.from(`9-${text}7`, 'latin1'), 2, text.length];
}

describe('stringEncoding', () => {
  it.each([
    ['0', STRING_INT],
    ['-1', STRING_INT],
    [`${MAX}`, STRING_INT],
    [`${MIN}`, STRING_INT],
    [`${MAX + 1n}`, STRING_EMBSTR],
    [`${MIN - 1n}`, STRING_EMBSTR],
    ['', STRING_EMBSTR],
    ['-', STRING_EMBSTR],
    ['-0', STRING_EMBSTR],
    ['01', STRING_EMBSTR],
    ['+1', STRING_EMBSTR],
    [' 1', STRING_EMBSTR],
    ['1.0', STRING_EMBSTR],
    ['x'.repeat(44), STRING_EMBSTR],
    ['x'.repeat(45), STRING_RAW],
    ['1'.repeat(45), STRING_RAW],
  ])('of %j', (text, encoding) => {
    expect(stringEncoding(...within(text))).toBe(encoding);
  });

  it('takes no integer for one when told so', () => {
    expect([0, 44, 45].map(textEncoding)).toEqual([STRING_EMBSTR, STRING_EMBSTR, STRING_RAW]);
  });
});

describe(`addition (SEED=${seed})`, () => {
  const border = fc.constantFrom(0n, 2n ** 31n, 2n ** 53n, 10n ** 9n, 10n ** 15n, MAX, MIN, -MAX);
  const near = fc.tuple(border, fc.bigInt(-9n, 9n)).map(([value, by]) => value + by);
  const integer = fc.oneof(
    near,
    near.map((value) => -value),
    fc.bigInt(MIN, MAX),
  );
  const int64 = integer.map((value) => BigInt.asIntN(64, value));
  const safe = int64.filter((value) => Number.isSafeInteger(Number(value)));

  it('is exact in doubles, or refuses', () => {
    fc.assert(
      fc.property(int64, safe, (value, delta) => {
        const sum = addToString(...within(`${value}`), Number(delta));
        const isSafe = [value, value + delta].every((each) => Number.isSafeInteger(Number(each)));
        if (isSafe) expect(BigInt(sum)).toBe(value + delta);
        else expect(sum).toBeNaN();
      }),
      { seed, numRuns: 5_000 },
    );
  });

  it('is exact to the border of 64 bits, and refuses to cross it', () => {
    fc.assert(
      fc.property(int64, int64, (value, delta) => {
        const sum = value + delta;
        expect(readInt64(...within(`${value}`))).toBe(value);
        expect(addInt64(value, delta)).toBe(sum > MAX || sum < MIN ? undefined : sum);
      }),
      { seed, numRuns: 5_000 },
    );
  });

  it.each(['', '-', '1 ', '01', '-0', '1e3', 'x', `${MAX + 1n}`, `${MIN - 1n}`])(
    'refuses the text %j',
    (text) => {
      expect(addToString(...within(text), 1)).toBeNaN();
      expect(readInt64(...within(text))).toBeUndefined();
    },
  );
});

describe(`ranges (SEED=${seed})`, () => {
  /** The bytes first..last one by one, after both indexes are brought into the string. */
  function model(text: string, first: number, last: number): string {
    if (first < 0 && last < 0 && first > last) return '';
    const inside = (index: number) => Math.max(0, index < 0 ? text.length + index : index);
    return [...text].filter((_, i) => i >= inside(first) && i <= inside(last)).join('');
  }

  it('are those of the model', () => {
    const index = fc.oneof(fc.integer({ min: -12, max: 12 }), fc.constantFrom(-(2 ** 63), 2 ** 63));
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), index, index, (text, first, last) => {
        const start = rangeStart(first, text.length);
        const length = rangeLength(first, last, text.length);
        expect(text.slice(start, start + length)).toBe(model(text, first, last));
        expect(length).toBe(model(text, first, last).length);
      }),
      { seed, numRuns: 5_000 },
    );
  });
});

describe('growthSlack', () => {
  /** Bytes copied while a string grows from nothing to `length` by pieces of `step`. */
  function bytesCopied(length: number, step: number): number {
    let capacity = 0;
    let copied = 0;
    for (let at = step; at <= length; at += step) {
      if (at <= capacity) continue;
      copied += at - step;
      capacity = at + growthSlack(at);
    }
    return copied;
  }

  it('keeps growing piece by piece linear', () => {
    expect(bytesCopied(1_000_000, 1)).toBeLessThan(2 * 1_000_000);
    const longest = 512 * 1024 * 1024;
    expect(bytesCopied(longest, 4096)).toBeLessThan(9 * longest);
  });

  it('wastes little of a long string', () => {
    expect(growthSlack(1_000)).toBe(1_000);
    expect(growthSlack(2 ** 21)).toBe(2 ** 20);
    expect(growthSlack(2 ** 29)).toBe(2 ** 26);
  });
});
