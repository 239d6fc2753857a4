import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bucketCounts, median, percentile, percentiles } from './statistics.ts';

const numbers = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 60 });

test('median of odd and even counts, in any order', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([10, 9, 100])).toBe(10);
});

test('nearest-rank percentiles of 1 to 100', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(percentiles(hundred, [0, 0.07, 0.5, 0.99, 0.999, 1])).toEqual([1, 7, 50, 99, 100, 100]);
});

test('a percentile is the smallest value with enough values at or below it', () => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 100 }), (values, percent) => {
      const needed = Math.ceil((percent * values.length) / 100);
      const model = values.filter((v) => values.filter((other) => other <= v).length >= needed);
      expect(percentile(values, percent / 100)).toBe(Math.min(...model));
    }),
  );
});

test('statistics leave their argument as it was', () => {
  const values = [3, 1, 2];
  median(values);
  percentile(values, 0.5);
  expect(values).toEqual([3, 1, 2]);
});

test('statistics of nothing are an error', () => {
  expect(() => median([])).toThrow();
  expect(() => percentile([], 0.5)).toThrow();
});

test('bucket limits are inclusive and the last bucket takes the rest', () => {
  expect(bucketCounts([0.5, 1, 1.01, 5, 6, 1000], [1, 5])).toEqual([2, 2, 2]);
});
