/**
 * Intersections, unions and differences as new sets. They begin as Redis 7.2 begins them, so that
 * the result has the encoding that it has there. Throw OutOfMemoryError, leaving nothing.
 */
import type { Cell } from './cell.ts';
import type { LooseCell } from './loose-cell.ts';
import type { Sets } from './set.ts';
import { difference, intersection, type Members } from './set-algebra.ts';
import { SET_HASHTABLE, SET_INTSET, SET_LISTPACK } from './set-encoding.ts';

/** The members that all of the sets have; of no sets, none. */
export function storedIntersection(sets: Sets, cells: readonly Cell[]): LooseCell {
  if (cells.length === 0) return sets.create(SET_INTSET);
  const smallest = cells.reduce((least, cell) =>
    sets.size(cell) < sets.size(least) ? cell : least,
  );
  const set = sets.create(smallest.encoding === SET_INTSET ? SET_INTSET : SET_LISTPACK);
  return built(sets, set, () => {
    const hasOnlyIntegers = addMembers(sets, set, intersection(sets, cells));
    if (hasOnlyIntegers) sets.convertToIntset(set);
  });
}

/** The members that any of the sets has. */
export function storedUnion(sets: Sets, cells: readonly Cell[]): LooseCell {
  const largest = cells.reduce(
    (most: Cell | null, cell) => (most === null || sets.size(cell) > sets.size(most) ? cell : most),
    null,
  );
  // A set that will be a table whatever comes is copied as it is.
  const copied = largest !== null && isLarge(sets, largest) ? largest : null;
  const set = copied === null ? sets.create(SET_INTSET) : sets.copyOf(copied);
  return built(sets, set, () => {
    for (const cell of cells) if (cell !== copied) addAll(sets, set, cell);
  });
}

/**
 * The members that only the first of the sets has; of no sets, none. `subtracts` says to begin with
 * all that it has.
 */
export function storedDifference(
  sets: Sets,
  cells: readonly Cell[],
  subtracts: boolean,
): LooseCell {
  const [first, ...others] = cells;
  if (first === undefined) return sets.create(SET_INTSET);
  if (!subtracts) {
    const set = sets.create(SET_INTSET);
    return built(sets, set, () => addMembers(sets, set, difference(sets, cells, false)));
  }
  const isCopied = isLarge(sets, first);
  const set = isCopied ? sets.copyOf(first) : sets.create(SET_INTSET);
  return built(sets, set, () => {
    if (!isCopied) addAll(sets, set, first);
    for (const other of others) removeAll(sets, set, other);
  });
}

/** Whether a set is a table, and all that has its members would be. */
function isLarge(sets: Sets, cell: Cell): boolean {
  return cell.encoding === SET_HASHTABLE && sets.limits.exceedsPacked(sets.size(cell));
}

/** Builds a set, or disposes of it. */
function built(sets: Sets, set: LooseCell, build: () => void): LooseCell {
  try {
    build();
  } catch (problem) {
    sets.dispose(set);
    throw problem;
  }
  return set;
}

/** Whether all were integers. */
function addMembers(sets: Sets, set: LooseCell, members: Members): boolean {
  const { member } = members;
  let hasOnlyIntegers = true;
  try {
    while (members.next()) {
      hasOnlyIntegers &&= member.isInteger();
      sets.addMember(set, member);
    }
  } finally {
    members.close();
  }
  return hasOnlyIntegers;
}

function addAll(sets: Sets, set: LooseCell, cell: Cell): void {
  const { cursor } = sets;
  cursor.open(cell);
  while (cursor.next()) sets.addMember(set, cursor.member);
}

function removeAll(sets: Sets, set: LooseCell, cell: Cell): void {
  const { cursor } = sets;
  cursor.open(cell);
  while (sets.size(set) > 0 && cursor.next()) sets.removeMember(set, cursor.member);
}
