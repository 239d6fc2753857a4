/**
 * Lists: a listpack in the record, or a quicklist when that would be too large; see
 * structures/quicklist.ts and `NodeLimits`. As in Redis 7.2 a list that grows beyond the limits of
 * a node becomes a quicklist, and one that has shrunk to a single node of half of them a listpack
 * again.
 */
import { NULL, type Ptr } from '../memory/address.ts';
import { copyBytes } from '../memory/bytes.ts';
import { type Heap, OutOfMemoryError } from '../memory/heap.ts';
import { Args } from '../protocol/args.ts';
import * as listpack from '../structures/listpack.ts';
import { FIRST_ENTRY, shrinkAtEnd } from '../structures/listpack-ends.ts';
import { EntryMatcher } from '../structures/listpack-match.ts';
import { Quicklists } from '../structures/quicklist.ts';
import { QuicklistCursor } from '../structures/quicklist-cursor.ts';
import { NodeLimits } from '../structures/quicklist-limits.ts';
import type { Cell } from './cell.ts';

export const LIST_LISTPACK = 0;
export const LIST_QUICKLIST = 1;

/** Room that a packed list asks for behind it, as a part of its length: 1 in 8. */
const SLACK_SHIFT = 3;

/** Longest element that is held in memory that is kept for it. */
const HELD_BYTES_KEPT = 4096;

/** Operations on lists. One per keyspace serves all of them. */
export class Lists {
  readonly quicklists: Quicklists;
  /** The element in hand: `enter` puts it there. */
  readonly cursor: QuicklistCursor = new QuicklistCursor();
  /** The text that is looked for. */
  readonly matcher: EntryMatcher = new EntryMatcher();
  readonly limits: NodeLimits = new NodeLimits();
  readonly #discard: (root: Ptr) => void;
  readonly #held = new Args();
  readonly #heldBytes = Buffer.allocUnsafeSlow(HELD_BYTES_KEPT);
  readonly #heldView = new DataView(this.#heldBytes.buffer, 0, HELD_BYTES_KEPT);

  /** `discard` is given quicklists that nobody has any more. */
  constructor(heap: Heap, discard: (root: Ptr) => void) {
    this.quicklists = new Quicklists(heap, this.limits);
    this.#discard = discard;
  }

  /** Number of elements. */
  length(cell: Cell): number {
    if (cell.encoding === LIST_QUICKLIST) return this.quicklists.count(cell.root);
    return listpack.count(cell.bytes, cell.view, cell.start);
  }

  // --- New lists

  /** Bytes of a packed list of the arguments from `first` on; 0 when there are too many for one. */
  packedBytes(args: Args, first: number): number {
    const textBytes = sumOfLengths(args, first);
    if (this.limits.exceeds(listpack.EMPTY_BYTES + textBytes, args.count - first)) return 0;
    return listpack.EMPTY_BYTES + sumOfEntries(args, first);
  }

  /** Fills a new packed list. REQUIRES: the cell is `packedBytes` long. */
  fill(cell: Cell, args: Args, first: number, atFront: boolean): void {
    listpack.writeEmpty(cell.bytes, cell.view, cell.start);
    this.#insertPacked(cell, args, first, atFront);
  }

  /** Makes a quicklist of the arguments from `first` on. Throws OutOfMemoryError. */
  build(args: Args, first: number, atFront: boolean): Ptr {
    const { quicklists } = this;
    const root = quicklists.create();
    try {
      for (let i = first; i < args.count; i++) this.#pushOne(root, args, i, atFront);
    } catch (problem) {
      quicklists.release(root, Number.POSITIVE_INFINITY);
      throw problem;
    }
    return root;
  }

  // --- Growing

  /**
   * Turns a packed list into a quicklist if that many more elements, with texts of so many bytes,
   * would make it too large.
   */
  prepareGrowth(cell: Cell, elements: number, textBytes: number): void {
    if (cell.encoding === LIST_QUICKLIST) return;
    const { quicklists } = this;
    const { bytes, view, start } = cell;
    const total = listpack.totalBytes(view, start);
    const count = listpack.count(bytes, view, start);
    if (!this.limits.exceeds(total + textBytes, count + elements)) return;
    const root = quicklists.fromListpack(bytes, view, start);
    try {
      cell.become(LIST_QUICKLIST, root);
    } catch (problem) {
      quicklists.release(root, Number.POSITIVE_INFINITY);
      throw problem;
    }
  }

  /**
   * Adds the arguments from `first` on, one after the other, and returns how many elements there
   * then are. Throws OutOfMemoryError.
   */
  push(cell: Cell, args: Args, first: number, atFront: boolean): number {
    if (cell.encoding === LIST_QUICKLIST) return this.#pushAll(cell.root, args, first, atFront);
    this.prepareGrowth(cell, args.count - first, sumOfLengths(args, first));
    if (cell.encoding === LIST_QUICKLIST) return this.#pushAll(cell.root, args, first, atFront);
    growPacked(cell, sumOfEntries(args, first));
    this.#insertPacked(cell, args, first, atFront);
    return this.length(cell);
  }

  /** Inserts argument `i` before the element in hand, or behind it. */
  insert(cell: Cell, isBehind: boolean, args: Args, i: number): void {
    const { bytes, view } = args;
    const { node, offset } = this.cursor;
    const from = args.start(i);
    const length = args.length(i);
    if (cell.encoding === LIST_QUICKLIST) {
      this.quicklists.insert(cell.root, node, offset, isBehind, bytes, view, from, length);
      return;
    }
    growPacked(cell, listpack.entryBytes(bytes, from, length));
    const at = isBehind ? listpack.behind(cell.bytes, cell.view, cell.start, offset) : offset;
    listpack.insert(cell.bytes, cell.view, cell.start, at, bytes, view, from, length);
  }

  /** Gives the element in hand the text of argument `i`. */
  replace(cell: Cell, args: Args, i: number): void {
    const { bytes, view } = args;
    const { node, offset } = this.cursor;
    const from = args.start(i);
    const length = args.length(i);
    if (cell.encoding === LIST_QUICKLIST) {
      this.quicklists.replace(cell.root, node, offset, bytes, view, from, length);
      return;
    }
    const old = listpack.entryBytesAt(cell.bytes, cell.view, cell.start, offset);
    const added = listpack.entryBytes(bytes, from, length) - old;
    if (added > 0) growPacked(cell, added);
    listpack.replace(cell.bytes, cell.view, cell.start, offset, bytes, view, from, length);
    if (added < 0) fitPacked(cell);
  }

  // --- Shrinking

  /** Takes away elements at one end. REQUIRES: there are more than these. */
  remove(cell: Cell, elements: number, atFront: boolean): void {
    if (elements === 0) return;
    if (cell.encoding === LIST_QUICKLIST) {
      this.#remove(cell.root, elements, atFront);
      return;
    }
    const { bytes, view, start } = cell;
    if (atFront) listpack.remove(bytes, view, start, FIRST_ENTRY, elements);
    else shrinkAtEnd(bytes, view, start, elements);
    fitPacked(cell);
  }

  /**
   * Removes up to `most` elements that match, counted from the end if `fromEnd`; how many there
   * were. The list may be empty then.
   */
  removeMatches(cell: Cell, most: number, fromEnd: boolean): number {
    const { matcher } = this;
    if (cell.encoding === LIST_QUICKLIST) {
      return this.quicklists.removeMatches(cell.root, matcher, most, fromEnd);
    }
    const { bytes, view, start } = cell;
    const removed = fromEnd
      ? matcher.removeLast(bytes, view, start, most)
      : matcher.removeFirst(bytes, view, start, most);
    if (removed > 0) fitPacked(cell);
    return removed;
  }

  /**
   * Turns a quicklist that has become small into a listpack; to be called after elements were taken
   * away. Without memory to do so it stays what it is.
   */
  settle(cell: Cell): void {
    if (cell.encoding === LIST_LISTPACK) return;
    const { quicklists } = this;
    const { nodes } = quicklists;
    const { root } = cell;
    const node = quicklists.lonePackedNode(root);
    if (node === NULL) return;
    const total = nodes.totalBytes(node);
    if (!this.limits.isSmall(total, nodes.count(node))) return;
    try {
      cell.resize(total);
    } catch (problem) {
      if (problem instanceof OutOfMemoryError) return;
      throw problem;
    }
    const from = nodes.start(node);
    nodes.bytes(node).copy(cell.bytes, cell.start, from, from + total);
    cell.encoding = LIST_LISTPACK;
    quicklists.release(root, Number.POSITIVE_INFINITY);
  }

  // --- Reading

  /** Takes the element at an index in hand. REQUIRES: there is one. */
  enter(cell: Cell, index: number): QuicklistCursor {
    const { cursor } = this;
    if (cell.encoding === LIST_QUICKLIST) cursor.enter(this.quicklists, cell.root, index);
    else cursor.enterListpack(cell.bytes, cell.view, cell.start, index);
    return cursor;
  }

  /** Takes the first element that matches in hand; whether there is one. */
  find(cell: Cell): boolean {
    const { matcher } = this;
    const cursor = this.enter(cell, 0);
    do if (cursor.matches(matcher)) return true;
    while (cursor.next());
    return false;
  }

  /**
   * Copies the element in hand to where no change of a list reaches it. Argument 0 of what is
   * returned, which holds until the next call.
   */
  hold(): Args {
    const { cursor } = this;
    cursor.read();
    const length = cursor.textLength;
    const bytes = length <= HELD_BYTES_KEPT ? this.#heldBytes : Buffer.allocUnsafeSlow(length);
    const view = bytes === this.#heldBytes ? this.#heldView : new DataView(bytes.buffer, 0, length);
    copyBytes(cursor.textBytes, cursor.textView, cursor.textStart, bytes, view, 0, length);
    this.#held.reset(bytes, view);
    this.#held.push(0, length);
    return this.#held;
  }

  // --- Parts

  #pushAll(root: Ptr, args: Args, first: number, atFront: boolean): number {
    if (args.count === first + 1) return this.#pushOne(root, args, first, atFront);
    const { quicklists } = this;
    const before = quicklists.count(root);
    try {
      for (let i = first; i < args.count; i++) this.#pushOne(root, args, i, atFront);
    } catch (problem) {
      this.#remove(root, quicklists.count(root) - before, atFront);
      throw problem;
    }
    return quicklists.count(root);
  }

  #pushOne(root: Ptr, args: Args, i: number, atFront: boolean): number {
    const { quicklists } = this;
    const { bytes, view } = args;
    const start = args.start(i);
    const length = args.length(i);
    return atFront
      ? quicklists.pushFirst(root, bytes, view, start, length)
      : quicklists.pushLast(root, bytes, view, start, length);
  }

  #insertPacked(cell: Cell, args: Args, first: number, atFront: boolean): void {
    const { bytes, view, start } = cell;
    for (let i = first; i < args.count; i++) {
      const from = args.start(i);
      const length = args.length(i);
      if (atFront) listpack.prepend(bytes, view, start, args.bytes, args.view, from, length);
      else listpack.append(bytes, view, start, args.bytes, args.view, from, length);
    }
  }

  #remove(root: Ptr, elements: number, atFront: boolean): void {
    const { quicklists } = this;
    if (elements === 0) return;
    const detached = atFront
      ? quicklists.removeFirst(root, elements)
      : quicklists.removeLast(root, elements);
    if (detached !== NULL) this.#discard(detached);
  }
}

/** Makes a packed list's cell so many bytes longer than the list. */
function growPacked(cell: Cell, added: number): void {
  const length = listpack.totalBytes(cell.view, cell.start) + added;
  cell.resize(length, length >>> SLACK_SHIFT);
}

/**
 * Makes a packed list's cell as long as the list. Without memory to move it there it keeps its
 * room.
 */
function fitPacked(cell: Cell): void {
  try {
    cell.resize(listpack.totalBytes(cell.view, cell.start));
  } catch (problem) {
    if (!(problem instanceof OutOfMemoryError)) throw problem;
  }
}

function sumOfLengths(args: Args, first: number): number {
  let sum = 0;
  for (let i = first; i < args.count; i++) sum += args.length(i);
  return sum;
}

function sumOfEntries(args: Args, first: number): number {
  let sum = 0;
  for (let i = first; i < args.count; i++) {
    sum += listpack.entryBytes(args.bytes, args.start(i), args.length(i));
  }
  return sum;
}
