/**
 * Gives memory back that deletions have left in pieces: `activedefrag yes`.
 *
 * A cycle marks the emptiest pages and extents of the arena (memory/evacuation.ts), walks the
 * tables of all databases once and moves what lies there. A record has one owner, its slot in a
 * table, and its address alone says whether it must move. Tables move with their records, and what
 * collections own beside theirs is moved by whoever laid it out, a few blocks at a time. What
 * cannot be moved, as the consumers of a stream, stays, and its page with it: the cycle then ends
 * with that page as it is.
 *
 * The cycle is a generator, so that it can rest between any two buckets; between two steps anything
 * may happen to the databases.
 */
import { NULL, type Ptr } from '../memory/address.ts';
import { Evacuation } from '../memory/evacuation.ts';
import { OutOfMemoryError } from '../memory/heap.ts';
import type { RecordMover } from '../structures/hash-table.ts';
import { RECORDS_MAX } from '../structures/hash-table-layout.ts';
import type { TimingWheel } from '../structures/timing-wheel.ts';
import type { Database } from './database.ts';
import type { Entry } from './entry.ts';
import { EntryCell } from './entry-cell.ts';
import type { Keyspace } from './keyspace.ts';

/** Buckets between two readings of the clock: at most about 50 records to move, some 20 us. */
const BUCKETS_PER_READING = 6;

/** Steps through a collection between two readings of the clock. */
const STEPS_PER_READING = 4;

/** Bytes moved after which the clock is read at the next bucket. */
const BYTES_PER_READING = 64 * 1024;

/** Waste must have grown by so much before a cycle follows one that won nothing. */
const WASTE_GROWTH = 1.25;

/** See the file's comment. */
export class Defragmenter implements RecordMover {
  /**
   * `active-defrag-threshold-lower`: percentage of waste from which on there is something to do.
   */
  wastePercentMin = 10;
  /** `active-defrag-ignore-bytes`: waste that is not worth while, and what a cycle must win. */
  wasteBytesMin: number = 1024 * 1024;

  /** Records that were moved since the start. */
  moved = 0;
  /** Cycles that came to their end. */
  cycles = 0;

  readonly #keyspace: Keyspace;
  readonly #evacuation: Evacuation;
  readonly #cell: EntryCell;
  #cycle: Generator<void> | null = null;
  /** The wheel of the records that are walked. */
  #wheel: TimingWheel;
  #movedBytes = 0;
  /** Collections of one bucket, and the hashes of their keys. */
  readonly #collections = new Uint32Array(RECORDS_MAX);
  readonly #hashes = new Uint32Array(RECORDS_MAX);
  /** Bytes of waste that the last cycle could do nothing about. */
  #stubbornBytes = 0;

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
    this.#evacuation = new Evacuation(keyspace.heap);
    this.#cell = new EntryCell(keyspace);
    this.#wheel = keyspace.databases[0]!.wheel;
  }

  /** Whether a cycle is under way. */
  get isRunning(): boolean {
    return this.#cycle !== null;
  }

  /** Bytes of the arena that are in use. */
  get usedBytes(): number {
    return this.#keyspace.heap.usedBytes;
  }

  /** Begins a cycle, however little it can win. */
  start(): void {
    this.#cycle ??= this.#run(1);
  }

  /**
   * Works for about `budgetMs` milliseconds, 0 for the shortest step; whether there is more to do.
   * Nothing moves while a snapshot is taken, as in Redis: a value may be half written.
   */
  step(budgetMs: number): boolean {
    if (this.#keyspace.witness !== null) return false;
    if (this.#cycle === null) {
      // What is being freed belongs to no key any more: it cannot be moved, and need not be.
      if (this.#keyspace.hasGarbage || !this.#isWorthWhile()) return false;
      this.#cycle = this.#run(this.wasteBytesMin);
    }
    const endMs = performance.now() + budgetMs;
    try {
      do {
        if (this.#cycle.next().done) {
          this.#cycle = null;
          return this.#isWorthWhile();
        }
      } while (performance.now() < endMs);
    } catch (problem) {
      // Without memory to move to, what is left stays where it is.
      if (!(problem instanceof OutOfMemoryError)) throw problem;
      this.#stubbornBytes = this.#wasteBytes();
      this.stop();
      return false;
    }
    return true;
  }

  /** Ends a cycle early. */
  stop(): void {
    if (this.#cycle === null) return;
    this.#cycle = null;
    for (const _ of this.#evacuation.finish());
  }

  /** Moves a record that lies where nothing should stay; returns its address. */
  moveRecord(record: Ptr): Ptr {
    const { heap, entries } = this.#keyspace;
    if (!heap.isEvacuating(record)) return record;
    const entry = record as Entry;
    const expires = entries.expires(entry);
    const moved = heap.relocate(record) as Entry;
    if (expires) {
      const timer = entries.timer(moved);
      this.#wheel.moved((timer - moved + entry) as Ptr, timer);
    }
    this.moved++;
    this.#movedBytes += heap.capacity(moved);
    return moved;
  }

  *#run(winBytesMin: number): Generator<void> {
    const { heap, databases, access } = this.#keyspace;
    const before = heap.committedBytes() + heap.heldBytes;
    const winBytes = yield* this.#evacuation.mark(winBytesMin);
    if (winBytes > 0) {
      for (const database of databases) yield* this.#walk(database);
      access.queues?.relocate();
      if (!this.#keyspace.hasGarbage) heap.pages.noteStuck();
      yield* this.#evacuation.finish();
    }
    this.cycles++;
    const wonBytes = before - heap.committedBytes() - heap.heldBytes;
    this.#stubbornBytes = wonBytes < this.wasteBytesMin ? this.#wasteBytes() : 0;
  }

  *#walk(database: Database): Generator<void> {
    const { table } = this.#keyspace;
    database.root = table.relocateRoot(database.root);
    let position = 0;
    let buckets = 0;
    do {
      this.#wheel = database.wheel;
      table.relocateBucket(database.root, position, this);
      const next = table.nextPosition;
      const count = this.#findCollections(database, position);
      if (count > 0) yield* this.#moveCollections(database, count);
      position = next;
      if (++buckets % BUCKETS_PER_READING !== 0 && this.#movedBytes < BYTES_PER_READING) continue;
      this.#movedBytes = 0;
      yield;
    } while (position !== 0);
  }

  /** Finds the values of a bucket that own something beside their records; how many. */
  #findCollections(database: Database, position: number): number {
    const { table, entries, collections } = this.#keyspace;
    const found = table.scanBucket(database.root, position);
    const { batch } = table;
    // All headers are asked for before any is looked at, so that their cache misses overlap.
    for (let i = 0; i < found; i++) this.#hashes[i] = entries.kind(batch[i]! as Entry);
    let count = 0;
    for (let i = 0; i < found; i++) {
      if (collections.movable(this.#hashes[i]!) === null) continue;
      const entry = batch[i]! as Entry;
      this.#collections[count] = entry;
      this.#hashes[count++] = table.hashOf(entry);
    }
    return count;
  }

  /** Moves what so many values own. They may change, move and go whenever this rests. */
  *#moveCollections(database: Database, count: number): Generator<void> {
    const { table, entries, collections } = this.#keyspace;
    let steps = 0;
    for (let i = 0; i < count; i++) {
      const entry = this.#collections[i]! as Entry;
      const hash = this.#hashes[i]!;
      let position = 0;
      let root = NULL;
      do {
        if (!table.locate(database.root, hash, entry)) break;
        const movable = collections.movable(entries.kind(entry));
        if (movable === null) break;
        const cell = this.#cell.open(database, entry);
        if (position === 0) {
          root = movable.relocateRoot(cell.root);
          cell.root = root;
        }
        // Another value may have taken the key.
        if (cell.root !== root) break;
        do position = movable.relocate(root, position);
        while (position !== 0 && ++steps % STEPS_PER_READING !== 0);
        if (position !== 0) yield;
      } while (position !== 0);
    }
  }

  #wasteBytes(): number {
    const { heap } = this.#keyspace;
    return heap.committedBytes() - heap.usedBytes;
  }

  #isWorthWhile(): boolean {
    const wasteBytes = this.#wasteBytes();
    return (
      wasteBytes >= this.wasteBytesMin &&
      wasteBytes * 100 >= this.#keyspace.heap.usedBytes * this.wastePercentMin &&
      wasteBytes > this.#stubbornBytes * WASTE_GROWTH
    );
  }
}
