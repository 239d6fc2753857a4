import { describe, expect, it } from 'vitest';
import { nanosecondsAt } from './calls.ts';
import { humanBytes, percent, ratio } from './section.ts';

describe('humanBytes', () => {
  it.each([
    [0, '0B'],
    [1023, '1023B'],
    [1024, '1.00K'],
    [916_600, '895.12K'],
    [1024 ** 2, '1.00M'],
    [25_276_510_208, '23.54G'],
    [1024 ** 4, '1.00T'],
    [1024 ** 5 * 2.5, '2.50P'],
    [2 ** 64, '16.00E'],
    [2 ** 80, '1048576.00E'],
  ])('%d is %s', (bytes, text) => {
    expect(humanBytes(bytes)).toBe(text);
  });
});

it('ratios of nothing are zero', () => {
  expect(ratio(3, 2)).toBe('1.50');
  expect(ratio(3, 0)).toBe('0.00');
  expect(percent(1, 3)).toBe('33.33%');
  expect(percent(0, 0)).toBe('0.00%');
});

describe('nanosecondsAt', () => {
  const histogram = new Float64Array(64);
  histogram[10] = 90;
  histogram[20] = 10;

  it('lies in the class of the call in question', () => {
    expect(nanosecondsAt(histogram, 45)).toBe(2 ** 10 * 1.5);
    expect(nanosecondsAt(histogram, 90)).toBe(2 ** 11);
    expect(nanosecondsAt(histogram, 95)).toBe(2 ** 20 * 1.5);
    expect(nanosecondsAt(histogram, 100)).toBe(2 ** 21);
    expect(nanosecondsAt(histogram, 0)).toBe(2 ** 10);
  });

  it('never falls when the percentile rises', () => {
    let last = 0;
    for (let percentile = 0; percentile <= 100; percentile += 0.5) {
      const nanoseconds = nanosecondsAt(histogram, percentile);
      expect(nanoseconds).toBeGreaterThanOrEqual(last);
      last = nanoseconds;
    }
  });

  it('is zero without calls', () => {
    expect(nanosecondsAt(new Float64Array(64), 50)).toBe(0);
  });
});
