/**
 * Who waits until when, with one timer for all of them: a binary heap by time, in which everyone
 * knows his place, so that leaving early costs no more than coming.
 *
 * Rejected: a timer each, which costs Node some hundred bytes and a microsecond per waiting client.
 */
import type { Clock } from './clock.ts';

/** The longest delay that a timer takes. */
const TIMER_MS_MAX = 2 ** 31 - 1;
/** The place of who waits for ever. */
const NOWHERE = -1;

/** Somebody who may wait for a limited time. */
export abstract class Deadline {
  /** When the time is over, on the monotonic clock. */
  dueMs = 0;
  /** Its place in the heap, NOWHERE outside; owned by Deadlines. */
  place = NOWHERE;
}

/** See the file's comment. */
export class Deadlines<Waiting extends Deadline> {
  readonly #clock: Clock;
  readonly #onDue: (waiting: Waiting) => void;
  readonly #heap: Waiting[] = [];
  #timer: NodeJS.Timeout | null = null;
  /** When the timer fires. */
  #timerMs = 0;

  /** `onDue` is called for each whose time is over, and who is forgotten then. */
  constructor(clock: Clock, onDue: (waiting: Waiting) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  get count(): number {
    return this.#heap.length;
  }

  /** Calls back in so many milliseconds, unless `remove` comes first. */
  add(waiting: Waiting, timeoutMs: number): void {
    waiting.dueMs = this.#clock.monotonicMs() + timeoutMs;
    this.#heap.push(waiting);
    this.#rise(waiting, this.#heap.length - 1);
    if (waiting.place === 0) this.#watch();
  }

  /** Nothing happens to who is not there. */
  remove(waiting: Waiting): void {
    const { place } = waiting;
    if (place === NOWHERE) return;
    waiting.place = NOWHERE;
    const last = this.#heap.pop()!;
    if (last !== waiting) {
      this.#rise(last, place);
      this.#sink(last, last.place);
    }
    if (this.#heap.length === 0) this.#stop();
  }

  /** The timer may fire too early, for somebody who has left: then it is set anew. */
  #watch(): void {
    const { dueMs } = this.#heap[0]!;
    if (this.#timer !== null) {
      if (this.#timerMs <= dueMs) return;
      clearTimeout(this.#timer);
    }
    this.#timerMs = dueMs;
    const delayMs = Math.max(0, Math.ceil(dueMs - this.#clock.monotonicMs()));
    this.#timer = setTimeout(() => this.#fire(), Math.min(delayMs, TIMER_MS_MAX));
  }

  #stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #fire(): void {
    this.#timer = null;
    const nowMs = this.#clock.monotonicMs();
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.dueMs > nowMs) {
        this.#watch();
        return;
      }
      this.remove(first);
      this.#onDue(first);
    }
  }

  #rise(waiting: Waiting, from: number): void {
    const heap = this.#heap;
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (heap[above]!.dueMs <= waiting.dueMs) break;
      this.#put(heap[above]!, place);
      place = above;
    }
    this.#put(waiting, place);
  }

  #sink(waiting: Waiting, from: number): void {
    const heap = this.#heap;
    let place = from;
    for (;;) {
      let below = place * 2 + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && heap[below + 1]!.dueMs < heap[below]!.dueMs) below++;
      if (heap[below]!.dueMs >= waiting.dueMs) break;
      this.#put(heap[below]!, place);
      place = below;
    }
    this.#put(waiting, place);
  }

  #put(waiting: Waiting, place: number): void {
    this.#heap[place] = waiting;
    waiting.place = place;
  }
}
