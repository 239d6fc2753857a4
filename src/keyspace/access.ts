/**
 * The access clock of a record: 24 bits that say when or how often it was used.
 *
 *   recency     | tenths of a second since the epoch, modulo 2^24: 19 days |
 *   frequency   | minute of the last decay, 16 bits | logarithmic counter, 8 bits |
 *   queues      see fifo-queues.ts
 *
 * Recency is written only when the tenth of a second has changed, so that reading a hot key stays a
 * read.
 */
import type { FifoQueues } from './fifo-queues.ts';

const CLOCK_MASK = 0xffffff;
/** A difference above this, in tenths of a second, is one of less than five hours ahead. */
const AHEAD_MIN = CLOCK_MASK - 5 * 60 * 60 * 10;
const FREQUENCY_INITIAL = 5;

/** Reads and advances access clocks under the policy that is set. */
export class AccessClock {
  /** Whether clocks count uses (an LFU policy) rather than tell the time of the last one. */
  counting = false;
  /** What clocks speak of under an S3-FIFO policy, in place of time and number; else null. */
  queues: FifoQueues | null = null;
  logFactor = 10;
  decayMinutes = 1;
  #nowTenths = 0;
  #tenths = 0;
  #minutes = 0;

  /** To be called as time passes. */
  setTime(nowMs: number): void {
    this.#nowTenths = Math.floor(nowMs / 100);
    this.#tenths = lowBits(this.#nowTenths);
    this.#minutes = Math.floor(nowMs / 60_000) & 0xffff;
  }

  /** Whether clocks tell the time of the last use. */
  get timing(): boolean {
    return !this.counting && this.queues === null;
  }

  /** The clock of a record that is written for the first time, for a key with this hash. */
  fresh(hash: number): number {
    if (this.queues !== null) return this.queues.admit(hash);
    return this.counting ? (this.#minutes << 8) | FREQUENCY_INITIAL : this.#tenths;
  }

  /** The clock after one more use. */
  used(clock: number): number {
    if (this.queues !== null) return this.queues.used(clock);
    if (!this.counting) return this.#tenths;
    const frequency = this.frequency(clock);
    return (this.#minutes << 8) | this.#increment(frequency);
  }

  /**
   * Tenths of a second since the last use, 0 when that seems to lie ahead: the machine's clock may
   * step back. REQUIRES: timing.
   */
  idleTenths(clock: number): number {
    const tenths = (this.#tenths - clock) & CLOCK_MASK;
    return tenths > AHEAD_MIN ? 0 : tenths;
  }

  /** When a record was last used, in tenths of a second since the epoch. REQUIRES: timing. */
  lastUseTenths(clock: number): number {
    return this.#nowTenths - this.idleTenths(clock);
  }

  /** Seconds since the last use. REQUIRES: timing. */
  idleSeconds(clock: number): number {
    return Math.floor(this.idleTenths(clock) / 10);
  }

  /** The clock of a record last used so many seconds ago. REQUIRES: timing. */
  idleSince(seconds: number): number {
    return (this.#tenths - seconds * 10) & CLOCK_MASK;
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

/** The 24 low bits of a whole number that may have more than 32. */
function lowBits(value: number): number {
  return value % (CLOCK_MASK + 1);
}
