import { describe, expect, it } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { copyBytes, equalBytes } from './bytes.ts';

const seed = chosenSeed();
/** Around every border of the word loops, and beyond what is copied in words. */
const LENGTHS = [...Array(140).keys(), 255, 256, 257, 1000];
const SIZE = 1200;

function memory(random: SeededRandom): { bytes: Buffer; view: DataView } {
  const outer = Buffer.from(Array.from({ length: SIZE + 16 }, () => random.integer(0, 255)));
  const bytes = outer.subarray(7, SIZE + 7);
  return { bytes, view: new DataView(outer.buffer, outer.byteOffset + 7, SIZE) };
}

describe(`copyBytes, SEED=${seed}`, () => {
  it('copies the range and nothing beside it', () => {
    const random = new SeededRandom(seed);
    for (const length of LENGTHS) {
      const from = memory(random);
      const to = memory(random);
      const fromOffset = random.integer(0, SIZE - length);
      const toOffset = random.integer(0, SIZE - length);
      const expected = Buffer.from(to.bytes);
      for (let i = 0; i < length; i++) expected[toOffset + i] = from.bytes[fromOffset + i]!;
      const source = Buffer.from(from.bytes);
      copyBytes(from.bytes, from.view, fromOffset, to.bytes, to.view, toOffset, length);
      expect(to.bytes.equals(expected)).toBe(true);
      expect(from.bytes.equals(source)).toBe(true);
    }
  });

  it('copies overlapping ranges of more than 128 bytes, either way', () => {
    for (const [fromOffset, toOffset] of [
      [10, 17],
      [17, 10],
    ] as const) {
      const { bytes, view } = memory(new SeededRandom(seed));
      const expected = Buffer.from(bytes);
      expected.copyWithin(toOffset, fromOffset, fromOffset + 129);
      copyBytes(bytes, view, fromOffset, bytes, view, toOffset, 129);
      expect(bytes.equals(expected)).toBe(true);
    }
  });

  it('ends with an error rather than beyond the memory', () => {
    const { bytes, view } = memory(new SeededRandom(seed));
    expect(() => copyBytes(bytes, view, 0, bytes, view, SIZE - 8, 12)).toThrow(RangeError);
  });
});

describe(`equalBytes, SEED=${seed}`, () => {
  it('tells every difference of one bit, and looks at nothing else', () => {
    const random = new SeededRandom(seed);
    for (const length of LENGTHS) {
      const a = memory(random);
      const b = memory(random);
      const aOffset = random.integer(0, SIZE - length);
      const bOffset = random.integer(0, SIZE - length);
      a.bytes.copy(b.bytes, bOffset, aOffset, aOffset + length);
      const equal = () => equalBytes(a.bytes, a.view, aOffset, b.bytes, b.view, bOffset, length);
      expect(equal()).toBe(true);
      for (let i = 0; i < length; i += 1 + Math.floor(length / 40)) {
        const bit = 1 << random.integer(0, 7);
        b.bytes[bOffset + i]! ^= bit;
        expect(equal()).toBe(false);
        b.bytes[bOffset + i]! ^= bit;
      }
    }
  });
});
