/**
 * Which pages and extents are to be emptied so that the arena gets smaller.
 *
 * Random deletion leaves every page a little occupied. Of each size class the fullest pages that
 * suffice for all of its blocks are kept; the others are evacuated: nothing is allocated there any
 * more, and once their blocks have been moved, by whoever owns them, they are free. Free pages are
 * worth something to the system only when all of an extent is free: so extents are drained, into
 * others or into fresh ones (evacuation-plan.ts). The same goes for extents of runs.
 *
 * Work is cut into pieces by yielding: an extent's worth of table reading takes some microseconds.
 */
import { EXTENT_COUNT_MAX, EXTENT_RUNS, EXTENT_SHIFT, EXTENT_SLAB } from './address.ts';
import { type Occupancy, type Plan, planAnew, planIntoRoom } from './evacuation-plan.ts';
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
/** What blocks take close together, and a little room beside them. */
const NEEDED_SLACK = 1 + 1 / FILL_LEVELS;
/** Free runs are in pieces: so much of them can be used. */
const FILLABLE_RUNS = 0.5;
/** Largest run that is moved: copying it takes some 0.05 ms, and a bucket may hold ten of them. */
const RUN_BYTES_MAX = 256 * 1024;

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
    const { pages, runs, extentKind } = this.#heap;
    const extents = this.#slabExtents();
    const plan = yield* this.#planPages(extents);
    const drained = new Set(plan.drained);
    this.#pages.fill(0);
    for (const { extent } of extents) {
      if (!drained.has(extent)) this.#countLevels(extent);
      yield;
    }
    const runsPlan = yield* this.#planRuns();
    const winBytes = this.#choosePages() * PAGE_BYTES + plan.winBytes + runsPlan.winBytes;
    if (winBytes < winBytesMin) return 0;
    // From now on new pages come from the fullest extents.
    pages.endDraining();
    for (const extent of drained) pages.drain(extent);
    for (const extent of runsPlan.drained) {
      // It may be gone since it was looked at.
      if (extentKind[extent] === EXTENT_RUNS) runs.drain(extent);
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

  #slabExtents(): Occupancy[] {
    const { extentKind, pages } = this.#heap;
    const extents: Occupancy[] = [];
    for (let extent = 0; extent < EXTENT_COUNT_MAX; extent++) {
      if (extentKind[extent] !== EXTENT_SLAB) continue;
      const all = extent === 0 ? PAGES_PER_EXTENT - 1 : PAGES_PER_EXTENT;
      extents.push({
        extent,
        usedBytes: (all - pages.freePageCount(extent)) * PAGE_BYTES,
        touchedBytes: pages.touchedPages(extent) * PAGE_BYTES,
        isMovable: !pages.isStuck(extent),
      });
    }
    return extents;
  }

  *#planPages(extents: readonly Occupancy[]): Generator<void, Plan> {
    const { pages } = this.#heap;
    this.#live.fill(0);
    for (const { extent } of extents) {
      this.#countLive(extent);
      yield;
    }
    const needed = this.#live.reduce((sum, live, sizeClass) => {
      return sum + Math.ceil((live * NEEDED_SLACK) / pages.blocksPerPage(sizeClass));
    }, 0);
    const anew = planAnew(extents, needed * PAGE_BYTES, 1);
    if (anew.drained.length > 0) return anew;
    return planIntoRoom(extents, 1, SPARE_PAGES * PAGE_BYTES);
  }

  *#planRuns(): Generator<void, Plan> {
    const { runs, extentKind } = this.#heap;
    const extents: Occupancy[] = [];
    for (const extent of runs.extents()) {
      if (extentKind[extent] === EXTENT_RUNS) extents.push(this.#measureRuns(extent));
      yield;
    }
    const needed = extents.reduce((sum, { usedBytes }) => sum + usedBytes, 0);
    const anew = planAnew(extents, needed, FILLABLE_RUNS);
    return anew.drained.length > 0 ? anew : planIntoRoom(extents, 1 / FILLABLE_RUNS, 0);
  }

  #countLive(extent: number): void {
    const { pages } = this.#heap;
    const first = extent * PAGES_PER_EXTENT;
    for (let page = first; page < first + PAGES_PER_EXTENT; page++) {
      const sizeClass = pages.classOf[page]! - 1;
      if (sizeClass >= 0) this.#live[sizeClass]! += pages.live[page]!;
    }
  }

  #countLevels(extent: number): void {
    const { pages } = this.#heap;
    const first = extent * PAGES_PER_EXTENT;
    for (let page = first; page < first + PAGES_PER_EXTENT; page++) {
      const sizeClass = pages.classOf[page]! - 1;
      if (sizeClass < 0) continue;
      this.#pages[sizeClass * FILL_LEVELS + this.#fillLevel(page, sizeClass)]!++;
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

  #measureRuns(extent: number): Occupancy {
    const { runs } = this.#heap;
    let usedBytes = 0;
    let isMovable = true;
    for (const { bytes, isFree } of runs.runsOf(extent)) {
      if (isFree) continue;
      usedBytes += bytes;
      if (bytes > RUN_BYTES_MAX) isMovable = false;
    }
    return { extent, usedBytes, touchedBytes: runs.touchedBytes(extent), isMovable };
  }
}
