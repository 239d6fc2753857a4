/**
 * The access clock of a record: 24 bits that say when or how often it was used.
 *
 *   recency     see recency-clock.ts
 *   frequency   | minute of the last decay, 16 bits | logarithmic counter, 8 bits |
 *   queues      see fifo-queues.ts
 *
 * Recency is written only when the tenth of a second has changed, or the cache has turned over in
 * part, so that reading a hot key stays a read.
 */
import type { FifoQueues } from './fifo-queues.ts';
import { RecencyClock } from './recency-clock.ts';

const FREQUENCY_INITIAL = 5;

/** Reads and advances access clocks under the policy that is set. */
export class AccessClock {
  /** Whether clocks count uses (an LFU policy) rather than tell the time of the last one. */
  counting = false;
  /** What clocks speak of under an S3-FIFO policy, in place of time and number; else null. */
  queues: FifoQueues | null = null;
  logFactor = 10;
  decayMinutes = 1;
  readonly recency: RecencyClock = new RecencyClock();
  #minutes = 0;

  /** To be called as time passes. */
  setTime(nowMs: number): void {
    this.recency.setTime(nowMs);
    this.#minutes = Math.floor(nowMs / 60_000) & 0xffff;
  }

  /** Whether clocks tell the time of the last use. */
  get timing(): boolean {
    return !this.counting && this.queues === null;
  }

  /** The clock of a record that is written for the first time, for a key with this hash. */
  fresh(hash: number): number {
    if (this.queues !== null) return this.queues.admit(hash);
    return this.counting ? (this.#minutes << 8) | FREQUENCY_INITIAL : this.recency.now;
  }

  /** The clock after one more use. */
  used(clock: number): number {
    if (this.queues !== null) return this.queues.used(clock);
    if (!this.counting) return this.recency.now;
    const frequency = this.frequency(clock);
    return (this.#minutes << 8) | this.#increment(frequency);
  }

  /** Seconds since the last use. REQUIRES: timing. */
  idleSeconds(clock: number): number {
    return Math.floor(this.recency.idleTenths(clock) / 10);
  }

  /** The clock of a record last used so many seconds ago. REQUIRES: timing. */
  idleSince(seconds: number): number {
    return this.recency.clockBefore(seconds * 10);
  }

  /** The clock of a record whose use counter is this one now. REQUIRES: counting. */
  withFrequency(counter: number): number {
    return (this.#minutes << 8) | counter;
  }

  /** The logarithmic use counter, decayed to now. REQUIRES: counting. */
  frequency(clock: number): number {
    const counter = clock & 0xff;
    if (this.decayMinutes === 0) return counter;
    const minutes = (this.#minutes - (clock >>> 8)) & 0xffff;
    return Math.max(0, counter - Math.floor(minutes / this.decayMinutes));
  }

  #increment(counter: number): number {
    if (counter === 255) return 255;
    const base = Math.max(0, counter - FREQUENCY_INITIAL);
    return Math.random() < 1 / (base * this.logFactor + 1) ? counter + 1 : counter;
  }
}
