import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countDense,
  DENSE_BYTES,
  getDense,
  packRegisters,
  REGISTER_COUNT,
  raiseToDense,
  setDense,
} from './hyperloglog-registers.ts';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const START = 5;

const register = fc.nat(REGISTER_COUNT - 1);
const value = fc.nat(63);

/** All registers, most of them 0. */
const registers = fc.array(fc.tuple(register, value), { maxLength: 300 }).map((set) => {
  const all = new Uint8Array(REGISTER_COUNT);
  for (const [index, at] of set) all[index] = at;
  return all;
});

/** Registers as one long integer, the first one lowest: what the dense encoding is. */
function packModel(all: Uint8Array): Buffer {
  const bits = Array.from(all, (each) => each.toString(2).padStart(6, '0')).reverse();
  return Buffer.from(
    BigInt(`0b${bits.join('')}`)
      .toString(16)
      .padStart(DENSE_BYTES * 2, '0'),
    'hex',
  ).reverse();
}

describe(`dense registers (SEED=${seed})`, () => {
  it('are one long integer, lowest bits first', () => {
    fc.assert(
      fc.property(registers, (all) => {
        const bytes = Buffer.alloc(START + DENSE_BYTES + 1, 0xa5);
        packRegisters(all, bytes, START);
        expect(bytes.subarray(START, START + DENSE_BYTES).equals(packModel(all))).toBe(true);
        expect([bytes[START - 1], bytes.at(-1)]).toEqual([0xa5, 0xa5]);
      }),
      { seed, numRuns: 20 },
    );
  });

  it('are read and set one by one without touching others', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(register, value), { maxLength: 400 }), (sets) => {
        const all = new Uint8Array(REGISTER_COUNT).fill(21);
        const bytes = Buffer.alloc(START + DENSE_BYTES + 1, 0xa5);
        packRegisters(all, bytes, START);
        for (const [index, to] of sets) {
          setDense(bytes, START, index, to);
          all[index] = to;
        }
        for (let i = 0; i < REGISTER_COUNT; i++) {
          if (getDense(bytes, START, i) !== all[i]) throw new Error(`register ${i}`);
        }
        expect([bytes[START - 1], bytes.at(-1)]).toEqual([0xa5, 0xa5]);
      }),
      { seed, numRuns: 50 },
    );
  });

  it('raise others where they are higher, and are counted by value', () => {
    fc.assert(
      fc.property(registers, registers, (left, right) => {
        const bytes = Buffer.alloc(START + DENSE_BYTES);
        packRegisters(right, bytes, START);
        const raised = Uint8Array.from(left);
        raiseToDense(raised, bytes, START);
        expect(raised).toEqual(left.map((each, i) => Math.max(each, right[i]!)));
        const histogram = new Int32Array(64);
        countDense(histogram, bytes, START);
        const expected = new Int32Array(64);
        for (const each of right) expected[each]!++;
        expect(histogram).toEqual(expected);
      }),
      { seed, numRuns: 20 },
    );
  });
});
