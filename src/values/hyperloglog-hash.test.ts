import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementOf, murmur64 } from '../../test/support/murmur.ts';
import { markOf } from './hyperloglog-hash.ts';
import { RANK_MAX, REGISTER_COUNT } from './hyperloglog-registers.ts';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

/** The mark of an element that lies between other bytes. */
function mark(element: Uint8Array): { register: number; rank: number } {
  const bytes = Buffer.concat([Buffer.from('xyz'), element, Buffer.from('xyzxyz')]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const value = markOf(bytes, view, 3, element.length);
  return { register: value % REGISTER_COUNT, rank: Math.floor(value / REGISTER_COUNT) };
}

/** Register and rank of an element, from its hash. */
function model(element: Uint8Array): { register: number; rank: number } {
  const hash = murmur64(element);
  const rest = (hash >> 14n) | (1n << 50n);
  let rank = 1;
  while (((rest >> BigInt(rank - 1)) & 1n) === 0n) rank++;
  return { register: Number(hash & 16383n), rank };
}

describe(`the mark of an element (SEED=${seed})`, () => {
  it('follows from its 64-bit hash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (element) => {
        expect(mark(element)).toEqual(model(element));
      }),
      { seed, numRuns: 2_000 },
    );
  });

  it('is the one that Redis gives it', () => {
    const marks = ['a', 'b', 'c'].map((text) => mark(Buffer.from(text)));
    expect(marks).toContainEqual({ register: 8436, rank: 1 });
    expect(marks).toContainEqual({ register: 12711, rank: 2 });
    expect(marks).toContainEqual({ register: 15780, rank: 1 });
  });

  it('has any rank in any register', () => {
    for (let rank = 1; rank <= RANK_MAX; rank++) {
      for (const register of [0, rank * 300, REGISTER_COUNT - 1]) {
        for (const more of [0n, 2n ** 60n - 1n]) {
          expect(mark(elementOf(register, rank, more))).toEqual({ register, rank });
        }
      }
    }
  });
});
