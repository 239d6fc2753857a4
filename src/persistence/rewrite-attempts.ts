/** How rewrites of the append-only file have gone, and when the next may begin by itself. */

/** Between a failed rewrite and the next that has to be. */
const RETRY_MS = 5000;
/**
 * One that growth asks for, and nobody else, waits twice as long after each failure: each leaves
 * an increment behind.
 */
const GROWTH_RETRY_MS_MAX = 3_600_000;

/** See the file's comment. */
export class RewriteAttempts {
  hasFailed = false;
  consecutiveFailures = 0;
  #retryMs = 0;
  #growthRetryMs = 0;

  failed(nowMs: number): void {
    this.hasFailed = true;
    this.consecutiveFailures++;
    this.#retryMs = nowMs + RETRY_MS;
    const waitMs = RETRY_MS * 2 ** (this.consecutiveFailures - 1);
    this.#growthRetryMs = nowMs + Math.min(waitMs, GROWTH_RETRY_MS_MAX);
  }

  succeeded(): void {
    this.hasFailed = false;
    this.consecutiveFailures = 0;
    this.#growthRetryMs = 0;
  }

  /** Somebody has asked for one: those that failed before do not make him wait. */
  forget(): void {
    this.consecutiveFailures = 0;
  }

  /** Whether one may begin that has to be. */
  mayRetry(nowMs: number): boolean {
    return nowMs >= this.#retryMs;
  }

  /** Whether one may begin that growth asks for. */
  mayGrow(nowMs: number): boolean {
    return nowMs >= this.#growthRetryMs;
  }
}
