/**
 * The operands of unions, intersections and differences: sorted sets, and sets, whose members count
 * as having the score 1.
 */
import { hashBytes } from '../structures/siphash.ts';
import type { Cell } from './cell.ts';
import type { Sets } from './set.ts';
import { SetMember } from './set-member.ts';
import type { SortedSets } from './sorted-set.ts';

const SCORE_OF_MEMBERS = 1;

/** One operand. */
export interface Source {
  /** Of any value if there are no elements. */
  readonly cell: Cell;
  readonly isSet: boolean;
  /** Number of elements. */
  readonly count: number;
  /** By which scores are multiplied. */
  readonly weight: number;
}

/** Goes through one source, and asks others for the members that it comes to. */
export class SourceReader {
  /** The element in hand, after `next`. */
  bytes!: Buffer;
  view!: DataView;
  start = 0;
  length = 0;
  hash = 0;
  score = 0;
  /** The score of the same member in another source, after `isIn`. */
  otherScore = 0;
  readonly #sortedSets: SortedSets;
  readonly #sets: Sets;
  readonly #asked = new SetMember();
  #isSet = false;
  #isBegun = false;

  constructor(sortedSets: SortedSets, sets: Sets) {
    this.#sortedSets = sortedSets;
    this.#sets = sets;
  }

  /** Stands before the first element. REQUIRES: the source has one. */
  open(source: Source): void {
    this.#isSet = source.isSet;
    this.#isBegun = false;
    if (source.isSet) this.#sets.cursor.open(source.cell);
    else this.#sortedSets.enter(source.cell, 0);
  }

  /** Goes to the next element; whether there is one. */
  next(): boolean {
    if (this.#isSet) return this.#nextOfSet();
    const { cursor } = this.#sortedSets;
    if (this.#isBegun && !cursor.next()) return false;
    this.#isBegun = true;
    cursor.read();
    cursor.readScore();
    this.#take(cursor.bytes, cursor.view, cursor.start, cursor.length);
    this.score = cursor.score[0]!;
    return true;
  }

  /** Whether another source has the member in hand. */
  isIn({ cell, isSet, count }: Source): boolean {
    if (count === 0) return false;
    const { bytes, view, start, length } = this;
    if (isSet) {
      this.#asked.setText(bytes, view, start, length);
      this.otherScore = SCORE_OF_MEMBERS;
      return this.#sets.contains(cell, this.#asked);
    }
    const sortedSets = this.#sortedSets;
    if (!sortedSets.find(cell, this.hash, bytes, view, start, length)) return false;
    this.otherScore = sortedSets.score[0]!;
    return true;
  }

  #nextOfSet(): boolean {
    const { cursor } = this.#sets;
    if (!cursor.next()) return false;
    const { member } = cursor;
    member.spell();
    this.#take(member.bytes, member.view, member.start, member.length);
    this.score = SCORE_OF_MEMBERS;
    return true;
  }

  #take(bytes: Buffer, view: DataView, start: number, length: number): void {
    this.bytes = bytes;
    this.view = view;
    this.start = start;
    this.length = length;
    this.hash = hashBytes(view, start, length);
  }
}
