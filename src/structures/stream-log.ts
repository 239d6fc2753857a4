/**
 * The entries of streams: blocks in an id tree, each keyed by the id of its first entry.
 * stream-layout.ts draws the root, stream-block.ts a block.
 *
 * Entries are added at the end and mostly removed at the beginning. The last block grows as entries
 * come, to twice its size at a time, until it is as large as a node may be; then it is trimmed to
 * its size and a new one begun, with room for as much. Where blocks begin and end is as in Redis,
 * to the byte.
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import { copyBytes } from '../memory/bytes.ts';
import type { Heap } from '../memory/heap.ts';
import type { Args } from '../protocol/args.ts';
import { IdTree } from './id-tree.ts';
import type { IdCursor } from './id-tree-cursor.ts';
import { ENTRIES_MAX, ENTRY_VALUE, lastEntryOf, NODE_WEIGHT, TREE_LAST } from './id-tree-node.ts';
import { Int64 } from './int64.ts';
import {
  addToCounts,
  appendEntry,
  BLOCK_OVERHEAD,
  COUNTS_SLACK,
  DELETED,
  entryCount,
  entryRoom,
  liveCount,
  writeBlock,
} from './stream-block.ts';
import { StreamCursor } from './stream-cursor.ts';
import { StreamId } from './stream-id.ts';
import {
  addToStreamLength,
  ENTRIES_ADDED,
  FIRST_ID,
  GREATEST_DELETED_ID,
  incrementInt64,
  LAST_ID,
  readIdAt,
  STREAM_BYTES,
  setStreamLength,
  streamLength,
  writeIdAt,
} from './stream-layout.ts';
import type { StreamLimits } from './stream-limits.ts';

/** Blocks above this grow by a quarter. */
const DOUBLING_MAX = 64 * 1024;

/** See the file's comment. One per engine serves all streams. */
export class StreamLog {
  readonly heap: Heap;
  readonly limits: StreamLimits;
  readonly tree: IdTree;
  readonly #cursor: StreamCursor;
  readonly #key = new StreamId();
  readonly #ms = new Int64();
  readonly #sequence = new Int64();
  readonly #batch = new Uint32Array(ENTRIES_MAX);
  /** Size of the block that an entry which is being added did not fit in; 0 for none. */
  #fullBytes = 0;

  constructor(heap: Heap, limits: StreamLimits) {
    this.heap = heap;
    this.limits = limits;
    this.tree = new IdTree(heap);
    this.#cursor = new StreamCursor(this.tree);
  }

  /** Makes a stream without entries and without groups. */
  create(): Ptr {
    const { heap } = this;
    const root = heap.alloc(STREAM_BYTES);
    for (let word = 0; word < STREAM_BYTES / 4; word++) heap.setWord(root, word, 0);
    return root;
  }

  /** Blocks of a stream. */
  blockCount(root: Ptr): number {
    return this.tree.count(root);
  }

  /** Nodes of the tree that has them. */
  nodeCount(root: Ptr): number {
    let count = 0;
    this.tree.visitBlocks(root, () => count++);
    return count;
  }

  /** Whether there is an entry of this id. */
  has(root: Ptr, id: StreamId): boolean {
    return this.#cursor.first(root, id) && this.#cursor.entry.id.equals(id);
  }

  // --- Adding

  /**
   * Adds an entry of the arguments from `first` on, which have `textBytes` together. REQUIRES: its
   * id is greater than the last one. Without memory it throws, and nothing has changed.
   */
  append(root: Ptr, id: StreamId, args: Args, first: number, textBytes: number): void {
    const { heap } = this;
    this.#fullBytes = 0;
    const leaf = heap.word(root, TREE_LAST) as Ptr;
    let block = leaf === NULL ? NULL : this.#lastWithRoom(leaf, args.count - first, textBytes);
    if (block === NULL) block = this.#begin(root, id, args, first, textBytes);
    id.difference(this.#key, this.#ms, this.#sequence);
    const extent = block >>> EXTENT_SHIFT;
    const bytes = heap.bytes[extent]!;
    const view = heap.views[extent]!;
    const start = (block & UNIT_MASK) << 3;
    appendEntry(bytes, view, start, this.#ms, this.#sequence, args, first);
    this.#countAdded(root, id);
  }

  /** The last block, with room for an entry, and its key in `#key`; NULL when it takes no more. */
  #lastWithRoom(leaf: Ptr, texts: number, textBytes: number): Ptr {
    const { heap } = this;
    const { bytesMax, entriesMax } = this.limits;
    const words = heap.words[leaf >>> EXTENT_SHIFT]!;
    const entry = lastEntryOf(words, leaf);
    const block = words[entry + ENTRY_VALUE]! as Ptr;
    const extent = block >>> EXTENT_SHIFT;
    const bytes = heap.bytes[extent]!;
    const view = heap.views[extent]!;
    const start = (block & UNIT_MASK) << 3;
    const total = view.getUint32(start, true);
    if (
      total + textBytes >= bytesMax ||
      (entriesMax !== 0 && entryCount(bytes, view, start) >= entriesMax)
    ) {
      words[entry + ENTRY_VALUE] = this.#trimmed(block, total);
      this.#fullBytes = total;
      return NULL;
    }
    this.#key.read(words, entry);
    const roomy = this.#withRoom(block, total, total + entryRoom(texts, textBytes));
    if (roomy !== block) words[entry + ENTRY_VALUE] = roomy;
    return roomy;
  }

  #begin(root: Ptr, id: StreamId, args: Args, first: number, textBytes: number): Ptr {
    const { heap } = this;
    const needed = BLOCK_OVERHEAD + textBytes + entryRoom(args.count - first, textBytes);
    const block = heap.alloc(Math.max(needed, this.#fullBytes));
    const extent = block >>> EXTENT_SHIFT;
    const start = (block & UNIT_MASK) << 3;
    writeBlock(heap.bytes[extent]!, heap.views[extent]!, start, args, first);
    try {
      this.tree.append(root, id, block);
    } catch (refusal) {
      heap.free(block);
      throw refusal;
    }
    this.#key.copyFrom(id);
    return block;
  }

  /** Counts an entry that was added. */
  #countAdded(root: Ptr, id: StreamId): void {
    const { words, views } = this.heap;
    const own = words[root >>> EXTENT_SHIFT]!;
    const at = (root & UNIT_MASK) << 1;
    const leaf = own[at + TREE_LAST]!;
    words[leaf >>> EXTENT_SHIFT]![((leaf & UNIT_MASK) << 1) + NODE_WEIGHT]! += 1;
    const length = addToStreamLength(views[root >>> EXTENT_SHIFT]!, root, 1);
    if (length === 1) id.write(own, at + FIRST_ID);
    id.write(own, at + LAST_ID);
    incrementInt64(own, at + ENTRIES_ADDED);
  }

  /**
   * Adds a copy of a whole block behind the others, with `live` entries that are not deleted; the
   * length and the ids of the stream are the caller's to set. Throws OutOfMemoryError, with nothing
   * changed.
   */
  appendBlock(
    root: Ptr,
    key: StreamId,
    bytes: Buffer,
    view: DataView,
    start: number,
    live: number,
  ): void {
    const { heap, tree } = this;
    const total = view.getUint32(start, true);
    const block = heap.alloc(total);
    const extent = block >>> EXTENT_SHIFT;
    const to = (block & UNIT_MASK) << 3;
    copyBytes(bytes, view, start, heap.bytes[extent]!, heap.views[extent]!, to, total);
    try {
      tree.append(root, key, block);
    } catch (refusal) {
      heap.free(block);
      throw refusal;
    }
    tree.nodes.addToWeight(heap.word(root, TREE_LAST) as Ptr, live);
  }

  // --- Removing

  /** Deletes the entry of an id; whether there was one. */
  remove(root: Ptr, id: StreamId): boolean {
    const { heap } = this;
    const cursor = this.#cursor;
    if (!cursor.first(root, id) || !cursor.entry.id.equals(id)) return false;
    const { bytes, view, start } = cursor.entry;
    if (liveCount(bytes, view, start) === 1) {
      this.removeBlock(root, cursor.block);
    } else {
      const block = this.roomForCounts(cursor.block);
      const extent = block >>> EXTENT_SHIFT;
      const to = (block & UNIT_MASK) << 3;
      heap.bytes[extent]![cursor.entry.at - start + to]! |= DELETED;
      addToCounts(heap.bytes[extent]!, heap.views[extent]!, to, -1, 1);
      this.tree.nodes.addToWeight(cursor.block.leaf, -1);
    }
    setStreamLength(heap, root, streamLength(heap, root) - 1);
    readIdAt(heap, root, GREATEST_DELETED_ID, this.#key);
    if (this.#key.isBefore(id)) writeIdAt(heap, root, GREATEST_DELETED_ID, id);
    readIdAt(heap, root, FIRST_ID, this.#key);
    if (this.#key.equals(id)) this.findFirst(root);
    return true;
  }

  /** Takes a block out of a stream with all its entries; the length is the caller's to correct. */
  removeBlock(root: Ptr, block: IdCursor): void {
    const { heap } = this;
    const at = block.value;
    const extent = at >>> EXTENT_SHIFT;
    const live = liveCount(heap.bytes[extent]!, heap.views[extent]!, (at & UNIT_MASK) << 3);
    this.tree.nodes.addToWeight(block.leaf, -live);
    block.readId(this.#key);
    this.tree.remove(root, this.#key);
    heap.free(at);
  }

  /** Takes all blocks out of a stream that has only tombstones. */
  removeBlocks(root: Ptr): void {
    const { block } = this.#cursor;
    while (this.tree.first(root, block)) this.removeBlock(root, block);
  }

  /** Sees to it that the counts of a block can be changed; returns where the block then is. */
  roomForCounts(block: IdCursor): Ptr {
    const at = block.value;
    const view = this.heap.views[at >>> EXTENT_SHIFT]!;
    const total = view.getUint32((at & UNIT_MASK) << 3, true);
    const roomy = this.#withRoom(at, total, total + COUNTS_SLACK);
    if (roomy !== at) block.value = roomy;
    return roomy;
  }

  /** Looks up the first id of a stream, after its first entry has gone. */
  findFirst(root: Ptr): void {
    const from = this.#key;
    from.setMin();
    if (streamLength(this.heap, root) > 0 && this.#cursor.first(root, from)) {
      from.copyFrom(this.#cursor.entry.id);
    }
    writeIdAt(this.heap, root, FIRST_ID, from);
  }

  // --- Whole streams

  /** Frees about so many blocks of a stream's entries, at least one; how many, 0 for no more. */
  releaseBlocks(root: Ptr, blocksMax: number): number {
    let freed = 0;
    while (freed < blocksMax) {
      const count = this.tree.drain(root, this.#batch);
      if (count < 0) return freed;
      for (let i = 0; i < count; i++) this.heap.free(this.#batch[i]! as Ptr);
      freed += count + 1;
    }
    return freed;
  }

  /** Adds copies of the blocks of a stream to another, which has none. */
  copyBlocks(root: Ptr, copy: Ptr): void {
    const { tree } = this;
    const { block, entry } = this.#cursor;
    for (let more = tree.first(root, block); more; more = block.next()) {
      this.#cursor.openBlock();
      const { bytes, view, start } = entry;
      this.appendBlock(copy, entry.key, bytes, view, start, liveCount(bytes, view, start));
    }
  }

  /** Calls back with every block and every node. */
  visitBlocks(root: Ptr, visit: (block: Ptr) => void): void {
    const { tree } = this;
    const { nodes } = tree;
    tree.visitBlocks(root, (node) => {
      visit(node);
      if (nodes.level(node) > 0) return;
      const count = nodes.count(node);
      for (let slot = 0; slot < count; slot++) visit(nodes.value(node, slot));
    });
  }

  // --- Room of a block

  /** The block, or a larger one in its place if it cannot take `needed` bytes. */
  #withRoom(block: Ptr, total: number, needed: number): Ptr {
    const capacity = this.heap.capacity(block);
    if (needed <= capacity) return block;
    const step = capacity <= DOUBLING_MAX ? capacity : capacity >>> 2;
    const wanted = Math.min(capacity + step, Math.max(this.limits.bytesMax, needed));
    const larger = this.#copyOf(block, total, Math.max(needed, wanted));
    this.heap.free(block);
    return larger;
  }

  /** The block, or a smaller one in its place when that saves something. */
  #trimmed(block: Ptr, total: number): Ptr {
    const { heap } = this;
    if (heap.fits(heap.capacity(block), total)) return block;
    const smaller = this.#copyOf(block, total, total);
    heap.free(block);
    return smaller;
  }

  #copyOf(block: Ptr, total: number, capacity: number): Ptr {
    const { heap } = this;
    const copy = heap.alloc(capacity);
    const from = block >>> EXTENT_SHIFT;
    const to = copy >>> EXTENT_SHIFT;
    copyBytes(
      heap.bytes[from]!,
      heap.views[from]!,
      (block & UNIT_MASK) << 3,
      heap.bytes[to]!,
      heap.views[to]!,
      (copy & UNIT_MASK) << 3,
      total,
    );
    return copy;
  }
}
