/**
 * What consumer groups do: hand out entries, remember who has which, and tell how far behind they
 * are.
 *
 * A group counts the entries it has read, as if it had begun at the first one ever and none had
 * been deleted. Where that cannot be known, the count is UNKNOWN until the group comes to a place
 * whose count is known: the beginning of a stream without tombstones, or its end.
 */
import { NULL, type Ptr } from '../memory/address.ts';
import type { IdBuffer } from '../structures/id-buffer.ts';
import { IdCursor } from '../structures/id-tree-cursor.ts';
import {
  GROUP_ENTRIES_READ,
  GROUP_LAST_ID,
  type StreamGroups,
} from '../structures/stream-groups.ts';
import { StreamId } from '../structures/stream-id.ts';
import {
  incrementInt64At,
  readIdAt,
  readInt64At,
  writeIdAt,
  writeInt64At,
} from '../structures/stream-layout.ts';
import type { Streams } from './stream.ts';

/** Of a group whose count of read entries cannot be told. */
export const UNKNOWN = -1n;

/** So many pending entries are looked at for each that XAUTOCLAIM may claim. */
const ATTEMPTS_PER_ENTRY = 10;

/** How pending entries change hands. */
export interface Claim {
  /** Entries that were delivered a shorter time ago stay where they are. */
  minIdleMs: number;
  nowMs: number;
  /** What then counts as the time of delivery. */
  deliveredMs: number;
  /** What then counts as the number of deliveries; below 0 for one more than before. */
  deliveries: bigint;
  /** Whether entries become pending that are not. */
  force: boolean;
  /** Whether the claim is no delivery, and the deliveries stay as they are. */
  justIds: boolean;
}

/** See the file's comment. */
export class ConsumerGroups {
  readonly #streams: Streams;
  readonly #groups: StreamGroups;
  readonly #cursor: IdCursor;
  readonly #id = new StreamId();
  readonly #bound = new StreamId();
  readonly #first = new StreamId();

  constructor(streams: Streams) {
    this.#streams = streams;
    this.#groups = streams.groups;
    this.#cursor = new IdCursor(streams.log.tree.nodes);
  }

  // --- How far a group is

  /** The id of the last entry that a group was given. */
  readLastId(group: Ptr, into: StreamId): void {
    readIdAt(this.#groups.heap, group, GROUP_LAST_ID, into);
  }

  /** Entries that a group has read, or UNKNOWN. */
  entriesRead(group: Ptr): bigint {
    return readInt64At(this.#groups.heap, group, GROUP_ENTRIES_READ);
  }

  setLastId(group: Ptr, id: StreamId, entriesRead: bigint): void {
    writeIdAt(this.#groups.heap, group, GROUP_LAST_ID, id);
    writeInt64At(this.#groups.heap, group, GROUP_ENTRIES_READ, entriesRead);
  }

  /** Moves the last id of a group forward to this one, if it is before it; whether it was. */
  advance(group: Ptr, id: StreamId): boolean {
    this.readLastId(group, this.#bound);
    const isBefore = this.#bound.isBefore(id);
    if (isBefore) writeIdAt(this.#groups.heap, group, GROUP_LAST_ID, id);
    return isBefore;
  }

  /**
   * Entries that a group has yet to be given; undefined when that cannot be told. It is less than 0
   * when the group was told to have read more than there ever was.
   */
  lag(root: Ptr, group: Ptr): bigint | undefined {
    const added = this.#streams.entriesAdded(root);
    if (added === 0n) return 0n;
    const last = this.#id;
    this.readLastId(group, last);
    let read = this.entriesRead(group);
    if (read === UNKNOWN || this.#hasTombstones(root, last)) read = this.countUpTo(root, last);
    return read === UNKNOWN ? undefined : BigInt.asIntN(64, added - read);
  }

  /** Whether an entry from this id on may have been deleted behind the first that is there. */
  #hasTombstones(root: Ptr, from: StreamId): boolean {
    if (this.#streams.length(root) === 0 || this.#isWholeFromFirst(root)) return false;
    return !this.#bound.isBefore(from);
  }

  /** Entries ever added up to and with an id, or UNKNOWN. */
  countUpTo(root: Ptr, id: StreamId): bigint {
    const streams = this.#streams;
    const bound = this.#bound;
    const added = streams.entriesAdded(root);
    const length = streams.length(root);
    if (added === 0n) return 0n;
    streams.readLastId(root, bound);
    if (bound.equals(id) || (length === 0 && id.isBefore(bound))) return added;
    if (bound.isBefore(id)) return UNKNOWN;
    if (!this.#isWholeFromFirst(root)) return UNKNOWN;
    streams.readFirstId(root, bound);
    if (id.isBefore(bound)) return BigInt.asIntN(64, added - BigInt(length));
    if (id.equals(bound)) return BigInt.asIntN(64, added - BigInt(length) + 1n);
    return UNKNOWN;
  }

  /** Whether no entry was deleted behind the first that is there; `#bound` is the last that was. */
  #isWholeFromFirst(root: Ptr): boolean {
    const first = this.#first;
    this.#streams.readFirstId(root, first);
    this.#streams.readGreatestDeletedId(root, this.#bound);
    return this.#bound.isMin() || this.#bound.isBefore(first);
  }

  // --- Handing out

  /** Entries behind the last that a group was given, counted up to `countMax`. */
  countNew(root: Ptr, group: Ptr, countMax: number): number {
    const { cursor } = this.#streams;
    this.readLastId(group, this.#id);
    if (!this.#id.increment()) return 0;
    let count = 0;
    let more = cursor.first(root, this.#id);
    for (; more && count < countMax; count++) more = cursor.next();
    return count;
  }

  /**
   * Gives a consumer the entries behind the last that its group was given, at most `countMax`, 0
   * for all; how many that were, with `from` the id of the first or less. They become pending
   * unless `noAck`. Throws OutOfMemoryError; what was given out by then is pending.
   */
  deliver(
    root: Ptr,
    group: Ptr,
    consumer: Ptr,
    countMax: number,
    noAck: boolean,
    nowMs: number,
    from: StreamId,
  ): number {
    const { cursor } = this.#streams;
    const { id } = cursor.entry;
    this.readLastId(group, from);
    if (!from.increment()) return 0;
    let count = 0;
    for (let more = cursor.first(root, from); more; more = cursor.next()) {
      if (!noAck) {
        this.#hand(group, consumer, id, nowMs);
        this.#groups.setActive(consumer, nowMs);
      }
      this.#countRead(root, group, id);
      count++;
      if (count === countMax) break;
    }
    return count;
  }

  /** Makes an entry pending with a consumer, also if it was with another. */
  #hand(group: Ptr, consumer: Ptr, id: StreamId, nowMs: number): void {
    const groups = this.#groups;
    const pending = groups.pending(group, id);
    if (pending === NULL) {
      groups.add(group, consumer, id, nowMs, 1);
      return;
    }
    groups.assign(pending, id, consumer);
    groups.setDelivered(pending, nowMs);
    groups.setDeliveries(pending, 1n);
  }

  /** Moves a group on to an entry that it was given. */
  #countRead(root: Ptr, group: Ptr, id: StreamId): void {
    const { heap } = this.#groups;
    if (this.#isReadUnknown(group) || this.#hasTombstones(root, id)) {
      if (this.#streams.entriesAdded(root) !== 0n) {
        writeInt64At(heap, group, GROUP_ENTRIES_READ, this.countUpTo(root, id));
      }
    } else {
      incrementInt64At(heap, group, GROUP_ENTRIES_READ);
    }
    writeIdAt(heap, group, GROUP_LAST_ID, id);
  }

  #isReadUnknown(group: Ptr): boolean {
    const { heap } = this.#groups;
    const read = heap.word(group, GROUP_ENTRIES_READ);
    return (read & heap.word(group, GROUP_ENTRIES_READ + 1)) === -1;
  }

  /**
   * Delivers to a consumer once more what is pending with it from an id on, at most `countMax`
   * entries, 0 for all; how many that are. Those that were deleted meanwhile stay as they are.
   */
  deliverAgain(root: Ptr, consumer: Ptr, from: StreamId, countMax: number, nowMs: number): number {
    const { log } = this.#streams;
    const groups = this.#groups;
    const cursor = this.#cursor;
    let count = 0;
    let more = log.tree.seek(groups.pendingOf(consumer), cursor, from);
    for (; more; more = cursor.next()) {
      cursor.readId(this.#id);
      if (log.has(root, this.#id)) {
        groups.setDelivered(cursor.value, nowMs);
        groups.countDelivery(cursor.value);
      }
      count++;
      if (count === countMax) break;
    }
    return count;
  }

  // --- Changing hands

  /**
   * Gives a pending entry to a consumer; whether it did. If the entry was deleted, it is pending no
   * more. Throws OutOfMemoryError.
   */
  claim(root: Ptr, group: Ptr, consumer: Ptr, id: StreamId, claim: Claim): boolean {
    const groups = this.#groups;
    const pending = groups.pending(group, id);
    if (!this.#streams.log.has(root, id)) {
      if (pending !== NULL) groups.remove(group, id);
      return false;
    }
    if (pending !== NULL) return this.#transfer(pending, consumer, id, claim);
    if (!claim.force) return false;
    this.#take(groups.add(group, consumer, id, claim.nowMs, 1), consumer, claim);
    return true;
  }

  /** Gives what is pending to a consumer, if it has been so for long enough; whether it did. */
  #transfer(pending: Ptr, consumer: Ptr, id: StreamId, claim: Claim): boolean {
    const groups = this.#groups;
    const { minIdleMs, nowMs } = claim;
    if (minIdleMs > 0 && nowMs - groups.deliveredMs(pending) < minIdleMs) return false;
    groups.assign(pending, id, consumer);
    this.#take(pending, consumer, claim);
    return true;
  }

  #take(pending: Ptr, consumer: Ptr, claim: Claim): void {
    const groups = this.#groups;
    groups.setDelivered(pending, claim.deliveredMs);
    if (claim.deliveries >= 0n) groups.setDeliveries(pending, claim.deliveries);
    else if (!claim.justIds) groups.countDelivery(pending);
    groups.setActive(consumer, claim.nowMs);
  }

  /**
   * Claims what is pending in a group, from `from` on, for a consumer: at most `countMax` entries,
   * those that are found to be deleted included. Their ids are added to the two buffers; `from`
   * becomes the id to go on with, 0-0 when there is none. Throws OutOfMemoryError.
   */
  claimFrom(
    root: Ptr,
    group: Ptr,
    consumer: Ptr,
    from: StreamId,
    countMax: number,
    claim: Claim,
    claimed: IdBuffer,
    deleted: IdBuffer,
  ): void {
    const { log } = this.#streams;
    const groups = this.#groups;
    const cursor = this.#cursor;
    const list = groups.pendingOf(group);
    let attempts = countMax * ATTEMPTS_PER_ENTRY;
    let left = countMax;
    let more = log.tree.seek(list, cursor, from);
    for (; more && left > 0 && attempts > 0; attempts--) {
      cursor.readId(from);
      if (log.has(root, from)) {
        if (this.#transfer(cursor.value, consumer, from, claim)) {
          claimed.add(from);
          left--;
        }
        more = cursor.next();
      } else {
        groups.remove(group, from);
        deleted.add(from);
        left--;
        more = log.tree.seek(list, cursor, from);
      }
    }
    if (more) cursor.readId(from);
    else from.setMin();
  }
}
