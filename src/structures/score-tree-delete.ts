/**
 * How a score tree shrinks. A node that is left with few entries shares with its neighbours, and if they hold little
 * too there is one node less; an empty one goes at once. Nothing here needs memory.
 */
import type { Ptr } from '../memory/address.ts';
import { ENTRIES_MIN, TREE_COUNT, TREE_TOP, type TreeNodes } from './score-tree-node.ts';
import type { TreePath } from './score-tree-path.ts';
import type { NodeSpread } from './score-tree-spread.ts';

/** Entries per node up to which neighbours are united, lest they be divided again at once. */
const UNITED_MAX = 2 * ENTRIES_MIN;

/** See the file's comment. */
export class TreeDeletion {
  readonly #nodes: TreeNodes;
  readonly #spread: NodeSpread;

  constructor(nodes: TreeNodes, spread: NodeSpread) {
    this.#nodes = nodes;
    this.#spread = spread;
  }

  /** Takes `removed` entries of the path's leaf, from the one in `slot` on, out of the tree. */
  remove(root: Ptr, path: TreePath, slot: number, removed: number): void {
    const nodes = this.#nodes;
    const leaf = path.nodes[0]! as Ptr;
    nodes.close(leaf, slot, removed);
    nodes.heap.setWord(root, TREE_COUNT, nodes.heap.word(root, TREE_COUNT) - removed);
    path.addToTotals(1, -removed);
    const left = nodes.count(leaf);
    if (left < ENTRIES_MIN && path.top > 0) this.#mend(root, path);
    else if (slot === 0 && left > 0) path.refreshKeys(1);
  }

  /**
   * Takes the last leaf of a tree that is being given up out of it and frees it; the records it held are in
   * `records`. Returns their number, or -1 once nothing is left. REQUIRES: after the first call only further calls.
   */
  drainLeaf(root: Ptr, path: TreePath, records: Uint32Array): number {
    const nodes = this.#nodes;
    const { heap } = nodes;
    if (heap.word(root, TREE_TOP) === 0) return -1;
    path.toLast(root);
    const leaf = path.nodes[0]! as Ptr;
    const count = nodes.count(leaf);
    for (let slot = 0; slot < count; slot++) records[slot] = nodes.record(leaf, slot);
    heap.free(leaf);
    for (let level = 1; level <= path.top; level++) {
      const node = path.nodes[level]! as Ptr;
      nodes.close(node, path.slots[level]!, 1);
      if (nodes.count(node) > 0) return count;
      heap.free(node);
    }
    heap.setWord(root, TREE_TOP, 0);
    return count;
  }

  /** From the leaf up, brings each node of the path that has few entries back to size. */
  #mend(root: Ptr, path: TreePath): void {
    const nodes = this.#nodes;
    for (let level = 0; level < path.top; level++) {
      const node = path.nodes[level]! as Ptr;
      const parent = path.nodes[level + 1]! as Ptr;
      const slot = path.slots[level + 1]!;
      const count = nodes.count(node);
      if (count === 0) this.#drop(root, level, parent, slot);
      else if (count < ENTRIES_MIN && nodes.count(parent) > 1) {
        this.#share(root, level, parent, slot);
      } else nodes.copyKey(parent, slot, node);
    }
    this.#lower(root);
  }

  #share(root: Ptr, level: number, parent: Ptr, slot: number): void {
    const spread = this.#spread;
    spread.choose(parent, slot);
    spread.gather();
    const fewer = spread.count - 1;
    if (spread.total > fewer * UNITED_MAX) {
      spread.deal(spread.count, 0 as Ptr);
      return;
    }
    spread.deal(fewer, 0 as Ptr);
    this.#drop(root, level, parent, spread.first + fewer);
  }

  /** Frees a node whose entries are gone. */
  #drop(root: Ptr, level: number, parent: Ptr, slot: number): void {
    const nodes = this.#nodes;
    const node = nodes.child(parent, slot);
    if (level === 0) nodes.unlink(root, node);
    nodes.close(parent, slot, 1);
    nodes.heap.free(node);
  }

  /** Takes top nodes with a single child off the tree. */
  #lower(root: Ptr): void {
    const nodes = this.#nodes;
    let top = nodes.heap.word(root, TREE_TOP) as Ptr;
    while (nodes.level(top) > 0 && nodes.count(top) === 1) {
      const child = nodes.child(top, 0);
      nodes.heap.free(top);
      nodes.heap.setWord(root, TREE_TOP, child);
      top = child;
    }
  }
}
