/** Chooses what to evict under an S3-FIFO policy; fifo-queues.ts says how that works. */
import type { Database } from './database.ts';
import { type Entry, NO_ENTRY } from './entry.ts';
import { EvictionPool } from './eviction-pool.ts';
import type { EvictionSamples } from './eviction-samples.ts';
import type { FifoQueues } from './fifo-queues.ts';
import type { Keyspace } from './keyspace.ts';

/** The queue of new keys has so large a part of all keys, as one divided by it. */
const NEW_SHARE = 10;
/** Uses that take a new key to the main part. */
const USES_TO_STAY = 1;
/** What one step looks at before it takes what there is. */
const QUEUED_MAX = 64;
const SAMPLED_MAX = 128;

/** See the file's comment. */
export class FifoEviction {
  readonly #keyspace: Keyspace;
  readonly #queues: FifoQueues;
  readonly #samples: EvictionSamples;
  /** Keys of the main part that have no use left. */
  readonly #pool: EvictionPool;
  /** Where what was found last is. */
  #foundIn: Database;

  constructor(keyspace: Keyspace, queues: FifoQueues, samples: EvictionSamples) {
    this.#keyspace = keyspace;
    this.#queues = queues;
    this.#samples = samples;
    this.#pool = new EvictionPool(keyspace);
    this.#foundIn = keyspace.databases[0]!;
  }

  /** Evicts a key; false when there is none that may go. `sampleCount` keys are looked at. */
  evictOne(sampleCount: number): boolean {
    const samples = this.#samples;
    const size = samples.size();
    if (size === 0) return false;
    const keys = samples.expiringOnly ? this.#keyspace.keyCount() : size;
    this.#queues.ghosts.fit(keys);
    if (this.#queues.length * NEW_SHARE > keys && this.#evictNew()) return true;
    if (this.#evictMain(sampleCount) || this.#evictNew()) return true;
    const found = samples.take(1);
    if (found > 0) samples.database.evict(samples.entries[0]! as Entry);
    return found > 0;
  }

  /** Evicts the oldest new key that nobody has used again; used ones go to the main part. */
  #evictNew(): boolean {
    const queues = this.#queues;
    for (let looked = 0; looked < QUEUED_MAX && queues.length > 0; looked++) {
      const hash = queues.oldestHash();
      const entry = this.#findOldest(hash);
      queues.drop();
      if (entry === NO_ENTRY) continue;
      const database = this.#foundIn;
      const { entries } = database;
      const mayGo = !this.#samples.expiringOnly || entries.expires(entry);
      if (mayGo && queues.usesOf(entries.clock(entry)) < USES_TO_STAY) {
        queues.ghosts.add(hash);
        database.evict(entry);
        return true;
      }
      entries.setClock(entry, queues.mainClock(0));
    }
    return false;
  }

  /** The record at the end of the queue, in whatever database it is by now. */
  #findOldest(hash: number): Entry {
    const { table, databases, entries } = this.#keyspace;
    for (const database of databases) {
      if (database.size() === 0) continue;
      const count = table.scanBucket(database.root, hash);
      for (let i = 0; i < count; i++) {
        const entry = table.batch[i]! as Entry;
        if (!this.#queues.isOldest(entries.clock(entry))) continue;
        this.#foundIn = database;
        return entry;
      }
    }
    return NO_ENTRY;
  }

  /** Moves the hand on until it has met a key of the main part without uses, or met enough. */
  #evictMain(sampleCount: number): boolean {
    const queues = this.#queues;
    const samples = this.#samples;
    const { entries } = this.#keyspace;
    let least: Entry = NO_ENTRY;
    let leastUses = Number.POSITIVE_INFINITY;
    for (let looked = 0; looked < SAMPLED_MAX; ) {
      const found = samples.take(sampleCount);
      looked += found;
      let hasUnused = false;
      for (let i = 0; i < found; i++) {
        const entry = samples.entries[i]! as Entry;
        const clock = entries.clock(entry);
        if (queues.isQueued(clock)) continue;
        const uses = queues.usesOf(clock);
        if (uses === 0) {
          hasUnused = true;
          this.#pool.offer(samples.database, entry, -queues.cameAt(clock));
          continue;
        }
        entries.setClock(entry, queues.faded(clock));
        if (uses >= leastUses) continue;
        least = entry;
        leastUses = uses;
        this.#foundIn = samples.database;
      }
      if (hasUnused && this.#pool.evictBest(samples.expiringOnly)) return true;
    }
    if (least === NO_ENTRY) return false;
    this.#foundIn.evict(least);
    return true;
  }
}
