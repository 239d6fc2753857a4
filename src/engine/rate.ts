/** How fast a counter grows, over the last samples. */

const SAMPLE_COUNT = 16;

/** See the file's comment. */
export class Rate {
  readonly #perSecond = new Float64Array(SAMPLE_COUNT);
  #index = 0;
  #lastValue = 0;
  #lastMs = 0;

  /** Takes a reading of the counter; a counter that went back to zero counts as standing still. */
  sample(value: number, nowMs: number): void {
    const elapsedMs = nowMs - this.#lastMs;
    const grown = value - this.#lastValue;
    this.#perSecond[this.#index] = elapsedMs > 0 && grown >= 0 ? (grown * 1000) / elapsedMs : 0;
    this.#index = (this.#index + 1) % SAMPLE_COUNT;
    this.#lastValue = value;
    this.#lastMs = nowMs;
  }

  /** Average growth per second over the samples kept. */
  value(): number {
    return this.#perSecond.reduce((sum, rate) => sum + rate, 0) / SAMPLE_COUNT;
  }

  /** Forgets the samples, not the last reading. */
  reset(): void {
    this.#perSecond.fill(0);
  }
}
