/**
 * Proves that a heap is sound, for tests and debugging. The owners of blocks say which blocks are
 * theirs; the heap's own tables say which are allocated; both must agree to the block. Time and
 * memory grow with the heap.
 */
import {
  EXTENT_COUNT_MAX,
  EXTENT_HUGE,
  EXTENT_NONE,
  EXTENT_RUNS,
  EXTENT_SHIFT,
  EXTENT_SLAB,
  type Ptr,
} from './address.ts';
import type { Heap } from './heap.ts';
import { CLASS_BYTES, CLASS_COUNT } from './size-classes.ts';
import { PAGE_BYTES, PAGE_EVACUATING, PAGE_LISTED, PAGE_SHIFT } from './slab-pages.ts';

const PAGE_UNITS = 1 << PAGE_SHIFT;
const PAGES_PER_EXTENT = 2 ** (EXTENT_SHIFT - PAGE_SHIFT);

/** What starts at a unit of a page. */
const NO_BLOCK = 0;
const FREE = 1;
const ALLOCATED = 2;
const OWNED = 3;

/**
 * Throws unless the heap's tables are sound and exactly the blocks of `owned` are allocated, each
 * named once.
 */
export function checkHeap(heap: Heap, owned: Iterable<Ptr>): void {
  new HeapCheck(heap).run(owned);
}

class HeapCheck {
  readonly #heap: Heap;
  /** Per page in use, what starts at each of its units. */
  readonly #pages = new Map<number, Uint8Array>();
  /** Allocated runs and huge blocks, and whether an owner has named them. */
  readonly #large = new Map<number, boolean>();
  #usedBytes = 0;
  #heldBytes = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  run(owned: Iterable<Ptr>): void {
    for (let extent = 0; extent < EXTENT_COUNT_MAX; extent++) this.#checkExtent(extent);
    this.#checkPageLists();
    this.#checkRuns();
    this.#checkHuge();
    this.#checkSum('used', this.#heap.usedBytes, this.#usedBytes);
    this.#checkSum('held', this.#heap.heldBytes, this.#heldBytes);
    for (const ptr of owned) this.#own(ptr);
    this.#checkLeaks();
  }

  #checkExtent(extent: number): void {
    const { pages, extentKind, bytes } = this.#heap;
    const kind = extentKind[extent]!;
    const first = extent * PAGES_PER_EXTENT;
    const touched = kind === EXTENT_SLAB ? pages.touchedPages(extent) : 0;
    for (let page = first; page < first + PAGES_PER_EXTENT; page++) {
      const inUse = pages.classOf[page] !== 0;
      if (inUse && page >= first + touched) fail(`page ${page} is in use, its extent says not`);
      if (inUse) this.#checkPage(page);
    }
    if (kind === EXTENT_NONE && (bytes[extent]?.length ?? 0) > 0) {
      fail(`extent ${extent} has memory but no kind`);
    }
    if (kind === EXTENT_SLAB) this.#checkFreePages(extent, first, touched);
  }

  #checkFreePages(extent: number, first: number, touched: number): void {
    const { pages } = this.#heap;
    const start = extent === 0 ? 1 : 0;
    const free = pages.freePages(extent);
    const distinct = new Set(free);
    if (distinct.size !== free.length) fail(`the free pages of extent ${extent} go in circles`);
    for (const page of free) {
      if (page < first + start || page >= first + touched) {
        fail(`page ${page} is on the free list of extent ${extent}`);
      }
      if (pages.classOf[page] !== 0) fail(`page ${page} is free and in use`);
    }
    let lost = 0;
    for (let page = first + start; page < first + touched; page++) {
      if (pages.classOf[page] === 0 && !distinct.has(page)) lost++;
    }
    if (lost > 0) fail(`${lost} pages of extent ${extent} are neither free nor in use`);
    const count = free.length + PAGES_PER_EXTENT - touched;
    this.#checkSum(`free pages of extent ${extent}`, pages.freePageCount(extent), count);
    if (count === PAGES_PER_EXTENT - start && !pages.isHome(extent)) {
      fail(`extent ${extent} is empty and was not given back`);
    }
  }

  #checkPage(page: number): void {
    const { pages } = this.#heap;
    const sizeClass = pages.classOf[page]! - 1;
    if (sizeClass >= CLASS_COUNT) fail(`page ${page} has class ${sizeClass}`);
    const blockBytes = CLASS_BYTES[sizeClass]!;
    const blockUnits = blockBytes / 8;
    const bump = pages.bumpUnits(page);
    if (bump % blockUnits !== 0 || bump > PAGE_UNITS) fail(`page ${page} has handed out ${bump}`);
    const starts = new Uint8Array(PAGE_UNITS);
    for (let unit = 0; unit < bump; unit += blockUnits) starts[unit] = ALLOCATED;
    const free = pages.freeUnits(page);
    for (const unit of free) {
      if (starts[unit] === FREE) fail(`the free list of page ${page} goes in circles at ${unit}`);
      if (unit >= bump || starts[unit] !== ALLOCATED) {
        fail(`the free list of page ${page} holds unit ${unit}, which is no block`);
      }
      starts[unit] = FREE;
    }
    const live = bump / blockUnits - free.length;
    this.#checkSum(`live blocks of page ${page}`, pages.live[page]!, live);
    this.#pages.set(page, starts);
    this.#usedBytes += live * blockBytes;
    this.#heldBytes += PAGE_BYTES;
    const isCurrent = pages.currentPage(sizeClass) === page;
    if (live === 0 && !isCurrent) fail(`page ${page} is empty and was not given back`);
    const hasRoom = live < Math.floor(PAGE_BYTES / blockBytes);
    const flags = pages.flags[page]!;
    const evacuating = (flags & PAGE_EVACUATING) !== 0;
    const listed = (flags & PAGE_LISTED) !== 0;
    if (listed !== (hasRoom && !evacuating && !isCurrent)) {
      fail(`page ${page} is ${listed ? '' : 'not '}listed, with ${live} live blocks`);
    }
    if (evacuating && isCurrent) fail(`page ${page} is evacuated and allocated from`);
  }

  #checkPageLists(): void {
    const { pages } = this.#heap;
    const listed = new Set<number>();
    for (let sizeClass = 0; sizeClass < CLASS_COUNT; sizeClass++) {
      const current = pages.currentPage(sizeClass);
      if (current !== 0 && pages.classOf[current] !== sizeClass + 1) {
        fail(`class ${sizeClass} allocates from page ${current}, which is of another class`);
      }
      for (const page of pages.listedPages(sizeClass)) {
        if (pages.classOf[page] !== sizeClass + 1) {
          fail(`page ${page} is on the list of class ${sizeClass}, which is not its own`);
        }
        listed.add(page);
      }
    }
    for (const page of this.#pages.keys()) {
      if ((pages.flags[page]! & PAGE_LISTED) !== 0 && !listed.has(page)) {
        fail(`page ${page} says that it is listed and is not`);
      }
      listed.delete(page);
    }
    if (listed.size > 0) fail(`page ${[...listed][0]} is listed and not in use`);
  }

  #checkRuns(): void {
    const { runs, extentKind } = this.#heap;
    const listed = new Set<number>();
    for (const ptr of runs.listedRuns()) {
      if (listed.has(ptr)) fail(`the free run ${name(ptr)} is in two bins`);
      listed.add(ptr);
    }
    for (const extent of runs.extents()) {
      if (extentKind[extent] !== EXTENT_RUNS) fail(`extent ${extent} does not hold runs`);
      let wasFree = false;
      for (const { ptr, bytes, isFree } of runs.runsOf(extent)) {
        if (isFree && wasFree) fail(`the free run ${name(ptr)} follows a free run`);
        if (isFree && !runs.isDraining(ptr) && !listed.delete(ptr)) {
          fail(`the free run ${name(ptr)} is in no bin`);
        }
        if (!isFree) this.#addLarge(ptr, bytes);
        wasFree = isFree;
      }
    }
    for (const ptr of listed) fail(`the free run ${name(ptr as Ptr)} does not exist`);
    const count = extentKind.filter((kind) => kind === EXTENT_RUNS).length;
    this.#checkSum('extents of runs', runs.extents().length, count);
  }

  #checkHuge(): void {
    const { extentKind } = this.#heap;
    let count = 0;
    for (const { ptr, bytes } of this.#heap.hugeBlocks()) {
      if (extentKind[ptr >>> EXTENT_SHIFT] !== EXTENT_HUGE) fail(`${name(ptr)} is not huge`);
      this.#addLarge(ptr, bytes);
      count++;
    }
    this.#checkSum('huge extents', extentKind.filter((kind) => kind === EXTENT_HUGE).length, count);
  }

  #addLarge(ptr: Ptr, bytes: number): void {
    this.#large.set(ptr, false);
    this.#usedBytes += bytes;
    this.#heldBytes += bytes;
  }

  #own(ptr: Ptr): void {
    const page = this.#pages.get(ptr >>> PAGE_SHIFT);
    if (page !== undefined) {
      const unit = ptr & (PAGE_UNITS - 1);
      const state = page[unit];
      if (state === OWNED) fail(`${name(ptr)} has two owners`);
      if (state === FREE) fail(`${name(ptr)} is owned and free`);
      if (state === NO_BLOCK) fail(`${name(ptr)} is owned and not the start of a block`);
      page[unit] = OWNED;
      return;
    }
    const known = this.#large.get(ptr);
    if (known === undefined) fail(`${name(ptr)} is owned and not allocated`);
    if (known) fail(`${name(ptr)} has two owners`);
    this.#large.set(ptr, true);
  }

  #checkLeaks(): void {
    const leaked: Ptr[] = [];
    for (const [page, starts] of this.#pages) {
      for (let unit = starts.indexOf(ALLOCATED); unit >= 0; ) {
        leaked.push((page * PAGE_UNITS + unit) as Ptr);
        unit = starts.indexOf(ALLOCATED, unit + 1);
      }
    }
    for (const [ptr, isOwned] of this.#large) if (!isOwned) leaked.push(ptr as Ptr);
    if (leaked.length === 0) return;
    const bytes = this.#heap.capacity(leaked[0]!);
    fail(`${leaked.length} blocks have no owner, the first is ${name(leaked[0]!)}, ${bytes} bytes`);
  }

  #checkSum(what: string, said: number, counted: number): void {
    if (said !== counted) fail(`${what}: the heap says ${said}, counted ${counted}`);
  }
}

function name(ptr: Ptr): string {
  return `block ${ptr} (extent ${ptr >>> EXTENT_SHIFT}, page ${ptr >>> PAGE_SHIFT})`;
}

function fail(problem: string): never {
  throw new Error(`heap: ${problem}`);
}
