/**
 * A sorted set in the making, of elements from elsewhere: it is built large, since nobody knows how
 * large it will be, and then stored in whichever form is right for its size, or only read.
 */
import { NULL, type Ptr } from '../memory/address.ts';
import { hashBytes } from '../structures/siphash.ts';
import type { Cell } from './cell.ts';
import type { SortedSets } from './sorted-set.ts';

/** See the file's comment. Whoever makes one calls `end`, whatever happens. */
export class SortedSetBuilder {
  /** NULL once it was adopted. */
  root: Ptr;
  /** Bytes of the longest member. */
  memberBytesMax = 0;
  readonly #sortedSets: SortedSets;
  readonly #score = new Float64Array(1);

  constructor(sortedSets: SortedSets) {
    this.#sortedSets = sortedSets;
    this.root = sortedSets.large.create();
  }

  count(): number {
    return this.#sortedSets.large.count(this.root);
  }

  /**
   * Adds so many elements from where the sorted sets' cursor is. -0 becomes 0 where Redis adds to a
   * packed sorted set: up to the first element for which that is too small, or not at all if it
   * knows the number beforehand and that is too large.
   */
  addSelected(elements: number, isBackward: boolean, isNumberKnown: boolean): void {
    const { cursor, large } = this.#sortedSets;
    let isPacked = !isNumberKnown || this.#sortedSets.isSmall(elements, 0);
    for (let left = elements; left > 0; left--) {
      cursor.read();
      cursor.readScore();
      const { bytes, view, start, length, score } = cursor;
      const hash = hashBytes(view, start, length);
      if (!this.#sortedSets.isSmall(this.count() + 1, length)) isPacked = false;
      if (isPacked) score[0]! += 0;
      large.load(this.root, hash, score[0]!, bytes, view, start, length);
      this.memberBytesMax = Math.max(this.memberBytesMax, length);
      if (isBackward) cursor.previous();
      else cursor.next();
    }
  }

  /** Adds a member that is not there. */
  add(
    hash: number,
    score: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): void {
    this.#sortedSets.large.add(this.root, hash, score, bytes, view, offset, length);
    this.memberBytesMax = Math.max(this.memberBytesMax, length);
  }

  /**
   * Adds a member, or, if it is there, gives it the score that `combine` makes of its own and this
   * one.
   */
  merge(
    hash: number,
    score: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
    combine: (score: number, other: number) => number,
  ): void {
    const { large } = this.#sortedSets;
    const record = large.find(this.root, hash, bytes, view, offset, length);
    if (record === NULL) {
      this.add(hash, score, bytes, view, offset, length);
      return;
    }
    large.members.readScore(record, this.#score);
    large.update(this.root, record, combine(this.#score[0]!, score));
  }

  /** Whether it is to be packed; see `fill`. */
  isSmall(): boolean {
    return this.#sortedSets.isSmall(this.count(), this.memberBytesMax);
  }

  /** Bytes that it takes when packed. */
  packedBytes(): number {
    return this.#sortedSets.packedBytes(this.root);
  }

  /** Fills a new packed sorted set, `packedBytes` long, with what was added. */
  fill(cell: Cell): void {
    this.#sortedSets.pack(cell, this.root);
  }

  /** Gives the root of the large sorted set away. */
  adopt(): Ptr {
    const { root } = this;
    this.root = NULL;
    return root;
  }

  /** Frees what nobody has adopted. */
  end(): void {
    if (this.root !== NULL) this.#sortedSets.discard(this.root);
    this.root = NULL;
  }
}
