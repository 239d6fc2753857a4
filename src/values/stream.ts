/**
 * Streams: entries in the order of their ids, and consumer groups that read them.
 *
 * A stream is always a structure of its own; structures/stream-layout.ts draws its root. An empty
 * one stays, for its last id and its groups.
 */
import type { Ptr } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import { StreamCursor } from '../structures/stream-cursor.ts';
import { StreamGroups } from '../structures/stream-groups.ts';
import { StreamId } from '../structures/stream-id.ts';
import {
  ENTRIES_ADDED,
  FIRST_ID,
  GREATEST_DELETED_ID,
  groupsOf,
  LAST_ID,
  readIdAt,
  readInt64At,
  setStreamLength,
  streamLength,
  writeIdAt,
  writeInt64At,
} from '../structures/stream-layout.ts';
import { StreamLimits } from '../structures/stream-limits.ts';
import { StreamLog } from '../structures/stream-log.ts';
import { StreamMoves } from '../structures/stream-moves.ts';
import { StreamTrimmer } from '../structures/stream-trim.ts';
import type { Structured } from './cell.ts';

/** The only encoding. */
export const STREAM_BLOCKS = 0;

/** Most bytes that the fields and values of an entry may have together. */
export const ENTRY_TEXT_BYTES_MAX = 2 ** 30;

/**
 * Operations on streams. One per keyspace serves all of them; a stream is the address of its root.
 */
export class Streams implements Structured {
  readonly heap: Heap;
  readonly limits: StreamLimits = new StreamLimits();
  readonly log: StreamLog;
  readonly trimmer: StreamTrimmer;
  readonly groups: StreamGroups;
  readonly moves: StreamMoves;
  /** The entry in hand: whoever reads moves it. */
  readonly cursor: StreamCursor;
  readonly #discard: (root: Ptr) => void;
  readonly #id = new StreamId();

  /** `discard` is given streams that nobody has any more. */
  constructor(heap: Heap, discard: (root: Ptr) => void) {
    this.heap = heap;
    this.log = new StreamLog(heap, this.limits);
    this.trimmer = new StreamTrimmer(this.log, discard);
    this.groups = new StreamGroups(heap, this.log.tree);
    this.moves = new StreamMoves(this.groups);
    this.cursor = new StreamCursor(this.log.tree);
    this.#discard = discard;
  }

  // --- What a stream tells

  /** Number of entries. */
  length(root: Ptr): number {
    return streamLength(this.heap, root);
  }

  /** The id of the last entry that ever was added, unless it was set. */
  readLastId(root: Ptr, into: StreamId): void {
    readIdAt(this.heap, root, LAST_ID, into);
  }

  /** The id of the first entry that is there, 0-0 for none. */
  readFirstId(root: Ptr, into: StreamId): void {
    readIdAt(this.heap, root, FIRST_ID, into);
  }

  /** The greatest id that was deleted one by one, 0-0 for none. */
  readGreatestDeletedId(root: Ptr, into: StreamId): void {
    readIdAt(this.heap, root, GREATEST_DELETED_ID, into);
  }

  /** The id of the last entry that is there; whether there is one. */
  readLastEntryId(root: Ptr, into: StreamId): boolean {
    into.setMax();
    if (!this.cursor.last(root, into)) return false;
    into.copyFrom(this.cursor.entry.id);
    return true;
  }

  /** How many entries ever were added, unless it was set. */
  entriesAdded(root: Ptr): bigint {
    return readInt64At(this.heap, root, ENTRIES_ADDED);
  }

  groupCount(root: Ptr): number {
    return this.groups.groups.count(groupsOf(root));
  }

  // --- Entries

  /** An empty stream. */
  create(): Ptr {
    return this.log.create();
  }

  /** Whether no id is left for another entry. */
  isExhausted(root: Ptr): boolean {
    this.readLastId(root, this.#id);
    return this.#id.isMax();
  }

  /** Sets the id of an entry that is added now; false when none is left. */
  nextId(root: Ptr, nowMs: number, into: StreamId): boolean {
    const last = this.#id;
    this.readLastId(root, last);
    into.setMilliseconds(nowMs);
    // Within its millisecond the id is the first, so it is behind only if the millisecond is.
    if (last.isBefore(into)) return true;
    into.copyFrom(last);
    return into.increment();
  }

  /** Gives an id the next sequence of its milliseconds; false when none is left. */
  completeId(root: Ptr, id: StreamId): boolean {
    const last = this.#id;
    this.readLastId(root, last);
    id.setSequence(false);
    if (!id.hasMsOf(last)) return true;
    if (last.isLastOfMs()) return false;
    id.copyFrom(last);
    return id.increment();
  }

  /** Whether an entry with this id may be added: it is greater than the last one. */
  isNext(root: Ptr, id: StreamId): boolean {
    this.readLastId(root, this.#id);
    return this.#id.isBefore(id);
  }

  /**
   * Sets what XSETID does; `entriesAdded` below 0 and a deleted id of 0-0 leave things as they are.
   */
  setLastId(root: Ptr, id: StreamId, entriesAdded: bigint, greatestDeleted: StreamId): void {
    const { heap } = this;
    // Trimming may leave a block of tombstones, and blocks must not be behind what is to come.
    if (this.length(root) === 0) this.log.removeBlocks(root);
    writeIdAt(heap, root, LAST_ID, id);
    if (entriesAdded >= 0n) writeInt64At(heap, root, ENTRIES_ADDED, entriesAdded);
    if (!greatestDeleted.isMin()) writeIdAt(heap, root, GREATEST_DELETED_ID, greatestDeleted);
  }

  // --- Groups

  /** Removes a group, which is freed bit by bit. Throws OutOfMemoryError, with nothing changed. */
  removeGroup(root: Ptr, group: Ptr): void {
    const detached = this.log.create();
    try {
      this.groups.move(root, group, detached);
    } catch (refusal) {
      this.heap.free(detached);
      throw refusal;
    }
    this.#discard(detached);
  }

  // --- What the keyspace does with any value

  release(root: Ptr, blocksMax: number): boolean {
    let left = blocksMax;
    left -= this.log.releaseBlocks(root, left);
    if (left > 0) left -= this.groups.release(root, left);
    if (left <= 0) return false;
    this.heap.free(root);
    return true;
  }

  copy(root: Ptr): Ptr {
    const { heap } = this;
    const copy = this.create();
    try {
      this.log.copyBlocks(root, copy);
      this.groups.copy(root, copy);
    } catch (refusal) {
      this.release(copy, Number.POSITIVE_INFINITY);
      throw refusal;
    }
    setStreamLength(heap, copy, this.length(root));
    for (const word of [LAST_ID, FIRST_ID, GREATEST_DELETED_ID]) {
      readIdAt(heap, root, word, this.#id);
      writeIdAt(heap, copy, word, this.#id);
    }
    writeInt64At(heap, copy, ENTRIES_ADDED, this.entriesAdded(root));
    return copy;
  }

  usedBytes(root: Ptr): number {
    const { heap } = this;
    let bytes = 0;
    this.visitBlocks(root, (block) => {
      bytes += heap.capacity(block);
    });
    return bytes;
  }

  visitBlocks(root: Ptr, visit: (block: Ptr) => void): void {
    this.log.visitBlocks(root, visit);
    this.groups.visitBlocks(root, visit);
    visit(root);
  }
}
