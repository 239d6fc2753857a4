import { describe, expect, test } from 'vitest';
import { RecencyClock } from './recency-clock.ts';

const START_MS = 1_704_067_200_000;

function clockAt(nowMs: number): RecencyClock {
  const clock = new RecencyClock();
  clock.setTime(nowMs);
  return clock;
}

/** Evicts as many of 10,000 keys as it takes to advance the clock so often. */
function hasten(clock: RecencyClock, ticks: number): void {
  for (let i = 0; i < ticks * 100; i++) clock.evicted(1, 10_000);
}

describe('RecencyClock', () => {
  test('tells tenths of a second while nothing is evicted', () => {
    const clock = clockAt(START_MS);
    const used = clock.now;
    for (const [ms, tenths] of [
      [50, 0],
      [100, 1],
      [60_000, 600],
      [1_000_000_000, 10_000_000],
    ] as const) {
      clock.setTime(START_MS + ms);
      expect(clock.idleTenths(used)).toBe(tenths);
      expect(clock.clockBefore(tenths)).toBe(used);
    }
  });

  test('a clock that steps back makes nothing old', () => {
    const clock = clockAt(START_MS);
    const used = clock.now;
    clock.setTime(START_MS - 3_600_000);
    expect(clock.idleTenths(used)).toBe(0);
  });

  test('tells what is used in the same tenth of a second apart as the cache turns over', () => {
    const clock = clockAt(START_MS);
    const clocks = Array.from({ length: 50 }, () => {
      const { now } = clock;
      hasten(clock, 1);
      return now;
    });
    const order = clocks.map((each) => -clock.idleTicks(each));
    expect(order).toEqual(order.toSorted((left, right) => left - right));
    expect(new Set(order).size).toBe(50);
  });

  test('still tells time, within the length of 64 ticks', () => {
    const clock = clockAt(START_MS);
    let nowMs = START_MS;
    const uses: (readonly [clock: number, atMs: number])[] = [];
    for (let step = 0; step < 3000; step++) {
      nowMs += 100;
      clock.setTime(nowMs);
      if (step % 1000 < 300) hasten(clock, step % 40);
      if (step % 7 === 0) uses.push([clock.now, nowMs]);
    }
    for (const [used, atMs] of uses) {
      const tenths = (nowMs - atMs) / 100;
      expect(Math.abs(clock.idleTenths(used) - tenths)).toBeLessThanOrEqual(64);
      expect(Math.abs(clock.idleTenths(clock.clockBefore(tenths)) - tenths)).toBeLessThanOrEqual(1);
    }
  });

  test('an hour after the turnover it tells seconds', () => {
    const clock = clockAt(START_MS);
    hasten(clock, 5000);
    const used = clock.now;
    clock.setTime(START_MS + 3_600_000);
    expect(Math.abs(clock.idleTenths(used) - 36_000)).toBeLessThanOrEqual(64);
  });

  test('comes round without harm', () => {
    const clock = clockAt(START_MS);
    hasten(clock, 10);
    clock.setTime(START_MS + 2 ** 24 * 300);
    const used = clock.now;
    expect(clock.idleTenths(used)).toBe(0);
    clock.setTime(START_MS + 2 ** 24 * 300 + 10_000);
    expect(clock.idleTenths(used)).toBe(100);
  });
});
