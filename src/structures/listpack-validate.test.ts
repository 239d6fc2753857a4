import { describe, expect, it } from 'vitest';
import { encodeListpack, rangeOf } from '../../test/support/listpack-format.ts';
import { checkValidity, randomText, runDamageRound } from '../../test/support/listpack-model.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { isValidListpack } from './listpack-validate.ts';

const seed = chosenSeed();

/** A listpack around these bytes, with total, count and end as they should be. */
function around(entries: string, count: number): Buffer {
  const body = Buffer.from(entries.replaceAll(' ', ''), 'hex');
  const header = Buffer.alloc(6);
  header.writeUInt32LE(body.length + 7, 0);
  header.writeUInt16LE(count, 4);
  return Buffer.concat([header, body, Buffer.of(0xff)]);
}

function isValid(bytes: Buffer): boolean {
  return isValidListpack(bytes, rangeOf(bytes).view, 0, bytes.length);
}

describe('valid is', () => {
  it.each([
    ['none', '', 0],
    ['an integer of each width', '0501 c00502 f1050003 f205000004 f30500000005', 5],
    ['an integer of 64 bits', 'f4050000000000000009', 1],
    ['a string with each head', '8001 813502 e0013503 f0010000003506', 4],
    ['an unknown count', '0101 0201', 65535],
  ])('%s', (_, entries, count) => {
    expect(isValid(around(entries, count))).toBe(true);
  });
});

describe('not valid is', () => {
  it.each([
    ['a head that means nothing', 'f501', 1],
    ['another head that means nothing', 'fe01', 1],
    ['an end in the middle', '0101 ff 0101', 2],
    ['a backlen too small', '813501', 1],
    ['a backlen too large', '813503', 1],
    ['a backlen in more bytes than it needs', '0100 81', 1],
    ['a backlen missing', '8135', 1],
    ['a string that leaves the listpack', '853504', 1],
    ['a string that ends where the end is', '823503', 1],
    ['a long string that leaves the listpack', 'efff3503', 1],
    ['a string of 4 GiB', 'f0ffffffff3506', 1],
    ['a string whose length is cut off', 'f00100', 1],
    ['a string whose length has one byte only', 'e0', 1],
    ['an integer that is cut off', 'f4050000', 1],
    ['too low a count', '0101 0201', 1],
    ['too high a count', '0101 0201', 3],
  ])('%s', (_, entries, count) => {
    expect(isValid(around(entries, count))).toBe(false);
  });

  it('a wrong total, a wrong end, or too few bytes for a header', () => {
    const whole = around('0101', 1);
    for (const total of [0, 6, 8, 10, 0xffffffff]) {
      const bytes = Buffer.from(whole);
      bytes.writeUInt32LE(total, 0);
      expect(isValid(bytes)).toBe(false);
    }
    expect(isValid(Buffer.from('080000000000ff00', 'hex'))).toBe(false);
    for (let length = 0; length < 7; length++) {
      const bytes = Buffer.alloc(length, 0xff);
      if (length >= 4) bytes.writeUInt32LE(length, 0);
      expect(isValid(bytes)).toBe(false);
    }
  });

  it('a range that is longer than its memory', () => {
    const bytes = around('0101', 1);
    const { view } = rangeOf(bytes);
    for (const start of [1, 5, bytes.length, 100]) {
      expect(isValidListpack(bytes, view, start, bytes.length)).toBe(false);
    }
    const cut = rangeOf(Buffer.from(bytes.subarray(0, -1)));
    expect(isValidListpack(cut.bytes, cut.view, 0, bytes.length)).toBe(false);
  });
});

describe(`against a second reading of the format, SEED=${seed}`, () => {
  it('agrees on damaged bytes, and reads nothing outside of them', () => {
    for (let round = 0; round < 60; round++) runDamageRound(new SeededRandom(seed + round), 50);
  });

  it('agrees on bytes that end early', () => {
    const random = new SeededRandom(seed);
    const whole = encodeListpack(Array.from({ length: 8 }, () => randomText(random)));
    const step = Math.ceil(whole.length / 300);
    for (let length = 0; length < whole.length; length += step) {
      const bytes = Buffer.from(whole.subarray(0, length));
      if (length >= 4) bytes.writeUInt32LE(length, 0);
      if (length > 6) bytes[length - 1] = 0xff;
      if (length > 6) bytes.writeUInt16LE(65535, 4);
      checkValidity(bytes);
    }
  });
});
