/** A cell over a block of a heap of its own, for tests of values without a keyspace. */
import { EXTENT_SHIFT, type Ptr, UNIT_MASK } from '../../src/memory/address.ts';
import { Heap } from '../../src/memory/heap.ts';
import { Cell } from '../../src/values/cell.ts';

/** Its value begins somewhere in the block, as behind a key, and every growth moves it. */
export class BlockCell extends Cell {
  override encoding = 0;
  block: Ptr;

  constructor(heap: Heap = new Heap()) {
    super(heap);
    this.block = heap.alloc(BlockCell.#offset);
    this.#point(0);
  }

  static readonly #offset = 13;

  override resize(length: number): void {
    const { heap, bytes, start } = this;
    const kept = Math.min(length, this.length);
    const block = heap.alloc(BlockCell.#offset + length);
    const old = this.block;
    this.block = block;
    this.#point(length);
    bytes.copy(this.bytes, this.start, start, start + kept);
    heap.free(old);
  }

  #point(length: number): void {
    const extent = this.block >>> EXTENT_SHIFT;
    this.bytes = this.heap.bytes[extent]!;
    this.view = this.heap.views[extent]!;
    this.start = (this.block & UNIT_MASK) * 8 + BlockCell.#offset;
    this.length = length;
  }
}
