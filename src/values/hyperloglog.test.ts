import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MovingBytes } from '../../test/support/growing-bytes.ts';
import { elementOf } from '../../test/support/murmur.ts';
import {
  addElement,
  countRegisters,
  EMPTY_BYTES,
  forgetCount,
  hasSoundRegisters,
  isHyperLogLog,
  isSparse,
  keptCount,
  makeDense,
  raiseTo,
  recount,
  setRegisters,
  writeEmpty,
} from './hyperloglog.ts';
import { markOf } from './hyperloglog-hash.ts';
import { REGISTER_COUNT } from './hyperloglog-registers.ts';
import { selfTest } from './hyperloglog-self-test.ts';
import { CORRUPT, RAISED, UNCHANGED } from './hyperloglog-sparse.ts';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

const SPARSE_MAX = 3000;
const DENSE_LENGTH = 12_304;
const INT64_MIN = -(2n ** 63n);

function empty(filler = 0xa5): MovingBytes {
  const content = Buffer.alloc(EMPTY_BYTES);
  writeEmpty(content, 0);
  return new MovingBytes(content, filler);
}

function markOfText(text: string): number {
  return markOfBytes(Buffer.from(text));
}

function markOfBytes(element: Buffer): number {
  const view = new DataView(element.buffer, element.byteOffset, element.length);
  return markOf(element, view, 0, element.length);
}

function add(value: MovingBytes, element: string, sparseBytesMax = SPARSE_MAX): number {
  return addElement(value, markOfText(element), sparseBytesMax);
}

function registersOf(value: MovingBytes): Buffer {
  const registers = Buffer.alloc(REGISTER_COUNT);
  raiseTo(registers, value);
  return registers;
}

/** What PFCOUNT counts from registers of which `count` have each value. */
function countOf(...registers: readonly [value: number, count: number][]): bigint {
  const all = registers.flatMap(([value, count]) => new Array<number>(count).fill(value));
  expect(all.length).toBe(REGISTER_COUNT);
  return countRegisters(Uint8Array.from(all));
}

describe('a HyperLogLog', () => {
  it('without elements has the bytes that Redis gives it', () => {
    expect(empty().content().toString('latin1')).toBe(`HYLL\x01${'\0'.repeat(11)}\x7f\xff`);
  });

  it('is known by its header and the length of the dense encoding', () => {
    const is = (text: string) => isHyperLogLog(Buffer.from(`--${text}`, 'latin1'), 2, text.length);
    const rest = '\0'.repeat(11);
    expect(is(`HYLL\x01${rest}`)).toBe(true);
    expect(is(`HYLL\x01${rest}anything`)).toBe(true);
    expect(is(`HYLL\x01${rest.slice(1)}`)).toBe(false);
    expect(is(`HYLl\x01${rest}`)).toBe(false);
    expect(is(`HYLL\x02${rest}`)).toBe(false);
    expect(is(`HYLL\0${rest}${'\0'.repeat(12_288)}`)).toBe(true);
    expect(is(`HYLL\0${rest}${'\0'.repeat(12_287)}`)).toBe(false);
    expect(is(`HYLL\0${rest}${'\0'.repeat(12_289)}`)).toBe(false);
    expect(is('')).toBe(false);
  });

  it('keeps its count until told that it is old', () => {
    const value = empty();
    expect(keptCount(value.bytes, value.start)).toBe(0n);
    for (const element of ['a', 'b', 'c', 'a']) add(value, element);
    forgetCount(value.bytes, value.start);
    expect(keptCount(value.bytes, value.start)).toBeUndefined();
    expect(recount(value)).toBe(3n);
    expect(keptCount(value.bytes, value.start)).toBe(3n);
    value.content();
  });

  it('becomes dense when it outgrows the threshold, and when a rank is too high for a run', () => {
    const value = empty();
    expect(add(value, 'a', EMPTY_BYTES + 3)).toBe(RAISED);
    expect(isSparse(value.bytes, value.start)).toBe(true);
    const before = registersOf(value);
    expect(add(value, 'b', EMPTY_BYTES + 3)).toBe(RAISED);
    expect([isSparse(value.bytes, value.start), value.length]).toEqual([false, DENSE_LENGTH]);
    expect(registersOf(value).equals(before)).toBe(false);
    expect(add(value, 'a')).toBe(UNCHANGED);
    const high = empty();
    expect(addElement(high, markOfBytes(elementOf(5, 33)), SPARSE_MAX)).toBe(RAISED);
    expect(high.length).toBe(DENSE_LENGTH);
    expect(registersOf(high)[5]).toBe(33);
  });

  it('passes its own tests', () => {
    expect(selfTest()).toBeUndefined();
  });
});

describe('the estimate', () => {
  it('is what Redis makes of the same registers', () => {
    expect(countOf([0, REGISTER_COUNT])).toBe(0n);
    expect(countOf([0, REGISTER_COUNT - 1], [1, 1])).toBe(1n);
    expect(countOf([45, REGISTER_COUNT])).toBe(415828534307635072n);
    expect(countOf([40, REGISTER_COUNT])).toBe(12994641697113596n);
    expect(countOf([1, 3001], [51, REGISTER_COUNT - 3001])).toBe(129047n);
    expect(countOf([3, REGISTER_COUNT / 2], [52, REGISTER_COUNT / 2])).toBe(189097n);
  });

  it('of registers that no element leads to is what a conversion in C makes of infinity', () => {
    expect(countOf([50, REGISTER_COUNT])).toBe(INT64_MIN);
    expect(countOf([51, REGISTER_COUNT])).toBe(INT64_MIN);
    expect(countOf([63, REGISTER_COUNT])).toBe(INT64_MIN);
  });
});

describe(`elements (SEED=${seed})`, () => {
  const elements = fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 700 });

  it('lead to the same registers whatever the encoding, and to a count that is close', () => {
    fc.assert(
      fc.property(elements, fc.constantFrom(18, 300, SPARSE_MAX), (numbers, sparseBytesMax) => {
        const value = empty();
        const model = Buffer.alloc(REGISTER_COUNT);
        for (const number of numbers) {
          const mark = markOfText(`element ${number}`);
          const [register, rank] = [mark % REGISTER_COUNT, Math.floor(mark / REGISTER_COUNT)];
          const raises = rank > model[register]!;
          expect(addElement(value, mark, sparseBytesMax)).toBe(raises ? RAISED : UNCHANGED);
          if (raises) model[register] = rank;
        }
        expect(registersOf(value).equals(model)).toBe(true);
        const count = recount(value);
        expect(count).toBe(countRegisters(model));
        const distinct = new Set(numbers).size;
        expect(Math.abs(Number(count) - distinct)).toBeLessThanOrEqual(2 + distinct * 0.05);
        makeDense(value);
        expect(recount(value)).toBe(count);
        expect(registersOf(value).equals(model)).toBe(true);
      }),
      { seed, numRuns: 60 },
    );
  });

  it('of several are united by their registers', () => {
    fc.assert(
      fc.property(elements, elements, fc.boolean(), (left, right, dense) => {
        const [a, b, both] = [empty(), empty(), empty()];
        for (const number of left) for (const value of [a, both]) add(value, `${number}`);
        for (const number of right) for (const value of [b, both]) add(value, `${number}`);
        const union = registersOf(a);
        raiseTo(union, b);
        setRegisters(a, union, dense, SPARSE_MAX);
        expect(registersOf(a).equals(registersOf(both))).toBe(true);
        expect(isSparse(a.bytes, a.start)).toBe(!dense && isSparse(both.bytes, both.start));
      }),
      { seed, numRuns: 60 },
    );
  });

  it('that outgrow the threshold in a union make it dense', () => {
    const value = empty();
    const registers = new Uint8Array(REGISTER_COUNT).fill(1);
    setRegisters(value, registers, false, SPARSE_MAX);
    expect(value.length).toBe(DENSE_LENGTH);
    expect(registersOf(value).every((each) => each === 1)).toBe(true);
  });
});

describe(`damaged values (SEED=${seed})`, () => {
  const byte = fc.nat(255);
  const damages = fc.array(fc.tuple(fc.nat(10_000), byte), { minLength: 1, maxLength: 4 });
  const cut = fc.oneof(fc.constant(0), fc.nat(30));

  /** Does everything that commands do with a value; what came of it, as text. */
  function use(content: Buffer, filler: number, element: Buffer): string {
    const value = new MovingBytes(content, filler);
    if (!isHyperLogLog(value.bytes, value.start, value.length)) return 'none';
    const sound = hasSoundRegisters(value);
    const outcomes: unknown[] = [sound];
    if (sound) outcomes.push(recount(value), registersOf(value).toString('latin1'));
    const before = value.content();
    const outcome = addElement(value, markOfBytes(element), SPARSE_MAX);
    outcomes.push(outcome, value.content().toString('latin1'));
    if (outcome === CORRUPT) {
      expect(sound).toBe(false);
      expect(value.content().equals(before)).toBe(true);
    }
    return outcomes.join();
  }

  it('are used without reading or writing what lies around them', () => {
    fc.assert(
      fc.property(fc.nat(60), damages, cut, fc.nat(50), (size, changes, missing, element) => {
        const value = empty();
        for (let i = 0; i < size; i++) add(value, `${i}`);
        const content = value.content();
        for (const [at, to] of changes) content[at % content.length] = to;
        const damaged = content.subarray(0, content.length - Math.min(missing, content.length));
        const added = element > 45 ? elementOf(element * 300, 40) : Buffer.from(`${element}`);
        expect(use(damaged, 0xff, added)).toBe(use(damaged, 0x00, added));
      }),
      { seed, numRuns: 1_500 },
    );
  });

  it('are refused when they would have to become dense', () => {
    const value = new MovingBytes(Buffer.from(`HYLL\x01${'\0'.repeat(11)}\x7f\xfe`, 'latin1'), 0);
    const before = value.content();
    expect(hasSoundRegisters(value)).toBe(false);
    expect(addElement(value, markOfBytes(elementOf(3, 40)), SPARSE_MAX)).toBe(CORRUPT);
    expect(addElement(value, markOfBytes(elementOf(3, 1)), 18)).toBe(CORRUPT);
    expect(addElement(value, markOfBytes(elementOf(16383, 1)), SPARSE_MAX)).toBe(CORRUPT);
    expect(value.content()).toEqual(before);
    expect(addElement(value, markOfBytes(elementOf(16382, 1)), SPARSE_MAX)).toBe(RAISED);
  });
});
