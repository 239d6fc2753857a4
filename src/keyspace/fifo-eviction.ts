/** Chooses what to evict under an S3-FIFO policy; fifo-queues.ts says how that works. */
import { findTagged } from '../structures/hash-prefetch.ts';
import type { Database } from './database.ts';
import { Entries, type Entry, NO_ENTRY } from './entry.ts';
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

/** See the file's comment. */
export class FifoEviction {
  readonly #keyspace: Keyspace;
  readonly #queues: FifoQueues;
  readonly #samples: EvictionSamples;
  /** Keys of the main part that have no use left. */
  readonly #unused = new EvictionCandidates();
  /** The hashes of the keys at the end of the queue. */
  readonly #hashes = new Int32Array(CANDIDATES_MAX);
  /** The records that these may be, and words 0 of them. */
  readonly #guesses = new Uint32Array(CANDIDATES_MAX);
  readonly #guessesSigned = new Int32Array(this.#guesses.buffer);
  readonly #heads = new Int32Array(CANDIDATES_MAX);
  /** The database that they were looked for in. */
  #guessedIn: Database;
  /** Sum of what was read, so that the reads cannot be optimised away. */
  sum = 0;
  /** What was found last, and where it is. */
  #found: Entry = NO_ENTRY;
  #foundIn: Database;

  constructor(keyspace: Keyspace, queues: FifoQueues, samples: EvictionSamples) {
    this.#keyspace = keyspace;
    this.#queues = queues;
    this.#samples = samples;
    this.#foundIn = keyspace.databases[0]!;
    this.#guessedIn = this.#foundIn;
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
    samples.evict(0);
    return true;
  }

  /**
   * Evicts the oldest new keys that nobody has used again, while there are more than their share of
   * so many keys; used ones go to the main part.
   */
  #evictNew(keys: number, targetBytes: number): boolean {
    const queues = this.#queues;
    let evicted = 0;
    for (let looked = 0; looked < QUEUED_MAX && evicted === 0; ) {
      const surplus = queues.length - Math.floor(keys / NEW_SHARE);
      const count = this.#readAhead(Math.min(surplus, this.#samples.keysFor(targetBytes)));
      if (count <= 0) break;
      looked += count;
      for (let i = 0; i < count; i++) {
        if (!this.#evictOldest(i)) continue;
        evicted++;
        if (this.#isEnough(targetBytes)) break;
      }
    }
    return evicted > 0;
  }

  /** Takes the key at the end of the queue, which this one read ahead is; whether it is gone. */
  #evictOldest(i: number): boolean {
    const queues = this.#queues;
    const hash = this.#hashes[i]!;
    const head = this.#heads[i]!;
    const isIt = this.#guesses[i] !== 0 && queues.isOldest(Entries.clockIn(head));
    const entry = isIt ? (this.#guesses[i]! as Entry) : this.#findOldest(hash);
    queues.drop();
    if (entry === NO_ENTRY) return false;
    const database = isIt ? this.#guessedIn : this.#foundIn;
    const { entries } = database;
    const mayGo = !this.#samples.expiringOnly || entries.expires(entry);
    if (!mayGo || queues.usesOf(entries.clock(entry)) >= USES_TO_STAY) {
      entries.setClock(entry, queues.mainClock(0));
      return false;
    }
    queues.ghosts.add(hash);
    database.evict(entry, hash);
    return true;
  }

  #isEnough(targetBytes: number): boolean {
    return this.#keyspace.heap.usedBytes <= targetBytes || this.#keyspace.hasGarbage;
  }

  /**
   * Reads what evicting so many keys at the end of the queue will need, so that the cache misses
   * overlap: where they are, where the last one was, and their places among the ghosts. How many.
   */
  #readAhead(countMax: number): number {
    const { heap, entries } = this.#keyspace;
    const queues = this.#queues;
    const hashes = this.#hashes;
    const count = queues.oldestHashes(hashes, countMax);
    this.#guessesSigned.set(hashes);
    this.#guessedIn = this.#foundIn;
    findTagged(heap.words, this.#guessedIn.root, this.#guessesSigned, count);
    entries.copyHeads(this.#guesses, this.#heads, 0, count);
    this.sum = queues.ghosts.touch(hashes, count);
    return count;
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
    const { heads } = samples;
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
        const clock = Entries.clockIn(heads[i]!);
        if (queues.isQueued(clock)) continue;
        const uses = queues.usesOf(clock);
        if (uses === 0) {
          this.#unused.offer(i, queues.age(clock));
          continue;
        }
        entries.setClock(entry, queues.faded(clock));
        if (uses >= leastUses) continue;
        least = entry;
        leastUses = uses;
        this.#foundIn = samples.database;
      }
      if (this.#unused.evict(samples, targetBytes) > 0) return true;
    }
    if (least === NO_ENTRY) return false;
    this.#foundIn.evict(least, this.#keyspace.table.hashOf(least));
    return true;
  }
}
