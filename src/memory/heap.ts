/**
 * The arena: every byte of user data lives here, outside the JavaScript heap.
 *
 *   extent, 64 MiB, one of
 *     slab   1024 pages of 64 KiB; a page holds blocks of one size class      (slab-pages.ts)
 *     runs   16384 grains of 4 KiB; a block is a run of grains                (runs.ts)
 *     huge   one block, an ArrayBuffer of its own size, given back when freed
 *
 * Invariants: a block never spans extents; `usedBytes` is the sum of the capacities of all live
 * blocks; an extent without a live block is given back to the system (one slab extent is kept as a
 * reserve).
 *
 * Extents are larger than 32 MiB so that the C library always maps and unmaps them (below that its
 * allocator may keep freed memory), and fresh mappings are committed page by page as they are
 * touched. Rejected: one ArrayBuffer of many GiB (10 ns faster per random access, but nothing could
 * ever be given back), resizable and growable buffers (slower by 1.6x and 6x).
 */
import {
  EXTENT_COUNT_MAX,
  EXTENT_HUGE,
  EXTENT_NONE,
  EXTENT_RUNS,
  EXTENT_SHIFT,
  EXTENT_SLAB,
  type Ptr,
  UNIT_MASK,
} from './address.ts';
import { copyBytes } from './bytes.ts';
import { discard } from './discard.ts';
import { RunExtents } from './runs.ts';
import { CLASS_BYTES, CLASS_OF_UNITS, SLAB_BYTES_MAX } from './size-classes.ts';
import { PAGE_BYTES, SlabPages } from './slab-pages.ts';

/** Largest run; larger blocks get an extent of their own. */
const RUN_BYTES_MAX = 32 * 1024 * 1024;

/**
 * The C library puts a 16-byte header in front of a mapped block, so views that start 48 bytes in
 * have their 64-byte buckets on cache lines.
 */
const ALIGNMENT_BYTES = 64;
const ALIGNMENT_OFFSET = 48;

/** Thrown when the arena's address space or the system's memory is used up. Nothing was changed. */
export class OutOfMemoryError extends Error {
  override name = 'OutOfMemoryError';
}

const NO_BYTES = Buffer.alloc(0);
const NO_WORDS = new Uint32Array(0);
const NO_VIEW = new DataView(new ArrayBuffer(0));

/**
 * An arena with its allocator. One per engine; views must not be kept across a call that may free
 * an extent.
 */
export class Heap {
  /** Views of each extent, indexed by extent. Only code in `memory/` may keep one. */
  readonly bytes: Buffer[] = [NO_BYTES];
  readonly words: Uint32Array[] = [NO_WORDS];
  readonly views: DataView[] = [NO_VIEW];
  readonly extentKind: Uint8Array = new Uint8Array(EXTENT_COUNT_MAX);

  /** Sum of the capacities of all live blocks, in bytes. */
  usedBytes = 0;
  /**
   * Bytes of pages, runs and huge extents that hold at least one live block or are kept for reuse.
   */
  heldBytes = 0;

  readonly pages: SlabPages;
  readonly runs: RunExtents;
  readonly #hugeBytes = new Map<number, number>();

  constructor() {
    this.pages = new SlabPages(this);
    this.runs = new RunExtents(this);
  }

  /**
   * Allocates at least `sizeBytes` (> 0), 8-byte aligned, contents undefined. Throws
   * OutOfMemoryError.
   */
  alloc(sizeBytes: number): Ptr {
    if (sizeBytes <= SLAB_BYTES_MAX) {
      const sizeClass = CLASS_OF_UNITS[(sizeBytes + 7) >>> 3]!;
      const ptr = this.pages.alloc(sizeClass);
      this.usedBytes += CLASS_BYTES[sizeClass]!;
      return ptr;
    }
    if (sizeBytes <= RUN_BYTES_MAX) return this.runs.alloc(sizeBytes);
    return this.#allocHuge(sizeBytes);
  }

  /** REQUIRES: `ptr` is a live block. */
  free(ptr: Ptr): void {
    const kind = this.extentKind[ptr >>> EXTENT_SHIFT];
    if (kind === EXTENT_SLAB) this.usedBytes -= this.pages.free(ptr);
    else if (kind === EXTENT_RUNS) this.runs.free(ptr);
    else this.#freeHuge(ptr);
  }

  /** Bytes that fit in the block, at least what was asked for. */
  capacity(ptr: Ptr): number {
    const extent = ptr >>> EXTENT_SHIFT;
    const kind = this.extentKind[extent];
    if (kind === EXTENT_SLAB) return this.pages.blockBytes(ptr);
    if (kind === EXTENT_RUNS) return this.runs.blockBytes(ptr);
    return this.#hugeBytes.get(extent)!;
  }

  /** Whether a block of `capacityBytes` is what `alloc(sizeBytes)` would hand out. */
  fits(capacityBytes: number, sizeBytes: number): boolean {
    if (sizeBytes > capacityBytes) return false;
    if (sizeBytes > SLAB_BYTES_MAX) return capacityBytes - sizeBytes < 4096;
    return CLASS_BYTES[CLASS_OF_UNITS[(sizeBytes + 7) >>> 3]!] === capacityBytes;
  }

  /** Copies a block to a new one of the same capacity and frees it; returns the new address. */
  relocate(ptr: Ptr): Ptr {
    const bytes = this.capacity(ptr);
    const moved = this.alloc(bytes);
    const from = ptr >>> EXTENT_SHIFT;
    const to = moved >>> EXTENT_SHIFT;
    const start = (ptr & UNIT_MASK) << 3;
    const target = (moved & UNIT_MASK) << 3;
    const source = this.bytes[from]!;
    copyBytes(source, this.views[from]!, start, this.bytes[to]!, this.views[to]!, target, bytes);
    this.free(ptr);
    return moved;
  }

  /** One of a block's 32-bit words. */
  word(ptr: Ptr, index: number): number {
    return this.words[ptr >>> EXTENT_SHIFT]![((ptr & UNIT_MASK) << 1) + index]!;
  }

  setWord(ptr: Ptr, index: number, value: number): void {
    this.words[ptr >>> EXTENT_SHIFT]![((ptr & UNIT_MASK) << 1) + index] = value;
  }

  /**
   * Bytes of all extents that were ever used since the system gave them: what the arena really
   * takes.
   */
  committedBytes(): number {
    let bytes = 0;
    for (let extent = 0; extent < EXTENT_COUNT_MAX; extent++) {
      const kind = this.extentKind[extent];
      if (kind === EXTENT_SLAB) bytes += this.pages.touchedPages(extent) * PAGE_BYTES;
      else if (kind === EXTENT_RUNS) bytes += this.runs.touchedBytes(extent);
      else if (kind === EXTENT_HUGE) bytes += this.#hugeBytes.get(extent)!;
    }
    return bytes;
  }

  /**
   * Whether a block lies where nothing should stay: on a page that is evacuated, in an extent that
   * drains.
   */
  isEvacuating(ptr: Ptr): boolean {
    const kind = this.extentKind[ptr >>> EXTENT_SHIFT];
    if (kind === EXTENT_SLAB) return this.pages.isEvacuating(ptr);
    return kind === EXTENT_RUNS && this.runs.isDraining(ptr);
  }

  /** Makes a zeroed extent of `byteLength` and returns its number. */
  addExtent(kind: number, byteLength: number): number {
    // The block of a huge extent starts where the extent does: in extent 0 its address would be
    // null.
    let extent = kind === EXTENT_HUGE ? 1 : 0;
    while (extent < EXTENT_COUNT_MAX && this.extentKind[extent] !== EXTENT_NONE) extent++;
    if (extent === EXTENT_COUNT_MAX) throw new OutOfMemoryError('the arena is full (512 extents)');
    const buffer = allocateBuffer(byteLength + ALIGNMENT_BYTES);
    this.bytes[extent] = Buffer.from(buffer, ALIGNMENT_OFFSET, byteLength);
    this.words[extent] = new Uint32Array(buffer, ALIGNMENT_OFFSET, byteLength >>> 2);
    this.views[extent] = new DataView(buffer, ALIGNMENT_OFFSET, byteLength);
    this.extentKind[extent] = kind;
    return extent;
  }

  /** REQUIRES: no live block is left in the extent. */
  removeExtent(extent: number): void {
    // Extents are never shared memory.
    const memory = this.bytes[extent]!.buffer as ArrayBuffer;
    this.bytes[extent] = NO_BYTES;
    this.words[extent] = NO_WORDS;
    this.views[extent] = NO_VIEW;
    this.extentKind[extent] = EXTENT_NONE;
    discard(memory);
  }

  /** Blocks that have an extent of their own. */
  *hugeBlocks(): Generator<{ ptr: Ptr; bytes: number }> {
    for (const [extent, bytes] of this.#hugeBytes) {
      yield { ptr: (extent * (UNIT_MASK + 1)) as Ptr, bytes };
    }
  }

  #allocHuge(sizeBytes: number): Ptr {
    const byteLength = (sizeBytes + 4095) & ~4095;
    const extent = this.addExtent(EXTENT_HUGE, byteLength);
    this.#hugeBytes.set(extent, byteLength);
    this.usedBytes += byteLength;
    this.heldBytes += byteLength;
    return (extent * (UNIT_MASK + 1)) as Ptr;
  }

  #freeHuge(ptr: Ptr): void {
    const extent = ptr >>> EXTENT_SHIFT;
    const byteLength = this.#hugeBytes.get(extent);
    if (byteLength === undefined) throw new Error(`free of an address that is not a block: ${ptr}`);
    this.#hugeBytes.delete(extent);
    this.usedBytes -= byteLength;
    this.heldBytes -= byteLength;
    this.removeExtent(extent);
  }
}

function allocateBuffer(byteLength: number): ArrayBuffer {
  try {
    return new ArrayBuffer(byteLength);
  } catch (cause) {
    throw new OutOfMemoryError(`the system refused ${byteLength} bytes`, { cause });
  }
}
