import { expect, it } from 'vitest';
import { SteppedClock } from '../../test/support/client-room.ts';
import { FineWallClock } from './wall-clock.ts';

it('never goes back, and stays within the millisecond of the wall clock', () => {
  const clock = new SteppedClock();
  const fine = new FineWallClock(clock);
  let before = 0;
  for (let i = 0; i < 5_000; i++) {
    const now = fine.microseconds();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(Math.floor(now / 1000)).toBe(clock.wallMs());
    before = now;
    clock.pass(0.0371 * (i % 90));
  }
});

it('tells apart what happens within a millisecond', () => {
  const clock = new SteppedClock();
  const fine = new FineWallClock(clock);
  clock.pass(0.95);
  fine.microseconds();
  clock.pass(0.1);
  const start = fine.microseconds();
  clock.pass(0.25);
  expect(fine.microseconds() - start).toBeGreaterThanOrEqual(249);
  expect(fine.microseconds() - start).toBeLessThanOrEqual(251);
});

it('follows the wall clock when it is set, in either direction', () => {
  const clock = new SteppedClock();
  const fine = new FineWallClock(clock);
  for (const step of [3_600_000, -7_200_000, 12]) {
    clock.pass(1, step);
    expect(Math.floor(fine.microseconds() / 1000)).toBe(clock.wallMs());
  }
});

it('stands still for what runs as one, from its first reading to its end', () => {
  const clock = new SteppedClock();
  const fine = new FineWallClock(clock);
  const before = fine.commandMicroseconds();
  fine.hold();
  clock.pass(5);
  const first = fine.commandMicroseconds();
  expect(first).toBeGreaterThan(before);
  fine.hold();
  clock.pass(5);
  expect(fine.commandMicroseconds()).toBe(first);
  fine.release();
  expect(fine.commandMicroseconds()).toBe(first);
  expect(fine.microseconds()).toBeGreaterThan(first);
  fine.release();
  expect(fine.commandMicroseconds()).toBeGreaterThan(first);
});
