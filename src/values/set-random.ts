/**
 * Members of sets chosen at random, all with equal chances: to look at them, and to take them out.
 *
 * Where a table is large, the random numbers for the next choices are drawn ahead, and the buckets
 * that they will lead to are fetched together, so that the cache misses overlap. What they lead to
 * is found out when their turn comes, so nothing need stay as it was meanwhile.
 */
import type { Ptr } from '../memory/address.ts';
import type { Reply } from '../protocol/reply.ts';
import * as intset from '../structures/intset.ts';
import * as listpack from '../structures/listpack.ts';
import { ListpackCursor } from '../structures/listpack-cursor.ts';
import { DRAWS_AHEAD_MAX } from '../structures/packed-sampling.ts';
import type { Cell } from './cell.ts';
import type { Sets } from './set.ts';
import { takeEntry } from './set-cursor.ts';
import { SET_HASHTABLE, SET_INTSET, SET_LISTPACK } from './set-encoding.ts';
import { SetMember, type TextSink } from './set-member.ts';
import { packedCount, removeFlagged, trimCell } from './set-packed.ts';

/** When so many times what stays is less than what goes, what stays is taken out instead. */
const KEEP_SHARE = 5;

/** Tables with fewer members are in the cache as they are. */
const AHEAD_MEMBERS_MIN = 20_000;

/** See the file's comment. One per keyspace serves all sets. */
export class SetPicker {
  /** The member that `pick` chose. */
  readonly member: SetMember = new SetMember();
  /** In [0, 1). */
  random: () => number = Math.random;
  readonly #sets: Sets;
  readonly #entry = new ListpackCursor();
  /** Where the member is among those of an intset, or its offset in a listpack. */
  #place = 0;
  /** For each draw a number for the bucket, and one for the place in it; see PackedSampling. */
  readonly #drawn = new Float64Array(DRAWS_AHEAD_MAX * 2);
  #next: number = DRAWS_AHEAD_MAX * 2;
  #root = 0 as Ptr;
  /** Sum of what was fetched, so that it cannot be optimised away. */
  #sum = 0;

  constructor(sets: Sets) {
    this.#sets = sets;
  }

  /** Chooses a member. REQUIRES: there is one. */
  pick(cell: Cell): SetMember {
    const { member } = this;
    const { table } = this.#sets;
    const { encoding, bytes, view, start } = cell;
    if (encoding === SET_HASHTABLE) {
      const { root } = cell;
      const isLarge = table.count(root) >= AHEAD_MEMBERS_MIN;
      this.#root = root;
      table.random(root, isLarge ? this.#drawnAhead : this.random);
      member.setText(table.memberBytes, table.memberView, table.memberStart, table.memberLength);
      return member;
    }
    const index = Math.floor(this.random() * packedCount(cell));
    if (encoding === SET_INTSET) {
      this.#place = index;
      intset.read(view, start, index, member.integer);
      member.integerWasSet();
      return member;
    }
    this.#place = listpack.atIndex(bytes, view, start, index);
    return this.#memberAt(cell, this.#place);
  }

  /** Takes out what `pick` chose. REQUIRES: the set has not changed since. */
  removePicked(cell: Cell): void {
    const { encoding, bytes, view, start } = cell;
    if (encoding === SET_HASHTABLE) {
      this.#sets.table.removeFound(cell.root);
      return;
    }
    if (encoding === SET_INTSET) intset.removeAt(bytes, view, start, this.#place);
    else listpack.remove(bytes, view, start, this.#place);
    trimCell(cell);
  }

  /** Answers with a member so many times, each choice independent of the others. */
  writeTimes(cell: Cell, times: number, reply: Reply): void {
    if (cell.encoding !== SET_LISTPACK) {
      for (let i = 0; i < times; i++) this.pick(cell).write(reply);
      return;
    }
    const { bytes, view, start } = cell;
    const members = packedCount(cell);
    const offsets = new Uint32Array(members);
    for (let i = 0, offset = listpack.first(bytes, start); i < members; i++) {
      offsets[i] = offset;
      offset = listpack.behind(bytes, view, start, offset);
    }
    for (let i = 0; i < times; i++) {
      this.#memberAt(cell, offsets[Math.floor(this.random() * members)]!).write(reply);
    }
  }

  /** Answers with so many different members. REQUIRES: there are as many. */
  writeSample(cell: Cell, count: number, reply: Reply): void {
    const { cursor, table } = this.#sets;
    if (cell.encoding === SET_HASHTABLE) {
      table.randomMany(cell.root, count, this.random, () => {
        reply.bulk(table.memberBytes, table.memberView, table.memberStart, table.memberLength);
      });
      return;
    }
    let left = packedCount(cell);
    let wanted = count;
    cursor.open(cell);
    while (wanted > 0 && cursor.next()) {
      if (this.random() * left-- >= wanted) continue;
      wanted--;
      cursor.member.write(reply);
    }
  }

  /**
   * Takes out so many members and answers with them. REQUIRES: others stay. What throws on the way
   * may have taken out some.
   */
  takeOut(cell: Cell, count: number, reply: TextSink): void {
    if (cell.encoding !== SET_HASHTABLE) {
      this.#takeOutPacked(cell, count, reply);
      return;
    }
    const stays = this.#sets.size(cell) - count;
    if (stays * KEEP_SHARE <= count) {
      this.#keep(cell, stays, reply);
      return;
    }
    for (let i = 0; i < count; i++) {
      this.pick(cell).write(reply);
      this.removePicked(cell);
    }
  }

  #takeOutPacked(cell: Cell, count: number, reply: TextSink): void {
    const { cursor } = this.#sets;
    let left = packedCount(cell);
    let wanted = count;
    const flags = new Uint8Array(left);
    cursor.open(cell);
    for (let i = 0; cursor.next(); i++) {
      if (this.random() * left-- >= wanted) continue;
      wanted--;
      flags[i] = 1;
      cursor.member.write(reply);
    }
    removeFlagged(cell, flags, count);
  }

  /** Takes out all but so many members: these go to a new set, which may be a small one. */
  #keep(cell: Cell, stays: number, reply: TextSink): void {
    const sets = this.#sets;
    const { cursor } = sets;
    const kept = sets.create(SET_LISTPACK);
    try {
      let left = sets.size(cell);
      let wanted = stays;
      cursor.open(cell);
      while (cursor.next()) {
        if (this.random() * left-- >= wanted) {
          cursor.member.write(reply);
        } else {
          wanted--;
          sets.addMember(kept, cursor.member);
        }
      }
      sets.replace(cell, kept);
    } finally {
      sets.dispose(kept);
    }
  }

  readonly #drawnAhead = (): number => {
    if (this.#next === this.#drawn.length) this.#draw();
    return this.#drawn[this.#next++]!;
  };

  #draw(): void {
    const drawn = this.#drawn;
    for (let i = 0; i < drawn.length; i++) drawn[i] = this.random();
    this.#next = 0;
    this.#sum ^= this.#sets.table.fetchDrawn(this.#root, drawn, DRAWS_AHEAD_MAX);
  }

  #memberAt({ bytes, view, start }: Cell, offset: number): SetMember {
    this.#entry.seek(bytes, view, start, offset);
    takeEntry(this.member, this.#entry, bytes, view);
    return this.member;
  }
}
