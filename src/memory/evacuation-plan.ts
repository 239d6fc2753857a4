/**
 * Which extents are to be emptied, given how they are occupied.
 *
 * Where extents have room for all that one of them has, that one is emptied into them. That never
 * mends the last one, nor extents that are all equally full; so where much can be won, whatever is
 * beyond the room of those that stay goes to fresh extents, of which the system commits no more
 * than what is used.
 */
import { EXTENT_BYTES } from './address.ts';

/** How an extent is occupied, in bytes. */
export interface Occupancy {
  readonly extent: number;
  /** Of pages or runs that have live blocks. */
  readonly usedBytes: number;
  /** From its start to the end of what was ever used: what the system has committed. */
  readonly touchedBytes: number;
  /** Whether everything in it can be moved. */
  readonly isMovable: boolean;
}

/** Extents to empty, and by how much the committed memory gets less. */
export interface Plan {
  readonly drained: readonly number[];
  readonly winBytes: number;
}

/** What is kept of the memory that is needed: more is not worth moving it. */
const KEPT_MAX = 9 / 8;
/** A fresh extent must win as much, and this part of all: its price is a collection. */
const ANEW_WIN_BYTES_MIN = 8 * 1024 * 1024;
const ANEW_WIN_PART_MIN = 1 / 6;

/**
 * Keeps the densest extents that fit into what is needed; the others are emptied, also into fresh
 * ones. `neededBytes` is what all blocks take close together, `fillable` which part of the holes of
 * extents that stay can be filled. Empties none where that wins little.
 */
export function planAnew(
  extents: readonly Occupancy[],
  neededBytes: number,
  fillable: number,
): Plan {
  const committed = (usedBytes: number, touchedBytes: number): number => {
    const room = (touchedBytes - usedBytes) * fillable;
    return touchedBytes + Math.max(0, neededBytes - usedBytes - room);
  };
  const drained: number[] = [];
  let used = 0;
  let touched = 0;
  for (const { extent, usedBytes, touchedBytes, isMovable } of densestFirst(extents)) {
    const isFitting = committed(used + usedBytes, touched + touchedBytes) <= neededBytes * KEPT_MAX;
    if (isMovable && !isFitting) {
      drained.push(extent);
      continue;
    }
    used += usedBytes;
    touched += touchedBytes;
  }
  const before = extents.reduce((sum, { touchedBytes }) => sum + touchedBytes, 0);
  const winBytes = before - committed(used, touched);
  const isWorthWhile = winBytes >= Math.max(ANEW_WIN_BYTES_MIN, before * ANEW_WIN_PART_MIN);
  return isWorthWhile ? { drained, winBytes } : { drained: [], winBytes: 0 };
}

/**
 * Empties the emptiest extents as long as the others have room for them, `spareBytes` more, and so
 * many times as much as goes there.
 */
export function planIntoRoom(
  extents: readonly Occupancy[],
  roomPerByte: number,
  spareBytes: number,
): Plan {
  const emptiestFirst = extents.toSorted((a, b) => a.usedBytes - b.usedBytes);
  let free = extents.reduce((sum, { usedBytes }) => sum + EXTENT_BYTES - usedBytes, 0);
  let winBytes = 0;
  const drained: number[] = [];
  for (const { extent, usedBytes, touchedBytes, isMovable } of emptiestFirst) {
    const elsewhere = free - (EXTENT_BYTES - usedBytes);
    if (usedBytes * roomPerByte + spareBytes > elsewhere) break;
    if (!isMovable) continue;
    drained.push(extent);
    winBytes += touchedBytes;
    free = elsewhere - usedBytes;
  }
  return { drained, winBytes };
}

/** What must stay comes before all. */
function densestFirst(extents: readonly Occupancy[]): Occupancy[] {
  const density = ({ isMovable, usedBytes, touchedBytes }: Occupancy): number =>
    isMovable ? usedBytes / Math.max(touchedBytes, 1) : 2;
  return extents.toSorted((a, b) => density(b) - density(a));
}
