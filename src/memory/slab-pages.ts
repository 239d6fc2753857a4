/**
 * Slab pages: blocks of up to 16 KiB, all of one size class per 64 KiB page.
 *
 *   page        +-------+-------+-------+--- ... ---+-------------+
 *               | block | block | block |           | never used  |
 *               +-------+-------+-------+--- ... ---+-------------+
 *                   |                               ^ bump
 *   free block: word 0 = unit (within the page) of the next free block, 0xffff for the end
 *
 * Side tables, indexed by page number (`ptr >>> PAGE_SHIFT`), never scanned by the collector:
 *   sizeClass+1 | live blocks | first free block | bump | flags
 *   next, previous page of the class with room
 *
 * Invariants: a class's list holds exactly the pages that have room, are not evacuating and are not
 * its current page; a page without live blocks that is not current is free; page 0 of extent 0 is
 * never used, so that 0 is no block. Side tables are sized for the whole arena once: the system
 * commits what is touched.
 *
 * New pages come from the fullest extent, so that the emptiest drain. What random deletion leaves
 * behind, every page and every extent sparse, only moving blocks can mend: `evacuate` and `drain`
 * are for that.
 *
 * Rejected: one free list per class (blocks of a page cannot be told apart, so pages never empty),
 * and bitmaps instead of in-place links (3x slower to allocate).
 */
import {
  EXTENT_BYTES,
  EXTENT_COUNT_MAX,
  EXTENT_SHIFT,
  EXTENT_SLAB,
  type Ptr,
  UNIT_MASK,
} from './address.ts';
import { type Heap, OutOfMemoryError } from './heap.ts';
import { CLASS_BYTES, CLASS_COUNT } from './size-classes.ts';

export const PAGE_BYTES: number = 64 * 1024;
/** `ptr >>> PAGE_SHIFT` is the page number. */
export const PAGE_SHIFT = 13;
const PAGE_UNITS = 1 << PAGE_SHIFT;
const PAGE_UNIT_MASK = PAGE_UNITS - 1;
const PAGES_PER_EXTENT = EXTENT_BYTES / PAGE_BYTES;
const PAGE_COUNT_MAX = EXTENT_COUNT_MAX * PAGES_PER_EXTENT;
const END_OF_LIST = 0xffff;

export const PAGE_EVACUATING = 1;
export const PAGE_LISTED = 2;

/**
 * An empty extent is kept while the others have fewer free pages than this, not to map it again at
 * once.
 */
const RESERVE_PAGES = 64;

/** After so many cycles of the defragmenter an extent that could not be emptied is tried again. */
const STUCK_CYCLES = 8;

/** The slab part of a heap. Only Heap and the defragmenter use it. */
export class SlabPages {
  /** Size class + 1, 0 for a page that is free or not a slab page. */
  readonly classOf: Uint8Array = new Uint8Array(PAGE_COUNT_MAX);
  readonly live: Uint16Array = new Uint16Array(PAGE_COUNT_MAX);
  readonly flags: Uint8Array = new Uint8Array(PAGE_COUNT_MAX);
  readonly #firstFree = new Uint16Array(PAGE_COUNT_MAX);
  readonly #bump = new Uint16Array(PAGE_COUNT_MAX);
  readonly #next = new Uint32Array(PAGE_COUNT_MAX);
  readonly #previous = new Uint32Array(PAGE_COUNT_MAX);

  /** Page that each class allocates from, 0 for none. */
  readonly #current = new Uint32Array(CLASS_COUNT);
  /** First page with room of each class, 0 for none. */
  readonly #withRoom = new Uint32Array(CLASS_COUNT);
  readonly #unitsPerBlock = Uint16Array.from(CLASS_BYTES, (bytes) => bytes >>> 3);
  readonly #lastUnit = Uint16Array.from(
    CLASS_BYTES,
    (bytes) => Math.floor(PAGE_BYTES / bytes) * (bytes >>> 3),
  );

  /** Free pages of each extent: a list through #next, and its length. */
  readonly #freePages = new Uint32Array(EXTENT_COUNT_MAX);
  readonly #freePageCount = new Uint16Array(EXTENT_COUNT_MAX);
  readonly #pageBump = new Uint16Array(EXTENT_COUNT_MAX);
  readonly #draining = new Uint8Array(EXTENT_COUNT_MAX);
  /** Of extents that were to drain and did not: how many cycles long that is not tried again. */
  readonly #stuck = new Uint8Array(EXTENT_COUNT_MAX);
  /** Extent that new pages come from, -1 for none. */
  #homeExtent = -1;

  readonly #heap: Heap;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** A block of the class; the caller accounts for it. */
  alloc(sizeClass: number): Ptr {
    let page = this.#current[sizeClass]!;
    let unit = END_OF_LIST;
    if (page !== 0) {
      unit = this.#take(page, sizeClass);
      if (unit !== END_OF_LIST) return (page * PAGE_UNITS + unit) as Ptr;
    }
    page = this.#nextPage(sizeClass);
    unit = this.#take(page, sizeClass);
    return (page * PAGE_UNITS + unit) as Ptr;
  }

  /** Frees a block and returns its size in bytes. */
  free(ptr: Ptr): number {
    const page = ptr >>> PAGE_SHIFT;
    const sizeClass = this.classOf[page]! - 1;
    if (sizeClass < 0) throw new Error(`free of an address that is not a block: ${ptr}`);
    this.#heap.words[ptr >>> EXTENT_SHIFT]![(ptr & UNIT_MASK) << 1] = this.#firstFree[page]!;
    this.#firstFree[page] = ptr & PAGE_UNIT_MASK;
    const live = --this.live[page]!;
    if (this.#current[sizeClass] !== page) {
      if (live === 0) this.#release(page, sizeClass);
      else if (this.flags[page] === 0) this.#list(page, sizeClass);
    }
    return CLASS_BYTES[sizeClass]!;
  }

  blockBytes(ptr: Ptr): number {
    return CLASS_BYTES[this.classOf[ptr >>> PAGE_SHIFT]! - 1]!;
  }

  /** Stops allocating from a page in use, so that moving its blocks elsewhere empties it. */
  evacuate(page: number): void {
    const sizeClass = this.classOf[page]! - 1;
    if (this.#current[sizeClass] === page) this.#current[sizeClass] = 0;
    if (this.live[page] === 0) {
      this.#release(page, sizeClass);
      return;
    }
    if ((this.flags[page]! & PAGE_LISTED) !== 0) this.#unlist(page, sizeClass);
    this.flags[page]! |= PAGE_EVACUATING;
  }

  /** Ends an evacuation that did not empty the page; without effect on any other page. */
  keep(page: number): void {
    if ((this.flags[page]! & PAGE_EVACUATING) === 0) return;
    this.flags[page]! &= ~PAGE_EVACUATING;
    const sizeClass = this.classOf[page]! - 1;
    if (this.#hasRoom(page, sizeClass)) this.#list(page, sizeClass);
  }

  /** How many blocks a page of a class holds. */
  blocksPerPage(sizeClass: number): number {
    return this.#lastUnit[sizeClass]! / this.#unitsPerBlock[sizeClass]!;
  }

  isEvacuating(ptr: Ptr): boolean {
    return (this.flags[ptr >>> PAGE_SHIFT]! & PAGE_EVACUATING) !== 0;
  }

  /**
   * Takes no new pages from an extent as long as another has any, so that evacuating its pages
   * frees it.
   */
  drain(extent: number): void {
    this.#draining[extent] = 1;
    if (this.#homeExtent === extent) this.#homeExtent = -1;
    if (this.#freePageCount[extent] === wholeExtent(extent)) this.#removeIfSpare(extent);
  }

  /**
   * Ends all draining, and takes new pages from the extent that is the fullest now. Pages without
   * blocks that classes allocate from are free again: they would keep their extents.
   */
  endDraining(): void {
    this.#draining.fill(0);
    this.#homeExtent = -1;
    for (const [sizeClass, page] of this.#current.entries()) {
      if (page === 0 || this.live[page] !== 0) continue;
      this.#current[sizeClass] = 0;
      this.#release(page, sizeClass);
    }
  }

  /** Notes that extents which still drain could not be emptied: something in them must stay. */
  noteStuck(): void {
    for (let extent = 0; extent < EXTENT_COUNT_MAX; extent++) {
      if (this.#draining[extent] !== 0) this.#stuck[extent] = STUCK_CYCLES;
      else if (this.#stuck[extent] !== 0) this.#stuck[extent]!--;
    }
  }

  /** Whether an extent could not be emptied of late. */
  isStuck(extent: number): boolean {
    return this.#stuck[extent] !== 0;
  }

  /** Page numbers in use, in address order. */
  *pagesInUse(): Generator<number> {
    for (let extent = 0; extent < EXTENT_COUNT_MAX; extent++) {
      if (this.#heap.extentKind[extent] !== EXTENT_SLAB) continue;
      const first = extent * PAGES_PER_EXTENT;
      for (let page = first; page < first + this.#pageBump[extent]!; page++) {
        if (this.classOf[page] !== 0) yield page;
      }
    }
  }

  /** Units (within the page) of its free blocks, for the heap checker. */
  freeUnits(page: number): number[] {
    const words = this.#heap.words[page >>> (EXTENT_SHIFT - PAGE_SHIFT)]!;
    const base = ((page * PAGE_UNITS) & UNIT_MASK) << 1;
    const units: number[] = [];
    let unit = this.#firstFree[page]!;
    while (unit !== END_OF_LIST && units.length <= PAGE_UNITS) {
      units.push(unit);
      unit = words[base + (unit << 1)]!;
    }
    return units;
  }

  /** Units of the page that were ever handed out. */
  bumpUnits(page: number): number {
    return this.#bump[page]!;
  }

  /** The page that a class allocates from, 0 for none. */
  currentPage(sizeClass: number): number {
    return this.#current[sizeClass]!;
  }

  /** Pages on the list of a class, those that have room; for the heap checker. */
  listedPages(sizeClass: number): number[] {
    const pages: number[] = [];
    for (let page = this.#withRoom[sizeClass]!; page !== 0; page = this.#next[page]!) {
      if (this.#previous[page] !== (pages.at(-1) ?? 0) || pages.length > PAGE_COUNT_MAX) {
        throw new Error(`heap: the list of pages of class ${sizeClass} is broken at page ${page}`);
      }
      pages.push(page);
    }
    return pages;
  }

  /** Pages of an extent that were used and are free, as listed; for the heap checker. */
  freePages(extent: number): number[] {
    const pages: number[] = [];
    let page = this.#freePages[extent]!;
    while (page !== 0 && pages.length <= PAGES_PER_EXTENT) {
      pages.push(page);
      page = this.#next[page]!;
    }
    return pages;
  }

  /** Whether new pages come from this extent, which is then kept even when empty. */
  isHome(extent: number): boolean {
    return this.#homeExtent === extent;
  }

  /** Pages of a slab extent that are free, whether they were used before or not. */
  freePageCount(extent: number): number {
    return this.#freePageCount[extent]!;
  }

  /** Pages of a slab extent from its start that were ever used: what the system has committed. */
  touchedPages(extent: number): number {
    return this.#pageBump[extent]!;
  }

  #take(page: number, sizeClass: number): number {
    let unit = this.#firstFree[page]!;
    if (unit !== END_OF_LIST) {
      const words = this.#heap.words[page >>> (EXTENT_SHIFT - PAGE_SHIFT)]!;
      this.#firstFree[page] = words[(((page << PAGE_SHIFT) & UNIT_MASK) + unit) << 1]!;
    } else {
      unit = this.#bump[page]!;
      if (unit >= this.#lastUnit[sizeClass]!) return END_OF_LIST;
      this.#bump[page] = unit + this.#unitsPerBlock[sizeClass]!;
    }
    this.live[page]!++;
    return unit;
  }

  #hasRoom(page: number, sizeClass: number): boolean {
    return this.#firstFree[page] !== END_OF_LIST || this.#bump[page]! < this.#lastUnit[sizeClass]!;
  }

  #nextPage(sizeClass: number): number {
    let page = this.#withRoom[sizeClass]!;
    if (page !== 0) this.#unlist(page, sizeClass);
    else page = this.#freshPage(sizeClass);
    this.#current[sizeClass] = page;
    return page;
  }

  #list(page: number, sizeClass: number): void {
    const head = this.#withRoom[sizeClass]!;
    this.#next[page] = head;
    this.#previous[page] = 0;
    if (head !== 0) this.#previous[head] = page;
    this.#withRoom[sizeClass] = page;
    this.flags[page]! |= PAGE_LISTED;
  }

  #unlist(page: number, sizeClass: number): void {
    const next = this.#next[page]!;
    const previous = this.#previous[page]!;
    if (next !== 0) this.#previous[next] = previous;
    if (previous !== 0) this.#next[previous] = next;
    else this.#withRoom[sizeClass] = next;
    this.flags[page]! &= ~PAGE_LISTED;
  }

  #freshPage(sizeClass: number): number {
    const extent = this.#extentWithPages();
    let page = this.#freePages[extent]!;
    if (page !== 0) {
      this.#freePages[extent] = this.#next[page]!;
    } else {
      page = extent * PAGES_PER_EXTENT + this.#pageBump[extent]!++;
    }
    this.#freePageCount[extent]!--;
    this.classOf[page] = sizeClass + 1;
    this.live[page] = 0;
    this.flags[page] = 0;
    this.#firstFree[page] = END_OF_LIST;
    this.#bump[page] = 0;
    this.#heap.heldBytes += PAGE_BYTES;
    return page;
  }

  /** The fullest extent with a free page, those that drain last. */
  #extentWithPages(): number {
    const home = this.#homeExtent;
    if (home >= 0 && this.#freePageCount[home]! > 0) return home;
    const kinds = this.#heap.extentKind;
    let best = -1;
    let fewest = Number.POSITIVE_INFINITY;
    for (let extent = 0; extent < EXTENT_COUNT_MAX; extent++) {
      const free = this.#freePageCount[extent]!;
      if (kinds[extent] !== EXTENT_SLAB || free === 0) continue;
      const rank = free + this.#draining[extent]! * PAGES_PER_EXTENT;
      if (rank >= fewest) continue;
      best = extent;
      fewest = rank;
    }
    // What drains is filled again only where there is nothing else.
    if (best < 0) best = this.#addExtent();
    else if (this.#draining[best] !== 0) best = this.#tryAddExtent() ?? best;
    this.#homeExtent = best;
    return best;
  }

  #tryAddExtent(): number | undefined {
    try {
      return this.#addExtent();
    } catch (problem) {
      if (problem instanceof OutOfMemoryError) return undefined;
      throw problem;
    }
  }

  #addExtent(): number {
    const extent = this.#heap.addExtent(EXTENT_SLAB, EXTENT_BYTES);
    this.#stuck[extent] = 0;
    this.#freePages[extent] = 0;
    this.#pageBump[extent] = PAGES_PER_EXTENT - wholeExtent(extent);
    this.#freePageCount[extent] = wholeExtent(extent);
    return extent;
  }

  #release(page: number, sizeClass: number): void {
    if ((this.flags[page]! & PAGE_LISTED) !== 0) this.#unlist(page, sizeClass);
    const extent = page >>> (EXTENT_SHIFT - PAGE_SHIFT);
    this.classOf[page] = 0;
    this.flags[page] = 0;
    this.#next[page] = this.#freePages[extent]!;
    this.#freePages[extent] = page;
    this.#freePageCount[extent]!++;
    this.#heap.heldBytes -= PAGE_BYTES;
    if (this.#freePageCount[extent] === wholeExtent(extent)) this.#removeIfSpare(extent);
  }

  /** Gives an empty extent back, unless it is the reserve. */
  #removeIfSpare(extent: number): void {
    if (extent === this.#homeExtent) {
      let elsewhere = 0;
      for (let other = 0; other < EXTENT_COUNT_MAX; other++) {
        if (other !== extent) elsewhere += this.#freePageCount[other]!;
      }
      if (elsewhere < RESERVE_PAGES) return;
      this.#homeExtent = -1;
    }
    this.#freePageCount[extent] = 0;
    this.#draining[extent] = 0;
    this.#heap.removeExtent(extent);
  }
}

/** Pages of an extent that can hold blocks: the first of all is never used. */
function wholeExtent(extent: number): number {
  return extent === 0 ? PAGES_PER_EXTENT - 1 : PAGES_PER_EXTENT;
}
