import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AND,
  type BitOperation,
  combineBits,
  countBits,
  findBit,
  getBit,
  invertBits,
  OR,
  setBit,
  XOR,
} from './bitmap.ts';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const settings = { seed, numRuns: 1_000 };

/** Bytes within others, as values lie in the arena. */
class Place {
  static readonly MARGIN = 5;
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly start = Place.MARGIN;
  readonly length: number;

  constructor(content: Uint8Array) {
    const margin = Buffer.alloc(Place.MARGIN, 0xa5);
    this.bytes = Buffer.concat([margin, content, margin]);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
    this.length = content.length;
  }

  /** The content, after checking that nothing around it changed. */
  content(): Buffer {
    const end = this.start + this.length;
    expect(this.bytes.toString('hex', 0, this.start)).toBe('a5'.repeat(Place.MARGIN));
    expect(this.bytes.toString('hex', end)).toBe('a5'.repeat(Place.MARGIN));
    return this.bytes.subarray(this.start, end);
  }

  bits(): string {
    return bitsOf(this.content());
  }
}

function bitsOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
}

/** Mostly long stretches of one byte, so that words are skipped and end in the middle. */
const content = fc
  .array(fc.tuple(fc.constantFrom(0x00, 0xff, 0x01, 0x80, 0x5a), fc.nat(40)), { maxLength: 6 })
  .map((runs) => Buffer.concat(runs.map(([byte, length]) => Buffer.alloc(length, byte))));
const someContent = content.filter((bytes) => bytes.length > 0);
const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** Two positions of a string, in any order. */
function positions(length: number, a: number, b: number): [first: number, last: number] {
  return [Math.floor(a * length * 8), Math.floor(b * length * 8)];
}

describe(`bits (SEED=${seed})`, () => {
  it('are read and set one by one, the highest of a byte first', () => {
    fc.assert(
      fc.property(someContent, fraction, fc.constantFrom(0, 1), (bytes, at, value) => {
        const place = new Place(bytes);
        const before = place.bits();
        const bit = Math.floor(at * before.length);
        expect(getBit(place.bytes, place.start, place.length, bit)).toBe(Number(before[bit]));
        expect(setBit(place.bytes, place.start, bit, value)).toBe(Number(before[bit]));
        expect(place.bits()).toBe(before.slice(0, bit) + value + before.slice(bit + 1));
      }),
      settings,
    );
  });

  it('behind the end are 0', () => {
    const place = new Place(Buffer.from([0xff]));
    expect(getBit(place.bytes, place.start, 1, 7)).toBe(1);
    for (const bit of [8, 100, 2 ** 32 - 1, 2 ** 33]) {
      expect(getBit(place.bytes, place.start, 1, bit)).toBe(0);
    }
  });

  it('are counted in any range', () => {
    fc.assert(
      fc.property(someContent, fraction, fraction, (bytes, a, b) => {
        const place = new Place(bytes);
        const [first, last] = positions(place.length, a, b);
        const ones = place
          .bits()
          .slice(first, last + 1)
          .replaceAll('0', '').length;
        const count = countBits(place.bytes, place.view, place.start, first, last);
        expect(count).toBe(first > last ? 0 : ones);
      }),
      settings,
    );
  });

  it('are found in any range', () => {
    fc.assert(
      fc.property(someContent, fraction, fraction, fc.constantFrom(0, 1), (bytes, a, b, value) => {
        const place = new Place(bytes);
        const [first, last] = positions(place.length, a, b);
        const found = place
          .bits()
          .slice(0, last + 1)
          .indexOf(String(value), first);
        const position = findBit(place.bytes, place.view, place.start, first, last, value);
        expect(position).toBe(first > last ? -1 : found);
      }),
      settings,
    );
  });
});

describe(`combining (SEED=${seed})`, () => {
  const operations: readonly [string, BitOperation, (a: number, b: number) => number][] = [
    ['AND', AND, (a, b) => a & b],
    ['OR', OR, (a, b) => a | b],
    ['XOR', XOR, (a, b) => a ^ b],
  ];

  it.each(operations)('%s works byte by byte', (_, operation, model) => {
    fc.assert(
      fc.property(content, content, (left, right) => {
        const length = Math.min(left.length, right.length);
        const from = new Place(right);
        const to = new Place(left);
        combineBits(
          operation,
          from.bytes,
          from.view,
          from.start,
          to.bytes,
          to.view,
          to.start,
          length,
        );
        const expected = left.map((byte, i) => (i < length ? model(byte, right[i]!) : byte));
        expect(to.content()).toEqual(Buffer.from(expected));
        expect(from.content()).toEqual(right);
      }),
      settings,
    );
  });

  it('NOT turns every bit', () => {
    fc.assert(
      fc.property(content, (bytes) => {
        const place = new Place(bytes);
        invertBits(place.bytes, place.view, place.start, place.length);
        expect(place.content()).toEqual(Buffer.from(bytes.map((byte) => ~byte)));
      }),
      settings,
    );
  });
});
