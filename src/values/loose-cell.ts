/**
 * A cell over a block of its own: for a value that is being made and belongs to no key yet. What
 * cannot be finished is given up without a trace, and a key keeps what it holds until all is done.
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import { copyBytes } from '../memory/bytes.ts';
import { Cell } from './cell.ts';

const NO_BYTES = Buffer.alloc(0);
const NO_VIEW = new DataView(new ArrayBuffer(0));

/** See the file's comment. Without a block while its length is 0. */
export class LooseCell extends Cell {
  override encoding = 0;
  override bytes: Buffer = NO_BYTES;
  override view: DataView = NO_VIEW;
  #block: Ptr = NULL;

  override resize(length: number, slackBytes = 0): void {
    const { heap } = this;
    const old = this.#block;
    if (old !== NULL && length > 0 && heap.capacity(old) >= length) {
      this.length = length;
      return;
    }
    const { bytes, view, start } = this;
    const kept = Math.min(length, this.length);
    this.#point(length === 0 ? NULL : heap.alloc(length + slackBytes), length);
    copyBytes(bytes, view, start, this.bytes, this.view, this.start, kept);
    if (old !== NULL) heap.free(old);
  }

  #point(block: Ptr, length: number): void {
    const extent = block >>> EXTENT_SHIFT;
    this.#block = block;
    this.bytes = block === NULL ? NO_BYTES : this.heap.bytes[extent]!;
    this.view = block === NULL ? NO_VIEW : this.heap.views[extent]!;
    this.start = (block & UNIT_MASK) << 3;
    this.length = length;
  }
}
