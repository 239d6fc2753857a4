/**
 * How a score tree shrinks. A sparse node and its neighbours are united in one node less if they
 * fit; if not, one with very few entries gets some of its neighbours'. An empty one goes at once.
 * Nothing here needs memory.
 *
 * Uniting early keeps nodes 77 % full when members come and go, and 70 % when half of them have
 * gone; if it waited for the minimum that would be 74 and 59.
 */
import { NULL, type Ptr } from '../memory/address.ts';
import { ENTRIES_MIN, TREE_COUNT, TREE_TOP, type TreeNodes } from './score-tree-node.ts';
import type { TreePath } from './score-tree-path.ts';
import type { NodeSpread } from './score-tree-spread.ts';

/** A node with fewer entries looks whether it can be united with its neighbours. */
export const SPARSE = 20;
/**
 * Entries per node up to which neighbours are united: some room is left, and two that do not fit
 * have the minimum.
 */
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
    if (left < SPARSE && path.top > 0) this.#mend(root, path);
    else if (slot === 0 && left > 0) path.refreshKeys(1);
  }

  /**
   * Takes the last leaf of a tree that is being given up out of it and frees it; the records it
   * held are in `records`. Returns their number, or -1 once nothing is left. REQUIRES: after the
   * first call only further calls.
   */
  drainLeaf(root: Ptr, path: TreePath, records: Uint32Array): number {
    const nodes = this.#nodes;
    const { heap } = nodes;
    if (heap.word(root, TREE_TOP) === NULL) return -1;
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
    heap.setWord(root, TREE_TOP, NULL);
    return count;
  }

  /** From the leaf up, looks after each node of the path that is empty or sparse. */
  #mend(root: Ptr, path: TreePath): void {
    const nodes = this.#nodes;
    for (let level = 0; level < path.top; level++) {
      const node = path.nodes[level]! as Ptr;
      const parent = path.nodes[level + 1]! as Ptr;
      const slot = path.slots[level + 1]!;
      const count = nodes.count(node);
      if (count === 0) this.#drop(root, level, parent, slot);
      else if (count >= SPARSE || !this.#share(root, level, parent, slot, count)) {
        nodes.copyKey(parent, slot, node);
      }
    }
    this.#lower(root);
  }

  /** Unites a sparse node with its neighbours, or evens them out if it must; whether it did. */
  #share(root: Ptr, level: number, parent: Ptr, slot: number, count: number): boolean {
    const spread = this.#spread;
    spread.choose(parent, slot);
    const fewer = spread.count - 1;
    const unites = spread.total <= fewer * UNITED_MAX;
    if (fewer === 0 || (!unites && count >= ENTRIES_MIN)) return false;
    spread.gather();
    spread.deal(unites ? fewer : spread.count, NULL);
    if (unites) this.#drop(root, level, parent, spread.first + fewer);
    return true;
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
