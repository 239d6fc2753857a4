/** The nodes of quicklists, one at a time: making, linking, giving room, splitting, joining. */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import { copyBytes } from '../memory/bytes.ts';
import { type Heap, OutOfMemoryError } from '../memory/heap.ts';
import * as listpack from './listpack.ts';
import { EMPTY_BYTES } from './listpack.ts';
import { FIRST_ENTRY, shrinkAtEnd, shrinkAtFront, writeHeader } from './listpack-ends.ts';
import { writeEntry } from './listpack-entry.ts';
import {
  ELEMENTS_MAX,
  NODE_BYTES,
  NODE_ELEMENTS,
  NODE_NEXT,
  NODE_OFFSET,
  NODE_PREVIOUS,
  PLAIN_LENGTH,
  PLAIN_TEXT_BYTES,
  ROOT_ELEMENTS,
  ROOT_FIRST,
  ROOT_LAST,
  ROOT_NODES,
  ROOT_USED_BYTES,
} from './quicklist-layout.ts';
import type { NodeLimits } from './quicklist-limits.ts';

/** Block of a node that begins to be filled. */
const FIRST_BLOCK_BYTES = 1024;

/** See the file's comment. A node's address holds until the node is given room or joined. */
export class QuicklistNodes {
  readonly heap: Heap;
  readonly limits: NodeLimits;
  /** The list that is walked in steps, and the node that is next: followed as it moves or goes. */
  walked: Ptr = NULL;
  walking: Ptr = NULL;

  constructor(heap: Heap, limits: NodeLimits) {
    this.heap = heap;
    this.limits = limits;
  }

  // --- Reading

  first(root: Ptr): Ptr {
    return this.heap.word(root, ROOT_FIRST) as Ptr;
  }

  last(root: Ptr): Ptr {
    return this.heap.word(root, ROOT_LAST) as Ptr;
  }

  next(node: Ptr): Ptr {
    return this.heap.word(node, NODE_NEXT) as Ptr;
  }

  previous(node: Ptr): Ptr {
    return this.heap.word(node, NODE_PREVIOUS) as Ptr;
  }

  /** Elements of a node. */
  count(node: Ptr): number {
    return this.heap.word(node, NODE_ELEMENTS);
  }

  isPlain(node: Ptr): boolean {
    return this.heap.word(node, NODE_OFFSET) === 0;
  }

  /** Where a packed node's listpack starts in its extent. */
  start(node: Ptr): number {
    return ((node & UNIT_MASK) << 3) + this.heap.word(node, NODE_OFFSET);
  }

  setStart(node: Ptr, start: number): void {
    this.heap.setWord(node, NODE_OFFSET, start - ((node & UNIT_MASK) << 3));
  }

  /** Bytes of a packed node's listpack. */
  totalBytes(node: Ptr): number {
    return listpack.totalBytes(this.view(node), this.start(node));
  }

  /** Where a plain node's text starts in its extent. */
  plainStart(node: Ptr): number {
    return ((node & UNIT_MASK) << 3) + PLAIN_TEXT_BYTES;
  }

  /** Length of a plain node's text. */
  plainLength(node: Ptr): number {
    return this.heap.word(node, PLAIN_LENGTH);
  }

  /** Bytes of a node's listpack or text. */
  dataBytes(node: Ptr): number {
    return this.isPlain(node) ? this.plainLength(node) : this.totalBytes(node);
  }

  /** Bytes and view of the extent that a node is in. */
  bytes(node: Ptr): Buffer {
    return this.heap.bytes[node >>> EXTENT_SHIFT]!;
  }

  view(node: Ptr): DataView {
    return this.heap.views[node >>> EXTENT_SHIFT]!;
  }

  /** Bytes of all blocks of a list. */
  usedBytes(root: Ptr): number {
    return this.view(root).getFloat64(((root & UNIT_MASK) << 3) + ROOT_USED_BYTES, true);
  }

  /** Whether a node can take one more entry of so many bytes. */
  admits(node: Ptr, entryBytes: number): boolean {
    if (node === NULL) return false;
    const { heap, limits } = this;
    const extent = node >>> EXTENT_SHIFT;
    const words = heap.words[extent]!;
    const at = (node & UNIT_MASK) << 1;
    const offset = words[at + NODE_OFFSET]!;
    if (offset === 0 || words[at + NODE_ELEMENTS]! >= limits.entries) return false;
    const total = listpack.totalBytes(heap.views[extent]!, (at << 2) + offset);
    return total + entryBytes <= limits.listpackBytes;
  }

  // --- Counting

  /** Elements that a list will have with one more. Throws OutOfMemoryError when it cannot. */
  countOneMore(root: Ptr): number {
    const count = this.heap.word(root, ROOT_ELEMENTS) + 1;
    if (count > ELEMENTS_MAX) {
      throw new OutOfMemoryError('a list has no more than 4294967295 elements');
    }
    return count;
  }

  /** Counts elements that a node got, or lost if negative. */
  addElements(root: Ptr, node: Ptr, added: number): void {
    this.heap.setWord(root, ROOT_ELEMENTS, this.heap.word(root, ROOT_ELEMENTS) + added);
    this.heap.setWord(node, NODE_ELEMENTS, this.heap.word(node, NODE_ELEMENTS) + added);
  }

  addUsedBytes(root: Ptr, bytes: number): void {
    const at = ((root & UNIT_MASK) << 3) + ROOT_USED_BYTES;
    const view = this.view(root);
    view.setFloat64(at, view.getFloat64(at, true) + bytes, true);
  }

  // --- Nodes as a whole

  /**
   * Adds a packed node without entries before `next`, or at the end for NULL, with room for
   * `entryBytes`; `inFront` says on which side.
   */
  addPacked(root: Ptr, next: Ptr, entryBytes: number, inFront: boolean): Ptr {
    const { limits } = this;
    const growing = Math.min(FIRST_BLOCK_BYTES, entryBytes * limits.entries);
    const blockBytes = NODE_BYTES + EMPTY_BYTES + entryBytes;
    const node = this.heap.alloc(Math.max(blockBytes, Math.min(growing, limits.blockBytes)));
    const offset = inFront ? this.heap.capacity(node) - EMPTY_BYTES : NODE_BYTES;
    this.heap.setWord(node, NODE_ELEMENTS, 0);
    this.heap.setWord(node, NODE_OFFSET, offset);
    listpack.writeEmpty(this.bytes(node), this.view(node), this.start(node));
    this.#link(root, node, next);
    return node;
  }

  /** Adds a plain node before `next`, or at the end for NULL. */
  addPlain(
    root: Ptr,
    next: Ptr,
    text: Buffer,
    textView: DataView,
    textOffset: number,
    textLength: number,
  ): Ptr {
    const { heap } = this;
    const node = heap.alloc(PLAIN_TEXT_BYTES + textLength);
    heap.setWord(node, NODE_ELEMENTS, 0);
    heap.setWord(node, NODE_OFFSET, 0);
    heap.setWord(node, PLAIN_LENGTH, textLength);
    const to = this.plainStart(node);
    copyBytes(text, textView, textOffset, this.bytes(node), this.view(node), to, textLength);
    this.#link(root, node, next);
    this.addElements(root, node, 1);
    return node;
  }

  /** Takes a node off the list, with the elements it still has, and frees it. */
  remove(root: Ptr, node: Ptr): void {
    const { heap } = this;
    const previous = this.previous(node);
    const next = this.next(node);
    if (node === this.walking) this.walking = next;
    this.#join(root, previous, next);
    heap.setWord(root, ROOT_NODES, heap.word(root, ROOT_NODES) - 1);
    heap.setWord(root, ROOT_ELEMENTS, heap.word(root, ROOT_ELEMENTS) - this.count(node));
    this.addUsedBytes(root, -heap.capacity(node));
    heap.free(node);
  }

  /** Moves a node as it is, as `heap.relocate` does; returns its address. */
  relocate(root: Ptr, node: Ptr): Ptr {
    const moved = this.heap.relocate(node);
    this.#join(root, this.previous(moved), moved);
    this.#join(root, moved, this.next(moved));
    return moved;
  }

  // --- What is in a packed node

  /**
   * Adds an entry of so many bytes before a node's first. REQUIRES: `admits`, or none are there.
   */
  prepend(
    root: Ptr,
    node: Ptr,
    entryBytes: number,
    text: Buffer,
    textView: DataView,
    textOffset: number,
    textLength: number,
  ): void {
    const { heap } = this;
    if (heap.word(node, NODE_OFFSET) - NODE_BYTES < entryBytes) {
      node = this.makeRoom(root, node, entryBytes, true);
    }
    const extent = node >>> EXTENT_SHIFT;
    const words = heap.words[extent]!;
    const view = heap.views[extent]!;
    const at = (node & UNIT_MASK) << 1;
    const count = words[at + NODE_ELEMENTS]! + 1;
    const start = (at << 2) + words[at + NODE_OFFSET]!;
    const moved = start - entryBytes;
    writeHeader(view, moved, listpack.totalBytes(view, start) + entryBytes, count);
    const entry = moved + FIRST_ENTRY;
    writeEntry(heap.bytes[extent]!, view, entry, text, textView, textOffset, textLength);
    words[at + NODE_OFFSET]! -= entryBytes;
    words[at + NODE_ELEMENTS] = count;
    this.#countOne(root);
  }

  /** Adds an entry of so many bytes behind a node's last. REQUIRES: as `prepend`. */
  append(
    root: Ptr,
    node: Ptr,
    entryBytes: number,
    text: Buffer,
    textView: DataView,
    textOffset: number,
    textLength: number,
  ): void {
    const { heap } = this;
    node = this.withRoomBehind(root, node, entryBytes);
    const extent = node >>> EXTENT_SHIFT;
    const words = heap.words[extent]!;
    const view = heap.views[extent]!;
    const bytes = heap.bytes[extent]!;
    const at = (node & UNIT_MASK) << 1;
    const start = (at << 2) + words[at + NODE_OFFSET]!;
    listpack.append(bytes, view, start, text, textView, textOffset, textLength);
    words[at + NODE_ELEMENTS]!++;
    this.#countOne(root);
  }

  /** Sees to room for so many bytes behind a node's listpack; returns where the node then is. */
  withRoomBehind(root: Ptr, node: Ptr, needed: number): Ptr {
    const end = this.heap.word(node, NODE_OFFSET) + this.totalBytes(node);
    if (this.heap.capacity(node) - end >= needed) return node;
    return this.makeRoom(root, node, needed, false);
  }

  /**
   * Gives a node room for `entryBytes` before or behind its listpack and returns where it then is.
   * Offsets of entries stay.
   */
  makeRoom(root: Ptr, node: Ptr, entryBytes: number, inFront: boolean): Ptr {
    const capacity = this.heap.capacity(node);
    const total = this.totalBytes(node);
    const free = capacity - NODE_BYTES - total;
    if (free < entryBytes) {
      const needed = NODE_BYTES + total + entryBytes;
      const grown = Math.min(capacity * 2, this.limits.blockBytes);
      return this.#move(root, node, Math.max(needed, grown), inFront);
    }
    // Half of what is left over stays behind, for those who add at both ends by turns.
    const before = NODE_BYTES + ((free - entryBytes) >>> 1) + (inFront ? entryBytes : 0);
    const start = this.start(node);
    this.heap.setWord(node, NODE_OFFSET, before);
    this.bytes(node).copyWithin(this.start(node), start, start + total);
    return node;
  }

  /** Gives back what a node that will not grow any more has left over; returns where it then is. */
  trim(root: Ptr, node: Ptr): Ptr {
    if (this.isPlain(node)) return node;
    const capacity = this.heap.capacity(node);
    const needed = NODE_BYTES + this.totalBytes(node);
    // A block is at most an eighth larger than what was asked for.
    if (capacity - needed <= capacity >>> 3) return node;
    return this.#move(root, node, needed, false);
  }

  /** Takes away a node's first entries. REQUIRES: there are more than these. */
  dropFirst(root: Ptr, node: Ptr, entries: number): void {
    const start = this.start(node);
    const moved = shrinkAtFront(this.bytes(node), this.view(node), start, entries);
    this.setStart(node, moved);
    this.addElements(root, node, -entries);
  }

  /** Takes away a node's last entries. REQUIRES: there are more than these. */
  dropLast(root: Ptr, node: Ptr, entries: number): void {
    shrinkAtEnd(this.bytes(node), this.view(node), this.start(node), entries);
    this.addElements(root, node, -entries);
  }

  /**
   * Splits a packed node in front of the entry at `offset`, which is not its first. The smaller
   * part gets a block of its own. Returns the second of the two nodes.
   */
  split(root: Ptr, node: Ptr, offset: number): Ptr {
    const tailBytes = this.totalBytes(node) - 1 - offset;
    const headBytes = offset - FIRST_ENTRY;
    const isTailMoved = tailBytes <= headBytes;
    const movedBytes = isTailMoved ? tailBytes : headBytes;
    const fresh = this.addPacked(root, isTailMoved ? this.next(node) : node, movedBytes, false);

    const bytes = this.bytes(node);
    const view = this.view(node);
    const start = this.start(node);
    let entries = 0;
    for (let at = FIRST_ENTRY; at < offset; at = listpack.behind(bytes, view, start, at)) entries++;
    if (isTailMoved) entries = this.count(node) - entries;
    const from = start + (isTailMoved ? offset : FIRST_ENTRY);
    this.insertEntries(root, fresh, FIRST_ENTRY, bytes, view, from, movedBytes, entries);
    if (isTailMoved) this.dropLast(root, node, entries);
    else this.dropFirst(root, node, entries);
    return isTailMoved ? fresh : node;
  }

  /** Joins neighbours that are rather empty: a node and those on its sides. */
  mergeAround(root: Ptr, node: Ptr): void {
    const next = this.next(this.mergeWithPrevious(root, node));
    if (next !== NULL) this.mergeWithPrevious(root, next);
  }

  /**
   * Joins a node with the one before it if both are rather empty; returns where its entries then
   * are. Without memory to do so it leaves them apart.
   */
  mergeWithPrevious(root: Ptr, node: Ptr): Ptr {
    const previous = this.previous(node);
    if (!this.#shouldMerge(previous, node)) return node;
    try {
      return this.#merge(root, previous, node);
    } catch (problem) {
      if (problem instanceof OutOfMemoryError) return node;
      throw problem;
    }
  }

  #shouldMerge(left: Ptr, right: Ptr): boolean {
    if (left === NULL || this.isPlain(left) || this.isPlain(right)) return false;
    const bytes = this.totalBytes(left) + this.totalBytes(right) - EMPTY_BYTES;
    return this.limits.shouldMerge(bytes, this.count(left) + this.count(right));
  }

  /** Moves the entries of the smaller of two neighbours into the other, which is returned. */
  #merge(root: Ptr, left: Ptr, right: Ptr): Ptr {
    const isLeftKept = this.totalBytes(left) >= this.totalBytes(right);
    const goes = isLeftKept ? right : left;
    const byteLength = this.totalBytes(goes) - EMPTY_BYTES;
    const kept = this.makeRoom(root, isLeftKept ? left : right, byteLength, false);
    const at = isLeftKept ? this.totalBytes(kept) - 1 : FIRST_ENTRY;
    const from = this.start(goes) + FIRST_ENTRY;
    const entries = this.count(goes);
    this.insertEntries(
      root,
      kept,
      at,
      this.bytes(goes),
      this.view(goes),
      from,
      byteLength,
      entries,
    );
    this.remove(root, goes);
    return kept;
  }

  /**
   * Inserts entries of another listpack as they are, `byteLength` bytes from `from` on. REQUIRES:
   * room for them behind the listpack.
   */
  insertEntries(
    root: Ptr,
    node: Ptr,
    offset: number,
    source: Buffer,
    sourceView: DataView,
    from: number,
    byteLength: number,
    entries: number,
  ): void {
    const start = this.start(node);
    listpack.insertEntries(
      this.bytes(node),
      this.view(node),
      start,
      offset,
      source,
      sourceView,
      from,
      byteLength,
      entries,
    );
    this.addElements(root, node, entries);
  }

  /** Moves a packed node to another block; `inFront` says on which side its room will be. */
  #move(root: Ptr, node: Ptr, blockBytes: number, inFront: boolean): Ptr {
    const { heap } = this;
    const moved = heap.alloc(blockBytes);
    const capacity = heap.capacity(moved);
    const total = this.totalBytes(node);
    const from = this.start(node);
    heap.setWord(moved, NODE_ELEMENTS, this.count(node));
    heap.setWord(moved, NODE_OFFSET, inFront ? capacity - total : NODE_BYTES);
    copyBytes(
      this.bytes(node),
      this.view(node),
      from,
      this.bytes(moved),
      this.view(moved),
      this.start(moved),
      total,
    );
    this.#join(root, this.previous(node), moved);
    this.#join(root, moved, this.next(node));
    this.addUsedBytes(root, capacity - heap.capacity(node));
    heap.free(node);
    if (node === this.walking) this.walking = moved;
    return moved;
  }

  #countOne(root: Ptr): void {
    const words = this.heap.words[root >>> EXTENT_SHIFT]!;
    words[((root & UNIT_MASK) << 1) + ROOT_ELEMENTS]!++;
  }

  /** Links a new node and counts it, without its elements. */
  #link(root: Ptr, node: Ptr, next: Ptr): void {
    const { heap } = this;
    const previous = next === NULL ? this.last(root) : this.previous(next);
    this.#join(root, previous, node);
    this.#join(root, node, next);
    heap.setWord(root, ROOT_NODES, heap.word(root, ROOT_NODES) + 1);
    this.addUsedBytes(root, heap.capacity(node));
  }

  /** Makes two nodes neighbours; NULL stands for the end of the list. */
  #join(root: Ptr, left: Ptr, right: Ptr): void {
    const { heap } = this;
    if (left === NULL) heap.setWord(root, ROOT_FIRST, right);
    else heap.setWord(left, NODE_NEXT, right);
    if (right === NULL) heap.setWord(root, ROOT_LAST, left);
    else heap.setWord(right, NODE_PREVIOUS, left);
  }
}
