import { expect, it } from 'vitest';
import { EventLoopStatistics } from './event-loop.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Keeps the event loop busy. */
function work(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

it('counts turns of the loop, and the time spent working', async () => {
  const loop = new EventLoopStatistics();
  loop.reset();
  expect(loop.cycles).toBe(0);
  loop.sample(performance.now());
  for (let i = 0; i < 10; i++) {
    work(2);
    await pause(3);
  }
  loop.sample(performance.now());
  expect(loop.cycles).toBeGreaterThanOrEqual(10);
  expect(loop.microseconds).toBeGreaterThanOrEqual(19_000);
  expect(loop.cyclesPerSecond()).toBeGreaterThan(0);
  expect(loop.microsecondsPerCycle()).toBeGreaterThan(0);
  loop.reset();
  expect(loop.cycles).toBe(0);
  expect(loop.cyclesPerSecond()).toBe(0);
  expect(loop.microsecondsPerCycle()).toBe(0);
});

it('does not count waiting as work', async () => {
  const loop = new EventLoopStatistics();
  loop.reset();
  await pause(300);
  expect(loop.microseconds).toBeLessThan(200_000);
});
