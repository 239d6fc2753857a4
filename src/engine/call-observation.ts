/** Who is told how long commands took. */
import type { RegisteredCommand } from '../commands/registry.ts';
import type { Args } from '../protocol/args.ts';
import type { CallObserver } from './listeners.ts';
import type { Session } from './session.ts';

/** The slowest that a command may be and still share a clock reading with others. */
const SHARED_MICROSECONDS_MAX = 1000;

/** Tells one after the other. */
export class CallObservers implements CallObserver {
  readonly #observers: readonly CallObserver[];

  constructor(observers: readonly CallObserver[]) {
    this.#observers = observers;
  }

  timed(session: Session, command: RegisteredCommand, args: Args, microseconds: number): void {
    for (const observer of this.#observers) {
      observer.timed(session, command, args, microseconds);
    }
  }
}

/**
 * Whether every command must be timed by itself, so that fast ones are seen too: for these values
 * of slowlog-log-slower-than and latency-monitor-threshold.
 */
export function timesEachCommand(
  slowerThanMicroseconds: number,
  thresholdMilliseconds: number,
): boolean {
  const logsFast = slowerThanMicroseconds >= 0 && slowerThanMicroseconds < SHARED_MICROSECONDS_MAX;
  return logsFast || thresholdMilliseconds > 0;
}
