/** What the event loop does: its turns, and the time it works rather than waits. */
import type { EventLoopFigures } from '../commands/services/statistics.ts';
import { Rate } from './rate.ts';

/** The event loop of this thread, since the last reset. */
export class EventLoopStatistics implements EventLoopFigures {
  #cyclesAtReset = 0;
  #microsecondsAtReset = 0;
  readonly #cycles = new Rate();
  readonly #microseconds = new Rate();

  get cycles(): number {
    return cyclesSinceStart() - this.#cyclesAtReset;
  }

  get microseconds(): number {
    return Math.round(microsecondsSinceStart() - this.#microsecondsAtReset);
  }

  cyclesPerSecond(): number {
    return Math.round(this.#cycles.value());
  }

  microsecondsPerCycle(): number {
    const cycles = this.#cycles.value();
    return cycles === 0 ? 0 : Math.round(this.#microseconds.value() / cycles);
  }

  /** To be called every 100 ms. */
  sample(nowMs: number): void {
    this.#cycles.sample(cyclesSinceStart(), nowMs);
    this.#microseconds.sample(microsecondsSinceStart(), nowMs);
  }

  reset(): void {
    this.#cyclesAtReset = cyclesSinceStart();
    this.#microsecondsAtReset = microsecondsSinceStart();
    this.#cycles.reset();
    this.#microseconds.reset();
  }
}

function cyclesSinceStart(): number {
  return performance.nodeTiming.uvMetricsInfo.loopCount;
}

function microsecondsSinceStart(): number {
  return performance.eventLoopUtilization().active * 1000;
}
