import { describe, expect, it } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { runWheelRound, STARTS_MS, WheelModel } from '../../test/support/wheel-model.ts';
import { NULL } from '../memory/address.ts';

const NOW_MS = 1_704_067_200_000;
const YEAR_MS = 365 * 86_400_000;
const seed = chosenSeed();

/** Lets all come that is due by a time. */
function advanceTo(model: WheelModel, nowMs: number): void {
  model.setTime(nowMs);
  expect(model.advance(1e9)).toBe(true);
}

describe(`against a list, SEED=${seed}`, () => {
  for (let round = 0; round < 12; round++) {
    it(`gives every timer at its time, round ${round}`, () => {
      runWheelRound(new SeededRandom(seed + round), 4000);
    });
  }

  it('comes in order when the clock goes on ms by ms', () => {
    const random = new SeededRandom(seed);
    const model = new WheelModel(NOW_MS);
    const dues = Array.from({ length: 2000 }, () => NOW_MS + random.integer(1, 20_000));
    for (const dueMs of dues) model.add(dueMs);
    dues.sort((a, b) => a - b);
    for (let nowMs = NOW_MS; nowMs <= NOW_MS + 20_000; nowMs++) {
      model.setTime(nowMs);
      model.advance(1e9);
      while (dues[0]! <= nowMs) dues.shift();
      expect(model.timers.size).toBe(dues.length);
    }
  });
});

describe('nextMs', () => {
  it('is Infinity without timers, and never later than the first of them', () => {
    const model = new WheelModel(NOW_MS);
    expect(model.wheel.nextMs()).toBe(Number.POSITIVE_INFINITY);
    model.add(NOW_MS + 5_000_000);
    expect(model.wheel.nextMs()).toBeLessThanOrEqual(NOW_MS + 5_000_000);
    model.add(NOW_MS + 3);
    expect(model.wheel.nextMs()).toBe(NOW_MS + 3);
    model.add(NOW_MS - 10);
    expect(model.wheel.nextMs()).toBe(NOW_MS);
  });

  it('leads to every timer when followed', () => {
    const random = new SeededRandom(seed);
    const model = new WheelModel(NOW_MS);
    for (let i = 0; i < 200; i++) model.add(NOW_MS + Math.floor(10 ** (random.fraction() * 12)));
    let wakes = 0;
    while (model.timers.size > 0) {
      advanceTo(model, model.wheel.nextMs());
      wakes++;
    }
    // A timer moves down at most six times.
    expect(wakes).toBeLessThanOrEqual(200 * 7);
  });
});

describe('a slice', () => {
  it('may end after any step, and others come and go before the next', () => {
    const counts = [1, 2, 3, 5, 8, 13, 64, 65, 200];
    for (const startMs of STARTS_MS) {
      for (const stepsMax of counts) {
        const model = new WheelModel(startMs);
        for (let i = 0; i < 300; i++) model.add(startMs + 4096 + (i % 3) * 64 + (i % 5));
        model.setTime(startMs + 4096 + 2 * 64);
        let slices = 0;
        while (!model.advance(stepsMax)) {
          if (slices % 20 === 0) model.check();
          const early = model.add(startMs);
          model.add(model.nowMs + slices);
          model.remove(model.timers.get(early)!);
          slices++;
          if (slices > 700) break;
        }
        model.check();
        advanceTo(model, startMs + 20_000);
        expect(model.timers.size).toBe(0);
      }
    }
  });

  it('of one step a timer gives thousands of one ms', () => {
    const model = new WheelModel(NOW_MS);
    for (let i = 0; i < 5000; i++) model.add(NOW_MS + 100_000, i % 2 === 0);
    model.setTime(NOW_MS + 99_999);
    model.advance(1e9);
    expect(model.timers.size).toBe(5000);
    model.setTime(NOW_MS + 100_000);
    let steps = 0;
    while (!model.advance(1)) steps++;
    expect(steps).toBeLessThanOrEqual(10_000);
    expect(model.timers.size).toBe(0);
  });
});

describe('a clock that leaps', () => {
  it('forward by years gives all in between', () => {
    const model = new WheelModel(NOW_MS);
    for (let years = 0; years < 1000; years += 7) model.add(NOW_MS + years * YEAR_MS + years);
    advanceTo(model, NOW_MS + 500 * YEAR_MS);
    expect(Math.min(...[...model.timers.values()].map(({ dueMs }) => Number(dueMs)))).toBe(
      NOW_MS + 504 * YEAR_MS + 504,
    );
    model.check();
    advanceTo(model, NOW_MS + 1000 * YEAR_MS);
    expect(model.timers.size).toBe(0);
  });

  it('back by an hour keeps new timers exact and old ones at their time', () => {
    const model = new WheelModel(NOW_MS);
    for (let i = 0; i < 100; i++) model.add(NOW_MS + i * 77_777);
    advanceTo(model, NOW_MS + 1000);
    expect(model.timers.size).toBe(99);
    const earlier = NOW_MS - 3_600_000;
    model.setTime(earlier);
    model.advance(1e9);
    model.add(earlier + 100);
    model.check();
    advanceTo(model, earlier + 99);
    expect(model.timers.size).toBe(100);
    advanceTo(model, earlier + 100);
    expect(model.timers.size).toBe(99);
    advanceTo(model, NOW_MS + 77_776);
    expect(model.timers.size).toBe(99);
    advanceTo(model, NOW_MS + 77_777);
    expect(model.timers.size).toBe(98);
  });

  it('back while a slot is being emptied holds up its timers by 63 ms at most', () => {
    const model = new WheelModel(NOW_MS);
    for (let i = 0; i < 10; i++) model.add(NOW_MS + 640);
    model.setTime(NOW_MS + 100_000);
    model.advance(12);
    expect(model.timers.size).toBeGreaterThan(0);
    model.setTime(NOW_MS + 700);
    model.advance(1e9);
    advanceTo(model, NOW_MS + 763);
    expect(model.timers.size).toBe(0);
  });
});

describe('far times', () => {
  it.each([2 ** 48, 2 ** 53 - 1, 2n ** 53n, 2n ** 63n - 1n])('keeps %s exactly', (dueMs) => {
    const model = new WheelModel(NOW_MS);
    const ptr = model.add(dueMs, true);
    model.check();
    expect(model.wheel.exactDueMs(ptr)).toBe(dueMs);
    advanceTo(model, 2 ** 47);
    expect(model.wheel.step(2 ** 47)).toBe(-1);
    model.move(model.timers.get(ptr)!);
    model.check();
    model.remove([...model.timers.values()][0]!);
    expect(model.wheel.count).toBe(0);
    model.check();
  });

  it('ends at 64 bits', () => {
    const { wheel, heap } = new WheelModel(NOW_MS);
    const ptr = heap.alloc(16);
    wheel.add(ptr, 2n ** 70n, false);
    expect(wheel.exactDueMs(ptr)).toBe(2n ** 63n - 1n);
  });
});

describe('moved', () => {
  it('keeps lists whole, whichever timer of a list moves', () => {
    for (const which of [0, 1, 2]) {
      const model = new WheelModel(NOW_MS);
      const ptrs = [1, 2, 3].map(() => model.add(NOW_MS + 5));
      model.move(model.timers.get(ptrs[which]!)!);
      model.check();
      advanceTo(model, NOW_MS + 5);
      expect(model.timers.size).toBe(0);
    }
  });

  it('refuses a timer that is on no list', () => {
    const model = new WheelModel(NOW_MS);
    const ptr = model.add(NOW_MS + 5);
    const other = model.heap.alloc(16);
    model.heap.words[0]!.copyWithin(
      (other & 0x7fffff) << 1,
      (ptr & 0x7fffff) << 1,
      ((ptr & 0x7fffff) << 1) + 4,
    );
    expect(() => model.wheel.moved(other, other)).toThrow('is not at the head of its list');
  });
});

describe('linkedTimers', () => {
  it('finds a broken list', () => {
    const model = new WheelModel(NOW_MS);
    const [first] = [model.add(NOW_MS + 5), model.add(NOW_MS + 5)];
    const words = model.heap.words[0]!;
    words[((first! & 0x7fffff) << 1) + 3] = NULL;
    expect(() => [...model.wheel.linkedTimers()]).toThrow(/list \d+ is broken/);
  });
});
