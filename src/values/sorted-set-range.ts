/** What part of a sorted set is meant: bounds of scores and of members. */

/** From one score to another. */
export class ScoreRange {
  readonly min: Float64Array = new Float64Array(1);
  readonly max: Float64Array = new Float64Array(1);
  /** Whether the bound itself is left out. */
  excludesMin = false;
  excludesMax = false;

  /** Whether nothing is before the range. */
  isFromFirst(): boolean {
    return this.min[0] === Number.NEGATIVE_INFINITY && !this.excludesMin;
  }

  /** Whether nothing is behind the range. */
  isToLast(): boolean {
    return this.max[0] === Number.POSITIVE_INFINITY && !this.excludesMax;
  }
}

/** Of a bound of members: before all of them, behind all, a text that is in or one that is not. */
export const BEFORE_ALL = 0;
export const BEHIND_ALL = 1;
export const INCLUDED = 2;
export const EXCLUDED = 3;

/** From one member to another, in bytes that belong to somebody else. */
export class MemberRange {
  minKind: number = BEFORE_ALL;
  minStart = 0;
  minLength = 0;
  maxKind: number = BEHIND_ALL;
  maxStart = 0;
  maxLength = 0;
  /** Where both texts are. */
  bytes: Buffer = Buffer.alloc(0);
  view: DataView = new DataView(new ArrayBuffer(0));
}
