/**
 * How late the event loop comes to what is due: what every client waits, whatever it asks for.
 *
 * A timer of the runtime fires every 10 ms and notes how long that was; the 10 ms themselves are
 * taken off here.
 */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { type Family, labels } from './family.ts';

const RESOLUTION_MS = 10;
const NANOSECONDS_PER_SECOND = 1e9;
const QUANTILES = [0.5, 0.9, 0.99, 1];

/** Measures from the first scrape on; nobody pays before. */
export class EventLoopDelay {
  #histogram: IntervalHistogram | null = null;

  /** The delays since the last call. */
  *families(): Generator<Family> {
    if (this.#histogram === null) {
      this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
      this.#histogram.enable();
    }
    const histogram = this.#histogram;
    if (histogram.count === 0) return;
    const samples = QUANTILES.map((quantile) => ({
      labels: labels({ quantile }),
      value: delaySeconds(histogram.percentile(quantile * 100)),
    }));
    histogram.reset();
    yield {
      name: 'redstart_event_loop_delay_seconds',
      type: 'summary',
      help: 'How late the event loop came to what was due since the last scrape, by quantile.',
      samples,
    };
  }

  /** Ends the measuring. */
  stop(): void {
    this.#histogram?.disable();
    this.#histogram = null;
  }
}

function delaySeconds(intervalNanoseconds: number): number {
  return Math.max(0, intervalNanoseconds / NANOSECONDS_PER_SECOND - RESOLUTION_MS / 1000);
}
