/**
 * The usual move in a score tree, of which looking ahead has gone both ways: an entry is taken out
 * of the middle of one leaf and put into the middle of another, and nothing else changes but the
 * totals up to where the ways part. Whatever is less simple is left to `ScoreTree.move`.
 */
import type { Ptr } from '../memory/address.ts';
import type { MemberRecords } from './member-records.ts';
import type { ScoreAhead } from './score-ahead.ts';
import { SPARSE } from './score-tree-delete.ts';
import { ENTRIES_MAX, ENTRY_RECORD, type TreeNodes } from './score-tree-node.ts';

/** Entries of equal score that are compared with one by one. */
const EQUALS_MAX = 4;

/** See the file's comment. */
export class QuickMove {
  readonly #nodes: TreeNodes;
  readonly #members: MemberRecords;
  readonly #ahead: ScoreAhead;

  constructor(nodes: TreeNodes, members: MemberRecords, ahead: ScoreAhead) {
    this.#nodes = nodes;
    this.#members = members;
    this.#ahead = ahead;
  }

  /** Moves a record's entry to the score in hand, if that is simple; whether it was. */
  move(root: Ptr, record: Ptr, own: Float64Array): boolean {
    const ahead = this.#ahead;
    const nodes = this.#nodes;
    const departure = ahead.recall(root, own);
    if (departure < 0) return false;
    const arrival = ahead.recall(root, nodes.entryScore);
    if (arrival < 0) return false;
    const from = ahead.leaf(departure);
    const to = ahead.leaf(arrival);
    if (from === to || !ahead.leads(departure) || !ahead.leads(arrival)) return false;
    if (nodes.count(from) <= SPARSE || nodes.count(to) === ENTRIES_MAX) return false;
    const slot = this.#slotOf(from, ahead.place(departure), record, own);
    // Who tells of the first entry would have to be told.
    if (slot <= 0) return false;
    const place = this.#placeIn(to, ahead.place(arrival), record);
    if (place < 0) return false;
    nodes.entry[ENTRY_RECORD] = record;
    nodes.put(to, place);
    nodes.close(from, slot, 1);
    ahead.shift(departure, arrival);
    return true;
  }

  /** The slot of a record among those that have its score from a slot on, -1 if it is not there. */
  #slotOf(leaf: Ptr, first: number, record: Ptr, score: Float64Array): number {
    const nodes = this.#nodes;
    const count = nodes.count(leaf);
    for (let slot = first; slot < count && nodes.score(leaf, slot) === score[0]; slot++) {
      if (nodes.record(leaf, slot) === record) return slot;
    }
    return -1;
  }

  /**
   * The place between two entries of a leaf where a record with the score in hand belongs, -1 if
   * that is not near `lowest`, before which scores were lower.
   */
  #placeIn(leaf: Ptr, lowest: number, record: Ptr): number {
    const nodes = this.#nodes;
    const score = nodes.entryScore[0]!;
    const count = nodes.count(leaf);
    if (lowest === 0 || lowest >= count || nodes.score(leaf, lowest - 1) >= score) return -1;
    const end = Math.min(lowest + EQUALS_MAX, count);
    for (let place = lowest; place < end; place++) {
      const other = nodes.score(leaf, place);
      if (other > score) return place;
      if (other < score) return -1;
      if (this.#members.compare(record, nodes.record(leaf, place)) < 0) return place;
    }
    return -1;
  }
}
