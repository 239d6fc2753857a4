/**
 * Places on the earth as scores of a sorted set. Longitude and latitude are each halved so many
 * times, and the bits of both, which say the halves, alternate: that of the latitude is the lower
 * one of a pair. So a cell of the grid with fewer steps is a range of scores.
 *
 *   score   ... lon 2 | lat 2 | lon 1 | lat 1 | lon 0 | lat 0
 *
 * As in Redis a place at the upper end of a range lies in a column or row behind the last one, so
 * that a score may have 54 bits.
 */

/** Steps of the grid that scores stand for. */
export const STEPS_MAX = 26;

export const LONGITUDE_MAX = 180;
/** Where a square map of the world ends. */
export const LATITUDE_MAX = 85.05112878;
/** Where the world ends: what standard geohashes count from. */
export const LATITUDE_POLE = 90;

/** Cells from side to side of the grid, by its steps. */
const CELLS = Float64Array.from({ length: STEPS_MAX + 1 }, (_, steps) => 2 ** steps);

const WORD = 2 ** 32;
const INT64_END = 2 ** 63;
const UINT64_END = 2 ** 64;

/** A cell of the grid of so many steps. */
export class GeoCell {
  steps = 0;
  /** Counts from the west, at -180 degrees. */
  column = 0;
  /** Counts from the south. */
  row = 0;

  /** Becomes the cell of a place; rows count from `-latitudeMax` to `latitudeMax`. */
  locate(longitude: number, latitude: number, steps: number, latitudeMax = LATITUDE_MAX): void {
    const cells = CELLS[steps]!;
    this.steps = steps;
    this.column = Math.trunc(((longitude + LONGITUDE_MAX) / (2 * LONGITUDE_MAX)) * cells);
    this.row = Math.trunc(((latitude + latitudeMax) / (2 * latitudeMax)) * cells);
  }

  /** Becomes the cell that a score lies in. Any score lies in some, as in Redis. */
  ofScore(score: number): void {
    const high = highWord(score);
    const low = lowWord(score);
    this.steps = STEPS_MAX;
    this.row = (gather(low) | (gather(high) << 16)) >>> 0;
    this.column = (gather(low >>> 1) | (gather(high >>> 1) << 16)) >>> 0;
  }

  /** Becomes the neighbour of a cell, 1 for the next, -1 for the one before, around the world. */
  neighbour(cell: GeoCell, eastward: number, northward: number): void {
    const last = CELLS[cell.steps]! - 1;
    this.steps = cell.steps;
    this.column = eastward === 0 ? cell.column : (cell.column + eastward) & last;
    this.row = northward === 0 ? cell.row : (cell.row + northward) & last;
  }

  /** Bounds in degrees. */
  west(): number {
    return -LONGITUDE_MAX + (this.column / CELLS[this.steps]!) * (2 * LONGITUDE_MAX);
  }

  east(): number {
    const behind = (this.column + 1) >>> 0;
    return -LONGITUDE_MAX + (behind / CELLS[this.steps]!) * (2 * LONGITUDE_MAX);
  }

  south(): number {
    return -LATITUDE_MAX + (this.row / CELLS[this.steps]!) * (2 * LATITUDE_MAX);
  }

  north(): number {
    const behind = (this.row + 1) >>> 0;
    return -LATITUDE_MAX + (behind / CELLS[this.steps]!) * (2 * LATITUDE_MAX);
  }

  /** The least score of the places in it. */
  score(): number {
    return this.#highWord() * WORD + this.#lowWord();
  }

  /** The least score behind those of the places in it. */
  scoreEnd(): number {
    const side = CELLS[STEPS_MAX - this.steps]!;
    // Rounded once, as the sum of two integers is.
    return this.#highWord() * WORD + (this.#lowWord() + side * side);
  }

  /** Bits `from` to `from - 4` of the score, counted from 1. */
  fiveBits(from: number): number {
    const shifted = Math.floor(this.score() / 2 ** (from - 5));
    return shifted % 32;
  }

  #lowWord(): number {
    const shift = STEPS_MAX - this.steps;
    return (spread(this.row << shift) | (spread(this.column << shift) << 1)) >>> 0;
  }

  #highWord(): number {
    const shift = STEPS_MAX - this.steps;
    const row = spread((this.row << shift) >>> 16);
    return (row | (spread((this.column << shift) >>> 16) << 1)) >>> 0;
  }
}

/** The longitude of the middle of a cell. */
export function longitudeOf(cell: GeoCell): number {
  const middle = (cell.west() + cell.east()) / 2;
  return Math.min(Math.max(middle, -LONGITUDE_MAX), LONGITUDE_MAX);
}

/** The latitude of the middle of a cell. */
export function latitudeOf(cell: GeoCell): number {
  const middle = (cell.south() + cell.north()) / 2;
  return Math.min(Math.max(middle, -LATITUDE_MAX), LATITUDE_MAX);
}

/** Upper half of a score as an unsigned integer of 64 bits, to which a processor makes it. */
function highWord(score: number): number {
  if (score >= UINT64_END) return 0;
  if (score < -INT64_END) return INT64_END / WORD;
  return Math.floor(Math.trunc(score) / WORD) >>> 0;
}

/** Lower half of it. */
function lowWord(score: number): number {
  return score >= UINT64_END || score < -INT64_END ? 0 : score >>> 0;
}

/** Puts a zero before each of the lower 16 bits. */
function spread(bits: number): number {
  let spaced = bits & 0xffff;
  spaced = (spaced | (spaced << 8)) & 0x00ff00ff;
  spaced = (spaced | (spaced << 4)) & 0x0f0f0f0f;
  spaced = (spaced | (spaced << 2)) & 0x33333333;
  return (spaced | (spaced << 1)) & 0x55555555;
}

/** Takes every other bit, the lowest first: the reverse of `spread`. */
function gather(bits: number): number {
  let packed = bits & 0x55555555;
  packed = (packed | (packed >>> 1)) & 0x33333333;
  packed = (packed | (packed >>> 2)) & 0x0f0f0f0f;
  packed = (packed | (packed >>> 4)) & 0x00ff00ff;
  return (packed | (packed >>> 8)) & 0x0000ffff;
}
