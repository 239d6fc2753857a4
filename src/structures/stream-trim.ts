/**
 * Removing entries from the beginning of a stream: so many that a length is left, or all before an
 * id.
 *
 * Whole leaves of the tree go first: they are cut off, to be freed bit by bit, and only counted by
 * their weights. Then whole blocks, and at last, unless an approximation will do, entries of the
 * first block that is left, which become tombstones.
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import { TREE_FIRST } from './id-tree-node.ts';
import { addToCounts, DELETED, liveCount } from './stream-block.ts';
import { StreamCursor } from './stream-cursor.ts';
import { StreamId } from './stream-id.ts';
import { setStreamLength, streamLength } from './stream-layout.ts';
import type { StreamLog } from './stream-log.ts';

/** See the file's comment. */
export class StreamTrimmer {
  readonly #log: StreamLog;
  readonly #discard: (root: Ptr) => void;
  readonly #cursor: StreamCursor;
  readonly #bound = new StreamId();
  /**
   * Of the run: entries that may stay, or the id from which on they stay; the other is not used.
   */
  #keeps = 0;
  readonly #keepsFrom = new StreamId();
  #isByLength = false;
  /** Most entries to remove, 0 for any number. */
  #removedMax = 0;
  #length = 0;
  #removed = 0;

  /** `discard` is given streams that nobody has any more: what was cut off. */
  constructor(log: StreamLog, discard: (root: Ptr) => void) {
    this.#log = log;
    this.#discard = discard;
    this.#cursor = new StreamCursor(log.tree);
  }

  /**
   * Removes the first entries until there are only so many; returns how many it removed. With
   * `onlyBlocks` blocks are removed as a whole or not at all, and at most `removedMax` entries, 0
   * for any number. Throws OutOfMemoryError when it cannot go on.
   */
  toLength(root: Ptr, length: number, onlyBlocks: boolean, removedMax: number): number {
    this.#isByLength = true;
    this.#keeps = length;
    return this.#run(root, onlyBlocks, removedMax);
  }

  /** Removes the entries before an id; otherwise as `toLength`. */
  toId(root: Ptr, id: StreamId, onlyBlocks: boolean, removedMax: number): number {
    this.#isByLength = false;
    this.#keepsFrom.copyFrom(id);
    return this.#run(root, onlyBlocks, removedMax);
  }

  #run(root: Ptr, onlyBlocks: boolean, removedMax: number): number {
    const log = this.#log;
    this.#removedMax = removedMax;
    this.#length = streamLength(log.heap, root);
    this.#removed = 0;
    try {
      this.#removeLeaves(root);
      this.#removeBlocks(root, onlyBlocks);
    } finally {
      if (this.#removed > 0) log.findFirst(root);
    }
    return this.#removed;
  }

  #removeLeaves(root: Ptr): void {
    const log = this.#log;
    const { nodes } = log.tree;
    const first = log.heap.word(root, TREE_FIRST) as Ptr;
    if (first === NULL) return;
    let leaf = first;
    let weight = 0;
    while (this.#removesLeaf(leaf, weight)) {
      weight += nodes.weight(leaf);
      leaf = nodes.next(leaf);
    }
    if (leaf === first) return;
    const detached = log.create();
    this.#cursor.block.place(leaf, 0);
    log.tree.cutBefore(root, this.#cursor.block, detached);
    this.#count(root, weight);
    this.#discard(detached);
  }

  /** Whether all blocks of a leaf go, after those with `weight` entries before it. */
  #removesLeaf(leaf: Ptr, weight: number): boolean {
    const { nodes } = this.#log.tree;
    const withIt = weight + nodes.weight(leaf);
    if (this.#exceeds(withIt)) return false;
    if (this.#isByLength) return this.#length - withIt > this.#keeps;
    const next = nodes.next(leaf);
    if (next === NULL) return false;
    nodes.readId(next, 0, this.#bound);
    return !this.#keepsFrom.isBefore(this.#bound);
  }

  #removeBlocks(root: Ptr, onlyBlocks: boolean): void {
    const log = this.#log;
    const { block, entry } = this.#cursor;
    while (log.tree.first(root, block)) {
      if (this.#isByLength && this.#length <= this.#keeps) return;
      this.#cursor.openBlock();
      const live = liveCount(entry.bytes, entry.view, entry.start);
      if (this.#exceeds(live)) return;
      if (this.#keepsOfBlock(live)) {
        if (!onlyBlocks) this.#removeEntries(root);
        return;
      }
      log.removeBlock(root, block);
      this.#count(root, live);
    }
  }

  /** Whether some entry of the open block, even a deleted one, stays. */
  #keepsOfBlock(live: number): boolean {
    if (this.#isByLength) return this.#length - live < this.#keeps;
    const { entry } = this.#cursor;
    return entry.last() && !entry.id.isBefore(this.#keepsFrom);
  }

  /** Makes entries of the open block tombstones. */
  #removeEntries(root: Ptr): void {
    const log = this.#log;
    const { heap } = log;
    const moved = log.roomForCounts(this.#cursor.block);
    this.#cursor.openBlock();
    const { entry, block } = this.#cursor;
    const { bytes } = entry;
    let removed = 0;
    for (let more = entry.first(); more; more = entry.next()) {
      const stays = this.#isByLength
        ? this.#length - removed <= this.#keeps
        : !entry.id.isBefore(this.#keepsFrom);
      if (stays) break;
      if (entry.isDeleted) continue;
      bytes[entry.at]! |= DELETED;
      removed++;
    }
    const view = heap.views[moved >>> EXTENT_SHIFT]!;
    addToCounts(bytes, view, (moved & UNIT_MASK) << 3, -removed, removed);
    log.tree.nodes.addToWeight(block.leaf, -removed);
    this.#count(root, removed);
  }

  #exceeds(entries: number): boolean {
    return this.#removedMax > 0 && this.#removed + entries > this.#removedMax;
  }

  #count(root: Ptr, removed: number): void {
    this.#removed += removed;
    this.#length -= removed;
    setStreamLength(this.#log.heap, root, this.#length);
  }
}
