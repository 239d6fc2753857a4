import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MovingBytes } from '../../test/support/growing-bytes.ts';
import { REGISTER_COUNT } from './hyperloglog-registers.ts';
import {
  countSparse,
  describeRuns,
  isSound,
  RAISED,
  type RunPlace,
  raiseSparse,
  raiseToSparse,
  TOO_SMALL,
  writeZeroRuns,
} from './hyperloglog-sparse.ts';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Bytes in front of the runs, which nothing here may touch. */
const HEADER = Buffer.from('head');
const ROOM = 16_384;

function empty(filler = 0xa5): MovingBytes {
  const content = Buffer.alloc(HEADER.length + 2);
  HEADER.copy(content);
  writeZeroRuns(content, HEADER.length);
  return new MovingBytes(content, filler);
}

function front(): RunPlace {
  return { offset: HEADER.length, register: 0 };
}

/** Runs as text. */
function runs({ bytes, start, length }: MovingBytes): string {
  return describeRuns(bytes, start + HEADER.length, start + length);
}

function registersOf({ bytes, start, length }: MovingBytes): Uint8Array {
  const registers = new Uint8Array(REGISTER_COUNT);
  raiseToSparse(registers, bytes, start + HEADER.length, start + length);
  return registers;
}

function raise(value: MovingBytes, register: number, rank: number, bytesMax = ROOM): number {
  return raiseSparse(value, HEADER.length, register, rank, bytesMax, front());
}

/** Crowded at both ends of few registers, so that runs meet, split and join. */
const register = fc.oneof(
  fc.nat(40),
  fc.nat(REGISTER_COUNT - 1),
  fc.integer({ min: REGISTER_COUNT - 20, max: REGISTER_COUNT - 1 }),
);
const rank = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 34 }));
const raises = fc.array(fc.tuple(register, rank), { maxLength: 150 });

describe('runs', () => {
  it('are split around a register', () => {
    const value = empty();
    expect(runs(value)).toBe('Z:16384');
    raise(value, 100, 5);
    expect(runs(value)).toBe('Z:100 v:5,1 Z:16283');
    raise(value, 0, 2);
    raise(value, REGISTER_COUNT - 1, 32);
    expect(runs(value)).toBe('v:2,1 Z:99 v:5,1 Z:16282 v:32,1');
    raise(value, 64, 1);
    expect(runs(value)).toBe('v:2,1 z:63 v:1,1 z:35 v:5,1 Z:16282 v:32,1');
  });

  it('are joined with neighbours of the same value, four registers at most', () => {
    const value = empty();
    for (const at of [0, 1, 2, 3, 4, 5]) raise(value, at, 7);
    expect(runs(value)).toBe('v:7,4 v:7,2 Z:16378');
    raise(value, 2, 9);
    expect(runs(value)).toBe('v:7,2 v:9,1 v:7,3 Z:16378');
    raise(value, 1, 9);
    raise(value, 0, 9);
    expect(runs(value)).toBe('v:9,3 v:7,3 Z:16378');
  });

  it('give way to the dense encoding when they grow too long or too high', () => {
    const value = empty();
    const before = value.content();
    expect(raise(value, 9, 33)).toBe(TOO_SMALL);
    expect(raise(value, 9, 1, before.length + 1)).toBe(TOO_SMALL);
    expect(value.content()).toEqual(before);
    expect(raise(value, 9, 1, before.length + 2)).toBe(RAISED);
    const full = value.content();
    expect(raise(value, 5, 1, full.length)).toBe(TOO_SMALL);
    expect(value.content()).toEqual(full);
    expect(raise(value, 9, 2, full.length)).toBe(RAISED);
  });
});

describe(`raising registers (SEED=${seed})`, () => {
  it('is like raising those of an array', () => {
    fc.assert(
      fc.property(raises, fc.constantFrom(30, 200, ROOM), (steps, bytesMax) => {
        const value = empty();
        const model = new Uint8Array(REGISTER_COUNT);
        for (const [at, to] of steps) {
          const before = value.content();
          const outcome = raise(value, at, to, bytesMax);
          if (outcome === TOO_SMALL) {
            expect(value.content().equals(before)).toBe(true);
            expect(to > 32 || before.length + 4 > bytesMax).toBe(true);
            continue;
          }
          expect(outcome === RAISED).toBe(model[at]! < to);
          model[at] = Math.max(model[at]!, to);
          expect(value.length).toBeLessThanOrEqual(Math.max(bytesMax, HEADER.length + 2));
        }
        const content = value.content();
        expect(content.subarray(0, HEADER.length)).toEqual(HEADER);
        expect(isSound(content, HEADER.length, content.length)).toBe(true);
        expect(Buffer.compare(registersOf(value), model)).toBe(0);
        const histogram = new Int32Array(64);
        countSparse(histogram, content, HEADER.length, content.length);
        const expected = new Int32Array(64);
        for (const each of model) expected[each]!++;
        expect(histogram).toEqual(expected);
      }),
      { seed, numRuns: 150 },
    );
  });

  it('in ascending order gives the same bytes with and without a place to begin at', () => {
    fc.assert(
      fc.property(raises, raises, (first, second) => {
        const [whole, continued] = [empty(), empty()];
        for (const [at, to] of first) for (const value of [whole, continued]) raise(value, at, to);
        const place = front();
        for (const [at, to] of second.sort(([a], [b]) => a - b)) {
          const outcome = raise(whole, at, to);
          expect(raiseSparse(continued, HEADER.length, at, to, ROOM, place)).toBe(outcome);
        }
        expect(continued.content()).toEqual(whole.content());
      }),
      { seed, numRuns: 300 },
    );
  });
});

describe(`runs that anyone may have written (SEED=${seed})`, () => {
  /** Registers covered, by a walk that minds nothing; NaN where a byte is missing. */
  function covered(bytes: Uint8Array): number {
    let sum = 0;
    for (let at = 0; at < bytes.length; at++) {
      const head = bytes[at]!;
      if (head >= 128) sum += (head & 3) + 1;
      else if (head < 64) sum += head + 1;
      else sum += (head - 64) * 256 + (bytes[++at] ?? Number.NaN) + 1;
    }
    return sum;
  }

  const byte = fc.constantFrom(0x00, 0x3f, 0x40, 0x7f, 0x84, 0xff);

  it('are sound when they cover all registers, whatever lies around them', () => {
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 12 }), fc.nat(255), (content, filler) => {
        const bytes = Buffer.from(content);
        const { start, length, bytes: around } = new MovingBytes(bytes, filler);
        expect(isSound(around, start, start + length)).toBe(covered(bytes) === REGISTER_COUNT);
      }),
      { seed, numRuns: 3_000 },
    );
  });

  it('are sound if nothing but the way to write them differs', () => {
    expect(isSound(Buffer.alloc(256, 0x3f), 0, 256)).toBe(true);
    expect(isSound(Buffer.alloc(257, 0x3f), 0, 257)).toBe(false);
    expect(isSound(Buffer.alloc(255, 0x3f), 0, 255)).toBe(false);
    expect(isSound(Buffer.from([0x7f, 0xff]), 0, 2)).toBe(true);
    expect(isSound(Buffer.from([0x7f, 0xff]), 0, 1)).toBe(false);
    expect(isSound(Buffer.from([0x7f, 0xff, 0x00]), 0, 3)).toBe(false);
    expect(isSound(Buffer.alloc(0), 0, 0)).toBe(false);
  });

  it('are printed with zeros for what is missing', () => {
    const bytes = Buffer.from([0x00, 0x85, 0x41, 0xff]);
    expect(describeRuns(bytes, 0, 3)).toBe('z:1 v:2,2 Z:257');
  });
});
