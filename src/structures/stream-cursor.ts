/**
 * Going through the entries of a stream that are not deleted, in either direction.
 *
 *   for (let more = cursor.first(root, from); more; more = cursor.next()) {
 *     cursor.entry.id ...        // and its fields, see stream-block-cursor.ts
 *   }
 *
 * Good until the stream changes elsewhere than by way of the cursor's owner.
 */
import { EXTENT_SHIFT, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { IdTree } from './id-tree.ts';
import { IdCursor } from './id-tree-cursor.ts';
import { BlockCursor } from './stream-block-cursor.ts';
import type { StreamId } from './stream-id.ts';

/** See the file's comment. Moves answer whether there is an entry where they lead. */
export class StreamCursor {
  /** The block, in the stream's tree. */
  readonly block: IdCursor;
  readonly entry: BlockCursor = new BlockCursor();
  readonly #tree: IdTree;

  constructor(tree: IdTree) {
    this.#tree = tree;
    this.block = new IdCursor(tree.nodes);
  }

  /** Goes to the first entry whose id is not less than this one. */
  first(root: Ptr, from: StreamId): boolean {
    const tree = this.#tree;
    const { block, entry } = this;
    if (!tree.seekBack(root, block, from) && !tree.first(root, block)) return false;
    this.openBlock();
    let more = entry.first();
    while (more && entry.id.isBefore(from)) more = entry.next();
    return this.#forward(more);
  }

  /** REQUIRES: the cursor is at an entry. */
  next(): boolean {
    return this.#forward(this.entry.next());
  }

  /** Goes to the last entry whose id is not greater than this one. */
  last(root: Ptr, to: StreamId): boolean {
    const { entry } = this;
    if (!this.#tree.seekBack(root, this.block, to)) return false;
    this.openBlock();
    let more = entry.last();
    while (more && to.isBefore(entry.id)) more = entry.previous();
    return this.#backward(more);
  }

  /** REQUIRES: the cursor is at an entry. */
  previous(): boolean {
    return this.#backward(this.entry.previous());
  }

  /** Opens the block that `block` is at. */
  openBlock(): void {
    const { heap } = this.#tree;
    const { block, entry } = this;
    const at = block.value;
    const extent = at >>> EXTENT_SHIFT;
    block.readId(entry.key);
    entry.open(heap.bytes[extent]!, heap.views[extent]!, (at & UNIT_MASK) << 3);
  }

  #forward(isAtEntry: boolean): boolean {
    const { block, entry } = this;
    let more = isAtEntry;
    for (;;) {
      while (more && entry.isDeleted) more = entry.next();
      if (more) return true;
      if (!block.next()) return false;
      this.openBlock();
      more = entry.first();
    }
  }

  #backward(isAtEntry: boolean): boolean {
    const { block, entry } = this;
    let more = isAtEntry;
    for (;;) {
      while (more && entry.isDeleted) more = entry.previous();
      if (more) return true;
      if (!block.previous()) return false;
      this.openBlock();
      more = entry.last();
    }
  }
}
