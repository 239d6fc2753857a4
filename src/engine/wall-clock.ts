/**
 * The time of day in microseconds, out of a wall clock that counts milliseconds and a monotonic one
 * that is finer.
 */
import type { WallClock } from '../commands/services/wall-clock.ts';
import type { Clock } from './clock.ts';

const NOT_READ = -1;

/**
 * Follows the wall clock to the millisecond; within one, and while it does not step, time never
 * goes back.
 */
export class FineWallClock implements WallClock {
  readonly #clock: Clock;
  /** What the monotonic clock is behind the wall clock, as far as readings have told. */
  #offsetMs = 0;
  /** How many hold the time, one within the other. */
  #holders = 0;
  #heldMicroseconds = NOT_READ;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From here on, until `release`, `commandMicroseconds` stays the same. */
  hold(): void {
    if (this.#holders++ === 0) this.#heldMicroseconds = NOT_READ;
  }

  release(): void {
    this.#holders--;
  }

  commandMicroseconds(): number {
    if (this.#holders === 0) return this.microseconds();
    if (this.#heldMicroseconds === NOT_READ) this.#heldMicroseconds = this.microseconds();
    return this.#heldMicroseconds;
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
