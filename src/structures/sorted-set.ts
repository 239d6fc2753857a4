/**
 * A large sorted set: a table that finds members and a tree that orders them, over the same
 * records.
 *
 *   root (32 B)   | tree: top, first, last, entries | table | - | used bytes f64 |
 *
 * Invariants: every record is in one slot of the table and in one of a leaf; the table, the nodes,
 * the records and the root together take the used bytes, which are counted as blocks come and go.
 *
 * At 1M members of 20 bytes a set takes 54.4 bytes per member after random insertions (32 the
 * record, 14.6 the tree, 7.9 the table), 55.3 once all scores have changed, 52.9 after ascending
 * insertions. Rejected: scores in leaves only (8 bytes less, but a member's score would be the way
 * to its leaf, and its leaf the way to it).
 *
 * A set is the address of its root. Records that are passed are those of that set; an address is
 * good until the member is removed or relocated.
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import type { RecordMover } from './hash-table.ts';
import { MemberRecords } from './member-records.ts';
import { MemberTable } from './member-table.ts';
import type { NamedScores } from './score-ahead.ts';
import { ScoreTree } from './score-tree.ts';
import { ScoreCursor } from './score-tree-cursor.ts';
import { TREE_ROOT_BYTES } from './score-tree-node.ts';

const ROOT_BYTES = 32;
const ROOT_TABLE = TREE_ROOT_BYTES / 4;
/** In bytes; the other is in words. */
const ROOT_USED_BYTES = 24;

/** Positions of `relocate` from here on are ranks: those below belong to the table. */
const POSITION_NODES = 2 ** 32;
/** Blocks that one step of taking a table apart frees. */
const SEGMENT_BLOCKS = 9;

/** Told which members are about to change, while somebody wants to know; may only read. */
export interface MemberWitness {
  /** Of the set at `root`, those whose hashes, unsigned, are in [start, end). */
  placesChanging(root: Ptr, start: number, end: number): void;
}

/** Operations on large sorted sets. One per engine serves all of them. */
export class SortedSet {
  readonly heap: Heap;
  readonly members: MemberRecords;
  /** Where `scan` leaves what it finds. */
  readonly table: MemberTable;
  /** For ranks, ranges and cursors, which take the set's root. Changes are made here, not there. */
  readonly tree: ScoreTree;
  /** Told before each change; null while nobody wants to know. */
  witness: MemberWitness | null = null;
  readonly #cursor: ScoreCursor;
  readonly #mover: RecordMover;
  /** The set whose records `#mover` moves. */
  #relocating: Ptr = NULL;

  constructor(heap: Heap) {
    this.heap = heap;
    this.members = new MemberRecords(heap);
    this.table = new MemberTable(this.members);
    this.tree = new ScoreTree(this.members);
    this.#cursor = new ScoreCursor(heap);
    this.#mover = { moveRecord: (record) => this.#moveRecord(record) };
  }

  /** Makes an empty set. */
  create(): Ptr {
    const { heap } = this;
    const before = heap.usedBytes;
    const root = heap.alloc(ROOT_BYTES);
    let table = NULL;
    try {
      table = this.table.create();
      this.tree.create(root);
    } catch (refusal) {
      if (table !== NULL) while (this.table.drainSegment(table) >= 0);
      heap.free(root);
      throw refusal;
    }
    heap.setWord(root, ROOT_TABLE, table);
    this.#setUsedBytes(root, heap.usedBytes - before);
    return root;
  }

  /** Members of the set. */
  count(root: Ptr): number {
    return this.tree.count(root);
  }

  /** Bytes of all blocks of the set, records and root included. */
  usedBytes(root: Ptr): number {
    const at = ((root & UNIT_MASK) << 3) + ROOT_USED_BYTES;
    return this.heap.views[root >>> EXTENT_SHIFT]!.getFloat64(at, true);
  }

  /** The record of a member, or NULL. A hit is remembered for `removeFound`. */
  find(
    root: Ptr,
    hash: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): Ptr {
    return this.table.find(this.tableOf(root), hash, bytes, view, offset, length);
  }

  /**
   * Brings into the cache what finding `hashes[i]` in the set at `roots[i]` will read, for the
   * first `count`. Overwrites `hashes`. The value returned only keeps the loads from being
   * optimised away.
   */
  prefetchMembers(roots: Uint32Array, hashes: Int32Array, count: number): number {
    let sum = 0;
    for (let from = 0; from < count; ) {
      const root = roots[from]! as Ptr;
      let end = from + 1;
      while (end < count && roots[end] === root) end++;
      const some = from === 0 ? hashes : hashes.subarray(from, end);
      sum ^= this.table.prefetch(this.tableOf(root), some, end - from);
      from = end;
    }
    return sum;
  }

  /** As `prefetchMembers`, for scores; see `ScoreAhead.fetch`. */
  prefetchScores(named: NamedScores): number {
    return this.tree.ahead.fetch(named);
  }

  /** The score of a member, NaN if there is none. */
  score(
    root: Ptr,
    hash: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): number {
    const record = this.find(root, hash, bytes, view, offset, length);
    return record === NULL ? Number.NaN : this.members.score(record);
  }

  /**
   * Adds a member that is not in the set; returns its record. Without memory it throws and nothing
   * has changed.
   */
  add(
    root: Ptr,
    hash: number,
    score: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): Ptr {
    if (this.witness !== null) this.#announce(root, hash);
    const before = this.heap.usedBytes;
    expectNumber(score);
    try {
      const record = this.members.create(score, bytes, view, offset, length);
      this.#insert(root, hash, record, false);
      return record;
    } finally {
      this.#addUsedBytes(root, this.heap.usedBytes - before);
    }
  }

  /** As `add`, but quick for members that come in order, from either end: for loading. */
  load(
    root: Ptr,
    hash: number,
    score: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): Ptr {
    if (this.witness !== null) this.#announce(root, hash);
    const before = this.heap.usedBytes;
    expectNumber(score);
    try {
      const record = this.members.create(score, bytes, view, offset, length);
      this.#insert(root, hash, record, true);
      return record;
    } finally {
      this.#addUsedBytes(root, this.heap.usedBytes - before);
    }
  }

  /** Gives a member another score. Without memory it throws and nothing has changed. */
  update(root: Ptr, record: Ptr, score: number): void {
    if (this.witness !== null) this.#announce(root, this.table.hashOf(record));
    const before = this.heap.usedBytes;
    expectNumber(score);
    this.tree.move(root, record, score);
    this.#addUsedBytes(root, this.heap.usedBytes - before);
  }

  /** Removes a member. */
  remove(root: Ptr, record: Ptr): void {
    this.#locate(root, record);
    this.removeFound(root, record);
  }

  /** Removes the member that the last search found. */
  removeFound(root: Ptr, record: Ptr): void {
    if (this.witness !== null) this.#announce(root, this.table.hashOf(record));
    const before = this.heap.usedBytes;
    this.tree.remove(root, record);
    this.table.remove(this.tableOf(root));
    this.heap.free(record);
    this.#addUsedBytes(root, this.heap.usedBytes - before);
  }

  /**
   * Removes up to `countMax` members from a rank on, at most a leaf's; returns how many. To remove
   * a range, call again with the same rank.
   */
  removeSlice(root: Ptr, rank: number, countMax: number): number {
    const before = this.heap.usedBytes;
    const table = this.tableOf(root);
    const count = this.tree.removeSlice(root, rank, countMax);
    for (let i = 0; i < count; i++) {
      const record = this.tree.batch[i]! as Ptr;
      // Out of the tree, but in the table, where the witness looks.
      if (this.witness !== null) this.#announce(root, this.table.hashOf(record));
      this.#locate(root, record);
      this.table.remove(table);
      this.heap.free(record);
    }
    this.#addUsedBytes(root, this.heap.usedBytes - before);
    return count;
  }

  /** A record chosen with equal chances, or NULL when the set is empty. `random()` is in [0, 1). */
  random(root: Ptr, random: () => number): Ptr {
    return this.table.randomRecord(this.tableOf(root), random);
  }

  /**
   * As `table.scanBucket`: records come to `table.batch`, the position after them to
   * `table.nextPosition`.
   */
  scan(root: Ptr, position: number): number {
    return this.table.scanBucket(this.tableOf(root), position);
  }

  /** Makes a set with the same members and scores. Without memory it throws, and there is none. */
  copy(root: Ptr): Ptr {
    const { heap, members } = this;
    const cursor = this.#cursor;
    const copy = this.create();
    const before = heap.usedBytes;
    try {
      for (let isOn = this.tree.seekRank(root, cursor, 0); isOn; isOn = cursor.next()) {
        const record = members.copy(cursor.record);
        this.#insert(copy, this.table.hashOf(record), record, true);
      }
    } catch (refusal) {
      this.release(copy, Number.POSITIVE_INFINITY);
      throw refusal;
    }
    this.#addUsedBytes(copy, heap.usedBytes - before);
    return copy;
  }

  /**
   * Frees about `blocksMax` blocks of a set, at most 75 more; true once nothing is left of it.
   * After the first call only `visitBlocks`, `usedBytes` and further calls are allowed.
   */
  release(root: Ptr, blocksMax: number): boolean {
    const { heap, tree } = this;
    const before = heap.usedBytes;
    for (let left = blocksMax; left > 0; ) {
      const count = tree.drainLeaf(root);
      for (let i = 0; i < count; i++) heap.free(tree.batch[i]! as Ptr);
      if (count >= 0) {
        left -= count + 1;
      } else if (this.table.drainSegment(this.tableOf(root)) >= 0) {
        left -= SEGMENT_BLOCKS;
      } else {
        heap.free(root);
        return true;
      }
    }
    this.#addUsedBytes(root, heap.usedBytes - before);
    return false;
  }

  /**
   * Moves the root, and the table's, if they lie in evacuated places; returns the root's address.
   */
  relocateRoot(root: Ptr): Ptr {
    this.heap.setWord(root, ROOT_TABLE, this.table.relocateRoot(this.tableOf(root)));
    return this.heap.isEvacuating(root) ? this.heap.relocate(root) : root;
  }

  /**
   * Moves what lies in evacuated places of one bucket of the table, its records included, or of one
   * leaf and the nodes above it. Begins at position 0 and returns the next, 0 at the end. What is
   * added meanwhile needs no move.
   */
  relocate(root: Ptr, position: number): number {
    if (position < POSITION_NODES) {
      this.#relocating = root;
      this.table.relocateBucket(this.tableOf(root), position, this.#mover);
      return this.table.nextPosition === 0 ? POSITION_NODES : this.table.nextPosition;
    }
    const rank = Math.min(position - POSITION_NODES, this.count(root));
    const next = this.tree.relocateNodes(root, rank);
    return next >= this.count(root) ? 0 : POSITION_NODES + next;
  }

  /** Calls back with the address of every block, also of a set that is being released. */
  visitBlocks(root: Ptr, visit: (block: Ptr) => void): void {
    const { nodes } = this.tree;
    visit(root);
    this.table.visitBlocks(this.tableOf(root), visit);
    this.tree.visitNodes(root, (node) => {
      visit(node);
      if (nodes.level(node) > 0) return;
      const count = nodes.count(node);
      for (let slot = 0; slot < count; slot++) visit(nodes.record(node, slot));
    });
  }

  /** The root of the set's table. */
  tableOf(root: Ptr): Ptr {
    return this.heap.word(root, ROOT_TABLE) as Ptr;
  }

  /** Puts a record in the table and the tree. Without memory it frees the record and throws. */
  #insert(root: Ptr, hash: number, record: Ptr, isSorted: boolean): void {
    const { heap, table } = this;
    const tableRoot = this.tableOf(root);
    try {
      table.insert(tableRoot, hash, record);
      if (isSorted) this.tree.insertSorted(root, record);
      else this.tree.insert(root, record);
    } catch (refusal) {
      if (table.locate(tableRoot, hash, record)) table.remove(tableRoot);
      heap.free(record);
      throw refusal;
    }
  }

  #announce(root: Ptr, signedHash: number): void {
    const hash = signedHash >>> 0;
    this.witness!.placesChanging(root, hash, hash + 1);
  }

  #locate(root: Ptr, record: Ptr): void {
    if (!this.table.locate(this.tableOf(root), this.table.hashOf(record), record)) {
      throw new Error(`record ${record} is not in the table`);
    }
  }

  #moveRecord(record: Ptr): Ptr {
    if (!this.heap.isEvacuating(record)) return record;
    return this.tree.relocateRecord(this.#relocating, record);
  }

  #addUsedBytes(root: Ptr, delta: number): void {
    this.#setUsedBytes(root, this.usedBytes(root) + delta);
  }

  #setUsedBytes(root: Ptr, bytes: number): void {
    const at = ((root & UNIT_MASK) << 3) + ROOT_USED_BYTES;
    this.heap.views[root >>> EXTENT_SHIFT]!.setFloat64(at, bytes, true);
  }
}

function expectNumber(score: number): void {
  if (Number.isNaN(score)) throw new Error('a score is not a number');
}
