import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { losslessBytes, losslessText } from './lossless-text.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

/** Bytes of which many begin, continue or break a sequence. */
const trickyBytes = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom(0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xed, 0xb2, 0xff),
    ),
    { maxLength: 40 },
  )
  .map((bytes) => Buffer.from(bytes));

describe('lossless text', () => {
  it('gives all bytes back', () => {
    fc.assert(
      fc.property(trickyBytes, (bytes) => {
        expect(losslessBytes(losslessText(bytes, 0, bytes.length))).toEqual(bytes);
      }),
      { seed, numRuns: 5_000 },
    );
  });

  it('is the text itself where the bytes are UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const bytes = Buffer.from(text);
        expect(losslessText(bytes, 0, bytes.length)).toBe(text);
        expect(losslessBytes(text)).toEqual(bytes);
      }),
      { seed, numRuns: 1_000 },
    );
  });

  it('takes a part of the bytes, whatever it cuts in two', () => {
    const bytes = Buffer.from('aé€😀b');
    expect(losslessText(bytes, 0, 3)).toBe('aé');
    expect(losslessText(bytes, 0, 2)).toBe('a\udcc3');
    expect(losslessText(bytes, 1, 2)).toBe('\udcc3');
    expect(losslessText(bytes, 2, 6)).toBe('\udca9€');
    expect(losslessText(bytes, 4, 4)).toBe('');
  });

  it('never makes a CR or LF', () => {
    for (let byte = 0; byte < 256; byte++) {
      const text = losslessText(Buffer.of(byte), 0, 1);
      expect(/[\r\n]/.test(text)).toBe(byte === 0x0a || byte === 0x0d);
      expect(losslessBytes(text)).toEqual(Buffer.of(byte));
    }
  });
});
