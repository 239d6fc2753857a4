/**
 * Random allocation against a list of what must be there: contents kept, no block lost, no byte
 * miscounted.
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../../src/memory/address.ts';
import { Heap, OutOfMemoryError } from '../../src/memory/heap.ts';
import { checkHeap } from '../../src/memory/heap-check.ts';
import { SLAB_BYTES_MAX } from '../../src/memory/size-classes.ts';
import type { SeededRandom } from './seeded-random.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
/** Only so much of either end of a block is written and compared. */
const MARKED_BYTES = 256;

interface Block {
  ptr: Ptr;
  readonly bytes: number;
  readonly mark: number;
}

/**
 * How the sizes of a round are drawn: relative weights of small, medium, large blocks, runs and
 * huge extents.
 */
export interface SizeMix {
  readonly slab: number;
  readonly run: number;
  readonly huge: number;
}

export const MIXES: readonly SizeMix[] = [
  { slab: 1, run: 0, huge: 0 },
  { slab: 20, run: 5, huge: 0 },
  { slab: 10, run: 10, huge: 1 },
  { slab: 0, run: 1, huge: 0 },
  { slab: 0, run: 1, huge: 1 },
];

/** A heap under test and the blocks that must be live in it. */
export class HeapModel {
  readonly heap: Heap = new Heap();
  readonly blocks: Block[] = [];
  readonly #random: SeededRandom;
  #marks = 0;
  /** Bytes that the model may have live at a time. */
  #bytesMax = 256 * MIB;
  #liveBytes = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  get liveBytes(): number {
    return this.#liveBytes;
  }

  /** A size of the mix, small ones more often. */
  size(mix: SizeMix): number {
    const random = this.#random;
    const chosen = random.fraction() * (mix.slab + mix.run + mix.huge);
    const skewed = (low: number, high: number) =>
      Math.floor(low * (high / low) ** random.fraction());
    if (chosen < mix.slab) return skewed(1, SLAB_BYTES_MAX + 1);
    if (chosen < mix.slab + mix.run) return skewed(SLAB_BYTES_MAX + 1, 4 * MIB);
    return random.integer(30 * MIB, 40 * MIB);
  }

  alloc(bytes: number): void {
    if (this.#liveBytes + bytes > this.#bytesMax) return;
    const ptr = this.heap.alloc(bytes);
    if (ptr === NULL) throw new Error(`a block of ${bytes} bytes has no address`);
    const capacity = this.heap.capacity(ptr);
    if (capacity < bytes) throw new Error(`${bytes} bytes wanted, got ${capacity}`);
    if (!this.heap.fits(capacity, bytes)) throw new Error(`${capacity} do not fit ${bytes}`);
    if (this.heap.fits(capacity, capacity + 1)) throw new Error(`${capacity} fit more`);
    const block = { ptr, bytes, mark: ++this.#marks };
    this.#fill(block);
    this.blocks.push(block);
    this.#liveBytes += bytes;
  }

  /** Frees the block at an index of `blocks`. */
  free(index: number): void {
    const block = this.blocks[index]!;
    this.compare(block);
    this.blocks[index] = this.blocks.at(-1)!;
    this.blocks.pop();
    this.#liveBytes -= block.bytes;
    this.heap.free(block.ptr);
  }

  /** Moves a block, as the defragmenter does. */
  move(block: Block): void {
    this.compare(block);
    const moved = this.heap.alloc(this.heap.capacity(block.ptr));
    this.heap.free(block.ptr);
    block.ptr = moved;
    this.#fill(block);
  }

  /** Moves all that lies on evacuated pages and in draining extents. */
  evacuateMarked(): void {
    for (const block of this.blocks) if (this.heap.isEvacuating(block.ptr)) this.move(block);
  }

  compare(block: Block): void {
    const bytes = this.#bytesOf(block);
    const expected = (block.mark * 7) & 0xff;
    const head = Math.min(block.bytes, MARKED_BYTES);
    for (let i = 0; i < head; i++) {
      const tail = block.bytes - 1 - i;
      if (bytes[i] !== ((expected + i) & 0xff) && i < block.bytes - MARKED_BYTES) {
        throw new Error(`block ${block.ptr} of ${block.bytes} bytes has changed at ${i}`);
      }
      if (bytes[tail] !== ((expected ^ i) & 0xff)) {
        throw new Error(`block ${block.ptr} of ${block.bytes} bytes has changed at ${tail}`);
      }
    }
  }

  /** All contents, and all of the heap's tables. */
  check(): void {
    for (const block of this.blocks) this.compare(block);
    checkHeap(
      this.heap,
      this.blocks.map(({ ptr }) => ptr),
    );
  }

  /** Extents that hold memory. */
  extentCount(): number {
    return this.heap.extentKind.filter((kind) => kind !== 0).length;
  }

  #fill(block: Block): void {
    const bytes = this.#bytesOf(block);
    const value = (block.mark * 7) & 0xff;
    const head = Math.min(block.bytes, MARKED_BYTES);
    for (let i = 0; i < head; i++) bytes[i] = value + i;
    // The tail is written last: in a short block it covers the head.
    for (let i = 0; i < head; i++) bytes[block.bytes - 1 - i] = value ^ i;
  }

  #bytesOf({ ptr, bytes }: Block): Buffer {
    const start = (ptr & UNIT_MASK) * 8;
    return this.heap.bytes[ptr >>> EXTENT_SHIFT]!.subarray(start, start + bytes);
  }
}

/** One round: grows and shrinks by turns, evacuates and drains now and then, ends empty. */
export function runHeapRound(random: SeededRandom, steps: number): HeapModel {
  const model = new HeapModel(random);
  const mix = random.pick(MIXES);
  const { heap, blocks } = model;
  let growing = 0.7;
  for (let step = 0; step < steps; step++) {
    if (step % 500 === 0) growing = random.pick([0.9, 0.7, 0.5, 0.3, 0.1]);
    const chosen = random.fraction();
    if (chosen < 0.001) markRandomly(heap, random);
    else if (chosen < 0.002) model.evacuateMarked();
    else if (chosen < 0.003) endEvacuation(heap);
    else if (chosen < 0.004) failToAllocate(model, model.size(mix));
    else if (random.fraction() < growing) model.alloc(model.size(mix));
    else if (blocks.length > 0) model.free(random.integer(0, blocks.length - 1));
    if (step % 2000 === 0) model.check();
  }
  model.check();
  while (blocks.length > 0) model.free(random.integer(0, blocks.length - 1));
  model.check();
  endEvacuation(heap);
  model.check();
  if (heap.usedBytes !== 0) throw new Error(`an empty heap uses ${heap.usedBytes} bytes`);
  return model;
}

function markRandomly(heap: Heap, random: SeededRandom): void {
  for (const page of [...heap.pages.pagesInUse()]) {
    if (random.fraction() < 0.5) heap.pages.evacuate(page);
  }
  for (let extent = 0; extent < 8; extent++) {
    if (random.fraction() < 0.5) heap.pages.drain(extent);
  }
  for (const extent of heap.runs.extents()) {
    if (random.fraction() < 0.5 && !heap.runs.isDraining(startOf(extent))) heap.runs.drain(extent);
  }
}

function endEvacuation(heap: Heap): void {
  for (const page of heap.pages.pagesInUse()) heap.pages.keep(page);
  heap.pages.endDraining();
  for (const extent of heap.runs.extents()) heap.runs.keep(extent);
}

/** The system refuses: if the heap wanted more memory it says so, and nothing has changed. */
function failToAllocate(model: HeapModel, bytes: number): void {
  const { heap } = model;
  const before = [heap.usedBytes, heap.heldBytes, model.extentCount()].join();
  const addExtent = heap.addExtent;
  heap.addExtent = () => {
    throw new OutOfMemoryError('refused');
  };
  try {
    const ptr = heap.alloc(bytes);
    heap.free(ptr);
    return;
  } catch (problem) {
    if (!(problem instanceof OutOfMemoryError)) throw problem;
  } finally {
    heap.addExtent = addExtent;
  }
  const after = [heap.usedBytes, heap.heldBytes, model.extentCount()].join();
  if (after !== before) throw new Error(`a refused allocation changed ${before} to ${after}`);
}

function startOf(extent: number): Ptr {
  return (extent * (UNIT_MASK + 1)) as Ptr;
}
