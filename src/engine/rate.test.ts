import { describe, expect, it } from 'vitest';
import { Rate } from './rate.ts';

/** A rate that was read every 100 ms, so many times. */
function sampled(times: number, growth: number): Rate {
  const rate = new Rate();
  for (let i = 0; i <= times; i++) rate.sample(i * growth, 1_000_000 + i * 100);
  return rate;
}

describe('Rate', () => {
  it('is the growth per second over the last 16 samples', () => {
    expect(sampled(16, 5).value()).toBe(50);
    expect(sampled(8, 5).value()).toBeCloseTo(25, 3);
    expect(sampled(100, 0).value()).toBe(0);
  });

  it('forgets what is older', () => {
    const rate = sampled(16, 5);
    for (let i = 1; i <= 16; i++) rate.sample(80, 1_001_600 + i * 100);
    expect(rate.value()).toBe(0);
  });

  it('takes a counter that is set back, or a clock, for standing still', () => {
    const rate = sampled(16, 5);
    rate.sample(0, 1_001_700);
    expect(rate.value()).toBe((50 * 15) / 16);
    rate.sample(1000, 1_001_700);
    expect(rate.value()).toBe((50 * 14) / 16);
  });

  it('can be reset', () => {
    const rate = sampled(16, 5);
    rate.reset();
    expect(rate.value()).toBe(0);
    rate.sample(85, 1_001_700);
    expect(rate.value()).toBe(50 / 16);
  });
});
