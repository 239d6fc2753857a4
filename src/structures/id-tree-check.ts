/** Proves that an id tree is sound, for tests and debugging. */
import { NULL, type Ptr } from '../memory/address.ts';
import type { IdTree } from './id-tree.ts';
import { ENTRIES_MAX, TREE_COUNT, TREE_FIRST, TREE_LAST, TREE_TOP } from './id-tree-node.ts';
import { StreamId } from './stream-id.ts';

/** One entry of a tree. */
export interface IdEntry {
  readonly id: string;
  readonly value: number;
}

/** Throws unless the tree is sound; returns its entries in order. */
export function checkIdTree(tree: IdTree, root: Ptr): IdEntry[] {
  return new IdTreeCheck(tree, root).run();
}

class IdTreeCheck {
  readonly #tree: IdTree;
  readonly #root: Ptr;
  readonly #entries: IdEntry[] = [];
  readonly #leaves: Ptr[] = [];

  constructor(tree: IdTree, root: Ptr) {
    this.#tree = tree;
    this.#root = root;
  }

  run(): IdEntry[] {
    const { heap, nodes } = this.#tree;
    const top = heap.word(this.#root, TREE_TOP) as Ptr;
    if (top !== NULL) {
      if (nodes.level(top) > 0 && nodes.count(top) < 2) this.#fail('the top has one child');
      this.#checkNode(top, nodes.level(top), null, null, true);
    }
    this.#checkChain();
    const count = heap.word(this.#root, TREE_COUNT);
    if (count !== this.#entries.length) {
      this.#fail(`${count} entries, not ${this.#entries.length}`);
    }
    return this.#entries;
  }

  /** The ids below a node lie in [low, high). */
  #checkNode(
    node: Ptr,
    level: number,
    low: StreamId | null,
    high: StreamId | null,
    isTop: boolean,
  ): void {
    const { nodes } = this.#tree;
    const count = nodes.count(node);
    if (nodes.level(node) !== level) this.#fail(`node ${node} is on level ${nodes.level(node)}`);
    if (count === 0 || count > ENTRIES_MAX) this.#fail(`node ${node} has ${count} entries`);
    if (!isTop && nodes.canGrow(node)) this.#fail(`node ${node} is a small one among others`);
    if (level === 0) this.#leaves.push(node);
    let before = low;
    for (let slot = 0; slot < count; slot++) {
      const id = new StreamId();
      nodes.readId(node, slot, id);
      const isBound = level > 0 && slot === 0;
      if (!isBound) {
        const ascends =
          before === null || (slot === 0 ? !id.isBefore(before) : before.isBefore(id));
        if (!ascends) this.#fail(`node ${node}: ${id} does not follow ${before}`);
        if (high !== null && !id.isBefore(high)) this.#fail(`node ${node}: ${id} is not in bounds`);
      }
      const value = nodes.value(node, slot);
      if (level === 0) this.#entries.push({ id: id.toString(), value });
      else this.#checkChild(node, slot, level, isBound ? low : id, high);
      before = isBound ? low : id;
    }
  }

  #checkChild(node: Ptr, slot: number, level: number, low: StreamId | null, high: StreamId | null) {
    const { nodes } = this.#tree;
    let end = high;
    if (slot + 1 < nodes.count(node)) {
      end = new StreamId();
      nodes.readId(node, slot + 1, end);
    }
    this.#checkNode(nodes.value(node, slot), level - 1, low, end, false);
  }

  #checkChain(): void {
    const { heap, nodes } = this.#tree;
    let previous: Ptr = NULL;
    let leaf = heap.word(this.#root, TREE_FIRST) as Ptr;
    for (const expected of this.#leaves) {
      if (leaf !== expected) this.#fail(`leaf ${leaf} is linked in place of ${expected}`);
      if (nodes.previous(leaf) !== previous) this.#fail(`leaf ${leaf} is not linked back`);
      previous = leaf;
      leaf = nodes.next(leaf);
    }
    if (leaf !== NULL) this.#fail(`leaf ${leaf} is linked behind the last`);
    if (heap.word(this.#root, TREE_LAST) !== previous) this.#fail('the last leaf is another');
  }

  #fail(problem: string): never {
    throw new Error(`id tree: ${problem}`);
  }
}
