/**
 * How an id tree lies in the arena. id-tree.ts tells what it is for.
 *
 *   root (16 B)   | top node | first leaf | last leaf | entries |      part of the owner's block
 *   node          | level 8, capacity 8, count 8 | next leaf | previous leaf | weight | entries |
 *   entry (20 B)  | id: ms high | ms low | sequence high | sequence low | value u32 |
 *
 * Inner nodes are as leaves are; their values are children. A tree of one leaf begins with room for
 * 4 entries (96 B) and grows to 15 (316 B) and 63 (1276 B): most trees stay small. All nodes of
 * larger trees have room for 63. The weight of a leaf is the owner's to use, and is kept only while
 * the tree is not changed otherwise than at its ends.
 *
 * Invariants: the ids of a leaf ascend and are exact. An inner entry's id is a bound: not greater
 * than any id below it and greater than those of the entries before it. That of the first entry
 * means nothing, as nothing below the node is before it. So a removal has nothing to correct above
 * it. Ids and values lie side by side, as an insertion at the end then writes one cache line or
 * two.
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import type { StreamId } from './stream-id.ts';

export const TREE_ROOT_BYTES = 16;
export const TREE_TOP = 0;
export const TREE_FIRST = 1;
export const TREE_LAST = 2;
export const TREE_COUNT = 3;

export const ENTRIES_MAX = 63;
/** More than any tree has: one level more takes the division of a top of 63 entries. */
export const LEVELS_MAX = 32;

const NODE_META = 0;
export const NODE_NEXT = 1;
const NODE_PREVIOUS = 2;
export const NODE_WEIGHT = 3;
export const NODE_ENTRIES = 4;
export const ENTRY_WORDS = 5;
export const ENTRY_VALUE = 4;

const CAPACITIES: readonly number[] = [4, 15, ENTRIES_MAX];
/** Fewer words than this are moved one by one. */
const COPY_WORDS_MIN = 24;

/** Reads and changes single nodes. */
export class IdNodes {
  readonly heap: Heap;

  constructor(heap: Heap) {
    this.heap = heap;
  }

  create(level: number, capacity: number): Ptr {
    const { heap } = this;
    const node = heap.alloc((NODE_ENTRIES + ENTRY_WORDS * capacity) * 4);
    heap.setWord(node, NODE_META, (level << 16) | (capacity << 8));
    heap.setWord(node, NODE_NEXT, NULL);
    heap.setWord(node, NODE_PREVIOUS, NULL);
    heap.setWord(node, NODE_WEIGHT, 0);
    return node;
  }

  level(node: Ptr): number {
    return this.heap.word(node, NODE_META) >>> 16;
  }

  count(node: Ptr): number {
    return this.heap.word(node, NODE_META) & 255;
  }

  isFull(node: Ptr): boolean {
    const meta = this.heap.word(node, NODE_META);
    return (meta & 255) === ((meta >>> 8) & 255);
  }

  /** Whether a full leaf can become larger, instead of having to be divided. */
  canGrow(leaf: Ptr): boolean {
    return ((this.heap.word(leaf, NODE_META) >>> 8) & 255) < ENTRIES_MAX;
  }

  value(node: Ptr, slot: number): Ptr {
    return this.heap.word(node, NODE_ENTRIES + slot * ENTRY_WORDS + ENTRY_VALUE) as Ptr;
  }

  setValue(node: Ptr, slot: number, value: Ptr): void {
    this.heap.setWord(node, NODE_ENTRIES + slot * ENTRY_WORDS + ENTRY_VALUE, value);
  }

  readId(node: Ptr, slot: number, into: StreamId): void {
    const words = this.heap.words[node >>> EXTENT_SHIFT]!;
    into.read(words, ((node & UNIT_MASK) << 1) + NODE_ENTRIES + slot * ENTRY_WORDS);
  }

  writeId(node: Ptr, slot: number, id: StreamId): void {
    const words = this.heap.words[node >>> EXTENT_SHIFT]!;
    id.write(words, ((node & UNIT_MASK) << 1) + NODE_ENTRIES + slot * ENTRY_WORDS);
  }

  next(leaf: Ptr): Ptr {
    return this.heap.word(leaf, NODE_NEXT) as Ptr;
  }

  previous(leaf: Ptr): Ptr {
    return this.heap.word(leaf, NODE_PREVIOUS) as Ptr;
  }

  weight(leaf: Ptr): number {
    return this.heap.word(leaf, NODE_WEIGHT);
  }

  addToWeight(leaf: Ptr, delta: number): void {
    this.heap.setWord(leaf, NODE_WEIGHT, this.heap.word(leaf, NODE_WEIGHT) + delta);
  }

  /** Entries of a node whose id is not greater than this one; the first of an inner node counts. */
  place(node: Ptr, id: StreamId): number {
    const words = this.heap.words[node >>> EXTENT_SHIFT]!;
    const at = (node & UNIT_MASK) << 1;
    const entries = at + NODE_ENTRIES;
    const meta = words[at]!;
    const msHigh = id.msHigh >>> 0;
    const msLow = id.msLow >>> 0;
    const seqHigh = id.seqHigh >>> 0;
    const seqLow = id.seqLow >>> 0;
    let low = meta >>> 16 === 0 ? 0 : 1;
    let high = meta & 255;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = entries + middle * ENTRY_WORDS;
      let difference = words[entry]! - msHigh;
      if (difference === 0) difference = words[entry + 1]! - msLow;
      if (difference === 0) difference = words[entry + 2]! - seqHigh;
      if (difference === 0) difference = words[entry + 3]! - seqLow;
      if (difference <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether an entry has this id. */
  isAt(node: Ptr, slot: number, id: StreamId): boolean {
    const words = this.heap.words[node >>> EXTENT_SHIFT]!;
    const at = ((node & UNIT_MASK) << 1) + NODE_ENTRIES + slot * ENTRY_WORDS;
    return (
      (words[at + 3]! | 0) === id.seqLow &&
      (words[at + 1]! | 0) === id.msLow &&
      (words[at]! | 0) === id.msHigh &&
      (words[at + 2]! | 0) === id.seqHigh
    );
  }

  /** Writes an entry before the one in `slot`. REQUIRES: the node is not full. */
  put(node: Ptr, slot: number, id: StreamId, value: Ptr): void {
    const words = this.heap.words[node >>> EXTENT_SHIFT]!;
    const at = (node & UNIT_MASK) << 1;
    const count = words[at]! & 255;
    const entry = at + NODE_ENTRIES + slot * ENTRY_WORDS;
    moveWords(words, entry + ENTRY_WORDS, entry, (count - slot) * ENTRY_WORDS);
    id.write(words, entry);
    words[entry + ENTRY_VALUE] = value;
    words[at]! += 1;
  }

  /** Takes `removed` entries from `slot` on out of a node. */
  close(node: Ptr, slot: number, removed: number): void {
    const words = this.heap.words[node >>> EXTENT_SHIFT]!;
    const at = (node & UNIT_MASK) << 1;
    const left = (words[at]! & 255) - removed - slot;
    const entry = at + NODE_ENTRIES + slot * ENTRY_WORDS;
    moveWords(words, entry, entry + removed * ENTRY_WORDS, left * ENTRY_WORDS);
    words[at]! -= removed;
  }

  /** Moves the entries from `slot` on behind those of another node. REQUIRES: there is room. */
  give(node: Ptr, slot: number, to: Ptr): void {
    const source = this.heap.words[node >>> EXTENT_SHIFT]!;
    const target = this.heap.words[to >>> EXTENT_SHIFT]!;
    const from = (node & UNIT_MASK) << 1;
    const at = (to & UNIT_MASK) << 1;
    const given = (source[from]! & 255) - slot;
    const first = from + NODE_ENTRIES + slot * ENTRY_WORDS;
    const end = at + NODE_ENTRIES + (target[at]! & 255) * ENTRY_WORDS;
    for (let i = 0; i < given * ENTRY_WORDS; i++) target[end + i] = source[first + i]!;
    source[from]! -= given;
    target[at]! += given;
  }

  /** Makes two leaves, or NULL for the end of a tree, follow each other. */
  link(root: Ptr, left: Ptr, right: Ptr): void {
    if (left === NULL) this.heap.setWord(root, TREE_FIRST, right);
    else this.heap.setWord(left, NODE_NEXT, right);
    if (right === NULL) this.heap.setWord(root, TREE_LAST, left);
    else this.heap.setWord(right, NODE_PREVIOUS, left);
  }

  /** A larger leaf with the entries of the only one of a tree, in its place. */
  grow(root: Ptr, leaf: Ptr): Ptr {
    const { heap } = this;
    const capacity = (heap.word(leaf, NODE_META) >>> 8) & 255;
    const larger = this.create(0, CAPACITIES[CAPACITIES.indexOf(capacity) + 1]!);
    this.give(leaf, 0, larger);
    heap.setWord(larger, NODE_WEIGHT, this.weight(leaf));
    this.#makeOnly(root, larger);
    heap.free(leaf);
    return larger;
  }

  /** The first leaf of an empty tree. */
  begin(root: Ptr): Ptr {
    const leaf = this.create(0, CAPACITIES[0]!);
    this.#makeOnly(root, leaf);
    return leaf;
  }

  #makeOnly(root: Ptr, leaf: Ptr): void {
    this.heap.setWord(root, TREE_TOP, leaf);
    this.link(root, NULL, leaf);
    this.link(root, leaf, NULL);
  }
}

/** Where the last entry of a leaf is in the words of its extent. REQUIRES: it has one. */
export function lastEntryOf(words: Uint32Array, leaf: Ptr): number {
  const at = (leaf & UNIT_MASK) << 1;
  return at + NODE_ENTRIES + ((words[at]! & 255) - 1) * ENTRY_WORDS;
}

/** Moves words within one array, where the old place and the new one may overlap. */
function moveWords(words: Uint32Array, to: number, from: number, count: number): void {
  if (count >= COPY_WORDS_MIN) words.copyWithin(to, from, from + count);
  else if (to > from) for (let i = count - 1; i >= 0; i--) words[to + i] = words[from + i]!;
  else for (let i = 0; i < count; i++) words[to + i] = words[from + i]!;
}
