/**
 * Sets: which encoding holds them, and what is done with single members. As in Redis 7.2 a set of
 * integers begins as an intset, others as a listpack, and what no longer fits there goes to a
 * table, for good.
 */
import type { Ptr } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import * as intset from '../structures/intset.ts';
import * as listpack from '../structures/listpack.ts';
import { PackedTable } from '../structures/packed-table.ts';
import type { Cell } from './cell.ts';
import { LooseCell } from './loose-cell.ts';
import { MemberAhead, memberHash } from './member-ahead.ts';
import { SetCursor } from './set-cursor.ts';
import { SET_HASHTABLE, SET_INTSET, SET_LISTPACK, SetLimits } from './set-encoding.ts';
import { SetMember } from './set-member.ts';
import {
  addToIntset,
  addToListpack,
  intsetToListpack,
  longestText,
  packedContains,
  packedCount,
  removePacked,
  trimCell,
} from './set-packed.ts';

/** Where sets begin that are to have their first integer. */
const NO_INTEGERS = new DataView(new ArrayBuffer(intset.EMPTY_BYTES));
intset.writeEmpty(NO_INTEGERS, 0);

/** Members of one command that are noted in memory that is kept for it. */
const NOTED_KEPT = 1024;

/** Operations on sets. One per keyspace serves all of them. */
export class Sets {
  readonly heap: Heap;
  readonly table: PackedTable;
  readonly limits: SetLimits = new SetLimits();
  /** Goes through whatever set is being read. */
  readonly cursor: SetCursor;
  /** See `smallBytes`. */
  smallEncoding = SET_INTSET;
  readonly #discard: (root: Ptr) => void;
  readonly #ahead = new MemberAhead();
  readonly #member = new SetMember();
  readonly #converter: SetCursor;
  readonly #noted = new Uint32Array(NOTED_KEPT);

  /** `discard` is given tables that nobody has any more. */
  constructor(heap: Heap, discard: (root: Ptr) => void) {
    this.heap = heap;
    this.table = new PackedTable(heap);
    this.cursor = new SetCursor(this.table);
    this.#converter = new SetCursor(this.table);
    this.#discard = discard;
  }

  /** Number of members. */
  size(cell: Cell): number {
    return cell.encoding === SET_HASHTABLE ? this.table.count(cell.root) : packedCount(cell);
  }

  contains(cell: Cell, member: SetMember): boolean {
    if (cell.encoding !== SET_HASHTABLE) return packedContains(cell, member);
    const hash = member.hash();
    const { bytes, view, start, length } = member;
    return this.table.find(cell.root, hash, bytes, view, start, length);
  }

  /** Whether argument `i` is a member; `first` is the first one that is asked for. */
  containsArgument(cell: Cell, args: Args, i: number, first: number): boolean {
    if (cell.encoding !== SET_HASHTABLE) {
      this.#member.setArgument(args, i);
      return packedContains(cell, this.#member);
    }
    const { root } = cell;
    const hash = this.#ahead.hash(this.table, root, args, i, first, 1);
    return this.table.find(root, hash, args.bytes, args.view, args.start(i), args.length(i));
  }

  /** Bytes of a small set. */
  packedBytes({ encoding, view, start }: Cell): number {
    if (encoding === SET_INTSET) return intset.totalBytes(view, start);
    return listpack.totalBytes(view, start);
  }

  /** Answers with all members, as many as `size` says. */
  writeAll(cell: Cell, reply: Reply): void {
    const { cursor } = this;
    const { member } = cursor;
    cursor.open(cell);
    while (cursor.next()) member.write(reply);
  }

  // --- New sets

  /**
   * Bytes of a small set with argument `i` alone, whose encoding is then `smallEncoding`; 0 if it
   * cannot be small.
   */
  smallBytes(args: Args, i: number): number {
    const member = this.#member;
    member.setArgument(args, i);
    this.smallEncoding = this.#encodingFor(member, 1);
    if (this.smallEncoding === SET_INTSET) {
      return intset.bytesWith(NO_INTEGERS, 0, member.integer);
    }
    if (this.smallEncoding === SET_HASHTABLE || !this.limits.admits(0, member.length)) return 0;
    return listpack.EMPTY_BYTES + listpack.entryBytes(member.bytes, member.start, member.length);
  }

  /** Fills a new small set of the size and the encoding that `smallBytes` said last. */
  fillSmall({ bytes, view, start }: Cell): void {
    const member = this.#member;
    if (this.smallEncoding === SET_INTSET) {
      intset.writeEmpty(view, start);
      intset.add(bytes, view, start, member.integer);
    } else {
      listpack.writeEmpty(bytes, view, start);
      listpack.append(bytes, view, start, member.bytes, member.view, member.start, member.length);
    }
  }

  /** A set of its own, without members; to be given to a key, or to `dispose`. */
  create(encoding: number): LooseCell {
    const cell = new LooseCell(this.heap);
    this.#clear(cell, encoding);
    return cell;
  }

  /** A set of the arguments from `first` on. Throws OutOfMemoryError, leaving nothing. */
  build(args: Args, first: number): LooseCell {
    this.#member.setArgument(args, first);
    const cell = this.create(this.#encodingFor(this.#member, args.count - first));
    try {
      this.add(cell, args, first);
    } catch (problem) {
      this.dispose(cell);
      throw problem;
    }
    return cell;
  }

  /** A set with the members of another. Throws OutOfMemoryError, leaving nothing. */
  copyOf(original: Cell): LooseCell {
    const cell = new LooseCell(this.heap);
    const { encoding, bytes, start, length } = original;
    cell.resize(length);
    bytes.copy(cell.bytes, cell.start, start, start + length);
    try {
      if (encoding === SET_HASHTABLE) cell.root = this.table.copy(original.root);
    } catch (problem) {
      cell.resize(0);
      throw problem;
    }
    cell.encoding = encoding;
    return cell;
  }

  /** Frees a set that no key has. */
  dispose(cell: LooseCell): void {
    if (cell.length > 0 && cell.encoding === SET_HASHTABLE) this.#discard(cell.root);
    cell.encoding = SET_LISTPACK;
    cell.resize(0);
  }

  // --- Adding

  /**
   * Adds the arguments from `first` on; how many were not there. Throws OutOfMemoryError, with
   * nothing added.
   */
  add(cell: Cell, args: Args, first: number): number {
    const members = args.count - first;
    if (cell.encoding === SET_HASHTABLE && members === 1) {
      const { bytes, view } = args;
      const hash = memberHash(args, first);
      const start = args.start(first);
      return this.table.add(cell.root, hash, bytes, view, start, args.length(first)) ? 1 : 0;
    }
    if (this.limits.exceeds(cell.encoding, members)) this.#convertToTable(cell);
    return this.#addEach(cell, args, first);
  }

  /**
   * Adds a member; whether it was not there. It may not lie in this set. `more` says how many
   * others are likely to follow. Throws OutOfMemoryError, with nothing added.
   */
  addMember(cell: Cell, member: SetMember, more = 0): boolean {
    if (cell.encoding === SET_INTSET) {
      if (packedContains(cell, member)) return false;
      const members = packedCount(cell);
      if (member.isInteger()) {
        if (!this.limits.fillsIntset(members)) {
          addToIntset(cell, member, more);
          return true;
        }
        this.#convertToTable(cell);
      } else {
        this.#convertFromIntset(cell, members, member);
      }
    } else if (cell.encoding === SET_LISTPACK && packedContains(cell, member)) {
      return false;
    }
    if (cell.encoding === SET_LISTPACK) {
      if (this.#fitsListpack(cell, member)) {
        addToListpack(cell, member, more);
        return true;
      }
      this.#convertToTable(cell);
    }
    const hash = member.hash();
    const { bytes, view, start, length } = member;
    return this.table.add(cell.root, hash, bytes, view, start, length);
  }

  /** Turns a set of no more integers than an intset may have into one. */
  convertToIntset(cell: Cell): void {
    if (cell.encoding === SET_INTSET || this.limits.fillsIntset(this.size(cell) - 1)) return;
    const fresh = this.create(SET_INTSET);
    try {
      const cursor = this.#converter;
      const more = this.size(cell);
      cursor.open(cell);
      while (cursor.next()) {
        if (!cursor.member.isInteger()) throw new Error('a member is no integer');
        addToIntset(fresh, cursor.member, more);
      }
      trimCell(fresh);
      this.replace(cell, fresh);
    } finally {
      this.dispose(fresh);
    }
  }

  /**
   * Gives a cell the set that `fresh` has, which then has none, for its own. Throws
   * OutOfMemoryError, with nothing changed.
   */
  replace(cell: Cell, fresh: LooseCell): void {
    const root = cell.encoding === SET_HASHTABLE ? cell.root : null;
    cell.resize(fresh.length);
    cell.encoding = fresh.encoding;
    this.move(cell, fresh);
    if (root !== null) this.#discard(root);
  }

  /** Moves the set of `fresh`, which then has none, to a new cell of its length and encoding. */
  move(cell: Cell, fresh: LooseCell): void {
    const { bytes, start, length } = fresh;
    bytes.copy(cell.bytes, cell.start, start, start + length);
    fresh.resize(0);
  }

  // --- Removing

  /** Takes argument `i` out; whether it was there. `first` is the first one that is to go. */
  removeArgument(cell: Cell, args: Args, i: number, first: number): boolean {
    if (cell.encoding !== SET_HASHTABLE) {
      this.#member.setArgument(args, i);
      return removePacked(cell, this.#member);
    }
    const { root } = cell;
    const hash = this.#ahead.hash(this.table, root, args, i, first, 1);
    return this.table.remove(root, hash, args.bytes, args.view, args.start(i), args.length(i));
  }

  /** Takes a member out; whether it was there. It may not lie in this set. */
  removeMember(cell: Cell, member: SetMember): boolean {
    if (cell.encoding !== SET_HASHTABLE) return removePacked(cell, member);
    const hash = member.hash();
    const { bytes, view, start, length } = member;
    return this.table.remove(cell.root, hash, bytes, view, start, length);
  }

  // --- Parts

  /** What a set that is to have about so many members, one of them this, begins as. */
  #encodingFor(member: SetMember, members: number): number {
    const { limits } = this;
    if (!limits.exceeds(SET_INTSET, members) && member.isInteger()) return SET_INTSET;
    return limits.exceeds(SET_LISTPACK, members) ? SET_HASHTABLE : SET_LISTPACK;
  }

  #addEach(cell: Cell, args: Args, first: number): number {
    const member = this.#member;
    const members = args.count - first;
    const noted = members > NOTED_KEPT ? new Uint32Array(members) : this.#noted;
    let added = 0;
    // Looking ahead begins where the set is a table.
    let tableFirst = first;
    try {
      for (let i = first; i < args.count; i++) {
        let isNew = false;
        if (cell.encoding === SET_HASHTABLE) {
          const { bytes, view } = args;
          const { root } = cell;
          const hash = this.#ahead.hash(this.table, root, args, i, tableFirst, 1);
          isNew = this.table.add(root, hash, bytes, view, args.start(i), args.length(i));
        } else {
          member.setArgument(args, i);
          isNew = this.addMember(cell, member, args.count - 1 - i);
          tableFirst = i + 1;
        }
        if (isNew) noted[added++] = i;
      }
    } catch (problem) {
      while (added > 0) {
        member.setArgument(args, noted[--added]!);
        this.removeMember(cell, member);
      }
      throw problem;
    }
    if (members > 1 && cell.encoding !== SET_HASHTABLE) trimCell(cell);
    return added;
  }

  #fitsListpack(cell: Cell, member: SetMember): boolean {
    member.spell();
    if (!this.limits.admits(packedCount(cell), member.length)) return false;
    return listpack.totalBytes(cell.view, cell.start) + member.length <= listpack.BYTES_MAX;
  }

  /** Makes an intset what can have a member that is no integer. */
  #convertFromIntset(cell: Cell, members: number, member: SetMember): void {
    const longest = Math.max(member.length, longestText(cell));
    if (this.limits.admits(members, longest)) intsetToListpack(cell);
    else this.#convertToTable(cell);
  }

  #convertToTable(cell: Cell): void {
    const { table } = this;
    const root = table.create(false);
    try {
      const cursor = this.#converter;
      const { member } = cursor;
      cursor.open(cell);
      while (cursor.next()) {
        const hash = member.hash();
        table.add(root, hash, member.bytes, member.view, member.start, member.length);
      }
      cell.become(SET_HASHTABLE, root);
    } catch (problem) {
      table.release(root, Number.POSITIVE_INFINITY);
      throw problem;
    }
  }

  /** Gives a loose cell a set without members. */
  #clear(cell: LooseCell, encoding: number): void {
    if (encoding === SET_HASHTABLE) {
      const root = this.table.create(false);
      try {
        cell.become(SET_HASHTABLE, root);
      } catch (problem) {
        this.table.release(root, Number.POSITIVE_INFINITY);
        throw problem;
      }
      return;
    }
    cell.encoding = encoding;
    if (encoding === SET_INTSET) {
      cell.resize(intset.EMPTY_BYTES);
      intset.writeEmpty(cell.view, cell.start);
    } else {
      cell.resize(listpack.EMPTY_BYTES);
      listpack.writeEmpty(cell.bytes, cell.view, cell.start);
    }
  }
}
