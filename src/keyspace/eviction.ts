/**
 * Makes room: evicts one key after the other, as the policy says.
 *
 *   lru, lfu   the best of a few samples and of those before, see eviction-pool.ts
 *   random     any key
 *   ttl        the key that falls due next
 *   s3fifo     see fifo-queues.ts
 *
 * `allkeys` policies choose among all keys, `volatile` ones among those with an expiry.
 */
import { NULL } from '../memory/address.ts';
import type { Database } from './database.ts';
import { Entries, type Entry, NO_ENTRY } from './entry.ts';
import { EvictionPool } from './eviction-pool.ts';
import { EvictionSamples } from './eviction-samples.ts';
import { FifoEviction } from './fifo-eviction.ts';
import { FifoQueues } from './fifo-queues.ts';
import type { Keyspace } from './keyspace.ts';

/** Values of maxmemory-policy, Redis's own first and in its order. */
export const EVICTION_POLICIES = [
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'noeviction',
  'allkeys-s3fifo',
  'volatile-s3fifo',
] as const;
export type EvictionPolicy = (typeof EVICTION_POLICIES)[number];

/** Timers of one list that are compared to find the one that falls due next. */
const TIMERS_COMPARED = 32;
/** The random key of those with an expiry is one of so many. */
const RANDOM_STEPS = 8;

/** See the file's comment. */
export class Eviction {
  /** maxmemory-samples: keys looked at, at least, to find one. */
  sampleCount = 5;
  readonly #keyspace: Keyspace;
  readonly #samples: EvictionSamples;
  readonly #pool: EvictionPool;
  #fifo: FifoEviction | null = null;
  #kind = 'noeviction';

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
    this.#samples = new EvictionSamples(keyspace);
    this.#pool = new EvictionPool(keyspace);
  }

  /** Sets the policy, and what access clocks say from now on. */
  set policy(policy: EvictionPolicy) {
    const { access, heap } = this.#keyspace;
    this.#kind = policy.slice(policy.indexOf('-') + 1);
    this.#samples.expiringOnly = policy.startsWith('volatile-');
    this.#pool.clear();
    access.counting = this.#kind === 'lfu';
    if (this.#kind !== 's3fifo') {
      access.queues?.release();
      access.queues = null;
      this.#fifo = null;
      return;
    }
    access.queues ??= new FifoQueues(heap);
    this.#fifo = new FifoEviction(this.#keyspace, access.queues, this.#samples);
  }

  /** Whether there is a policy that evicts. */
  get isOn(): boolean {
    return this.#kind !== 'noeviction';
  }

  /** Evicts one key; false when there is none that may go. */
  evictOne(): boolean {
    if (this.#fifo !== null) return this.#fifo.evictOne(this.sampleCount);
    switch (this.#kind) {
      case 'lru':
      case 'lfu':
        return this.#evictSampled();
      case 'random':
        return this.#evictRandom();
      case 'ttl':
        return this.#evictSoonest();
      default:
        return false;
    }
  }

  #evictSampled(): boolean {
    const samples = this.#samples;
    const { access, entries } = this.#keyspace;
    do {
      const found = samples.take(this.sampleCount);
      if (found === 0) return false;
      for (let i = 0; i < found; i++) {
        const entry = samples.entries[i]! as Entry;
        const clock = entries.clock(entry);
        const score = access.counting ? -access.frequency(clock) : -access.recency.lastUse(clock);
        this.#pool.offer(samples.database, entry, score);
      }
      // What the pool kept may all be gone or used again; then it is empty and the next sample
      // counts.
    } while (!this.#pool.evictBest(samples.expiringOnly));
    if (!access.counting) access.recency.evicted(samples.lastSize);
    return true;
  }

  #evictRandom(): boolean {
    const samples = this.#samples;
    const found = samples.take(1 + Math.floor(Math.random() * RANDOM_STEPS));
    if (found === 0) return false;
    const { database, expiringOnly } = samples;
    const chosen = expiringOnly
      ? samples.entries[found - 1]!
      : this.#keyspace.table.randomRecord(database.root, Math.random);
    database.evict(chosen as Entry);
    return true;
  }

  #evictSoonest(): boolean {
    let soonest: Database | null = null;
    let entry: Entry = NO_ENTRY;
    let soonestMs = Number.POSITIVE_INFINITY;
    for (const database of this.#keyspace.databases) {
      const { wheel } = database;
      const timer = wheel.soonest(Math.max(TIMERS_COMPARED, this.sampleCount));
      if (timer === NULL || wheel.dueMs(timer) >= soonestMs) continue;
      soonest = database;
      soonestMs = wheel.dueMs(timer);
      entry = Entries.ofTimer(timer, wheel.markOf(timer));
    }
    // Timers beyond all waiting are on no list, and come last.
    if (soonest === null) return this.#evictRandom();
    soonest.evict(entry);
    return true;
  }
}
