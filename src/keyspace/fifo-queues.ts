/**
 * What the access clock of a record says under an S3-FIFO policy, and the queue of new keys.
 *
 *   clock, 24 bits   | new 1 | uses 2 | number 21 |
 *   queue            u32 hash of each new key, oldest first: a ring in a block of the arena
 *
 * A key comes into the queue of new keys, a tenth of all, and goes from its end: out, when nobody
 * has used it again, which is noted among the ghosts; else to the main part. A key that comes back
 * while it is a ghost goes to the main part at once. There a hand goes round, takes one of the uses
 * (at most three) off each key that it passes, and evicts keys that have none left, the oldest
 * first.
 *
 * `number` counts the keys that came into the queue: it is that of a new key's place, by which the
 * key is found again from the queue without its name, and in the main part it is when the key came
 * there. What is in the queue is not followed when keys are deleted or renamed: it is skipped at
 * the end. A record that says it is new and has no place in the queue counts as one of the main
 * part. Rejected: lists through the records (8 bytes more for each key, under any policy).
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import { GhostKeys } from './ghost-keys.ts';

const NEW = 1 << 23;
const USE_ONE = 1 << 21;
const USES_SHIFT = 21;
const USES_MAX = 3;
const NUMBER_MASK = USE_ONE - 1;

const CAPACITY_MIN = 256;
/** Half of the numbers that there are, so that no two places of the queue have the same. */
const CAPACITY_MAX: number = 2 ** 20;

/** See the file's comment. */
export class FifoQueues {
  readonly ghosts: GhostKeys;
  readonly #heap: Heap;
  #ring: Ptr = NULL;
  /** Places of the ring, a power of two; 0 while there is no ring. */
  #capacity = 0;
  /** Keys that have ever come into the queue, and left it. */
  #came = 0;
  #left = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
    this.ghosts = new GhostKeys(heap);
  }

  /** Keys in the queue, those included that are gone meanwhile. */
  get length(): number {
    return this.#came - this.#left;
  }

  /**
   * Takes in a key that was not there before; returns the clock of its record. Throws
   * OutOfMemoryError, with nothing changed.
   */
  admit(hash: number): number {
    if (this.ghosts.has(hash)) return this.mainClock(0);
    if (this.length === this.#capacity) this.#grow();
    const at = ((this.#ring & UNIT_MASK) << 1) + (this.#came & (this.#capacity - 1));
    this.#heap.words[this.#ring >>> EXTENT_SHIFT]![at] = hash;
    return NEW | (this.#came++ & NUMBER_MASK);
  }

  /** The clock of a record after one more use. */
  used(clock: number): number {
    return this.usesOf(clock) < USES_MAX ? clock + USE_ONE : clock;
  }

  usesOf(clock: number): number {
    return (clock >>> USES_SHIFT) & USES_MAX;
  }

  /** The clock of a record that has lost one of its uses. REQUIRES: it has one. */
  faded(clock: number): number {
    return clock - USE_ONE;
  }

  /** The clock of a record that comes to the main part now. */
  mainClock(uses: number): number {
    return (uses << USES_SHIFT) | (this.#came & NUMBER_MASK);
  }

  /** Whether a record's key is in the queue. */
  isQueued(clock: number): boolean {
    const age = (this.#came - 1 - clock) & NUMBER_MASK;
    return (clock & NEW) !== 0 && age < this.length;
  }

  /** How many keys have come into the queue since a record came to where it is. */
  age(clock: number): number {
    return (this.#came - clock) & NUMBER_MASK;
  }

  /** Fills `hashes` with up to so many at the end of the queue, the oldest first; how many. */
  oldestHashes(hashes: Int32Array, countMax: number): number {
    const count = Math.min(hashes.length, countMax, this.length);
    for (let i = 0; i < count; i++) {
      hashes[i] = this.#heap.word(this.#ring, (this.#left + i) & (this.#capacity - 1));
    }
    return count;
  }

  /** Whether a record is the one at the end of the queue; two keys may have the same hash. */
  isOldest(clock: number): boolean {
    return (clock & (NEW | NUMBER_MASK)) === (NEW | (this.#left & NUMBER_MASK));
  }

  /** Takes the key at the end out of the queue. */
  drop(): void {
    this.#left++;
  }

  /** Gives all memory back. */
  release(): void {
    if (this.#ring !== NULL) this.#heap.free(this.#ring);
    this.#ring = NULL;
    this.#capacity = 0;
    this.#left = this.#came;
    this.ghosts.release();
  }

  /** Moves what lies where nothing should stay. */
  relocate(): void {
    if (this.#ring !== NULL && this.#heap.isEvacuating(this.#ring)) {
      this.#ring = this.#heap.relocate(this.#ring);
    }
    this.ghosts.relocate();
  }

  visitBlocks(visit: (block: Ptr) => void): void {
    if (this.#ring !== NULL) visit(this.#ring);
    this.ghosts.visitBlocks(visit);
  }

  /** Twice the places; a ring that may not grow loses its oldest key to the main part. */
  #grow(): void {
    if (this.#capacity === CAPACITY_MAX) {
      this.#left++;
      return;
    }
    const heap = this.#heap;
    const capacity = Math.max(CAPACITY_MIN, this.#capacity * 2);
    const ring = heap.alloc(capacity * 4);
    for (let i = this.#left; i < this.#came; i++) {
      const hash = heap.word(this.#ring, i & (this.#capacity - 1));
      heap.setWord(ring, i & (capacity - 1), hash);
    }
    if (this.#ring !== NULL) heap.free(this.#ring);
    this.#ring = ring;
    this.#capacity = capacity;
  }
}
