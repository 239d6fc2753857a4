/**
 * What the engine does by itself: follows the clock, removes keys when they are due, frees what was
 * flushed, defragments. All of it in slices that leave the event loop to clients in between.
 */
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Engine } from './engine.ts';

const TICK_MS = 100;
/** Longest slice of background work. */
const SLICE_MS = 0.5;
/** Keys removed between two readings of the clock. */
const KEYS_PER_READING = 64;

/** See the file's comment. */
export class Cron {
  readonly #engine: Engine;
  readonly #keyspace: Keyspace;
  readonly #keepsProcessAlive: boolean;
  readonly #jobs: (() => void)[] = [];
  #ticker: NodeJS.Timeout | null = null;
  #expiryTimer: NodeJS.Timeout | null = null;
  #expiryAtMs = Number.POSITIVE_INFINITY;
  #slice: NodeJS.Immediate | null = null;

  /** `keepsProcessAlive`: whether the process goes on for as long as this runs. */
  constructor(engine: Engine, keepsProcessAlive: boolean) {
    this.#engine = engine;
    this.#keepsProcessAlive = keepsProcessAlive;
    this.#keyspace = engine.keyspace;
  }

  /** Adds something to do at every tick. */
  onTick(job: () => void): void {
    this.#jobs.push(job);
  }

  start(): void {
    this.#ticker = this.#held(setInterval(() => this.#tick(), TICK_MS));
  }

  stop(): void {
    if (this.#ticker !== null) clearInterval(this.#ticker);
    if (this.#expiryTimer !== null) clearTimeout(this.#expiryTimer);
    if (this.#slice !== null) clearImmediate(this.#slice);
    this.#ticker = null;
    this.#expiryTimer = null;
    this.#slice = null;
  }

  #tick(): void {
    this.#engine.tick();
    for (const job of this.#jobs) job();
    this.#plan();
  }

  /** Arranges for the next slice: at once while there is work, else when a key falls due. */
  #plan(): void {
    if (this.#slice !== null) return;
    if (this.#keyspace.hasGarbage) {
      this.#slice = setImmediate(() => this.#runSlice());
      return;
    }
    if (!this.#keyspace.removesDueKeys) return;
    const dueMs = this.#keyspace.nextExpiryMs();
    const delayMs = dueMs - this.#keyspace.nowMs;
    if (delayMs <= 0) this.#slice = setImmediate(() => this.#runSlice());
    else if (delayMs < TICK_MS) this.#wakeAt(dueMs, delayMs);
  }

  #wakeAt(dueMs: number, delayMs: number): void {
    if (this.#expiryTimer !== null) {
      if (this.#expiryAtMs <= dueMs) return;
      clearTimeout(this.#expiryTimer);
    }
    this.#expiryAtMs = dueMs;
    const wake = (): void => {
      this.#expiryTimer = null;
      this.#runSlice();
    };
    this.#expiryTimer = this.#held(setTimeout(wake, delayMs));
  }

  /** A timer that keeps the process alive only where that is wanted. */
  #held(timer: NodeJS.Timeout): NodeJS.Timeout {
    return this.#keepsProcessAlive ? timer : timer.unref();
  }

  #runSlice(): void {
    this.#slice = null;
    this.#engine.beginBatch();
    const startMs = performance.now();
    const endMs = startMs + SLICE_MS;
    let nowMs = startMs;
    let expiring = true;
    while (expiring && nowMs < endMs) {
      expiring = this.#keyspace.removeExpired(KEYS_PER_READING);
      nowMs = performance.now();
    }
    const { statistics } = this.#engine;
    statistics.expiryMilliseconds += nowMs - startMs;
    if (expiring) statistics.expiryLimitsReached++;
    while (this.#keyspace.hasGarbage && nowMs < endMs) {
      this.#keyspace.freeGarbage();
      nowMs = performance.now();
    }
    this.#engine.endBatch();
    this.#plan();
  }
}
