/**
 * What of something in the order of hashes was written ahead of its turn: the 2^32 hashes are
 * divided into cells of one size, and a bit for each tells whether all that is in it is written.
 *
 * Cells are no buckets of the table that is being written: growing and shrinking moves what is in a
 * bucket to another one, and never changes a hash.
 */

/** Behind the last hash. */
export const HASHES_END: number = 2 ** 32;

const CELL_BITS_MIN = 5;
/** At most 4 MiB of bits. */
const CELL_BITS_MAX = 25;

/** See the file's comment. */
export class SnapshotCells {
  /** What is before it in the order of hashes is written. */
  position = 0;
  readonly #cellBits: number;
  /** The bits; none while nothing was written ahead. */
  #ahead: Uint32Array | null = null;

  /** At least so many cells, where that is no waste. */
  constructor(cells: number) {
    const bits = 32 - Math.clz32(cells);
    this.#cellBits = Math.max(CELL_BITS_MIN, Math.min(bits, CELL_BITS_MAX));
  }

  get isWritten(): boolean {
    return this.position === HASHES_END;
  }

  /** Bytes that the bits take. */
  get usedBytes(): number {
    return this.#ahead === null ? 0 : this.#ahead.byteLength;
  }

  /** The first hash of the cell of a hash. */
  cellStart(hash: number): number {
    return hash - (hash % this.#cellSpan);
  }

  /** The first hash behind the cell of a hash. */
  cellEnd(hash: number): number {
    return this.cellStart(hash) + this.#cellSpan;
  }

  /** Notes that what is in a hash's cell is written. */
  markAhead(hash: number): void {
    this.#ahead ??= new Uint32Array(2 ** (this.#cellBits - 5));
    const cell = hash >>> (32 - this.#cellBits);
    this.#ahead[cell >>> 5]! |= 1 << (cell & 31);
  }

  /** Whether what is in a hash's cell was written ahead of its turn. */
  isAhead(hash: number): boolean {
    if (this.#ahead === null) return false;
    const cell = hash >>> (32 - this.#cellBits);
    return ((this.#ahead[cell >>> 5]! >>> (cell & 31)) & 1) !== 0;
  }

  /** Whether any cell of [from, to) may have been written ahead; never wrong where it says no. */
  mayBeAhead(from: number, to: number): boolean {
    if (this.#ahead === null) return false;
    const shift = 32 - this.#cellBits;
    const last = ((to - 1) >>> shift) >>> 5;
    for (let word = (from >>> shift) >>> 5; word <= last; word++) {
      if (this.#ahead[word] !== 0) return true;
    }
    return false;
  }

  get #cellSpan(): number {
    return 2 ** (32 - this.#cellBits);
  }
}
