/**
 * An ordered map from ids to 32-bit values, mostly addresses: a B+tree in the arena. The blocks of
 * a stream and its lists of pending entries are such trees. id-tree-node.ts draws its bytes.
 *
 * Ids mostly come in ascending order: appending finds the last leaf without a walk, and leaves full
 * nodes behind. A removal joins two neighbours once both fit in one with room to spare, so that two
 * of them always have 50 entries together. Rejected: a radix tree as Redis has (a node per byte
 * where ids differ, and each a block of its own), and keys without values in a second tree (the
 * pending list of a consumer would have to search the group's for every entry).
 *
 * A tree is the address of a root, 16 bytes that its owner provides, all zero at first.
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import type { IdCursor } from './id-tree-cursor.ts';
import {
  ENTRIES_MAX,
  ENTRY_VALUE,
  ENTRY_WORDS,
  IdNodes,
  LEVELS_MAX,
  NODE_ENTRIES,
  NODE_NEXT,
  TREE_COUNT,
  TREE_FIRST,
  TREE_LAST,
  TREE_TOP,
} from './id-tree-node.ts';
import { StreamId } from './stream-id.ts';

/** A node that has fewer entries looks for a neighbour to join. */
const JOIN_BELOW = 20;
/** Most entries of two nodes that join: there must be room, lest the node divides at once. */
const JOINED_MAX = 50;
const FIRST_VALUE = NODE_ENTRIES + ENTRY_VALUE;

/** See the file's comment. One per engine serves all of them. */
export class IdTree {
  readonly heap: Heap;
  readonly nodes: IdNodes;
  /** The last walk from the top: node and slot of each level. On level 0 the entries before it. */
  readonly #path = new Uint32Array(LEVELS_MAX);
  readonly #slots = new Uint32Array(LEVELS_MAX);
  #top = 0;
  /** Nodes taken in advance for an insertion, one per level that divides. */
  readonly #fresh = new Uint32Array(LEVELS_MAX + 1);
  readonly #bound = new StreamId();

  constructor(heap: Heap) {
    this.heap = heap;
    this.nodes = new IdNodes(heap);
  }

  /** Number of entries. */
  count(root: Ptr): number {
    return this.heap.word(root, TREE_COUNT);
  }

  // --- Finding

  /** The value of an id, or NULL. */
  find(root: Ptr, id: StreamId): Ptr {
    const leaf = this.#walk(root, id);
    const slot = this.#slots[0]! - 1;
    if (leaf === NULL || slot < 0 || !this.nodes.isAt(leaf, slot, id)) return NULL;
    return this.nodes.value(leaf, slot);
  }

  /** Puts a cursor on the first entry; as all below, answers whether there is one. */
  first(root: Ptr, cursor: IdCursor): boolean {
    return cursor.place(this.heap.word(root, TREE_FIRST) as Ptr, 0);
  }

  last(root: Ptr, cursor: IdCursor): boolean {
    const leaf = this.heap.word(root, TREE_LAST) as Ptr;
    return cursor.place(leaf, leaf === NULL ? 0 : this.nodes.count(leaf) - 1);
  }

  /** Puts a cursor on the last entry whose id is not greater than this one. */
  seekBack(root: Ptr, cursor: IdCursor, id: StreamId): boolean {
    const leaf = this.#walk(root, id);
    return cursor.place(leaf, this.#slots[0]! - 1);
  }

  /** Puts a cursor on the first entry whose id is not less than this one. */
  seek(root: Ptr, cursor: IdCursor, id: StreamId): boolean {
    const leaf = this.#walk(root, id);
    const slot = this.#slots[0]!;
    const isThere = leaf !== NULL && slot > 0 && this.nodes.isAt(leaf, slot - 1, id);
    return cursor.place(leaf, isThere ? slot - 1 : slot);
  }

  // --- Adding. Without memory these throw, and nothing has changed.

  /** Adds an entry. REQUIRES: its id is greater than all others. */
  append(root: Ptr, id: StreamId, value: Ptr): void {
    const { heap, nodes } = this;
    const last = heap.word(root, TREE_LAST) as Ptr;
    const leaf = last === NULL ? nodes.begin(root) : last;
    if (!nodes.isFull(leaf)) {
      nodes.put(leaf, nodes.count(leaf), id, value);
    } else if (nodes.canGrow(leaf)) {
      const larger = nodes.grow(root, leaf);
      nodes.put(larger, nodes.count(larger), id, value);
    } else {
      this.#walkToEnd(root);
      this.#insertInFull(root, id, value);
    }
    heap.setWord(root, TREE_COUNT, heap.word(root, TREE_COUNT) + 1);
  }

  /** Adds an entry, unless there is one of this id; whether it did. */
  insert(root: Ptr, id: StreamId, value: Ptr): boolean {
    if (this.#isBehind(root, id)) {
      this.append(root, id, value);
      return true;
    }
    const { heap, nodes } = this;
    const leaf = this.#walk(root, id);
    const slot = this.#slots[0]!;
    if (slot > 0 && nodes.isAt(leaf, slot - 1, id)) return false;
    if (!nodes.isFull(leaf)) nodes.put(leaf, slot, id, value);
    else if (nodes.canGrow(leaf)) nodes.put(nodes.grow(root, leaf), slot, id, value);
    else this.#insertInFull(root, id, value);
    heap.setWord(root, TREE_COUNT, heap.word(root, TREE_COUNT) + 1);
    return true;
  }

  // --- Removing

  /** Takes the entry of an id out; returns its value, NULL if there is none. */
  remove(root: Ptr, id: StreamId): Ptr {
    const { heap, nodes } = this;
    const leaf = this.#walk(root, id);
    const slot = this.#slots[0]! - 1;
    if (leaf === NULL || slot < 0 || !nodes.isAt(leaf, slot, id)) return NULL;
    const value = nodes.value(leaf, slot);
    nodes.close(leaf, slot, 1);
    heap.setWord(root, TREE_COUNT, heap.word(root, TREE_COUNT) - 1);
    this.#tidy(root, 0);
    return value;
  }

  /**
   * Takes the first entries out, all those of leaves before the one of this cursor, or of all
   * leaves when that is at no entry. They become the tree of another root, which may only be
   * drained.
   */
  cutBefore(root: Ptr, cursor: IdCursor, detached: Ptr): void {
    const { heap, nodes } = this;
    const first = heap.word(root, TREE_FIRST) as Ptr;
    const kept = cursor.leaf;
    if (kept === first) return;
    const last = kept === NULL ? (heap.word(root, TREE_LAST) as Ptr) : nodes.previous(kept);
    let cut = 0;
    if (kept === NULL) {
      cut = this.count(root);
      this.#freeInner(heap.word(root, TREE_TOP) as Ptr);
      heap.setWord(root, TREE_TOP, NULL);
    } else {
      for (let leaf = first; leaf !== kept; leaf = nodes.next(leaf)) cut += nodes.count(leaf);
      nodes.readId(kept, 0, this.#bound);
      this.#walk(root, this.#bound);
      this.#cutPath(root);
    }
    nodes.link(root, NULL, kept);
    heap.setWord(root, TREE_COUNT, this.count(root) - cut);
    nodes.link(detached, last, NULL);
    nodes.link(detached, NULL, first);
    heap.setWord(detached, TREE_COUNT, cut);
  }

  /**
   * Takes a leaf off a tree, any of them, its values into `values`; returns their number, -1 when
   * the tree is empty. Once this was called the tree may only be drained.
   */
  drain(root: Ptr, values: Uint32Array): number {
    const { heap, nodes } = this;
    const top = heap.word(root, TREE_TOP) as Ptr;
    if (top !== NULL) {
      this.#freeInner(top);
      heap.setWord(root, TREE_TOP, NULL);
    }
    const leaf = heap.word(root, TREE_FIRST) as Ptr;
    if (leaf === NULL) return -1;
    const count = nodes.count(leaf);
    for (let slot = 0; slot < count; slot++) values[slot] = nodes.value(leaf, slot);
    heap.setWord(root, TREE_FIRST, heap.word(leaf, NODE_NEXT));
    heap.free(leaf);
    return count;
  }

  /**
   * Moves what is in evacuated places of the nodes on the way to an id; returns the leaf, NULL for
   * an empty tree. Throws OutOfMemoryError, with the tree whole.
   */
  relocate(root: Ptr, id: StreamId): Ptr {
    const { heap, nodes } = this;
    if (this.#walk(root, id) === NULL) return NULL;
    for (let level = this.#top; level >= 0; level--) {
      const node = this.#path[level]! as Ptr;
      if (!heap.isEvacuating(node)) continue;
      const moved = heap.relocate(node);
      this.#path[level] = moved;
      if (level === this.#top) heap.setWord(root, TREE_TOP, moved);
      else nodes.setValue(this.#path[level + 1]! as Ptr, this.#slots[level + 1]!, moved);
      if (level > 0) continue;
      nodes.link(root, nodes.previous(moved), moved);
      nodes.link(root, moved, nodes.next(moved));
    }
    return this.#path[0]! as Ptr;
  }

  /** Calls back with the address of every node, also of a tree that is being drained. */
  visitBlocks(root: Ptr, visit: (block: Ptr) => void): void {
    const { heap, nodes } = this;
    const top = heap.word(root, TREE_TOP) as Ptr;
    if (top !== NULL) this.#visitInner(top, visit);
    let leaf = heap.word(root, TREE_FIRST) as Ptr;
    for (; leaf !== NULL; leaf = nodes.next(leaf)) visit(leaf);
  }

  // --- Walking

  /** Whether an id is greater than all others. */
  #isBehind(root: Ptr, id: StreamId): boolean {
    const last = this.heap.word(root, TREE_LAST) as Ptr;
    if (last === NULL) return true;
    this.nodes.readId(last, this.nodes.count(last) - 1, this.#bound);
    return this.#bound.isBefore(id);
  }

  /** Goes down to where an id belongs: `#slots[0]` is behind the entries not greater than it. */
  #walk(root: Ptr, id: StreamId): Ptr {
    const { nodes } = this;
    const allWords = this.heap.words;
    let node = this.heap.word(root, TREE_TOP) as Ptr;
    this.#slots[0] = 0;
    this.#top = 0;
    if (node === NULL) return NULL;
    let level = nodes.level(node);
    for (this.#top = level; level > 0; level--) {
      const slot = nodes.place(node, id) - 1;
      this.#path[level] = node;
      this.#slots[level] = slot;
      const words = allWords[node >>> EXTENT_SHIFT]!;
      node = words[((node & UNIT_MASK) << 1) + FIRST_VALUE + slot * ENTRY_WORDS]! as Ptr;
    }
    this.#path[0] = node;
    this.#slots[0] = nodes.place(node, id);
    return node;
  }

  #walkToEnd(root: Ptr): void {
    const { nodes } = this;
    let node = this.heap.word(root, TREE_TOP) as Ptr;
    this.#top = nodes.level(node);
    for (let level = this.#top; level > 0; level--) {
      this.#path[level] = node;
      this.#slots[level] = nodes.count(node) - 1;
      node = nodes.value(node, this.#slots[level]!);
    }
    this.#path[0] = node;
    this.#slots[0] = nodes.count(node);
  }

  // --- Dividing and joining

  /** Writes an entry at the path's place, in a leaf that is full. */
  #insertInFull(root: Ptr, id: StreamId, value: Ptr): void {
    const { nodes } = this;
    const newTop = this.#reserve();
    const isAtEnd = this.#slots[0] === ENTRIES_MAX && nodes.next(this.#path[0]! as Ptr) === NULL;
    const bound = this.#bound;
    bound.copyFrom(id);
    let inHand = value;
    for (let level = 0; ; level++) {
      if (level > this.#top) {
        this.#raise(root, newTop, inHand);
        return;
      }
      const node = this.#path[level]! as Ptr;
      const slot = this.#slots[level]! + (level === 0 ? 0 : 1);
      const fresh = this.#fresh[level]! as Ptr;
      if (fresh === NULL) {
        nodes.put(node, slot, bound, inHand);
        return;
      }
      // What comes at the end of the tree leaves a full node behind.
      const half = isAtEnd ? ENTRIES_MAX : (ENTRIES_MAX + 1) / 2;
      nodes.give(node, half, fresh);
      if (slot > half || isAtEnd) nodes.put(fresh, slot - half, bound, inHand);
      else nodes.put(node, slot, bound, inHand);
      if (level === 0) {
        nodes.link(root, fresh, nodes.next(node));
        nodes.link(root, node, fresh);
      }
      nodes.readId(fresh, 0, bound);
      inHand = fresh;
    }
  }

  /** Takes the nodes that an insertion will need into `#fresh`; returns the new top, or NULL. */
  #reserve(): Ptr {
    const { nodes } = this;
    const fresh = this.#fresh;
    let level = 0;
    try {
      for (; level <= this.#top && nodes.isFull(this.#path[level]! as Ptr); level++) {
        fresh[level] = nodes.create(level, ENTRIES_MAX);
      }
      fresh[level] = NULL;
      return level > this.#top ? nodes.create(level, ENTRIES_MAX) : NULL;
    } catch (refusal) {
      while (--level >= 0) this.heap.free(fresh[level]! as Ptr);
      throw refusal;
    }
  }

  /** Puts a node above the top and the one that was divided off it, whose bound is `#bound`. */
  #raise(root: Ptr, newTop: Ptr, divided: Ptr): void {
    const { nodes } = this;
    nodes.put(newTop, 0, this.#bound, this.#path[this.#top]! as Ptr);
    nodes.put(newTop, 1, this.#bound, divided);
    this.heap.setWord(root, TREE_TOP, newTop);
  }

  /** Puts the path in order from a level up, where an entry was taken out. */
  #tidy(root: Ptr, from: number): void {
    const { heap, nodes } = this;
    for (let level = from; level < this.#top; level++) {
      const node = this.#path[level]! as Ptr;
      const count = nodes.count(node);
      if (count >= JOIN_BELOW) break;
      const parent = this.#path[level + 1]! as Ptr;
      const slot = this.#slots[level + 1]!;
      if (count === 0) {
        if (level === 0) nodes.link(root, nodes.previous(node), nodes.next(node));
        heap.free(node);
        nodes.close(parent, slot, 1);
      } else if (slot > 0 && this.#canJoin(parent, slot - 1)) {
        this.#join(root, parent, slot - 1);
      } else if (slot + 1 < nodes.count(parent) && this.#canJoin(parent, slot)) {
        this.#join(root, parent, slot);
      } else {
        break;
      }
    }
    this.#lower(root);
  }

  /** Takes nodes off the top that have one child, and the last leaf once it is empty. */
  #lower(root: Ptr): void {
    const { heap, nodes } = this;
    let top = heap.word(root, TREE_TOP) as Ptr;
    while (nodes.level(top) > 0 && nodes.count(top) === 1) {
      const child = nodes.value(top, 0);
      heap.free(top);
      top = child;
    }
    if (nodes.count(top) === 0) {
      heap.free(top);
      top = NULL;
      nodes.link(root, NULL, NULL);
    }
    heap.setWord(root, TREE_TOP, top);
  }

  #canJoin(parent: Ptr, slot: number): boolean {
    const { nodes } = this;
    const entries = nodes.count(nodes.value(parent, slot));
    return entries + nodes.count(nodes.value(parent, slot + 1)) <= JOINED_MAX;
  }

  /** Moves the entries of the child behind a slot into the one in it. */
  #join(root: Ptr, parent: Ptr, slot: number): void {
    const { heap, nodes } = this;
    const left = nodes.value(parent, slot);
    const right = nodes.value(parent, slot + 1);
    if (nodes.level(left) === 0) {
      nodes.addToWeight(left, nodes.weight(right));
      nodes.link(root, left, nodes.next(right));
    } else {
      // As the first of its node its bound meant nothing.
      nodes.readId(parent, slot + 1, this.#bound);
      nodes.writeId(right, 0, this.#bound);
    }
    nodes.give(right, 0, left);
    heap.free(right);
    nodes.close(parent, slot + 1, 1);
  }

  // --- Cutting

  /** Takes all that is before the path out of the inner nodes. */
  #cutPath(root: Ptr): void {
    const { nodes } = this;
    for (let level = this.#top; level > 0; level--) {
      const node = this.#path[level]! as Ptr;
      const slot = this.#slots[level]!;
      for (let i = 0; i < slot; i++) this.#freeInner(nodes.value(node, i));
      nodes.close(node, 0, slot);
    }
    this.#lower(root);
  }

  /** Frees a node and those below it, but for the leaves: there are 63 times as many of them. */
  #freeInner(node: Ptr): void {
    const { nodes } = this;
    if (nodes.level(node) === 0) return;
    const count = nodes.count(node);
    for (let slot = 0; slot < count; slot++) this.#freeInner(nodes.value(node, slot));
    this.heap.free(node);
  }

  #visitInner(node: Ptr, visit: (block: Ptr) => void): void {
    const { nodes } = this;
    if (nodes.level(node) === 0) return;
    visit(node);
    const count = nodes.count(node);
    for (let slot = 0; slot < count; slot++) this.#visitInner(nodes.value(node, slot), visit);
  }
}
