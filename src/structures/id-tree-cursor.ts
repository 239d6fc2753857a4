/** A place in an id tree: an entry, or none. Good until the tree is changed elsewhere. */
import { NULL, type Ptr } from '../memory/address.ts';
import type { IdNodes } from './id-tree-node.ts';
import type { StreamId } from './stream-id.ts';

/** See the file's comment. Moves answer whether there is an entry where they lead. */
export class IdCursor {
  readonly #nodes: IdNodes;
  /** NULL when the cursor is at no entry. */
  leaf: Ptr = NULL;
  slot = 0;

  constructor(nodes: IdNodes) {
    this.#nodes = nodes;
  }

  /** Goes to a slot of a leaf, which may be just before its first one or behind its last. */
  place(leaf: Ptr, slot: number): boolean {
    const nodes = this.#nodes;
    this.leaf = leaf;
    this.slot = slot;
    if (leaf === NULL) return false;
    if (slot < 0) {
      this.leaf = nodes.previous(leaf);
      this.slot = this.leaf === NULL ? 0 : nodes.count(this.leaf) - 1;
    } else if (slot >= nodes.count(leaf)) {
      this.leaf = nodes.next(leaf);
      this.slot = 0;
    }
    return this.leaf !== NULL;
  }

  /** REQUIRES, as all below: the cursor is at an entry. */
  next(): boolean {
    return this.place(this.leaf, this.slot + 1);
  }

  previous(): boolean {
    return this.place(this.leaf, this.slot - 1);
  }

  get value(): Ptr {
    return this.#nodes.value(this.leaf, this.slot);
  }

  set value(value: Ptr) {
    this.#nodes.setValue(this.leaf, this.slot, value);
  }

  readId(into: StreamId): void {
    this.#nodes.readId(this.leaf, this.slot, into);
  }
}
