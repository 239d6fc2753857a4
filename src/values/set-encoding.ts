/**
 * How a set is held: small ones as the bytes that Redis stores in its files, integers sorted and
 * others in a listpack; large ones in a PackedTable.
 */

export const SET_INTSET = 0;
export const SET_LISTPACK = 1;
export const SET_HASHTABLE = 2;

/** Redis's own bound on intsets, whatever the configuration says. */
const INTSET_MEMBERS_MAX = 2 ** 30;

/** Up to which size a set is small. Redis's defaults. */
export class SetLimits {
  /** set-max-intset-entries: most members of an intset. */
  intsetMembers = 512;
  /** set-max-listpack-entries: most members of a listpack. */
  listpackMembers = 128;
  /** set-max-listpack-value: bytes of the longest member of a listpack. */
  listpackMemberBytes = 64;

  /** Whether an intset of so many members is full. */
  fillsIntset(members: number): boolean {
    return members >= Math.min(this.intsetMembers, INTSET_MEMBERS_MAX);
  }

  /** Whether a listpack of so many members has room for one of so many bytes. */
  admits(members: number, memberBytes: number): boolean {
    return members < this.listpackMembers && memberBytes <= this.listpackMemberBytes;
  }

  /** Whether a table of so many members could never have been anything smaller. */
  exceedsPacked(members: number): boolean {
    return members > this.intsetMembers && members > this.listpackMembers;
  }

  /**
   * Whether that many members, be they what they may, are too many to be added to a set of an
   * encoding, or to begin one: Redis takes the number of arguments for a hint.
   */
  exceeds(encoding: number, members: number): boolean {
    if (encoding === SET_INTSET) return members > this.intsetMembers;
    return encoding === SET_LISTPACK && members > this.listpackMembers;
  }
}
