/**
 * A large list: a chain of nodes, each a listpack of a few KiB. quicklist-layout.ts draws its
 * bytes.
 *
 * Pushing and popping at the ends take the time of one element. A search by index walks node by
 * node from the nearer end. An insertion into a full node splits it; removals join neighbours that
 * have become rather empty.
 *
 * A list is the address of its root. A place in it is a node and the offset of an entry in the
 * node's listpack (0 in a plain node), and holds until the list changes.
 */
import { NULL, type Ptr } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import * as listpack from './listpack.ts';
import { FIRST_ENTRY } from './listpack-ends.ts';
import { END, entryBytes } from './listpack-entry.ts';
import type { EntryMatcher } from './listpack-match.ts';
import { detachNodes } from './quicklist-detach.ts';
import { ROOT_BYTES, ROOT_ELEMENTS, ROOT_FIRST, ROOT_NODES } from './quicklist-layout.ts';
import type { NodeLimits } from './quicklist-limits.ts';
import { QuicklistNodes } from './quicklist-nodes.ts';

/** Operations on large lists. One per engine serves all of them. */
export class Quicklists {
  readonly heap: Heap;
  readonly limits: NodeLimits;
  /** Single nodes: what reads is for all, what changes is done here. */
  readonly nodes: QuicklistNodes;
  /** Where in its node the element is that the last `seek` found. */
  indexInNode = 0;

  constructor(heap: Heap, limits: NodeLimits) {
    this.heap = heap;
    this.limits = limits;
    this.nodes = new QuicklistNodes(heap, limits);
  }

  // --- Whole lists

  /** Makes an empty list. */
  create(): Ptr {
    const { heap } = this;
    const root = heap.alloc(ROOT_BYTES);
    for (let word = 0; word < ROOT_BYTES / 4; word++) heap.setWord(root, word, 0);
    this.nodes.addUsedBytes(root, heap.capacity(root));
    return root;
  }

  /** Makes a list of the entries of a listpack, in one node. Throws OutOfMemoryError. */
  fromListpack(bytes: Buffer, view: DataView, start: number): Ptr {
    const root = this.create();
    try {
      this.appendListpack(root, bytes, view, start);
    } catch (problem) {
      this.heap.free(root);
      throw problem;
    }
    return root;
  }

  /** Adds the entries of a listpack as a node behind the others. */
  appendListpack(root: Ptr, bytes: Buffer, view: DataView, start: number): void {
    const count = listpack.count(bytes, view, start);
    if (count === 0) return;
    const byteLength = listpack.totalBytes(view, start) - listpack.EMPTY_BYTES;
    const node = this.nodes.addPacked(root, NULL, byteLength, false);
    const from = start + FIRST_ENTRY;
    this.nodes.insertEntries(root, node, FIRST_ENTRY, bytes, view, from, byteLength, count);
  }

  /** Elements of a list. */
  count(root: Ptr): number {
    return this.heap.word(root, ROOT_ELEMENTS);
  }

  nodeCount(root: Ptr): number {
    return this.heap.word(root, ROOT_NODES);
  }

  /** The only node of a list, if there is one and it is packed; else NULL. */
  lonePackedNode(root: Ptr): Ptr {
    const { nodes } = this;
    return this.nodeCount(root) === 1 && !nodes.isPlain(nodes.first(root))
      ? nodes.first(root)
      : NULL;
  }

  /** Frees up to `blocksMax` nodes; true once nothing is left of the list. */
  release(root: Ptr, blocksMax: number): boolean {
    const { heap, nodes } = this;
    if (nodes.walked === root) nodes.walking = NULL;
    let node = nodes.first(root);
    for (let freed = 0; node !== NULL; freed++) {
      if (freed === blocksMax) {
        heap.setWord(root, ROOT_FIRST, node);
        return false;
      }
      const next = nodes.next(node);
      heap.free(node);
      node = next;
    }
    heap.free(root);
    return true;
  }

  /**
   * A copy that shares nothing, its nodes trimmed. Throws OutOfMemoryError, leaving nothing behind.
   */
  copy(root: Ptr): Ptr {
    const { nodes } = this;
    const copy = this.create();
    try {
      for (let node = nodes.first(root); node !== NULL; node = nodes.next(node)) {
        this.#copyNode(copy, node);
      }
    } catch (problem) {
      this.release(copy, Number.POSITIVE_INFINITY);
      throw problem;
    }
    return copy;
  }

  /** Bytes of all blocks of a list: they are counted as they come and go. */
  usedBytes(root: Ptr): number {
    return this.nodes.usedBytes(root);
  }

  /** Moves the root if it lies in an evacuated place; returns its address. */
  relocateRoot(root: Ptr): Ptr {
    return this.heap.isEvacuating(root) ? this.heap.relocate(root) : root;
  }

  /**
   * Moves one node if it lies in an evacuated place. Begins at position 0 and returns the next, 0
   * at the end. One list is walked at a time: the walk of another ends there.
   */
  relocate(root: Ptr, position: number): number {
    const { nodes } = this;
    if (position === 0) {
      nodes.walked = root;
      nodes.walking = nodes.first(root);
    }
    const node = nodes.walked === root ? nodes.walking : NULL;
    if (node === NULL) return 0;
    const moved = this.heap.isEvacuating(node) ? nodes.relocate(root, node) : node;
    nodes.walking = nodes.next(moved);
    return nodes.walking === NULL ? 0 : 1;
  }

  visitBlocks(root: Ptr, visit: (block: Ptr) => void): void {
    const { nodes } = this;
    for (let node = nodes.first(root); node !== NULL; node = nodes.next(node)) visit(node);
    visit(root);
  }

  // --- Ends

  /** Adds an element before the first; returns how many there then are. */
  pushFirst(root: Ptr, text: Buffer, view: DataView, offset: number, length: number): number {
    const { nodes } = this;
    const needed = entryBytes(text, offset, length);
    const count = nodes.countOneMore(root);
    let node = nodes.first(root);
    if (nodes.admits(node, needed) && !this.limits.isPlain(length, needed)) {
      nodes.prepend(root, node, needed, text, view, offset, length);
    } else if (this.limits.isPlain(length, needed)) {
      nodes.addPlain(root, node, text, view, offset, length);
    } else {
      if (node !== NULL) node = nodes.trim(root, node);
      node = nodes.addPacked(root, node, needed, true);
      nodes.prepend(root, node, needed, text, view, offset, length);
    }
    return count;
  }

  /** Adds an element behind the last; returns how many there then are. */
  pushLast(root: Ptr, text: Buffer, view: DataView, offset: number, length: number): number {
    const { nodes } = this;
    const needed = entryBytes(text, offset, length);
    const count = nodes.countOneMore(root);
    let node = nodes.last(root);
    if (nodes.admits(node, needed) && !this.limits.isPlain(length, needed)) {
      nodes.append(root, node, needed, text, view, offset, length);
    } else if (this.limits.isPlain(length, needed)) {
      nodes.addPlain(root, NULL, text, view, offset, length);
    } else {
      if (node !== NULL) nodes.trim(root, node);
      node = nodes.addPacked(root, NULL, needed, false);
      nodes.append(root, node, needed, text, view, offset, length);
    }
    return count;
  }

  /**
   * Takes away the first elements. Nodes that are left over are a list of their own, for the caller
   * to release, or NULL. REQUIRES: there are more elements than these.
   */
  removeFirst(root: Ptr, elements: number): Ptr {
    const { nodes } = this;
    const first = nodes.first(root);
    if (elements < nodes.count(first)) {
      nodes.dropFirst(root, first, elements);
      return NULL;
    }
    const cut = this.seek(root, elements);
    const { indexInNode } = this;
    const detached = detachNodes(nodes, root, first, nodes.previous(cut), elements - indexInNode);
    if (indexInNode > 0) nodes.dropFirst(root, cut, indexInNode);
    return detached;
  }

  /** As `removeFirst`, the last elements. */
  removeLast(root: Ptr, elements: number): Ptr {
    const { nodes } = this;
    const last = nodes.last(root);
    if (elements < nodes.count(last)) {
      nodes.dropLast(root, last, elements);
      return NULL;
    }
    const cut = this.seek(root, this.count(root) - elements - 1);
    const entries = nodes.count(cut) - this.indexInNode - 1;
    const detached = detachNodes(nodes, root, nodes.next(cut), last, elements - entries);
    if (entries > 0) nodes.dropLast(root, cut, entries);
    return detached;
  }

  // --- Places

  /**
   * The node of the element at an index, counted from the first; where it is in there is in
   * `indexInNode`. REQUIRES: there is one.
   */
  seek(root: Ptr, index: number): Ptr {
    const { nodes } = this;
    const elements = this.count(root);
    if (index * 2 < elements) {
      let node = nodes.first(root);
      let left = index;
      for (let count = nodes.count(node); left >= count; count = nodes.count(node)) {
        left -= count;
        node = nodes.next(node);
      }
      this.indexInNode = left;
      return node;
    }
    let node = nodes.last(root);
    // Elements of this node and of those behind it, counted from the one at the index.
    let left = elements - index;
    for (let count = nodes.count(node); left > count; count = nodes.count(node)) {
      left -= count;
      node = nodes.previous(node);
    }
    this.indexInNode = nodes.count(node) - left;
    return node;
  }

  /** Inserts an element before a place, or behind it. */
  insert(
    root: Ptr,
    node: Ptr,
    offset: number,
    isBehind: boolean,
    text: Buffer,
    view: DataView,
    textOffset: number,
    length: number,
  ): void {
    const { nodes } = this;
    const needed = entryBytes(text, textOffset, length);
    nodes.countOneMore(root);
    if (this.limits.isPlain(length, needed) || !nodes.admits(node, needed)) {
      const right = this.#openBoundary(root, node, offset, isBehind);
      this.#putBefore(root, right, true, needed, text, view, textOffset, length);
      return;
    }
    const roomy = nodes.withRoomBehind(root, node, needed);
    const bytes = nodes.bytes(roomy);
    const nodeView = nodes.view(roomy);
    const start = nodes.start(roomy);
    const at = isBehind ? listpack.behind(bytes, nodeView, start, offset) : offset;
    listpack.insert(bytes, nodeView, start, at, text, view, textOffset, length);
    nodes.addElements(root, roomy, 1);
  }

  /** Gives the element at a place another text. */
  replace(
    root: Ptr,
    node: Ptr,
    offset: number,
    text: Buffer,
    view: DataView,
    textOffset: number,
    length: number,
  ): void {
    const { nodes, limits } = this;
    const needed = entryBytes(text, textOffset, length);
    if (!nodes.isPlain(node) && !limits.isPlain(length, needed)) {
      const start = nodes.start(node);
      const old = listpack.entryBytesAt(nodes.bytes(node), nodes.view(node), start, offset);
      const isSmaller = needed <= old;
      if (isSmaller || nodes.totalBytes(node) + needed - old <= limits.listpackBytes) {
        const roomy = isSmaller ? node : nodes.withRoomBehind(root, node, needed - old);
        const bytes = nodes.bytes(roomy);
        const at = nodes.start(roomy);
        listpack.replace(bytes, nodes.view(roomy), at, offset, text, view, textOffset, length);
        return;
      }
    }
    // The new one is put before the old, which then begins a node and goes.
    const right = this.#openBoundary(root, node, offset, false);
    this.#putBefore(root, right, false, needed, text, view, textOffset, length);
    const left = nodes.previous(right);
    if (nodes.count(right) > 1) nodes.dropFirst(root, right, 1);
    else nodes.remove(root, right);
    nodes.mergeAround(root, left);
  }

  /**
   * Removes up to `most` elements that match, counted from the end if `fromEnd`, and returns how
   * many there were. The list may be empty then.
   */
  removeMatches(root: Ptr, matcher: EntryMatcher, most: number, fromEnd: boolean): number {
    const { nodes } = this;
    let removed = 0;
    let isThinned = false;
    let node = fromEnd ? nodes.last(root) : nodes.first(root);
    while (node !== NULL && removed < most) {
      const following = fromEnd ? nodes.previous(node) : nodes.next(node);
      const count = nodes.count(node);
      const gone = this.#removeInNode(root, node, matcher, most - removed, fromEnd);
      removed += gone;
      // Only what lies behind may be joined: the node that follows must stay where it is.
      if (gone < count && (gone > 0 || isThinned)) this.#mergeBehind(root, node, fromEnd);
      isThinned = gone > 0;
      node = following;
    }
    if (isThinned && node !== NULL) this.#mergeBehind(root, node, fromEnd);
    return removed;
  }

  // --- Parts

  /** Joins a node with the one that a walk in this direction has left. */
  #mergeBehind(root: Ptr, node: Ptr, fromEnd: boolean): void {
    const right = fromEnd ? this.nodes.next(node) : node;
    if (right !== NULL) this.nodes.mergeWithPrevious(root, right);
  }

  #removeInNode(
    root: Ptr,
    node: Ptr,
    matcher: EntryMatcher,
    most: number,
    fromEnd: boolean,
  ): number {
    const { nodes } = this;
    const bytes = nodes.bytes(node);
    const view = nodes.view(node);
    if (nodes.isPlain(node)) {
      if (!matcher.equals(bytes, view, nodes.plainStart(node), nodes.plainLength(node))) return 0;
      nodes.remove(root, node);
      return 1;
    }
    const count = nodes.count(node);
    const start = nodes.start(node);
    // Taking all there are is faster from the front.
    const gone =
      fromEnd && most < count
        ? matcher.removeLast(bytes, view, start, most)
        : matcher.removeFirst(bytes, view, start, most);
    if (gone === count) nodes.remove(root, node);
    else nodes.addElements(root, node, -gone);
    return gone;
  }

  /**
   * Makes a place the boundary between two nodes, in front of its element or behind it; returns the
   * node on the right, NULL at the end of the list.
   */
  #openBoundary(root: Ptr, node: Ptr, offset: number, isBehind: boolean): Ptr {
    const { nodes } = this;
    if (nodes.isPlain(node)) return isBehind ? nodes.next(node) : node;
    const bytes = nodes.bytes(node);
    const start = nodes.start(node);
    const at = isBehind ? listpack.behind(bytes, nodes.view(node), start, offset) : offset;
    if (at === FIRST_ENTRY) return node;
    if (bytes[start + at] === END) return nodes.next(node);
    const right = nodes.split(root, node, at);
    nodes.mergeWithPrevious(root, nodes.previous(right));
    const after = nodes.next(right);
    if (after === NULL) return right;
    const merged = nodes.mergeWithPrevious(root, after);
    return nodes.previous(merged) === right ? right : merged;
  }

  /** Adds an element between `right`, NULL for the end, and the node before it. */
  #putBefore(
    root: Ptr,
    right: Ptr,
    mayEnterRight: boolean,
    needed: number,
    text: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): void {
    const { nodes } = this;
    if (this.limits.isPlain(length, needed)) {
      nodes.addPlain(root, right, text, view, offset, length);
      return;
    }
    const left = right === NULL ? nodes.last(root) : nodes.previous(right);
    if (nodes.admits(left, needed)) {
      nodes.append(root, left, needed, text, view, offset, length);
    } else if (mayEnterRight && nodes.admits(right, needed)) {
      nodes.prepend(root, right, needed, text, view, offset, length);
    } else {
      const node = nodes.addPacked(root, right, needed, false);
      nodes.append(root, node, needed, text, view, offset, length);
    }
  }

  #copyNode(copy: Ptr, node: Ptr): void {
    const { nodes } = this;
    const bytes = nodes.bytes(node);
    const view = nodes.view(node);
    if (!nodes.isPlain(node)) {
      this.appendListpack(copy, bytes, view, nodes.start(node));
      return;
    }
    nodes.addPlain(copy, NULL, bytes, view, nodes.plainStart(node), nodes.plainLength(node));
  }
}
