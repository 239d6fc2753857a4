/** A large sorted set against a sorted array. */
import type { Ptr } from '../../src/memory/address.ts';
import { NULL } from '../../src/memory/address.ts';
import { Heap, OutOfMemoryError } from '../../src/memory/heap.ts';
import { checkHeap } from '../../src/memory/heap-check.ts';
import { checkTable } from '../../src/structures/hash-table-check.ts';
import { checkTree } from '../../src/structures/score-tree-check.ts';
import { ScoreCursor } from '../../src/structures/score-tree-cursor.ts';
import { hashBytes } from '../../src/structures/siphash.ts';
import { SortedSet } from '../../src/structures/sorted-set.ts';

/** A member and its score. */
export interface Pair {
  readonly member: Buffer;
  readonly score: number;
}

/** Less than 0, 0 or more: the order of two pairs. */
export function comparePairs(a: Pair, b: Pair): number {
  if (a.score < b.score) return -1;
  return a.score > b.score ? 1 : Buffer.compare(a.member, b.member);
}

/** A set under test and what must be in it. */
export class SortedSetModel {
  readonly heap: Heap = new Heap();
  readonly set: SortedSet = new SortedSet(this.heap);
  readonly cursor: ScoreCursor = new ScoreCursor(this.heap);
  /** In order. */
  readonly pairs: Pair[] = [];
  readonly scores = new Map<string, number>();
  root: Ptr = this.set.create();
  /** Members that were there all the time since the last scan began. */
  #scanned = new Set<string>();

  /** The record of a member, or NULL; a hit is remembered for `removeFound`. */
  find(member: Buffer): Ptr {
    const view = viewOf(member);
    return this.set.find(this.root, hashOf(member), member, view, 0, member.length);
  }

  /** Adds a member or changes its score. */
  put(member: Buffer, score: number, isLoading = false): void {
    const { set, root } = this;
    const text = member.toString('latin1');
    const old = this.scores.get(text);
    const record = this.find(member);
    if ((record === NULL) !== (old === undefined)) throw new Error(`is ${text} there or not?`);
    if (old !== undefined) {
      set.update(root, record, score);
      this.pairs.splice(this.placeOf({ member, score: old }), 1);
    } else {
      const add = isLoading ? set.load : set.add;
      add.call(set, root, hashOf(member), score, member, viewOf(member), 0, member.length);
    }
    this.pairs.splice(this.placeOf({ member, score }), 0, { member, score });
    this.scores.set(text, score);
    this.expectPair(this.placeOf({ member, score }));
  }

  remove(member: Buffer): void {
    const record = this.find(member);
    const score = this.#forget(member);
    if (score === undefined) {
      if (record !== NULL) throw new Error('found what was never added');
      return;
    }
    const place = this.placeOf({ member, score });
    expectEqual('rank', this.set.tree.rank(this.root, record), place);
    if (place % 2 === 0) this.set.remove(this.root, record);
    else this.set.removeFound(this.root, record);
    this.pairs.splice(place, 1);
    expectEqual('count', this.set.count(this.root), this.pairs.length);
    if (this.find(member) !== NULL) throw new Error('found what was removed');
  }

  removeRange(rank: number, count: number): void {
    for (let left = count; left > 0; ) {
      const removed = this.set.removeSlice(this.root, rank, left);
      if (removed < 1 || removed > left) throw new Error(`removed ${removed} of ${left}`);
      left -= removed;
    }
    for (const { member } of this.pairs.splice(rank, count)) this.#forget(member);
    expectEqual('count', this.set.count(this.root), this.pairs.length);
  }

  /** The pair of a rank, looked for in every way. */
  expectPair(rank: number): void {
    const { set, root } = this;
    const { member, score } = this.pairs[rank]!;
    const record = this.find(member);
    if (record === NULL) throw new Error(`lost member ${member.toString('latin1')}`);
    expectEqual('record', set.tree.at(root, rank), record);
    expectEqual('rank', set.tree.rank(root, record), rank);
    expectEqual('score', set.members.score(record), score);
    const found = set.score(root, hashOf(member), member, viewOf(member), 0, member.length);
    expectEqual('score', found, score);
    expectEqual('count', set.count(root), this.pairs.length);
  }

  /** Goes `steps` entries either way from what a bound leads to. */
  expectAround(bound: number, orEqual: boolean, steps: number): void {
    const { set, root, cursor, pairs } = this;
    const isBefore = ({ score }: Pair) => score < bound || (orEqual && score === bound);
    const place = lowerBound(pairs, isBefore);
    const score = Float64Array.of(bound);
    expectEqual('rank of score', set.tree.rankOfScore(root, score, orEqual), place);
    let isOn = set.tree.seekScore(root, cursor, score, orEqual);
    expectEqual('rank of the seek', set.tree.seekedRank(), place);
    for (let rank = place; rank < place + steps; rank++, isOn = cursor.next()) {
      if (!this.#expectAt(rank, isOn)) break;
    }
    set.tree.seekScore(root, cursor, score, orEqual);
    for (let rank = place - 1; rank >= place - steps; rank--) {
      if (!this.#expectAt(rank, cursor.previous())) break;
    }
  }

  /** As `expectAround`, with a member for bound. REQUIRES: all scores are equal. */
  expectAroundMember(bound: Buffer, orEqual: boolean): void {
    const { set, root, cursor, pairs } = this;
    const isBefore = ({ member }: Pair) => Buffer.compare(member, bound) < (orEqual ? 1 : 0);
    const place = lowerBound(pairs, isBefore);
    const view = viewOf(bound);
    const rank = set.tree.rankOfMember(root, bound, view, 0, bound.length, orEqual);
    expectEqual('rank of member', rank, place);
    const isOn = set.tree.seekMember(root, cursor, bound, view, 0, bound.length, orEqual);
    this.#expectAt(place, isOn);
    this.#expectAt(place - 1, cursor.previous());
  }

  /** Every member present from beginning to end is returned, whatever `between` does to others. */
  scan(between: () => void): void {
    const { set } = this;
    const present = new Set(this.scores.keys());
    this.#scanned = present;
    const seen = new Set<string>();
    let position = 0;
    do {
      const count = set.scan(this.root, position);
      for (let i = 0; i < count; i++) seen.add(this.memberOf(set.table.batch[i]! as Ptr));
      position = set.table.nextPosition;
      between();
    } while (position !== 0);
    for (const member of present) if (!seen.has(member)) throw new Error('the scan missed one');
  }

  /** Moves what is in evacuated places, with changes between the steps. */
  relocate(between: () => void): void {
    this.root = this.set.relocateRoot(this.root);
    let position = 0;
    do {
      position = this.set.relocate(this.root, position);
      between();
    } while (position !== 0);
  }

  /** The text of a record's member. */
  memberOf(record: Ptr): string {
    const { members } = this.set;
    const start = members.start(record);
    const bytes = this.heap.bytes[members.extent(record)]!;
    return bytes.toString('latin1', start, start + members.length(record));
  }

  /** Where a pair is among the pairs, or belongs. */
  placeOf(pair: Pair): number {
    return lowerBound(this.pairs, (other) => comparePairs(other, pair) < 0);
  }

  /** The whole set: order, table, heap and byte count. */
  check(root: Ptr = this.root, others: readonly Ptr[] = []): void {
    const { set, heap, pairs } = this;
    const records = checkTree(set.tree, set.members, root);
    expectEqual('records', records.length, pairs.length);
    for (const [rank, record] of records.entries()) {
      const { member, score } = pairs[rank]!;
      expectEqual('member', this.memberOf(record), member.toString('latin1'));
      expectEqual('score', set.members.score(record), score);
    }
    const inTable = new Set(checkTable(set.table, set.tableOf(root)));
    expectEqual('records of the table', inTable.size, records.length);
    for (const record of records) {
      if (!inTable.has(record)) throw new Error(`record ${record} is not in the table`);
    }
    const blocks: Ptr[] = [];
    set.visitBlocks(root, (block) => blocks.push(block));
    const bytes = blocks.reduce((sum, block) => sum + heap.capacity(block), 0);
    expectEqual('used bytes', set.usedBytes(root), bytes);
    checkHeap(heap, [...blocks, ...others]);
  }

  /** Copies the set, checks the copy, and gives up the original in slices. */
  copyAndRelease(blocksMax: number): void {
    const { set, heap } = this;
    const original = this.root;
    const copy = set.copy(original);
    const own: Ptr[] = [];
    set.visitBlocks(original, (block) => own.push(block));
    this.check(copy, own);
    this.root = copy;
    const kept: Ptr[] = [];
    set.visitBlocks(copy, (block) => kept.push(block));
    while (!set.release(original, blocksMax)) {
      if (this.pairs.length > 500) continue;
      const left: Ptr[] = [];
      set.visitBlocks(original, (block) => left.push(block));
      checkHeap(heap, [...kept, ...left]);
    }
    this.check();
  }

  /**
   * Runs a change that is refused all memory from the `allowed`-th block on; whether it was made.
   */
  withoutMemory(allowed: number, change: () => void): boolean {
    const { heap } = this;
    const alloc = heap.alloc;
    let left = allowed;
    heap.alloc = (sizeBytes) => {
      if (left-- <= 0) throw new OutOfMemoryError('refused');
      return alloc.call(heap, sizeBytes);
    };
    try {
      change();
      return true;
    } catch (problem) {
      if (!(problem instanceof OutOfMemoryError)) throw problem;
      return false;
    } finally {
      heap.alloc = alloc;
    }
  }

  #expectAt(rank: number, isOn: boolean): boolean {
    const pair = this.pairs[rank];
    expectEqual(`an entry of rank ${rank}`, isOn, pair !== undefined);
    if (pair === undefined) return false;
    expectEqual('score', this.cursor.score, pair.score);
    expectEqual('member', this.memberOf(this.cursor.record), pair.member.toString('latin1'));
    return true;
  }

  #forget(member: Buffer): number | undefined {
    const text = member.toString('latin1');
    const score = this.scores.get(text);
    this.scores.delete(text);
    this.#scanned.delete(text);
    return score;
  }
}

/** The number of pairs that are before a place. */
function lowerBound(pairs: readonly Pair[], isBefore: (pair: Pair) => boolean): number {
  let low = 0;
  let high = pairs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(pairs[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function expectEqual(what: string, found: unknown, expected: unknown): void {
  if (!Object.is(found, expected)) throw new Error(`${what}: ${found}, not ${expected}`);
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function hashOf(member: Buffer): number {
  return hashBytes(viewOf(member), 0, member.length);
}
