/**
 * The part of a snapshot that is one database, as it was: its table, and which of its keys are
 * written by now.
 *
 * The walk goes through the order of hashes; what lies before its position is written. The 2^32
 * hashes are divided into cells besides, about four for each key, and a bit for each tells whether
 * its keys were written ahead of their turn. Cells are no buckets: growing and shrinking moves keys
 * from one bucket to another, and never changes a hash. Rejected: the version of a snapshot in each
 * bucket (a bucket that grew would be half written), and one in each record (there is no bit left).
 */
import type { Ptr } from '../memory/address.ts';

/** Behind the last hash. */
export const HASHES_END: number = 2 ** 32;

const CELLS_PER_KEY = 4;
const CELL_BITS_MIN = 5;
/** At most 4 MiB of bits. */
const CELL_BITS_MAX = 25;

/** See the file's comment. */
export class SnapshotRegion {
  readonly id: number;
  readonly root: Ptr;
  /** What is before it is written. */
  position = 0;
  /** Whether nobody but the snapshot has the table any more. */
  isKept = false;
  readonly #keys: number;
  readonly #expiringKeys: number;
  readonly #cellBits: number;
  /** The bits; none while no key was written ahead. */
  #ahead: Uint32Array | null = null;

  /** A database of this number, with so many keys of which some expire. */
  constructor(id: number, root: Ptr, keys: number, expiringKeys: number) {
    this.id = id;
    this.root = root;
    this.#keys = keys;
    this.#expiringKeys = expiringKeys;
    const bits = 32 - Math.clz32(keys * CELLS_PER_KEY);
    this.#cellBits = Math.max(CELL_BITS_MIN, Math.min(bits, CELL_BITS_MAX));
  }

  /** Keys that there were. */
  size(): number {
    return this.#keys;
  }

  expiringSize(): number {
    return this.#expiringKeys;
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

  /** Notes that the keys of a hash's cell are written. */
  markAhead(hash: number): void {
    this.#ahead ??= new Uint32Array(2 ** (this.#cellBits - 5));
    const cell = hash >>> (32 - this.#cellBits);
    this.#ahead[cell >>> 5]! |= 1 << (cell & 31);
  }

  /** Whether the keys of a hash's cell were written ahead of their turn. */
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
