/**
 * The order of a large sorted set: a B+tree of its records by (score, member), in the arena.
 * score-tree-node.ts draws its bytes.
 *
 * Every inner entry counts the entries below, so that the rank of a record and the record of a rank
 * take one walk from the top. Leaves are linked both ways; a range is one walk and then a run
 * through arrays. A leaf holds the scores, so that only equal ones make a search look at records.
 * -0 equals 0, infinities are scores like others, NaN is none.
 *
 * At 1M records, five levels: 14.6 bytes per record after random insertions, 15.4 once all scores
 * have changed, 13.1 after ascending insertions. Rejected: a skiplist (27 bytes, and a cache miss
 * per step where a node has one per 31 entries), nodes of 63 entries (13.9 bytes, but twice the
 * lines to fetch and to shift for a place in a leaf: 2 % more CPU for pipelined ZADD, 4 % for
 * ZRANGEBYSCORE), and separators that are only bounds (a record could go without notice, unless it
 * is such a bound).
 *
 * A tree is the address of a root, 16 bytes that its owner provides. Scores are those in the
 * records: a record's score may change only through `move`.
 */
import { NULL, type Ptr } from '../memory/address.ts';
import type { MemberRecords } from './member-records.ts';
import { RECORDS_AHEAD, ScoreAhead } from './score-ahead.ts';
import type { ScoreCursor } from './score-tree-cursor.ts';
import { TreeDeletion } from './score-tree-delete.ts';
import { TreeInsertion } from './score-tree-insert.ts';
import { QuickMove } from './score-tree-move.ts';
import {
  ENTRIES_MAX,
  ENTRY_RECORD,
  TREE_COUNT,
  TREE_FIRST,
  TREE_LAST,
  TREE_TOP,
  TreeNodes,
} from './score-tree-node.ts';
import { TreePath } from './score-tree-path.ts';
import { NodeSpread } from './score-tree-spread.ts';

/** See the file's comment. One per engine serves all sorted sets. */
export class ScoreTree {
  readonly nodes: TreeNodes;
  /** Where scores are that were named ahead. */
  readonly ahead: ScoreAhead;
  /** Records that the last `removeSlice` or `drainLeaf` took out. */
  readonly batch: Uint32Array = new Uint32Array(ENTRIES_MAX);
  readonly #members: MemberRecords;
  readonly #insertion: TreeInsertion;
  readonly #deletion: TreeDeletion;
  readonly #path: TreePath;
  /** Where a record that moves comes from. */
  readonly #origin: TreePath;
  readonly #quickMove: QuickMove;
  /** The score that a record has before it moves. */
  readonly #own = new Float64Array(1);

  constructor(members: MemberRecords) {
    this.nodes = new TreeNodes(members.heap);
    this.#members = members;
    this.ahead = new ScoreAhead(members.heap);
    const spread = new NodeSpread(this.nodes);
    this.#insertion = new TreeInsertion(this.nodes, spread);
    this.#deletion = new TreeDeletion(this.nodes, spread);
    this.#path = new TreePath(this.nodes, members);
    this.#origin = new TreePath(this.nodes, members);
    this.#quickMove = new QuickMove(this.nodes, members, this.ahead);
  }

  /** Makes an empty tree of a root. */
  create(root: Ptr): void {
    const { heap } = this.nodes;
    const leaf = this.nodes.createLeaf();
    heap.setWord(root, TREE_TOP, leaf);
    heap.setWord(root, TREE_FIRST, leaf);
    heap.setWord(root, TREE_LAST, leaf);
    heap.setWord(root, TREE_COUNT, 0);
  }

  count(root: Ptr): number {
    return this.nodes.heap.word(root, TREE_COUNT);
  }

  /**
   * Adds a record that is not in the tree. Without memory to grow it throws and nothing has
   * changed.
   */
  insert(root: Ptr, record: Ptr): void {
    this.#takeInHand(record);
    this.#toRecord(root, record);
    this.#insertion.insert(root, this.#path);
  }

  /**
   * As `insert`, but quick for a record that belongs before the first or behind the last: for
   * loading.
   */
  insertSorted(root: Ptr, record: Ptr): void {
    this.#takeInHand(record);
    const { nodes } = this;
    const last = nodes.heap.word(root, TREE_LAST) as Ptr;
    const first = nodes.heap.word(root, TREE_FIRST) as Ptr;
    const count = nodes.count(last);
    if (count === 0 || this.#isAfter(record, last, count - 1)) this.#path.toLast(root);
    else if (!this.#isAfter(record, first, 0)) this.#path.toFirst(root);
    else this.#path.toRecord(root, record);
    this.#insertion.insert(root, this.#path);
  }

  /** Takes a record out of the tree. */
  remove(root: Ptr, record: Ptr): void {
    const path = this.#find(root, record);
    this.#deletion.remove(root, path, path.slots[0]! - 1, 1);
  }

  /** Gives a record another score. Without memory to grow it throws and nothing has changed. */
  move(root: Ptr, record: Ptr, score: number): void {
    const { nodes } = this;
    this.#members.readScore(record, this.#own);
    nodes.entryScore[0] = score;
    if (!this.#quickMove.move(root, record, this.#own)) this.#moveAny(root, record, score);
    this.#members.setScore(record, score);
  }

  /** `move`, whatever it takes, but for the score in the record. */
  #moveAny(root: Ptr, record: Ptr, score: number): void {
    const { nodes } = this;
    const origin = this.#origin;
    const path = this.#path;
    this.#takeInHand(record);
    origin.toLeafOf(root, record);
    nodes.entryScore[0] = score;
    path.toLeafOf(root, record);
    path.touchLeaves(origin);
    this.#members.readScore(record, nodes.entryScore);
    origin.searchLeaf(record);
    const leaf = origin.nodes[0]! as Ptr;
    let slot = this.#slotOf(origin, record);
    nodes.entryScore[0] = score;
    if (this.#mayStay(leaf, slot, record)) {
      nodes.setScore(leaf, slot, score);
      if (slot === 0) origin.refreshKeys(1);
    } else {
      path.searchLeaf(record);
      const isBefore = path.nodes[0] === leaf && path.slots[0]! <= slot;
      if (this.#insertion.insert(root, path)) {
        if (isBefore) slot++;
      } else {
        this.#takeInHand(record);
        origin.toRecord(root, record);
        slot = this.#slotOf(origin, record);
      }
      this.#deletion.remove(root, origin, slot, 1);
    }
  }

  /**
   * Takes up to `countMax` records from a rank on, all of one leaf, out of the tree; returns how
   * many.
   */
  removeSlice(root: Ptr, rank: number, countMax: number): number {
    const path = this.#path;
    path.toRank(root, rank);
    const leaf = path.nodes[0]! as Ptr;
    const slot = path.slots[0]!;
    const count = Math.min(countMax, this.nodes.count(leaf) - slot);
    for (let i = 0; i < count; i++) this.batch[i] = this.nodes.record(leaf, slot + i);
    if (count > 0) this.#deletion.remove(root, path, slot, count);
    return count;
  }

  /** Records before this one. */
  rank(root: Ptr, record: Ptr): number {
    return this.#find(root, record).rank() - 1;
  }

  /** Records with a lower score than `bound[0]`, or with one that is not higher. */
  rankOfScore(root: Ptr, bound: Float64Array, orEqual: boolean): number {
    this.nodes.entryScore[0] = bound[0]!;
    this.#path.toScore(root, orEqual);
    return this.#path.rank();
  }

  /**
   * Records whose member is before these bytes, or not after them. REQUIRES: all scores are equal.
   */
  rankOfMember(
    root: Ptr,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
    orEqual: boolean,
  ): number {
    this.#path.toMember(root, bytes, view, offset, length, orEqual);
    return this.#path.rank();
  }

  /** The record of a rank. REQUIRES: 0 <= rank < the tree's count. */
  at(root: Ptr, rank: number): Ptr {
    this.#path.toRank(root, rank);
    return this.nodes.record(this.#path.nodes[0]! as Ptr, this.#path.slots[0]!);
  }

  /**
   * Puts a cursor on the record of a rank; without one, as all seeks, behind the last. Whether
   * there is one.
   */
  seekRank(root: Ptr, cursor: ScoreCursor, rank: number): boolean {
    this.#path.toRank(root, Math.min(rank, this.count(root)));
    return this.#place(cursor);
  }

  /** The rank of the record that the last seek went to. */
  seekedRank(): number {
    return this.#path.rank();
  }

  /** Puts a cursor on the first record whose score is not lower than `bound[0]`, or is higher. */
  seekScore(root: Ptr, cursor: ScoreCursor, bound: Float64Array, orEqual: boolean): boolean {
    this.nodes.entryScore[0] = bound[0]!;
    this.#path.toScore(root, orEqual);
    return this.#place(cursor);
  }

  /** As `seekScore`, without a rank: where looking ahead has walked already, nothing does again. */
  enterScore(root: Ptr, cursor: ScoreCursor, bound: Float64Array, orEqual: boolean): boolean {
    const { ahead, nodes } = this;
    const walk = orEqual ? -1 : ahead.recall(root, bound);
    if (walk >= 0 && ahead.leads(walk)) {
      const leaf = ahead.leaf(walk);
      const place = ahead.place(walk);
      if (this.#isBetween(leaf, place, bound)) {
        cursor.place(leaf, place);
        cursor.ready = Math.min(RECORDS_AHEAD, nodes.count(leaf) - place);
        return true;
      }
    }
    return this.seekScore(root, cursor, bound, orEqual);
  }

  /**
   * Puts a cursor on the first record whose member is not before these bytes, or after them, as
   * `rankOfMember`.
   */
  seekMember(
    root: Ptr,
    cursor: ScoreCursor,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
    orEqual: boolean,
  ): boolean {
    this.#path.toMember(root, bytes, view, offset, length, orEqual);
    return this.#place(cursor);
  }

  /**
   * Moves a record out of an evacuated place, as `heap.relocate` does, and tells the tree; returns
   * its address. The table's slot is left to the caller.
   */
  relocateRecord(root: Ptr, record: Ptr): Ptr {
    const { nodes } = this;
    const path = this.#find(root, record);
    const moved = nodes.heap.relocate(record);
    nodes.setRecord(path.nodes[0]! as Ptr, path.slots[0]! - 1, moved);
    if (path.slots[0] === 1) path.refreshKeys(1);
    return moved;
  }

  /**
   * Moves what is in evacuated places of the nodes on the way to a rank; returns the first rank of
   * the next leaf. Ranks of a tree that changes in between may lead past a node.
   */
  relocateNodes(root: Ptr, rank: number): number {
    const { nodes } = this;
    const { heap } = nodes;
    const path = this.#path;
    path.toRank(root, rank);
    const next = rank - path.slots[0]! + nodes.count(path.nodes[0]! as Ptr);
    for (let level = path.top; level >= 0; level--) {
      const node = path.nodes[level]! as Ptr;
      if (!heap.isEvacuating(node)) continue;
      const moved = heap.relocate(node);
      path.nodes[level] = moved;
      if (level === path.top) heap.setWord(root, TREE_TOP, moved);
      else nodes.setChild(path.nodes[level + 1]! as Ptr, path.slots[level + 1]!, moved);
      if (level > 0) continue;
      nodes.link(root, nodes.previous(moved), moved);
      nodes.link(root, moved, nodes.next(moved));
    }
    return next;
  }

  /** As `TreeDeletion.drainLeaf`, into `batch`. */
  drainLeaf(root: Ptr): number {
    return this.#deletion.drainLeaf(root, this.#path, this.batch);
  }

  /** Calls back with the address of every node, also of a tree that is being drained. */
  visitNodes(root: Ptr, visit: (node: Ptr) => void): void {
    const top = this.nodes.heap.word(root, TREE_TOP) as Ptr;
    if (top !== NULL) this.#visitNode(top, visit);
  }

  #visitNode(node: Ptr, visit: (node: Ptr) => void): void {
    visit(node);
    if (this.nodes.level(node) === 0) return;
    const count = this.nodes.count(node);
    for (let slot = 0; slot < count; slot++) this.#visitNode(this.nodes.child(node, slot), visit);
  }

  #takeInHand(record: Ptr): void {
    this.#members.readScore(record, this.nodes.entryScore);
    this.nodes.entry[ENTRY_RECORD] = record;
  }

  /** Walks to behind a record. */
  #find(root: Ptr, record: Ptr): TreePath {
    const path = this.#path;
    this.#takeInHand(record);
    this.#toRecord(root, record);
    this.#slotOf(path, record);
    return path;
  }

  /**
   * Walks to behind where the record in hand is or belongs, the way that was gone ahead if that
   * leads there.
   */
  #toRecord(root: Ptr, record: Ptr): void {
    const { ahead, nodes } = this;
    const path = this.#path;
    const walk = ahead.recall(root, nodes.entryScore);
    if (walk >= 0 && ahead.leads(walk)) {
      ahead.follow(walk, path);
      path.searchLeaf(record);
      const place = path.slots[0]!;
      // At an end of the leaf the right place may be in another one.
      if (place > 0 && place < nodes.count(path.nodes[0]! as Ptr)) return;
    }
    path.toRecord(root, record);
  }

  /** Whether a place of a leaf is between lower scores and those that are not lower. */
  #isBetween(leaf: Ptr, place: number, bound: Float64Array): boolean {
    const { nodes } = this;
    if (place === 0 || place >= nodes.count(leaf)) return false;
    return nodes.score(leaf, place - 1) < bound[0]! && nodes.score(leaf, place) >= bound[0]!;
  }

  /** The slot of the record that a path led to. */
  #slotOf(path: TreePath, record: Ptr): number {
    const slot = path.slots[0]! - 1;
    if (slot < 0 || this.nodes.record(path.nodes[0]! as Ptr, slot) !== record) {
      throw new Error(`record ${record} is not in the tree`);
    }
    return slot;
  }

  /** Whether a record with the score in hand belongs behind the entry in a slot. */
  #isAfter(record: Ptr, leaf: Ptr, slot: number): boolean {
    const score = this.nodes.entryScore[0]!;
    const other = this.nodes.score(leaf, slot);
    if (score !== other) return score > other;
    return this.#members.compare(record, this.nodes.record(leaf, slot)) > 0;
  }

  /** Whether a record in a slot may take the score in hand and stay there. */
  #mayStay(leaf: Ptr, slot: number, record: Ptr): boolean {
    const { nodes } = this;
    const last = nodes.count(leaf) - 1;
    if (slot > 0) {
      if (!this.#isAfter(record, leaf, slot - 1)) return false;
    } else if (nodes.previous(leaf) !== NULL) {
      const previous = nodes.previous(leaf);
      if (!this.#isAfter(record, previous, nodes.count(previous) - 1)) return false;
    }
    if (slot < last) return !this.#isAfter(record, leaf, slot + 1);
    const next = nodes.next(leaf);
    return next === NULL || !this.#isAfter(record, next, 0);
  }

  #place(cursor: ScoreCursor): boolean {
    return cursor.place(this.#path.nodes[0]! as Ptr, this.#path.slots[0]!);
  }
}
