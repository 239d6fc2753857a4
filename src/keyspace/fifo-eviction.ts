/** Chooses what to evict under an S3-FIFO policy; fifo-queues.ts says how that works. */
import type { Database } from './database.ts';
import { type Entry, NO_ENTRY } from './entry.ts';
import { CANDIDATES_MAX, EvictionCandidates } from './eviction-candidates.ts';
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
/** New keys of which is read ahead what finding them will need. */
const AHEAD_MAX = 16;

/** See the file's comment. */
export class FifoEviction {
  readonly #keyspace: Keyspace;
  readonly #queues: FifoQueues;
  readonly #samples: EvictionSamples;
  /** Keys of the main part that have no use left. */
  readonly #unused = new EvictionCandidates();
  readonly #hashesAhead = new Int32Array(AHEAD_MAX);
  /** How many keys of the queue's end have been read ahead. */
  #ahead = 0;
  /** What was found last, and where it is. */
  #found: Entry = NO_ENTRY;
  #foundIn: Database;

  constructor(keyspace: Keyspace, queues: FifoQueues, samples: EvictionSamples) {
    this.#keyspace = keyspace;
    this.#queues = queues;
    this.#samples = samples;
    this.#foundIn = keyspace.databases[0]!;
  }

  /**
   * Evicts at least one key and at most a few, until the arena uses no more than `targetBytes`;
   * false when there is none that may go. `sampleCount` keys of the main part are looked at for
   * each.
   */
  evict(sampleCount: number, targetBytes: number): boolean {
    const samples = this.#samples;
    if (samples.count() === 0) return false;
    const { keys } = samples;
    this.#queues.ghosts.fit(keys);
    if (this.#queues.length * NEW_SHARE > keys && this.#evictNew(keys, targetBytes)) return true;
    if (this.#evictMain(sampleCount, targetBytes) || this.#evictNew(0, targetBytes)) return true;
    samples.take(1);
    samples.database.evict(samples.entries[0]! as Entry);
    return true;
  }

  /**
   * Evicts the oldest new keys that nobody has used again, while there are more than their share of
   * so many keys; used ones go to the main part.
   */
  #evictNew(keys: number, targetBytes: number): boolean {
    const { heap } = this.#keyspace;
    const queues = this.#queues;
    let evicted = 0;
    this.#ahead = 0;
    for (let looked = 0; looked < QUEUED_MAX && queues.length * NEW_SHARE > keys; looked++) {
      const hash = queues.oldestHash();
      if (this.#ahead === 0) this.#readAhead();
      const entry = this.#findOldest(hash);
      queues.drop();
      this.#ahead--;
      if (entry === NO_ENTRY) continue;
      const database = this.#foundIn;
      const { entries } = database;
      const mayGo = !this.#samples.expiringOnly || entries.expires(entry);
      if (!mayGo || queues.usesOf(entries.clock(entry)) >= USES_TO_STAY) {
        entries.setClock(entry, queues.mainClock(0));
        continue;
      }
      queues.ghosts.add(hash);
      database.evict(entry);
      evicted++;
      const isEnough = heap.usedBytes <= targetBytes || this.#keyspace.hasGarbage;
      if (isEnough || evicted === CANDIDATES_MAX) break;
    }
    return evicted > 0;
  }

  /** Reads what finding the next few new keys will need, so that the cache misses overlap. */
  #readAhead(): void {
    const { table } = this.#keyspace;
    const count = this.#queues.oldestHashes(this.#hashesAhead);
    table.prefetch(this.#foundIn.root, this.#hashesAhead, count);
    this.#ahead = count;
  }

  /** The record at the end of the queue, in whatever database it is by now. */
  #findOldest(hash: number): Entry {
    const { databases } = this.#keyspace;
    if (this.#findOldestIn(this.#foundIn, hash)) return this.#found;
    for (const database of databases) {
      if (database.size() > 0 && this.#findOldestIn(database, hash)) return this.#found;
    }
    return NO_ENTRY;
  }

  #findOldestIn(database: Database, hash: number): boolean {
    const { table, entries } = this.#keyspace;
    const count = table.collectTagged(database.root, hash);
    for (let i = 0; i < count; i++) {
      const entry = table.batch[i]! as Entry;
      if (!this.#queues.isOldest(entries.clock(entry))) continue;
      this.#foundIn = database;
      this.#found = entry;
      return true;
    }
    return false;
  }

  /** Moves the hand on until it has met keys of the main part without uses, or met enough. */
  #evictMain(sampleCount: number, targetBytes: number): boolean {
    const queues = this.#queues;
    const samples = this.#samples;
    const { clocks } = samples;
    const { entries } = this.#keyspace;
    let least: Entry = NO_ENTRY;
    let leastUses = Number.POSITIVE_INFINITY;
    const wanted = samples.keysFor(targetBytes);
    for (let looked = 0; looked < SAMPLED_MAX; ) {
      const found = samples.take(sampleCount * wanted);
      looked += found;
      this.#unused.begin(wanted);
      for (let i = 0; i < found; i++) {
        const entry = samples.entries[i]! as Entry;
        const clock = clocks[i]!;
        if (queues.isQueued(clock)) continue;
        const uses = queues.usesOf(clock);
        if (uses === 0) {
          this.#unused.offer(entry, -queues.cameAt(clock));
          continue;
        }
        entries.setClock(entry, queues.faded(clock));
        if (uses >= leastUses) continue;
        least = entry;
        leastUses = uses;
        this.#foundIn = samples.database;
      }
      if (this.#unused.evict(samples.database, targetBytes) > 0) return true;
    }
    if (least === NO_ENTRY) return false;
    this.#foundIn.evict(least);
    return true;
  }
}
