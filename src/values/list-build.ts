/**
 * A list in the making, of elements from elsewhere: it is built large, since nobody knows how large
 * it will be, and then stored in whichever form is right for its size.
 */
import { NULL, type Ptr } from '../memory/address.ts';
import type { Cell } from './cell.ts';
import type { Lists } from './list.ts';

/** See the file's comment. Whoever makes one calls `end`, whatever happens. */
export class ListBuilder {
  readonly #lists: Lists;
  /** NULL once it was adopted. */
  #root: Ptr;

  constructor(lists: Lists) {
    this.#lists = lists;
    this.#root = lists.quicklists.create();
  }

  count(): number {
    return this.#lists.quicklists.count(this.#root);
  }

  /** Adds an element behind the others. Throws OutOfMemoryError. */
  add(bytes: Buffer, view: DataView, offset: number, length: number): void {
    this.#lists.quicklists.pushLast(this.#root, bytes, view, offset, length);
  }

  /** Bytes that it takes when packed; 0 if it is too large for that. */
  packedBytes(): number {
    const { quicklists, limits } = this.#lists;
    const node = quicklists.lonePackedNode(this.#root);
    if (node === NULL) return 0;
    const total = quicklists.nodes.totalBytes(node);
    return limits.exceeds(total, this.count()) ? 0 : total;
  }

  /** Fills a new packed list, `packedBytes` long, with what was added. */
  fill(cell: Cell): void {
    const { nodes } = this.#lists.quicklists;
    const node = nodes.first(this.#root);
    const from = nodes.start(node);
    nodes.bytes(node).copy(cell.bytes, cell.start, from, from + nodes.totalBytes(node));
  }

  /** Gives the root of the large list away. */
  adopt(): Ptr {
    const root = this.#root;
    this.#root = NULL;
    return root;
  }

  /** Frees what nobody has adopted. */
  end(): void {
    if (this.#root === NULL) return;
    this.#lists.quicklists.release(this.#root, Number.POSITIVE_INFINITY);
    this.#root = NULL;
  }
}
