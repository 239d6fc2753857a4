/**
 * Intersections, unions and differences of sets: member by member, as they are found, so that an
 * answer is never held before it is sent.
 *
 *   const members = intersection(sets, cells);
 *   try {
 *     while (members.next()) members.member.write(reply);
 *   } finally {
 *     members.close();
 *   }
 *
 * Members of a table are looked up in other tables in the order of their buckets, so that what one
 * look-up fetched serves the next. The sets given are different from one another, and may not
 * change meanwhile.
 */
import type { Cell } from './cell.ts';
import type { LooseCell } from './loose-cell.ts';
import type { Sets } from './set.ts';
import { SET_INTSET } from './set-encoding.ts';
import type { SetMember } from './set-member.ts';

/**
 * A union of so many sets asks each whether it has a member of another one. Of more, only the
 * largest is asked, and the others leave theirs in a set of what was seen.
 */
const ASKED_MAX = 4;

/** Members that are found one by one. */
export interface Members {
  /** The one that `next` came to. */
  readonly member: SetMember;
  /** Goes to the next one; whether there is one. Throws OutOfMemoryError. */
  next(): boolean;
  /** Frees what finding them has taken. */
  close(): void;
}

/** Members that are in all of the sets, at least one. */
export function intersection(sets: Sets, cells: readonly Cell[]): Members {
  return new Intersection(sets, bySize(sets, cells));
}

/** Members that are in any of the sets. */
export function union(sets: Sets, cells: readonly Cell[]): Members {
  return new Union(sets, bySize(sets, cells).reverse());
}

/** Members of the first set that are in none of the others. */
export function difference(sets: Sets, cells: readonly Cell[], subtracts: boolean): Members {
  const [first, ...others] = cells;
  // The largest first: there it is likeliest that a member is found.
  if (!subtracts) return new Difference(sets, first!, bySize(sets, others).reverse());
  return new Remainder(sets, first!, others);
}

function bySize(sets: Sets, cells: readonly Cell[]): Cell[] {
  return cells.toSorted((a, b) => sets.size(a) - sets.size(b));
}

/** Asks for each member of the smallest set whether it is in all others. */
class Intersection implements Members {
  readonly member: SetMember;
  readonly #sets: Sets;
  readonly #others: readonly Cell[];

  constructor(sets: Sets, [smallest, ...others]: readonly Cell[]) {
    this.#sets = sets;
    this.#others = others;
    this.member = sets.cursor.member;
    sets.cursor.open(smallest!);
  }

  next(): boolean {
    const { cursor } = this.#sets;
    while (cursor.next()) if (this.#isInAll()) return true;
    return false;
  }

  close(): void {
    // It holds nothing.
  }

  #isInAll(): boolean {
    for (const other of this.#others) if (!this.#sets.contains(other, this.member)) return false;
    return true;
  }
}

/** Goes through one set after the other, the largest first, passing over what was there before. */
class Union implements Members {
  readonly member: SetMember;
  readonly #sets: Sets;
  readonly #cells: readonly Cell[];
  #seen: LooseCell | null = null;
  /** The set that is being gone through. */
  #current = -1;

  constructor(sets: Sets, cells: readonly Cell[]) {
    this.#sets = sets;
    this.#cells = cells;
    this.member = sets.cursor.member;
  }

  next(): boolean {
    const { cursor } = this.#sets;
    for (;;) {
      while (this.#current >= 0 && cursor.next()) if (this.#isNew()) return true;
      if (this.#current + 1 === this.#cells.length) return false;
      cursor.open(this.#cells[++this.#current]!);
    }
  }

  close(): void {
    if (this.#seen !== null) this.#sets.dispose(this.#seen);
    this.#seen = null;
  }

  #isNew(): boolean {
    const { member } = this;
    const current = this.#current;
    const sets = this.#cells.length;
    const asked = sets > ASKED_MAX ? Math.min(current, 1) : current;
    for (let i = 0; i < asked; i++) {
      if (this.#sets.contains(this.#cells[i]!, member)) return false;
    }
    if (current === 0 || sets <= ASKED_MAX) return true;
    this.#seen ??= this.#sets.create(SET_INTSET);
    // Nothing is behind the last set that could have its members again.
    if (current + 1 === sets) return !this.#sets.contains(this.#seen, member);
    return this.#sets.addMember(this.#seen, member);
  }
}

/** Asks for each member of the first set whether it is in any other. */
class Difference implements Members {
  readonly member: SetMember;
  readonly #sets: Sets;
  readonly #others: readonly Cell[];

  constructor(sets: Sets, first: Cell, others: readonly Cell[]) {
    this.#sets = sets;
    this.#others = others;
    this.member = sets.cursor.member;
    sets.cursor.open(first);
  }

  next(): boolean {
    const { cursor } = this.#sets;
    while (cursor.next()) if (!this.#isInAny()) return true;
    return false;
  }

  close(): void {
    // It holds nothing.
  }

  #isInAny(): boolean {
    for (const other of this.#others) if (this.#sets.contains(other, this.member)) return true;
    return false;
  }
}

/**
 * Finds out first which members of the first set are in others, by going through those: where the
 * others are small, that asks far fewer questions.
 */
class Remainder implements Members {
  readonly member: SetMember;
  readonly #sets: Sets;
  readonly #first: Cell;
  readonly #others: readonly Cell[];
  #subtracted: LooseCell | null = null;

  constructor(sets: Sets, first: Cell, others: readonly Cell[]) {
    this.#sets = sets;
    this.#first = first;
    this.#others = others;
    this.member = sets.cursor.member;
  }

  next(): boolean {
    const sets = this.#sets;
    if (this.#subtracted === null) {
      this.#subtract();
      sets.cursor.open(this.#first);
    }
    while (sets.cursor.next()) if (!sets.contains(this.#subtracted!, this.member)) return true;
    return false;
  }

  close(): void {
    if (this.#subtracted !== null) this.#sets.dispose(this.#subtracted);
    this.#subtracted = null;
  }

  #subtract(): void {
    const sets = this.#sets;
    const { cursor } = sets;
    this.#subtracted = sets.create(SET_INTSET);
    for (const other of this.#others) {
      cursor.open(other);
      while (cursor.next()) {
        if (!sets.contains(this.#first, this.member)) continue;
        sets.addMember(this.#subtracted, this.member);
      }
    }
  }
}
