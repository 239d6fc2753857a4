import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CommonRun, lcsLength, lcsRuns } from './lcs.ts';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

/** The textbook's table, and the way back through it that Redis takes. */
function model(a: Uint8Array, b: Uint8Array): { length: number; runs: CommonRun[] } {
  const table = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const [above, left] = [table[i - 1]![j]!, table[i]![j - 1]!];
      const diagonal = table[i - 1]![j - 1]!;
      table[i]![j] = a[i - 1] === b[j - 1] ? diagonal + 1 : Math.max(above, left);
    }
  }
  const runs: CommonRun[] = [];
  let [i, j] = [a.length, b.length];
  while (i > 0 && j > 0) {
    const from = i;
    while (i > 0 && j > 0 && a[i - 1] === b[j - 1]) [i, j] = [i - 1, j - 1];
    if (i < from) runs.push({ a: i, b: j, length: from - i });
    else if (table[i - 1]![j]! > table[i]![j - 1]!) i--;
    else j--;
  }
  return { length: table[a.length]![b.length]!, runs };
}

const bytesOf = (...alphabet: number[]) =>
  fc
    .array(fc.constantFrom(...alphabet), { maxLength: 130, size: 'max' })
    .map((bytes) => Uint8Array.from(bytes));
const strings = [
  ['of one letter', bytesOf(7)],
  ['of two letters', bytesOf(0, 255)],
  ['of four letters', bytesOf(1, 2, 3, 200)],
  ['of any bytes', fc.uint8Array({ maxLength: 130, size: 'max' })],
] as const;

describe(`longest common subsequence (SEED=${seed})`, () => {
  it.each(strings)('is that of the model for strings %s', (_, string) => {
    fc.assert(
      fc.property(string, string, (a, b) => {
        const { length, runs } = model(a, b);
        expect(lcsLength(a, b)).toBe(length);
        expect(lcsRuns(a, b)).toEqual(runs);
      }),
      { seed, numRuns: 300 },
    );
  });

  it.each([0, 1, 29, 30, 31, 59, 60, 61, 90])('finds a string of %i bytes in itself', (length) => {
    const string = Uint8Array.from({ length }, (_, i) => i);
    expect(lcsLength(string, string)).toBe(length);
    expect(lcsRuns(string, string)).toEqual(length === 0 ? [] : [{ a: 0, b: 0, length }]);
  });

  it('carries a growth across words', () => {
    const long = new Uint8Array(1_000).fill(1);
    const last = new Uint8Array(1_000);
    last[0] = 1;
    last[999] = 1;
    expect(lcsLength(long, last)).toBe(2);
    expect(lcsLength(last, long)).toBe(2);
  });
});
