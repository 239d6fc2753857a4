import { describe, expect, test } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { expandLzf, isPossibleLzf, LzfCompressor } from './lzf.ts';

/** Pieces that strings are made of: some repeat, some do not. */
const PIECES = ['a', 'ab', 'redis', 'x'.repeat(300), 'the quick brown fox ', '\0\u00ff'];

describe('LZF', () => {
  const seed = chosenSeed();

  test(`gives back what was compressed, whatever the steps (SEED=${seed})`, () => {
    const random = new SeededRandom(seed);
    const compressor = new LzfCompressor();
    let compressed = 0;
    for (let round = 0; round < 500; round++) {
      const original = Buffer.from(randomText(random), 'latin1');
      if (!compress(compressor, original, random)) continue;
      compressed++;
      const { out, outLength } = compressor;
      expect(outLength).toBeLessThanOrEqual(original.length - 4);
      expect(isPossibleLzf(outLength, original.length)).toBe(true);
      const back = Buffer.alloc(original.length);
      expect(expandLzf(out, 0, outLength, back, back.length)).toBe(true);
      expect(back.equals(original)).toBe(true);
    }
    expect(compressed).toBeGreaterThan(100);
  });

  test('compresses a long run to three bytes for 264', () => {
    const compressor = new LzfCompressor();
    const original = Buffer.alloc(26_400, 'z');
    expect(compress(compressor, original, new SeededRandom(1))).toBe(true);
    expect(compressor.outLength).toBeLessThan(310);
  });

  test('gives up on what does not repeat', () => {
    const random = new SeededRandom(seed);
    const bytes = Buffer.alloc(5000);
    for (let i = 0; i < bytes.length; i++) bytes[i] = random.integer(0, 255);
    expect(compress(new LzfCompressor(), bytes, random)).toBe(false);
  });

  test('reads each kind of piece', () => {
    expect(expanded([2, 97, 98, 99], 3)).toBe('abc');
    expect(expanded([0, 97, 0x20, 0], 4)).toBe('aaaa');
    expect(expanded([1, 97, 98, 0xe0, 0, 1], 11)).toBe('abababababa');
  });

  test.each([
    ['literals that are not there', [5, 97], 6],
    ['literals beyond the end', [1, 97, 98], 1],
    ['a distance before the beginning', [0, 97, 0x20, 1], 4],
    ['a match beyond the end', [0, 97, 0x20, 0], 3],
    ['a match without its distance', [0, 97, 0x20], 4],
    ['a long match without its length', [0, 97, 0xe0], 10],
    ['too few bytes', [0, 97], 2],
  ])('refuses %s', (_, bytes, length) => {
    expect(expandLzf(Uint8Array.from(bytes), 0, bytes.length, Buffer.alloc(length), length)).toBe(
      false,
    );
  });

  test(`stays within its bytes, whatever they are (SEED=${seed})`, () => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < 2000; round++) {
      const bytes = Buffer.alloc(random.integer(0, 40));
      for (let i = 0; i < bytes.length; i++) bytes[i] = random.integer(0, 255);
      const length = random.integer(0, 100);
      const out = Buffer.alloc(length + 300, 0x5a);
      expandLzf(bytes, 0, bytes.length, out, length);
      expect(out.subarray(length).every((byte) => byte === 0x5a)).toBe(true);
    }
  });
});

function compress(compressor: LzfCompressor, original: Buffer, random: SeededRandom): boolean {
  // Somewhere among other bytes.
  const start = random.integer(0, 9);
  const bytes = Buffer.concat([Buffer.alloc(start, 1), original, Buffer.alloc(3, 2)]);
  compressor.begin(bytes, start, original.length, original.length - 4);
  while (compressor.consumed < original.length) {
    if (!compressor.step(random.integer(1, 400))) return false;
  }
  return true;
}

function expanded(bytes: number[], length: number): string {
  const out = Buffer.alloc(length);
  expect(expandLzf(Uint8Array.from(bytes), 0, bytes.length, out, length)).toBe(true);
  return out.toString('latin1');
}

function randomText(random: SeededRandom): string {
  let text = 'begin';
  const pieces = random.integer(0, 60);
  for (let i = 0; i < pieces; i++) {
    text += random.fraction() < 0.3 ? random.text('0123456789', 1, 30) : random.pick(PIECES);
  }
  return text;
}
