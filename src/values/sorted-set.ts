/**
 * Sorted sets: a listpack in the record (sorted-set-packed.ts), or a table and a tree over the same
 * records when that would be too large (structures/sorted-set.ts). A sorted set that has become
 * large stays so, unless it is made anew.
 *
 * Scores are handed over in `score`: as arguments or results they might be allocated. Ranks count
 * from 0 in ascending order. A selection is so many elements from rank `first` on, and `cursor` is
 * at its first one.
 */
import { NULL, type Ptr } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import { BYTES_MAX, EMPTY_BYTES, totalBytes, writeEmpty } from '../structures/listpack.ts';
import { hashBytes } from '../structures/siphash.ts';
import { SortedSet } from '../structures/sorted-set.ts';
import type { Cell } from './cell.ts';
import { SortedSetCursor } from './sorted-set-cursor.ts';
import * as packed from './sorted-set-packed.ts';
import {
  BEFORE_ALL,
  BEHIND_ALL,
  EXCLUDED,
  INCLUDED,
  type MemberRange,
  type ScoreRange,
} from './sorted-set-range.ts';

export const ZSET_LISTPACK = 0;
export const ZSET_SKIPLIST = 1;

/** Bytes of a new packed sorted set, before its first element. */
export { EMPTY_BYTES };

/** How `add` is meant; bits. */
export const ONLY_NEW = 1;
export const ONLY_EXISTING = 2;
export const ONLY_GREATER = 4;
export const ONLY_LESS = 8;
export const INCREMENT = 16;

/** What `add` did. */
export const UNCHANGED = 0;
export const ADDED = 1;
export const UPDATED = 2;
/** What was asked for did not hold. */
export const SKIPPED = 3;
/** The sum is not a number. */
export const NOT_A_NUMBER = 4;

/** How large packed sorted sets may be; Redis's defaults at first. */
export interface SortedSetLimits {
  /** zset-max-listpack-entries */
  entriesMax: number;
  /** zset-max-listpack-value: bytes of the longest member. */
  memberBytesMax: number;
}

/** Counting so many elements is no slower than a second walk down the tree. */
const NEAR_MAX = 128;

/** Operations on sorted sets. One per keyspace serves all of them. */
export class SortedSets {
  readonly large: SortedSet;
  /** The score in hand. */
  readonly score: Float64Array = new Float64Array(1);
  readonly cursor: SortedSetCursor;
  readonly limits: SortedSetLimits = { entriesMax: 128, memberBytesMax: 64 };
  /** Rank of the first selected element. */
  first = 0;
  readonly #discard: (root: Ptr) => void;
  readonly #current = new Float64Array(1);

  /** `discard` is given large sorted sets that nobody has any more. */
  constructor(heap: Heap, discard: (root: Ptr) => void) {
    this.large = new SortedSet(heap);
    this.cursor = new SortedSetCursor(this.large.members);
    this.#discard = discard;
  }

  /** Number of elements. */
  count(cell: Cell): number {
    return cell.encoding === ZSET_SKIPLIST ? this.large.count(cell.root) : packed.count(cell);
  }

  /** Gives back a large sorted set that nobody has. */
  discard(root: Ptr): void {
    this.#discard(root);
  }

  // --- One member: its bytes, and their hash, which only a large sorted set needs

  /** Puts the score of a member in hand; whether there is such a member. */
  find(
    cell: Cell,
    hash: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): boolean {
    if (cell.encoding === ZSET_SKIPLIST) {
      const record = this.large.find(cell.root, hash, bytes, view, offset, length);
      if (record === NULL) return false;
      this.large.members.readScore(record, this.score);
      return true;
    }
    const element = packed.find(cell, bytes, view, offset, length);
    if (element === 0) return false;
    packed.readScore(cell, element, this.score);
    return true;
  }

  /** The rank of a member, whose score is then in hand; -1 if there is no such member. */
  rankOf(
    cell: Cell,
    hash: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): number {
    if (cell.encoding === ZSET_SKIPLIST) {
      const record = this.large.find(cell.root, hash, bytes, view, offset, length);
      if (record === NULL) return -1;
      this.large.members.readScore(record, this.score);
      return this.large.tree.rank(cell.root, record);
    }
    const element = packed.find(cell, bytes, view, offset, length);
    if (element === 0) return -1;
    packed.readScore(cell, element, this.score);
    return packed.rankOf(cell, element);
  }

  /**
   * Adds a member with the score in hand, or gives it that score; `mode` says on what condition.
   * Returns what was done, with the resulting score in hand. Throws OutOfMemoryError, with nothing
   * changed.
   */
  add(
    cell: Cell,
    mode: number,
    hash: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): number {
    if (cell.encoding === ZSET_SKIPLIST) {
      return this.#addLarge(cell.root, mode, hash, bytes, view, offset, length);
    }
    const element = packed.find(cell, bytes, view, offset, length);
    if (element !== 0) {
      packed.readScore(cell, element, this.#current);
      const outcome = this.#settle(mode);
      if (outcome === UPDATED) {
        packed.setScore(cell, element, this.score, bytes, view, offset, length);
      }
      return outcome;
    }
    if ((mode & ONLY_EXISTING) !== 0) return SKIPPED;
    if (this.#outgrows(cell, bytes, offset, length)) {
      this.enlarge(cell);
      const own = hashBytes(view, offset, length);
      return this.#addLarge(cell.root, mode, own, bytes, view, offset, length);
    }
    packed.add(cell, this.score, bytes, view, offset, length);
    return ADDED;
  }

  /** Removes a member; whether it was there. */
  remove(
    cell: Cell,
    hash: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): boolean {
    if (cell.encoding === ZSET_SKIPLIST) {
      const record = this.large.find(cell.root, hash, bytes, view, offset, length);
      if (record === NULL) return false;
      this.large.removeFound(cell.root, record);
      return true;
    }
    const element = packed.find(cell, bytes, view, offset, length);
    if (element === 0) return false;
    packed.remove(cell, element, 1);
    return true;
  }

  // --- Selections

  /** Puts the cursor on the element of a rank. REQUIRES: there is one. */
  enter(cell: Cell, rank: number): SortedSetCursor {
    const { cursor } = this;
    if (cell.encoding === ZSET_SKIPLIST) {
      this.large.tree.seekRank(cell.root, cursor.place, rank);
      cursor.enterLarge();
    } else {
      cursor.enterPacked(cell, rank);
    }
    return cursor;
  }

  /**
   * Selects from the rank `start` to the rank `stop`, from the end if negative, and returns how
   * many elements that are.
   */
  selectRanks(cell: Cell, start: number, stop: number): number {
    const count = this.count(cell);
    const from = Math.max(start < 0 ? start + count : start, 0);
    const to = Math.min(stop < 0 ? stop + count : stop, count - 1);
    if (from > to) return 0;
    this.first = from;
    this.enter(cell, from);
    return to - from + 1;
  }

  /** Selects the elements with scores in a range, and returns how many they are. */
  selectScores(cell: Cell, range: ScoreRange): number {
    if (cell.encoding !== ZSET_SKIPLIST) {
      const from = range.isFromFirst() ? 0 : packed.rankOfScore(cell, range.min, range.excludesMin);
      const to = range.isToLast()
        ? packed.count(cell)
        : packed.rankOfScore(cell, range.max, !range.excludesMax);
      return this.#selectPacked(cell, from, to - from);
    }
    const { tree } = this.large;
    const { root } = cell;
    const to = range.isToLast()
      ? tree.count(root)
      : tree.rankOfScore(root, range.max, !range.excludesMax);
    if (to === 0) return 0;
    const { place } = this.cursor;
    if (range.isFromFirst()) tree.seekRank(root, place, 0);
    else tree.seekScore(root, place, range.min, range.excludesMin);
    return this.#selectLarge(tree.seekedRank(), to);
  }

  /**
   * As `selectScores`, but only the first of them, up to `most`, and without `first`: few are
   * counted by going through them.
   */
  selectFirstScores(cell: Cell, range: ScoreRange, most: number): number {
    if (cell.encoding === ZSET_SKIPLIST) {
      const { tree } = this.large;
      const { place } = this.cursor;
      const { root } = cell;
      const isThere = range.isFromFirst()
        ? tree.seekRank(root, place, 0)
        : tree.enterScore(root, place, range.min, range.excludesMin);
      if (!isThere) return 0;
      this.cursor.enterLarge();
      const near = Math.min(most, NEAR_MAX);
      const count = place.countFrom(range.max, !range.excludesMax, near);
      if (count < near || count === most) return count;
    }
    return Math.min(this.selectScores(cell, range), most);
  }

  /**
   * Selects the elements with members in a range, and returns how many they are. If scores differ
   * the selection is any.
   */
  selectMembers(cell: Cell, range: MemberRange): number {
    if (range.minKind === BEHIND_ALL || range.maxKind === BEFORE_ALL) return 0;
    if (cell.encoding !== ZSET_SKIPLIST) return this.#selectPackedMembers(cell, range);
    const { bytes, view, minKind, minStart, minLength, maxKind, maxStart, maxLength } = range;
    const { tree } = this.large;
    const { root } = cell;
    const to =
      maxKind === BEHIND_ALL
        ? tree.count(root)
        : tree.rankOfMember(root, bytes, view, maxStart, maxLength, maxKind === INCLUDED);
    if (to === 0) return 0;
    const { place } = this.cursor;
    if (minKind === BEFORE_ALL) tree.seekRank(root, place, 0);
    else tree.seekMember(root, place, bytes, view, minStart, minLength, minKind === EXCLUDED);
    return this.#selectLarge(tree.seekedRank(), to);
  }

  /** Removes so many elements from a rank on. REQUIRES: they are there, and others too. */
  removeRanks(cell: Cell, rank: number, elements: number): void {
    if (cell.encoding !== ZSET_SKIPLIST) {
      packed.removeRanks(cell, rank, elements);
      return;
    }
    for (let left = elements; left > 0; ) left -= this.large.removeSlice(cell.root, rank, left);
  }

  /** Puts the cursor on the first element of a large sorted set; whether there is one. */
  enterRoot(root: Ptr): boolean {
    this.cursor.enterLarge();
    return this.large.tree.seekRank(root, this.cursor.place, 0);
  }

  // --- Encodings

  /** Whether a new sorted set of so many elements is packed, the longest member so long. */
  isSmall(elements: number, memberBytesMax: number): boolean {
    const { limits } = this;
    return elements <= limits.entriesMax && memberBytesMax <= limits.memberBytesMax;
  }

  /** Makes a packed sorted set large. Throws OutOfMemoryError, with nothing changed. */
  enlarge(cell: Cell): void {
    const { large, cursor } = this;
    const root = large.create();
    try {
      const count = packed.count(cell);
      if (count > 0) {
        this.enter(cell, 0);
        do {
          cursor.read();
          cursor.readScore();
          const { bytes, view, start, length, score } = cursor;
          const hash = hashBytes(view, start, length);
          large.load(root, hash, score[0]!, bytes, view, start, length);
        } while (cursor.next());
      }
      cell.become(ZSET_SKIPLIST, root);
    } catch (refusal) {
      large.release(root, Number.POSITIVE_INFINITY);
      throw refusal;
    }
  }

  /** Bytes that the elements of a large sorted set would take packed. */
  packedBytes(root: Ptr): number {
    const { cursor } = this;
    let bytes = EMPTY_BYTES;
    let isOn = this.enterRoot(root);
    for (; isOn; isOn = cursor.next()) {
      cursor.read();
      cursor.readScore();
      bytes += packed.elementBytes(cursor.score, cursor.bytes, cursor.start, cursor.length);
    }
    return bytes;
  }

  /** Fills a new packed sorted set, `packedBytes` long, with the elements of a large one. */
  pack(cell: Cell, root: Ptr): void {
    const { cursor } = this;
    writeEmpty(cell.bytes, cell.view, cell.start);
    let isOn = this.enterRoot(root);
    for (; isOn; isOn = cursor.next()) {
      cursor.read();
      cursor.readScore();
      packed.append(cell, cursor.score, cursor.bytes, cursor.view, cursor.start, cursor.length);
    }
  }

  #selectPacked(cell: Cell, from: number, count: number): number {
    if (count <= 0) return 0;
    this.first = from;
    this.cursor.enterPacked(cell, from);
    return count;
  }

  #selectLarge(from: number, to: number): number {
    if (to <= from) return 0;
    this.first = from;
    this.cursor.enterLarge();
    return to - from;
  }

  /** Counts from the first that is not before the range to the first that is behind it. */
  #selectPackedMembers(cell: Cell, range: MemberRange): number {
    const { bytes, minKind, minStart, minLength, maxKind, maxStart, maxLength } = range;
    const from =
      minKind === BEFORE_ALL
        ? 0
        : packed.countMembers(cell, 0, bytes, minStart, minLength, minKind === EXCLUDED);
    const count =
      maxKind === BEHIND_ALL
        ? packed.count(cell) - from
        : packed.countMembers(cell, from, bytes, maxStart, maxLength, maxKind === INCLUDED);
    return this.#selectPacked(cell, from, count);
  }

  #addLarge(
    root: Ptr,
    mode: number,
    hash: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): number {
    const { large, score } = this;
    const record = large.find(root, hash, bytes, view, offset, length);
    if (record !== NULL) {
      large.members.readScore(record, this.#current);
      const outcome = this.#settle(mode);
      if (outcome === UPDATED) large.update(root, record, score[0]!);
      return outcome;
    }
    if ((mode & ONLY_EXISTING) !== 0) return SKIPPED;
    large.add(root, hash, score[0]!, bytes, view, offset, length);
    return ADDED;
  }

  /** What becomes of an existing member, whose score is `#current`: puts its new one in hand. */
  #settle(mode: number): number {
    const current = this.#current[0]!;
    const { score } = this;
    if (mode !== 0) {
      if ((mode & ONLY_NEW) !== 0) return SKIPPED;
      if ((mode & INCREMENT) !== 0) {
        score[0] = current + score[0]!;
        if (Number.isNaN(score[0])) return NOT_A_NUMBER;
      }
      if ((mode & ONLY_GREATER) !== 0 && score[0]! <= current) return SKIPPED;
      if ((mode & ONLY_LESS) !== 0 && score[0]! >= current) return SKIPPED;
    }
    return score[0] === current ? UNCHANGED : UPDATED;
  }

  /** Whether one more member, of so many bytes, makes a packed sorted set too large. */
  #outgrows(cell: Cell, bytes: Buffer, offset: number, length: number): boolean {
    if (!this.isSmall(packed.count(cell) + 1, length)) return true;
    const added = packed.elementBytes(this.score, bytes, offset, length);
    return totalBytes(cell.view, cell.start) + added > BYTES_MAX;
  }
}
