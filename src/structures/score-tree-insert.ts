/**
 * How a score tree grows. A full node first shares with its neighbours; only when those are full
 * too does one more node come between them, so that random insertions fill nodes to 92 % and not
 * to 69. An insertion at either end of the tree begins a node of its own instead: those that it
 * leaves behind stay full.
 *
 * What needs memory takes it before the first change, so that a refusal leaves the tree as it was.
 */
import { NULL, type Ptr } from '../memory/address.ts';
import {
  ENTRIES_MAX,
  ENTRY_CHILD,
  ENTRY_RECORD,
  ENTRY_TOTAL,
  LEVELS_MAX,
  TREE_COUNT,
  type TreeNodes,
} from './score-tree-node.ts';
import type { TreePath } from './score-tree-path.ts';
import type { NodeSpread } from './score-tree-spread.ts';

/** Entries per node that neighbours must have room for, lest they share again at once. */
const ROOM_MIN = 2;

const INSIDE = 0;
const BEFORE_FIRST = 1;
const BEHIND_LAST = 2;

/** See the file's comment. */
export class TreeInsertion {
  readonly #nodes: TreeNodes;
  readonly #spread: NodeSpread;
  /**
   * Nodes taken in advance: one for each level whose node will be divided, NULL for the level
   * above.
   */
  readonly #fresh = new Uint32Array(LEVELS_MAX + 1);

  constructor(nodes: TreeNodes, spread: NodeSpread) {
    this.#nodes = nodes;
    this.#spread = spread;
  }

  /**
   * Writes the entry in hand at the path's place. Whether the path still holds: its place may be
   * elsewhere if nodes have shared entries. Without memory to grow it throws and nothing has
   * changed.
   */
  insert(root: Ptr, path: TreePath): boolean {
    const nodes = this.#nodes;
    const leaf = path.nodes[0]! as Ptr;
    const slot = path.slots[0]!;
    if (nodes.count(leaf) === ENTRIES_MAX) {
      this.#insertInFull(root, path);
      return false;
    }
    nodes.put(leaf, slot);
    nodes.heap.setWord(root, TREE_COUNT, nodes.heap.word(root, TREE_COUNT) + 1);
    path.addToTotals(1, 1);
    if (slot === 0) path.refreshKeys(1);
    return true;
  }

  #insertInFull(root: Ptr, path: TreePath): void {
    const nodes = this.#nodes;
    const edge = this.#edge(path);
    const top = this.#reserve(path, edge);
    let slot = path.slots[0]!;
    let level = 0;
    for (;;) {
      const node = path.nodes[level]! as Ptr;
      if (nodes.count(node) < ENTRIES_MAX) {
        nodes.put(node, slot);
        break;
      }
      if (level === path.top) path.raise(root, top);
      const fresh = this.#fresh[level]! as Ptr;
      if (edge === INSIDE) slot = this.#share(root, path, level, slot, fresh);
      else slot = this.#begin(root, path, level, fresh, edge);
      level++;
      if (fresh === NULL) break;
    }
    nodes.heap.setWord(root, TREE_COUNT, nodes.heap.word(root, TREE_COUNT) + 1);
    path.addToTotals(level + 1, 1);
    if (edge === BEFORE_FIRST) path.refreshKeys(level + 1);
  }

  #edge(path: TreePath): number {
    const leaf = path.nodes[0]! as Ptr;
    const slot = path.slots[0]!;
    if (slot === ENTRIES_MAX && this.#nodes.next(leaf) === NULL) return BEHIND_LAST;
    if (slot === 0 && this.#nodes.previous(leaf) === NULL) return BEFORE_FIRST;
    return INSIDE;
  }

  /** Takes the nodes that the insertion will need; returns the new top, NULL for none. */
  #reserve(path: TreePath, edge: number): Ptr {
    const nodes = this.#nodes;
    const fresh = this.#fresh;
    let level = 0;
    try {
      for (; level <= path.top && this.#divides(path, level, edge); level++) {
        fresh[level] = level === 0 ? nodes.createLeaf() : nodes.createInner(level);
      }
      fresh[level] = NULL;
      return level > path.top ? nodes.createInner(level) : NULL;
    } catch (refusal) {
      while (--level >= 0) nodes.heap.free(fresh[level]! as Ptr);
      throw refusal;
    }
  }

  /** Whether one more entry for the path's node will take one more node. */
  #divides(path: TreePath, level: number, edge: number): boolean {
    if (this.#nodes.count(path.nodes[level]! as Ptr) < ENTRIES_MAX) return false;
    if (level === path.top || edge !== INSIDE) return true;
    const spread = this.#spread;
    spread.choose(path.nodes[level + 1]! as Ptr, path.slots[level + 1]!);
    return spread.total >= spread.count * (ENTRIES_MAX - ROOM_MIN);
  }

  /**
   * Lets a full node and its neighbours share their entries and the one in hand, with one more node
   * if there is one: then the entry that tells of that is in hand. Returns the slot where it
   * belongs.
   */
  #share(root: Ptr, path: TreePath, level: number, slot: number, fresh: Ptr): number {
    const nodes = this.#nodes;
    const spread = this.#spread;
    spread.choose(path.nodes[level + 1]! as Ptr, path.slots[level + 1]!);
    spread.gatherWith(path.nodes[level]! as Ptr, slot);
    spread.deal(spread.count, fresh);
    if (fresh !== NULL) {
      if (level === 0) nodes.linkBehind(root, spread.node(spread.count - 1), fresh);
      this.#takeInHand(fresh);
    }
    return spread.first + spread.count;
  }

  /**
   * Makes the entry in hand the only one of a new node at an end of the tree; the rest is as for
   * `#share`.
   */
  #begin(root: Ptr, path: TreePath, level: number, fresh: Ptr, edge: number): number {
    const nodes = this.#nodes;
    const node = path.nodes[level]! as Ptr;
    nodes.put(fresh, 0);
    if (level === 0) {
      if (edge === BEHIND_LAST) nodes.linkBehind(root, node, fresh);
      else nodes.linkBefore(root, node, fresh);
    }
    this.#takeInHand(fresh);
    return edge === BEHIND_LAST ? path.slots[level + 1]! + 1 : 0;
  }

  #takeInHand(node: Ptr): void {
    const nodes = this.#nodes;
    nodes.entry[ENTRY_RECORD] = nodes.record(node, 0);
    nodes.entryScore[0] = nodes.score(node, 0);
    nodes.entry[ENTRY_CHILD] = node;
    nodes.entry[ENTRY_TOTAL] = nodes.sum(node);
  }
}
