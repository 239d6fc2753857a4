/**
 * How the defragmenter moves a stream: first the blocks of its entries, then what is pending in one
 * group after the other, a part of a leaf at a time. The nodes of all trees move on the way.
 *
 * Between two steps the stream may change, so that a place in it is the number of a group and an
 * id, never an address. Groups and consumers stay where they are: they are few, and each entry that
 * is pending says by address who has it.
 */
import { NULL, type Ptr } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import type { IdTree } from './id-tree.ts';
import type { StreamGroups } from './stream-groups.ts';
import { StreamId } from './stream-id.ts';
import { groupsOf } from './stream-layout.ts';

/** Entries of a leaf that one step moves: blocks have 4 KiB by default. */
const ENTRIES_PER_STEP = 16;
/** In place of the number of a group while blocks are moved. */
const BLOCKS = -1;

/** See the file's comment. One per engine, which moves one stream at a time. */
export class StreamMoves {
  readonly #heap: Heap;
  readonly #tree: IdTree;
  readonly #groups: StreamGroups;
  #root: Ptr = NULL;
  /** Where the next step begins. */
  #group = BLOCKS;
  readonly #id = new StreamId();
  readonly #pendingId = new StreamId();

  constructor(groups: StreamGroups) {
    this.#heap = groups.heap;
    this.#tree = groups.tree;
    this.#groups = groups;
  }

  /** Moves the root if it lies in an evacuated place; returns its address. */
  relocateRoot(root: Ptr): Ptr {
    return this.#heap.isEvacuating(root) ? this.#heap.relocate(root) : root;
  }

  /**
   * Moves what lies in evacuated places of a few entries. Begins at position 0 and returns the
   * next, 0 at the end. The walk of another stream ends this one.
   */
  relocate(root: Ptr, position: number): number {
    if (position === 0) {
      this.#root = root;
      this.#group = BLOCKS;
      this.#id.setMin();
    }
    if (this.#root !== root) return 0;
    if (this.#group === BLOCKS) {
      if (!this.#moveSome(root, true)) this.#nextGroup();
      return 1;
    }
    const group = this.#groups.groups.at(groupsOf(root), this.#group);
    if (group === NULL) return 0;
    if (!this.#moveSome(this.#groups.pendingOf(group), false)) this.#nextGroup();
    return 1;
  }

  #nextGroup(): void {
    this.#group++;
    this.#id.setMin();
  }

  /**
   * Moves the nodes on the way to the next id of a tree and some values of its leaf: blocks, or
   * what is pending in a group. Whether there are more.
   */
  #moveSome(tree: Ptr, areBlocks: boolean): boolean {
    const { nodes } = this.#tree;
    const leaf = this.#tree.relocate(tree, this.#id);
    if (leaf === NULL) return false;
    const from = Math.max(nodes.place(leaf, this.#id) - 1, 0);
    const end = Math.min(from + ENTRIES_PER_STEP, nodes.count(leaf));
    for (let slot = from; slot < end; slot++) {
      if (areBlocks) this.#moveValue(leaf, slot);
      else this.#movePending(leaf, slot);
    }
    const isWithin = end < nodes.count(leaf);
    const next = isWithin ? leaf : nodes.next(leaf);
    if (next !== NULL) nodes.readId(next, isWithin ? end : 0, this.#id);
    return next !== NULL;
  }

  #moveValue(leaf: Ptr, slot: number): void {
    const { nodes } = this.#tree;
    const value = nodes.value(leaf, slot);
    if (this.#heap.isEvacuating(value)) nodes.setValue(leaf, slot, this.#heap.relocate(value));
  }

  /** Moves a pending entry and the nodes on the way to it in its consumer's tree. */
  #movePending(leaf: Ptr, slot: number): void {
    const { nodes } = this.#tree;
    const consumer = this.#groups.consumerOf(nodes.value(leaf, slot));
    // While a stream is loaded its entries have no consumers yet.
    if (consumer === NULL) return;
    nodes.readId(leaf, slot, this.#pendingId);
    const own = this.#tree.relocate(this.#groups.pendingOf(consumer), this.#pendingId);
    this.#moveValue(leaf, slot);
    nodes.setValue(own, nodes.place(own, this.#pendingId) - 1, nodes.value(leaf, slot));
  }
}
