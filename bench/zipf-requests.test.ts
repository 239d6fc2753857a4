import { expect, test } from 'vitest';
import { zipfBatches } from './zipf-requests.ts';

const mix = { seed: 7, keys: 1000, exponent: 0.99, valueBytes: 8, writes: 0.1 };

test('the mix, the skew and the sizes are as asked for', () => {
  const batches = zipfBatches(mix, 50_003, 16);
  expect(batches.reduce((sum, { commands }) => sum + commands, 0)).toBe(50_003);
  expect(batches.at(-1)!.commands).toBe(50_003 % 16);

  const text = batches.map(({ bytes }) => bytes.toString()).join('');
  const keys = [...text.matchAll(/\$16\r\nkey:(\d{12})\r\n/g)].map((match) => Number(match[1]));
  expect(keys).toHaveLength(50_003);
  expect(Math.max(...keys)).toBeLessThan(1000);

  const sets = text.split('$3\r\nSET\r\n').length - 1;
  expect(text.split('$8\r\nxxxxxxxx\r\n').length - 1).toBe(sets);
  expect(text.split('$3\r\nGET\r\n').length - 1).toBe(50_003 - sets);
  expect(Math.abs(sets / 50_003 - 0.1)).toBeLessThan(0.01);

  const counts = new Map<number, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  // The hottest of 1000 keys has 1 / 7.7 of the weight at exponent 0.99.
  expect(Math.max(...counts.values()) / 50_003).toBeGreaterThan(0.12);
});

test('a seed decides the bytes', () => {
  const bytes = (seed: number) =>
    Buffer.concat(zipfBatches({ ...mix, seed }, 160, 16).map((batch) => batch.bytes));
  expect(bytes(1).equals(bytes(1))).toBe(true);
  expect(bytes(1).equals(bytes(2))).toBe(false);
});
