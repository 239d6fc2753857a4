/**
 * The root of a stream:
 *
 *   0    blocks: an id tree's root (16)   | top | first | last | count |
 *   16   last id (16)                     of the last entry ever added, or as XSETID left it
 *   32   first id (16)                    of the first entry that is there, 0-0 for none
 *   48   greatest deleted id (16)         of those that XDEL deleted
 *   64   entries added, i64               ever, or as XSETID left it
 *   72   length, f64                      entries that are there
 *   80   groups: a name list's root (8)
 *
 * Ids are drawn in stream-id.ts. The value of an id in the tree is the address of a block, whose
 * block may have room behind its listpack. The weight of a leaf is the number of entries in its
 * blocks that are not deleted, so that trimming passes over whole leaves at a time.
 */
import { EXTENT_SHIFT, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import type { StreamId } from './stream-id.ts';

export const STREAM_BYTES = 88;
/** In words. */
export const LAST_ID = 4;
export const FIRST_ID = 8;
export const GREATEST_DELETED_ID = 12;
export const ENTRIES_ADDED = 16;
/** In bytes. */
const LENGTH = 72;
/** In units of addresses. */
const GROUPS = 10;

/** The list of a stream's groups. */
export function groupsOf(root: Ptr): Ptr {
  return (root + GROUPS) as Ptr;
}

/** Entries of a stream. */
export function streamLength(heap: Heap, root: Ptr): number {
  return heap.views[root >>> EXTENT_SHIFT]!.getFloat64(((root & UNIT_MASK) << 3) + LENGTH, true);
}

/** Notes how many entries a stream has. */
export function setStreamLength(heap: Heap, root: Ptr, length: number): void {
  const view = heap.views[root >>> EXTENT_SHIFT]!;
  view.setFloat64(((root & UNIT_MASK) << 3) + LENGTH, length, true);
}

/** Adds to the entries of a stream; how many they then are. `view` is that of its root's extent. */
export function addToStreamLength(view: DataView, root: Ptr, added: number): number {
  const at = ((root & UNIT_MASK) << 3) + LENGTH;
  const length = view.getFloat64(at, true) + added;
  view.setFloat64(at, length, true);
  return length;
}

/** Reads the id in a block at a word. */
export function readIdAt(heap: Heap, block: Ptr, word: number, into: StreamId): void {
  into.read(heap.words[block >>> EXTENT_SHIFT]!, ((block & UNIT_MASK) << 1) + word);
}

/** Writes an id into a block at a word. */
export function writeIdAt(heap: Heap, block: Ptr, word: number, id: StreamId): void {
  id.write(heap.words[block >>> EXTENT_SHIFT]!, ((block & UNIT_MASK) << 1) + word);
}

/** Reads the 64-bit integer in a block at a word. */
export function readInt64At(heap: Heap, block: Ptr, word: number): bigint {
  const view = heap.views[block >>> EXTENT_SHIFT]!;
  return view.getBigInt64(((block & UNIT_MASK) << 3) + word * 4, true);
}

/** Writes a 64-bit integer into a block at a word. */
export function writeInt64At(heap: Heap, block: Ptr, word: number, value: bigint): void {
  const view = heap.views[block >>> EXTENT_SHIFT]!;
  view.setBigInt64(((block & UNIT_MASK) << 3) + word * 4, value, true);
}

/** Adds one to the 64-bit integer in two words, without making it a BigInt. */
export function incrementInt64(words: Uint32Array, at: number): void {
  const low = (words[at]! + 1) | 0;
  words[at] = low;
  if (low === 0) words[at + 1]! += 1;
}

/** Adds one to the 64-bit integer in a block at a word. */
export function incrementInt64At(heap: Heap, block: Ptr, word: number): void {
  incrementInt64(heap.words[block >>> EXTENT_SHIFT]!, ((block & UNIT_MASK) << 1) + word);
}
