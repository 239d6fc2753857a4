import { describe, expect, it } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { isInteger64 } from '../protocol/numbers.ts';
import { INT64_TEXT_MAX, Int64 } from './int64.ts';

const seed = chosenSeed();

/** The borders of every width, of doubles and of decimal places, and their neighbours. */
function borders(): bigint[] {
  const values = new Set<bigint>();
  for (let bits = 0n; bits <= 63n; bits++) {
    for (const delta of [-1n, 0n, 1n]) values.add(2n ** bits + delta).add(-(2n ** bits) + delta);
  }
  for (let digits = 0n; digits <= 18n; digits++) {
    for (const delta of [-1n, 0n, 1n]) values.add(10n ** digits + delta).add(delta - 10n ** digits);
  }
  return [...values].filter((value) => BigInt.asIntN(64, value) === value);
}

function randomValue(random: SeededRandom): bigint {
  const words = [0, 0, 0, 0].map(() => BigInt(random.integer(0, 65535)));
  const value = words.reduce((sum, word) => sum * 65536n + word, 0n);
  return BigInt.asIntN(64, value) >> BigInt(random.integer(0, 63));
}

function parsed(text: string): Int64 | undefined {
  const bytes = Buffer.from(`9${text}9`, 'latin1');
  const value = new Int64();
  return value.parse(bytes, 1, bytes.length - 2) ? value : undefined;
}

function exact(value: Int64): bigint {
  return BigInt(value.high) * 2n ** 32n + BigInt(value.low >>> 0);
}

function check(value: bigint): void {
  const text = `${value}`;
  const int64 = parsed(text)!;
  expect(exact(int64)).toBe(value);
  expect([int64.low, int64.high]).toEqual([int64.low | 0, int64.high | 0]);
  const out = Buffer.alloc(INT64_TEXT_MAX + 2, '#');
  expect(int64.write(out, 1)).toBe(1 + text.length);
  expect(out.toString('latin1')).toBe(`#${text}`.padEnd(INT64_TEXT_MAX + 2, '#'));
  expect(int64.textLength()).toBe(text.length);
  expect(int64.isSafe()).toBe(Number.isSafeInteger(Number(value)));
  expect(int64.toNumber()).toBe(Number(value));
  if (int64.isSafe()) {
    const other = new Int64();
    other.setNumber(Number(value));
    expect(exact(other)).toBe(value);
  }
}

describe('an integer of 64 bits', () => {
  it('is read and written exactly at every border', () => {
    for (const value of borders()) check(value);
  });

  it(`is read and written exactly, SEED=${seed}`, () => {
    const random = new SeededRandom(seed);
    for (let i = 0; i < 5000; i++) check(randomValue(random));
  });

  it('is compared as a whole', () => {
    const values = borders().sort((a, b) => (a < b ? -1 : 1));
    const int64s = values.map((value) => parsed(`${value}`)!);
    const wrong = int64s.flatMap((a, i) => {
      return int64s
        .filter((b, j) => Math.sign(a.compareTo(b.low, b.high)) !== Math.sign(i - j))
        .map((b) => `${exact(a)} and ${exact(b)}`);
    });
    expect(wrong).toEqual([]);
  });

  it.each([
    '',
    '-',
    '+1',
    '-0',
    '00',
    '01',
    '-01',
    ' 1',
    '1 ',
    '1.0',
    '1e3',
    '0x1',
    'a',
    '/',
    ':',
    '1:',
    '/1',
    '9223372036854775808',
    '-9223372036854775809',
    '9999999999999999999',
    '10000000000000000000',
    '18446744073709551615',
    '-18446744073709551616',
    '12345678901a345678',
    '123456789012345678a',
    '1\0',
    '--1',
    '1-',
  ])('is not %j', (text) => {
    expect(parsed(text)).toBeUndefined();
  });

  it(`is what the keyspace takes for one, SEED=${seed}`, () => {
    const random = new SeededRandom(seed);
    let integers = 0;
    for (let i = 0; i < 20_000; i++) {
      const text = random.text('-0123456789', 0, 21);
      const bytes = Buffer.from(text, 'latin1');
      const isInteger = isInteger64(bytes, 0, bytes.length);
      expect(parsed(text) !== undefined).toBe(isInteger);
      if (isInteger) integers++;
    }
    expect(integers).toBeGreaterThan(1000);
  });

  it('stays as it was when the text is none', () => {
    const value = parsed('-77')!;
    expect(value.parse(Buffer.from('9223372036854775808'), 0, 19)).toBe(false);
    expect(exact(value)).toBe(-77n);
  });
});
