/** What the databases of an engine share: arena, table operations, clock and change listener. */
import type { Ptr } from '../memory/address.ts';
import { Heap } from '../memory/heap.ts';
import { Args } from '../protocol/args.ts';
import type { Structured } from '../values/cell.ts';
import { HASH_TABLE, Hashes } from '../values/hash.ts';
import { HashReader } from '../values/hash-reader.ts';
import { LIST_QUICKLIST, Lists } from '../values/list.ts';
import { Sets } from '../values/set.ts';
import { SET_HASHTABLE } from '../values/set-encoding.ts';
import { SetPicker } from '../values/set-random.ts';
import { SortedSets, ZSET_SKIPLIST } from '../values/sorted-set.ts';
import { STREAM_BLOCKS, Streams } from '../values/stream.ts';
import { ConsumerGroups } from '../values/stream-group.ts';
import { defaultThresholds, type Thresholds } from '../values/thresholds.ts';
import { AccessClock } from './access.ts';
import { ChangeListeners } from './change-listeners.ts';
import { Collections } from './collections.ts';
import { Database } from './database.ts';
import type { Effects } from './effects.ts';
import {
  Entries,
  type Entry,
  TYPE_HASH,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STREAM,
  TYPE_ZSET,
} from './entry.ts';
import { EntryCell } from './entry-cell.ts';
import { EntryTable } from './entry-table.ts';
import type { KeyEvent } from './events.ts';
import { LookAhead } from './look-ahead.ts';
import { Records } from './records.ts';
import { Staging } from './staging.ts';
import type { Witness } from './witness.ts';

/** Told of every change of a key; see `Database.changed`. */
export interface ChangeListener {
  keyChanged(database: Database, args: Args, key: number, event: KeyEvent): void;
  /** `emptied` is the table with the keys that there were; it is there until this returns. */
  databaseFlushed(database: Database, emptied: Ptr): void;
  /** Each of the two now has what the other had. */
  databasesSwapped(first: Database, second: Database): void;
}

/** Keys that a flush frees at once; larger tables are taken apart in slices. */
const FLUSH_AT_ONCE_MAX = 4096;

/** Blocks that one step of freeing a large value frees. */
const BLOCKS_PER_SLICE = 1000;

/** Something large that no key has any more. */
interface Garbage {
  /** Keys, or values, that it is still made of. */
  objects: number;
  /** Frees a part of it; true once all is gone. */
  free(): boolean;
}

/** A slot of 6 bytes and its part of a bucket's head, in buckets that are 80 % full on average. */
const TABLE_BYTES_PER_KEY = 8;

/** The databases and what they share. */
export class Keyspace {
  readonly heap: Heap = new Heap();
  readonly entries: Entries = new Entries(this.heap);
  readonly records: Records = new Records(this.entries);
  readonly table: EntryTable = new EntryTable(this.entries);
  readonly access: AccessClock = new AccessClock();
  readonly lookAhead: LookAhead = new LookAhead();
  readonly staging: Staging = new Staging();
  readonly collections: Collections = new Collections();
  readonly thresholds: Thresholds = defaultThresholds();
  readonly lists: Lists = new Lists(this.heap, (root) => {
    this.#discard(this.lists.quicklists, root);
  });
  readonly hashes: Hashes = new Hashes(this.heap);
  readonly hashReader: HashReader = new HashReader(this.hashes.table);
  readonly sets: Sets = new Sets(this.heap, (root) => this.#discard(this.sets.table, root));
  readonly setPicker: SetPicker = new SetPicker(this.sets);
  readonly sortedSets: SortedSets = new SortedSets(this.heap, (root) => {
    this.#discard(this.sortedSets.large, root);
  });
  readonly streams: Streams = new Streams(this.heap, (root) => this.#discard(this.streams, root));
  readonly consumerGroups: ConsumerGroups = new ConsumerGroups(this.streams);
  readonly databases: Database[];

  /** Arena bytes in use before the first key. */
  readonly startupBytes: number;

  /** Milliseconds since the epoch: one reading serves all the commands of a batch. */
  nowMs = 0;
  /** Whether due keys are removed ahead of being asked for. */
  activeExpiry = true;
  /**
   * While it is, due keys stay where they are, missing to whoever asks for them: CLIENT PAUSE
   * freezes the data set.
   */
  expiryHeld = false;
  /** Whether reads advance the access clock; off while a client that asked for NO-TOUCH runs. */
  touching = true;

  /** proto-max-bulk-len: the longest string, in bytes, that a command may build. */
  stringBytesMax: number = 512 * 1024 * 1024;

  /** Changes since the start. */
  dirty = 0;
  hits = 0;
  misses = 0;
  expired = 0;
  evicted = 0;

  /**
   * Set while somebody wants to hear of changes, see `listen`; null keeps the funnel free of cost.
   */
  listener: ChangeListener | null = null;
  /** Who keeps the state of a moment, told before each change; null while nobody does. */
  witness: Witness | null = null;

  /** Where commands note what they do, while somebody keeps a log of changes. */
  effects: Effects | null = null;
  /**
   * While a log is done again no key is due: what expired meanwhile, the log says itself, and it
   * may yet make a key stay.
   */
  replaying = false;

  readonly #listeners = new ChangeListeners();
  readonly #garbage: Garbage[] = [];
  readonly #cells: EntryCell[] = [];
  /** The database whose turn it is to have due keys removed. */
  #expiring = 0;

  constructor(databaseCount: number, nowMs: number) {
    this.setTime(nowMs);
    this.collections.declare(TYPE_LIST, LIST_QUICKLIST, this.lists.quicklists);
    this.collections.declareMovable(TYPE_LIST, LIST_QUICKLIST, this.lists.quicklists);
    this.collections.declare(TYPE_HASH, HASH_TABLE, this.hashes.table);
    this.collections.declareMovable(TYPE_HASH, HASH_TABLE, this.hashes.table);
    this.collections.declareMembers(TYPE_HASH, HASH_TABLE, this.hashes.table, 2);
    this.collections.declare(TYPE_SET, SET_HASHTABLE, this.sets.table);
    this.collections.declareMovable(TYPE_SET, SET_HASHTABLE, this.sets.table);
    this.collections.declareMembers(TYPE_SET, SET_HASHTABLE, this.sets.table, 2);
    this.collections.declare(TYPE_ZSET, ZSET_SKIPLIST, this.sortedSets.large);
    this.collections.declareMovable(TYPE_ZSET, ZSET_SKIPLIST, this.sortedSets.large);
    this.collections.declareMembers(TYPE_ZSET, ZSET_SKIPLIST, this.sortedSets.large, -1);
    this.collections.declareScores(TYPE_ZSET, ZSET_SKIPLIST, this.sortedSets.large);
    this.collections.declare(TYPE_STREAM, STREAM_BLOCKS, this.streams);
    this.collections.declareMovable(TYPE_STREAM, STREAM_BLOCKS, this.streams.moves);
    this.databases = Array.from({ length: databaseCount }, (_, id) => new Database(this, id));
    this.startupBytes = this.heap.usedBytes;
  }

  /** Whole seconds since the epoch. */
  get nowSeconds(): number {
    return Math.floor(this.nowMs / 1000);
  }

  setTime(nowMs: number): void {
    this.nowMs = nowMs;
    this.access.setTime(nowMs);
  }

  /** Tells one more of every change, behind those who hear of it already. */
  listen(listener: ChangeListener): void {
    this.#listeners.add(listener);
    this.listener = this.#listeners.target;
  }

  unlisten(listener: ChangeListener): void {
    this.#listeners.remove(listener);
    this.listener = this.#listeners.target;
  }

  /** Keys in all databases. */
  keyCount(): number {
    return this.databases.reduce((sum, database) => sum + database.size(), 0);
  }

  /**
   * The reusable cell of this number: a command that works on several values takes one for each.
   */
  cell(index: number): EntryCell {
    let cell = this.#cells[index];
    if (cell === undefined) {
      cell = new EntryCell(this);
      this.#cells[index] = cell;
    }
    return cell;
  }

  /** Frees what a flush left behind; a large table is handed to `freeGarbage`. */
  discardTable(root: Ptr): void {
    const small = this.table.count(root) <= FLUSH_AT_ONCE_MAX;
    const left: Garbage = {
      objects: this.table.count(root),
      free: () => {
        const freed = this.#freeSegment(root);
        left.objects -= Math.max(0, freed);
        return freed < 0;
      },
    };
    if (!small) this.#garbage.push(left);
    else while (!left.free());
  }

  /** Whether something large is still being taken apart. */
  get hasGarbage(): boolean {
    return this.#garbage.length > 0;
  }

  /** Keys and large values that are still to be freed. */
  get garbageCount(): number {
    return this.#garbage.reduce((sum, { objects }) => sum + objects, 0);
  }

  /** One slice, of about a thousand blocks, of freeing what is large. */
  freeGarbage(): void {
    const last = this.#garbage.length - 1;
    if (last < 0) return;
    const garbage = this.#garbage[last]!;
    // Freeing keys may find more garbage, so this is not necessarily the last any more.
    if (garbage.free()) this.#garbage.splice(this.#garbage.indexOf(garbage), 1);
  }

  /** Frees a record and all that its value owns. REQUIRES: no table and no wheel has it. */
  freeEntry(entry: Entry): void {
    this.releaseStructure(entry);
    this.heap.free(entry);
  }

  /** Frees what an entry's value owns beside its record: small structures now, others in slices. */
  releaseStructure(entry: Entry): void {
    const structure = this.#structureOf(entry);
    if (structure !== null) this.#discard(structure, this.#rootOf(entry));
  }

  /** Gives a record whose value is the bytes of another's a structure of its own. */
  copyStructure(entry: Entry): void {
    const structure = this.#structureOf(entry);
    if (structure === null) return;
    const copy = structure.copy(this.#rootOf(entry));
    this.entries.view(entry).setUint32(this.entries.valueStart(entry), copy, true);
  }

  /**
   * Bytes that a record, all that its value owns and its place in the table take; estimated from
   * `samples` elements of a large value, 0 for all of them.
   */
  usageBytes(entry: Entry, samples = 0): number {
    const structure = this.#structureOf(entry);
    const owned = structure === null ? 0 : structure.usedBytes(this.#rootOf(entry), samples);
    return this.heap.capacity(entry) + owned + TABLE_BYTES_PER_KEY;
  }

  /** Calls back with every block that a value owns beside its record, for the heap checker. */
  visitStructure(entry: Entry, visit: (block: Ptr) => void): void {
    this.#structureOf(entry)?.visitBlocks(this.#rootOf(entry), visit);
  }

  #discard(structure: Structured, root: Ptr): void {
    if (this.witness?.structureDiscarded(structure, root)) return;
    this.discardStructure(structure, root);
  }

  /** Frees a structure that no value has: a small one now, others in slices. */
  discardStructure(structure: Structured, root: Ptr): void {
    if (structure.release(root, BLOCKS_PER_SLICE)) return;
    this.#garbage.push({ objects: 1, free: () => structure.release(root, BLOCKS_PER_SLICE) });
  }

  /** How many keys were freed, -1 once the table itself is. */
  #freeSegment(root: Ptr): number {
    const count = this.table.drainSegment(root);
    for (let i = 0; i < count; i++) this.freeEntry(this.table.batch[i]! as Entry);
    return count;
  }

  #structureOf(entry: Entry): Structured | null {
    return this.collections.of(this.entries.type(entry), this.entries.encoding(entry));
  }

  #rootOf(entry: Entry): Ptr {
    return this.entries.view(entry).getUint32(this.entries.valueStart(entry), true) as Ptr;
  }

  /** Whether due keys are to be removed before somebody asks for them. */
  get removesDueKeys(): boolean {
    return this.activeExpiry && !this.expiryHeld && !this.replaying;
  }

  /**
   * Removes up to `keysMax` keys that are due, of all databases in turn; whether there may be more.
   */
  removeExpired(keysMax: number): boolean {
    if (!this.removesDueKeys) return false;
    const { databases } = this;
    let left = keysMax;
    for (let i = 0; i < databases.length; i++) {
      left = databases[this.#expiring]!.removeExpired(left);
      this.#expiring = (this.#expiring + 1) % databases.length;
      if (left <= 0) return true;
    }
    return false;
  }

  /** When the next key falls due, in ms since the epoch, or Infinity. */
  nextExpiryMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const database of this.databases) next = Math.min(next, database.nextExpiryMs());
    return next;
  }

  /** An Args over a copy of a record's key, for announcing changes that no command names. */
  argsOfKey(entry: Entry): Args {
    const start = this.entries.keyStart(entry);
    const key = this.entries.bytes(entry).subarray(start, start + this.entries.keyLength(entry));
    return Args.of(key);
  }

  /** Exchanges the contents of two databases. */
  swap(first: Database, second: Database): void {
    first.exchange(second);
    this.witness?.databasesSwapped(first, second);
    this.dirty++;
    this.listener?.databasesSwapped(first, second);
  }
}
