/**
 * Evens out neighbours: the entries of up to five nodes with one parent, and perhaps one more
 * entry, are gathered and dealt out again to as many nodes, to one more or to one less.
 */
import { EXTENT_SHIFT, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import {
  ENTRIES_MAX,
  ENTRY_CHILD,
  ENTRY_RECORD,
  ENTRY_TOTAL,
  NODE_CHILDREN,
  NODE_META,
  NODE_RECORDS,
  NODE_SCORES_BYTES,
  NODE_TOTALS,
  type TreeNodes,
} from './score-tree-node.ts';

/**
 * Neighbours that are evened out together. With room for two entries each they fill nodes to 92 %
 * under random insertions: 14.6 bytes per record, where five take 14.9.
 */
const NEIGHBOURS_MAX = 7;
const NEIGHBOURS_BEFORE = 3;
const GATHERED_MAX = NEIGHBOURS_MAX * ENTRIES_MAX + 1;

/** See the file's comment. */
export class NodeSpread {
  /** The neighbours: `count` children of `parent` from slot `first` on. */
  parent: Ptr = 0 as Ptr;
  first = 0;
  count = 0;
  /** Entries that the neighbours have. */
  total = 0;
  readonly #heap: Heap;
  readonly #nodes: TreeNodes;
  readonly #records = new Uint32Array(GATHERED_MAX);
  readonly #scores = new Float64Array(GATHERED_MAX);
  readonly #children = new Uint32Array(GATHERED_MAX);
  readonly #totals = new Uint32Array(GATHERED_MAX);

  constructor(nodes: TreeNodes) {
    this.#heap = nodes.heap;
    this.#nodes = nodes;
  }

  /** Chooses the child in `slot` and those around it. */
  choose(parent: Ptr, slot: number): void {
    const nodes = this.#nodes;
    const children = nodes.count(parent);
    this.parent = parent;
    this.count = Math.min(NEIGHBOURS_MAX, children);
    this.first = Math.min(Math.max(slot - NEIGHBOURS_BEFORE, 0), children - this.count);
    this.total = 0;
    for (let i = 0; i < this.count; i++) this.total += nodes.count(this.node(i));
  }

  /** One of the chosen. */
  node(index: number): Ptr {
    return this.#nodes.child(this.parent, this.first + index);
  }

  /** Gathers the entries of all chosen nodes. */
  gather(): void {
    this.total = 0;
    for (let i = 0; i < this.count; i++) {
      const node = this.node(i);
      this.#take(node, 0, this.#nodes.count(node));
    }
  }

  /** As `gather`, with the entry in hand before the one in `slot` of one of them. */
  gatherWith(node: Ptr, slot: number): void {
    this.total = 0;
    for (let i = 0; i < this.count; i++) {
      const source = this.node(i);
      const split = source === node ? slot : 0;
      this.#take(source, 0, split);
      if (source === node) this.#takeInHand();
      this.#take(source, split, this.#nodes.count(source));
    }
  }

  /**
   * Deals out what was gathered to the first `count` of the chosen, and behind them to `extra` if
   * it is a node.
   */
  deal(count: number, extra: Ptr): void {
    const nodes = this.#nodes;
    const targets = count + (extra === 0 ? 0 : 1);
    let from = 0;
    for (let i = 0; i < targets; i++) {
      const end = Math.floor((this.total * (i + 1)) / targets);
      if (i === count) {
        this.#give(extra, from, end);
        return;
      }
      const node = this.node(i);
      this.#give(node, from, end);
      nodes.describe(this.parent, this.first + i, node);
      from = end;
    }
  }

  #take(node: Ptr, from: number, end: number): void {
    const words = this.#heap.words[node >>> EXTENT_SHIFT]!;
    const view = this.#heap.views[node >>> EXTENT_SHIFT]!;
    const at = (node & UNIT_MASK) << 1;
    const scores = (at << 2) + NODE_SCORES_BYTES;
    const isInner = words[at]! > 255;
    let total = this.total;
    for (let i = from; i < end; i++, total++) {
      this.#records[total] = words[at + NODE_RECORDS + i]!;
      this.#scores[total] = view.getFloat64(scores + (i << 3), true);
      if (!isInner) continue;
      this.#children[total] = words[at + NODE_CHILDREN + i]!;
      this.#totals[total] = words[at + NODE_TOTALS + i]!;
    }
    this.total = total;
  }

  #takeInHand(): void {
    const { entry, entryScore } = this.#nodes;
    const total = this.total++;
    this.#records[total] = entry[ENTRY_RECORD]!;
    this.#scores[total] = entryScore[0]!;
    this.#children[total] = entry[ENTRY_CHILD]!;
    this.#totals[total] = entry[ENTRY_TOTAL]!;
  }

  #give(node: Ptr, from: number, end: number): void {
    const words = this.#heap.words[node >>> EXTENT_SHIFT]!;
    const view = this.#heap.views[node >>> EXTENT_SHIFT]!;
    const at = (node & UNIT_MASK) << 1;
    const scores = (at << 2) + NODE_SCORES_BYTES;
    const level = words[at + NODE_META]! >>> 8;
    words[at + NODE_META] = (level << 8) | (end - from);
    for (let i = from; i < end; i++) {
      words[at + NODE_RECORDS + i - from] = this.#records[i]!;
      view.setFloat64(scores + ((i - from) << 3), this.#scores[i]!, true);
      if (level === 0) continue;
      words[at + NODE_CHILDREN + i - from] = this.#children[i]!;
      words[at + NODE_TOTALS + i - from] = this.#totals[i]!;
    }
  }
}
