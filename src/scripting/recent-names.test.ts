import { expect, test } from 'vitest';
import { Args } from '../protocol/args.ts';
import { RecentNames } from './recent-names.ts';

function named(name: string): Args {
  return Args.of(Buffer.from('EVALSHA'), Buffer.from(name));
}

test('finds what has exactly this name', () => {
  const names = new RecentNames<number>();
  names.remember(Buffer.from('first'), 1);
  names.remember(Buffer.from(''), 2);
  expect(names.find(named('first'), 1)).toBe(1);
  expect(names.find(named(''), 1)).toBe(2);
  for (const other of ['First', 'firs', 'first ', 'fIrst', 'x']) {
    expect(names.find(named(other), 1)).toBeUndefined();
  }
  names.clear();
  expect(names.find(named('first'), 1)).toBeUndefined();
});

test('is right whatever drives out what', () => {
  const names = new RecentNames<string>();
  const all = Array.from({ length: 1000 }, (_, i) => `name ${i % 300} ${'x'.repeat(i % 7)}`);
  let found = 0;
  for (const name of [...all, ...all]) {
    const value = names.find(named(name), 1);
    if (value !== undefined) {
      expect(value).toBe(name);
      found++;
    }
    names.remember(Buffer.from(name), name);
    expect(names.find(named(name), 1)).toBe(name);
  }
  expect(found).toBeGreaterThan(0);
});

test('does not keep long names', () => {
  const names = new RecentNames<number>();
  const long = 'x'.repeat(20_000);
  names.remember(Buffer.from(long), 1);
  expect(names.find(named(long), 1)).toBeUndefined();
});
