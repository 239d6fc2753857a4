/** The time of day, finer than the milliseconds that serve a batch of commands. */

/** A clock that TIME can read. */
export interface WallClock {
  /** Microseconds since the epoch. */
  microseconds(): number;
  /** The time of what runs as one, a script or a transaction: that of its first reading. */
  commandMicroseconds(): number;
}
