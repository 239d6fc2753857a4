/**
 * Which pages and extents are to be emptied so that the arena gets smaller.
 *
 * Random deletion leaves every page a little occupied. Of each size class the fullest pages that
 * suffice for all of its blocks are kept; the others are evacuated: nothing is allocated there any
 * more, and once their blocks have been moved, by whoever owns them, they are free. Free pages are
 * worth something to the system only when all of an extent is free: where the free pages of fuller
 * extents hold all that an extent has, the extent is drained. The same goes for extents of runs.
 *
 * Work is cut into pieces by yielding: an extent's worth of table reading takes some microseconds.
 */
import {
  EXTENT_BYTES,
  EXTENT_COUNT_MAX,
  EXTENT_RUNS,
  EXTENT_SHIFT,
  EXTENT_SLAB,
} from './address.ts';
import type { Heap } from './heap.ts';
import { CLASS_COUNT } from './size-classes.ts';
import { PAGE_BYTES, PAGE_SHIFT } from './slab-pages.ts';

const PAGES_PER_EXTENT = 2 ** (EXTENT_SHIFT - PAGE_SHIFT);

/** Pages are told apart by how full they are, in so many steps. */
const FILL_LEVELS = 32;
/** Moving the blocks of fuller pages costs more than it wins. */
const FILL_LEVEL_MAX = 28;

/** Free pages that fuller extents keep beyond what an extent's draining takes. */
const SPARE_PAGES = 64;
/** Largest run that is moved: copying it takes some 0.05 ms, and a bucket may hold ten of them. */
const RUN_BYTES_MAX = 256 * 1024;

interface SlabExtent {
  readonly extent: number;
  readonly freePages: number;
  readonly usedPages: number;
}

interface RunExtent {
  readonly extent: number;
  readonly usedBytes: number;
  readonly isMovable: boolean;
}

/** Marks what is to be emptied, and ends it. See the file's comment. */
export class Evacuation {
  readonly #heap: Heap;
  /**
   * Per class: pages that may be kept, by fill level; live blocks; how many to evacuate of which
   * level.
   */
  readonly #pages = new Int32Array(CLASS_COUNT * FILL_LEVELS);
  readonly #live = new Float64Array(CLASS_COUNT);
  readonly #cutoff = new Int32Array(CLASS_COUNT);
  readonly #quota = new Int32Array(CLASS_COUNT);

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /**
   * Marks pages and extents if emptying them wins at least so many bytes; returns what it will win,
   * or 0.
   */
  *mark(winBytesMin: number): Generator<void, number> {
    const { pages, runs } = this.#heap;
    const extents = this.#slabExtents();
    const drained = new Set(extentsToDrain(extents));
    this.#pages.fill(0);
    this.#live.fill(0);
    for (const { extent } of extents) {
      this.#measure(extent, !drained.has(extent));
      yield;
    }
    const drainedRuns = yield* this.#runExtentsToDrain();
    let winBytes = this.#choosePages() * PAGE_BYTES + drainedRuns.length * EXTENT_BYTES;
    for (const extent of drained) winBytes += pages.touchedPages(extent) * PAGE_BYTES;
    if (winBytes < winBytesMin) return 0;
    // From now on new pages come from the fullest extents.
    pages.endDraining();
    for (const extent of drained) pages.drain(extent);
    for (const extent of drainedRuns) {
      // It may be gone since it was looked at.
      if (runs.extents().includes(extent)) runs.drain(extent);
      yield;
    }
    for (const { extent } of extents) {
      this.#markPages(extent, drained.has(extent));
      yield;
    }
    return winBytes;
  }

  /** Takes back what is marked and did not get empty. */
  *finish(): Generator<void> {
    const { pages, runs } = this.#heap;
    for (const { extent } of this.#slabExtents()) {
      const first = extent * PAGES_PER_EXTENT;
      for (let page = first; page < first + PAGES_PER_EXTENT; page++) pages.keep(page);
      yield;
    }
    pages.endDraining();
    for (const extent of runs.extents()) {
      runs.keep(extent);
      yield;
    }
  }

  /** Extents of pages, those with the fewest pages in use first. */
  #slabExtents(): SlabExtent[] {
    const { extentKind, pages } = this.#heap;
    const extents: SlabExtent[] = [];
    for (let extent = 0; extent < EXTENT_COUNT_MAX; extent++) {
      if (extentKind[extent] !== EXTENT_SLAB) continue;
      const freePages = pages.freePageCount(extent);
      const all = extent === 0 ? PAGES_PER_EXTENT - 1 : PAGES_PER_EXTENT;
      extents.push({ extent, freePages, usedPages: all - freePages });
    }
    return extents.sort((a, b) => a.usedPages - b.usedPages);
  }

  #measure(extent: number, mayKeep: boolean): void {
    const { pages } = this.#heap;
    const first = extent * PAGES_PER_EXTENT;
    for (let page = first; page < first + PAGES_PER_EXTENT; page++) {
      const sizeClass = pages.classOf[page]! - 1;
      if (sizeClass < 0) continue;
      this.#live[sizeClass]! += pages.live[page]!;
      if (mayKeep) this.#pages[sizeClass * FILL_LEVELS + this.#fillLevel(page, sizeClass)]!++;
    }
  }

  #fillLevel(page: number, sizeClass: number): number {
    const { pages } = this.#heap;
    const level = Math.floor((pages.live[page]! * FILL_LEVELS) / pages.blocksPerPage(sizeClass));
    return Math.min(level, FILL_LEVELS - 1);
  }

  /**
   * Sets for each class which levels go as a whole, and how many pages of the one after. Returns
   * all those.
   */
  #choosePages(): number {
    let chosen = 0;
    for (let sizeClass = 0; sizeClass < CLASS_COUNT; sizeClass++) {
      const levels = this.#pages.subarray(sizeClass * FILL_LEVELS, (sizeClass + 1) * FILL_LEVELS);
      const there = levels.reduce((sum, count) => sum + count, 0);
      const needed = Math.ceil(this.#live[sizeClass]! / this.#heap.pages.blocksPerPage(sizeClass));
      // A little room, so that what is written meanwhile does not take new pages.
      let left = there - needed - Math.floor(needed / FILL_LEVELS);
      let level = 0;
      while (level < FILL_LEVEL_MAX && levels[level]! <= left) {
        chosen += levels[level]!;
        left -= levels[level++]!;
      }
      this.#cutoff[sizeClass] = level;
      this.#quota[sizeClass] = level < FILL_LEVEL_MAX ? Math.max(0, left) : 0;
      chosen += this.#quota[sizeClass]!;
    }
    return chosen;
  }

  #markPages(extent: number, isDrained: boolean): void {
    const { pages, extentKind } = this.#heap;
    const first = extent * PAGES_PER_EXTENT;
    for (let page = first; page < first + PAGES_PER_EXTENT; page++) {
      // The last page of an extent may have been empty, and the extent is gone.
      if (extentKind[extent] !== EXTENT_SLAB) return;
      const sizeClass = pages.classOf[page]! - 1;
      if (sizeClass < 0) continue;
      if (!isDrained) {
        const above = this.#fillLevel(page, sizeClass) - this.#cutoff[sizeClass]!;
        if (above > 0 || (above === 0 && this.#quota[sizeClass]! <= 0)) continue;
        if (above === 0) this.#quota[sizeClass]!--;
      }
      pages.evacuate(page);
    }
  }

  #measureRuns(extent: number): RunExtent {
    let usedBytes = 0;
    let isMovable = true;
    for (const { bytes, isFree } of this.#heap.runs.runsOf(extent)) {
      if (isFree) continue;
      usedBytes += bytes;
      if (bytes > RUN_BYTES_MAX) isMovable = false;
    }
    return { extent, usedBytes, isMovable };
  }

  *#runExtentsToDrain(): Generator<void, number[]> {
    const { runs, extentKind } = this.#heap;
    const extents: RunExtent[] = [];
    for (const extent of runs.extents()) {
      if (extentKind[extent] === EXTENT_RUNS) extents.push(this.#measureRuns(extent));
      yield;
    }
    extents.sort((a, b) => a.usedBytes - b.usedBytes);
    let free = extents.reduce((sum, { usedBytes }) => sum + EXTENT_BYTES - usedBytes, 0);
    const drained: number[] = [];
    for (const { extent, usedBytes, isMovable } of extents) {
      const elsewhere = free - (EXTENT_BYTES - usedBytes);
      // Free runs are in pieces, so that not all of them can be used.
      if (usedBytes * 2 > elsewhere) break;
      if (!isMovable) continue;
      drained.push(extent);
      free = elsewhere - usedBytes;
    }
    return drained;
  }
}

/** The emptiest extents whose pages the free pages of the others can replace. */
function extentsToDrain(extents: readonly SlabExtent[]): number[] {
  let free = extents.reduce((sum, { freePages }) => sum + freePages, 0);
  const drained: number[] = [];
  for (const { extent, freePages, usedPages } of extents) {
    const elsewhere = free - freePages;
    if (usedPages + SPARE_PAGES > elsewhere) break;
    drained.push(extent);
    free = elsewhere - usedPages;
  }
  return drained;
}
