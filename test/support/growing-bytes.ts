import type { GrowingBytes } from '../../src/values/hyperloglog-sparse.ts';

/**
 * A value among other bytes, as in the arena. It moves whenever it grows, and what is around it is
 * for the test to choose, so that code which reads or writes beyond it gives itself away.
 */
export class MovingBytes implements GrowingBytes {
  bytes: Buffer;
  start: number;
  length: number;
  readonly #filler: number;

  constructor(content: Uint8Array, filler: number) {
    this.#filler = filler;
    this.bytes = Buffer.alloc(0);
    this.start = 0;
    this.length = 0;
    this.#place(content, content.length);
  }

  resize(length: number): void {
    const kept = this.content().subarray(0, length);
    // Whoever still uses the old place gets garbage.
    this.bytes.fill(this.#filler);
    this.#place(Buffer.from(kept), length);
  }

  /** A copy of the value. Throws when something around it was changed. */
  content(): Buffer {
    const { bytes, start, length } = this;
    const around = [...bytes.subarray(0, start), ...bytes.subarray(start + length)];
    if (around.some((byte) => byte !== this.#filler)) throw new Error('written outside the value');
    return Buffer.from(bytes.subarray(start, start + length));
  }

  #place(content: Uint8Array, length: number): void {
    this.start = 3 + (this.start % 5);
    this.length = length;
    this.bytes = Buffer.alloc(this.start + length + 4, this.#filler);
    this.bytes.set(content, this.start);
  }
}
