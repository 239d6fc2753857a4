/**
 * Keys to choose from when one must go. A hand goes round the table in the order of hashes, which
 * is no order that anybody could foresee: so every key has its turn, and none is looked at twice
 * before. Of several databases each is taken as often as its share of the keys says.
 *
 * Where only keys with an expiry may go and they are so few that the hand meets none in many
 * buckets, one goes round their timers. It is not used otherwise: keys that were written together
 * lie there together, and are no sample of all.
 */
import { NULL } from '../memory/address.ts';
import { RECORDS_MAX } from '../structures/hash-table-layout.ts';
import type { Database } from './database.ts';
import { Entries, type Entry } from './entry.ts';
import type { Keyspace } from './keyspace.ts';

/** Buckets in which the hand looks for a key with an expiry before the timers are asked. */
const BUCKETS_MAX = 16;

/** See the file's comment. */
export class EvictionSamples {
  /** Whether keys without an expiry are left out. */
  expiringOnly = false;
  /** What the last `take` found; valid until the next change of any key. */
  readonly entries: Uint32Array = new Uint32Array(RECORDS_MAX);
  /** Keys that might go when it looked, in all databases. */
  lastSize = 0;
  /** Where it found them. */
  database: Database;
  readonly #keyspace: Keyspace;
  /** How far the hand is in the table of each database. */
  readonly #positions: Float64Array;

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
    this.database = keyspace.databases[0]!;
    this.#positions = new Float64Array(keyspace.databases.length);
  }

  /** Keys that may go. */
  size(): number {
    let size = 0;
    const { databases } = this.#keyspace;
    for (let i = 0; i < databases.length; i++) size += this.#sizeOf(databases[i]!);
    return size;
  }

  /** Collects about `count` keys of one database; how many, 0 when there is none at all. */
  take(count: number): number {
    const size = this.size();
    this.lastSize = size;
    if (size === 0) return 0;
    if (this.#sizeOf(this.database) !== size) this.#chooseDatabase(size);
    if (!this.expiringOnly) return this.#takeBuckets(count, Number.POSITIVE_INFINITY);
    const found = this.#takeBuckets(count, BUCKETS_MAX);
    if (found > 0) return found;
    const walked = this.#takeTimers(count);
    return walked > 0 ? walked : this.#takeBuckets(1, Number.POSITIVE_INFINITY);
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
    const { database, entries, expiringOnly } = this;
    const { table } = this.#keyspace;
    let position = this.#positions[database.id]!;
    let found = 0;
    for (let buckets = 0; found < count && buckets < bucketsMax; buckets++) {
      const inBucket = table.scanBucket(database.root, position);
      position = table.nextPosition;
      for (let i = 0; i < inBucket && found < entries.length; i++) {
        const entry = table.batch[i]! as Entry;
        if (!expiringOnly || database.entries.expires(entry)) entries[found++] = entry;
      }
      // A key must not be there twice.
      if (position === 0 && found > 0) break;
    }
    this.#positions[database.id] = position;
    return found;
  }

  /** None when all timers are beyond all waiting, and so on no list. */
  #takeTimers(count: number): number {
    const { wheel } = this.database;
    const wanted = Math.min(count, wheel.count, this.entries.length);
    for (let i = 0; i < wanted; i++) {
      const timer = wheel.walk();
      if (timer === NULL) return 0;
      this.entries[i] = Entries.ofTimer(timer, wheel.markOf(timer));
    }
    return wanted;
  }
}
