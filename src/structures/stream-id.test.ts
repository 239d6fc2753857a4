import { describe, expect, it } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { Int64 } from './int64.ts';
import {
  ID_INVALID,
  ID_TEXT_MAX,
  ID_WHOLE,
  ID_WITH_STAR,
  ID_WITHOUT_SEQUENCE,
  StreamId,
} from './stream-id.ts';

const seed = chosenSeed();
const UINT64_MAX = 2n ** 64n - 1n;
const BORDERS = [0n, 1n, 9n, 10n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, UINT64_MAX];

function parse(text: string, id = new StreamId()): [number, string] {
  const bytes = Buffer.from(`#${text}#`, 'latin1');
  return [id.parse(bytes, 1, bytes.length - 2), id.toString()];
}

function idOf(ms: bigint, sequence: bigint): StreamId {
  const id = new StreamId();
  expect(parse(`${ms}-${sequence}`, id)).toEqual([ID_WHOLE, `${ms}-${sequence}`]);
  return id;
}

function nearBorder(random: SeededRandom): bigint {
  const value = random.pick(BORDERS) + BigInt(random.integer(-2, 2));
  return BigInt.asUintN(64, value);
}

describe('StreamId', () => {
  it('reads and prints every id', () => {
    for (const ms of BORDERS) for (const sequence of BORDERS) idOf(ms, sequence);
    const longest = idOf(UINT64_MAX, UINT64_MAX);
    expect(longest.toString()).toHaveLength(ID_TEXT_MAX);
    expect(longest.isMax()).toBe(true);
  });

  it.each([
    ['5', ID_WITHOUT_SEQUENCE, '5-0'],
    ['5-*', ID_WITH_STAR, '5-0'],
    ['007-05', ID_WHOLE, '7-5'],
    [' 7-+5', ID_WHOLE, '7-5'],
    ['1--01', ID_WHOLE, `1-${UINT64_MAX}`],
    [`${'0'.repeat(126)}1`, ID_WITHOUT_SEQUENCE, '1-0'],
    ['18446744073709551615', ID_WITHOUT_SEQUENCE, '18446744073709551615-0'],
  ])('takes %s as Redis does', (text, form, shown) => {
    expect(parse(text)).toEqual([form, shown]);
  });

  it.each([
    ...['', '-', '+', '*', '-1', '1-', '*-1', '1-**', '1-2-3', '1--1', 'a', '1-b', '1.0', '1 '],
    ...[
      '18446744073709551616',
      '1-18446744073709551616',
      `${'0'.repeat(127)}1`,
      '1-1\0',
      '99999999999999x',
    ],
  ])('refuses %j', (text) => {
    expect(parse(text)[0]).toBe(ID_INVALID);
  });

  it('leaves the sequence alone when there is none', () => {
    const id = idOf(3n, 9n);
    expect(parse('4', id)).toEqual([ID_WITHOUT_SEQUENCE, '4-9']);
    id.setSequence(true);
    expect(id.toString()).toBe(`4-${UINT64_MAX}`);
    expect(id.isLastOfMs()).toBe(true);
    id.setSequence(false);
    expect(id.toString()).toBe('4-0');
  });

  it('takes milliseconds of the clock', () => {
    const id = new StreamId();
    for (const ms of [0, 1_704_067_200_123, 2 ** 32 - 1, 2 ** 48 - 1]) {
      id.setMilliseconds(ms);
      expect(id.toString()).toBe(`${ms}-0`);
    }
  });

  it(`orders, counts and subtracts as integers of 128 bits do, SEED=${seed}`, () => {
    const random = new SeededRandom(seed);
    const ms = new Int64();
    const sequence = new Int64();
    for (let i = 0; i < 5000; i++) {
      const parts = [0, 1, 2, 3].map(() => nearBorder(random));
      const [a, b] = [idOf(parts[0]!, parts[1]!), idOf(parts[2]!, parts[3]!)];
      const [aBits, bBits] = [(parts[0]! << 64n) | parts[1]!, (parts[2]! << 64n) | parts[3]!];
      expect(a.isBefore(b)).toBe(aBits < bBits);
      expect(a.equals(b)).toBe(aBits === bBits);
      expect(a.hasMsOf(b)).toBe(parts[0] === parts[2]);
      const words = new Uint32Array(6);
      a.difference(b, ms, sequence);
      const sum = new StreamId();
      sum.setSum(b, ms, sequence);
      sum.write(words, 1);
      b.read(words, 1);
      expect(b.toString()).toBe(a.toString());
      const next = BigInt.asUintN(128, aBits + 1n);
      expect(b.increment()).toBe(next !== 0n);
      expect(b.toString()).toBe(`${next >> 64n}-${next & UINT64_MAX}`);
      expect(a.isMin()).toBe(aBits === 0n);
      expect(a.decrement()).toBe(aBits !== 0n);
      const before = BigInt.asUintN(128, aBits - 1n);
      expect(a.toString()).toBe(`${before >> 64n}-${before & UINT64_MAX}`);
    }
  });
});
