/** A timing wheel against a plain list of timers. */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../../src/memory/address.ts';
import { Heap } from '../../src/memory/heap.ts';
import { checkHeap } from '../../src/memory/heap-check.ts';
import { TIMER_BYTES, type TimeMs, TimingWheel } from '../../src/structures/timing-wheel.ts';
import type { SeededRandom } from './seeded-random.ts';

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;
/** By how much a timer may be late after the clock went back. */
const LATE_MS = 63;

/** Times to begin at: the start of time, today, and right before a turn of the whole wheel. */
export const STARTS_MS: readonly number[] = [0, 1_704_067_200_123, 64 ** 7 - 500, 2 * 64 ** 7 - 1];

interface Timer {
  ptr: Ptr;
  dueMs: TimeMs;
  mark: boolean;
}

/** A wheel under test and the timers that must be on it. */
export class WheelModel {
  readonly heap: Heap = new Heap();
  readonly wheel: TimingWheel;
  readonly timers = new Map<Ptr, Timer>();
  nowMs: number;
  /** Until when timers may be late. */
  #lateUntilMs = 0;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
    this.wheel = new TimingWheel(this.heap, nowMs);
  }

  add(dueMs: TimeMs, mark = false): Ptr {
    const ptr = this.heap.alloc(TIMER_BYTES);
    this.wheel.add(ptr, dueMs, mark);
    this.timers.set(ptr, { ptr, dueMs, mark });
    return ptr;
  }

  remove(timer: Timer): void {
    this.compare(timer);
    this.wheel.remove(timer.ptr);
    this.heap.free(timer.ptr);
    this.timers.delete(timer.ptr);
  }

  /** Gives a timer a new time, as EXPIRE does. */
  change(timer: Timer, dueMs: TimeMs): void {
    this.wheel.remove(timer.ptr);
    timer.dueMs = dueMs;
    timer.mark = !timer.mark;
    this.wheel.add(timer.ptr, dueMs, timer.mark);
  }

  /** Moves a timer to another block. */
  move(timer: Timer): void {
    const to = this.heap.alloc(TIMER_BYTES);
    const words = this.heap.words[to >>> EXTENT_SHIFT]!;
    const from = (timer.ptr & UNIT_MASK) << 1;
    words.copyWithin((to & UNIT_MASK) << 1, from, from + TIMER_BYTES / 4);
    this.wheel.moved(timer.ptr, to);
    // Whoever still followed the old address would read this.
    words.fill(0xdeadbeef, from, from + TIMER_BYTES / 4);
    this.heap.free(timer.ptr);
    this.timers.delete(timer.ptr);
    timer.ptr = to;
    this.timers.set(to, timer);
  }

  /** Sets the clock, forward or back. */
  setTime(nowMs: number): void {
    if (nowMs < this.nowMs) this.#lateUntilMs = nowMs + LATE_MS;
    this.nowMs = nowMs;
  }

  /**
   * Does up to `stepsMax` steps; whether all was done that is due by now. Returned timers are
   * checked and removed.
   */
  advance(stepsMax: number): boolean {
    for (let step = 0; step < stepsMax; step++) {
      const ptr = this.wheel.step(this.nowMs);
      if (ptr === -1) {
        this.#expectNoneDue();
        return true;
      }
      if (ptr === NULL) continue;
      const timer = this.timers.get(ptr);
      if (timer === undefined) throw new Error(`${ptr} is no timer`);
      if (timer.dueMs > this.nowMs) {
        throw new Error(`a timer of ${timer.dueMs} is early at ${this.nowMs}`);
      }
      this.remove(timer);
    }
    return false;
  }

  compare({ ptr, dueMs, mark }: Timer): void {
    const { wheel } = this;
    if (wheel.exactDueMs(ptr) !== dueMs) throw new Error(`${wheel.exactDueMs(ptr)}, not ${dueMs}`);
    if (wheel.markOf(ptr) !== mark) throw new Error(`timer ${ptr} lost its mark`);
    const waitedFor = Number(dueMs) < 2 ** 48 ? dueMs : 2 ** 48 - 1;
    if (wheel.dueMs(ptr) !== waitedFor) throw new Error(`${wheel.dueMs(ptr)}, not ${waitedFor}`);
  }

  check(): void {
    const { wheel, timers } = this;
    if (wheel.count !== timers.size) throw new Error(`${wheel.count} timers, not ${timers.size}`);
    const linked = new Set(wheel.linkedTimers());
    for (const timer of timers.values()) {
      this.compare(timer);
      const isFar = Number(timer.dueMs) >= 2 ** 48;
      if (linked.has(timer.ptr) === isFar) throw new Error(`timer ${timer.ptr}: linked ${!isFar}`);
      linked.delete(timer.ptr);
    }
    if (linked.size > 0) throw new Error(`${linked.size} timers are linked that nobody added`);
    const nextMs = wheel.nextMs();
    for (const { dueMs } of timers.values()) {
      if (dueMs < Math.min(nextMs, 2 ** 48) && nextMs > this.nowMs + LATE_MS + 1) {
        throw new Error(`nothing to do before ${nextMs}, but a timer of ${dueMs}`);
      }
    }
    checkHeap(this.heap, timers.keys());
  }

  #expectNoneDue(): void {
    if (this.nowMs < this.#lateUntilMs) return;
    for (const { dueMs } of this.timers.values()) {
      if (dueMs <= this.nowMs) throw new Error(`a timer of ${dueMs} is late at ${this.nowMs}`);
    }
  }
}

/** A time to fall due at: past, now, near, far, very far, with borders of slots more often. */
export function randomDue(random: SeededRandom, nowMs: number): TimeMs {
  const choices: (() => TimeMs)[] = [
    () => nowMs,
    () => nowMs - random.integer(0, 100_000),
    () => nowMs + random.integer(0, 200),
    () => nowMs + Math.floor(64 ** (random.fraction() * 7)),
    () => (Math.floor(nowMs / 64) + random.integer(0, 70)) * 64 - random.integer(0, 1),
    () => (Math.floor(nowMs / 4096) + random.integer(0, 70)) * 4096 - random.integer(0, 1),
    () => Math.min(2 ** 48 - 1, nowMs + random.integer(100, 1000) * YEAR_MS),
    () => 2 ** 48 - random.integer(-1, 1),
    () => BigInt(2 ** 53) + BigInt(random.integer(0, 1e9)),
    () => 2n ** 63n - 1n,
  ];
  const dueMs = random.pick(choices)();
  return typeof dueMs === 'bigint' ? dueMs : Math.max(0, dueMs);
}

/** One round: timers come, go, change and move while the clock runs, leaps and goes back. */
export function runWheelRound(random: SeededRandom, steps: number): void {
  const model = new WheelModel(random.pick(STARTS_MS));
  const goesBack = random.fraction() < 0.5;
  const size = random.pick([20, 300, 3000]);
  for (let step = 0; step < steps; step++) {
    const some = pickTimer(model, random);
    const chosen = random.fraction();
    if (chosen < 0.4 && model.timers.size < size) {
      const repeat = random.fraction() < 0.01 ? 500 : 1;
      const dueMs = randomDue(random, model.nowMs);
      for (let i = 0; i < repeat; i++) model.add(dueMs, random.fraction() < 0.5);
    } else if (chosen < 0.5 && some) model.remove(some);
    else if (chosen < 0.6 && some) model.change(some, randomDue(random, model.nowMs));
    else if (chosen < 0.7 && some) model.move(some);
    else {
      model.setTime(nextTime(model.nowMs, random, goesBack));
      model.advance(random.pick([1, 2, 7, 100, 1e9]));
    }
    if (step % 1000 === 0) model.check();
  }
  model.check();
  model.setTime(model.nowMs + 2000 * YEAR_MS);
  if (!model.advance(1e9)) throw new Error('the wheel does not come to an end');
  model.check();
}

function nextTime(nowMs: number, random: SeededRandom, goesBack: boolean): number {
  const chosen = random.fraction();
  if (goesBack && chosen < 0.05) {
    const back = random.pick([1, 63, 64, 5000, 3_600_000, 40 * DAY_MS]);
    return Math.max(0, nowMs - random.integer(0, back));
  }
  if (chosen < 0.7) return nowMs + random.integer(0, 3);
  if (chosen < 0.9) return nowMs + random.integer(0, 300);
  if (chosen < 0.97) return nowMs + Math.floor(64 ** (random.fraction() * 5));
  return Math.min(nowMs + Math.floor(64 ** (random.fraction() * 7)), 2 ** 47);
}

function pickTimer(model: WheelModel, random: SeededRandom): Timer | undefined {
  if (model.timers.size === 0) return undefined;
  let skip = random.integer(0, Math.min(model.timers.size - 1, 30));
  for (const timer of model.timers.values()) if (skip-- === 0) return timer;
  return undefined;
}
