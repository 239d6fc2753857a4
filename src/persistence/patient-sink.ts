/**
 * Chunks on their way to somebody who takes time for each. What is written while somebody waits is
 * only gathered in memory, up to a limit, and passed on bit by bit later.
 */
import type { ByteSink } from './rdb-writer.ts';

/** Bytes that are passed on at a time, which then are summed up. */
const PASSED_BYTES = 64 * 1024;

/** See the file's comment. */
export class PatientSink implements ByteSink {
  /** Whether somebody waits. */
  isHurried = false;
  /** Bytes that have gathered. */
  waitingBytes = 0;
  readonly #to: ByteSink;
  readonly #bytesMax: number;
  #waiting: { readonly chunk: Buffer; readonly length: number }[] = [];
  #next = 0;

  constructor(to: ByteSink, bytesMax: number) {
    this.#to = to;
    this.#bytesMax = bytesMax;
  }

  take(chunk: Buffer, length: number): Buffer {
    if (!this.isHurried && this.waitingBytes === 0) return this.#to.take(chunk, length);
    this.#waiting.push({ chunk, length });
    this.waitingBytes += chunk.length;
    while (this.waitingBytes > this.#bytesMax) this.pass();
    return Buffer.allocUnsafeSlow(chunk.length);
  }

  /** Passes the oldest bytes on that have gathered. */
  pass(): void {
    for (let left = PASSED_BYTES; left > 0 && this.#next < this.#waiting.length; ) {
      const { chunk, length } = this.#waiting[this.#next++]!;
      this.waitingBytes -= chunk.length;
      left -= chunk.length;
      this.#to.take(chunk, length);
    }
    if (this.waitingBytes > 0) return;
    this.#waiting = [];
    this.#next = 0;
  }
}
