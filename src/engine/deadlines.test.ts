import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SteppedClock } from '../../test/support/client-room.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { Deadline, Deadlines } from './deadlines.ts';

class Waiting extends Deadline {
  readonly name: number;

  constructor(name: number) {
    super();
    this.name = name;
  }
}

let clock: SteppedClock;
let due: number[];
let deadlines: Deadlines<Waiting>;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  clock = new SteppedClock();
  due = [];
  deadlines = new Deadlines(clock, ({ name }) => due.push(name));
});
afterEach(() => {
  vi.useRealTimers();
});

function pass(milliseconds: number): void {
  clock.pass(milliseconds);
  vi.advanceTimersByTime(milliseconds);
}

it('calls each back when its time is over, with one timer', () => {
  for (const [name, timeoutMs] of [30, 10, 20, 10, 1000].entries()) {
    deadlines.add(new Waiting(name), timeoutMs);
  }
  expect(vi.getTimerCount()).toBe(1);
  pass(9);
  expect(due).toEqual([]);
  pass(1);
  expect([...due].sort()).toEqual([1, 3]);
  pass(20);
  expect(due.slice(2)).toEqual([2, 0]);
  expect(deadlines.count).toBe(1);
});

it('never calls back too early, whatever the clock says between milliseconds', () => {
  clock.pass(0.7);
  deadlines.add(new Waiting(1), 10);
  pass(9.5);
  expect(due).toEqual([]);
  pass(1.5);
  expect(due).toEqual([1]);
});

it('waits for longer than any timer takes', () => {
  deadlines.add(new Waiting(1), 2 ** 31 + 5);
  pass(2 ** 31 - 1);
  expect(due).toEqual([]);
  pass(6);
  expect(due).toEqual([1]);
  expect(vi.getTimerCount()).toBe(0);
});

it('has no timer once all have left', () => {
  const all = [5, 1, 3].map((timeoutMs) => {
    const waiting = new Waiting(timeoutMs);
    deadlines.add(waiting, timeoutMs);
    return waiting;
  });
  for (const waiting of all) deadlines.remove(waiting);
  for (const waiting of all) deadlines.remove(waiting);
  expect([deadlines.count, vi.getTimerCount()]).toEqual([0, 0]);
  pass(10);
  expect(due).toEqual([]);
});

const seed = chosenSeed();

it(`is a heap whatever comes and goes (SEED=${seed})`, () => {
  const random = new SeededRandom(seed);
  const waiting = new Map<number, { readonly self: Waiting; readonly dueMs: number }>();
  for (let step = 0, name = 0; step < 3000; step++) {
    const draw = random.fraction();
    if (draw < 0.5) {
      const self = new Waiting(name);
      deadlines.add(self, random.integer(1, 200));
      waiting.set(name++, { self, dueMs: self.dueMs });
    } else if (draw < 0.8 && waiting.size > 0) {
      const chosen = random.pick([...waiting.keys()]);
      deadlines.remove(waiting.get(chosen)!.self);
      waiting.delete(chosen);
    } else {
      pass(random.integer(0, 20));
      const over = [...waiting].filter(([, { dueMs }]) => dueMs <= clock.monotonicMs());
      for (const [over_] of over) waiting.delete(over_);
      expect([...due].sort()).toEqual(over.map(([over_]) => over_).sort());
      due.length = 0;
    }
    expect(deadlines.count).toBe(waiting.size);
    expect(vi.getTimerCount()).toBe(waiting.size === 0 ? 0 : 1);
  }
});
