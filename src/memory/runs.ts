/**
 * Runs: blocks of 16 KiB to 32 MiB, made of consecutive 4 KiB grains of a 64 MiB extent.
 *
 *   grains      | used run, 3 | free run, 5           | used, 2 | ...
 *   lengths[]     -3  .   -3    5   .   .   .   5       -2 -2
 *
 * `lengths` (one Int32Array per extent) holds a run's length in grains at its first and last grain:
 * positive for a free run, negative for a used one. Free runs are linked in bins by size through
 * their own first two words.
 *
 * Invariants: no two free runs are neighbours; every free run is in the bin of its length, unless
 * its extent is draining: then nothing new may go there, and its free runs are in no bin. Rejected:
 * rounding to slab-like classes (up to a third lost at these sizes) and a buddy system (up to
 * half).
 */
import {
  EXTENT_BYTES,
  EXTENT_COUNT_MAX,
  EXTENT_RUNS,
  EXTENT_SHIFT,
  NULL,
  type Ptr,
  UNIT_MASK,
} from './address.ts';
import type { Heap } from './heap.ts';

const GRAIN_BYTES = 4096;
/** `unit >>> GRAIN_SHIFT` is the grain within its extent. */
const GRAIN_SHIFT = 9;
const GRAINS_PER_EXTENT = EXTENT_BYTES / GRAIN_BYTES;
/** Four bins per doubling: lengths in a bin differ by at most a quarter. */
const BIN_COUNT = 64;
/**
 * Runs of the best bin that are looked at before a longer one is cut: a bin may hold many that just
 * do not do.
 */
const TRIES_MAX = 16;

const NO_LENGTHS = new Int32Array(0);

/** A run as the heap checker sees it. */
export interface Run {
  readonly ptr: Ptr;
  readonly bytes: number;
  readonly isFree: boolean;
}

/** The runs of a heap. Only Heap uses it; it keeps the heap's byte counts. */
export class RunExtents {
  readonly #heap: Heap;
  /** By extent; empty for those that hold no runs. */
  readonly #lengths: Int32Array[] = new Array(EXTENT_COUNT_MAX).fill(NO_LENGTHS);
  #extentCount = 0;
  readonly #bins = new Uint32Array(BIN_COUNT);
  readonly #draining = new Uint8Array(EXTENT_COUNT_MAX);
  /** Grains from the start of each extent that were ever used. */
  readonly #touched = new Int32Array(EXTENT_COUNT_MAX);

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  alloc(sizeBytes: number): Ptr {
    const grains = (sizeBytes + GRAIN_BYTES - 1) >>> 12;
    let run = this.#findFree(grains, TRIES_MAX);
    if (run === NULL) run = this.#findFree(grains, GRAINS_PER_EXTENT);
    if (run === NULL) run = this.#addExtent();
    this.#unlink(run);
    const lengths = this.#lengthsOf(run);
    const first = grainOf(run);
    const whole = lengths[first]!;
    if (whole > grains) this.#addFree(atGrain(run, first + grains), whole - grains);
    setLength(lengths, first, grains, -grains);
    const extent = run >>> EXTENT_SHIFT;
    this.#touched[extent] = Math.max(this.#touched[extent]!, first + grains);
    this.#heap.usedBytes += grains * GRAIN_BYTES;
    this.#heap.heldBytes += grains * GRAIN_BYTES;
    return run;
  }

  free(ptr: Ptr): void {
    const lengths = this.#lengthsOf(ptr);
    let first = grainOf(ptr);
    let grains = -lengths[first]!;
    if (grains <= 0 || (ptr & ((1 << GRAIN_SHIFT) - 1)) !== 0) {
      throw new Error(`free of an address that is not a block: ${ptr}`);
    }
    this.#heap.usedBytes -= grains * GRAIN_BYTES;
    this.#heap.heldBytes -= grains * GRAIN_BYTES;
    const after = first + grains;
    if (after < GRAINS_PER_EXTENT && lengths[after]! > 0) {
      this.#unlink(atGrain(ptr, after));
      grains += lengths[after]!;
    }
    if (first > 0 && lengths[first - 1]! > 0) {
      const before = lengths[first - 1]!;
      this.#unlink(atGrain(ptr, first - before));
      first -= before;
      grains += before;
    }
    const extent = ptr >>> EXTENT_SHIFT;
    const isEmpty = grains === GRAINS_PER_EXTENT - firstGrain(extent);
    if (isEmpty && !this.#isReserve(extent)) this.#removeExtent(extent);
    else this.#addFree(atGrain(ptr, first), grains);
  }

  blockBytes(ptr: Ptr): number {
    return -this.#lengthsOf(ptr)[grainOf(ptr)]! * GRAIN_BYTES;
  }

  /** Numbers of the extents that hold runs. */
  extents(): number[] {
    return [...this.#lengths.keys()].filter((extent) => this.#lengths[extent] !== NO_LENGTHS);
  }

  /** Bytes from the start of an extent that were ever used: what the system has committed. */
  touchedBytes(extent: number): number {
    return this.#touched[extent]! * GRAIN_BYTES;
  }

  /** All runs of an extent in address order. Throws when their lengths do not add up. */
  *runsOf(extent: number): Generator<Run> {
    const lengths = this.#lengths[extent]!;
    const base = (extent * (UNIT_MASK + 1)) as Ptr;
    for (let grain = firstGrain(extent); grain < GRAINS_PER_EXTENT; ) {
      const length = lengths[grain]!;
      const grains = Math.abs(length);
      if (grains === 0 || lengths[grain + grains - 1] !== length) {
        throw new Error(`heap: the runs of extent ${extent} are broken at grain ${grain}`);
      }
      yield { ptr: atGrain(base, grain), bytes: grains * GRAIN_BYTES, isFree: length > 0 };
      grain += grains;
    }
  }

  /** The free runs that allocation can find. Throws when one is in the wrong bin. */
  *listedRuns(): Generator<Ptr> {
    for (let bin = 0; bin < BIN_COUNT; bin++) {
      let previous = NULL;
      for (let run = this.#bins[bin]! as Ptr; run !== NULL; run = this.#word(run, 0) as Ptr) {
        const grains = this.#lengthsOf(run)[grainOf(run)]!;
        if (grains <= 0 || binOf(grains) !== bin || this.#word(run, 1) !== previous) {
          throw new Error(`heap: bin ${bin} of the free runs is broken at ${run}`);
        }
        yield run;
        previous = run;
      }
    }
  }

  isDraining(ptr: Ptr): boolean {
    return this.#draining[ptr >>> EXTENT_SHIFT] !== 0;
  }

  /** Allocates no more from an extent, so that moving its runs elsewhere frees it. */
  drain(extent: number): void {
    const all = [...this.runsOf(extent)];
    for (const { ptr, isFree } of all) if (isFree) this.#unlink(ptr);
    this.#draining[extent] = 1;
    if (all.every(({ isFree }) => isFree)) this.#removeExtent(extent);
  }

  /** Ends the draining of an extent; without effect on any other extent. */
  keep(extent: number): void {
    if (this.#draining[extent] === 0) return;
    this.#draining[extent] = 0;
    for (const run of this.runsOf(extent)) {
      if (run.isFree) this.#addFree(run.ptr, run.bytes / GRAIN_BYTES);
    }
  }

  /**
   * The last extent is kept, so that one block coming and going does not map and unmap it each
   * time.
   */
  #isReserve(extent: number): boolean {
    return this.#extentCount === 1 && this.#draining[extent] === 0;
  }

  #lengthsOf(ptr: Ptr): Int32Array {
    return this.#lengths[ptr >>> EXTENT_SHIFT]!;
  }

  /**
   * First fit among the first `triesMax` runs of the bin of `grains`, else any run of a larger bin.
   */
  #findFree(grains: number, triesMax: number): Ptr {
    const own = binOf(grains);
    let run = this.#bins[own]! as Ptr;
    for (let tries = 0; run !== NULL && tries < triesMax; tries++) {
      if (this.#lengthsOf(run)[grainOf(run)]! >= grains) return run;
      run = this.#word(run, 0) as Ptr;
    }
    for (let bin = own + 1; bin < BIN_COUNT; bin++) {
      if (this.#bins[bin] !== 0) return this.#bins[bin]! as Ptr;
    }
    return NULL;
  }

  #addFree(run: Ptr, grains: number): void {
    setLength(this.#lengthsOf(run), grainOf(run), grains, grains);
    if (this.isDraining(run)) return;
    const bin = binOf(grains);
    const head = this.#bins[bin]! as Ptr;
    this.#setWord(run, 0, head);
    this.#setWord(run, 1, NULL);
    if (head !== NULL) this.#setWord(head, 1, run);
    this.#bins[bin] = run;
  }

  #unlink(run: Ptr): void {
    if (this.isDraining(run)) return;
    const next = this.#word(run, 0) as Ptr;
    const previous = this.#word(run, 1) as Ptr;
    if (next !== NULL) this.#setWord(next, 1, previous);
    if (previous !== NULL) this.#setWord(previous, 0, next);
    else this.#bins[binOf(this.#lengthsOf(run)[grainOf(run)]!)] = next;
  }

  /** Returns the new extent's one free run. */
  #addExtent(): Ptr {
    const extent = this.#heap.addExtent(EXTENT_RUNS, EXTENT_BYTES);
    this.#lengths[extent] = new Int32Array(GRAINS_PER_EXTENT);
    this.#extentCount++;
    const first = firstGrain(extent);
    // Grain 0 of extent 0 stays out of use: its address would be null.
    if (first === 1) this.#lengths[extent]![0] = -1;
    this.#touched[extent] = 0;
    const run = atGrain((extent * (UNIT_MASK + 1)) as Ptr, first);
    this.#addFree(run, GRAINS_PER_EXTENT - first);
    return run;
  }

  #removeExtent(extent: number): void {
    this.#lengths[extent] = NO_LENGTHS;
    this.#extentCount--;
    this.#draining[extent] = 0;
    this.#heap.removeExtent(extent);
  }

  #word(run: Ptr, index: number): number {
    return this.#heap.words[run >>> EXTENT_SHIFT]![((run & UNIT_MASK) << 1) + index]!;
  }

  #setWord(run: Ptr, index: number, value: number): void {
    this.#heap.words[run >>> EXTENT_SHIFT]![((run & UNIT_MASK) << 1) + index] = value;
  }
}

/** First grain of an extent that can be used. */
function firstGrain(extent: number): number {
  return extent === 0 ? 1 : 0;
}

function grainOf(ptr: Ptr): number {
  return (ptr & UNIT_MASK) >>> GRAIN_SHIFT;
}

/** The address of a grain in the extent of `ptr`. */
function atGrain(ptr: Ptr, grain: number): Ptr {
  return ((ptr >>> EXTENT_SHIFT) * (UNIT_MASK + 1) + (grain << GRAIN_SHIFT)) as Ptr;
}

function setLength(lengths: Int32Array, first: number, grains: number, value: number): void {
  lengths[first] = value;
  lengths[first + grains - 1] = value;
}

function binOf(grains: number): number {
  const log = 31 - Math.clz32(grains);
  return log < 2 ? grains : (log << 2) + ((grains >>> (log - 2)) & 3);
}
