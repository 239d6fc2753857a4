/**
 * A hash, set or sorted set that is too large for one step, as a snapshot writes it: bit by bit,
 * and whatever of it is about to change before it does.
 *
 * As long as nothing changes it is written in the order that is best for who loads it. From the
 * first change on (`hold`) what is left of it is written in the order of the members' hashes, and
 * what shares a cell with a member that changes goes first: files do not care for the order. What
 * is not marked in a cell is therefore as it was at the moment of the snapshot, wherever the table
 * has put it since.
 *
 * Before its turn has come its bytes gather in a buffer of its own, which is what changes bring
 * forward; so a collection never has to be written to its end while somebody waits.
 */
import type { Ptr } from '../memory/address.ts';
import type { PackedTable } from '../structures/packed-table.ts';
import { bucketOfPlace, reverseBits } from '../structures/packed-table-layout.ts';
import { ScoreCursor } from '../structures/score-tree-cursor.ts';
import { hashBytes } from '../structures/siphash.ts';
import type { SortedSet } from '../structures/sorted-set.ts';
import type { Structured } from '../values/cell.ts';
import type { HeldBack } from './held-record.ts';
import { type RdbWriter, STEP_BYTES } from './rdb-writer.ts';
import type { SideBuffer } from './side-buffer.ts';
import { HASHES_END, SnapshotCells } from './snapshot-cells.ts';
import type { SnapshotRegion } from './snapshot-region.ts';

/** A change writes so many members ahead, about. */
const MEMBERS_PER_CELL = 4;
/** Buckets that a step goes through at most, where all that is in them is written already. */
const BUCKETS_PER_STEP = 256;

/** Of which key a collection is, and where. */
export interface CollectionPlace {
  readonly region: SnapshotRegion;
  /** The hash of its key. */
  readonly keyHash: number;
  readonly root: Ptr;
}

/** See the file's comment. */
export abstract class SnapshotCollection implements HeldBack {
  readonly region: SnapshotRegion;
  readonly keyHash: number;
  readonly root: Ptr;
  /** Who releases it when it is written, once its key has let go of it. */
  owner: Structured | null = null;
  /** Where the next place is after `scan`. */
  protected next = 0;
  protected readonly heldCount: number;
  #writer: RdbWriter;
  #buffer: SideBuffer | null;
  #cells: SnapshotCells | null = null;

  /** Goes to a writer, or to a buffer until `begin`. */
  constructor(
    { region, keyHash, root }: CollectionPlace,
    count: number,
    to: RdbWriter | SideBuffer,
  ) {
    this.region = region;
    this.keyHash = keyHash;
    this.root = root;
    this.heldCount = count;
    this.#buffer = 'writer' in to ? to : null;
    this.#writer = 'writer' in to ? to.writer : to;
    this.#writer.length(count);
  }

  /** Whether it may have changed. */
  get isHeld(): boolean {
    return this.#cells !== null;
  }

  /** Bytes of memory that its buffer takes. */
  get waitingBytes(): number {
    return this.#buffer?.heldBytes ?? 0;
  }

  /** Its turn has come: everything goes to this writer from now on. */
  begin(writer: RdbWriter): void {
    this.#buffer?.moveTo(writer);
    this.#buffer = null;
    this.#writer = writer;
  }

  /** Goes on with it for a while; true when all of it is written. */
  step(): boolean {
    const cells = this.#cells;
    const writer = this.#writer;
    if (cells === null) return this.writeInOrder(writer, writer.written + STEP_BYTES);
    const pause = writer.written + STEP_BYTES;
    for (let left = BUCKETS_PER_STEP; left > 0 && writer.written < pause; left--) {
      if (cells.isWritten) return true;
      const found = this.scan(cells.position);
      for (let i = 0; i < found; i++) {
        const place = this.open(i);
        if (place < cells.position || cells.isAhead(place) || this.wasWritten(place)) continue;
        this.writeMember(writer);
      }
      cells.position = this.next;
    }
    return cells.isWritten;
  }

  /** From now on it may change, which `changing` is told of before. */
  hold(): void {
    if (this.#cells !== null) return;
    this.noteWritten();
    this.#cells = new SnapshotCells(this.heldCount / MEMBERS_PER_CELL);
  }

  /** What has its place in [start, end) is about to change. */
  changing(start: number, end: number): void {
    const cells = this.#cells!;
    for (let at = start; at < end; at = cells.cellEnd(at)) {
      if (cells.cellEnd(at) <= cells.position || cells.isAhead(at)) continue;
      this.#writeRange(Math.max(cells.cellStart(at), cells.position), cells.cellEnd(at));
      cells.markAhead(at);
    }
  }

  #writeRange(start: number, end: number): void {
    for (let position = start; position < end; position = this.next) {
      const found = this.scan(position);
      for (let i = 0; i < found; i++) {
        const place = this.open(i);
        if (place < start || place >= end) continue;
        if (!this.wasWritten(place)) this.writeMember(this.#writer);
      }
    }
  }

  /** Writes what comes next, up to so many bytes; true at the end. Nothing has changed yet. */
  protected abstract writeInOrder(writer: RdbWriter, pause: number): boolean;

  /** Notes what `writeInOrder` has written. */
  protected abstract noteWritten(): void;

  /** Finds the members of a bucket, at or after a place, and sets `next`; how many. */
  protected abstract scan(position: number): number;

  /** Opens a member that `scan` has found; its place in the order of scanning. */
  protected abstract open(i: number): number;

  /** Whether the member that is open, at this place, was written before `hold`. */
  protected abstract wasWritten(place: number): boolean;

  /** Writes the member that is open. */
  protected abstract writeMember(writer: RdbWriter): void;
}

/** A large hash or set. The order of scanning is that of reversed hashes. */
export class SnapshotTable extends SnapshotCollection {
  readonly #table: PackedTable;
  readonly #hasValues: boolean;
  /** Buckets there were, and those that were written, before the first change. */
  readonly #buckets: number;
  #written = 0;

  constructor(
    place: CollectionPlace,
    table: PackedTable,
    hasValues: boolean,
    to: RdbWriter | SideBuffer,
  ) {
    super(place, table.count(place.root), to);
    this.#table = table;
    this.#hasValues = hasValues;
    this.#buckets = table.bucketCount(place.root);
  }

  /** Bucket by bucket: who fills another table in this order fills it evenly. */
  protected override writeInOrder(writer: RdbWriter, pause: number): boolean {
    const table = this.#table;
    while (this.#written < this.#buckets && writer.written < pause) {
      const found = table.openBucket(this.root, this.#written++);
      for (let i = 0; i < found; i++) {
        table.entry(i);
        this.writeMember(writer);
      }
    }
    return this.#written === this.#buckets;
  }

  protected override noteWritten(): void {
    // The number of buckets written tells.
  }

  protected override scan(position: number): number {
    const found = this.#table.scanBucket(this.root, position);
    this.next = this.#table.nextPosition || HASHES_END;
    return found;
  }

  protected override open(i: number): number {
    const table = this.#table;
    table.entry(i);
    const { memberView, memberStart, memberLength } = table;
    return reverseBits(hashBytes(memberView, memberStart, memberLength));
  }

  protected override wasWritten(place: number): boolean {
    return bucketOfPlace(place, this.#buckets) < this.#written;
  }

  protected override writeMember(writer: RdbWriter): void {
    const { memberBytes, memberView, memberStart, memberLength } = this.#table;
    writer.string(memberBytes, memberView, memberStart, memberLength);
    if (!this.#hasValues) return;
    const { valueBytes, valueView, valueStart, valueLength } = this.#table;
    writer.string(valueBytes, valueView, valueStart, valueLength);
  }
}

/** A large sorted set. */
export class SnapshotSortedSet extends SnapshotCollection {
  readonly #set: SortedSet;
  readonly #cursor: ScoreCursor;
  #isBegun = false;
  /** The least that was written before the first change; null where nothing was. */
  #least: { readonly score: number; readonly member: Buffer; readonly view: DataView } | null =
    null;
  #record: Ptr = 0 as Ptr;

  constructor(place: CollectionPlace, set: SortedSet, to: RdbWriter | SideBuffer) {
    super(place, set.count(place.root), to);
    this.#set = set;
    this.#cursor = new ScoreCursor(set.heap);
  }

  /** The greatest first. */
  protected override writeInOrder(writer: RdbWriter, pause: number): boolean {
    const cursor = this.#cursor;
    const last = this.heldCount - 1;
    while (writer.written < pause) {
      const isThere = this.#isBegun
        ? cursor.previous()
        : this.#set.tree.seekRank(this.root, cursor, last);
      if (!isThere) return true;
      this.#isBegun = true;
      this.#record = cursor.record;
      this.writeMember(writer);
    }
    return false;
  }

  protected override noteWritten(): void {
    if (!this.#isBegun) return;
    const { heap, members } = this.#set;
    const record = this.#cursor.record;
    const start = members.start(record);
    const bytes = heap.bytes[members.extent(record)]!;
    const member = Buffer.from(bytes.subarray(start, start + members.length(record)));
    const view = new DataView(member.buffer, member.byteOffset, member.length);
    this.#least = { score: members.score(record), member, view };
  }

  protected override scan(position: number): number {
    const found = this.#set.scan(this.root, position);
    this.next = this.#set.table.nextPosition || HASHES_END;
    return found;
  }

  protected override open(i: number): number {
    const { table } = this.#set;
    this.#record = table.batch[i]! as Ptr;
    return table.hashOf(this.#record) >>> 0;
  }

  protected override wasWritten(): boolean {
    const least = this.#least;
    if (least === null) return false;
    const { members } = this.#set;
    const score = members.score(this.#record);
    if (score !== least.score) return score > least.score;
    const { member, view } = least;
    return members.compareTo(this.#record, member, view, 0, member.length) >= 0;
  }

  protected override writeMember(writer: RdbWriter): void {
    const { heap, members } = this.#set;
    const record = this.#record;
    const extent = members.extent(record);
    const start = members.start(record);
    writer.string(heap.bytes[extent]!, heap.views[extent]!, start, members.length(record));
    writer.double(members.score(record));
  }
}
