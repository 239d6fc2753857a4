/**
 * Shows how far a run is: a bar on a terminal, a line per step where there is none (a log, a pipe).
 */
import { SingleBar } from 'cli-progress';

export class Progress {
  readonly #bar: SingleBar | undefined;

  constructor(total: number) {
    if (!process.stderr.isTTY) return;
    this.#bar = new SingleBar({
      stream: process.stderr,
      format: '{bar} {percentage}% | {eta_formatted} left | {step}',
      barsize: 24,
      hideCursor: true,
      clearOnComplete: true,
    });
    this.#bar.start(total, 0, { step: '' });
  }

  /** Names what is being done, with the bar where it is. */
  doing(step: string): void {
    this.#bar?.update({ step });
  }

  /** Moves the bar on. */
  advance(by = 1): void {
    this.#bar?.increment(by);
  }

  /** Something finished: told in a line where there is no bar. */
  done(line: string): void {
    if (this.#bar === undefined) process.stderr.write(`${line}\n`);
  }

  stop(): void {
    this.#bar?.stop();
  }
}
