/** The time of day, finer than the milliseconds that serve a batch of commands. */

/** A clock that TIME can read. */
export interface WallClock {
  /** Microseconds since the epoch. */
  microseconds(): number;
}
