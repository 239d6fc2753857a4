import { giveBuffer, takeBuffer } from './spare-memory.ts';

/** Input of one connection that could not be executed yet: `bytes[0, length)`. */
const BYTES_MIN = 1024;
/** A larger buffer is given up once it is mostly empty. */
const KEPT_BYTES_MAX = 64 * 1024;

/**
 * Room that is made for a declared length, as a multiple of what has come. The system gives memory
 * to such room only as it is filled.
 */
const DECLARED_FACTOR_MAX = 4;

const NO_BYTES = Buffer.alloc(0);
const NO_VIEW = viewOf(NO_BYTES);

/** See the file's comment. */
export class PendingInput {
  /** `bytes` and `view` are over the same memory. */
  bytes: Buffer = NO_BYTES;
  view: DataView = NO_VIEW;
  length = 0;

  /** Room left for more. */
  get freeBytes(): number {
    return this.bytes.length - this.length;
  }

  /**
   * Adds a copy of `bytes[0, length)`. `missing` is how much is known to come behind it, 0 when
   * nothing is known. Answers whether what was there has moved to another buffer.
   */
  append(bytes: Buffer, length: number, missing: number): boolean {
    const needed = this.length + length;
    const moves = needed > this.bytes.length;
    if (moves) {
      const wanted = missing > 0 ? stepTowards(needed + missing, needed) : needed * 2;
      const larger = takeBuffer(wanted);
      this.bytes.copy(larger, 0, 0, this.length);
      this.#use(larger);
    }
    bytes.copy(this.bytes, this.length, 0, length);
    this.length = needed;
    return moves;
  }

  /** Holds `bytes[from, end)` and nothing else; `bytes` may be its own. */
  keep(bytes: Buffer, from: number, end: number): void {
    const left = end - from;
    const oversized = this.bytes.length > KEPT_BYTES_MAX && left * 4 < this.bytes.length;
    if (bytes === this.bytes && !oversized) {
      bytes.copyWithin(0, from, end);
    } else {
      const kept = takeBuffer(Math.max(left, BYTES_MIN));
      bytes.copy(kept, 0, from, end);
      this.#use(kept);
    }
    this.length = left;
  }

  /** As `clear`, when nobody looks at `bytes` any more. */
  release(): void {
    giveBuffer(this.bytes);
    this.clear();
  }

  clear(): void {
    this.bytes = NO_BYTES;
    this.view = NO_VIEW;
    this.length = 0;
  }

  #use(buffer: Buffer): void {
    giveBuffer(this.bytes);
    this.bytes = buffer;
    this.view = viewOf(buffer);
  }
}

/**
 * The room to make on the way to `whole` bytes, of which `needed` are there: a fourth of it, a
 * sixteenth and so on, until it is not too much for a length that is only declared. The last step
 * ends exactly at the whole and copies a fourth of it. Rejected: all of it at once, which is only
 * address space at first, but which anyone could ask for.
 */
function stepTowards(whole: number, needed: number): number {
  let step = whole;
  while (step > needed * DECLARED_FACTOR_MAX) step = Math.ceil(step / DECLARED_FACTOR_MAX);
  return step;
}

/** A view over the memory of a buffer. */
export function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
