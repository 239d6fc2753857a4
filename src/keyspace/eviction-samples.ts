/**
 * Keys to choose from when some must go. A hand goes round the table in the order of hashes, which
 * is no order that anybody could foresee: so every key has its turn, and none is looked at twice
 * before. Of several databases each is taken as often as its share of the keys says.
 *
 * Where only keys with an expiry may go and they are so few that the hand meets none in many
 * buckets, one goes round their timers. It is not used otherwise: keys that were written together
 * lie there together, and are no sample of all.
 */
import { NULL } from '../memory/address.ts';
import { BUCKET_SLOTS } from '../structures/hash-table-layout.ts';
import type { Database } from './database.ts';
import { Entries, type Entry } from './entry.ts';
import { CANDIDATES_MAX } from './eviction-candidates.ts';
import type { Keyspace } from './keyspace.ts';

/** Keys that one sample has at most, whatever is asked for, but for those of the last bucket. */
export const SAMPLE_MAX = 1024;
/** Buckets in which the hand looks for keys with an expiry before the timers are asked. */
const BUCKETS_MAX = 32;

/** See the file's comment. */
export class EvictionSamples {
  /** Whether keys without an expiry are left out. */
  expiringOnly = false;
  /** Whether access clocks are wanted. */
  wantsClocks = true;
  /** What the last `take` found; valid until the next change of any key. */
  readonly entries: Uint32Array = new Uint32Array(SAMPLE_MAX + BUCKET_SLOTS);
  /** Words 0 of their records, where access clocks are wanted. */
  readonly heads: Int32Array = new Int32Array(SAMPLE_MAX + BUCKET_SLOTS);
  /** Keys of all databases when they were last counted, and those of them that may go. */
  keys = 0;
  size = 0;
  /** Where it found them. */
  database: Database;
  readonly #keyspace: Keyspace;
  /** In which bucket of the table each of them lies, as a position. */
  readonly #places = new Int32Array(SAMPLE_MAX + BUCKET_SLOTS);
  /** How far the hand is in the table of each database. */
  readonly #positions: Float64Array;

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
    this.database = keyspace.databases[0]!;
    this.#positions = new Float64Array(keyspace.databases.length);
  }

  /** Counts the keys, and returns how many of them may go. */
  count(): number {
    const { databases } = this.#keyspace;
    let keys = 0;
    let expiring = 0;
    for (let i = 0; i < databases.length; i++) {
      keys += databases[i]!.size();
      expiring += databases[i]!.expiringSize();
    }
    this.keys = keys;
    this.size = this.expiringOnly ? expiring : keys;
    return this.size;
  }

  /**
   * How many keys are to go until the arena uses no more than `targetBytes`, if they are like all
   * others: 1 to CANDIDATES_MAX.
   */
  keysFor(targetBytes: number): number {
    const { usedBytes } = this.#keyspace.heap;
    const keys = Math.ceil(((usedBytes - targetBytes) * this.keys) / usedBytes);
    return Math.min(Math.max(1, keys), CANDIDATES_MAX);
  }

  /**
   * Collects about `count` keys of one database; how many. REQUIRES: keys were counted since one
   * has gone, and there is one that may go.
   */
  take(count: number): number {
    const { size } = this;
    if (this.#sizeOf(this.database) !== size) this.#chooseDatabase(size);
    const wanted = Math.min(count, SAMPLE_MAX);
    if (!this.expiringOnly) return this.#takeBuckets(wanted, Number.POSITIVE_INFINITY);
    const found = this.#takeBuckets(wanted, BUCKETS_MAX);
    if (found > 0) return found;
    const walked = this.#takeTimers(wanted);
    return walked > 0 ? walked : this.#takeBuckets(1, Number.POSITIVE_INFINITY);
  }

  /** Evicts one of those that the last `take` found. */
  evict(number: number): void {
    this.database.evict(this.entries[number]! as Entry, this.#places[number]!);
  }

  /** Turns to one of the databases, by their shares of so many keys. */
  #chooseDatabase(size: number): void {
    let left = Math.random() * size;
    for (const database of this.#keyspace.databases) {
      const share = this.#sizeOf(database);
      if (share === 0) continue;
      this.database = database;
      left -= share;
      if (left < 0) break;
    }
  }

  #sizeOf(database: Database): number {
    return this.expiringOnly ? database.expiringSize() : database.size();
  }

  /**
   * Those that the hand meets in so many buckets, or in as many as it takes to find one. REQUIRES:
   * there is a key that may go.
   */
  #takeBuckets(count: number, bucketsMax: number): number {
    const { database, entries } = this;
    const { table } = this.#keyspace;
    const places = this.#places;
    let position = this.#positions[database.id]!;
    let buckets = 0;
    let found = 0;
    do {
      const first = found;
      do {
        const end = found + table.takeBucket(database.root, position, entries, found);
        while (found < end) places[found++] = position;
        position = table.nextPosition;
        // From there on keys come that are there already.
      } while (found < count && ++buckets < bucketsMax && position !== 0);
      found = this.#look(first, found);
    } while (found < count && buckets < bucketsMax && (position !== 0 || found === 0));
    this.#positions[database.id] = position;
    return found;
  }

  /**
   * Reads the headers of what was found last, all in a row, so that the cache misses overlap.
   * Returns how many there are without those that may not go.
   */
  #look(first: number, end: number): number {
    const records = this.#keyspace.entries;
    const { entries, heads } = this;
    const places = this.#places;
    if (this.wantsClocks || this.expiringOnly) records.copyHeads(entries, heads, first, end);
    if (!this.expiringOnly) return end;
    let kept = first;
    for (let i = first; i < end; i++) {
      if (!Entries.expiresIn(heads[i]!)) continue;
      entries[kept] = entries[i]!;
      places[kept] = places[i]!;
      heads[kept++] = heads[i]!;
    }
    return kept;
  }

  /** None when all timers are beyond all waiting, and so on no list. */
  #takeTimers(count: number): number {
    const { wheel } = this.database;
    const { table } = this.#keyspace;
    const wanted = Math.min(count, wheel.count);
    let found = 0;
    for (; found < wanted; found++) {
      const timer = wheel.walk();
      if (timer === NULL) return 0;
      const entry = Entries.ofTimer(timer, wheel.markOf(timer));
      // Those on no list are counted, too.
      if (found > 0 && entry === this.entries[0]) break;
      this.entries[found] = entry;
      this.#places[found] = table.hashOf(entry);
    }
    return this.#look(0, found);
  }
}
