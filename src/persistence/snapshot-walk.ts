/**
 * The state of all data at one moment, written down while they change.
 *
 * The moment is that of `new SnapshotWalk`: what commands did before is in it, what they do later
 * is not. From then on the walk is the keyspace's witness. It writes all databases key by key, in
 * steps, and a key that is about to change before its turn is written first; an emptied database
 * leaves it its table. So nothing is copied, and memory grows by buffers only.
 *
 * The bytes are one stream of records. While a large value is being written, step by step, no other
 * record can be put between its bytes: what must be written meanwhile goes to a buffer at the side,
 * which follows the value. That buffer is small: the more it holds, the faster goes the value.
 *
 * A large hash, set or sorted set that changes is written member by member, as the keyspace is key
 * by key: see snapshot-collection.ts. A large list, stream or string that is about to change is
 * written down in memory, which takes as long as copying it, and goes to the file in steps.
 */
import type { Database } from '../keyspace/database.ts';
import { type Entry, NO_ENTRY, TYPE_HASH, TYPE_ZSET } from '../keyspace/entry.ts';
import { EntryCell } from '../keyspace/entry-cell.ts';
import { EntryTable } from '../keyspace/entry-table.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Witness } from '../keyspace/witness.ts';
import type { Ptr } from '../memory/address.ts';
import type { Structured } from '../values/cell.ts';
import { HeldCollections } from './held-collections.ts';
import { type HeldBack, HeldRecord } from './held-record.ts';
import { KeyspaceWriter, type SnapshotFacts } from './keyspace-writer.ts';
import { LzfCompressor } from './lzf.ts';
import { PatientSink } from './patient-sink.ts';
import { type ByteSink, RdbWriter, type RdbWriting } from './rdb-writer.ts';
import { SideBuffer } from './side-buffer.ts';
import { HASHES_END } from './snapshot-cells.ts';
import {
  type CollectionPlace,
  SnapshotCollection,
  SnapshotSortedSet,
  SnapshotTable,
} from './snapshot-collection.ts';
import { SnapshotRegion } from './snapshot-region.ts';
import type { Steps } from './steps.ts';
import { readingStructures, type Structures } from './structures.ts';
import { ValueEncoder } from './value-encoder.ts';

/**
 * What a step does: a byte of a value counts as one, as it may take time and become nothing by
 * compression; a key and a bucket count as much as they take besides.
 */
const WORK_PER_STEP = 8 * 1024;
const WORK_OF_KEY = 64;
const WORK_OF_BUCKET = 64;
/** Bytes at the side from where on each key written there moves the value on by a step. */
const SIDE_BYTES_EASY = 256 * 1024;
/** Bytes at the side at which the value is written to its end. */
const SIDE_BYTES_MAX = 4 * 1024 * 1024;
/** A smaller collection is written at once. */
const AT_ONCE_BYTES_MAX = 32 * 1024;
/** Larger lists, streams and strings are not written down in memory; all together are no more. */
const ASIDE_BYTES_MAX = 64 * 1024 * 1024;
/** Elements from which the size of one is estimated. */
const ASIDE_SAMPLES = 8;
/** A longer string may be written in steps. */
const LONG_STRING_BYTES = 64 * 1024;

/** See the file's comment. One at a time on a keyspace. */
export class SnapshotWalk implements Witness {
  /** Keys that there were at its moment. */
  readonly keysTotal: number;
  readonly #keyspace: Keyspace;
  /** With places of its own, as `readingStructures`. */
  readonly #table: EntryTable;
  readonly #sink: PatientSink;
  readonly #writer: RdbWriter;
  readonly #main: KeyspaceWriter;
  readonly #side: SideBuffer;
  readonly #sideLzf = new LzfCompressor();
  readonly #writing: RdbWriting;
  readonly #structures: Structures;
  readonly #held: HeldCollections;
  readonly #cell: EntryCell;
  readonly #sideWriter: KeyspaceWriter;
  readonly #regions: readonly SnapshotRegion[];
  /** What each database of now has of the state then. */
  readonly #regionOf: (SnapshotRegion | null)[];
  readonly #steps: Steps;
  /** The region that is walked. */
  #at = 0;
  /** The bucket that is being written goes from its region's position to here. */
  #bucketEnd = 0;
  #batch = new Uint32Array(16);
  #isInBucket = false;
  /** Its large values, which come last and are not begun. */
  readonly #large: Entry[] = [];
  /** What is being written in steps: a collection, or another value of the bucket. */
  #heldBack: HeldBack | null = null;
  #value: Entry = NO_ENTRY;
  /** Whether to pause at the end of what is being written. */
  #pausesBehind = false;
  #isOver = false;

  /** The moment is now. Chunks of `chunk`'s size go to the sink. */
  constructor(
    keyspace: Keyspace,
    sink: ByteSink,
    chunk: Buffer,
    writing: RdbWriting,
    facts: SnapshotFacts,
  ) {
    if (keyspace.witness instanceof SnapshotWalk) throw new Error('another snapshot is under way');
    const structures = readingStructures(keyspace);
    this.#keyspace = keyspace;
    this.#table = new EntryTable(keyspace.entries);
    this.#sink = new PatientSink(sink, ASIDE_BYTES_MAX);
    this.#writer = new RdbWriter(this.#sink, chunk, writing);
    this.#main = new KeyspaceWriter(keyspace, this.#writer, facts, structures);
    this.#side = new SideBuffer(writing, this.#sideLzf);
    this.#writing = writing;
    this.#structures = structures;
    this.#held = new HeldCollections(keyspace);
    this.#cell = new EntryCell(keyspace);
    this.#sideWriter = new KeyspaceWriter(keyspace, this.#side.writer, facts, structures);
    this.#regionOf = keyspace.databases.map((database) =>
      database.size() === 0
        ? null
        : new SnapshotRegion(database.id, database.root, database.size(), database.expiringSize()),
    );
    this.#regions = this.#regionOf.filter((region) => region !== null);
    this.keysTotal = keyspace.keyCount();
    this.#steps = this.#run();
    this.#main.begin();
    keyspace.witness = this;
  }

  /** Keys that are written. */
  get keys(): number {
    return this.#main.keys + this.#sideWriter.keys;
  }

  /** Bytes of memory that it takes beside its sink. */
  get usedBytes(): number {
    const waiting = this.#side.usedBytes + this.#held.waitingBytes + this.#sink.waitingBytes;
    return this.#regions.reduce((sum, region) => sum + region.usedBytes, waiting);
  }

  /** Goes on for a good deal less than a millisecond; true once everything is with the sink. */
  step(): boolean {
    if (this.#isOver) return true;
    if (this.#goOn() && this.#sink.waitingBytes === 0) this.#leave();
    return this.#isOver;
  }

  /** A step of what there is to do; whether there was none but passing bytes on. */
  #goOn(): boolean {
    if (this.#sink.waitingBytes === 0) return this.#steps.next().done === true;
    this.#sink.pass();
    return false;
  }

  /** Gives it up. */
  abandon(): void {
    if (this.#isOver) return;
    this.#steps.return();
    this.#leave();
  }

  keyChanging(database: Database, signedHash: number): void {
    if (this.#held.waitingBytes + this.#sink.waitingBytes >= SIDE_BYTES_EASY) this.#goOn();
    const region = this.#regionOf[database.id]!;
    if (region === null) return;
    const hash = signedHash >>> 0;
    if (hash < region.position) return;
    if (hash < this.#walkedEnd(region)) this.#changeInBucket(region, signedHash);
    else if (!region.isAhead(hash)) this.#writeAhead(region, hash);
  }

  structureDiscarded(structure: Structured, root: Ptr): boolean {
    return this.#held.discarded(structure, root);
  }

  databaseEmptied(database: Database): boolean {
    const region = this.#regionOf[database.id]!;
    this.#regionOf[database.id] = null;
    if (region === null || region.isWritten) return false;
    region.isKept = true;
    return true;
  }

  databasesSwapped(first: Database, second: Database): void {
    const region = this.#regionOf[first.id]!;
    this.#regionOf[first.id] = this.#regionOf[second.id]!;
    this.#regionOf[second.id] = region;
  }

  #leave(): void {
    this.#isOver = true;
    this.#keyspace.witness = null;
    this.#held.abandon();
    for (const region of this.#regions) this.#release(region);
  }

  /** Gives back the table of a region that only the snapshot has. */
  #release(region: SnapshotRegion): void {
    if (!region.isKept) return;
    region.isKept = false;
    this.#keyspace.discardTable(region.root);
  }

  *#run(): Steps {
    for (; this.#at < this.#regions.length; this.#at++) {
      const region = this.#regions[this.#at]!;
      yield* this.#walk(region);
      this.#release(region);
    }
    this.#main.end();
  }

  *#walk(region: SnapshotRegion): Steps {
    const { entries } = this.#keyspace;
    let workLeft = WORK_PER_STEP;
    let hasPaused = true;
    while (!region.isWritten) {
      const count = this.#takeBucket(region, hasPaused);
      hasPaused = false;
      for (let i = 0; i < count; i++) {
        const entry = this.#batch[i]! as Entry;
        workLeft -= WORK_OF_KEY + entries.valueLength(entry);
        if (this.#isLarge(entry)) this.#large.push(entry);
        else this.#main.entry(region, entry);
      }
      while (this.#large.length > 0) {
        hasPaused = true;
        yield* this.#writeLarge(region, this.#large.pop()!);
      }
      region.position = this.#bucketEnd;
      this.#isInBucket = false;
      workLeft -= WORK_OF_BUCKET;
      for (let held = this.#held.next(); held !== null; held = this.#held.next()) {
        hasPaused = true;
        yield* this.#writeHeldBack(held);
      }
      if (workLeft > 0) continue;
      yield;
      hasPaused = true;
      workLeft = WORK_PER_STEP;
    }
  }

  /**
   * Notes the records of the bucket at the position that are not written yet, and where it ends.
   * After a pause the table may have shrunk, and the bucket begin before the position.
   */
  #takeBucket(region: SnapshotRegion, hasPaused: boolean): number {
    const table = this.#table;
    const { position } = region;
    this.#isInBucket = true;
    const found = table.scanBucket(region.root, position);
    this.#bucketEnd = table.nextPosition === 0 ? HASHES_END : table.nextPosition;
    if (found > this.#batch.length) this.#batch = new Uint32Array(table.batch.length);
    const batch = this.#batch;
    if (!hasPaused && !region.mayBeAhead(position, this.#bucketEnd)) {
      for (let i = 0; i < found; i++) batch[i] = table.batch[i]!;
      return found;
    }
    let count = 0;
    for (let i = 0; i < found; i++) {
      const record = table.batch[i]! as Ptr;
      const hash = table.hashOf(record) >>> 0;
      if (hash >= position && !region.isAhead(hash)) batch[count++] = record;
    }
    return count;
  }

  /** Writes a large value in its turn. */
  *#writeLarge(region: SnapshotRegion, entry: Entry): Steps {
    const keyHash = this.#table.hashOf(entry);
    const place = { region, keyHash, root: this.#rootOf(entry) };
    if (this.#isCollection(entry)) {
      this.#main.select(region);
      this.#main.head(this.#writer, entry);
      yield* this.#writeHeldBack(this.#collectionOf(entry, place, this.#writer));
      return;
    }
    this.#value = entry;
    const steps = this.#main.entry(region, entry);
    if (steps !== null) yield* steps;
    this.#value = NO_ENTRY;
    this.#takeInSide();
    if (this.#pausesBehind) yield;
  }

  *#writeHeldBack(held: HeldBack): Steps {
    this.#heldBack = held;
    this.#main.select(held.region);
    held.begin(this.#writer);
    while (!held.step()) yield;
    this.#heldBack = null;
    if (held instanceof SnapshotCollection) this.#held.written(held);
    this.#takeInSide();
    if (this.#pausesBehind) yield;
  }

  /** Where in a region the keys begin that nobody has taken up. */
  #walkedEnd(region: SnapshotRegion): number {
    const isBegun = this.#isInBucket && region === this.#regions[this.#at];
    return isBegun ? this.#bucketEnd : region.position;
  }

  /** A key of the bucket that is being written changes: only large values are not written yet. */
  #changeInBucket(region: SnapshotRegion, signedHash: number): void {
    const held = this.#heldBack;
    const isCollection = held instanceof SnapshotCollection && held.region === region;
    if (isCollection && held.keyHash === signedHash) this.#held.hold(held);
    if (this.#value !== NO_ENTRY && this.#table.hashOf(this.#value) === signedHash) {
      this.#finish();
    }
    for (let i = this.#large.length - 1; i >= 0; i--) {
      if (this.#table.hashOf(this.#large[i]!) !== signedHash) continue;
      const [entry] = this.#large.splice(i, 1);
      this.#writeEntryAhead(region, entry!);
    }
  }

  /** Whether the bytes of a value are being written, between which no other record can be put. */
  get #isBusy(): boolean {
    return this.#heldBack !== null || this.#value !== NO_ENTRY;
  }

  /** Writes what is being written to its end, in memory and uncompressed, as somebody waits. */
  #finish(): void {
    this.#pausesBehind = true;
    this.#sink.isHurried = true;
    this.#writer.compresses = false;
    while (this.#isBusy) this.#steps.next();
    this.#writer.compresses = this.#writing.compresses;
    this.#sink.isHurried = false;
    this.#pausesBehind = false;
  }

  /** Writes what is in a hash's cell and behind the walk. */
  #writeAhead(region: SnapshotRegion, hash: number): void {
    const table = this.#table;
    const end = region.cellEnd(hash);
    const start = Math.max(region.cellStart(hash), this.#walkedEnd(region));
    region.markAhead(hash);
    let position = start;
    do {
      const found = table.scanBucket(region.root, position, end);
      position = table.nextPosition === 0 ? HASHES_END : table.nextPosition;
      for (let i = 0; i < found; i++) {
        const record = table.batch[i]! as Ptr;
        const own = table.hashOf(record) >>> 0;
        if (own >= start && own < end) this.#writeEntryAhead(region, record as Entry);
      }
    } while (position < end);
    if (this.#side.usedBytes < SIDE_BYTES_EASY) return;
    if (this.#side.usedBytes >= SIDE_BYTES_MAX) this.#finish();
    else this.#steps.next();
  }

  #writeEntryAhead(region: SnapshotRegion, entry: Entry): void {
    const isLarge = this.#isLarge(entry);
    if (isLarge && this.#isCollection(entry)) {
      this.#holdBack(region, entry);
      return;
    }
    if (isLarge && this.#writeDown(region, entry)) return;
    if (isLarge && this.#isBusy) this.#finish();
    const steps = (this.#isBusy ? this.#sideWriter : this.#main).entry(region, entry);
    if (steps !== null) for (const _ of steps);
  }

  /** Writes a large value down in memory, for when its turn comes; whether there is room for it. */
  #writeDown(region: SnapshotRegion, entry: Entry): boolean {
    const bytes = this.#keyspace.usageBytes(entry, ASIDE_SAMPLES);
    if (bytes + this.#held.waitingBytes > ASIDE_BYTES_MAX) return false;
    // Somebody waits.
    const buffer = new SideBuffer({ ...this.#writing, compresses: false }, this.#sideLzf);
    this.#main.head(buffer.writer, entry);
    const { databases, entries } = this.#keyspace;
    const cell = this.#cell.open(databases[0]!, entry);
    const encoder = new ValueEncoder(this.#structures, buffer.writer);
    const steps = encoder.write(entries.type(entry), cell);
    if (steps !== null) for (const _ of steps);
    this.#held.wait(new HeldRecord(region, buffer));
    return true;
  }

  /** Has a collection written bit by bit that is about to change, when its turn comes. */
  #holdBack(region: SnapshotRegion, entry: Entry): void {
    const buffer = new SideBuffer(this.#writing, this.#sideLzf);
    const place = { region, keyHash: this.#table.hashOf(entry), root: this.#rootOf(entry) };
    this.#main.head(buffer.writer, entry);
    this.#held.holdBack(this.#collectionOf(entry, place, buffer));
  }

  #collectionOf(
    entry: Entry,
    place: CollectionPlace,
    to: RdbWriter | SideBuffer,
  ): SnapshotCollection {
    const { hashes, sets, sortedSets } = this.#structures;
    const type = this.#keyspace.entries.type(entry);
    if (type === TYPE_ZSET) return new SnapshotSortedSet(place, sortedSets.large, to);
    const isHash = type === TYPE_HASH;
    return new SnapshotTable(place, isHash ? hashes.table : sets.table, isHash, to);
  }

  /** Whether a large value is one whose members are in a table, and too many for one step. */
  #isCollection(entry: Entry): boolean {
    const { collections, entries } = this.#keyspace;
    if (collections.memberTable(entries.kind(entry)) === null) return false;
    return this.#keyspace.usageBytes(entry) > AT_ONCE_BYTES_MAX;
  }

  #rootOf(entry: Entry): Ptr {
    const { entries } = this.#keyspace;
    return entries.view(entry).getUint32(entries.valueStart(entry), true) as Ptr;
  }

  #isLarge(entry: Entry): boolean {
    const { collections, entries } = this.#keyspace;
    if (entries.valueLength(entry) > LONG_STRING_BYTES) return true;
    return collections.of(entries.type(entry), entries.encoding(entry)) !== null;
  }

  /** Puts what has gathered at the side behind the value that was written. */
  #takeInSide(): void {
    if (!this.#side.moveTo(this.#writer)) return;
    this.#main.forgetDatabase();
    this.#sideWriter.forgetDatabase();
  }
}
