import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addLongDoubles,
  formatLongDouble,
  isFiniteLongDouble,
  type LongDouble,
  parseLongDouble,
} from './long-double.ts';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const settings = { seed, numRuns: 2_000 };

function parse(text: string): LongDouble | undefined {
  const bytes = Buffer.from(`1${text}1`, 'latin1');
  return parseLongDouble(bytes, 1, bytes.length - 1);
}

function parseValid(text: string): LongDouble {
  const value = parse(text);
  if (value === undefined) throw new Error(`${text} is not a valid float`);
  return value;
}

function printed(text: string): string {
  return formatLongDouble(parseValid(text));
}

function sum(left: string, right: string): string | undefined {
  const value = addLongDoubles(parseValid(left), parseValid(right));
  return value && formatLongDouble(value);
}

describe(`long double (SEED=${seed})`, () => {
  it('adds integers of 63 bits exactly', () => {
    const int64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
    fc.assert(
      fc.property(int64, int64, (left, right) => {
        expect(sum(String(left), String(right))).toBe(String(left + right));
      }),
      settings,
    );
  });

  it('adds small amounts of money as written', () => {
    const cents = fc.bigInt(-900n, 900n);
    const money = (amount: bigint) => {
      const digits = String(amount < 0n ? -amount : amount).padStart(3, '0');
      const fraction = digits.slice(-2).replace(/0+$/, '');
      const sign = amount < 0n ? '-' : '';
      return `${sign}${digits.slice(0, -2)}${fraction && `.${fraction}`}`;
    };
    fc.assert(
      fc.property(cents, cents, (left, right) => {
        expect(sum(money(left), money(right))).toBe(money(left + right));
      }),
      settings,
    );
  });

  it('rounds integers above 64 bits to the nearest even multiple', () => {
    fc.assert(
      fc.property(fc.bigInt(2n ** 64n, 2n ** 90n), (value) => {
        const unit = 2n ** BigInt(value.toString(2).length - 64);
        const below = value / unit;
        const rest = 2n * (value % unit);
        const up = rest > unit || (rest === unit && below % 2n === 1n);
        expect(printed(String(value))).toBe(String((below + (up ? 1n : 0n)) * unit));
      }),
      settings,
    );
  });

  it.each([
    ['0.1', '0.2', '0.3'],
    ['5.0e3', '0', '5000'],
    ['3.0', '0', '3'],
    ['10.50', '0.1', '10.6'],
    ['0', '-98659.76', '-98659.75999999999999801'],
    ['-0', '0', '0'],
    ['-0.0', '-0.0', '0'],
    ['0', '-1e-20', '0'],
    ['1e18', '0.5', '1000000000000000000.5'],
    ['1e17', '0.3', '100000000000000000.296875'],
    ['18446744073709551615', '1', '18446744073709551616'],
    ['18446744073709551616', '1', '18446744073709551616'],
    ['36893488147419103231', '0', '36893488147419103232'],
    ['1e4932', '-1e4932', '0'],
    ['0.000000000000000005', '0', '0'],
    ['0.000000000000000015', '0', '0.00000000000000002'],
    ['0', '0x3p-18', '0.00001144409179688'],
    ['0', '0x1p-18', '0.00000381469726562'],
    ['0x1p3', '0x.8p1', '9'],
    ['0', '+3', '3'],
    ['0', '0e99999999999999999999', '0'],
    ['0', '1e-4950', '0'],
  ])('%s + %s is %s', (left, right, expected) => {
    expect(sum(left, right)).toBe(expected);
  });

  it.each([
    ['1.1e4932', '1.1e4932'],
    ['inf', '1'],
    ['1', '-Infinity'],
    ['inf', '-inf'],
  ])('%s + %s is not a finite number', (left, right) => {
    expect(sum(left, right)).toBeUndefined();
  });

  it.each([
    ...['', ' 1', '1 ', 'nan', '1e', '0x', 'abc', '1.2.3', '1\0'],
    ...['1e4933', '-1e4933', '2e4932', '1e-4951', '1e99999999999999999999', '1e-99999999999999'],
    ...['0x1p16384', '0x1p-16446'],
  ])('refuses %j', (text) => {
    expect(parse(text)).toBeUndefined();
  });

  it('knows the ends of its range', () => {
    expect(parseValid('0x1p-16445').mantissa).toBeGreaterThan(0n);
    expect(parse('0x1p-16446')).toBeUndefined();
    expect(parseValid('0x1.1p-16446').mantissa).toBeGreaterThan(0n);
    const largest = parseValid('0xffffffffffffffffp16320');
    expect(formatLongDouble(largest)).toBe(String((2n ** 64n - 1n) << 16320n));
    // Half a unit above the largest value rounds away from it, anything less rounds to it.
    expect(parse('0xffffffffffffffff.8p16320')).toBeUndefined();
    expect(parseValid('0xffffffffffffffff.7p16320')).toEqual(largest);
  });

  it('tells infinite values apart', () => {
    expect(isFiniteLongDouble(parseValid('1e4932'))).toBe(true);
    expect(isFiniteLongDouble(parseValid('-inf'))).toBe(false);
    expect(printed('-inf')).toBe('-inf');
    expect(printed('infinity')).toBe('inf');
  });

  it('reads texts of up to 5119 bytes', () => {
    expect(printed(`0.${'1'.repeat(5117)}`)).toBe('0.11111111111111111');
    expect(parse(`0.${'1'.repeat(5118)}`)).toBeUndefined();
    expect(printed('1'.repeat(4932))).toHaveLength(4932);
    expect(parse('1'.repeat(5119))).toBeUndefined();
  });
});
