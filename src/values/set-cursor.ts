/**
 * Going through the members of a set, however it is held.
 *
 *   cursor.open(cell);
 *   while (cursor.next()) cursor.member.write(reply);
 *
 * Members of a table come bucket by bucket, which is the order in which another table is best
 * filled, and in which those that another table holds are found close together.
 */
import type { Ptr } from '../memory/address.ts';
import * as intset from '../structures/intset.ts';
import { ListpackCursor } from '../structures/listpack-cursor.ts';
import type { PackedTable } from '../structures/packed-table.ts';
import type { Cell } from './cell.ts';
import { SET_HASHTABLE, SET_INTSET } from './set-encoding.ts';
import { SetMember } from './set-member.ts';

/** See the file's comment. The set may not change meanwhile, nor its table be scanned. */
export class SetCursor {
  /** The member that `next` came to. */
  readonly member: SetMember = new SetMember();
  readonly #table: PackedTable;
  readonly #entry = new ListpackCursor();
  #cell!: Cell;
  #encoding = 0;
  /** Members of the intset, or of the bucket, that are behind. */
  #index = 0;
  /** Members in the intset, or in the bucket. */
  #count = 0;
  #root = 0 as Ptr;
  /** Number of the bucket that comes next. */
  #bucket = 0;
  #isBegun = false;

  constructor(table: PackedTable) {
    this.#table = table;
  }

  /** Stands before the first member. */
  open(cell: Cell): void {
    this.#cell = cell;
    this.#encoding = cell.encoding;
    this.#index = 0;
    this.#count = 0;
    this.#bucket = 0;
    this.#isBegun = false;
    if (this.#encoding === SET_HASHTABLE) this.#root = cell.root;
    else if (this.#encoding === SET_INTSET) this.#count = intset.count(cell.view, cell.start);
  }

  /** Goes to the next member; whether there is one. */
  next(): boolean {
    if (this.#encoding === SET_HASHTABLE) return this.#nextOfTable();
    const { member } = this;
    const { bytes, view, start } = this.#cell;
    if (this.#encoding === SET_INTSET) {
      if (this.#index === this.#count) return false;
      intset.read(view, start, this.#index++, member.integer);
      member.integerWasSet();
      return true;
    }
    const entry = this.#entry;
    const isThere = this.#isBegun ? entry.next(bytes, view) : entry.first(bytes, view, start);
    this.#isBegun = true;
    if (isThere) takeEntry(member, entry, bytes, view);
    return isThere;
  }

  #nextOfTable(): boolean {
    const table = this.#table;
    while (this.#index === this.#count) {
      if (this.#bucket === table.bucketCount(this.#root)) return false;
      this.#count = table.openBucket(this.#root, this.#bucket++);
      this.#index = 0;
    }
    table.entry(this.#index++);
    const { memberBytes, memberView, memberStart, memberLength } = table;
    this.member.setText(memberBytes, memberView, memberStart, memberLength);
    return true;
  }
}

/** Takes the entry of a listpack that a cursor is at. */
export function takeEntry(
  member: SetMember,
  entry: ListpackCursor,
  bytes: Buffer,
  view: DataView,
): void {
  if (entry.isInteger) {
    member.integer.set(entry.integer.low, entry.integer.high);
    member.integerWasSet();
  } else {
    member.setText(bytes, view, entry.textStart, entry.textLength);
  }
}
