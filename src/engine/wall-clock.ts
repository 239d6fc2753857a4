/**
 * The time of day in microseconds, out of a wall clock that counts milliseconds and a monotonic one
 * that is finer.
 */
import type { WallClock } from '../commands/services/wall-clock.ts';
import type { Clock } from './clock.ts';

/**
 * Follows the wall clock to the millisecond; within one, and while it does not step, time never
 * goes back.
 */
export class FineWallClock implements WallClock {
  readonly #clock: Clock;
  /** What the monotonic clock is behind the wall clock, as far as readings have told. */
  #offsetMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  microseconds(): number {
    const wallMs = this.#clock.wallMs();
    const fineMs = this.#clock.monotonicMs();
    const fraction = fineMs + this.#offsetMs - wallMs;
    // The offset is right when the fraction is one: each reading that shows it too small or too
    // large mends it.
    if (fraction < 0) this.#offsetMs = wallMs - fineMs;
    else if (fraction >= 1) this.#offsetMs = wallMs - fineMs + 0.999;
    return Math.floor((fineMs + this.#offsetMs) * 1000);
  }
}
