/** Time, as an interface, so that tests can step it. */
import { performance } from 'node:perf_hooks';

/** Where the engine reads the time. */
export interface Clock {
  /** Milliseconds since the epoch. */
  wallMs(): number;
  /** Milliseconds since some moment; never goes back. Has a fraction. */
  monotonicMs(): number;
}

/** The machine's clocks. */
export const SYSTEM_CLOCK: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
